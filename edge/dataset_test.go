package edge_test

import (
	"regexp"
	"strings"
	"testing"

	"edgescope/edge"
)

// TestDatasetNamesMatchTheirPattern holds that what people are told is what is taken.
func TestDatasetNamesMatchTheirPattern(t *testing.T) {
	pattern := regexp.MustCompile(edge.DatasetPattern)
	names := []string{
		"", "a", "requests", "A-b_c.9", "a b", "a/b", "é", "a\n", strings.Repeat("x", 64),
		strings.Repeat("x", 65),
	}
	for c := range 256 {
		names = append(names, "x"+string([]byte{byte(c)}))
	}
	for _, name := range names {
		if got, want := edge.ValidDataset(name), pattern.MatchString(name); got != want {
			t.Errorf("%q: %t, want %t", name, got, want)
		}
	}
}
