package main

// column is a column of a table: the question that fills it, or, without one, a label or field of that name.
type column struct {
	name, expr string
	// field is the label, or the field of a row of events, that a column without a question shows.
	field  string
	unit   string
	limits *thresholds
	width  int
	links  []dataLink
	// hidden is for what only a link of another column uses.
	hidden bool
}

// table has a row for each value of the label that its first column shows, and a column for each question over the
// whole range. It is sorted by a column: the highest first after a "-".
func table(a about, sorted string, columns ...column) *panel {
	p := a.panel("table", metrics)
	rename, order, hidden := map[string]string{}, map[string]int{}, map[string]bool{"Time": true}
	for i, c := range columns {
		field := c.field
		if c.expr != "" {
			id := refID(len(p.Targets))
			field = "Value #" + id
			p.Targets = append(p.Targets, target{
				Datasource: metrics, EditorMode: "code", Expr: c.expr, Format: "table", Instant: true, RefID: id,
			})
		}
		rename[field], order[field] = c.name, i
		p.column(c)
	}
	p.Transformations = []transform{
		{"merge", struct{}{}},
		{"organize", organize{hidden, order, rename}},
	}
	p.Options = tableOf(sorted)
	return p
}

// events is a table of rows of events: the columns are fields of what a LogsQL question answers. Fields are texts:
// those with a unit are made numbers.
func events(a about, expr, sorted string, columns ...column) *panel {
	p := a.panel("table", logs)
	p.rows(expr, columns)
	p.Options = tableOf(sorted)
	return p
}

// rows asks for rows of events and makes columns of their fields.
func (p *panel) rows(expr string, columns []column) {
	p.Targets = []target{{Datasource: logs, EditorMode: "code", Expr: expr, QueryType: "instant", RefID: "A"}}
	rename, order := map[string]string{}, map[string]int{}
	var numbers []conversion
	for i, c := range columns {
		rename[c.field], order[c.field] = c.name, i
		if c.unit != "" {
			numbers = append(numbers, conversion{DestinationType: "number", TargetField: c.field})
		}
		p.column(c)
	}
	hidden := map[string]bool{}
	if _, shown := rename["Time"]; !shown {
		hidden["Time"] = true
	}
	p.Transformations = []transform{
		{"extractFields", extraction{Format: "json", KeepTime: true, Replace: true, Source: "labels"}},
		{"convertFieldType", conversions{numbers}},
		{"organize", organize{hidden, order, rename}},
	}
}

// column adds what is special to a column.
func (p *panel) column(c column) {
	var properties []property
	if c.unit != "" {
		properties = append(properties, property{"unit", c.unit})
	}
	if c.limits != nil {
		properties = append(properties, property{"thresholds", c.limits},
			property{"custom.cellOptions", map[string]string{"type": "color-text"}})
	}
	if c.width > 0 {
		properties = append(properties, property{"custom.width", c.width})
	}
	if c.expr == "" && p.Datasource == metrics {
		properties = append(properties, property{"mappings", []any{map[string]any{
			"type": "special", "options": map[string]any{"match": "empty", "result": map[string]any{"text": "unknown"}},
		}}})
	}
	if c.hidden {
		properties = append(properties, property{"custom.hidden", true})
	}
	if c.links != nil {
		properties = append(properties, property{"links", c.links})
	}
	if properties != nil {
		p.override(c.name, properties...)
	}
}

// mapped gives the texts of a column colors.
func (p *panel) mapped(name string, colors map[string]string) *panel {
	texts := map[string]any{}
	for text, color := range colors {
		texts[text] = map[string]any{"color": color, "text": text}
	}
	p.override(name,
		property{"mappings", []any{map[string]any{"type": "value", "options": texts}}},
		property{"custom.cellOptions", map[string]string{"type": "color-text"}})
	return p
}

// tableOf are the options of a table that is sorted by a column, descending after a "-".
func tableOf(sorted string) tableOptions {
	o := tableOptions{CellHeight: "sm", ShowHeader: true, SortBy: []sortBy{}}
	if sorted != "" {
		name, descending := sorted, false
		if name[0] == '-' {
			name, descending = name[1:], true
		}
		o.SortBy = append(o.SortBy, sortBy{Desc: descending, DisplayName: name})
	}
	return o
}

type tableOptions struct {
	CellHeight string   `json:"cellHeight"`
	ShowHeader bool     `json:"showHeader"`
	SortBy     []sortBy `json:"sortBy"`
}

type sortBy struct {
	Desc        bool   `json:"desc"`
	DisplayName string `json:"displayName"`
}

type organize struct {
	ExcludeByName map[string]bool   `json:"excludeByName"`
	IndexByName   map[string]int    `json:"indexByName"`
	RenameByName  map[string]string `json:"renameByName"`
}

type extraction struct {
	Format   string `json:"format"`
	KeepTime bool   `json:"keepTime"`
	Replace  bool   `json:"replace"`
	Source   string `json:"source"`
}

type conversions struct {
	Conversions []conversion `json:"conversions"`
}

type conversion struct {
	DestinationType string `json:"destinationType"`
	TargetField     string `json:"targetField"`
}
