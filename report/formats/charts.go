package formats

import (
	"html/template"
	"math"
	"strings"
	"time"

	"edgescope/chart"
	"edgescope/edge"
	"edgescope/report"
	"edgescope/report/distribution"
	"edgescope/report/sums"
)

// drawing is a chart of the HTML report with its legend.
type drawing struct {
	Title  string
	SVG    template.HTML
	Legend []chart.Series // names and classes
}

func draw(l *chart.Lines) drawing {
	l.Zero = true
	for i := range l.Series {
		l.Series[i].Class = "s" + string(rune('0'+i))
	}
	return drawing{Title: l.Title, SVG: template.HTML(l.SVG()), Legend: l.Series} //nolint:gosec // chart escapes names
}

// timeline is the time axis of a run, with its points by their place on it.
type timeline struct {
	frame  chart.Frame
	points []*edge.RunPoint // nil: none
	bands  []chart.Band
}

// maxWindows bounds the axis, whatever a file says.
const maxWindows = 6000

// newTimeline is for a run with points. The axis reaches to the end of the last phase, or to the last point if that is
// later.
func newTimeline(run *edge.Run) timeline {
	width := run.Points[0].Width
	if !(width >= 0.001) {
		width = 1
	}
	place := func(at float64) int { return int(min(max(math.Round(at/width), 0), maxWindows-1)) }
	var ends float64
	for _, p := range run.Phases {
		ends = max(ends, p.Start+p.Duration)
	}
	last := max(place(run.Points[len(run.Points)-1].At), place(math.Ceil(ends/width)*width)-1)
	t := timeline{points: make([]*edge.RunPoint, last+1)}
	t.frame = chart.Frame{From: run.Started, Step: time.Duration(width * float64(time.Second)), Buckets: len(t.points)}
	for i := range run.Points {
		if at := place(run.Points[i].At); at < len(t.points) {
			t.points[at] = &run.Points[i]
		}
	}
	for i, p := range run.Phases {
		from := run.Started.Add(time.Duration(p.Start * float64(time.Second)))
		t.bands = append(t.bands, chart.Band{
			From: from, To: from.Add(time.Duration(p.Duration * float64(time.Second))), Text: p.Name, Named: true,
			Clear: i%2 == 0,
		})
	}
	return t
}

// series is a figure over time, a gap where there is no point.
func (t *timeline) series(name string, figure func(p *edge.RunPoint) float64) chart.Series {
	s := chart.Series{Name: name, Values: make([]float64, len(t.points))}
	for i, p := range t.points {
		s.Values[i] = math.NaN()
		if p != nil {
			s.Values[i] = figure(p)
		}
	}
	return s
}

// latency is a quantile over time, with gaps where nothing was answered.
func (t *timeline) latency(name string, figure func(p *edge.RunPoint) float64) chart.Series {
	return t.series(name, func(p *edge.RunPoint) float64 {
		if p.P99 == 0 {
			return math.NaN()
		}
		return figure(p)
	})
}

// charts are those of a run that lasted for at least two points.
func charts(r *report.Report) []drawing {
	run := &r.Edgescope.Run
	if len(run.Points) < 2 {
		return nil
	}
	t := newTimeline(run)
	perSecond := func(n int64, p *edge.RunPoint) float64 { return float64(n) / max(p.Width, 1) }
	lines := []chart.Lines{
		{Title: "Response time", Unit: chart.Milliseconds, Series: []chart.Series{
			t.latency("p50", func(p *edge.RunPoint) float64 { return p.P50 }),
			t.latency("p95", func(p *edge.RunPoint) float64 { return p.P95 }),
			t.latency("p99", func(p *edge.RunPoint) float64 { return p.P99 }),
			t.latency("p95 from the send", func(p *edge.RunPoint) float64 { return p.ServiceP95 }),
		}},
		{Title: "Requests per second", Unit: chart.PerSecond, Series: []chart.Series{
			t.series("requests", func(p *edge.RunPoint) float64 { return perSecond(p.Requests, p) }),
			t.series("errors", func(p *edge.RunPoint) float64 { return perSecond(p.Errors, p) }),
			t.series("arrivals", func(p *edge.RunPoint) float64 { return perSecond(p.Arrivals, p) }),
		}},
		{Title: "Users alive", Series: []chart.Series{t.series("users",
			func(p *edge.RunPoint) float64 { return float64(p.Active) })}},
	}
	lines[0].Limits = limits(r, &lines[0])
	var drawn []drawing
	for i := range lines {
		l := &lines[i]
		l.Frame, l.Ticks, l.Bands = t.frame, chart.Elapsed(t.frame), t.bands
		drawn = append(drawn, draw(l))
	}
	if l, ok := quantiles(r); ok {
		drawn = append(drawn, draw(l))
	}
	return drawn
}

// farAbove is how many times as high as every value a limit may be to be drawn: one far above would leave the lines no
// room.
const farAbove = 3

// limits are the thresholds of response times.
func limits(r *report.Report, l *chart.Lines) (limits []chart.Limit) {
	var highest float64
	for i := range l.Series {
		for _, v := range l.Series[i].Values {
			if v > highest { // no gap
				highest = v
			}
		}
	}
	for _, c := range r.Edgescope.Ensure {
		figure, ok := strings.CutPrefix(c.Metric, sums.SeriesResponse+".")
		if ok && figure != "count" && c.Max <= farAbove*highest {
			limits = append(limits, chart.Limit{Value: c.Max, Text: "limit of " + figure + " " +
				chart.Milliseconds.Text(c.Max)})
		}
	}
	return limits
}

const (
	// minAnswers is how many complete answers a distribution must have to be drawn.
	minAnswers = 100
	// quantileSteps is in how many steps it is drawn.
	quantileSteps = 120
)

// quantiles draws the response times by quantile: each tick below is ten times as rare as the one before, so that the
// tail has as much room as the middle.
func quantiles(r *report.Report) (*chart.Lines, bool) {
	response, service := histogramOf(r, sums.SeriesResponse), histogramOf(r, sums.SeriesService)
	if response.Count() < minAnswers {
		return nil, false
	}
	// A quantile lies -log10 of the share above it from the left.
	rarest := min(math.Log10(float64(response.Count())), 5)
	l := &chart.Lines{
		Title: "Response time by quantile", Unit: chart.Milliseconds, Frame: chart.Frame{
			Step:    time.Second,
			Buckets: quantileSteps + 1,
		},
	}
	for _, tick := range []struct {
		at   float64
		text string
	}{{0, "0 %"}, {math.Log10(2), "50 %"}, {1, "90 %"}, {2, "99 %"}, {3, "99.9 %"}, {4, "99.99 %"}, {5, "99.999 %"}} {
		if tick.at <= rarest {
			l.Ticks = append(l.Ticks, chart.Tick{
				At:   (tick.at/rarest*quantileSteps + 0.5) / (quantileSteps + 1),
				Text: tick.text,
			})
		}
	}
	series := func(name string, h *distribution.Histogram) chart.Series {
		s := chart.Series{Name: name}
		for i := range quantileSteps + 1 {
			share := math.Pow(10, -rarest*float64(i)/quantileSteps)
			s.Values = append(s.Values, float64(h.Quantile(1-share))/1e6)
		}
		return s
	}
	l.Series = []chart.Series{series("from the intended start", response), series("from the send", service)}
	return l, true
}

// histogramOf is a distribution of the whole run, empty if it has none of the name.
func histogramOf(r *report.Report, series string) *distribution.Histogram {
	h := new(distribution.Histogram)
	h.Add(r.Edgescope.Series[series])
	return h
}
