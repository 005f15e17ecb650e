package web

import (
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"edgescope/web/part"
)

func TestAssetsWithoutABuildAreNone(t *testing.T) {
	a, err := loadAssets(fstest.MapFS{".gitkeep": {}})
	if err != nil || a.page.Script != "" || len(a.files) != 0 {
		t.Errorf("got %+v, %v; want no assets and no error", a, err)
	}
}

func TestAssetsAreServedPackedForEver(t *testing.T) {
	a, err := loadAssets(fstest.MapFS{
		"manifest.json": {Data: []byte(`{"app.js":"app.ABC.js"}`)}, "app.ABC.js": {Data: []byte("plain")},
		"app.ABC.js.gz": {Data: []byte("packed")},
	})
	if err != nil || a.page.Script != "/assets/app.ABC.js" {
		t.Fatalf("got %+v, %v", a, err)
	}
	f := func(path, accept, want string, status int) {
		t.Helper()
		r := httptest.NewRequest(http.MethodGet, path, http.NoBody)
		r.Header.Set("Accept-Encoding", accept)
		w := httptest.NewRecorder()
		a.ServeHTTP(w, r)
		body, _ := io.ReadAll(w.Body)
		if w.Code != status || status == 200 && (string(body) != want ||
			!strings.Contains(w.Header().Get("Cache-Control"), "immutable")) {
			t.Errorf("%s: status %d, %q, %v; want %d, %q", path, w.Code, body, w.Header(), status, want)
		}
	}
	f("/assets/app.ABC.js", "gzip", "packed", 200)
	f("/assets/app.ABC.js", "", "plain", 200)
	f("/assets/app.XYZ.js", "gzip", "", 404)
	f("/assets/manifest.json", "gzip", "", 404)
	f("/assets/..%2fweb.go", "gzip", "", 404)
}

func TestABrokenBuildIsAnError(t *testing.T) {
	if _, err := loadAssets(fstest.MapFS{"manifest.json": {Data: []byte(`{"app.js":"gone.js"}`)}}); err == nil {
		t.Error("a manifest that names a file that is not there is taken")
	}
}

// TestTheBundleStaysSmall holds the built assets to their budget.
func TestTheBundleStaysSmall(t *testing.T) {
	dir := embedded()
	a, err := loadAssets(dir)
	if err != nil {
		t.Fatal(err)
	}
	if a.page.Script == "" {
		t.Skip("the assets are not built: run make assets")
	}
	f := func(address string, limit int64) {
		t.Helper()
		info, err := fs.Stat(dir, strings.TrimPrefix(address, "/assets/")+".gz")
		if err != nil {
			t.Fatal(err)
		}
		if info.Size() > limit {
			t.Errorf("%s has %d bytes packed, the limit is %d", address, info.Size(), limit)
		}
		t.Logf("%s: %d bytes packed", address, info.Size())
	}
	f(a.page.Script, 60<<10)
	f(a.page.Style, 10<<10)
}

func TestThePageSaysThatAssetsAreMissing(t *testing.T) {
	s := &Site{assets: &assets{}}
	p := &part.Page{
		Title: "Overview", Nav: "/", URL: &url.URL{Path: "/"}, Now: time.Unix(0, 0),
		Problem: &part.Problem{Status: 500},
	}
	f := func(built bool) string {
		p.Assets = s.assets.page
		if built {
			p.Assets = part.Assets{Script: "/assets/app.js", Style: "/assets/app.css"}
		}
		w := httptest.NewRecorder()
		s.render(w, httptest.NewRequest(http.MethodGet, "/", http.NoBody), p, part.Content{})
		return w.Body.String()
	}
	const line = "assets missing: run make assets"
	if html := f(false); !strings.Contains(html, line) || strings.Contains(html, "<script") ||
		!strings.Contains(html, ">Apply<") {
		t.Errorf("without assets: want the line and a working form, got %s", html)
	}
	if html := f(true); strings.Contains(html, line) || !strings.Contains(html, "/assets/app.css") {
		t.Errorf("with assets: %s", html)
	}
}

// FuzzLocalPath holds the way back from /theme to this site.
func FuzzLocalPath(f *testing.F) {
	for _, s := range []string{
		"/", "/regions?range=6h", "//evil.example", "/\\evil.example", "https://evil.example",
		"/%2F/x", "/a//b", "?x", "/\x00",
	} {
		f.Add(s)
	}
	base := &url.URL{Scheme: "http", Host: "127.0.0.1:4321", Path: "/theme"}
	f.Fuzz(func(t *testing.T, back string) {
		got := localPath(back)
		to, err := base.Parse(got)
		if err != nil {
			t.Fatalf("%q leads to %q, which is no address: %v", back, got, err)
		}
		if to.Host != base.Host || to.Scheme != base.Scheme || !strings.HasPrefix(got, "/") ||
			strings.HasPrefix(got, "//") || strings.HasPrefix(got, "/\\") {
			t.Fatalf("%q leads to %q, which is another site", back, got)
		}
		if strings.ContainsAny(got, "\r\n") {
			t.Fatalf("%q leads to %q, which breaks the header", back, got)
		}
	})
}
