package chart

import (
	"math"
	"strconv"
)

// Heatmap is a value for each row and bucket, on eight colours over a logarithmic scale.
type Heatmap struct {
	Title string
	Frame Frame
	Rows  []string
	// Cells[row][bucket]; NaN is a gap.
	Cells [][]float64
	Unit  Unit
	Marks []Mark
}

const (
	heatColours = 8

	// Pixels from row to row: few rows are taller, so that all together are no thin strip.
	heatRow, heatRowMax, heatLeast = 17, 34, 136
)

// row returns the pixels from row to row.
func (h *Heatmap) row() int { return max(heatRow, min(heatRowMax, heatLeast/max(1, len(h.Rows)))) }

// Bounds returns the values at the two ends of the ramp: the 2nd and 98th percentile, so that one outlier does not take
// the contrast of all others. ok is false without any value.
func (h *Heatmap) Bounds() (low, high float64, ok bool) {
	var all []float64
	for _, row := range h.Cells {
		for _, v := range row {
			if v > 0 && !math.IsInf(v, 0) {
				all = append(all, v)
			}
		}
	}
	if len(all) == 0 {
		return 0, 0, false
	}
	low, high = quantile(all, 0.02), quantile(all, 0.98)
	if high <= low {
		high = low * 1.01
	}
	return low, high, true
}

// SVG returns the heatmap: an element with the names of the rows and one with the cells.
func (h *Heatmap) SVG() string {
	low, high, ok := h.Bounds()
	if !ok {
		return ""
	}
	height := float64(len(h.Rows) * h.row())
	var w writer
	w.raw(`<svg class="axis" width="56" aria-hidden="true"`)
	w.attr("height", height+axisBelow)
	w.raw(">")
	for i, name := range h.Rows {
		w.raw(`<text text-anchor="end" x="48"`)
		w.attr("y", float64(i*h.row()+h.row()/2)+4)
		w.raw(">")
		w.text(shorten(name, 8))
		w.raw("</text>")
	}
	w.raw(`</svg><svg class="plot heat" role="img" width="100%"`)
	w.attr("height", height+axisBelow)
	w.raw(">")
	w.title(h.describe(low, high))
	w.inner(height)
	h.cells(&w, low, high)
	w.raw("</svg>")
	tickLabels(&w, timeTicks(h.Frame), height+15)
	for _, m := range h.Marks {
		at := h.Frame.at(m.At)
		if at < 0 || at > 1 {
			continue
		}
		w.raw(`<line class="mark" y1="0"`)
		w.percent("x1", at)
		w.percent("x2", at)
		w.attr("y2", height)
		w.raw("><title>")
		w.text(m.Text)
		w.raw("</title></line>")
	}
	w.raw("</svg>")
	return string(w.b)
}

// cells draws one path per colour. Neighbours of one colour in a row are one rectangle.
func (h *Heatmap) cells(w *writer, low, high float64) {
	var paths [heatColours]writer
	perBucket := plotWidth / math.Max(1, float64(h.Frame.Buckets))
	for r, row := range h.Cells {
		y := float64(r * h.row())
		for from := 0; from < len(row); {
			colour := heatColour(row[from], low, high)
			to := from + 1
			for to < len(row) && heatColour(row[to], low, high) == colour {
				to++
			}
			if colour >= 0 {
				p := &paths[colour]
				p.raw("M")
				p.num(float64(from) * perBucket)
				p.raw(" ")
				p.num(y)
				p.raw("H")
				p.num(float64(to) * perBucket)
				p.raw("v")
				p.num(float64(h.row() - 1))
				p.raw("H")
				p.num(float64(from) * perBucket)
				p.raw("z")
			}
			from = to
		}
	}
	for i := range paths {
		if len(paths[i].b) == 0 {
			continue
		}
		w.raw(`<path class="h`)
		w.raw(strconv.Itoa(i))
		w.raw(`" d="`)
		w.b = append(w.b, paths[i].b...)
		w.raw(`"/>`)
	}
}

