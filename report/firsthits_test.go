package report_test

import (
	"testing"
	"time"

	"edgescope/load"
	"edgescope/report/reporttest"
)

const gaps = "config: {phases: [{duration: 60, arrivalCount: 9}], coldStarts: {idle: 10}}\nscenarios: [{flow: " +
	"[{get: {url: /cart}}]}]"

func TestFirstHitsFollowAGap(t *testing.T) {
	s := reporttest.New(t, gaps)
	f := func(region string, sent, end float64, want string) {
		t.Helper()
		before := s.Summary.Aggregate()
		at := func(seconds float64) time.Time { return s.Start.Add(time.Duration(seconds * float64(time.Second))) }
		r := s.Request(at(sent), "0/GET /cart", "/cart", 200, 0)
		r.Latency, r.Region, r.Sent, r.TTFB = at(end).Sub(at(sent)), region, at(sent), at(end).Sub(at(sent))
		s.Summary.Add(r)
		after := s.Summary.Aggregate()
		for _, hit := range []string{"first", "later"} {
			for _, series := range []string{".response_time", ".ttfb"} {
				name := "edgescope." + hit + "_hit" + series
				added := after.Summaries[name].Count - before.Summaries[name].Count
				if (added == 1) != (hit == want) {
					t.Errorf("sent at %v, answered at %v: %d more in %s, want a %s hit", sent, end, added, name, want)
				}
			}
		}
	}
	f("", 0, 0.5, "first")
	f("", 0.2, 0.6, "first") // sent before anything was answered
	f("", 0.55, 0.7, "later")
	f("", 5, 5.1, "later")
	f("", 15.0, 15.1, "later") // 9.9 s after the last answer
	f("", 25.2, 26, "first")
	f("", 25.9, 26.1, "first")
	f("b", 25.9, 26.2, "first") // another region
	f("", 26.05, 26.3, "later")
	f("b", 30, 30.1, "later")
	f("", 60, 61, "first")
}

func TestFirstHitsLeaveOutWhatHasNoAnswer(t *testing.T) {
	f := func(script string, change func(*load.Result), want bool) {
		t.Helper()
		s := reporttest.New(t, script)
		r := s.Request(s.Start, "0/GET /cart", "/cart", 200, 5)
		change(r)
		s.Summary.Add(r)
		p := s.Summary.Aggregate()
		if _, got := p.Summaries["edgescope.first_hit.ttfb"]; got != want {
			t.Errorf("%+v has first hits: %v, want %v", r, got, want)
		}
	}
	f(gaps, func(*load.Result) {}, true)
	f(reporttest.Shop, func(*load.Result) {}, false) // a plan without idle
	f(gaps, func(r *load.Result) { r.Failure = "ETIMEDOUT" }, false)
	f(gaps, func(r *load.Result) { r.Cut = true }, false)
	f(gaps, func(r *load.Result) { r.Sent = time.Time{} }, false)
}
