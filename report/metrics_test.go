package report_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"edgescope/load"
	"edgescope/report/reporttest"
	"edgescope/scenarios"
)

// Every figure that a run has may stand in a check: the names that scenarios knows are those that the summary makes.
func TestFiguresOfARunMayStandInChecks(t *testing.T) {
	const script = `
config:
  phases: [{duration: 12, arrivalRate: 2}]
  http: {extendedMetrics: true}
  coldStarts: {idle: 1}
  apdex: {threshold: 100}
  ensure: {thresholds: [%s]}
scenarios:
  - name: buy
    flow:
      - get: {url: /cart, expect: {statusCode: 200, contentType: json}}
      - post: {url: /order, name: order}
`
	s := reporttest.New(t, fmt.Sprintf(script, ""))
	at := s.Start
	for k := range 4 {
		at = at.Add(time.Duration(k) * 2 * time.Second)
		s.Add(&load.UserStart{At: at, Scenario: "buy", Lag: 20 * time.Millisecond})
		r := s.Request(at, "buy/GET /cart", "/cart", uint16(200+100*k), 5)
		r.Reused, r.CacheStatus, r.TLS = k%2 == 0, []string{"hit", "miss", "stale", "none"}[k], time.Millisecond
		cold := true
		r.ColdStart, r.ServerTotal, r.HasServerTotal = &cold, time.Millisecond, true
		s.Add(r)
		order := s.Request(at, "buy/order", "/order (order)", 0, 5)
		order.Name, order.Failure = "order", "ETIMEDOUT"
		s.Add(order)
		s.Add(&load.UserEnd{At: at, Scenario: "buy", Err: []string{"", "ETIMEDOUT"}[k%2], Cut: k == 2})
	}
	s.Add(&load.Skip{At: at})
	s.Summary.Close()
	total := s.Summary.Aggregate()
	var checks []string
	for _, name := range total.Names() {
		checks = append(checks, fmt.Sprintf("{%q: 1}", name))
	}
	p, err := scenarios.Load(scenarios.Options{
		Files: []string{"s.yml"}, Target: "http://t",
		ReadFile: func(string) ([]byte, error) { return fmt.Appendf(nil, script, strings.Join(checks, ", ")), nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range p.Warnings {
		t.Error(w)
	}
	if len(checks) < 200 {
		t.Errorf("only %d figures were seen", len(checks))
	}
}
