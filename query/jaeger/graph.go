package jaeger

import (
	"cmp"
	"context"
	"time"

	"edgescope/query/jaeger/graph"
	"edgescope/query/jaeger/param"
	"edgescope/store"
)

// graphBack is how far back the graph of services looks when a question does not say, as in Jaeger.
const graphBack = 24 * time.Hour

// graphRoutes are the paths of the graph of services.
func graphRoutes(reader store.Reader, now func() time.Time) []route {
	g := graph.New(reader, now)
	return []route{{path: "dependencies", ask: func(ctx context.Context, q *question) (any, error) {
		return dependencies(ctx, g, q)
	}}}
}

// dependencies returns who calls whom, of all services or of those next to one.
func dependencies(ctx context.Context, g *graph.Graph, q *question) (*envelope, error) {
	to, err := param.Time(q.form, "endTs", time.Millisecond, q.now)
	if err != nil {
		return nil, err
	}
	lookback, err := param.Length(q.form, "lookback", time.Millisecond, graphBack)
	if err != nil {
		return nil, err
	}
	calls, err := g.Calls(ctx, q.tenant, to, lookback)
	if err != nil {
		return nil, err
	}
	service, list := q.parameter("service"), []graph.Call{}
	for _, c := range calls {
		c.Parent, c.Child = cmp.Or(c.Parent, noService), cmp.Or(c.Child, noService)
		if service == "" || c.Parent == service || c.Child == service {
			list = append(list, c)
		}
	}
	return &envelope{Data: list}, nil
}
