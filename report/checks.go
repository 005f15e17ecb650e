package report

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"edgescope/edge"
	"edgescope/report/sums"
	"edgescope/report/text"
	"edgescope/scenarios/plan"
)

// CheckResult is one threshold or condition of ensure and what came of it.
type CheckResult struct {
	edge.RunThreshold
	// Note says what a missing metric may have been meant to be, "" otherwise.
	Note string `json:"note,omitempty"`
	// Figures are those of a condition that failed and has several: "a is 3, b is 2".
	Figures string `json:"figures,omitempty"`
}

// Why returns the figures or the missing metric by which a check failed, "" for one that holds.
func (c *CheckResult) Why() string {
	switch {
	case c.OK:
		return ""
	case c.Note != "":
		return c.Note
	case c.Figures != "":
		return c.Figures
	default:
		return "it is " + text.Decimal(text.Round(c.Actual, 3))
	}
}

// checkedAll judges all checks by a period, in the order of the script: first those that hold, then those that fail, as
// they are printed.
func checkedAll(checks []plan.Check, p *sums.Period) []CheckResult {
	var held, failed []CheckResult
	for i := range checks {
		if r := checked(&checks[i], p); r.OK {
			held = append(held, r)
		} else {
			failed = append(failed, r)
		}
	}
	return append(held, failed...)
}

func checked(c *plan.Check, p *sums.Period) CheckResult {
	if c.Among != nil {
		among := c.Among(p.Names())
		c = &among
	}
	r := CheckResult{RunThreshold: edge.RunThreshold{
		Expression: c.Text, Limit: c.Max, Optional: !c.Strict,
		OK: c.Pass(p.Lookup),
	}}
	var figures []string
	for _, name := range c.Names {
		value, ok := p.Lookup(name)
		if !ok {
			r.Missing, r.Note = true, missing(name, p)
			return r
		}
		r.Actual = cmp.Or(r.Actual, value)
		figures = append(figures, name+" is "+text.Decimal(text.Round(value, 3)))
	}
	if value, ok := c.Figure(p.Lookup); ok {
		r.Actual = value
	} else if !r.OK {
		r.Figures = strings.Join(figures, ", ")
	}
	return r
}

// missing explains a name that was not seen.
func missing(name string, p *sums.Period) string {
	note := name + " was never seen"
	if seen := p.Nearest(name); seen != "" {
		note += "; did you mean " + seen + "?"
	}
	return note
}

const (
	// abortPatience is for how long a quantile or a mean must have been beyond its threshold, and abortRequests of how
	// many requests, before a run is given up: both can still recover.
	abortPatience = 10 * time.Second
	abortRequests = 100
)

// AbortWatch finds, while a run lasts, that a threshold cannot hold any more. It is for one goroutine; the zero value
// is ready.
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
				return fmt.Sprintf("%s cannot hold any more: %s of %s planned users failed", source.Text,
					text.Grouped(failed), text.Grouped(int64(planned)))
			}
			continue
		}
		value, seen := total.Lookup(source.Metric)
		switch {
		case !seen || value < source.Max:
			a.since[i] = time.Time{}
		case total.OnlyGrows(source.Metric):
			return fmt.Sprintf("%s cannot hold any more: it is %s", source.Text, text.Decimal(text.Round(value, 3)))
		case total.Asked() < abortRequests:
		case a.since[i].IsZero():
			a.since[i] = now
		case now.Sub(a.since[i]) >= abortPatience:
			return fmt.Sprintf("%s has not held for %v: it is %s", source.Text, abortPatience,
				text.Decimal(text.Round(value, 3)))
		}
	}
	return ""
}
