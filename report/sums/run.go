package sums

import (
	"maps"
	"slices"
	"time"

	"edgescope/edge"
	"edgescope/report/distribution"
	"edgescope/report/text"
)

// SetCounts gives a run what the counters say.
func (p *Period) SetCounts(r *edge.Run) {
	r.Requests, r.Responses = p.Asked(), p.Answered()
	r.Failed, r.Rate = r.Requests-r.Responses, p.rate()
	r.Codes, r.Errors, r.Cache = p.Family("http.codes."), p.Family("errors."), p.Family(CacheCounters)
	for code, n := range p.Family(SocketCodes) {
		if r.Codes == nil {
			r.Codes = map[string]int64{}
		}
		r.Codes[code] += n
	}
	r.Cold, r.Expectations = p.Counters["edgescope.cold_starts"], p.expectations()
	r.Users = edge.RunUsers{
		Created: p.Counters["vusers.created"], Completed: p.Counters["vusers.completed"],
		Failed: p.Counters["vusers.failed"], Skipped: p.Counters["vusers.skipped"],
	}
}

func (p *Period) expectations() []edge.RunCheck {
	checks := map[string]*edge.RunCheck{}
	of := func(name string) *edge.RunCheck {
		if checks[name] == nil {
			checks[name] = &edge.RunCheck{Name: name}
		}
		return checks[name]
	}
	for name, n := range p.Family("plugins.expect.ok.") {
		of(name).OK = n
	}
	for name, n := range p.Family("plugins.expect.failed.") {
		of(name).Failed = n
	}
	var list []edge.RunCheck
	for _, name := range slices.Sorted(maps.Keys(checks)) {
		list = append(list, *checks[name])
	}
	return list
}

// SetQuantiles gives a run the quantiles of its distributions.
func (t *Tally) SetQuantiles(r *edge.Run) {
	h := t.Histograms
	r.Response, r.Service, r.TTFB, r.Lag = quantiles(h[SeriesResponse]), quantiles(h[SeriesService]),
		quantiles(h[SeriesTTFB]), quantiles(h[SeriesLag])
}

func quantiles(h *distribution.Histogram) edge.RunQuantiles {
	if h == nil {
		return edge.RunQuantiles{}
	}
	return edge.RunQuantiles{
		Count: int64(h.Count()), Min: ms(h.Min()), Mean: ms(h.Mean()), P50: ms(h.Quantile(0.5)), P90: ms(h.Quantile(0.9)),
		P95: ms(h.Quantile(0.95)), P99: ms(h.Quantile(0.99)), Max: ms(h.Max()),
	}
}

// ms is milliseconds with three decimals.
func ms(d time.Duration) float64 { return text.Round(float64(d)/1e6, 3) }
