package app_test

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"edgescope/cmd/collector/collectortest"
	"edgescope/cmd/dashboard/app"
	"edgescope/internal/run/runtest"
)

// served is a dashboard that runs until the test ends.
type served struct{ *app.Dashboard }

func (s served) url() string { return "http://" + s.Addr("web") }

// startDashboard runs a dashboard over a collector.
func startDashboard(t *testing.T, args ...string) served {
	t.Helper()
	d, err := app.New(collectortest.Process(&runtest.Log{}, append([]string{"--listen-addr", "127.0.0.1:0"},
		args...)...))
	if err == nil {
		err = d.Start(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Stop(t.Context()); err != nil {
			t.Errorf("stop the dashboard: %v", err)
		}
	})
	return served{d}
}

var pagePaths = []string{
	"/", "/regions", "/regions/FRA", "/cold-starts", "/cache", "/traces", "/traces/" + collectortest.NewsTrace, "/runs",
	"/regions.csv", "/overview.json", "/live/regions", "/metrics",
	"//regions", "/assets/../regions", "/assets/%2e%2e/regions", "/healthz/../regions", "/REGIONS", "/regions/",
	"/sign-in/../regions", "/assets/..%2fregions",
}

func TestDashboardSignIn(t *testing.T) {
	g := collectortest.StartTenants(t)
	g.Fill(t)
	d := startDashboard(t, "--collector", g.URL("query"), "--sign-in")
	base := d.url()

	visit := func(client *http.Client, path string, headers ...string) (int, string, string) {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, base+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		for i := 0; i < len(headers); i += 2 {
			req.Header.Add(headers[i], headers[i+1])
		}
		res, err := client.Do(req)
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		defer res.Body.Close()
		body, _ := io.ReadAll(res.Body)
		return res.StatusCode, string(body), res.Request.URL.Path
	}
	t.Run("without a session there is only the sign-in", func(t *testing.T) {
		for _, path := range pagePaths {
			for _, headers := range [][]string{
				nil,
				{"Cookie", "edgescope=" + strings.Repeat("A", 43)},
				{"Cookie", "edgescope=" + collectortest.ShopToken},
				{"Cookie", "__Host-edgescope=" + collectortest.ShopToken + "; edgescope=1"},
				{"Authorization", "Bearer wrong"},
				{"X-Member", "shop"},
			} {
				code, body, at := visit(http.DefaultClient, path, headers...)
				if at != "/sign-in" && (code < 400 || code >= 500) || strings.Contains(body, "shopper") ||
					strings.Contains(body, "zebra") {
					t.Errorf("%s with %v: %d at %s: %.300s", path, headers, code, at, body)
				}
			}
		}
	})
	signIn := func(t *testing.T, token string) (*http.Client, string) {
		t.Helper()
		jar, err := cookiejar.New(nil)
		if err != nil {
			t.Fatal(err)
		}
		client := &http.Client{Jar: jar}
		res, err := client.PostForm(base+"/sign-in", url.Values{"token": {token}, "back": {"/traces"}})
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		body, _ := io.ReadAll(res.Body)
		return client, string(body)
	}
	t.Run("a session shows its tenant's pages", func(t *testing.T) {
		shop, page := signIn(t, collectortest.ShopToken)
		if !strings.Contains(page, "shopper") {
			t.Errorf("after the sign-in: %s", page)
		}
		for _, path := range pagePaths {
			if strings.HasPrefix(path, "/live") { // it has no end
				continue
			}
			for _, more := range []string{"", "?service=zebr", "?q=edge_tenant:2"} {
				if code, body, _ := visit(shop, path+more); strings.Contains(body, "zebra") || code >= 500 {
					t.Errorf("%s%s: %d %.300s", path, more, code, body)
				}
			}
		}
		news, page := signIn(t, collectortest.NewsToken)
		if !strings.Contains(page, "zebra") || strings.Contains(page, "shopper") {
			t.Errorf("the other tenant sees: %.1000s", page)
		}
		if code, _, _ := visit(news, "/traces/"+collectortest.NewsTrace); code != http.StatusOK {
			t.Errorf("news' own trace: %d", code)
		}
	})
	t.Run("a changed cookie is none", func(t *testing.T) {
		shop, _ := signIn(t, collectortest.ShopToken)
		at, err := url.Parse(base)
		if err != nil {
			t.Fatal(err)
		}
		id := shop.Jar.Cookies(at)[0].Value
		for _, forged := range []string{id[1:] + id[:1], id[:42], id + "A", strings.ToLower(id), "*", ""} {
			if _, body, at := visit(http.DefaultClient, "/traces", "Cookie", "edgescope="+forged); at != "/sign-in" ||
				strings.Contains(body, "shopper") {
				t.Errorf("cookie %q: at %s %.200s", forged, at, body)
			}
		}
	})
	t.Run("tokens that may not read do not sign in", func(t *testing.T) {
		for _, token := range []string{"wrong", collectortest.PointToken, collectortest.SlowToken, ""} {
			client, page := signIn(t, token)
			if _, body, at := visit(client, "/traces"); at != "/sign-in" || strings.Contains(page+body, "shopper") {
				t.Errorf("token %q: at %s", token, at)
			}
		}
	})
	t.Run("pages in a browser", func(t *testing.T) { signedInBrowser(t, base) })
	t.Run("a withdrawn token ends its sessions", func(t *testing.T) {
		reader, _ := signIn(t, collectortest.ReadToken)
		if err := os.WriteFile(g.Tokens, []byte(strings.ReplaceAll(collectortest.TokenFile, collectortest.ReadToken,
			"another-0123456789abcdef01234")), 0o600); err != nil {
			t.Fatal(err)
		}
		runtest.Eventually(t, func() string { return "the session goes on" }, func() bool {
			_, _, at := visit(reader, "/traces")
			return at == "/sign-in"
		})
	})
}

