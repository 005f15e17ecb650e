package judgement

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"edgescope/chart"
	"edgescope/query"
	"edgescope/web/part"
)

// ColdModel is the model of the page about why functions start cold, and what would help.
type ColdModel struct {
	Page *part.Page
	// Read says from what the models are made.
	Read     string
	Services part.Table
	// Of is the service that is shown in full: the one with most cold starts, or that of the filter; nil without any.
	Of     *query.ColdModel
	State  part.State
	Tiles  []part.Tile
	Causes part.Table
	Bar    string
	// BarText says what the bar is, for those who cannot see it; empty when the causes are not known.
	BarText  string
	Legend   []part.LegendItem
	Curve    part.Figure
	WhatIf   part.Table
	Kept     part.Table
	KeptSub  string
	KeptNote string
	Regions  part.Table
}

// NewColdModel makes the model of an answer.
func NewColdModel(p *part.Page, a *query.ColdModels) part.Content {
	m := &ColdModel{Page: p, Read: readText(a), Services: coldServices(p, a.Services)}
	tables := []part.Table{m.Services}
	if len(a.Services) > 0 {
		m.Of = &a.Services[0]
		m.show(m.Of)
		tables = append(tables, m.Causes, m.Curve.Numbers, m.WhatIf, m.Kept, m.Regions)
	}
	return part.Content{Body: m.body(), Tables: tables}
}

// show fills what is about one service.
func (m *ColdModel) show(of *query.ColdModel) {
	m.State = part.State{Class: "quiet", Text: of.Service + ": " + stateWord(of)}
	switch {
	case of.State != query.ColdLearned:
	case of.Tau50.Value.OK():
		m.State = part.State{Class: "ok", Text: of.Service + ": half of its idle instances are gone after " +
			secondsText(of.Tau50.Value)}
	default:
		m.State.Text = of.Service + ": more than half of its instances outlive the longest gap, of " +
			secondsText(of.Tau50.Low)
	}
	m.Tiles = coldModelTiles(of)
	m.Causes = coldCauses(of)
	m.Bar, m.BarText, m.Legend = causesBar(of)
	m.Curve = curveFigure(of)
	m.WhatIf = whatIfTable(of)
	m.Kept, m.KeptSub, m.KeptNote = keptTable(of)
	m.Regions = coldRegions(m.Page, of.Regions)
}

// readText says what was read, and what was not.
func readText(a *query.ColdModels) string {
	r := &a.Read
	text := fmt.Sprintf("Models of the %s up to %s UTC: %s windows of ten seconds with invocations, at %s points of presence",
		lengthText(int64(r.To.Sub(r.From).Round(time.Hour).Seconds())), r.To.UTC().Format("Jan 2 15:04"),
		part.Integer(int64(r.Windows)), part.Integer(int64(r.Places-r.Busy-r.LeftOut)))
	if r.Busy > 0 {
		text += fmt.Sprintf("; %s more are too busy for gaps", part.Integer(int64(r.Busy)))
	}
	if r.LeftOut > 0 {
		text += fmt.Sprintf("; %s have more windows than are read, so that their idle cold starts are among the bursts",
			part.Integer(int64(r.LeftOut)))
	}
	return text + "."
}

// stateWord says in a few words how far a service is understood.
func stateWord(of *query.ColdModel) string {
	switch of.State {
	case query.ColdLearned:
		return "learnt"
	case query.ColdPrior:
		return "too few gaps: published figures"
	case query.ColdFew:
		return "too few"
	case query.ColdUntold:
		return "not told"
	case query.ColdSampled:
		return "sampled: gaps not seen"
	case query.ColdAlways:
		return "every start is new"
	default:
		return of.State
	}
}

// secondsText writes seconds as 45 s, 42.5 min or 1.2 h.
func secondsText(v query.Num) string {
	write := func(f float64, unit string) string {
		return strconv.FormatFloat(f, 'g', 3, 64) + "\u00a0" + unit
	}
	switch f := float64(v); {
	case !v.OK():
		return chart.Absent
	case f < 120:
		return write(f, "s")
	case f < 7200:
		return write(f/60, "min")
	default:
		return write(f/3600, "h")
	}
}

