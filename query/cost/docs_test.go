package cost_test

import (
	"testing"

	"edgescope/query"
)

// TestTheExampleOfTheDocs holds what docs/api.md shows of the answer.
func TestTheExampleOfTheDocs(t *testing.T) {
	w := newWorld(t, "accounts: [{platform: cloudflare.workers, plan: Paid, budget: 14.50}]").days(22, 12,
		"service=shop platform=cloudflare.workers region=AMS route=/img/:id cpu=10 weight=2000")
	w.Examples(t, "../../docs/api.md", w.room.Answers(), query.PathCost)
}
