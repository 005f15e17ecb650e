package view

import (
	"cmp"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"edgescope/chart"
	"edgescope/query"
	"edgescope/web/part"
)

// Traces is the model of the list of traces.
type Traces struct {
	Page      *part.Page
	Found     string
	Facets    []FacetBox
	Histogram part.Figure
	Table     part.Table
	Next      string
	First     string
	Orders    []part.Link
	Times     *part.Times
}

// FacetBox is the values of one attribute, each a link that filters by it or, when it already does, lifts the filter.
type FacetBox struct {
	Title  string
	Values []FacetLink
}

// FacetLink is a value of a facet and how many invocations have it.
type FacetLink struct {
	part.Link
	Count string
}

// NewTraces makes the model of an answer.
func NewTraces(p *part.Page, a *query.Traces) part.Content {
	m := &Traces{
		Page: p, Found: part.Integer(a.Found) + " invocations", Table: tracesTable(p, "", a.Traces),
		Histogram: durations(p, a.Histogram),
	}
	for _, f := range a.Facets {
		if box := facetBox(p, f); len(box.Values) > 0 {
			m.Facets = append(m.Facets, box)
		}
	}
	if a.Next != "" {
		m.Next = p.With(query.KeyAfter, a.Next)
	}
	if p.Value(query.KeyAfter) != "" {
		m.First = p.With(query.KeyAfter, "")
	}
	m.Table.Empty, m.Times = noTraces(p), part.NewTimes(p, "times")
	return part.Content{Body: m.body(), Tables: m.Times.With(m.Table, m.Histogram.Numbers)}
}

func noTraces(p *part.Page) string {
	if len(p.Filters()) > 0 || p.Question.Text != "" {
		return "No traces match. Lift a filter above, or choose a longer range."
	}
	return "No traces in this range."
}

func facetBox(p *part.Page, f query.Facet) FacetBox {
	box := FacetBox{Title: f.Key}
	chosen := p.Values(f.Key)
	for i, v := range f.Values {
		if i == 8 {
			break
		}
		value := cmp.Or(v.Value, query.Unknown)
		l := FacetLink{Link: part.Link{Text: value, Href: p.With(f.Key, value)}, Count: part.Integer(v.Count)}
		if slices.Contains(chosen, value) {
			l.Current, l.Href = true, part.Without(p.URL, f.Key, value)
		}
		box.Values = append(box.Values, l)
	}
	return box
}

// durations is the histogram above the list; a bar leads to the traces of that duration.
func durations(p *part.Page, h query.Histogram) part.Figure {
	set := []chart.HistogramSet{{Name: "invocations", Class: "s0", Buckets: buckets(h)}}
	c := chart.Histogram{
		Title: "How long invocations took", Sets: set, Unit: chart.Milliseconds, Height: 110,
		Link: func(b chart.Bucket) string {
			u := *p.URL
			v := u.Query()
			v.Set(query.KeyMin, milliseconds(b.Low))
			v.Set(query.KeyMax, milliseconds(b.High))
			v.Del(query.KeyAfter)
			return part.Address(u.Path, v)
		},
	}
	f := part.Figure{ID: "durations", Title: c.Title, SVG: c.SVG(), Empty: "No durations to show."}
	f.Numbers = bucketTable("durations", set)
	return f
}

// milliseconds writes a length of time as a Go duration, to the microsecond.
func milliseconds(ms float64) string {
	return (time.Duration(math.Round(ms*1e3)) * time.Microsecond).String()
}

