package part

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"edgescope/chart"
	"edgescope/query"
)

// Times are where requests spend their time: a bar for each band of them, and a table.
type Times struct {
	Bars   []TimesBar
	Table  Table
	Legend []LegendItem
	// Sub says what the figures are, Notes what to know of them.
	Sub   string
	Notes []string
}

// TimesBar is a band of requests: its parts as a bar that is as long as its time is, of the longest.
type TimesBar struct{ Name, SVG, Value string }

// untold is how the last part is drawn where it holds what is not told apart from it.
const untold = "so"

// rest is the last part of a band: what is left of the time once the others are known. It says what it holds of those
// that are not.
func rest(b *query.Band) LegendItem {
	last := len(timesParts) - 1
	var names []string
	for i := 1; i < last && i < len(b.Parts); i++ {
		if !b.Parts[i].Mean.OK() {
			names = append(names, timesParts[i].Name)
		}
	}
	if len(names) == 0 {
		return timesParts[last]
	}
	return LegendItem{Class: untold, Name: strings.Join(names, ", ") + " and wait, not told apart"}
}

// timesParts are the parts of time with their colours, in the order in which a query.Band has them.
var timesParts = []LegendItem{
	{Class: "s0", Name: "network"},
	{Class: "s1", Name: "cold start"},
	{Class: "s2", Name: "origin"},
	{Class: "s3", Name: "CPU"},
	{Class: "s4", Name: "wait and the rest"},
}

// NewTimes makes the Times of the page's answer about latency, nil when it has none to show. name is that of the table.
func NewTimes(p *Page, name string) *Times {
	a := p.Latency
	if a == nil || len(a.Bands) == 0 && a.Reason == "" {
		return nil
	}
	t := &Times{Table: timesTable(name, a), Notes: timesNotes(a)}
	switch {
	case len(a.Bands) == 0:
	case a.By == query.ByClient:
		t.Sub = "client and edge of the same requests, measured: means of parts, which add up; bands by the client's time"
	case a.Bands[0].SpanID != "":
		t.Sub = "of each invocation, measured"
	default:
		t.Sub = "measured: means of parts, which add up; bands by the time at the edge"
	}
	longest := 0.0
	for i := range a.Bands {
		longest = max(longest, float64(a.Bands[i].Total))
	}
	for i := range a.Bands {
		b := &a.Bands[i]
		bar := TimesBar{Name: b.Name, Value: chart.Milliseconds.Text(float64(b.Total))}
		var parts []chart.Part
		for j, part := range b.Parts {
			item := timesParts[j]
			if j == len(timesParts)-1 {
				item = rest(b)
			}
			if part.Mean > 0 && b.AddsUp {
				parts = append(parts, chart.Part{Name: item.Name, Class: item.Class, Share: float64(part.Mean) / longest})
				t.legend(item)
			}
		}
		bar.SVG = chart.Bar(parts)
		t.Bars = append(t.Bars, bar)
	}
	return t
}

// legend adds a part that a bar shows, once.
func (t *Times) legend(item LegendItem) {
	if !slices.Contains(t.Legend, item) {
		t.Legend = append(t.Legend, item)
	}
}

// With returns a page's tables and that of the times, if there are any. t may be nil.
func (t *Times) With(tables ...Table) []Table {
	if t == nil {
		return tables
	}
	return append(tables, t.Table)
}

// timesNotes are sentences about what is not known.
func timesNotes(a *query.Latency) []string {
	var out []string
	add := func(text string) { out = append(out, text) }
	switch {
	case a.Reason != "":
		add("Network: " + a.Reason + ".")
	case a.Network == "round trip":
		add("Network is the round trip that the edge was told, without connecting.")
	}
	for i := range a.Bands {
		if !a.Bands[i].AddsUp {
			add(a.Bands[i].Name + ": CPU time, waiting and starting overlap by more than 5 %: the parts do not add up.")
		}
	}
	if a.Unseen > 0 {
		add(Integer(int64(a.Unseen)) + " requests are left out: no invocation of them was received.")
	}
	for _, n := range a.Notes {
		add(capital(n) + ".")
	}
	return out
}

func capital(s string) string {
	if s == "" || s[0] < 'a' || s[0] > 'z' {
		return s
	}
	return string(s[0]-'a'+'A') + s[1:]
}

func timesTable(name string, a *query.Latency) Table {
	columns := []ColumnOf[query.Band]{
		{Column: Column{Key: "band", Title: "requests"}, Cell: func(b *query.Band) Cell {
			return Cell{Text: b.Name, Raw: b.Name, Head: true, Sub: bandSub(b)}
		}},
		NumberColumn("total_ms", "total", chart.Milliseconds, func(b *query.Band) query.Num { return b.Total }),
	}
	for i := range timesParts {
		columns = append(columns, ColumnOf[query.Band]{
			Column: Column{Key: [...]string{"network", "init", "origin", "cpu", "wait"}[i] + "_ms", Title: timesParts[i].Name, Numeric: true},
			Cell:   func(b *query.Band) Cell { return timesCell(b, i) },
		})
	}
	columns = append(columns, ColumnOf[query.Band]{
		Column: Column{Key: "n", Title: "n", Numeric: true}, Cell: func(b *query.Band) Cell {
			c := Cell{Text: Integer(int64(b.N)), Raw: Raw(b.N)}
			if b.Few {
				c.Class, c.Sub = "few", "too few"
			}
			return c
		},
	})
	t := Build(name, "Where the time goes", columns, a.Bands)
	t.Empty = cmp.Or(a.Reason, "Nothing in this range.")
	return t
}

// bandSub says between which times a band lies.
func bandSub(b *query.Band) string {
	if !b.From.OK() || b.From == b.To {
		return ""
	}
	return chart.Milliseconds.Text(float64(b.From)) + " to " + chart.Milliseconds.Text(float64(b.To))
}

func timesCell(b *query.Band, i int) Cell {
	part := &b.Parts[i]
	switch {
	case !b.AddsUp:
		return Cell{Text: "overlaps", Class: "quiet"}
	case !part.Mean.OK():
		return Cell{Text: "unknown", Sub: "of " + chart.Ratio.Text(float64(part.Unknown)), Class: "quiet"}
	}
	c := Number(chart.Milliseconds, part.Mean)
	if item := rest(b); i == len(timesParts)-1 && item.Class == untold {
		c.Sub, c.Class = "with "+strings.TrimSuffix(item.Name, " and wait, not told apart"), "quiet"
		return c
	}
	if part.Unknown > .005 {
		c.Sub = "of " + strconv.Itoa(int(100*(1-part.Unknown)+.5)) + "\u00a0%"
	}
	return c
}