func percent(v query.Num) string { return chart.Ratio.Text(float64(v)) }

// sureCell is a figure with its interval, or its bounds where it has no value.
func sureCell(f query.Figure, write func(query.Num) string) part.Cell {
	c := part.Cell{Text: chart.Absent, Raw: part.Raw(f.Value)}
	switch {
	case f.Value.OK():
		c.Text = write(f.Value)
		if part.Between(f, write) != "" {
			c.Sub = fromTo(f, write)
		}
	case f.Low.OK() && f.High.OK():
		c.Text, c.Class = fromTo(f, write), "quiet"
	case f.Low.OK():
		c.Text, c.Class = ">\u00a0"+write(f.Low), "quiet"
	default:
		c.Text, c.Class = "unknown", "quiet"
	}
	return c
}

// fromTo writes the bounds of a figure, a unit that both have once.
func fromTo(f query.Figure, write func(query.Num) string) string {
	low, high := write(f.Low), write(f.High)
	if i := strings.LastIndex(low, "\u00a0"); i >= 0 && strings.HasSuffix(high, low[i:]) {
		low = low[:i]
	}
	return low + "–" + high
}

// sureColumn is a column of figures.
func sureColumn[T any](key, title string, write func(query.Num) string, of func(*T) query.Figure) part.ColumnOf[T] {
	return part.ColumnOf[T]{
		Column: part.Column{Key: key, Title: title, Numeric: true},
		Cell:   func(v *T) part.Cell { return sureCell(of(v), write) },
	}
}

func coldServices(p *part.Page, services []query.ColdModel) part.Table {
	t := part.Build("", "Services", []part.ColumnOf[query.ColdModel]{
		{Column: part.Column{Key: "service", Title: "service"}, Cell: func(m *query.ColdModel) part.Cell {
			return part.Cell{
				Text: part.OrAbsent(m.Service), Raw: m.Service, Head: true, Sub: m.Platform,
				Href: part.With(p.URL, query.KeyService, m.Service),
			}
		}},
		part.TextColumn("state", "lifetimes", false, func(m *query.ColdModel) (text, sub string) { return stateWord(m), "" }),
		sureColumn("cold_ratio", "cold", percent, func(m *query.ColdModel) query.Figure { return m.Share }),
		sureColumn("tau50_seconds", "half gone after", secondsText, func(m *query.ColdModel) query.Figure { return m.Tau50 }),
		sureColumn("deploy", "deploys", percent, func(m *query.ColdModel) query.Figure { return m.Causes.Deploy }),
		sureColumn("idle", "idle", percent, func(m *query.ColdModel) query.Figure { return m.Causes.Idle }),
		sureColumn("burst", "bursts", percent, func(m *query.ColdModel) query.Figure { return m.Causes.Burst }),
		part.NumberColumn("n", "n", chart.Number, func(m *query.ColdModel) query.Num { return m.Share.N }),
	}, services)
	t.Empty = "No invocations of these days match the filters."
	return t
}

func coldModelTiles(of *query.ColdModel) []part.Tile {
	share := part.PlainTile("cold-measured", "Cold starts", chart.Ratio, of.Share.Value, "measured, n="+part.Count(of.Share.N))
	if of.Known.OK() && of.Known < .995 {
		share.Note += ", known of " + percent(of.Known)
	}
	tau := func(id, title string, f query.Figure) part.Tile {
		t := part.Tile{ID: id, Title: title, Number: secondsText(f.Value), Note: "model"}
		switch {
		case !f.Value.OK() && f.Low.OK():
			t.Number, t.Note = ">\u00a0"+secondsText(f.Low), "the longest gap"
		case !f.Value.OK():
			t.Note = stateWord(of)
		default:
			t.Note = "model, " + fromTo(f, secondsText)
		}
		return t
	}
	gaps := part.PlainTile("gaps", "Gaps that count", chart.Number, query.Num(of.Certain),
		fmt.Sprintf("of %s; %s ended cold", part.Integer(int64(of.Gaps)), part.Integer(int64(of.Cold))))
	return []part.Tile{
		share, tau("tau10", "A tenth is gone after", of.Tau10), tau("tau50", "Half is gone after", of.Tau50),
		tau("tau90", "Nine tenths after", of.Tau90), gaps,
	}
}

