package app_test

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"edgescope/cmd/collector/collectortest"
	"edgescope/internal/run/runtest"
)

// figure returns the value of a line of /metrics, -1 when it is not there.
func figure(t *testing.T, c *collectortest.Collector, name string) float64 {
	t.Helper()
	_, text, err := runtest.Get(t.Context(), c.URL("query")+"/metrics")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if value, ok := strings.CutPrefix(line, name+" "); ok {
			n, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
			if err != nil {
				t.Fatalf("%s: %v", line, err)
			}
			return n
		}
	}
	return -1
}

// TestCanaryGoesAllTheWay has a collector write its canary and read it back with the real engines.
func TestCanaryGoesAllTheWay(t *testing.T) {
	c := collectortest.Start(t, t.TempDir(), "--canary", "1s")
	var seen float64
	runtest.Eventually(t, func() string { return fmt.Sprintf("%v canaries were read back, want 3", seen) },
		func() bool {
			seen = figure(t, c, "edgescope_canary_visible_seconds_count")
			return seen >= 3
		})
	for _, name := range []string{"lost", "doubled", "refused", "failed"} {
		if n := figure(t, c, "edgescope_canary_"+name+"_total"); n != 0 {
			t.Errorf("%s: %v, want 0", name, n)
		}
	}
	if age := figure(t, c, "edgescope_canary_age_seconds"); age < 0 || age > 30 {
		t.Errorf("the newest canary is %v s old", age)
	}
	if n := figure(t, c, "edgescope_ingest_invocations_total"); n != 0 {
		t.Errorf("the canary counts as %v invocations", n)
	}
}

// TestAdministrationNeedsItsRight asks for what concerns all tenants with a token that reads and one that administers.
func TestAdministrationNeedsItsRight(t *testing.T) {
	const reader, admin = "reader-0123456789abcdef01234567", "admin-0123456789abcdef01234567"
	tokens := filepath.Join(t.TempDir(), "tokens.yml")
	text := "tenants: [{id: 7, name: shop}]\ntokens: [{token: " + reader + ", tenant: shop, scopes: [read]}, {token: " +
		admin + ", tenant: shop, scopes: [admin]}]\n"
	if err := os.WriteFile(tokens, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	c := collectortest.Start(t, t.TempDir(), "--tokens", tokens, "--pprof")
	f := func(method, path, token string, want int) {
		t.Helper()
		if got := asked(t, method, c.URL("query")+path, token); got != want {
			t.Errorf("%s %s with %.6q: got %d, want %d", method, path, token, got, want)
		}
	}
	for _, path := range []string{"/admin/snapshot", "/debug/pprof/", "/debug/pprof/cmdline", "/metrics"} {
		f(http.MethodGet, path, "", http.StatusUnauthorized)
		f(http.MethodGet, path, reader, http.StatusForbidden)
		f(http.MethodGet, path, admin, http.StatusOK)
	}
	f(http.MethodPost, "/admin/snapshot", reader, http.StatusForbidden)
	f(http.MethodPost, "/admin/snapshot", admin, http.StatusOK)
	f(http.MethodDelete, "/admin/snapshot/x", reader, http.StatusForbidden)
	f(http.MethodDelete, "/admin/snapshot/..%2fmetrics", admin, http.StatusNotFound)

	if err := c.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	c = collectortest.Start(t, t.TempDir())
	if got := asked(t, http.MethodGet, c.URL("query")+"/debug/pprof/", ""); got != http.StatusNotFound {
		t.Errorf("profiles without --pprof: got %d, want 404", got)
	}
}

func asked(t *testing.T, method, url, token string) int {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if _, err := io.Copy(io.Discard, res.Body); err != nil {
		t.Fatal(err)
	}
	return res.StatusCode
}
