package app

import (
	"bytes"
	"cmp"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"edgescope/internal/run"
)

// TestMain lets goroutines pass that the engines, of the collectors in these tests, hold from init on.
func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreCurrent(),
		goleak.IgnoreAnyFunction("github.com/VictoriaMetrics/metrics.summariesSwapCron"))
}

func process(stderr io.Writer, args ...string) run.Process {
	return run.Process{
		Args: args, LookupEnv: func(string) (string, bool) { return "", false }, Stdout: io.Discard,
		Stderr: stderr,
	}
}

func TestBadCommandLinesSayWhatWouldBeRight(t *testing.T) {
	f := func(want string, args ...string) {
		t.Helper()
		var out bytes.Buffer
		code := run.ExitCode("dashboard", &out, Main(t.Context(), process(io.Discard, args...)))
		if code != 2 || !strings.Contains(out.String(), want) {
			t.Errorf("%v: exit code %d, %q; want 2 and %q", args, code, out.String(), want)
		}
	}
	f("--insecure", "--listen-addr", "[::]:0")
	f("--sign-in", "--listen-addr", "[::]:0")
	f("give one of them", "--sign-in", "--trusted-proxy-header", "X-User", "--trusted-proxies", "10.0.0.1")
	f("both or none", "--trusted-proxy-header", "X-User")
	f("both or none", "--trusted-proxies", "10.0.0.1")
	f("want an address or a network", "--trusted-proxies", "proxy")
	f("both or none", "--tls-key", "key.pem")
	f("want a name without port", "--allowed-hosts", "dash.example:4321")
	f("http://host:port", "--collector", "localhost")
	f("unexpected argument", "now")
	f("share from 0 to 1", "--target-errors", "2")
	f("want a length of time", "--target-p95", "-5ms")
	f("want a URL", "--ingest-url", "nowhere")
	f("want debug, info", "--log-level", "loud")
	f("unknown flag", "--nonsense")
}

func TestListeningBeyondThisMachineNeedsASignIn(t *testing.T) {
	f := func(o accessOptions, want bool) {
		t.Helper()
		if err := o.validate("0.0.0.0:4321"); (err == nil) != want {
			t.Errorf("%+v: got %v, want allowed %v", o, err, want)
		}
	}
	f(accessOptions{}, false)
	f(accessOptions{insecure: true}, true)
	f(accessOptions{tokens: true}, true)
	f(accessOptions{proxyHeader: "X-User", proxies: []string{"10.0.0.1"}}, true)
}

func TestOnlyAProxyMaySayWhoAsks(t *testing.T) {
	o := accessOptions{proxyHeader: "X-User", proxies: []string{"10.0.0.0/8"}}
	if err := o.validate("127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	f := func(remote string, values []string, want string) {
		t.Helper()
		r := httptest.NewRequest(http.MethodGet, "/", http.NoBody)
		r.RemoteAddr, r.Header["X-User"] = remote, values
		if got, err := o.proxyUser(r); got != want || (err == nil) != (want != "") {
			t.Errorf("%s %v: got %q, %v; want %q", remote, values, got, err, want)
		}
	}
	f("10.1.2.3:5", []string{"alice"}, "alice")
	f("10.1.2.3:5", []string{"alice", "bob"}, "")
	f("10.1.2.3:5", nil, "")
	f("11.1.2.3:5", []string{"alice"}, "")
}

// watcher is a log in which a test waits for a line.
type watcher struct{ lines chan string }

func (w *watcher) Write(b []byte) (int, error) {
	w.lines <- string(b)
	return len(b), nil
}

var listening = regexp.MustCompile(`listening name=web addr=(\S+)`)

func TestServesUntilItIsStopped(t *testing.T) {
	collector := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_,
			_ = w.Write([]byte(`{"runs":[]}`))
	}))
	defer collector.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	log := &watcher{lines: make(chan string, 100)}
	ended := make(chan error, 1)
	go func() {
		ended <- Main(ctx, process(log, "--collector", collector.URL, "--listen-addr", "127.0.0.1:0"))
	}()
	base := ""
	for base == "" {
		select {
		case line := <-log.lines:
			if m := listening.FindStringSubmatch(line); m != nil {
				base = "http://" + m[1]
			}
		case err := <-ended:
			t.Fatalf("it ended by itself: %v", err)
		}
	}
	client := &http.Client{Transport: &http.Transport{}}
	defer client.CloseIdleConnections()
	get := func(path string) (int, string) {
		resp, err := client.Get(base + path)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		if resp.Header.Get("Content-Security-Policy") == "" {
			t.Errorf("%s has no content security policy", path)
		}
		return resp.StatusCode, string(body)
	}
	for path, want := range map[string]string{"/healthz": "ok", "/readyz": "ok", "/runs": "Load tests"} {
		if code, body := get(path); code != http.StatusOK || !strings.Contains(body, want) {
			t.Errorf("%s: status %d, %.200q; want 200 and %q", path, code, body, want)
		}
	}
	if _, body := get("/metrics"); !strings.Contains(body, `edgescope_dashboard_requests_total{code="200"}`) {
		t.Errorf("/metrics does not count requests:\n%.600s", body)
	}
	knock := func(want int, text, method, path string, headers ...string) {
		t.Helper()
		r, err := http.NewRequestWithContext(ctx, method, base+path, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		for i := 0; i < len(headers); i += 2 {
			r.Header.Add(headers[i], headers[i+1])
		}
		r.Host = cmp.Or(r.Header.Get("Host"), r.Host)
		resp, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		if err != nil || resp.StatusCode != want || !strings.Contains(string(body), text) {
			t.Errorf("%s %s with %v: status %d, %.200q, %v; want %d and %q", method, path, headers, resp.StatusCode,
				body, err, want, text)
		}
	}
	for _, path := range []string{"/", "/runs", "/regions.csv", "/live", "/metrics", "/healthz"} {
		knock(http.StatusMisdirectedRequest, "--allowed-hosts", http.MethodGet, path, "Host", "evil.example:4321")
		knock(http.StatusForbidden, "another origin", http.MethodGet, path, "Sec-Fetch-Site", "cross-site",
			"Sec-Fetch-Mode", "cors", "Origin", "https://evil.example")
		knock(http.StatusForbidden, "another origin", http.MethodPost, path, "Origin", "http://localhost:3000")
		knock(http.StatusBadRequest, "send one", http.MethodGet, path, "Authorization", "Bearer a", "Authorization",
			"Bearer b")
	}
	// a link from elsewhere
	knock(http.StatusOK, "Load tests", http.MethodGet, "/runs", "Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode",
		"navigate")
	knock(http.StatusNotFound, "port 4318 (collector --otlp-http-addr)", http.MethodPost, "/v1/traces", "Content-Type",
		"application/json")
	knock(http.StatusNotFound, "collector --query-addr", http.MethodGet, "/api/edge/v1/overview")
	// A reader of live updates does not hold up the stop.
	stream, err := client.Get(base + "/live")
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Body.Close()
	cancel()
	if err := <-ended; err != nil {
		t.Errorf("it ended with %v", err)
	}
}
