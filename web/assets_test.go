package web

import (
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"
)

func TestAssetsWithoutABuildAreNone(t *testing.T) {
	a, err := loadAssets(fstest.MapFS{".gitkeep": {}})
	if err != nil || a.page.Script != "" || len(a.files) != 0 {
		t.Errorf("got %+v, %v; want no assets and no error", a, err)
	}
}

func TestAssetsAreServedPackedForEver(t *testing.T) {
	a, err := loadAssets(fstest.MapFS{
		"manifest.json": {Data: []byte(`{"app.js":"app.ABC.js"}`)}, "app.ABC.js": {Data: []byte("plain")}, "app.ABC.js.gz": {Data: []byte("packed")},
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
		if w.Code != status || status == 200 && (string(body) != want || !strings.Contains(w.Header().Get("Cache-Control"), "immutable")) {
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
