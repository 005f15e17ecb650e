package report_test

import (
	"testing"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"

	"edgescope/load"
	"edgescope/load/network"
	"edgescope/report"
	"edgescope/scenarios"
)

func TestFirstHitsFollowAGap(t *testing.T) {
	start := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	hits := report.NewFirstHits(&scenarios.Plan{Idle: 10 * time.Second})
	f := func(region string, sent, end float64, want string) {
		t.Helper()
		at := func(s float64) time.Time { return start.Add(time.Duration(s * float64(time.Second))) }
		r := &load.Result{Result: vegeta.Result{Timestamp: at(sent), Latency: at(end).Sub(at(sent))}, Region: region}
		r.Sent, r.TTFB = at(sent), at(end).Sub(at(sent))
		metrics := hits.Measure(r)
		if len(metrics) != 2 || metrics[0].Name != want+".response_time" || metrics[1].Name != want+".ttfb" || metrics[1].Value != float64(r.TTFB)/1e6 {
			t.Errorf("sent at %v, answered at %v: %v, want both times of %s", sent, end, metrics, want)
		}
	}
	const first, later = "edgescope.first_hit", "edgescope.later_hit"
	f("", 0, 0.5, first)
	f("", 0.2, 0.6, first) // sent before anything was answered
	f("", 0.55, 0.7, later)
	f("", 5, 5.1, later)
	f("", 15.0, 15.1, later) // 9.9 s after the last answer
	f("", 25.2, 26, first)
	f("", 25.9, 26.1, first)
	f("b", 25.9, 26.2, first) // another region
	f("", 26.05, 26.3, later)
	f("b", 30, 30.1, later)
	f("", 60, 61, first)
}

func TestFirstHitsLeaveOutWhatHasNoAnswer(t *testing.T) {
	if report.NewFirstHits(&scenarios.Plan{}).Measure(&load.Result{}) != nil {
		t.Error("a plan without idle has first hits")
	}
	hits := report.NewFirstHits(&scenarios.Plan{Idle: time.Second})
	now := time.Now()
	failed := &load.Result{Result: vegeta.Result{Timestamp: now}, Failure: "ETIMEDOUT", Timing: network.Timing{Sent: now}}
	for _, e := range []load.Event{failed, &load.Result{Cut: true}, &load.Result{}, &load.Skip{}} {
		if m := hits.Measure(e); m != nil {
			t.Errorf("%T has the figures %v", e, m)
		}
	}
}
