package scenarios_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"edgescope/scenarios"
)

// sharedDir finds the folder with the compatibility probes.
func sharedDir(t *testing.T) string {
	t.Helper()
	dir := os.Getenv("EDGESCOPE_SHARED")
	if dir == "" {
		dir = filepath.Join("..", "..", "shared")
	}
	if _, err := os.Stat(filepath.Join(dir, "artillery-probes")); err != nil {
		t.Skipf("the Artillery probes are not there: %v (EDGESCOPE_SHARED names their folder)", err)
	}
	return dir
}

// TestProbesLoadOrAreRefused: a probe that must exit 2 is refused with the text that its manifest asks for; all others
// load.
func TestProbesLoadOrAreRefused(t *testing.T) {
	dir := filepath.Join(sharedDir(t), "artillery-probes")
	src, err := os.ReadFile(filepath.Join(dir, "manifest.json"))
	if err != nil {
		t.Fatal(err)
	}
	var probes []struct {
		Script string
		Args   []string
		Expect struct {
			Exit           any
			OutputContains []string `json:"output_contains"`
		}
	}
	if err := json.Unmarshal(src, &probes); err != nil {
		t.Fatal(err)
	}
	for _, p := range probes {
		t.Run(p.Script, func(t *testing.T) {
			o := scenarios.Options{Files: []string{filepath.Join(dir, p.Script)}, Target: "http://127.0.0.1:1"}
			if i := slices.Index(p.Args, "-e"); i >= 0 {
				o.Environment = p.Args[i+1]
			}
			if i := slices.Index(p.Args, "-v"); i >= 0 {
				o.Variables = p.Args[i+1]
			}
			_, err := scenarios.Load(o)
			want := p.Expect.OutputContains
			refused := p.Expect.Exit == float64(2)
			if (err != nil) != refused {
				t.Fatalf("refused: %v, want %v: %v", err != nil, refused, err)
			}
			for _, w := range want {
				if refused && !strings.Contains(err.Error(), w) {
					t.Errorf("the refusal lacks %q:\n%v", w, err)
				}
			}
		})
	}
}
