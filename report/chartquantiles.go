package report

import (
	"math"

	"edgescope/report/distribution"
)

// quantileSteps is in how many points a distribution is drawn.
const quantileSteps = 120

// quantileChart draws the response times by quantile: each mark below is ten times as rare as the one before, so that the tail
// has as much room as the middle. It is for runs of at least 100 complete answers.
func (r *Report) quantileChart() (plot, bool) {
	response, service := r.histogram(seriesResponse), r.histogram(seriesService)
	if response.Count() < minTail {
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

// histogram is a distribution of the whole run, empty if it has none of the name.
func (r *Report) histogram(series string) *distribution.Histogram {
	h := new(distribution.Histogram)
	h.Add(r.Edgescope.Series[series])
	return h
}
