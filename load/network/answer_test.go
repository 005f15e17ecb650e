package network_test

import (
	"net/http"
	"testing"
	"time"

	"edgescope/load"
	"edgescope/load/loadtest"
)

func TestAnswersTellTheEdge(t *testing.T) {
	server, _ := loadtest.Serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Edge-Region", "FRA")
		w.Header().Set("X-Cache-Status", "HIT")
		w.Header().Set("X-Cold-Start", "1")
	})
	r := loadtest.Results(loadtest.Run(t, server.URL, loadtest.OneUser+"scenarios: [{flow: [{get: {url: /}}]}]",
		load.Options{}))[0]
	if r.EdgeRegion != "FRA" || r.CacheStatus != "hit" || r.ColdStart == nil || !*r.ColdStart {
		t.Errorf("region %q, cache %q, cold start %v; want FRA, hit, true", r.EdgeRegion, r.CacheStatus, r.ColdStart)
	}
}

func TestProvisionalAnswerIsNoFirstByte(t *testing.T) {
	const late = 40 * time.Millisecond
	server, _ := loadtest.Serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusEarlyHints)
		select {
		case <-time.After(late):
		case <-r.Context().Done():
		}
	})
	r := loadtest.Results(loadtest.Run(t, server.URL, loadtest.OneUser+"scenarios: [{flow: [{get: {url: /}}]}]",
		load.Options{}))[0]
	if r.TTFB < late {
		t.Errorf("ttfb is %v, want at least the %v to the final answer", r.TTFB, late)
	}
}
