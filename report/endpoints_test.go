package report_test

import (
	"fmt"
	"testing"

	vegeta "github.com/tsenart/vegeta/v12/lib"

	"edgescope/load"
	"edgescope/report"
	"edgescope/scenarios"
)

func TestEndpointsOfDynamicURLs(t *testing.T) {
	plan := &scenarios.Plan{Target: "http://t"}
	label := func(s *report.Endpoints, url, endpoint string) string {
		r := &load.Result{Result: vegeta.Result{URL: url}, Endpoint: endpoint, Name: "poll"}
		s.Label(r)
		return r.Endpoint
	}
	if got := label(report.NewEndpoints(plan), "http://t/a/7", "/a/{{ id }}"); got != "/a/{{ id }}" {
		t.Errorf("grouped: %q", got)
	}
	plan.Endpoints.Apart = true
	s := report.NewEndpoints(plan)
	for i := range 1001 {
		want := fmt.Sprintf("/a/%d (poll)", i)
		if i == 1000 {
			want = "other"
		}
		if got := label(s, fmt.Sprintf("http://t/a/%d?x=y", i), "/a/{{ id }}"); got != want {
			t.Errorf("endpoint %d is %q, want %q", i, got, want)
		}
	}
	if got := label(s, "http://t/a/7", "/a/{{ id }}"); got != "/a/7 (poll)" {
		t.Errorf("one that was seen is %q", got)
	}
	if got := label(s, "http://t/a/7", ""); got != "" {
		t.Errorf("a request without an endpoint is %q", got)
	}
	s.Label(&load.Skip{})
}
