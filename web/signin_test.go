package web_test

import (
	"bufio"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"edgescope/query/client"
	"edgescope/web"
	"edgescope/web/webtest"
)

const goodToken = "reader-0123456789abcdef"

// gated is a collector that wants one of its headers, and a dashboard over it.
type gated struct {
	*web.Site
	collector *httptest.Server

	mu      sync.Mutex
	now     time.Time
	allowed map[string]string // header -> value
	anybody bool
	seen    []string // the header Authorization of each question
}

func newGated(t *testing.T, in web.SignIn) *gated {
	t.Helper()
	g := &gated{now: now, allowed: map[string]string{"Authorization": "Bearer " + goodToken}}
	f := webtest.New(3)
	f.Fail = func(w http.ResponseWriter, r *http.Request) bool {
		g.mu.Lock()
		defer g.mu.Unlock()
		g.seen = append(g.seen, r.Header.Get("Authorization"))
		for name, value := range g.allowed {
			if g.anybody || r.Header.Get(name) == value {
				return false
			}
		}
		w.WriteHeader(http.StatusUnauthorized)
		_, _ = w.Write([]byte(`{"error":"the token is unknown"}`))
		return true
	}
	g.collector = startFake(t, f)
	client, err := client.New(g.collector.URL,
		&http.Client{Transport: web.Forward(&http.Transport{DisableKeepAlives: true})})
	if err != nil {
		t.Fatal(err)
	}
	g.Site, err = web.New(web.Options{
		Client: client, Collector: g.collector.URL, Ingest: "http://127.0.0.1:4318", Log: quiet(),
		Every: time.Millisecond, SignIn: in,
		Now: func() time.Time { g.mu.Lock(); defer g.mu.Unlock(); return g.now },
	})
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func (g *gated) set(change func()) {
	g.mu.Lock()
	defer g.mu.Unlock()
	change()
}

// post sends a form; headers are pairs.
func post(h http.Handler, path string, form url.Values, headers ...string) *http.Response {
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result()
}

// signIn signs in and returns the cookie as a request sends it.
func (g *gated) signIn(t *testing.T) string {
	t.Helper()
	resp := post(g, "/sign-in", url.Values{"token": {goodToken}, "back": {"/regions?range=1h"}})
	cookies := resp.Cookies()
	if resp.StatusCode != http.StatusSeeOther || resp.Header.Get("Location") != "/regions?range=1h" ||
		len(cookies) != 1 {
		t.Fatalf("sign-in: status %d, to %q, cookies %v", resp.StatusCode, resp.Header.Get("Location"), cookies)
	}
	return cookies[0].Name + "=" + cookies[0].Value
}

var privatePaths = []string{
	"/", "/regions", "/regions/GRU", "/cold-starts", "/cache", "/traces", "/traces/" + webtest.TraceID, "/runs",
	"/runs/" + webtest.RunID,
	"/regions.csv", "/overview.json", "/live", "/live/regions", "/nothing/here", "/metrics",
}

func TestNothingIsShownToThoseWhoAreNotSignedIn(t *testing.T) {
	for _, in := range []web.SignIn{
		{Tokens: true},
		{Tokens: true, Secure: true},
		{
			ProxyHeader: "X-User",
			Proxy:       func(*http.Request) (string, error) { return "", errors.New("come through the proxy") },
		},
	} {
		g := newGated(t, in)
		g.set(func() { g.anybody = true }) // whatever it would answer
		for _, path := range privatePaths {
			for _, headers := range [][]string{
				nil,
				{"Cookie", "edgescope="},
				{"Cookie", "edgescope=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"},
				{"Cookie", "__Host-edgescope=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"},
				{"Cookie", "edgescope=" + goodToken},
				{"Authorization", "Bearer " + goodToken}, // the collector demands none: any would do
				{"X-User", "alice"},
				{"HX-Request", "true", "HX-Request-Type", "partial"},
			} {
				resp := get(t, g, path, headers...)
				text := body(t, resp)
				if resp.StatusCode != http.StatusUnauthorized && resp.StatusCode != http.StatusSeeOther ||
					strings.Contains(text, "GRU") {
					t.Errorf("%s with %v: status %d: %.200s", path, headers, resp.StatusCode, text)
				}
				if resp.Header.Get("Cache-Control") != "no-store" {
					t.Errorf("%s with %v may be cached", path, headers)
				}
			}
		}
		for _, path := range []string{"/healthz", "/favicon.svg"} {
			if resp := get(t, g, path); resp.StatusCode != http.StatusOK {
				t.Errorf("%s: status %d, want 200", path, resp.StatusCode)
			}
		}
	}
}

func TestASignInShowsPagesWithTheVisitorsOwnToken(t *testing.T) {
	g := newGated(t, web.SignIn{Tokens: true})
	resp := get(t, g, "/regions?range=1h")
	if to := resp.Header.Get("Location"); resp.StatusCode != http.StatusSeeOther ||
		to != "/sign-in?back=%2Fregions%3Frange%3D1h" {
		t.Fatalf("status %d to %q", resp.StatusCode, to)
	}
	form := document(t, g, resp.Header.Get("Location"), http.StatusOK)
	if back, _ := form.Find("input[name=back]").Attr("value"); back != "/regions?range=1h" {
		t.Errorf("the form leads back to %q", back)
	}
	if n := form.Find("label[for=token]").Length(); n != 1 || form.Find("script[src],nav").Length() > 1 {
		t.Errorf("the form has %d labels", n)
	}
	cookie := g.signIn(t)
	g.set(func() { g.seen = nil })
	html := body(t, get(t, g, "/regions", "Cookie", cookie))
	if !strings.Contains(html, "GRU") || !strings.Contains(html, `action="/sign-out"`) {
		t.Errorf("signed in, the page is\n%.800s", html)
	}
	g.set(func() {
		for _, authorization := range g.seen {
			if authorization != "Bearer "+goodToken {
				t.Errorf("the collector was asked with %q", authorization)
			}
		}
		if len(g.seen) == 0 {
			t.Error("the collector was not asked")
		}
	})
	if strings.Contains(html, goodToken) {
		t.Error("the page shows the token")
	}
	if to := get(t, g, "/regions.csv", "Cookie", cookie); to.StatusCode != http.StatusOK {
		t.Errorf("a table: status %d", to.StatusCode)
	}
	if resp := get(t, g, "/nothing", "Cookie", cookie); resp.StatusCode != http.StatusNotFound {
		t.Errorf("no such page: status %d", resp.StatusCode)
	}
}

func TestTheCookieIsForThisSiteAlone(t *testing.T) {
	f := func(secure bool, want string) {
		t.Helper()
		g := newGated(t, web.SignIn{Tokens: true, Secure: secure})
		header := post(g, "/sign-in", url.Values{"token": {goodToken}}).Header.Get("Set-Cookie")
		name, rest, _ := strings.Cut(header, "=")
		id, attributes, _ := strings.Cut(rest, "; ")
		if d := cmp.Diff(want, name+" "+attributes); d != "" {
			t.Error(d)
		}
		if len(id) != 43 || strings.Contains(id, goodToken) {
			t.Errorf("the session's id is %q, want 32 random bytes", id)
		}
	}
	f(false, "edgescope Path=/; Max-Age=43200; HttpOnly; SameSite=Strict")
	f(true, "__Host-edgescope Path=/; Max-Age=43200; HttpOnly; Secure; SameSite=Strict")
}

func TestASignInIsRefused(t *testing.T) {
	f := func(name string, want int, text string, form url.Values, headers ...string) {
		t.Helper()
		g := newGated(t, web.SignIn{Tokens: true})
		if name == "the collector lets anybody in" {
			g.anybody = true
		}
		resp := post(g, "/sign-in", form, headers...)
		if html := body(t, resp); resp.StatusCode != want || !strings.Contains(html, text) || len(resp.Cookies()) != 0 {
			t.Errorf("%s: status %d, cookies %v, want %d and %q:\n%.900s", name, resp.StatusCode, resp.Cookies(), want,
				text, html)
		}
	}
	good := url.Values{"token": {goodToken}}
	f("a wrong token", 401, "the token is unknown", url.Values{"token": {"wrong"}})
	f("no token", 400, "Give a token", nil)
	f("a token with a line break", 400, "Give a token", url.Values{"token": {"a\r\nX-Evil: 1"}})
	f("the collector lets anybody in", 502, "can&#39;t be checked", good)
	f("a form of another site", 403, "cross-origin", good, "Sec-Fetch-Site", "cross-site")
	f("a form of a sibling site", 403, "cross-origin", good, "Sec-Fetch-Site", "same-site")
	f("a form of another origin, old browser", 403, "cross-origin", good, "Origin", "https://evil.example")
	f("a huge form", 400, "can&#39;t be read", url.Values{"token": {strings.Repeat("a", 70_000)}})
}

func TestBackLeadsNowhereElse(t *testing.T) {
	g := newGated(t, web.SignIn{Tokens: true})
	for _, back := range []string{
		"https://evil.example/", "//evil.example", `/\evil.example`, "javascript:alert(1)", "\r\n/x", "",
	} {
		resp := post(g, "/sign-in", url.Values{"token": {goodToken}, "back": {back}})
		if to := resp.Header.Get("Location"); resp.StatusCode != http.StatusSeeOther || to != "/" {
			t.Errorf("back=%q leads to %q", back, to)
		}
	}
}

func TestASessionEnds(t *testing.T) {
	f := func(name string, end func(g *gated, cookie string)) {
		t.Helper()
		g := newGated(t, web.SignIn{Tokens: true})
		cookie, other := g.signIn(t), g.signIn(t)
		end(g, cookie)
		if resp := get(t, g, "/regions", "Cookie", cookie); resp.StatusCode != http.StatusSeeOther {
			t.Errorf("%s: status %d, want a way to the sign-in", name, resp.StatusCode)
		}
		if name == "signed out" && get(t, g, "/regions", "Cookie", other).StatusCode != http.StatusOK {
			t.Errorf("%s: another session has ended too", name)
		}
	}
	f("signed out", func(g *gated, cookie string) {
		resp := post(g, "/sign-out", nil, "Cookie", cookie)
		if c := resp.Cookies(); resp.StatusCode != http.StatusSeeOther || len(c) != 1 || c[0].MaxAge >= 0 {
			t.Errorf("sign-out: status %d, cookies %v", resp.StatusCode, c)
		}
	})
	f("after 12 hours", func(g *gated, _ string) { g.set(func() { g.now = g.now.Add(12 * time.Hour) }) })
	f("the token was withdrawn",
		func(g *gated, _ string) { g.set(func() { g.allowed["Authorization"] = "Bearer another" }) })
	f("signed in anew", func(g *gated, cookie string) {
		post(g, "/sign-in", url.Values{"token": {goodToken}}, "Cookie", cookie)
	})
}

func TestAnotherSiteCannotSignOut(t *testing.T) {
	g := newGated(t, web.SignIn{Tokens: true})
	cookie := g.signIn(t)
	if resp := post(g, "/sign-out", nil, "Cookie", cookie, "Sec-Fetch-Site", "cross-site"); resp.StatusCode !=
		http.StatusForbidden {
		t.Errorf("status %d, want 403", resp.StatusCode)
	}
	if resp := get(t, g, "/sign-out", "Cookie", cookie); resp.StatusCode == http.StatusSeeOther {
		t.Error("a link signs out")
	}
	if resp := get(t, g, "/regions", "Cookie", cookie); resp.StatusCode != http.StatusOK {
		t.Errorf("the session has ended: status %d", resp.StatusCode)
	}
}

func TestAProgramSendsItsTokenItself(t *testing.T) {
	g := newGated(t, web.SignIn{Tokens: true})
	if resp := get(t, g, "/regions.csv", "Authorization", "Bearer "+goodToken); resp.StatusCode != http.StatusOK ||
		len(resp.Cookies()) != 0 {
		t.Errorf("status %d, cookies %v", resp.StatusCode, resp.Cookies())
	}
	for _, path := range privatePaths {
		if resp := get(t, g, path, "Authorization", "Bearer wrong"); resp.StatusCode != http.StatusUnauthorized {
			t.Errorf("%s with a wrong token: status %d", path, resp.StatusCode)
		}
	}
}

func TestAProxySignsPeopleIn(t *testing.T) {
	g := newGated(t,
		web.SignIn{
			ProxyHeader: "X-User",
			Proxy:       func(r *http.Request) (string, error) { return r.Header.Get("X-Fake-Peer"), nil },
		})
	g.allowed = map[string]string{"X-User": "alice"}
	page := func(who string) (int, string) {
		resp := get(t, g, "/regions", "X-Fake-Peer", who, "X-User", "alice", "Authorization", "Bearer "+goodToken)
		return resp.StatusCode, body(t, resp)
	}
	if code, html := page("alice"); code != http.StatusOK || !strings.Contains(html, "GRU") ||
		strings.Contains(html, "sign-out") {
		t.Errorf("alice: status %d:\n%.500s", code, html)
	}
	// What counts is who the proxy says it is, not what the visitor sends.
	if code, html := page("mallory"); code != http.StatusForbidden || !strings.Contains(html, "does not let you in") {
		t.Errorf("mallory: status %d:\n%.500s", code, html)
	}
	if resp := get(t, g, "/sign-in"); resp.StatusCode == http.StatusOK {
		t.Error("there is a form for tokens behind a proxy that signs people in")
	}
}

func TestReadyMeansThatTheCollectorAnswers(t *testing.T) {
	g := newGated(t, web.SignIn{Tokens: true})
	if resp := get(t, g, "/readyz"); resp.StatusCode != http.StatusOK {
		t.Errorf("a collector that asks for a token: status %d", resp.StatusCode)
	}
	g.collector.Close()
	if resp := get(t, g, "/readyz"); resp.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("a collector that is gone: status %d", resp.StatusCode)
	}
}

func TestALiveStreamEndsWithItsSession(t *testing.T) {
	g := newGated(t, web.SignIn{Tokens: true})
	cookie := g.signIn(t)
	server := httptest.NewServer(g)
	defer server.Close()
	defer g.Close()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+"/live/regions", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Cookie", cookie)
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	lines := bufio.NewScanner(resp.Body)
	lines.Buffer(nil, 8<<20)
	for lines.Scan() && !strings.HasPrefix(lines.Text(), "data: ") {
	}
	post(g, "/sign-out", nil, "Cookie", cookie)
	for lines.Scan() { // ends when the stream does
	}
	if err := lines.Err(); err != nil {
		t.Errorf("the stream ended with %v", err)
	}
}
