package load_test

import (
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	vegeta "github.com/tsenart/vegeta/v12/lib"

	"edgescope/load"
	"edgescope/scenarios"
)

// turns answers 200, 404 and 503 in turn, after 7 ms.
func turns() roundTripper {
	var n atomic.Int64
	return func(r *http.Request) (*http.Response, error) {
		time.Sleep(7 * time.Millisecond)
		code := []int{200, 404, 200, 503}[n.Add(1)%4]
		return &http.Response{StatusCode: code, Body: io.NopCloser(strings.NewReader("x")), Request: r}, nil
	}
}

// The same schedule and the same target, by vegeta's attacker and by our users: the same requests, codes and latencies.
func TestRunnerAndVegetaAgree(t *testing.T) {
	f := func(phases string) {
		t.Helper()
		synctest.Test(t, func(t *testing.T) {
			p := plan(t, "config: {phases: "+phases+"}\nscenarios: [{name: s, flow: [{get: {url: /a}}]}]")
			theirs := attack(p)
			var ours vegeta.Metrics
			events, err := record(t.Context(), t, p, load.Options{RoundTripper: turns()})
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range results(events) {
				ours.Add(&r.Result)
			}
			ours.Close()
			if diff := cmp.Diff(theirs.StatusCodes, ours.StatusCodes); diff != "" || theirs.Requests != ours.Requests {
				t.Errorf("%s: %d requests by vegeta, %d by us; codes (-vegeta +ours):\n%s", phases, theirs.Requests, ours.Requests, diff)
			}
			if theirs.Latencies.Max != ours.Latencies.Max || theirs.Latencies.P50 != ours.Latencies.P50 {
				t.Errorf("%s: latencies %v by vegeta, %v by us", phases, theirs.Latencies, ours.Latencies)
			}
		})
	}
	f("[{duration: 10, arrivalRate: 10}]")
	f("[{duration: 10, arrivalRate: 20, rampTo: 100}, {pause: 3}, {duration: 2, arrivalCount: 7}]")
}

func attack(p *scenarios.Plan) *vegeta.Metrics {
	var m vegeta.Metrics
	attacker := vegeta.NewAttacker(vegeta.Client(&http.Client{Transport: turns()}))
	targeter := vegeta.NewStaticTargeter(vegeta.Target{Method: http.MethodGet, URL: "http://target.test/a"})
	for r := range attacker.Attack(targeter, load.NewSchedule(p.Phases, 0), 0, "s/GET /a") {
		m.Add(r)
	}
	m.Close()
	return &m
}
