package clients_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
)

// fault is a proxy before a collector's HTTP door whose first posts of traces go wrong.
type fault struct {
	door    *httputil.ReverseProxy
	deliver bool // whether the collector gets a post whose answer goes wrong
	status  int
	left    atomic.Int64
}

// start returns the address of the proxy; two posts go wrong.
func (f *fault) start(t *testing.T, c collector, status int, deliver bool) string {
	t.Helper()
	door, err := url.Parse(c.URL("ingest"))
	if err != nil {
		t.Fatal(err)
	}
	f.door, f.status, f.deliver = httputil.NewSingleHostReverseProxy(door), status, deliver
	f.left.Store(2)
	proxy := httptest.NewServer(f)
	t.Cleanup(proxy.Close)
	return proxy.URL
}

func (f *fault) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !strings.HasSuffix(r.URL.Path, "/v1/traces") || f.left.Add(-1) < 0 {
		f.door.ServeHTTP(w, r)
		return
	}
	if f.deliver {
		f.door.ServeHTTP(httptest.NewRecorder(), r)
	}
	w.Header().Set("Retry-After", "1")
	w.WriteHeader(f.status)
}

// TestRetriesLoseAndDoubleNothing: an SDK sends again what it got no good answer for, and the collector stores it once,
// be it that it had it already.
func TestRetriesLoseAndDoubleNothing(t *testing.T) {
	t.Parallel()
	all := servers()
	f := func(name string, status int, deliver bool) {
		what := "refused"
		if deliver {
			what = "stored"
		}
		t.Run(fmt.Sprintf("%s %d %s", name, status, what), func(t *testing.T) {
			t.Parallel()
			c := startCollector(t)
			var door fault
			app := all[name].start(t, door.start(t, c, status, deliver))
			visit(t, app.URL("http"), noNetwork, "/cart/1", "/cart/2")
			stop(t, app)
			if left := door.left.Load(); left != -1 {
				t.Errorf("%d posts of traces, want 3: two that went wrong", 2-left)
			}
			c.waitFor(t, spans, `"service.name":="shop"`, 2)
			c.expectTotals(t, "shop", []invocation{
				{Outcome: "ok", Cold: "true", Cache: "miss"},
				{Outcome: "ok", Cold: "false", Cache: "hit"},
			})
		})
	}
	f("js json gzip", http.StatusServiceUnavailable, false)
	f("js json", http.StatusServiceUnavailable, true)
	f("js proto", http.StatusTooManyRequests, true)
	f("js proto gzip", http.StatusTooManyRequests, false)
	f("go http", http.StatusServiceUnavailable, true)
	f("go http gzip", http.StatusTooManyRequests, false)
}

// TestModuleRetries: the module sends again what it got no good answer for, and a process that is told to end waits for
// that.
func TestModuleRetries(t *testing.T) {
	t.Parallel()
	for name, run := range map[string]runtime{"node": nodeRuntime, "deno": denoRuntime, "bun": bunRuntime} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := startCollector(t)
			var door fault
			app := startModule(t, c, run, door.start(t, c, http.StatusServiceUnavailable, true))
			visit(t, app.URL("http"), noNetwork, "/cart/1", "/cart/2", "/cart/3")
			stop(t, app)
			if left := door.left.Load(); left >= 0 {
				t.Errorf("%d posts went wrong, want 2", 2-left)
			}
			c.waitFor(t, spans, `"service.name":="shop"`, 3)
		})
	}
}

// TestRestartLosesNothing: the collector is killed between two batches of an SDK and comes back while that tries again.
// Every span is there once: those that had been acknowledged, and those that were not.
func TestRestartLosesNothing(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"js json gzip", "go http"} {
		s := servers()[name]
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			data := t.TempDir()
			c := startCollector(t, "--data-dir", data)
			var door atomic.Pointer[url.URL]
			set := func(c collector) {
				u, err := url.Parse(c.URL("ingest"))
				if err != nil {
					t.Fatal(err)
				}
				door.Store(u)
			}
			set(c)
			failed := make(chan struct{}, 100)
			proxy := httptest.NewServer(&httputil.ReverseProxy{
				Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(door.Load()) },
				ErrorHandler: func(w http.ResponseWriter, _ *http.Request, _ error) {
					w.WriteHeader(http.StatusServiceUnavailable)
					failed <- struct{}{}
				},
			})
			defer proxy.Close()
			app := s.start(t, proxy.URL, "OTEL_BSP_MAX_EXPORT_BATCH_SIZE=4", "OTEL_METRICS_EXPORTER=none",
				"OTEL_LOGS_EXPORTER=none")
			// a batch: it is sent at once
			visit(t, app.URL("http"), noNetwork, "/cart/1", "/cart/2", "/cart/3", "/cart/4")
			c.waitFor(t, spans, `"service.name":="shop"`, 4)
			if err := c.Kill(); err != nil {
				t.Fatal(err)
			}
			visit(t, app.URL("http"), noNetwork, "/cart/5", "/cart/6", "/cart/7", "/cart/8")
			<-failed
			c = startCollector(t, "--data-dir", data)
			set(c)
			stop(t, app)
			c.waitFor(t, spans, `"service.name":="shop"`, 8)
			c.expectTotals(t, "shop", slices.Concat([]invocation{{Outcome: "ok", Cold: "true", Cache: "miss"}},
				repeat(3, invocation{Outcome: "ok", Cold: "false", Cache: "miss"}),
				repeat(4, invocation{Outcome: "ok", Cold: "false", Cache: "hit"})))
		})
	}
}

