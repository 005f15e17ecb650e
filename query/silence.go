package query

import (
	"context"
	"fmt"
	"time"

	"edgescope/edge"
)

// newestOf returns the end of the newest window in which each region has invocations, looking back from now. It is nil when the
// question ends before now or goes by what the rollups of regions do not have.
func (a *asking) newestOf(ctx context.Context) (map[string]time.Time, error) {
	c := cut{tenant: a.tenant, by: []string{edge.KeyRegion}, parts: withEvents, conditions: a.conditions}
	if _, ok := c.family(); a.q.Range == "" || !ok {
		return nil, nil //nolint:nilnil // nobody can be called silent
	}
	newest, err := a.read.newestWindows(ctx, c, a.win.whole(), a.now.Add(-silenceLooked), a.now)
	if err != nil {
		return nil, fmt.Errorf("find the newest invocation of each region: %w", err)
	}
	return newest, nil
}
