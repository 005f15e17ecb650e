package jaeger

import (
	"context"
	"net/http"
	"net/url"

	"edgescope/edge"
)

// Figures returns one of the figures that the Monitor tab of Jaeger UI shows (latencies, calls, errors), of the
// services and range that the parameters name. The value is the answer as encoding/json or an io.WriterTo writes it.
type Figures func(ctx context.Context, tenant edge.Tenant, figure string, form url.Values) (any, error)

// monitorRoutes are the paths of figures of services.
func monitorRoutes(figures Figures) []route {
	ask := func(ctx context.Context, q *question) (any, error) {
		if figures == nil {
			return nil, &statusError{http.StatusNotImplemented, "metrics querying is currently disabled"}
		}
		return figures(ctx, q.tenant, q.rest, q.form)
	}
	return []route{{path: "metrics/minstep", ask: minStep}, {path: "metrics/", ask: ask}}
}

// minStep returns in milliseconds what Jaeger says over Prometheus: any step may be asked for.
func minStep(context.Context, *question) (any, error) { return &envelope{Data: 1}, nil }
