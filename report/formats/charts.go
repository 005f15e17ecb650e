package formats

import (
	"fmt"
	"html/template"
	"math"
	"slices"
	"strconv"
	"strings"

	"edgescope/edge"
	"edgescope/report"
	"edgescope/report/distribution"
	"edgescope/report/sums"
	"edgescope/report/text"
)

// chart is a drawing of the HTML report.
type chart struct {
	Title  string
	SVG    template.HTML
	Legend []legend
}

type legend struct{ Class, Name string }

// line is a series of a chart; a NaN is a gap.
type line struct {
	name   string
	values []float64
}

// plot is what a chart is drawn from: values at rising times in seconds, and the phases behind them.
type plot struct {
	title  string
	unit   string
	times  []float64
	lines  []line
	phases []edge.RunPhase
	limits []line // thresholds: the first value of each is drawn across
	marks  []mark // on the axis below; none: seconds
}

// mark names a place on the axis below a chart.
type mark struct {
	at   float64
	name string
}

// charts are those of a run that lasted for at least two points.
func charts(r *report.Report) []chart {
	run := &r.Edgescope.Run
	points := run.Points
	if len(points) < 2 {
		return nil
	}
	times := make([]float64, len(points))
	for i := range points {
		times[i] = points[i].At
	}
	values := func(f func(p *edge.RunPoint) float64) []float64 {
		out := make([]float64, len(points))
		for i := range points {
			out[i] = f(&points[i])
		}
		return out
	}
	latency := func(f func(p *edge.RunPoint) float64) []float64 {
		return values(func(p *edge.RunPoint) float64 {
			if p.P99 == 0 { // nothing was answered
				return math.NaN()
			}
			return f(p)
		})
	}
	plots := []plot{
		{title: "Response time", unit: "ms", limits: limits(r), lines: []line{
			{"p50", latency(func(p *edge.RunPoint) float64 { return p.P50 })},
			{"p95", latency(func(p *edge.RunPoint) float64 { return p.P95 })},
			{"p99", latency(func(p *edge.RunPoint) float64 { return p.P99 })},
			{"p95 from the send", latency(func(p *edge.RunPoint) float64 { return p.ServiceP95 })},
		}},
		{title: "Requests per second", unit: "/s", lines: []line{
			{"requests", values(func(p *edge.RunPoint) float64 { return float64(p.Requests) / max(p.Width, 1) })},
			{"errors", values(func(p *edge.RunPoint) float64 { return float64(p.Errors) / max(p.Width, 1) })},
			{"arrivals", values(func(p *edge.RunPoint) float64 { return float64(p.Arrivals) / max(p.Width, 1) })},
		}},
		{title: "Users alive", unit: "", lines: []line{{"users", values(func(p *edge.RunPoint) float64 { return float64(p.Active) })}}},
	}
	out := make([]chart, 0, len(plots)+1)
	for i := range plots {
		plots[i].times, plots[i].phases = times, run.Phases
		out = append(out, plots[i].draw())
	}
	if p, ok := quantileChart(r); ok {
		out = append(out, p.draw())
	}
	return out
}

// limits are the thresholds of response times.
func limits(r *report.Report) (limits []line) {
	for _, c := range r.Edgescope.Ensure {
		if figure, ok := strings.CutPrefix(c.Metric, sums.SeriesResponse+"."); ok && figure != "count" {
			limits = append(limits, line{"limit of " + figure, []float64{c.Max}})
		}
	}
	return limits
}

// The drawing, in units of its view box.
const (
	chartWidth, chartHeight                      = 760.0, 230.0
	chartLeft, chartRight, chartTop, chartBottom = 56.0, 10.0, 18.0, 26.0
	maxLines                                     = 4
	farAbove                                     = 3.0
)

// scale places values in a chart.
type scale struct{ seconds, top float64 }

func (s scale) x(second float64) float64 {
	return chartLeft + (chartWidth-chartLeft-chartRight)*second/s.seconds
}

