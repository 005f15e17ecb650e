package load_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"edgescope/load"
	"edgescope/scenarios"
)

// serve starts a server that counts its connections, and runs a script's flow against it once.
func serve(t *testing.T, h http.HandlerFunc) (server *httptest.Server, connections *atomic.Int64) {
	t.Helper()
	connections = new(atomic.Int64)
	server = httptest.NewUnstartedServer(h)
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			connections.Add(1)
		}
	}
	server.Start()
	t.Cleanup(server.Close)
	return server, connections
}

func against(t *testing.T, base, script string, o load.Options) []load.Event {
	t.Helper()
	p, err := scenarios.Load(scenarios.Options{
		Files: []string{"test.yml"}, Target: base,
		ReadFile: func(string) ([]byte, error) { return []byte(script), nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	runner, err := load.New(p, o)
	if err != nil {
		t.Fatal(err)
	}
	var events []load.Event
	if err := runner.Run(t.Context(), func(e load.Event) { events = append(events, e) }); err != nil {
		t.Fatal(err)
	}
	return events
}

const oneUser = "config: {phases: [{duration: 1ms, arrivalCount: 1}]}\n"

func TestConnectionPerUserIsColdThenWarm(t *testing.T) {
	server, connections := serve(t, func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "ok") })
	events := against(t, server.URL, "config: {phases: [{duration: 1ms, arrivalCount: 3}]}\nscenarios: [{flow: [{get: {url: /}}, {get: {url: /}}, {get: {url: /}}]}]", load.Options{})
	if n := connections.Load(); n != 3 {
		t.Errorf("3 users opened %d connections, want one each", n)
	}
	var cold int
	for _, r := range results(events) {
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

func TestPoolIsSharedAndBounded(t *testing.T) {
	server, connections := serve(t, func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "ok") })
	script := "config: {http: {pool: 2}, phases: [{duration: 20ms, arrivalCount: 40}]}\nscenarios: [{flow: [{get: {url: /}}]}]"
	if n := tell(against(t, server.URL, script, load.Options{}))["code 200"]; n != 40 {
		t.Errorf("%d answers, want 40", n)
	}
	if n := connections.Load(); n > 2 {
		t.Errorf("a pool of 2 opened %d connections", n)
	}
}

func TestMaxConnectionsReplacesThePool(t *testing.T) {
	server, connections := serve(t, func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "ok") })
	against(t, server.URL, "config: {phases: [{duration: 20ms, arrivalCount: 20}]}\nscenarios: [{flow: [{get: {url: /}}]}]", load.Options{MaxConnections: 1})
	if n := connections.Load(); n != 1 {
		t.Errorf("--max-connections 1 opened %d connections", n)
	}
}

func TestWaitForAConnectionIsInResponseTimeNotInService(t *testing.T) {
	const each = 30 * time.Millisecond
	server, _ := serve(t, func(w http.ResponseWriter, r *http.Request) {
		select {
		case <-time.After(each):
		case <-r.Context().Done():
		}
	})
	script := "config: {http: {pool: 1}, phases: [{duration: 1ms, arrivalCount: 4}]}\nscenarios: [{flow: [{get: {url: /}}]}]"
	var slowest *load.Result
	for _, r := range results(against(t, server.URL, script, load.Options{})) {
		if slowest == nil || r.Response() > slowest.Response() {
			slowest = r
		}
	}
	if slowest.Response() < 4*each || slowest.ConnWait < 3*each {
		t.Errorf("the last of 4 in the queue has response time %v, wait %v; want at least %v and %v", slowest.Response(), slowest.ConnWait, 4*each, 3*each)
	}
	if slowest.Service() >= 3*each {
		t.Errorf("its service time is %v, want about %v: without the queue", slowest.Service(), each)
	}
}

