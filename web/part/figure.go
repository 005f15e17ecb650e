package part

import (
	"cmp"
	"math"
	"slices"
	"time"

	"edgescope/chart"
	"edgescope/query"
)

// Figure is a chart on a page: the drawing, its legend, its numbers as a table, and the data that the script draws it
// from again to give it a cursor.
type Figure struct {
	ID, Title string
	SVG       string
	Legend    []LegendItem
	Plot      *Plot
	Numbers   Table
	// Empty is shown when there is nothing to draw.
	Empty string
}

// LegendItem names a colour; Value is the latest number.
type LegendItem struct{ Class, Name, Value, Href string }

// Plot is a chart over time as the script reads it: times in Unix seconds, null for gaps.
type Plot struct {
	From   int64        `json:"from"`
	Step   float64      `json:"step"`
	Unit   string       `json:"unit"`
	Zoom   bool         `json:"zoom"`
	Series []PlotSeries `json:"series"`
	Limit  float64      `json:"limit,omitempty"`
	Label  string       `json:"label,omitempty"`
	Marks  []PlotMark   `json:"marks,omitempty"`
	Bands  []PlotBand   `json:"bands,omitempty"`
	Height float64      `json:"height"`
	// Arriving tells that the last value is of an incomplete bucket.
	Arriving bool `json:"arriving"`
	// Zero tells that the axis starts at zero.
	Zero bool `json:"zero"`
}

// PlotSeries is a line of a Plot.
type PlotSeries struct {
	Name   string      `json:"name"`
	Class  string      `json:"class"`
	Values []query.Num `json:"values"`
}

// PlotBand is a shaded part of a Plot, in Unix seconds.
type PlotBand struct {
	From float64 `json:"from"`
	To   float64 `json:"to"`
}

// PlotMark is a vertical line of a Plot.
type PlotMark struct {
	At   float64 `json:"at"`
	Text string  `json:"text"`
}

// SeriesClass is the colour of the i-th line. "others" has its own.
func SeriesClass(i int, name string) string {
	if name == "others" || i > 5 {
		return "so"
	}
	return "s" + string(rune('0'+i))
}

// LineSeries turns answer lines into series with their colours; pick chooses and orders them by name, nil takes all.
func LineSeries(lines []query.Line, pick []string) []chart.Series {
	var out []chart.Series
	add := func(l *query.Line) {
		name := cmp.Or(l.Name, query.Unknown)
		out = append(out, chart.Series{Name: name, Class: SeriesClass(len(out), name), Values: floats(l.Values)})
	}
	if pick == nil {
		for i := range lines {
			add(&lines[i])
		}
		return out
	}
	for _, name := range pick {
		for i := range lines {
			if lines[i].Name == name {
				add(&lines[i])
			}
		}
	}
	return out
}

// TimeFigure makes a Figure of a chart over time.
func TimeFigure(id string, l *chart.Lines) Figure {
	f := Figure{ID: id, Title: l.Title, SVG: l.SVG(), Empty: "No values in this range."}
	if f.SVG == "" {
		return f
	}
	f.Plot = &Plot{
		From: l.Frame.From.Unix(), Step: l.Frame.Step.Seconds(), Unit: plotUnit(l.Unit), Zoom: true,
		Height: l.Height, Arriving: l.Arriving, Zero: l.Zero,
	}
	for _, limit := range l.Limits {
		f.Plot.Limit, f.Plot.Label = limit.Value, limit.Text
	}
	for _, s := range l.Series {
		f.Legend = append(f.Legend,
			LegendItem{Class: s.Class, Name: s.Name, Value: l.Unit.Text(chart.Latest(s.Values))})
		f.Plot.Series = append(f.Plot.Series, PlotSeries{s.Name, s.Class, rounded(s.Values)})
	}
	for _, m := range l.Marks {
		f.Plot.Marks = append(f.Plot.Marks, PlotMark{float64(m.At.UnixMilli()) / 1e3, m.Text})
	}
	for _, b := range l.Bands {
		f.Plot.Bands = append(f.Plot.Bands,
			PlotBand{float64(b.From.UnixMilli()) / 1e3, float64(b.To.UnixMilli()) / 1e3})
	}
	f.Numbers = SeriesTable(id, l.Title, l.Frame, l.Series, l.Unit)
	return f
}

// mostMarkLinks is how many versions a chart leads to, the newest.
const mostMarkLinks = 6