func tracesTable(p *part.Page, name string, traces []query.Trace) part.Table {
	longest := 0.0
	for i := range traces {
		longest = math.Max(longest, part.OrZero(traces[i].Duration))
	}
	columns := []part.ColumnOf[query.Trace]{
		{Column: part.Column{Key: "start", Title: "start (UTC)", Sort: "start"}, Cell: func(t *query.Trace) part.Cell {
			return part.Cell{
				Text: t.Start.UTC().Format("Jan 2 15:04:05.000"), Raw: t.Start.UTC().Format(time.RFC3339Nano),
				Href: TraceLink(t.ID), Head: true,
			}
		}},
		{
			Column: part.Column{Key: "duration_ms", Title: "duration", Sort: "duration", Numeric: true},
			Cell: func(t *query.Trace) part.Cell {
				c := part.Number(chart.Milliseconds, t.Duration)
				c.SVG = chart.Bar([]chart.Part{
					{Name: "duration", Class: "s3", Share: part.OrZero(t.Duration) / math.Max(longest, 1e-9)},
				})
				c.Class = "barred"
				return c
			},
		},
		textColumn("route", "route", "mono",
			func(t *query.Trace) string { return strings.TrimSpace(t.Method + " " + cmp.Or(t.Route, t.Name)) }),
		{Column: part.Column{Key: "status", Title: "status"}, Cell: statusCell},
		textColumn("region", "region", "code", func(t *query.Trace) string { return t.Region }),
		{
			Column: part.Column{Key: "cold", Title: "cold"},
			Cell:   func(t *query.Trace) part.Cell { return coldCell(t.Cold) },
		},
		{
			Column: part.Column{Key: "cache", Title: "cache"},
			Cell:   func(t *query.Trace) part.Cell { return part.Cell{Text: part.OrAbsent(t.Cache), Raw: t.Cache} },
		},
		textColumn("version", "version", "", func(t *query.Trace) string { return t.Version }),
		textColumn("service", "service", "", func(t *query.Trace) string { return t.Service }),
		textColumn("trace_id", "trace", "mono quiet", func(t *query.Trace) string { return t.ID }),
	}
	t := part.Build(name, "Traces", columns, traces)
	for i := range t.Rows {
		id := &t.Rows[i].Cells[len(columns)-1]
		id.Text = id.Raw[:min(8, len(id.Raw))]
	}
	t.Sort = p.Question.Sort
	return t
}

func textColumn(key, title, class string, of func(*query.Trace) string) part.ColumnOf[query.Trace] {
	return part.ColumnOf[query.Trace]{
		Column: part.Column{Key: key, Title: title},
		Cell: func(t *query.Trace) part.Cell {
			c := part.Text(of(t))
			c.Class = class
			return c
		},
	}
}

func statusCell(t *query.Trace) part.Cell {
	c := part.Cell{Text: chart.Absent}
	if t.Status != 0 {
		c.Text, c.Raw = strconv.Itoa(t.Status), strconv.Itoa(t.Status)
	}
	switch {
	case t.Status >= 500 || t.Outcome != "" && t.Outcome != "ok" && t.Status == 0:
		if t.Status == 0 {
			c.Text, c.Raw = t.Outcome, t.Outcome
		}
		c.Text, c.Class = "✕ "+c.Text, "badge bad"
	case t.Status >= 400:
		c.Text, c.Class = "! "+c.Text, "badge warn"
	}
	return c
}

func coldCell(cold string) part.Cell {
	switch cold {
	case "true":
		return part.Cell{Text: "❄ cold", Raw: cold, Class: "badge"}
	case "false":
		return part.Cell{Text: "warm", Raw: cold, Class: "quiet"}
	default:
		return part.Cell{Text: chart.Absent}
	}
}

// TraceLink is the address of a trace's page.
func TraceLink(id string) string { return "/traces/" + strings.ToLower(id) }

// Trace is the model of one trace: its waterfall.
type Trace struct {
	Page     *part.Page
	ID       string
	Summary  []Pair
	Missing  string
	Run      string
	Spans    []SpanRow
	Services []part.LegendItem
	Table    part.Table
	Times    *part.Times
}

// SpanRow is a line of the waterfall.
type SpanRow struct {
	Name, Service, Kind string
	Class               string
	Indent              int
	Bar                 string
	Offset, Duration    string
	Failed              bool
	Orphan              bool
	Badges              []string
	Attrs               []Pair
	Events              []Pair
}