func TestRedirectsAreFollowedByHand(t *testing.T) {
	type seen struct{ method, path, body, auth string }
	var got []seen
	server, _ := serve(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		got = append(got, seen{r.Method, r.URL.Path, string(body), r.Header.Get("Authorization")})
		var code int
		if _, err := fmt.Sscanf(r.URL.Path, "/%d", &code); err == nil {
			http.Redirect(w, r, "/end", code)
			return
		}
		if r.URL.Path == "/forever" {
			http.Redirect(w, r, "/forever", http.StatusFound)
		}
	})
	f := func(step string, want ...seen) {
		t.Helper()
		got = nil
		against(t, server.URL, oneUser+"scenarios: [{flow: ["+step+"]}]", load.Options{})
		if diff := cmp.Diff(want, got, cmp.AllowUnexported(seen{})); diff != "" {
			t.Errorf("%s (-want +got):\n%s", step, diff)
		}
	}
	f("{post: {url: /301, body: x}}", seen{"POST", "/301", "x", ""}, seen{"GET", "/end", "", ""})
	f("{post: {url: /302, body: x}}", seen{"POST", "/302", "x", ""}, seen{"GET", "/end", "", ""})
	f("{put: {url: /302, body: x}}", seen{"PUT", "/302", "x", ""}, seen{"PUT", "/end", "x", ""})
	f("{put: {url: /303, body: x}}", seen{"PUT", "/303", "x", ""}, seen{"GET", "/end", "", ""})
	f("{post: {url: /307, body: x}}", seen{"POST", "/307", "x", ""}, seen{"POST", "/end", "x", ""})
	f("{get: {url: /308, headers: {authorization: a}}}", seen{"GET", "/308", "", "a"}, seen{"GET", "/end", "", "a"})
	f("{get: {url: /302, followRedirect: false}}", seen{"GET", "/302", "", ""})

	got = nil
	n := tell(against(t, server.URL, oneUser+"scenarios: [{flow: [{get: {url: /forever}}]}]", load.Options{}))
	if n["requests"] != 11 || n["failed: ERR_TOO_MANY_REDIRECTS"] != 1 {
		t.Errorf("an endless redirect made %v, want 11 requests and a failed user", n)
	}
}

func TestCredentialsStayWithTheirHost(t *testing.T) {
	var got http.Header
	other, _ := serve(t, func(_ http.ResponseWriter, r *http.Request) { got = r.Header })
	first, _ := serve(t, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, other.URL, http.StatusFound) })
	against(t, first.URL, oneUser+"scenarios: [{flow: [{get: {url: /, headers: {authorization: secret, x-own: kept}}}]}]", load.Options{})
	if got.Get("Authorization") != "" || got.Get("X-Own") != "kept" {
		t.Errorf("the other host got authorization %q and x-own %q, want none and kept", got.Get("Authorization"), got.Get("X-Own"))
	}
}

func TestCompressedAnswersAreDecoded(t *testing.T) {
	text := `{"a": "` + strings.Repeat("x", 10_000) + `"}`
	var coding string
	var body []byte
	var asked string
	server, _ := serve(t, func(w http.ResponseWriter, r *http.Request) {
		asked = r.Header.Get("Accept-Encoding")
		w.Header().Set("Content-Encoding", coding)
		w.Write(body)
	})
	f := func(name, header, wantError string) {
		t.Helper()
		coding = header
		for _, capture := range []string{"", `, capture: {json: $.a, as: a}`} {
			r := results(against(t, server.URL, oneUser+"scenarios: [{flow: [{get: {url: /"+capture+"}}]}]", load.Options{}))[0]
			if r.Failure != wantError {
				t.Errorf("%s: failure %q, want %q", name, r.Failure, wantError)
			}
			if wantError == "" && (r.Decoded != int64(len(text)) || r.BytesIn != uint64(len(body))) {
				t.Errorf("%s: %d bytes decoded of %d, want %d of %d", name, r.Decoded, r.BytesIn, len(text), len(body))
			}
		}
	}
	for _, name := range []string{"gzip", "deflate", "br", "zstd"} {
		body = load.Coded(t, name, text)
		f(name, name, "")
	}
	if asked != "gzip, deflate, br, zstd" {
		t.Errorf("accept-encoding is %q", asked)
	}
	body = load.Coded(t, "raw deflate", text)
	f("raw deflate", "deflate", "")
	body = load.Coded(t, "zstd", string(load.Coded(t, "gzip", text)))
	f("gzip in zstd", "gzip, zstd", "")
	body = []byte("no gzip at all")
	f("broken", "gzip", "Z_DATA_ERROR")
	body = []byte(text)
	f("identity", "identity", "")
}

func TestCookiesBelongToTheUser(t *testing.T) {
	var cookies []string
	server, _ := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/login" {
			w.Header().Add("Set-Cookie", "sid=7; Path=/")
			w.Header().Add("Set-Cookie", "b@d cookie")
			return
		}
		cookies = append(cookies, r.Header.Get("Cookie"))
	})
	script := "config: {phases: [{duration: 200ms, arrivalCount: 2}], http: {pool: 1}}\nscenarios: [{flow: [{get: {url: /me}}, {get: {url: /login}}, {get: {url: /me, cookie: {own: x}}}]}]"
	events := against(t, server.URL, script, load.Options{})
	if diff := cmp.Diff([]string{"", "sid=7; own=x", "", "sid=7; own=x"}, cookies); diff != "" {
		t.Errorf("cookies sent (-want +got):\n%s", diff)
	}
	var bad int
	for _, r := range results(events) {
		bad += r.BadCookies
	}
	if bad != 2 {
		t.Errorf("%d malformed cookies were counted, want 2", bad)
	}
}