// markLinks lead to the versions that a chart marks, the newest first. Other marks lead nowhere.
func (p *Page) markLinks(f Figure) []Link {
	if f.Plot == nil {
		return nil
	}
	var out []Link
	for _, d := range slices.Backward(p.About.Deploys) {
		marked := slices.ContainsFunc(f.Plot.Marks, func(m PlotMark) bool { return m.Text == d.Version })
		if marked && len(out) < mostMarkLinks {
			out = append(out, Link{Text: "▾ " + d.Version, Href: ToVersion(p.URL, "/versions", d.Service, d.Version)})
		}
	}
	return out
}

func plotUnit(u chart.Unit) string {
	switch u {
	case chart.Milliseconds:
		return "ms"
	case chart.Ratio:
		return "ratio"
	case chart.PerSecond:
		return "persecond"
	default:
		return "number"
	}
}

// rounded cuts values to four significant digits: what a cursor shows needs no more, and the page stays small.
func rounded(values []float64) []query.Num {
	out := make([]query.Num, len(values))
	for i, v := range values {
		if v == 0 || math.IsNaN(v) || math.IsInf(v, 0) {
			out[i] = query.Num(v)
			continue
		}
		scale := math.Pow(10, 3-math.Floor(math.Log10(math.Abs(v))))
		out[i] = query.Num(math.Round(v*scale) / scale)
	}
	return out
}

// moment is a bucket of a chart and its values.
type moment struct {
	at     time.Time
	values []float64
}

// numbersShown is how many moments of a chart its table on the page lists; its CSV has all.
const numbersShown = 24

// SeriesTable is a chart's numbers, newest first.
func SeriesTable(name, caption string, f chart.Frame, series []chart.Series, unit chart.Unit) Table {
	columns := []ColumnOf[moment]{{Column: Column{Key: "time", Title: "time (UTC)"}, Cell: func(m *moment) Cell {
		return Cell{Text: m.at.UTC().Format("Jan 2 15:04:05"), Raw: m.at.UTC().Format(time.RFC3339), Head: true}
	}}}
	for i, s := range series {
		columns = append(columns,
			ColumnOf[moment]{Column: Column{Key: s.Name, Title: s.Name, Numeric: true}, Cell: func(m *moment) Cell {
				return Number(unit, query.Num(m.values[i]))
			}})
	}
	moments := make([]moment, 0, f.Buckets)
	for b := f.Buckets - 1; b >= 0; b-- {
		m := moment{at: f.From.Add(f.Step * time.Duration(b)), values: make([]float64, len(series))}
		for i, s := range series {
			m.values[i] = math.NaN()
			if b < len(s.Values) {
				m.values[i] = s.Values[b]
			}
		}
		moments = append(moments, m)
	}
	t := Build(name, caption, columns, moments)
	t.Shown = numbersShown
	if f.Buckets > numbersShown {
		t.Note = "The newest " + Integer(numbersShown) + " of " + Integer(int64(f.Buckets)) +
			" moments; the CSV has all."
	}
	return t
}

// Heat is a heatmap on a page.
type Heat struct {
	Figure
	Low, High string
}

// HeatFigure makes a Heat of an answer's heatmap.
func HeatFigure(id, title string, a query.About, h query.Heatmap) Heat {
	cells := make([][]float64, len(h.Cells))
	series := make([]chart.Series, 0, len(h.Rows))
	names := make([]string, len(h.Rows))
	for i, row := range h.Cells {
		cells[i] = floats(row)
		names[i] = cmp.Or(h.Rows[i], query.Unknown)
		series = append(series, chart.Series{Name: names[i], Values: cells[i]})
	}
	m := chart.Heatmap{
		Title: title, Frame: Frame(a), Rows: names, Cells: cells, Unit: chart.Milliseconds, Marks: Marks(a),
	}
	out := Heat{Figure: Figure{ID: id, Title: title, SVG: m.SVG(), Empty: "No values in this range."}}
	if low, high, ok := m.Bounds(); ok {
		out.Low, out.High = chart.Milliseconds.Text(low), chart.Milliseconds.Text(high)
		out.Numbers = SeriesTable(id, title, m.Frame, series, chart.Milliseconds)
		out.Numbers.Shown = 1
		out.Numbers.Note = "The newest moment; the CSV has all."
	}
	return out
}

// rampSVG is the colour ramp of heatmaps.
var rampSVG = chart.Ramp()
