package chart

import "math"

// Spark is a line without axes, with the period before as a dashed line behind it.
type Spark struct {
	// Title names it for those who can't see it; empty hides it from them, where the numbers stand beside it.
	Title       string
	Now, Before []float64
	// Width and Height are the proportions; the drawing stretches to its box.
	Width, Height float64
}

// SVG returns the sparkline, "" when there is nothing to draw.
func (s *Spark) SVG() string {
	both := []Series{{Values: s.Now}, {Values: s.Before}}
	low, high, ok := extent(both)
	if !ok {
		return ""
	}
	if low > 0 && low > high*0.98 {
		low *= 0.9
	}
	sc := scale{low: low, high: high, height: s.Height - 4}
	var w writer
	w.raw(`<svg class="spark" viewBox="0 0 `)
	w.num(s.Width)
	w.raw(" ")
	w.num(s.Height)
	w.raw(`" preserveAspectRatio="none"`)
	if s.Title == "" {
		w.raw(` aria-hidden="true">`)
	} else {
		w.raw(` role="img">`)
		w.title(s.Title)
	}
	s.area(&w, sc)
	if _, _, has := extent(both[1:]); has {
		w.raw(`<path class="spark-before" d="`)
		s.stroke(&w, s.Before, sc)
		w.raw(`"/>`)
	}
	w.raw(`<path class="spark-now" d="`)
	s.stroke(&w, s.Now, sc)
	w.raw(`"/></svg>`)
	return string(w.b)
}

func (s *Spark) x(i float64, n int) float64 { return i / math.Max(1, float64(n-1)) * s.Width }

func (s *Spark) stroke(w *writer, values []float64, sc scale) {
	w.polyline(decimate(values, int(s.Width)), func(p point) (x, y float64) {
		return s.x(p.x, len(values)),
			sc.y(p.v) + 2
	})
}

// area fills the room below the line, run by run between gaps.
func (s *Spark) area(w *writer, sc scale) {
	w.raw(`<path class="spark-area" d="`)
	last := math.NaN()
	end := func() {
		if !math.IsNaN(last) {
			w.raw("L")
			w.num(last)
			w.raw(" ")
			w.num(s.Height)
			w.raw("z")
		}
		last = math.NaN()
	}
	for _, p := range decimate(s.Now, int(s.Width)) {
		if math.IsNaN(p.v) {
			end()
			continue
		}
		x := s.x(p.x, len(s.Now))
		if math.IsNaN(last) {
			w.raw("M")
			w.num(x)
			w.raw(" ")
			w.num(s.Height)
		}
		w.raw("L")
		w.num(x)
		w.raw(" ")
		w.num(sc.y(p.v) + 2)
		last = x
	}
	end()
	w.raw(`"/>`)
}

// Part is a piece of a Bar: its share 0..1 of the whole and its colour.
type Part struct {
	Name  string
	Class string
	Share float64
}

// Bar draws shares side by side on a track, hidden from readers: the numbers stand beside it.
func Bar(parts []Part) string {
	var w writer
	w.raw(`<svg class="bar" viewBox="0 0 1000 10" preserveAspectRatio="none" aria-hidden="true"><rect class="track" ` +
		`width="1000" height="10"/>`)
	x := 0.0
	for _, p := range parts {
		if !(p.Share > 0) {
			continue
		}
		width := math.Min(p.Share, 1) * plotWidth
		w.raw("<rect")
		w.class(p.Class)
		w.attr("x", x)
		w.attr("width", math.Max(width-2, 1.5))
		w.raw(` height="10"><title>`)
		w.text(p.Name + " " + Ratio.Text(p.Share))
		w.raw("</title></rect>")
		x += width
	}
	w.raw("</svg>")
	return string(w.b)
}

// Span draws when a span ran within its trace: from and length are shares 0..1 of the whole.
func Span(from, length float64, class string) string {
	var w writer
	from = math.Max(0, math.Min(from, 1))
	w.raw(`<svg class="span" viewBox="0 0 1000 10" preserveAspectRatio="none" aria-hidden="true"><rect class="track" ` +
		`width="1000" height="10"/><rect`)
	w.class(class)
	w.attr("x", math.Min(from*plotWidth, plotWidth-3))
	w.attr("width", math.Max(3, math.Min(length, 1-from)*plotWidth))
	w.raw(` height="10"/></svg>`)
	return string(w.b)
}
