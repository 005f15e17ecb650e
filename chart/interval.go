package chart

import "math"

// Interval is a bar from zero to a value with the interval of its estimate over it, hidden from readers: the numbers stand
// beside it.
type Interval struct {
	Value, Low, High float64
	// End is the right end of the axis, the same for bars that are compared.
	End float64
	// Class is the bar's colour.
	Class string
}

// SVG answers the drawing, "" when the value or the end is no positive number.
func (i *Interval) SVG() string {
	if !(i.Value > 0) || !(i.End > 0) || math.IsInf(i.Value, 0) || math.IsInf(i.End, 0) {
		return ""
	}
	at := func(v float64) float64 { return math.Max(0, math.Min(v/i.End, 1)) * plotWidth }
	var w writer
	w.raw(`<svg class="bar" viewBox="0 0 1000 10" preserveAspectRatio="none" aria-hidden="true"><rect class="track" width="1000" height="10"/><rect`)
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
