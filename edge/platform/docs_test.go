package platform_test

import (
	"os"
	"strings"
	"testing"

	"edgescope/edge"
)

// TestTablesOfTheDocumentHold normalises a span of each attribute that docs/platforms.md shows.
func TestTablesOfTheDocumentHold(t *testing.T) {
	doc, err := os.ReadFile("../../docs/platforms.md")
	if err != nil {
		t.Fatal(err)
	}
	fields := map[string]func(edge.Facts) string{
		"cloud.region":      func(f edge.Facts) string { return f.Region },
		"edge.colo":         func(f edge.Facts) string { return f.Colo },
		"edge.cache.status": func(f edge.Facts) string { return f.CacheStatus },
		"faas.coldstart":    func(f edge.Facts) string { return f.ColdStart.String() },
		"service.version":   func(f edge.Facts) string { return f.Version },
		"http.route":        func(f edge.Facts) string { return f.Route },
	}
	n := 0
	for line := range strings.Lines(string(doc)) {
		cells := strings.Split(line, "` | `")
		if len(cells) != 4 {
			continue
		}
		key, field, want := strings.TrimPrefix(cells[0], "| `"), fields[cells[2]],
			strings.TrimSuffix(strings.TrimSpace(cells[3]), "` |")
		if field == nil {
			t.Errorf("%s is no field of this test", cells[2])
			continue
		}
		if got := field(facts(key, cells[1])); got != want {
			t.Errorf("%s = %s: %s is %q, want %q", key, cells[1], cells[2], got, want)
		}
		n++
	}
	if n < 50 {
		t.Errorf("%d rows, want those of the document", n)
	}
}
