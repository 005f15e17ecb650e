package edgemodule_test

import (
	"bytes"
	"compress/gzip"
	"flag"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/evanw/esbuild/pkg/api"

	"edgescope/ingest/edgemodule"
)

var update = flag.Bool("update", false, "write edgescope.min.mjs anew")

// TestServedModuleIsTheSource: what is served is edgescope.mjs without its comments and long names, and no older one.
func TestServedModuleIsTheSource(t *testing.T) {
	source, err := os.ReadFile("edgescope.mjs")
	if err != nil {
		t.Fatal(err)
	}
	result := api.Transform(string(source), api.TransformOptions{
		MinifyWhitespace: true, MinifySyntax: true, MinifyIdentifiers: true, Format: api.FormatESModule,
		Target: api.ES2022,
		Banner: "// edgescope: tells a collector of every request of an edge function. Minified from edgescope.mjs; " +
			"see docs/edge-module.md.",
	})
	if len(result.Errors) > 0 {
		t.Fatalf("minify: %v", result.Errors)
	}
	if *update {
		if err := os.WriteFile("edgescope.min.mjs", result.Code, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	served, err := os.ReadFile("edgescope.min.mjs")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(served, result.Code) {
		t.Error("edgescope.min.mjs is not made of edgescope.mjs: run go test ./ingest/edgemodule -update")
	}
}

// maxZipped is the promise of docs/edge-module.md, in bytes.
const maxZipped = 3000

func get(t *testing.T, method, path string, header ...string) *http.Response {
	t.Helper()
	next := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) })
	r := httptest.NewRequest(method, path, http.NoBody)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	edgemodule.Handler(next).ServeHTTP(w, r)
	return w.Result()
}

func body(t *testing.T, resp *http.Response) string {
	t.Helper()
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestTheModuleIsServed(t *testing.T) {
	want, err := os.ReadFile("edgescope.min.mjs")
	if err != nil {
		t.Fatal(err)
	}
	resp := get(t, http.MethodGet, "/edgescope.mjs")
	if got := body(t, resp); resp.StatusCode != http.StatusOK || got != string(want) {
		t.Errorf("%d with %d bytes, want the file", resp.StatusCode, len(got))
	}
	for name, want := range map[string]string{
		"Content-Type": "text/javascript; charset=utf-8", "Access-Control-Allow-Origin": "*", "Content-Encoding": "",
		"Cache-Control": "public, max-age=3600", "Vary": "Accept-Encoding", "Content-Length": strconv.Itoa(len(want)),
	} {
		if got := resp.Header.Get(name); got != want {
			t.Errorf("%s %q, want %q", name, got, want)
		}
	}
	if head := get(t, http.MethodHead, "/edgescope.mjs"); body(t, head) != "" ||
		head.Header.Get("Content-Length") != strconv.Itoa(len(want)) {
		t.Errorf("HEAD answers %v", head.Header)
	}
}

func TestTheModuleIsSmall(t *testing.T) {
	resp := get(t, http.MethodGet, "/edgescope.mjs", "Accept-Encoding", "br, gzip;q=0.8")
	zipped := body(t, resp)
	if resp.Header.Get("Content-Encoding") != "gzip" || len(zipped) > maxZipped {
		t.Errorf("encoding %q, %d bytes; want gzip of at most %d bytes", resp.Header.Get("Content-Encoding"),
			len(zipped), maxZipped)
	}
	z, err := gzip.NewReader(strings.NewReader(zipped))
	if err != nil {
		t.Fatal(err)
	}
	plain, err := io.ReadAll(z)
	if err != nil || string(plain) != body(t, get(t, http.MethodGet, "/edgescope.mjs")) {
		t.Errorf("gzipped and plain differ, or %v", err)
	}
}

func TestAcceptEncoding(t *testing.T) {
	f := func(accept string, want bool) {
		t.Helper()
		resp := get(t, http.MethodGet, "/edgescope.mjs", "Accept-Encoding", accept)
		if got := resp.Header.Get("Content-Encoding") == "gzip"; got != want {
			t.Errorf("Accept-Encoding %q: gzip %t, want %t", accept, got, want)
		}
	}
	f("gzip", true)
	f("GZIP", true)
	f("br , gzip ; q=0.5", true)
	f("gzip;q=1.0", true)
	f("gzip;q=0", false)
	f("gzip; q=0.00", false)
	f("deflate, br", false)
	f("*", false)
	f("", false)
}

func TestAKeptModuleIsNotSentAgain(t *testing.T) {
	for _, accept := range []string{"", "gzip"} {
		first := get(t, http.MethodGet, "/edgescope.mjs", "Accept-Encoding", accept)
		again := get(t, http.MethodGet, "/edgescope.mjs", "Accept-Encoding", accept, "If-None-Match",
			first.Header.Get("ETag"))
		if again.StatusCode != http.StatusNotModified || body(t, again) != "" {
			t.Errorf("encoding %q, tag %s: status %d, want 304", accept, first.Header.Get("ETag"), again.StatusCode)
		}
	}
	if plain, zipped := get(t, http.MethodGet, "/edgescope.mjs"),
		get(t, http.MethodGet, "/edgescope.mjs", "Accept-Encoding",
			"gzip"); plain.Header.Get("ETag") == zipped.Header.Get("ETag") {
		t.Error("different bytes have the same tag")
	}
}

func TestOtherRequestsGoOn(t *testing.T) {
	f := func(method, path string) {
		t.Helper()
		if resp := get(t, method, path); resp.StatusCode != http.StatusTeapot {
			t.Errorf("%s %s: %d, want it to be left to the next handler", method, path, resp.StatusCode)
		}
	}
	f(http.MethodGet, "/")
	f(http.MethodGet, "/edgescope.mjs/")
	f(http.MethodGet, "//edgescope.mjs")
	f(http.MethodPost, "/edgescope.mjs")
	f(http.MethodOptions, "/edgescope.mjs")
	f(http.MethodPost, "/v1/traces//")
}
