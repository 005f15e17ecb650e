package tables

import (
	"fmt"
	"testing"

	"edgescope/edge"
)

// TestCutsHaveTheirOwnKeys holds that cuts that differ in nothing but where a value ends are not remembered as one.
func TestCutsHaveTheirOwnKeys(t *testing.T) {
	key := func(values ...string) string {
		return fmt.Sprintf("%#v", Cut{}.Where(edge.KeyRoute, values))
	}
	if key("a b") == key("a", "b") {
		t.Errorf("keys: %s and %s", key("a b"), key("a", "b"))
	}
}
