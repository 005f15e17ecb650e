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
	"github.com/tsenart/vegeta/v12/lib/plot"

	"edgescope/load"
	"edgescope/load/loadtest"
	"edgescope/scenarios/plan"
)

// turns answers 200, 404 and 503 in turn, each of 1,000 answers after another number of tenths of a millisecond.
func turns() roundTripper {
	var n atomic.Int64
	return func(r *http.Request) (*http.Response, error) {
		k := n.Add(1)
		time.Sleep(time.Duration(k*617%1000+1) * 100 * time.Microsecond)
		code := []int{200, 404, 200, 503}[k%4]
		return &http.Response{StatusCode: code, Body: io.NopCloser(strings.NewReader("x")), Request: r}, nil
	}
}

// The same schedule and the same target, by vegeta's attacker and by our users: the same requests, codes and latencies.
func TestRunnerAndVegetaAgree(t *testing.T) {
	f := func(phases string) {
		t.Helper()
		synctest.Test(t, func(t *testing.T) {
			p := loadtest.Plan(t, loadtest.Target, "config: "+
				"{phases: "+phases+"}\nscenarios: [{name: s, flow: [{get: {url: /a}}]}]")
			theirs := attack(p)
			var ours vegeta.Metrics
			events, err := record(t.Context(), t, p, load.Options{RoundTripper: turns()})
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range loadtest.Results(events) {
				ours.Add(&r.Result)
			}
			ours.Close()
			if diff := cmp.Diff(theirs.StatusCodes, ours.StatusCodes); diff != "" || theirs.Requests != ours.Requests {
				t.Errorf("%s: %d requests by vegeta, %d by us; codes (-vegeta +ours):\n%s", phases, theirs.Requests,
					ours.Requests, diff)
			}
			a, b := &theirs.Latencies, &ours.Latencies
			if a.Min != b.Min || a.Max != b.Max || a.Mean != b.Mean {
				t.Errorf("%s: %v to %v, mean %v by vegeta; %v to %v, mean %v by us", phases, a.Min, a.Max, a.Mean,
					b.Min, b.Max, b.Mean)
			}
			for _, q := range []float64{0.5, 0.9, 0.95, 0.99} {
				// The digest that estimates them depends on the order in which it sees them.
				if near := float64(a.Quantile(q)) / float64(b.Quantile(q)); near < 0.98 || near > 1.02 {
					t.Errorf("%s: p%g is %v by vegeta, %v by us", phases, 100*q, a.Quantile(q), b.Quantile(q))
				}
			}
		})
	}
	f("[{duration: 10, arrivalRate: 10}]")
	f("[{duration: 10, arrivalRate: 20, rampTo: 100}, {pause: 3}, {duration: 2, arrivalCount: 7}]")
}

func attack(p *plan.Plan) *vegeta.Metrics {
	var m vegeta.Metrics
	attacker := vegeta.NewAttacker(vegeta.Client(&http.Client{Transport: turns()}))
	targeter := vegeta.NewStaticTargeter(vegeta.Target{Method: http.MethodGet, URL: "http://target.test/a"})
	for r := range attacker.Attack(targeter, load.NewSchedule(p.Phases, 0), 0, "s/GET /a") {
		m.Add(r)
	}
	m.Close()
	return &m
}

// vegeta plot wants numbers from 0 without a gap and timestamps that rise with them, for each attack.
func TestVegetaPlotsOurResults(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := loadtest.Plan(t, loadtest.Target, "config: {phases: [{duration: 5, arrivalRate: 40}]}\nscenarios: "+
			"[{name: s, flow: [{get: {url: /a}}, {think: 1}, {get: {url: /b}}]}]")
		events, err := record(t.Context(), t, p, load.Options{RoundTripper: turns()})
		if err != nil {
			t.Fatal(err)
		}
		figure := plot.New()
		last := map[string]*load.Result{}
		for _, r := range loadtest.Results(events) {
			before := last[r.Attack]
			if before != nil && !r.Timestamp.Equal(before.Timestamp) &&
				r.Timestamp.Before(before.Timestamp) != (r.Seq < before.Seq) {
				t.Errorf("%s: request %d at %v, request %d at %v", r.Attack, before.Seq, before.Timestamp, r.Seq,
					r.Timestamp)
			}
			last[r.Attack] = r
			if err := figure.Add(&r.Result); err != nil {
				t.Fatalf("plot %s %d: %v", r.Attack, r.Seq, err)
			}
		}
		figure.Close()
		if len(last) != 2 {
			t.Errorf("%d attacks, want one for each step", len(last))
		}
	})
}
