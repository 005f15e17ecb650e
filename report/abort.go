package report

import (
	"fmt"
	"strings"
	"time"

	"edgescope/report/text"
)

const (
	// abortPatience is for how long a quantile or a mean must have been beyond its threshold, and abortRequests of how many
	// requests, before a run is given up: both can still recover.
	abortPatience = 10 * time.Second
	abortRequests = 100
)

// AbortWatch finds, while a run lasts, that a threshold cannot hold any more. It is for one goroutine; the zero value is ready.
type AbortWatch struct {
	since []time.Time // per check: since when it has been broken; zero: it is not
}

// Check tells why the run may be given up, "" when it may not:
//   - a threshold of a counter, a maximum or a count is reached: they never fall;
//   - so many users failed that maxErrorRate cannot be kept, even if all that are planned still come and complete;
//   - any other threshold has been broken for 10 s, by at least 100 requests.
//
// Conditions and optional checks do not abort: many hold only at the end.
func (a *AbortWatch) Check(s *Summary, now time.Time) string {
	checks := s.options.Plan.Checks
	if len(checks) == 0 {
		return ""
	}
	if a.since == nil {
		a.since = make([]time.Time, len(checks))
	}
	total := s.Aggregate()
	planned := s.options.Schedule.Total() // of all segments: a part that breaks a bound breaks it for the whole
	for i := range checks {
		source := &checks[i].Source
		if source.Optional || source.Metric == "" {
			continue
		}
		if source.Metric == "maxErrorRate" {
			if failed := total.Counters["vusers.failed"]; float64(failed) > source.Max/100*float64(planned) {
				return fmt.Sprintf("%s cannot hold any more: %s of %s planned users failed", source.Text, text.Grouped(failed), text.Grouped(int64(planned)))
			}
			continue
		}
		value, seen := total.Lookup(source.Metric)
		switch {
		case !seen || value < source.Max:
			a.since[i] = time.Time{}
		case total.onlyGrows(source.Metric):
			return fmt.Sprintf("%s cannot hold any more: it is %s", source.Text, text.Decimal(text.Round(value, 3)))
		case total.Counters["http.requests"] < abortRequests:
		case a.since[i].IsZero():
			a.since[i] = now
		case now.Sub(a.since[i]) >= abortPatience:
			return fmt.Sprintf("%s has not held for %v: it is %s", source.Text, abortPatience, text.Decimal(text.Round(value, 3)))
		}
	}
	return ""
}

// onlyGrows tells a figure that never falls: a counter, and the maximum and the count of a distribution.
func (p *Period) onlyGrows(metric string) bool {
	if _, ok := p.Rates[metric]; ok {
		return false
	}
	if _, ok := p.Counters[metric]; ok {
		return true
	}
	return strings.HasSuffix(metric, ".max") || strings.HasSuffix(metric, ".count")
}
