package app

import (
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"edgescope/internal/access"
	"edgescope/internal/run"
	"edgescope/query/gate"
)

const token = "shop-0123456789abcdef01234567"

func tokens(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "tokens.yml")
	text := "tenants: [{id: 7, name: shop}]\ntokens: [{token: " + token + ", tenant: shop, scopes: [read]}]\n"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestListeningBeyondThisMachineNeedsASignIn(t *testing.T) {
	f := func(want string, change func(o *options)) {
		t.Helper()
		var o options
		flags := run.NewFlags("collector", usage)
		o.register(flags)
		if _, err := flags.Parse(nil, func(string) (string, bool) { return "", false }, nil); err != nil {
			t.Fatal(err)
		}
		change(&o)
		err := o.validate()
		if err == nil && want != "" || err != nil && (want == "" || !strings.Contains(err.Error(), want)) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
	everywhere := func(o *options) { o.grpcAddr, o.httpAddr, o.queryAddr = ":4317", "0.0.0.0:4318", "[::]:4320" }
	f("", func(*options) {})
	f("--otlp-grpc-addr :4317", everywhere)
	f("--otlp-http-addr 0.0.0.0:4318", everywhere)
	f("--query-addr [::]:4320", everywhere)
	f("", func(o *options) { everywhere(o); o.insecure = true })
	f("", func(o *options) { everywhere(o); o.tokens = "tokens.yml" })
	f("", func(o *options) {
		everywhere(o)
		o.jwt.URL, o.jwt.Issuer = "https://id.example/keys", "https://id.example"
	})
	f("--query-addr", func(o *options) { everywhere(o); o.proxyHeader, o.proxies = "X-User", []string{"10.0.0.1"} })
	f("--jwt-issuer", func(o *options) { o.jwt.URL = "https://id.example/keys" })
	f("give both or none", func(o *options) { o.proxyHeader = "X-User" })
	f("give both or none", func(o *options) { o.proxies = []string{"10.0.0.1"} })
	f("--tokens", func(o *options) { o.proxyHeader, o.proxies = "X-User", []string{"10.0.0.1"} })
	f("want an address or a network", func(o *options) { o.proxies = []string{"proxy"} })
	f("--tls-cert", func(o *options) { o.tls.Key = "key.pem" })
}

func TestBadFilesOfAccessKeepTheProgramFromStarting(t *testing.T) {
	f := func(want string, args ...string) {
		t.Helper()
		_, err := start(append(args, "--data-dir", t.TempDir())...)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: got %v, want %q", args, err, want)
		}
	}
	f("read the token file", "--tokens", "/does/not/exist")
	f("read the TLS certificate", "--tls-cert", "/does/not/exist", "--tls-key", "/does/not/exist")
	f("want https", "--jwks-url", "http://id.example/keys", "--jwt-issuer", "https://id.example")
}

// TestEveryRouteHasAScope holds what each way of adding a route lets through, with and without a guard.
func TestEveryRouteHasAScope(t *testing.T) {
	guard, err := access.Open(access.Options{Tokens: tokens(t)})
	if err != nil {
		t.Fatal(err)
	}
	f := func(guard *access.Guard, path, token string, want int) {
		t.Helper()
		bounds := gate.New(gate.Options{AtOnce: 1, Memory: 1 << 20, Duration: time.Second})
		defer bounds.Stop(t.Context())
		r := routes{http.NewServeMux(), guard, bounds}
		answer := http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})
		r.open("/open", answer)
		r.read("/read", answer)
		r.ask(gate.Tongue{Name: "tongue"}, "/ask", answer)
		r.follow(gate.Tongue{Name: "tongue"}, "/follow", answer)
		r.admin("/admin", answer)
		req := httptest.NewRequest(http.MethodGet, path, http.NoBody)
		req.Header.Set("Authorization", "Bearer "+token)
		w := httptest.NewRecorder()
		if r.mux.ServeHTTP(w, req); w.Code != want {
			t.Errorf("%s with %q: got %d, want %d", path, token, w.Code, want)
		}
	}
	for _, path := range []string{"/open", "/read", "/ask", "/follow", "/admin"} {
		f(nil, path, "", 200)
	}
	f(guard, "/open", "", 200)
	f(guard, "/admin", "", 401)
	for _, path := range []string{"/read", "/ask", "/follow"} {
		f(guard, path, "", 401)
		f(guard, path, token, 200)
	}
	f(guard, "/admin", token, 403)
}

func TestClearTextTokensAreWarnedOf(t *testing.T) {
	var log strings.Builder
	c := &Collector{logger: slog.New(slog.NewTextHandler(&log, nil))}
	c.tokens, c.grpcAddr, c.httpAddr, c.queryAddr = tokens(t), "127.0.0.1:0", "0.0.0.0:0", "127.0.0.1:0"
	err := c.openAccess(t.Context())
	if err := errors.Join(err, c.stack.Stop(t.Context())); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(log.String(), "clear text"); n != 1 || !strings.Contains(log.String(), "0.0.0.0:0") {
		t.Errorf("%d warnings:\n%s", n, log.String())
	}
}
