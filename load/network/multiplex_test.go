package network_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"edgescope/load"
	"edgescope/load/loadtest"
	"edgescope/load/network"
)

// TestAPoolOfMultiplexedConnections: requests take idle connections, then new ones up to the limit, and share them
// after that.
func TestAPoolOfMultiplexedConnections(t *testing.T) {
	for _, protocol := range []string{"h2c", "2", "3"} {
		var here atomic.Int64
		all := make(chan struct{})
		s := speaking(t, protocol, func(w http.ResponseWriter, r *http.Request) {
			if here.Add(1) == 12 {
				close(all)
			}
			select {
			case <-all:
			case <-r.Context().Done():
			}
			io.WriteString(w, "ok")
		})
		events := loadtest.Run(t, s.URL, s.script(12, "pool: 3", "{get: {url: /}}"),
			speak(protocol))
		if n := loadtest.Tell(events)["code 200"]; n != 12 {
			t.Fatalf("%s: %v, want 12 answers", protocol, loadtest.Tell(events))
		}
		if n := s.connections.Load(); n != 3 {
			t.Errorf("%s: 12 requests at a time took %d connections, want the 3 of the pool", protocol, n)
		}
	}
}

// TestWaitingForAStreamIsInConnWait: a server that allows 2 requests at a time makes the third one wait.
func TestWaitingForAStreamIsInConnWait(t *testing.T) {
	const each = 50 * time.Millisecond
	s := &edgeServer{Server: httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		select {
		case <-time.After(each):
		case <-r.Context().Done():
		}
	}))}
	var p http.Protocols
	p.SetUnencryptedHTTP2(true)
	s.Config.Protocols, s.Config.HTTP2 = &p, &http.HTTP2Config{MaxConcurrentStreams: 2}
	s.Start()
	defer s.Close()
	// The first request is alone: by its end the server has told its limit.
	script := "config: {http: {pool: 1}, phases: [{duration: 1ms, arrivalCount: 1}]}\n" +
		"scenarios: [{flow: [{get: {url: /}}, {parallel: [{get: {url: /}}, {get: {url: /}}, {get: {url: /}}]}]}]"
	var waited, failed int
	for _, r := range loadtest.Results(loadtest.Run(t, s.URL, script,
		load.Options{Network: network.Options{Protocol: network.H2C}})) {
		if r.ConnWait > each/2 {
			waited++
		}
		if r.Failure != "" {
			failed++
		}
	}
	if waited != 1 || failed != 0 {
		t.Errorf("%d of 3 requests waited for one of 2 streams and %d failed, want 1 and 0", waited, failed)
	}
}

// TestGoingAwayIsNoError: a server that closes its connection gracefully between two requests gets the next one on a
// new one.
func TestGoingAwayIsNoError(t *testing.T) {
	for _, protocol := range []string{"h2c", "2"} {
		s := speaking(t, protocol, func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/last" {
				w.Header().Set("Connection", "close") // net/http sends GOAWAY after it
			}
		})
		script := s.script(1, "", "{get: {url: /last}}, {get: {url: /}}, {post: {url: /, body: x}}")
		events := loadtest.Run(t, s.URL, script, speak(protocol))
		if n := loadtest.Tell(events); n["code 200"] != 3 || s.connections.Load() != 2 {
			t.Errorf("%s: %v over %d connections; want 3 answers over 2, none counted twice", protocol, n,
				s.connections.Load())
		}
	}
}

// TestBodiesOfEveryKind come and go whole: beyond the windows of flow control, none at all, compressed, broken off.
func TestBodiesOfEveryKind(t *testing.T) {
	const large = 3_000_000
	small := network.Coded(t, "gzip", strings.Repeat("edge ", 1000))
	for protocol, reset := range map[string]string{
		"h2c": "ERR_HTTP2_STREAM_ERROR", "2": "ERR_HTTP2_STREAM_ERROR",
		"3": "H3_INTERNAL_ERROR",
	} {
		var uploaded atomic.Int64
		s := speaking(t, protocol, func(w http.ResponseWriter, r *http.Request) {
			n, _ := io.Copy(io.Discard, r.Body)
			uploaded.Add(n)
			switch r.URL.Path {
			case "/large":
				w.Write(make([]byte, large))
			case "/none":
				w.WriteHeader(http.StatusNoContent)
			case "/gzip":
				w.Header().Set("Content-Encoding", "gzip")
				w.Write(small)
			case "/short":
				w.Header().Set("Content-Length", "100")
				w.Write(make([]byte, 10))
				http.NewResponseController(w).Flush()
				panic(http.ErrAbortHandler)
			}
		})
		const piece = "{{ $randomString(1000000) }}"
		upload := `{post: {url: /large, body: "` + strings.Repeat(piece, large/1_000_000) + `"}}`
		flow := upload + ", {head: {url: /large}}, {get: {url: /none}}, {get: {url: /gzip, expect: {matchesRegexp: " +
			"'^edge edge'}}}, {get: {url: /short}}"
		var got []string
		for _, r := range loadtest.Results(loadtest.Run(t, s.URL, s.script(1, "", flow),
			speak(protocol))) {
			got = append(got, r.Method+" "+itoa(int(r.Code))+" "+itoa(int(r.BytesIn))+" "+itoa(int(r.Decoded)))
			if r.Outcomes != nil && !r.Outcomes[0].OK {
				t.Errorf("%s: %v", protocol, r.Outcomes)
			}
			got[len(got)-1] += " " + r.Failure
		}
		want := []string{
			"POST 200 " + itoa(large) + " " + itoa(large) + " ", "HEAD 200 0 0 ", "GET 204 0 0 ",
			"GET 200 " + itoa(len(small)) + " 5000 ",
			"GET 200 10 10 " + reset,
		}
		if protocol == "3" && len(got) == len(want) && got[4] == "GET 0 0 0 "+reset {
			want[4] = got[4] // a reset of QUIC may overtake what was sent before it (RFC 9000, section 3.2)
		}
		if diff := cmp.Diff(want, got); diff != "" || uploaded.Load() != large {
			t.Errorf("%s: %d bytes were uploaded, want %d; results (-want +got):\n%s", protocol, uploaded.Load(), large,
				diff)
		}
	}
}

// TestATimeoutKeepsTheConnection: only the request ends that had no answer in time, and its user.
func TestATimeoutKeepsTheConnection(t *testing.T) {
	for _, protocol := range []string{"h2c", "2", "3"} {
		s := speaking(t, protocol, func(_ http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/late" {
				<-r.Context().Done()
			}
		})
		script := s.script(1, "", "{get: {url: /}}, {parallel: [{get: {url: /late, timeout: 0.1}}, {get: {url: /}}]}")
		n := loadtest.Tell(loadtest.Run(t, s.URL, script, speak(protocol)))
		if n["failed: ETIMEDOUT"] != 1 || n["code 200"] != 2 || s.connections.Load() != 1 {
			t.Errorf("%s: %v over %d connections, want 2 answers and ETIMEDOUT over one", protocol, n,
				s.connections.Load())
		}
	}
}

// speak are the options of a run in a protocol.
func speak(protocol string) load.Options {
	return load.Options{Network: network.Options{Protocol: network.Protocol(protocol)}}
}
