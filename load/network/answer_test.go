package network_test

import (
	"io"
	"net"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"edgescope/load"
	"edgescope/load/loadtest"
)

// A server that answers one request and closes the connection without saying so: net/http repeats the next request by
// itself, and that must be seen.
func TestRepeatedRequestIsCounted(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	var got atomic.Int64
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			buf := make([]byte, 4096)
			for turn := 0; ; turn++ {
				if _, err := conn.Read(buf); err != nil {
					break
				}
				// The second request on the first connection is read and not answered.
				if got.Add(1) == 2 {
					break
				}
				io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
			}
			conn.Close()
		}
	}()
	events := loadtest.Run(t, "http://"+listener.Addr().String(),
		loadtest.OneUser+"scenarios: [{flow: [{get: {url: /}}, {get: {url: /}}]}]", load.Options{})
	var requests int64
	for _, r := range loadtest.Results(events) {
		requests += 1 + int64(r.Retries)
	}
	if requests != got.Load() || requests != 3 {
		t.Errorf("%d requests were counted, the server got %d; want 3 of both", requests, got.Load())
	}
}

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
