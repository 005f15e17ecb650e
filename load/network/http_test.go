package network_test

import (
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"edgescope/load"
	"edgescope/load/loadtest"
	"edgescope/load/network"
)

func TestConnectionPerUserIsColdThenWarm(t *testing.T) {
	server, connections := loadtest.Serve(t, func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "ok") })
	events := loadtest.Run(t, server.URL, "config: {phases: [{duration: 1ms, arrivalCount: 3}]}\nscenarios: [{flow: "+
		"[{get: {url: /}}, {get: {url: /}}, {get: {url: /}}]}]", load.Options{})
	if n := connections.Load(); n != 3 {
		t.Errorf("3 users opened %d connections, want one each", n)
	}
	var cold int
	for _, r := range loadtest.Results(events) {
		if sum := r.Lag + r.ConnWait + r.DNS + r.TCP + r.TLS + r.TTFB + r.Download; r.Response() != sum || sum <= 0 {
			t.Errorf("response time %v, want the sum of its phases %v", r.Response(), sum)
		}
		if r.Reused {
			if r.TCP != 0 || r.DNS != 0 {
				t.Errorf("a reused connection cost dns %v, tcp %v; want 0", r.DNS, r.TCP)
			}
			continue
		}
		cold++
		if r.TCP <= 0 {
			t.Errorf("a new connection cost tcp %v, want more than 0", r.TCP)
		}
	}
	if cold != 3 {
		t.Errorf("%d requests were on new connections, want 3", cold)
	}
}

func TestCompressedAnswersAreDecoded(t *testing.T) {
	text := `{"a": "` + strings.Repeat("x", 10_000) + `"}`
	var coding string
	var body []byte
	var asked string
	server, _ := loadtest.Serve(t, func(w http.ResponseWriter, r *http.Request) {
		asked = r.Header.Get("Accept-Encoding")
		w.Header().Set("Content-Encoding", coding)
		w.Write(body)
	})
	f := func(name, header, wantError string) {
		t.Helper()
		coding = header
		for _, capture := range []string{"", `, capture: {json: $.a, as: a}`} {
			r := loadtest.Results(loadtest.Run(t, server.URL,
				loadtest.OneUser+"scenarios: [{flow: [{get: {url: /"+capture+"}}]}]", load.Options{}))[0]
			if r.Failure != wantError {
				t.Errorf("%s: failure %q, want %q", name, r.Failure, wantError)
			}
			if wantError == "" && (r.Decoded != int64(len(text)) || r.BytesIn != uint64(len(body))) {
				t.Errorf("%s: %d bytes decoded of %d, want %d of %d", name, r.Decoded, r.BytesIn, len(text), len(body))
			}
		}
	}
	for _, name := range []string{"gzip", "deflate", "br", "zstd"} {
		body = network.Coded(t, name, text)
		f(name, name, "")
	}
	if asked != "gzip, deflate, br, zstd" {
		t.Errorf("accept-encoding is %q", asked)
	}
	body = network.Coded(t, "raw deflate", text)
	f("raw deflate", "deflate", "")
	body = network.Coded(t, "zstd", string(network.Coded(t, "gzip", text)))
	f("gzip in zstd", "gzip, zstd", "")
	body = []byte("no gzip at all")
	f("broken", "gzip", "Z_DATA_ERROR")
	body = []byte(text)
	f("identity", "identity", "")
}

func TestTLSIsTimedAndVerified(t *testing.T) {
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // the refused handshake is what the test wants
	server.StartTLS()
	defer server.Close()
	script := loadtest.OneUser + "scenarios: [{flow: [{get: {url: /}}]}]"
	r := loadtest.Results(loadtest.Run(t, server.URL, script, load.Options{}))[0]
	if r.Failure != "DEPTH_ZERO_SELF_SIGNED_CERT" && r.Failure != "UNABLE_TO_VERIFY_LEAF_SIGNATURE" {
		t.Errorf("an unknown certificate is %q, want a TLS error", r.Failure)
	}
	script = "config: {tls: {rejectUnauthorized: false}, phases: [{duration: 1ms, arrivalCount: 1}]}\nscenarios: " +
		"[{flow: [{get: {url: /}}]}]"
	r = loadtest.Results(loadtest.Run(t, server.URL, script, load.Options{}))[0]
	if r.Code != 200 || r.TLS <= 0 || r.TCP <= 0 {
		t.Errorf("code %d, tls %v, tcp %v: want 200 and both times above 0", r.Code, r.TLS, r.TCP)
	}
	want := &network.Connection{Protocol: "1.1", TLS: "1.3", Remote: server.Listener.Addr().String()}
	if diff := cmp.Diff(want, r.Connection); diff != "" {
		t.Errorf("connection (-want +got):\n%s", diff)
	}
}