// watch is a proxy before a collector's HTTP or gRPC door that counts the requests that were over the rate.
type watch struct{ refused atomic.Int64 }

// start returns the address of the proxy.
func (w *watch) start(t *testing.T, door string, grpc bool) string {
	t.Helper()
	target, err := url.Parse(door)
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{Protocols: new(http.Protocols)}
	transport.Protocols.SetHTTP1(!grpc)
	transport.Protocols.SetUnencryptedHTTP2(grpc)
	proxy := httputil.NewSingleHostReverseProxy(target)
	proxy.Transport, proxy.FlushInterval = transport, -1
	proxy.ModifyResponse = func(res *http.Response) error {
		res.Body = ended{res.Body, func() {
			const resourceExhausted = "8"
			if res.StatusCode == http.StatusTooManyRequests || res.Header.Get("Grpc-Status") == resourceExhausted ||
				res.Trailer.Get("Grpc-Status") == resourceExhausted {
				w.refused.Add(1)
			}
		}}
		return nil
	}
	server := httptest.NewUnstartedServer(proxy)
	server.Config.Protocols = new(http.Protocols)
	server.Config.Protocols.SetHTTP1(true)
	server.Config.Protocols.SetUnencryptedHTTP2(true)
	server.Start()
	t.Cleanup(server.Close)
	t.Cleanup(transport.CloseIdleConnections)
	return server.URL
}

// ended is a body that tells when it was read: the trailers, where gRPC has its status, are there then.
type ended struct {
	io.ReadCloser
	tell func()
}

func (e ended) Close() error {
	e.tell()
	return e.ReadCloser.Close()
}

// TestRateLimitLosesNothing: SDKs wait when the collector says that their tenant is over its rate, over HTTP and gRPC.
// The one for JavaScript is asked over HTTP only: over gRPC it never sends anything again (0.223,
// grpc-exporter-transport.js).
func TestRateLimitLosesNothing(t *testing.T) {
	t.Parallel()
	const token = "a-token-of-the-tenant-shop" //nolint:gosec // of this test's collector
	tokens := filepath.Join(t.TempDir(), "tokens.yml")
	text := "tenants:\n  - {id: 1, name: shop, limit: {events_per_second: 1, burst: 1s}}\n" +
		"tokens:\n  - {token: " + token + ", tenant: shop, scopes: [write, read]}\n"
	if err := os.WriteFile(tokens, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, s := range servers() {
		if name == "js grpc" || strings.HasSuffix(name, "gzip") && name != "go grpc gzip" {
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := startCollector(t, "--tokens", tokens)
			c.token = token
			var door watch
			app := s.start(t, door.start(t, s.door(c), s.protocol == "grpc"),
				"OTEL_EXPORTER_OTLP_HEADERS=Authorization=Bearer%20"+token,
				"OTEL_BSP_MAX_EXPORT_BATCH_SIZE=4", "OTEL_METRICS_EXPORTER=none", "OTEL_LOGS_EXPORTER=none")
			sent := 0
			for ; door.refused.Load() == 0; sent += 4 {
				if sent > 40 {
					t.Fatalf("%d spans in a few seconds were not over the rate of one a second", sent)
				}
				// a batch: it is sent at once
				visit(t, app.URL("http"), noNetwork, "/cart/1", "/cart/2", "/cart/3", "/cart/4")
				eventually(t, func() string { return "a batch is neither refused nor stored" }, func() bool {
					return door.refused.Load() > 0 || len(c.rows(t, spans, `"service.name":="shop"`)) == sent+4
				})
			}
			stop(t, app)
			c.waitFor(t, spans, `"service.name":="shop"`, sent)
		})
	}
}
