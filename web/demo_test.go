package web_test

import (
	"net/http"
	"os"
	"strconv"
	"testing"
	"time"

	"edgescope/query"
	"edgescope/web"
	"edgescope/web/part"
)

// TestServeDemo serves the dashboard over made numbers until it is stopped, to be looked at:
//
//	EDGESCOPE_DEMO=127.0.0.1:4399 [EDGESCOPE_DEMO_REGIONS=100] go test ./web -run TestServeDemo -timeout 0
func TestServeDemo(t *testing.T) {
	addr := os.Getenv("EDGESCOPE_DEMO")
	if addr == "" {
		t.Skip("EDGESCOPE_DEMO is not set: there is nobody to look")
	}
	count := len(places)
	if n, err := strconv.Atoi(os.Getenv("EDGESCOPE_DEMO_REGIONS")); err == nil {
		count = n
	}
	collector := startFake(t, newFake(count))
	client, err := query.NewClient(collector.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	site, err := web.New(web.Options{
		Client: client, Collector: collector.URL, Ingest: "http://127.0.0.1:4318", Log: quiet(), Every: 2 * time.Second,
		Targets: part.Targets{P95: 150, ErrorRatio: .001}, Now: func() time.Time { return now },
	})
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Addr: addr, Handler: site, ReadHeaderTimeout: time.Second}
	t.Log(server.ListenAndServe())
}
