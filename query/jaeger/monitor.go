package jaeger

import (
	"context"
	"net/http"

	"edgescope/store"
)

// monitorRoutes are the paths of figures of services.
func monitorRoutes(store.Reader) []route {
	return []route{{path: "metrics/", ask: func(context.Context, *question) (any, error) {
		return nil, &statusError{http.StatusNotImplemented, "metrics querying is currently disabled"}
	}}}
}