// cause is one of three.
type cause struct {
	name, class, what string
	figure            query.Figure
}

func coldCausesOf(of *query.ColdModel) []cause {
	return []cause{
		{"new versions", "s4", "first ten minutes", of.Causes.Deploy},
		{"idle", "s0", "gaps, by the curve", of.Causes.Idle},
		{"bursts", "s1", "the rest", of.Causes.Burst},
	}
}

// causesBar is the bar of causes, which is as long as the measured share.
func causesBar(of *query.ColdModel) (bar, text string, legend []part.LegendItem) {
	var parts []chart.Part
	for _, c := range coldCausesOf(of) {
		if !c.figure.Value.OK() || !(of.Share.Value > 0) {
			return "", "", nil
		}
		parts = append(parts, chart.Part{Name: c.name, Class: c.class, Share: float64(c.figure.Value / of.Share.Value)})
		legend = append(legend, part.LegendItem{Class: c.class, Name: c.name, Value: percent(c.figure.Value)})
		if text != "" {
			text += " + "
		}
		text += percent(c.figure.Value) + " " + c.name
	}
	return chart.Bar(parts), text + " = " + percent(of.Share.Value) + " measured", legend
}

func coldCauses(of *query.ColdModel) part.Table {
	t := part.Build("causes", "Why they start cold", []part.ColumnOf[cause]{
		part.TextColumn("cause", "cause", true, func(c *cause) (text, sub string) { return c.name, c.what }),
		sureColumn("share", "of all invocations", percent, func(c *cause) query.Figure { return c.figure }),
		part.NumberColumn("of_cold", "of cold starts", chart.Ratio, func(c *cause) query.Num {
			return c.figure.Value / of.Share.Value
		}),
		part.NumberColumn("n", "n", chart.Number, func(c *cause) query.Num { return c.figure.N }),
		part.TextColumn("origin", "from", false, func(c *cause) (text, sub string) { return c.figure.Origin, "" }),
	}, coldCausesOf(of))
	return t
}

// curveFigure draws which share of instances is gone after so long without a request.
func curveFigure(of *query.ColdModel) part.Figure {
	f := part.Figure{
		ID: "curve", Title: "Instances that are gone after so long without a request", Empty: "There is no curve: " + of.Reason + ".",
	}
	if len(of.Curve) < 2 {
		return f
	}
	n := len(of.Curve)
	start := time.Unix(0, 0).UTC()
	step := time.Duration(float64(of.Curve[n-1].Seconds) / float64(n-1) * 1e9)
	gone, low, high := make([]float64, n), make([]float64, n), make([]float64, n)
	for i, c := range of.Curve {
		gone[i], low[i], high[i] = float64(c.Gone), float64(c.Low), float64(c.High)
	}
	frame := chart.Frame{From: start, Step: step, Buckets: n}
	l := chart.Lines{
		Title: f.Title, Frame: frame, Unit: chart.Ratio, Height: 230, Zero: true, Ticks: chart.Elapsed(frame),
		Series:  []chart.Series{{Name: "gone", Class: "s0", Values: gone}},
		Between: &chart.Between{Low: low, High: high},
	}
	f.SVG = l.SVG()
	f.Legend = []part.LegendItem{{Class: "s0", Name: "gone, with its 95 % interval"}}
	f.Numbers = part.Build("curve", f.Title, []part.ColumnOf[query.ColdPoint]{
		{Column: part.Column{Key: "seconds", Title: "idle for", Numeric: true}, Cell: func(c *query.ColdPoint) part.Cell {
			return part.Cell{Text: secondsText(c.Seconds), Raw: part.Raw(c.Seconds), Head: true}
		}},
		part.NumberColumn("gone", "gone", chart.Ratio, func(c *query.ColdPoint) query.Num { return c.Gone }),
		part.NumberColumn("low", "at least", chart.Ratio, func(c *query.ColdPoint) query.Num { return c.Low }),
		part.NumberColumn("high", "at most", chart.Ratio, func(c *query.ColdPoint) query.Num { return c.High }),
	}, of.Curve)
	return f
}