// TestDashboardWantsACollectorThatAsks holds that a sign-in is not a door that every token opens.
func TestDashboardWantsACollectorThatAsks(t *testing.T) {
	c := collectortest.Start(t, t.TempDir())
	d := startDashboard(t, "--collector", c.URL("query"), "--sign-in")
	res, err := http.PostForm(d.url()+"/sign-in", url.Values{"token": {"anything-at-all-0123456789"}})
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusBadGateway || len(res.Cookies()) != 0 {
		t.Errorf("status %d, cookies %v; want 502 and none", res.StatusCode, res.Cookies())
	}
}

// TestAProxySignsIn holds that who comes through the proxy sees their tenant, and who does not sees nothing. Here this
// machine is the proxy.
func TestAProxySignsIn(t *testing.T) {
	g := collectortest.StartTenants(t, "--trusted-proxies", "127.0.0.0/8")
	g.Fill(t)
	trusting := startDashboard(t, "--collector", g.URL("query"), "--trusted-proxy-header", "X-Member",
		"--trusted-proxies", "127.0.0.1")
	wary := startDashboard(t, "--collector", g.URL("query"), "--trusted-proxy-header", "X-Member", "--trusted-proxies",
		"192.0.2.0/24")
	f := func(d served, want int, shows string, headers ...string) {
		t.Helper()
		code, body := g.Do(t, collectortest.Request{Method: http.MethodGet, URL: d.url() + "/traces", Headers: headers})
		if code != want || !strings.Contains(body, shows) || strings.Contains(body, "zebra") && shows != "zebra" ||
			strings.Contains(body, "shopper") && shows != "shopper" {
			t.Errorf("%v: %d, want %d and %q: %.400s", headers, code, want, shows, body)
		}
	}
	f(trusting, 200, "shopper", "X-Member", "alice@shop.example")
	f(trusting, 200, "shopper", "X-Member", "shop")
	f(trusting, 200, "zebra", "X-Member", "news")
	f(trusting, 403, "belongs to no tenant", "X-Member", "mallory")
	f(trusting, 401, "", "X-Member", "shop", "X-Member", "news")
	f(trusting, 401, "")
	f(trusting, 401, "", "Authorization", "Bearer "+collectortest.NewsToken)
	f(trusting, 200, "shopper", "X-Member", "shop", "Authorization", "Bearer "+collectortest.NewsToken)
	f(wary, 401, "come through the proxy", "X-Member", "news")
	f(wary, 401, "come through the proxy", "X-Member", "news", "X-Forwarded-For", "192.0.2.1")
	// Nobody writes by a proxy's header.
	if code, _ := g.Do(t, collectortest.Request{
		Method: http.MethodPost, URL: g.URL("ingest") + "/v1/traces",
		Body: "{}", Headers: []string{
			"X-Member", "shop", "Content-Type",
			"application/json",
		},
	}); code != http.StatusUnauthorized {
		t.Errorf("writing by a proxy's header: %d", code)
	}
}

// signedInBrowser signs in and out in Chromium, with and without scripts, and looks at every page in between.
func signedInBrowser(t *testing.T, base string) {
	script := filepath.Join("..", "..", "..", "web", "browser", "check.mjs")
	if _, err := os.Stat(filepath.Join("..", "..", "..", "web", "node_modules", "playwright-core")); err != nil {
		t.Skip("no playwright-core: npm ci --prefix web")
	}
	chromium := os.Getenv("CHROMIUM")
	if chromium == "" {
		chromium = "/usr/bin/chromium"
	}
	if _, err := os.Stat(chromium); err != nil {
		t.Skipf("no %s: install chromium, or name it with CHROMIUM", chromium)
	}
	cmd := exec.CommandContext(t.Context(), "node", script, base, t.TempDir())
	cmd.Env = append(os.Environ(), "CHROMIUM="+chromium, "CHECK_TOKEN="+collectortest.ShopToken,
		"CHECK_MODES=mobile light noscript")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}
