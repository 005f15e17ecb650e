package view

import (
	"math"
	"time"

	"edgescope/chart"
	"edgescope/edge"
	"edgescope/query"
	"edgescope/web/part"
)

// windows are a run's points on a time axis.
type windows struct {
	frame  chart.Frame
	width  float64 // seconds
	points map[int]*edge.RunPoint
}

// mostWindows bounds the axis: a summary has at most 600 windows, a span of time far beyond them is a mistake of its
// sender.
const mostWindows = 6000

func windowsOf(r *edge.Run) windows {
	w := windows{width: r.Points[0].Width, points: make(map[int]*edge.RunPoint, len(r.Points))}
	if !(w.width >= 0.001) {
		w.width = 1
	}
	first := r.Points[0].At
	last := 0
	for i := range r.Points {
		at := math.Round((r.Points[i].At - first) / w.width)
		if at >= 0 && at < mostWindows {
			w.points[int(at)] = &r.Points[i]
			last = max(last, int(at))
		}
	}
	w.frame = chart.Frame{
		From: r.Started.Add(time.Duration(first * float64(time.Second))),
		Step: time.Duration(w.width * float64(time.Second)), Buckets: last + 1,
	}
	return w
}

// series is one figure of all windows; windows that are missing are gaps.
func (w windows) series(name, class string, value func(*edge.RunPoint) float64) chart.Series {
	s := chart.Series{Name: name, Class: class, Values: make([]float64, w.frame.Buckets)}
	for i := range s.Values {
		s.Values[i] = math.NaN()
		if p := w.points[i]; p != nil {
			s.Values[i] = value(p)
		}
	}
	return s
}

// quantile is a series of a latency: a window without a request has none.
func (w windows) quantile(name, class string, value func(*edge.RunPoint) float64) chart.Series {
	return w.series(name, class, func(p *edge.RunPoint) float64 {
		if p.Requests == 0 {
			return math.NaN()
		}
		return value(p)
	})
}

// clientFigures are the client's rate and latency over time, with the phases as bands.
func clientFigures(r *edge.Run) (rate, latency part.Figure) {
	if len(r.Points) == 0 {
		return part.Figure{ID: "client-rate", Empty: "No windows were sent."},
			part.Figure{ID: "client-latency", Empty: "No windows were sent."}
	}
	w := windowsOf(r)
	rate = part.TimeFigure("client-rate", &chart.Lines{
		Title: "Requests per second and active users", Frame: w.frame, Height: 190, Zero: true, Bands: bands(r),
		Series: []chart.Series{
			w.series("requests/s", "s3", func(p *edge.RunPoint) float64 { return float64(p.Requests) / w.width }),
			w.series("errors/s", "s4", func(p *edge.RunPoint) float64 { return float64(p.Errors) / w.width }),
			w.series("active users", "s1", func(p *edge.RunPoint) float64 { return float64(p.Active) }),
		},
	})
	latency = part.TimeFigure("client-latency", &chart.Lines{
		Title: "Response time, successful requests", Frame: w.frame, Height: 190, Zero: true, Unit: chart.Milliseconds,
		Bands: bands(r), Series: []chart.Series{
			w.quantile("p50", "s0", func(p *edge.RunPoint) float64 { return p.P50 }),
			w.quantile("p95", "s1", func(p *edge.RunPoint) float64 { return p.P95 }),
			w.quantile("p99", "s2", func(p *edge.RunPoint) float64 { return p.P99 }),
			w.quantile("p95 from send", "s3", func(p *edge.RunPoint) float64 { return p.ServiceP95 }),
		},
	})
	for _, f := range []part.Figure{rate, latency} {
		if f.Plot != nil {
			f.Plot.Zoom = false
		}
	}
	return rate, latency
}

func bands(r *edge.Run) []chart.Band {
	var out []chart.Band
	for i, p := range r.Phases {
		if i%2 == 0 {
			from := r.Started.Add(time.Duration(p.Start * float64(time.Second)))
			out = append(out,
				chart.Band{From: from, To: from.Add(time.Duration(p.Duration * float64(time.Second))), Text: p.Name})
		}
	}
	return out
}

func edgeFigures(a *query.RunDetail) (rate, latency part.Figure) {
	f := part.Frame(a.About)
	rate = part.TimeFigure("edge-rate", &chart.Lines{
		Title: "Invocations per second", Frame: f, Series: part.LineSeries(a.EdgeLines, []string{"rate"}),
		Unit: chart.PerSecond, Height: 190, Zero: true, Marks: part.Marks(a.About),
	})
	latency = part.TimeFigure("edge-latency", &chart.Lines{
		Title: "Invocation duration p95", Frame: f, Series: part.LineSeries(a.EdgeLines, []string{"p95"}),
		Unit: chart.Milliseconds, Height: 190, Zero: true, Marks: part.Marks(a.About),
	})
	return rate, latency
}
