package chart

import "math"

// Interval is a bar from zero to a value with the interval of its estimate over it, hidden from readers: the numbers
// stand beside it.
type Interval struct {
	Value, Low, High float64
	// End is the right end of the axis, the same for bars that are compared.
	End float64
	// Class is the bar's colour.
	Class string
}

// SVG returns the drawing, "" when the value or the end is no positive number.
func (i *Interval) SVG() string {
	if !(i.Value > 0) || !(i.End > 0) || math.IsInf(i.Value, 0) || math.IsInf(i.End, 0) {
		return ""
	}
	at := func(v float64) float64 { return math.Max(0, math.Min(v/i.End, 1)) * plotWidth }
	var w writer
	w.raw(`<svg class="bar" viewBox="0 0 1000 10" preserveAspectRatio="none" aria-hidden="true"><rect class="track" ` +
		`width="1000" height="10"/><rect`)
	w.class(i.Class)
	w.attr("width", at(i.Value))
	w.raw(` height="10"/>`)
	if i.High > i.Low {
		w.raw(`<rect class="whisker" y="4" height="2"`)
		w.attr("x", at(i.Low))
		w.attr("width", math.Max(3, at(i.High)-at(i.Low)))
		w.raw(`/>`)
	}
	w.raw("</svg>")
	return string(w.b)
}

// Ruler is the axis below bars that are compared: labels at round values from 0 on.
type Ruler struct {
	End  float64
	Unit Unit
}

// NewRuler returns the ruler with the least round end that holds the greatest value.
func NewRuler(greatest float64, unit Unit) Ruler {
	at := ticks(0, greatest, 6)
	return Ruler{End: at[len(at)-1], Unit: unit}
}

// SVG returns the drawing, "" when the end is no positive number. It is hidden from readers: numbers stand beside the
// bars.
func (r *Ruler) SVG() string {
	if !(r.End > 0) || math.IsInf(r.End, 0) {
		return ""
	}
	var w writer
	w.raw(`<svg class="ruler" width="100%" height="20" overflow="visible" aria-hidden="true">`)
	var labels []Tick
	for _, v := range ticks(0, r.End, 6) {
		at := v / r.End
		w.raw(`<line class="grid" y1="0" y2="4"`)
		w.percent("x1", at)
		w.percent("x2", at)
		w.raw("/>")
		labels = append(labels, Tick{at, r.Unit.Text(v)})
	}
	tickLabels(&w, labels, 16)
	w.raw("</svg>")
	return string(w.b)
}
