package chart

import (
	"math"
	"slices"
)

// Bucket is a bar of a histogram over Low <= value < High.
type Bucket struct{ Low, High, Count float64 }

// Histogram draws one distribution, or two of them over one logarithmic axis, each as shares of its own total.
type Histogram struct {
	Title string
	Sets  []HistogramSet
	Unit  Unit
	// Link returns where a bar leads, "" for nowhere; nil makes no links. Only the first set has links.
	Link   func(Bucket) string
	Height float64
}

// HistogramSet is one distribution. Buckets are sorted by Low and do not overlap.
type HistogramSet struct {
	Name, Class string
	Buckets     []Bucket
}

// histogramBars is how many bars a linked histogram has at most: each stays wide enough for a finger on a phone.
const histogramBars = 12

// SVG returns the chart, "" without any count.
func (h *Histogram) SVG() string {
	low, high, ok := h.bounds()
	if !ok {
		return ""
	}
	at := func(v float64) float64 {
		return max(0, min((math.Log(math.Max(v, low))-math.Log(low))/(math.Log(high)-math.Log(low)), 1))
	}
	var w writer
	role := ` role="img"`
	if h.Link != nil {
		role = ` role="group"`
	}
	w.raw(`<svg class="plot histogram" width="100%"` + role)
	w.attr("height", h.Height+axisBelow)
	w.raw(` aria-label="`)
	w.text(h.Title)
	w.raw(`">`)
	for _, set := range h.Sets {
		h.bars(&w, set, low, at)
	}
	w.raw(`<line class="base" x1="0" x2="100%"`)
	w.attr("y1", h.Height)
	w.attr("y2", h.Height)
	w.raw("/>")
	h.labels(&w, low, high, at)
	w.raw("</svg>")
	return string(w.b)
}

// bounds returns the ends of the axis. Zero has no place on a logarithmic axis: a bucket that begins there takes an
// octave below the lowest other one.
func (h *Histogram) bounds() (low, high float64, ok bool) {
	low, high = math.Inf(1), 0
	zero := 0.0
	for _, s := range h.Sets {
		for _, b := range s.Buckets {
			switch {
			case b.Count <= 0 || b.High <= 0:
			case b.Low > 0:
				low, high = math.Min(low, b.Low), math.Max(high, b.High)
			default:
				zero = math.Max(zero, b.High)
			}
		}
	}
	if zero > 0 {
		low, high = math.Min(low, math.Max(high, 2*zero))/2, math.Max(high, zero)
	}
	if high == 0 {
		return 0, 0, false
	}
	if high < 8*low {
		// A single bar is not stretched over the whole width.
		low, high = low/2, high*2
	}
	return low, high, true
}

func (h *Histogram) bars(w *writer, set HistogramSet, low float64, at func(float64) float64) {
	buckets := set.Buckets
	if h.Link != nil {
		buckets = Merge(buckets, histogramBars)
	}
	total, top := 0.0, 0.0
	for _, b := range buckets {
		total += b.Count
		top = math.Max(top, b.Count)
	}
	for _, b := range buckets {
		if b.Count <= 0 {
			continue
		}
		link := ""
		if h.Link != nil {
			link = h.Link(b)
		}
		label := set.Name + " " + h.Unit.Text(b.Low) + " to " + h.Unit.Text(b.High) + ": " + Number.Text(b.Count) +
			" (" + Ratio.Text(b.Count/total) + ")"
		from, to := at(b.Low), at(b.High)
		if b.Low <= 0 {
			to = at(2 * low)
		}
		if link != "" {
			w.raw(`<a href="`)
			w.text(link)
			w.raw(`" aria-label="`)
			w.text(label)
			w.raw(`"><rect class="hit" y="0"`)
			w.percent("x", from)
			w.percent("width", to-from)
			w.attr("height", h.Height)
			w.raw("/>")
		}
		tall := math.Max(1.5, (h.Height-6)*b.Count/top)
		w.raw("<rect")
		w.class(set.Class)
		w.percent("x", from)
		w.percent("width", math.Max(0.001, (to-from)*0.96))
		w.attr("y", h.Height-tall)
		w.attr("height", tall)
		w.raw(">")
		w.title(label)
		w.raw("</rect>")
		if link != "" {
			w.raw("</a>")
		}
	}
}

func (h *Histogram) labels(w *writer, low, high float64, at func(float64) float64) {
	for i, v := range logTicks(low, high) {
		class := "tick"
		if i%2 == 1 {
			class = "tick w"
		}
		anchor := "middle"
		if at(v) < 0.03 {
			anchor = "start"
		}
		if at(v) > 0.95 {
			anchor = "end"
		}
		w.raw("<text")
		w.class(class)
		w.percent("x", at(v))
		w.attr("y", h.Height+15)
		w.raw(` text-anchor="` + anchor + `">`)
		w.text(h.Unit.Text(v))
		w.raw("</text>")
	}
}

// logTicks returns 1, 2 and 5 times the powers of ten within the bounds; only the powers when there are many.
func logTicks(low, high float64) []float64 {
	factors := []float64{1, 2, 5}
	if math.Log10(high/low) > 3 {
		factors = factors[:1]
	}
	var out []float64
	for power := math.Pow(10, math.Floor(math.Log10(low))); power <= high; power *= 10 {
		for _, f := range factors {
			if v := f * power; v >= low*(1-1e-9) && v <= high*(1+1e-9) {
				out = append(out, v)
			}
		}
	}
	return out
}

// Merge joins neighbouring buckets until at most limit are left; the counts add up to the same total. A bucket that
// begins at zero stays alone: it has no width on a logarithmic axis that others could share.
func Merge(buckets []Bucket, limit int) []Bucket {
	if len(buckets) <= limit || limit < 1 {
		return buckets
	}
	out := make([]Bucket, 0, limit)
	if buckets[0].Low <= 0 && limit > 1 {
		out, buckets, limit = append(out, buckets[0]), buckets[1:], limit-1
	}
	group := (len(buckets) + limit - 1) / limit
	for part := range slices.Chunk(buckets, group) {
		b := Bucket{Low: part[0].Low, High: part[len(part)-1].High}
		for _, p := range part {
			b.Count += p.Count
		}
		out = append(out, b)
	}
	return out
}

// quantile returns the q-quantile (0..1) of the values, which it sorts; values must not be empty.
func quantile(values []float64, q float64) float64 {
	slices.Sort(values)
	return values[min(int(q*float64(len(values))), len(values)-1)]
}