// NewTrace makes the model of an answer.
func NewTrace(p *part.Page, a *query.TraceDetail) part.Content {
	m := &Trace{Page: p, ID: a.ID, Run: a.Run, Table: spansTable(a.Spans)}
	colour := map[string]string{}
	for i, s := range a.Services {
		colour[s] = part.SeriesClass(i, s)
		m.Services = append(m.Services, part.LegendItem{Class: colour[s], Name: s})
	}
	whole := math.Max(part.OrZero(a.Duration), 1e-9)
	for i := range a.Spans {
		m.Spans = append(m.Spans, spanRow(&a.Spans[i], whole, colour))
	}
	m.Summary = []Pair{
		{"started", part.Stamp(a.Start) + " UTC"},
		{"duration", chart.Milliseconds.Text(float64(a.Duration))},
		{"spans", part.Integer(int64(len(a.Spans)))},
		{"services", join(a.Services)},
	}
	if a.Missing > 0 {
		m.Missing = part.Integer(int64(a.Missing)) +
			" spans not received: they are named as parents, but did not arrive."
		if a.Missing == 1 {
			m.Missing = "1 span not received: it is named as a parent, but did not arrive."
		}
	}
	m.Times = part.NewTimes(p, "times")
	return part.Content{Body: m.body(), Tables: m.Times.With(m.Table)}
}

// deepest bounds the indent of a waterfall: deeper spans stand below each other.
const deepest = 12

func spanRow(s *query.Span, whole float64, colour map[string]string) SpanRow {
	r := SpanRow{
		Name: s.Name, Service: s.Service, Kind: s.Kind, Class: colour[s.Service], Indent: min(s.Depth, deepest),
		Bar:      chart.Span(part.OrZero(s.Offset)/whole, part.OrZero(s.Duration)/whole, colour[s.Service]),
		Offset:   chart.Milliseconds.Change(part.OrZero(s.Offset)),
		Duration: chart.Milliseconds.Text(float64(s.Duration)),
		Failed:   strings.EqualFold(s.Status, "error"), Orphan: s.MissingParent, Attrs: sortedPairs(s.Attrs),
	}
	if s.Region != "" {
		r.Badges = append(r.Badges, s.Region)
	}
	if s.Cold == "true" {
		r.Badges = append(r.Badges, "❄ cold")
	}
	if s.Cache != "" {
		r.Badges = append(r.Badges, "cache "+s.Cache)
	}
	for _, e := range s.Events {
		words := []string{chart.Milliseconds.Change(part.OrZero(e.Offset))}
		for _, a := range sortedPairs(e.Attrs) {
			words = append(words, a.Key+" "+a.Value)
		}
		r.Events = append(r.Events, Pair{e.Name, join(words)})
	}
	return r
}

func sortedPairs(attrs map[string]string) []Pair {
	out := make([]Pair, 0, len(attrs))
	for k, v := range attrs {
		out = append(out, Pair{k, v})
	}
	slices.SortFunc(out, func(a, b Pair) int { return strings.Compare(a.Key, b.Key) })
	return out
}

func spansTable(spans []query.Span) part.Table {
	word := func(key string, of func(*query.Span) string) part.ColumnOf[query.Span] {
		return part.ColumnOf[query.Span]{
			Column: part.Column{Key: key, Title: key}, Cell: func(s *query.Span) part.Cell { return part.Text(of(s)) },
		}
	}
	return part.Build("", "Spans", []part.ColumnOf[query.Span]{
		word("name", func(s *query.Span) string { return s.Name }),
		word("service", func(s *query.Span) string { return s.Service }),
		word("kind", func(s *query.Span) string { return s.Kind }),
		part.NumberColumn("offset_ms", "offset", chart.Milliseconds, func(s *query.Span) query.Num { return s.Offset }),
		part.NumberColumn("duration_ms", "duration", chart.Milliseconds,
			func(s *query.Span) query.Num { return s.Duration }),
		word("status", func(s *query.Span) string { return s.Status }),
		word("span_id", func(s *query.Span) string { return s.ID }),
		word("parent_span_id", func(s *query.Span) string { return s.ParentID }),
	}, spans)
}
