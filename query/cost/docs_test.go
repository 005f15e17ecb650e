package cost_test

import (
	"testing"

	"edgescope/query"
)

// TestTheExampleOfTheDocs holds what docs/api.md shows of the answer.
func TestTheExampleOfTheDocs(t *testing.T) {
	w := newWorld(t, "accounts: [{platform: cloudflare.workers, plan: Paid, budget: 12}]").days(22, 12, "shop", "/img/:id")
	w.Examples(t, "../../docs/api.md", w.room.Answers(), query.PathCost, query.PathBill)
}
