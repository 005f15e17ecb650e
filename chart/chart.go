// Package chart draws charts as SVG, for pages and reports alike. Every chart is a plain struct with a method SVG
// that appends to one buffer; equal structs give equal bytes. Nothing in the output needs a script or a style
// attribute: colours are classes (s0..s5, cache-hit, h0..h7), widths are SVG attributes, and text keeps its size on a
// narrow screen because only the inner viewport is stretched.
//
// Absent numbers are NaN and draw as gaps, never as zeros.
package chart

import (
	"html"
	"math"
	"strconv"
	"time"
)

// Frame is the time axis of a chart: bucket i starts at From + i*Step.
type Frame struct {
	From    time.Time
	Step    time.Duration
	Buckets int
}

// To is the end of the last bucket.
func (f Frame) To() time.Time { return f.From.Add(f.Step * time.Duration(f.Buckets)) }

// at returns where a time lies on the axis, 0..1 within the frame.
func (f Frame) at(t time.Time) float64 {
	length := f.Step * time.Duration(f.Buckets)
	if length <= 0 {
		return 0
	}
	return float64(t.Sub(f.From)) / float64(length)
}

// Series is one line. Values[i] belongs to bucket i of the frame; NaN is a gap.
type Series struct {
	Name string
	// Class names the colour: s0..s5, so (others, dashed), or a cache status as cache-hit.
	Class  string
	Values []float64
}

// Mark is a moment worth a vertical line, such as the first sight of a version.
type Mark struct {
	At   time.Time
	Text string
}

// plotWidth is the width of the stretched inner viewport, in its own units.
const plotWidth = 1000

// writer is the buffer that charts append to.
type writer struct{ b []byte }

func (w *writer) raw(s string)  { w.b = append(w.b, s...) }
func (w *writer) text(s string) { w.b = append(w.b, html.EscapeString(s)...) }

// num appends a coordinate with at most one decimal.
func (w *writer) num(v float64) {
	w.b = strconv.AppendFloat(w.b, math.Round(v*10)/10, 'f', -1, 64)
}

// attr appends a numeric attribute.
func (w *writer) attr(name string, v float64) {
	w.raw(" ")
	w.raw(name)
	w.raw(`="`)
	w.num(v)
	w.raw(`"`)
}

// percent appends an attribute in percent of the viewport, with at most two decimals; share is 0..1.
func (w *writer) percent(name string, share float64) {
	w.raw(" ")
	w.raw(name)
	w.raw(`="`)
	w.b = strconv.AppendFloat(w.b, math.Round(share*1e4)/100, 'f', -1, 64)
	w.raw(`%"`)
}

// class appends a class attribute.
func (w *writer) class(names string) {
	w.raw(` class="`)
	w.text(names)
	w.raw(`"`)
}

// title appends a <title>.
func (w *writer) title(s string) {
	w.raw("<title>")
	w.text(s)
	w.raw("</title>")
}

// inner opens the viewport that stretches to the width of the page: its x runs from 0 to plotWidth.
func (w *writer) inner(height float64) {
	w.raw(`<svg width="100%"`)
	w.attr("height", height)
	w.raw(` viewBox="0 0 1000 `)
	w.num(height)
	w.raw(`" preserveAspectRatio="none">`)
}

// extent returns the least and the greatest present value, and whether there is any.
func extent(series []Series) (low, high float64, ok bool) {
	low, high = math.Inf(1), math.Inf(-1)
	for _, s := range series {
		for _, v := range s.Values {
			if !math.IsNaN(v) && !math.IsInf(v, 0) {
				low, high, ok = math.Min(low, v), math.Max(high, v), true
			}
		}
	}
	return low, high, ok
}