func (s scale) y(value float64) float64 {
	return chartHeight - chartBottom - (chartHeight-chartTop-chartBottom)*value/s.top
}

func (p *plot) draw() chart {
	s := p.scale()
	var b strings.Builder
	fmt.Fprintf(&b, `<svg viewBox="0 0 %g %g" role="img" aria-label="%s">`, chartWidth, chartHeight, template.HTMLEscapeString(p.describe()))
	p.drawPhases(&b, s)
	for i := range 5 {
		value := s.top * float64(i) / 4
		fmt.Fprintf(&b, `<path class="grid" d="M%g %sH%g"/>`, chartLeft, coordinate(s.y(value)), chartWidth-chartRight)
		fmt.Fprintf(&b, `<text x="%g" y="%s" text-anchor="end">%s</text>`, chartLeft-6, coordinate(s.y(value)+4), tick(value)+p.unit)
	}
	for _, m := range p.axis(s) {
		fmt.Fprintf(&b, `<text x="%s" y="%g" text-anchor="middle">%s</text>`, coordinate(s.x(m.at)), chartHeight-8, m.name)
	}
	p.drawLimits(&b, s)
	c := chart{Title: p.title}
	for i, l := range p.lines[:min(len(p.lines), maxLines)] {
		b.WriteString(l.draw(p.times, s, i))
		c.Legend = append(c.Legend, legend{Class: "l" + strconv.Itoa(i), Name: l.name})
	}
	b.WriteString("</svg>")
	c.SVG = template.HTML(b.String()) //nolint:gosec // numbers, and names that are escaped
	return c
}

// axis are the marks below, or seconds.
func (p *plot) axis(s scale) []mark {
	if p.marks != nil {
		return p.marks
	}
	var marks []mark
	step := niceAbove(s.seconds / 6)
	for second := 0.0; second <= s.seconds*1.001; second += step {
		marks = append(marks, mark{second, tick(second) + " s"})
	}
	return marks
}

func (p *plot) scale() scale {
	s := scale{seconds: p.times[len(p.times)-1]}
	for _, phase := range p.phases {
		s.seconds = max(s.seconds, phase.Start+phase.Duration)
	}
	for _, l := range p.lines {
		for _, v := range l.values {
			if v > s.top {
				s.top = v
			}
		}
	}
	// A limit far above everything would leave the lines no room.
	highest := s.top
	p.limits = slices.DeleteFunc(p.limits, func(l line) bool { return l.values[0] > farAbove*highest })
	for _, l := range p.limits {
		s.top = max(s.top, l.values[0])
	}
	s.top, s.seconds = 4*niceAbove(s.top/4), max(s.seconds, 1)
	return s
}

// describe is the chart in words, for those who do not see it.
func (p *plot) describe() string {
	var parts []string
	for _, l := range p.lines {
		least, most := math.Inf(1), math.Inf(-1)
		for _, v := range l.values {
			if !math.IsNaN(v) {
				least, most = min(least, v), max(most, v)
			}
		}
		if most >= least {
			parts = append(parts, fmt.Sprintf("%s from %s to %s%s", l.name, tick(least), tick(most), p.unit))
		}
	}
	how := " over time: "
	if p.marks != nil {
		how = ": "
	}
	return p.title + how + strings.Join(parts, ", ")
}

// drawPhases shades every other phase and names those that are wide enough.
func (p *plot) drawPhases(b *strings.Builder, s scale) {
	for i, phase := range p.phases {
		left, right := s.x(phase.Start), s.x(phase.Start+phase.Duration)
		if i%2 == 1 {
			fmt.Fprintf(b, `<rect class="band" x="%s" y="%g" width="%s" height="%g"/>`, coordinate(left), chartTop, coordinate(right-left), chartHeight-chartTop-chartBottom)
		}
		if room := int((right - left) / 7); room >= 4 {
			fmt.Fprintf(b, `<text x="%s" y="12">%s</text>`, coordinate(left+3), template.HTMLEscapeString(text.Shorten(phase.Name, room)))
		}
	}
}