func TestErrorNamesAreNodes(t *testing.T) {
	f := func(err error, want string) {
		t.Helper()
		if got := load.ErrorName(err); got != want {
			t.Errorf("%v is %q, want %q", err, got, want)
		}
	}
	op := func(e error) error { return &net.OpError{Op: "dial", Err: os.NewSyscallError("connect", e)} }
	f(op(syscall.ECONNREFUSED), "ECONNREFUSED")
	f(op(syscall.EADDRNOTAVAIL), "EADDRNOTAVAIL")
	f(op(syscall.EMFILE), "EMFILE")
	f(op(syscall.ECONNRESET), "ECONNRESET")
	f(op(syscall.EPIPE), "EPIPE")
	f(fmt.Errorf("read: %w", io.ErrUnexpectedEOF), "ECONNRESET")
	f(io.EOF, "ECONNRESET")
	f(errors.New("http: server closed idle connection"), "ECONNRESET")
	f(&net.DNSError{IsNotFound: true}, "ENOTFOUND")
	f(&net.DNSError{IsTemporary: true}, "EAI_AGAIN")
	f(&net.OpError{Op: "dial", Err: os.ErrDeadlineExceeded}, "ETIMEDOUT")
	f(context.DeadlineExceeded, "ETIMEDOUT")
	f(&tls.CertificateVerificationError{Err: x509.UnknownAuthorityError{Cert: &x509.Certificate{RawIssuer: []byte("a"), RawSubject: []byte("a")}}}, "DEPTH_ZERO_SELF_SIGNED_CERT")
	f(x509.UnknownAuthorityError{Cert: &x509.Certificate{RawIssuer: []byte("a"), RawSubject: []byte("b")}}, "UNABLE_TO_VERIFY_LEAF_SIGNATURE")
	f(x509.CertificateInvalidError{Reason: x509.Expired}, "CERT_HAS_EXPIRED")
	f(x509.HostnameError{Certificate: &x509.Certificate{}, Host: "x"}, "ERR_TLS_CERT_ALTNAME_INVALID")
	f(fmt.Errorf("a: %w", errors.New("something else")), "something else")
}

func TestConnectionErrorsEndTheUser(t *testing.T) {
	dropped, _ := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		conn.Close()
	})
	short, _ := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "100")
		io.WriteString(w, "ten bytes!")
	})
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed := "http://" + listener.Addr().String()
	listener.Close()
	f := func(base, wantError string, wantCode int) {
		t.Helper()
		n := tell(against(t, base, oneUser+"scenarios: [{flow: [{post: {url: /, body: x}}, {get: {url: /never}}]}]", load.Options{}))
		want := map[string]int{"phases": 1, "created 0": 1, "requests": 1, fmt.Sprint("code ", wantCode): 1, "failed: " + wantError: 1}
		if diff := cmp.Diff(want, n); diff != "" {
			t.Errorf("%s (-want +got):\n%s", wantError, diff)
		}
	}
	f(closed, "ECONNREFUSED", 0)
	f(dropped.URL, "ECONNRESET", 0)
	f(short.URL, "ECONNRESET", 200)
}

func TestTLSIsTimedAndVerified(t *testing.T) {
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // the refused handshake is what the test wants
	server.StartTLS()
	defer server.Close()
	script := oneUser + "scenarios: [{flow: [{get: {url: /}}]}]"
	r := results(against(t, server.URL, script, load.Options{}))[0]
	if r.Failure != "DEPTH_ZERO_SELF_SIGNED_CERT" && r.Failure != "UNABLE_TO_VERIFY_LEAF_SIGNATURE" {
		t.Errorf("an unknown certificate is %q, want a TLS error", r.Failure)
	}
	script = "config: {tls: {rejectUnauthorized: false}, phases: [{duration: 1ms, arrivalCount: 1}]}\nscenarios: [{flow: [{get: {url: /}}]}]"
	r = results(against(t, server.URL, script, load.Options{}))[0]
	if r.Code != 200 || r.TLS <= 0 || r.TCP <= 0 {
		t.Errorf("code %d, tls %v, tcp %v: want 200 and both times above 0", r.Code, r.TLS, r.TCP)
	}
	want := &load.Connection{Protocol: "1.1", TLS: "1.3", Remote: server.Listener.Addr().String()}
	if diff := cmp.Diff(want, r.Connection); diff != "" {
		t.Errorf("connection (-want +got):\n%s", diff)
	}
}
