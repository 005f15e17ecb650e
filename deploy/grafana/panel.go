package main

// width of Grafana's grid in columns.
const gridWidth = 24

// points is how many points a line has at most: with them the steps of a day are 10 minutes, so that windows of 5
// minutes fit from a day on, and those of two weeks 2 hours (variable width).
const points = 180

// leastStep is the shortest step. Of those that Grafana rounds to, 15 s is the only one above 10 s that is no multiple
// of a window: a line in such steps is a saw, since they hold two windows and one in turn.
const leastStep = "20s"

var (
	metrics = source{metricsType, "${metrics}"}
	logs    = source{logsType, "${logs}"}
)

// put adds a panel of that size where the last one ended, in a new row when there is no room.
func (d *dashboard) put(w, h int, p *panel) {
	if d.row.X+w > gridWidth {
		d.row = grid{Y: d.row.Y + d.row.H}
	}
	p.GridPos = grid{H: h, W: w, X: d.row.X, Y: d.row.Y}
	d.row.X, d.row.H = d.row.X+w, max(d.row.H, h)
	d.Panels = append(d.Panels, p)
	p.ID = len(d.Panels)
}

// about is what every panel says: its name, what it shows in a sentence or two, and the unit of its figures.
type about struct{ title, description, unit string }

func (a about) panel(kind string, from source) *panel {
	return &panel{
		Title: a.title, Description: a.description, Type: kind, Datasource: from,
		FieldConfig: fieldConfig{
			Defaults:  fieldDefaults{Unit: a.unit, Mappings: []any{}},
			Overrides: []override{},
		},
	}
}

func refID(i int) string { return string(rune('A' + i)) }

// limits are colors from values on; without any a figure has none.
func limits(steps ...step) *thresholds {
	return &thresholds{Mode: "absolute", Steps: append([]step{{Color: "green"}}, steps...)}
}

func from(value float64, color string) step { return step{Color: color, Value: &value} }

var (
	// errorLimits and riseLimits are those of the pages' findings.
	errorLimits = limits(from(0.01, "orange"), from(0.05, "red"))
	riseLimits  = limits(from(0.2, "orange"), from(0.5, "red"))
	noLimits    = &thresholds{Mode: "absolute", Steps: []step{{Color: "text"}}}
)

// figure is one number over the whole range.
func figure(a about, expr string, t *thresholds) *panel {
	p := a.panel("stat", metrics)
	p.Targets = []target{{Datasource: metrics, EditorMode: "code", Expr: expr, Instant: true, RefID: "A"}}
	p.FieldConfig.Defaults.Thresholds = t
	p.FieldConfig.Defaults.NoValue = "–"
	p.Options = statOptions{
		ColorMode: "value", GraphMode: "none", JustifyMode: "auto", Orientation: "auto", TextMode: "auto",
		ReduceOptions: reduceOptions{Calcs: []string{"lastNotNull"}},
	}
	return p
}

type statOptions struct {
	ColorMode     string        `json:"colorMode"`
	GraphMode     string        `json:"graphMode"`
	JustifyMode   string        `json:"justifyMode"`
	Orientation   string        `json:"orientation"`
	ReduceOptions reduceOptions `json:"reduceOptions"`
	TextMode      string        `json:"textMode"`
	WideLayout    bool          `json:"wideLayout"`
}

type reduceOptions struct {
	Calcs  []string `json:"calcs"`
	Fields string   `json:"fields"`
	Values bool     `json:"values"`
}

// line is a question over time and the name of what it answers.
type line struct{ expr, legend string }

// lines are figures over time.
func lines(a about, list ...line) *panel {
	p := drawn(a, metrics)
	for i, l := range list {
		p.Targets = append(p.Targets, target{
			Datasource: metrics, EditorMode: "code", Expr: l.expr, LegendFormat: l.legend, Range: true, RefID: refID(i),
		})
	}
	return p
}