// drawLimits draws thresholds over the whole width, named at the right end.
func (p *plot) drawLimits(b *strings.Builder, s scale) {
	for _, l := range p.limits {
		y := s.y(l.values[0])
		fmt.Fprintf(b, `<path class="limit" d="M%g %sH%g"/>`, chartLeft, coordinate(y), chartWidth-chartRight)
		fmt.Fprintf(b, `<text class="limit-name" x="%g" y="%s" text-anchor="end">%s</text>`, chartWidth-chartRight-2, coordinate(y-4),
			template.HTMLEscapeString(l.name+" "+tick(l.values[0])+p.unit))
	}
}

// draw connects the values; one between two gaps is a dot.
func (l *line) draw(times []float64, s scale, class int) string {
	var path, dots strings.Builder
	known := func(i int) bool { return i >= 0 && i < len(l.values) && !math.IsNaN(l.values[i]) }
	for i, v := range l.values {
		if !known(i) {
			continue
		}
		x, y := coordinate(s.x(times[i])), coordinate(s.y(v))
		switch {
		case known(i - 1):
			fmt.Fprintf(&path, "L%s %s", x, y)
		case known(i + 1):
			fmt.Fprintf(&path, "M%s %s", x, y)
		default:
			fmt.Fprintf(&dots, `<circle class="p%d" cx="%s" cy="%s" r="2.5"/>`, class, x, y)
		}
	}
	return fmt.Sprintf(`<path class="l l%d" d="%s"/>`, class, path.String()) + dots.String()
}

func coordinate(f float64) string { return strconv.FormatFloat(text.Round(f, 1), 'f', -1, 64) }

func tick(f float64) string {
	if f >= 100 {
		return text.Grouped(int64(math.Round(f)))
	}
	return strconv.FormatFloat(f, 'g', 3, 64)
}

// niceAbove is the least of 1, 2, 2.5, 5 times a power of ten that is not below f.
func niceAbove(f float64) float64 {
	if f <= 0 || math.IsInf(f, 0) || math.IsNaN(f) {
		return 1
	}
	power := math.Pow(10, math.Floor(math.Log10(f)))
	for _, m := range []float64{1, 2, 2.5, 5} {
		if m*power >= f {
			return m * power
		}
	}
	return 10 * power
}

// minAnswers is how many complete answers a distribution must have to be drawn.
const minAnswers = 100

// quantileSteps is in how many points a distribution is drawn.
const quantileSteps = 120

// quantileChart draws the response times by quantile: each mark below is ten times as rare as the one before, so that the tail
// has as much room as the middle. It is for runs of at least 100 complete answers.
func quantileChart(r *report.Report) (plot, bool) {
	response, service := histogramOf(r, sums.SeriesResponse), histogramOf(r, sums.SeriesService)
	if response.Count() < minAnswers {
		return plot{}, false
	}
	rarest := min(math.Log10(float64(response.Count())), 5)
	p := plot{title: "Response time by quantile", unit: "ms", marks: []mark{{0, "0 %"}, {math.Log10(2), "50 %"}}}
	for i, name := range []string{"90 %", "99 %", "99.9 %", "99.99 %", "99.999 %"} {
		if at := float64(i + 1); at <= rarest {
			p.marks = append(p.marks, mark{at, name})
		}
	}
	quantiles := func(h *distribution.Histogram) (ms []float64) {
		for _, at := range p.times {
			ms = append(ms, float64(h.Quantile(1-math.Pow(10, -at)))/1e6)
		}
		return ms
	}
	for i := range quantileSteps + 1 {
		p.times = append(p.times, rarest*float64(i)/quantileSteps)
	}
	p.lines = []line{{"from the intended start", quantiles(response)}, {"from the send", quantiles(service)}}
	return p, true
}

// histogramOf is a distribution of the whole run, empty if it has none of the name.
func histogramOf(r *report.Report, series string) *distribution.Histogram {
	h := new(distribution.Histogram)
	h.Add(r.Edgescope.Series[series])
	return h
}
