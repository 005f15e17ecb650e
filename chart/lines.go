package chart

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"time"
)

// maxPoints is how many points of a series are drawn: more would not be seen on 1,000 pixels.
const maxPoints = 400

// Band is a named part of the time axis, such as a phase of a load test.
type Band struct {
	From, To time.Time
	Text     string
	// Named writes the text above the band, as far as there is room; Clear leaves the band unshaded.
	Named, Clear bool
}

// Limit is a dashed line at a value above 0, with a text at its right end.
type Limit struct {
	Value float64
	Text  string
}

// Between is what lies between two lines of equal length, within the axis. An end that is no number, or endless, leaves
// nothing to shade there.
type Between struct{ Low, High []float64 }

// Tick is a label of the axis below a plot, at a place 0..1 from the left.
type Tick struct {
	At   float64
	Text string
}

// Lines is a chart of values over time.
type Lines struct {
	// Title says what is drawn, for the reader who can't see it.
	Title  string
	Frame  Frame
	Series []Series
	Unit   Unit
	Limits []Limit
	Marks  []Mark
	Bands  []Band
	// Between is the interval around a series, shaded; nil for none.
	Between *Between
	// Ticks are the labels of the axis below in place of times of day (Elapsed); nil: those.
	Ticks []Tick
	// Arriving tells that the last bucket is incomplete: it is drawn dashed.
	Arriving bool
	// Zero starts the axis at zero.
	Zero bool
	// Height of the plot in pixels, 0 for the default of 220.
	Height float64
}

const (
	axisWidth = 56 // of the labels left of a plot, in pixels
	axisAbove = 14 // room for the labels of marks
	axisBelow = 20 // room for the labels of times
)

// SVG returns the chart: an element with the axis and one with the plot, side by side.
func (l *Lines) SVG() string {
	var w writer
	height := cmp.Or(l.Height, 220)
	low, high, ok := extent(l.Series)
	if !ok {
		return ""
	}
	if l.Between != nil {
		if least, greatest, any := extent([]Series{{Values: l.Between.Low}, {Values: l.Between.High}}); any {
			low, high = math.Min(low, least), math.Max(high, greatest)
		}
	}
	for _, limit := range l.limits() {
		high = math.Max(high, limit.Value)
	}
	at := l.axis(low, high)
	s := scale{low: at[0], high: at[len(at)-1], height: height}

	w.raw(`<svg class="axis" width="56" aria-hidden="true"`)
	w.attr("height", height+axisAbove+axisBelow)
	w.raw(">")
	for _, v := range at {
		w.raw(`<text text-anchor="end" x="48"`)
		w.attr("y", s.y(v)+axisAbove+4)
		w.raw(">")
		w.text(l.Unit.Text(v))
		w.raw("</text>")
	}
	w.raw("</svg>")
	l.plot(&w, s, at)
	return string(w.b)
}

// limits are those that can be drawn.
func (l *Lines) limits() []Limit {
	return slices.DeleteFunc(slices.Clone(l.Limits), func(limit Limit) bool {
		return !(limit.Value > 0) ||
			math.IsInf(limit.Value, 1)
	})
}

// axis returns the values at which the axis is labelled; the first and the last bound it.
func (l *Lines) axis(low, high float64) []float64 {
	if l.Zero || low == high || low < high*0.35 {
		low = math.Min(low, 0)
	}
	if high <= low {
		high = low + math.Max(1e-3, math.Abs(low)*0.1)
	}
	return ticks(low, high, 6)
}

