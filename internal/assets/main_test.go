package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestPlainNamesHaveNoHash(t *testing.T) {
	f := func(name, want string) {
		t.Helper()
		if got := plainName(name); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
	f("app.GEGVHHJO.js", "app.js")
	f("app.M2PEI7EL.css", "app.css")
	f("inter-latin-wght-normal.NRMW37G5.woff2", "inter.woff2")
	f("app.GEGVHHJO.js.LEGAL.txt", "app.js.LEGAL.txt")
	f("manifest.json", "manifest.json")
}

// small is a topology of two arcs: a square, and the way back along it.
const small = `{"type":"Topology","transform":{"scale":[0.5,0.5],"translate":[-10,10]},
"arcs":[[[0,0],[20,0],[0,20]],[[0,0],[0,20],[20,0]]],
"objects":{"land":{"type":"GeometryCollection","geometries":[{"type":"MultiPolygon","arcs":[[[0,-2]]]}]}}}`

func topo(t *testing.T, text string) *topology {
	t.Helper()
	var out topology
	if err := json.Unmarshal([]byte(text), &out); err != nil {
		t.Fatal(err)
	}
	return &out
}

func TestArcsAreDeltasAndNegativeOnesRunBackwards(t *testing.T) {
	rings, err := topo(t, small).rings()
	if err != nil {
		t.Fatal(err)
	}
	want := [][]lonLat{{{-10, 10}, {0, 10}, {0, 20}, {-10, 20}, {-10, 10}}}
	if diff := cmp.Diff(want, rings, cmp.AllowUnexported(lonLat{})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestABrokenAtlasIsAnError(t *testing.T) {
	for _, text := range []string{
		strings.Replace(small, "[0,-2]", "[0,7]", 1), strings.Replace(small, "[0,-2]", "[-9]", 1),
		strings.Replace(small, "MultiPolygon", "Point", 1), strings.Replace(small, "[[[0,-2]]]", `"all"`, 1),
	} {
		if _, err := topo(t, text).rings(); err == nil {
			t.Errorf("taken without an error: %s", text)
		}
	}
}

func TestTheLandBreaksAtTheEdgeAndEndsAboveAntarctica(t *testing.T) {
	f := func(want int, ring ...lonLat) {
		t.Helper()
		got := strings.Count(string(appendRing(nil, ring, 400)), "M")
		if got != want {
			t.Errorf("%v: %d pieces, want %d", ring, got, want)
		}
	}
	f(1, lonLat{0, 0}, lonLat{10, 0}, lonLat{10, 10})
	f(3, lonLat{178, -17}, lonLat{180, -16}, lonLat{-180, -16}, lonLat{-178, -17}, lonLat{178, -17})
	f(0, lonLat{0, -50}, lonLat{10, -61}, lonLat{10, -50})
}

func TestCleanKeepsThePlaceholder(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{".gitkeep", "app.OLD.js"} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := clean(dir); err != nil {
		t.Fatal(err)
	}
	_, kept := os.Stat(filepath.Join(dir, ".gitkeep"))
	if kept != nil {
		t.Errorf("the placeholder is gone: %v", kept)
	}
	if _, err := os.Stat(filepath.Join(dir, "app.OLD.js")); err == nil {
		t.Error("an old file is still there")
	}
}

func TestPackagesThatAreNotInstalledAreNamed(t *testing.T) {
	if err := build(t.TempDir()); err == nil || !strings.Contains(err.Error(), "npm ci") {
		t.Errorf("got %v, want an error that names npm ci", err)
	}
}

// TestBundle bundles the real sources: the style sheet finds its font and its map, and nothing is left to be fetched.
func TestBundle(t *testing.T) {
	web, err := filepath.Abs("../../web")
	if err != nil {
		t.Fatal(err)
	}
	atlas := filepath.Join(web, "node_modules", "world-atlas", "land-110m.json")
	if _, err := os.Stat(atlas); err != nil {
		t.Skip("the packages of web are not installed: npm ci --prefix web")
	}
	files, err := bundle(web, atlas)
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]string{}
	for _, f := range files {
		names[plainName(filepath.Base(f.Path))] = string(f.Contents)
	}
	for _, want := range []string{"app.js", "app.css", "inter.woff2", "world.svg"} {
		if names[want] == "" {
			t.Errorf("no %s in %d files", want, len(files))
		}
	}
	if css := names["app.css"]; strings.Contains(css, "http:") || strings.Contains(css, "https:") {
		t.Error("the style sheet names another site")
	}
	if svg := names["world.svg"]; !strings.HasPrefix(svg, "<svg") || strings.Count(svg, "M") < 50 {
		t.Errorf("the world is %.80s", svg)
	}
}
