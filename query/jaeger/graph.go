package jaeger

import (
	"context"
	"net/http"

	"edgescope/store"
)

// graphRoutes are the paths of the graph of services.
func graphRoutes(store.Reader) []route {
	return []route{{path: "dependencies", ask: func(context.Context, *question) (any, error) {
		return nil, &statusError{
			http.StatusNotImplemented, "dependencies of Jaeger's API are not answered: ask /api/edge/v1/traces",
		}
	}}}
}