// drawn is a panel of lines without questions.
func drawn(a about, from source) *panel {
	p := a.panel("timeseries", from)
	p.MaxDataPoints, p.Interval = points, leastStep
	p.FieldConfig.Defaults.Color = &color{Mode: "palette-classic"}
	p.FieldConfig.Defaults.Custom = drawing{
		DrawStyle: "line", FillOpacity: 8, LineWidth: 1, PointSize: 4, ShowPoints: "auto",
		Stacking: stacking{Group: "A", Mode: "none"},
	}
	zero := 0.0
	p.FieldConfig.Defaults.Min = &zero
	p.Options = lineOptions{
		Legend:  legend{Calcs: []string{}, DisplayMode: "list", Placement: "bottom", ShowLegend: true},
		Tooltip: tooltip{Mode: "multi", Sort: "desc"},
	}
	return p
}

// stacked draws lines on top of each other.
func (p *panel) stacked() *panel {
	d := p.FieldConfig.Defaults.Custom.(drawing)
	d.FillOpacity, d.Stacking.Mode = 40, "normal"
	p.FieldConfig.Defaults.Custom = d
	return p
}

// ratio is for figures from 0 to 1.
func (p *panel) ratio() *panel {
	one := 1.0
	p.FieldConfig.Defaults.Max = &one
	return p
}

// colored gives lines by name the colors that mean the same on all dashboards.
func (p *panel) colored(names ...[2]string) *panel {
	for _, n := range names {
		p.override(n[0], property{"color", color{FixedColor: n[1], Mode: "fixed"}})
	}
	return p
}

// links adds links to the points of the panel.
func (p *panel) links(l ...dataLink) *panel {
	p.FieldConfig.Defaults.Links = append(p.FieldConfig.Defaults.Links, l...)
	return p
}

func (p *panel) override(name string, properties ...property) {
	p.FieldConfig.Overrides = append(p.FieldConfig.Overrides,
		override{Matcher: matcher{"byName", name}, Properties: properties})
}

type drawing struct {
	DrawStyle   string   `json:"drawStyle"`
	FillOpacity int      `json:"fillOpacity"`
	LineWidth   int      `json:"lineWidth"`
	PointSize   int      `json:"pointSize"`
	ShowPoints  string   `json:"showPoints"`
	SpanNulls   bool     `json:"spanNulls"`
	Stacking    stacking `json:"stacking"`
}

type stacking struct {
	Group string `json:"group"`
	Mode  string `json:"mode"`
}

type lineOptions struct {
	Legend  legend  `json:"legend"`
	Tooltip tooltip `json:"tooltip"`
}

type legend struct {
	Calcs       []string `json:"calcs"`
	DisplayMode string   `json:"displayMode"`
	Placement   string   `json:"placement"`
	ShowLegend  bool     `json:"showLegend"`
}

type tooltip struct {
	Mode string `json:"mode"`
	Sort string `json:"sort"`
}

// heatmap shows how durations are distributed over time; the question is for buckets with le.
func heatmap(a about, expr string) *panel {
	p := a.panel("heatmap", metrics)
	p.MaxDataPoints, p.Interval = points/2, leastStep
	p.Targets = []target{{
		Datasource: metrics, EditorMode: "code", Expr: expr, Format: "heatmap", LegendFormat: "{{le}}", Range: true,
		RefID: "A",
	}}
	p.Options = map[string]any{
		"calculate": false,
		"cellGap":   1,
		"color": map[string]any{
			"exponent": 0.5, "fill": "dark-orange", "mode": "scheme", "reverse": false, "scheme": "Oranges", "steps": 64,
		},
		"filterValues": map[string]any{"le": 1e-9},
		"legend":       map[string]any{"show": true},
		"rowsFrame":    map[string]any{"layout": "auto"},
		"tooltip":      map[string]any{"mode": "single", "yHistogram": false},
		"yAxis":        map[string]any{"axisPlacement": "left", "unit": a.unit},
	}
	return p
}