func (l *Lines) plot(w *writer, s scale, at []float64) {
	w.raw(`<svg class="plot" role="img" width="100%"`)
	w.attr("height", s.height+axisAbove+axisBelow)
	w.raw(">")
	w.title(l.describe())
	w.raw(`<svg width="100%" y="14"`)
	w.attr("height", s.height)
	w.raw(` viewBox="0 0 1000 `)
	w.num(s.height)
	w.raw(`" preserveAspectRatio="none" overflow="visible">`)
	for _, b := range l.Bands {
		if !b.Clear {
			l.band(w, b, s.height)
		}
	}
	w.raw(`<path class="grid" d="`)
	for _, v := range at {
		w.raw("M0 ")
		w.num(s.y(v))
		w.raw("H1000")
	}
	w.raw(`"/>`)
	l.between(w, s)
	for i := range l.Series {
		l.line(w, &l.Series[i], s)
	}
	for _, limit := range l.limits() {
		w.raw(`<path class="limit" d="M0 `)
		w.num(s.y(limit.Value))
		w.raw(`H1000"/>`)
	}
	w.raw("</svg>")
	l.labels(w, s)
	w.raw("</svg>")
}

func (l *Lines) band(w *writer, b Band, height float64) {
	from, to := l.Frame.at(b.From), l.Frame.at(b.To)
	w.raw(`<rect class="band"`)
	w.attr("x", from*plotWidth)
	w.attr("width", math.Max(0, to-from)*plotWidth)
	w.attr("height", height)
	w.raw("><title>")
	w.text(b.Text)
	w.raw("</title></rect>")
}

// line draws a series; the segment into an incomplete last bucket is a path of its own, dashed.
func (l *Lines) line(w *writer, sr *Series, s scale) {
	values := sr.Values
	var tail []float64
	if n := len(values); l.Arriving && n >= 2 && n == l.Frame.Buckets {
		values, tail = values[:n-1], values[n-2:]
	}
	w.raw(`<path class="line `)
	w.text(sr.Class)
	w.raw(`" d="`)
	l.path(w, decimate(values, maxPoints), 0, s)
	w.raw(`"/>`)
	if len(tail) == 2 && !math.IsNaN(tail[0]) && !math.IsNaN(tail[1]) {
		w.raw(`<path class="line arriving `)
		w.text(sr.Class)
		w.raw(`" d="`)
		l.path(w, decimate(tail, maxPoints), float64(l.Frame.Buckets-2), s)
		w.raw(`"/>`)
	}
}

// between shades the interval around a series.
func (l *Lines) between(w *writer, s scale) {
	if l.Between == nil {
		return
	}
	perBucket := plotWidth / math.Max(1, float64(l.Frame.Buckets))
	command := "M"
	to := func(i int, v float64) {
		w.raw(command)
		w.num((float64(i) + 0.5) * perBucket)
		w.raw(" ")
		w.num(s.y(v))
		command = "L"
	}
	low, high := l.Between.Low, l.Between.High
	known := func(i int) bool { return !math.IsNaN(low[i]-high[i]) && !math.IsInf(low[i]-high[i], 0) }
	w.raw(`<path class="between" d="`)
	for from := 0; from < len(low); from++ {
		end := from
		for end < len(low) && known(end) {
			end++
		}
		for i := from; i < end; i++ {
			to(i, high[i])
		}
		for i := end - 1; i >= from; i-- {
			to(i, low[i])
		}
		if end > from {
			w.raw("z")
		}
		from, command = end, "M"
	}
	w.raw(`"/>`)
}

// path appends the line through the points.
func (l *Lines) path(w *writer, points []point, shift float64, s scale) {
	perBucket := plotWidth / math.Max(1, float64(l.Frame.Buckets))
	w.polyline(points, func(p point) (x, y float64) { return (p.x + shift + 0.5) * perBucket, s.y(p.v) })
}

// polyline appends the line through the points at their places, broken at gaps. A lone point between gaps becomes a
// dot: a line of no length with round ends.
func (w *writer) polyline(points []point, place func(point) (x, y float64)) {
	pen := false
	to := func(command string, x, y float64) {
		w.raw(command)
		w.num(x)
		w.raw(" ")
		w.num(y)
	}
	for _, p := range points {
		if math.IsNaN(p.v) {
			pen = false
			continue
		}
		x, y := place(p)
		if !pen {
			to("M", x, y)
		}
		to("L", x, y)
		pen = true
	}
}

