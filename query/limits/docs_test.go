package limits_test

import (
	"testing"

	"edgescope/edge"
	"edgescope/edge/platform"
	"edgescope/query"
	"edgescope/query/querytest"
)

// TestExamplesOfTheDocumentHold holds that the answers have all that docs/api.md shows.
func TestExamplesOfTheDocumentHold(t *testing.T) {
	w := querytest.New(t)
	plant(w, 5*24, 0, func(int) bool { return false })
	serve(w, 2000, edge.Facts{Service: "shop", Platform: platform.CloudflareWorkers, HasCPU: true}, func(i int, f *edge.Facts) {
		f.CPUTime = planted(2000, 12)(i)
	})
	serve(w, 10, edge.Facts{Service: "old", Platform: platform.Fly}, nil)
	x := room(t, w, "limits: [{platform: cloudflare.workers, plan: Free}]")
	w.Examples(t, "../../docs/api.md", x.Answers(), query.PathLimits, query.PathForecast)
}