// heatColour returns 0..7, or -1 for a gap.
func heatColour(v, low, high float64) int {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return -1
	}
	share := (math.Log(math.Max(v, low)) - math.Log(low)) / (math.Log(high) - math.Log(low))
	return max(0, min(int(share*heatColours), heatColours-1))
}

func (h *Heatmap) describe(low, high float64) string {
	return h.Title + ", " + strconv.Itoa(len(h.Rows)) + " rows, colours from " + h.Unit.Text(low) + " to " +
		h.Unit.Text(high)
}

// Ramp draws the eight colours of a heatmap side by side.
func Ramp() string {
	var w writer
	w.raw(`<svg class="ramp" width="120" height="8" aria-hidden="true">`)
	for i := range heatColours {
		w.raw(`<rect width="15" height="8" class="h`)
		w.raw(strconv.Itoa(i))
		w.raw(`"`)
		w.attr("x", float64(i*15))
		w.raw("/>")
	}
	w.raw("</svg>")
	return string(w.b)
}

// Stack is a chart of shares over time: in each bucket the series add up to the whole height.
type Stack struct {
	Title  string
	Frame  Frame
	Series []Series
	Marks  []Mark
	Height float64
}

// SVG returns the chart, "" when no bucket has anything.
func (s *Stack) SVG() string {
	if _, high, ok := extent(s.Series); !ok || high <= 0 {
		return ""
	}
	var w writer
	w.raw(`<svg class="axis" width="56" aria-hidden="true"`)
	w.attr("height", s.Height+axisAbove+axisBelow)
	w.raw(">")
	for i := range 5 {
		w.raw(`<text text-anchor="end" x="48"`)
		w.attr("y", s.Height*float64(i)/4+axisAbove+4)
		w.raw(">")
		w.text(Ratio.Text(1 - float64(i)/4))
		w.raw("</text>")
	}
	w.raw(`</svg><svg class="plot" role="img" width="100%"`)
	w.attr("height", s.Height+axisAbove+axisBelow)
	w.raw(">")
	w.title(s.Title)
	w.raw(`<svg width="100%" y="14"`)
	w.attr("height", s.Height)
	w.raw(` viewBox="0 0 1000 `)
	w.num(s.Height)
	w.raw(`" preserveAspectRatio="none">`)
	s.areas(&w)
	w.raw("</svg>")
	tickLabels(&w, timeTicks(s.Frame), s.Height+axisAbove+15)
	for _, m := range s.Marks {
		mark(&w, s.Frame, m, s.Height+axisAbove)
	}
	w.raw("</svg>")
	return string(w.b)
}

// areas draws one path of bars per series; buckets without anything stay empty.
func (s *Stack) areas(w *writer) {
	perBucket := plotWidth / math.Max(1, float64(s.Frame.Buckets))
	base := make([]float64, s.Frame.Buckets)
	total := make([]float64, s.Frame.Buckets)
	for _, sr := range s.Series {
		for i := 0; i < len(sr.Values) && i < len(total); i++ {
			total[i] += positive(sr.Values[i])
		}
	}
	for _, sr := range s.Series {
		w.raw("<path")
		w.class(sr.Class)
		w.raw(` d="`)
		for i := 0; i < len(sr.Values) && i < len(total); i++ {
			v := positive(sr.Values[i])
			if v == 0 || total[i] == 0 {
				continue
			}
			bottom := s.Height * (1 - base[i]/total[i])
			base[i] += v
			w.raw("M")
			w.num(float64(i) * perBucket)
			w.raw(" ")
			w.num(bottom)
			w.raw("h")
			w.num(perBucket * 0.94)
			w.raw("V")
			w.num(s.Height * (1 - base[i]/total[i]))
			w.raw("h-")
			w.num(perBucket * 0.94)
			w.raw("z")
		}
		w.raw(`"><title>`)
		w.text(sr.Name)
		w.raw("</title></path>")
	}
}

func positive(v float64) float64 {
	if v > 0 && !math.IsInf(v, 0) {
		return v
	}
	return 0
}

// shorten cuts a text to n characters, the last of them an ellipsis.
func shorten(s string, n int) string {
	r := []rune(s)
	if len(r) <= n {
		return s
	}
	return string(r[:n-1]) + "…"
}