func (l *Lines) labels(w *writer, s scale) {
	ticks := l.Ticks
	if ticks == nil {
		ticks = timeTicks(l.Frame)
	}
	tickLabels(w, ticks, s.height+axisAbove+15)
	for _, limit := range l.limits() {
		if limit.Text == "" {
			continue
		}
		w.raw(`<text class="limit-text" x="100%" dx="-4" text-anchor="end"`)
		w.attr("y", s.y(limit.Value)+axisAbove-4)
		w.raw(">")
		w.text(limit.Text)
		w.raw("</text>")
	}
	for _, b := range l.Bands {
		if b.Named {
			l.bandName(w, b)
		}
	}
	for _, m := range l.Marks {
		mark(w, l.Frame, m, s.height+axisAbove)
	}
}

// bandName writes the name of a band above it. A hundred characters fill the width of a plot on a page of usual width.
func (l *Lines) bandName(w *writer, b Band) {
	from, to := l.Frame.at(b.From), l.Frame.at(b.To)
	room := int((to - from) * 100)
	if room < 4 {
		return
	}
	w.raw(`<svg height="14"`) // it cuts what a narrow page has no room for
	w.percent("x", from)
	w.percent("width", to-from)
	w.raw(`><text class="band-text" x="3" y="10">`)
	w.text(shorten(b.Text, room))
	w.raw("</text></svg>")
}

// tickLabels writes the labels below a plot. Every second one has class w: it is left out where there is little room.
func tickLabels(w *writer, ticks []Tick, y float64) {
	for i, t := range ticks {
		anchor, class := "middle", "tick"
		if t.At < 0.02 {
			anchor = "start"
		}
		if t.At > 0.96 {
			anchor = "end"
		}
		if i%2 == 1 {
			class = "tick w"
		}
		w.raw("<text")
		w.class(class)
		w.percent("x", t.At)
		w.attr("y", y)
		w.raw(` text-anchor="`)
		w.raw(anchor)
		w.raw(`">`)
		w.text(t.Text)
		w.raw("</text>")
	}
}

// mark draws a vertical line with its text at the top, to the left of the line near the right end.
func mark(w *writer, f Frame, m Mark, bottom float64) {
	at := f.at(m.At)
	if at < 0 || at > 1 {
		return
	}
	w.raw(`<line class="mark" y1="2"`)
	w.percent("x1", at)
	w.percent("x2", at)
	w.attr("y2", bottom)
	w.raw(`/><text class="mark-text" y="10"`)
	w.percent("x", at)
	if at > 0.85 {
		w.raw(` dx="-5" text-anchor="end">`)
	} else {
		w.raw(` dx="5">`)
	}
	w.text("▾ " + m.Text)
	w.raw("</text>")
}

// describe is the chart in one sentence: its title, its time and the latest value of each line. A chart with ticks of
// its own is of something that is over: it says from which value to which each line goes.
func (l *Lines) describe() string {
	if l.Ticks != nil {
		return l.Title + l.ranges()
	}
	var b strings.Builder
	b.WriteString(l.Title)
	b.WriteString(", ")
	b.WriteString(l.Frame.From.UTC().Format("Jan 2 15:04"))
	b.WriteString(" to ")
	b.WriteString(l.Frame.To().UTC().Format("Jan 2 15:04"))
	b.WriteString(" UTC")
	for i, s := range l.Series {
		b.WriteString([]string{"; latest: ", ", "}[min(i, 1)])
		b.WriteString(s.Name)
		b.WriteString(" ")
		b.WriteString(l.Unit.Text(Latest(s.Values)))
	}
	return b.String()
}

func (l *Lines) ranges() string {
	var b strings.Builder
	for i := range l.Series {
		if low, high, ok := extent(l.Series[i : i+1]); ok {
			b.WriteString("; " + l.Series[i].Name + " from " + l.Unit.Text(low) + " to " + l.Unit.Text(high))
		}
	}
	return b.String()
}

// Latest returns the last present value, NaN when there is none.
func Latest(values []float64) float64 {
	for i := len(values) - 1; i >= 0; i-- {
		if !math.IsNaN(values[i]) {
			return values[i]
		}
	}
	return math.NaN()
}
