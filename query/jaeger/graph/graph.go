// Package graph makes the graph of services of a tenant's spans when it is asked for: which service called which, how
// often. Nothing is kept between questions but a few answers for a short while.
//
// A call is a span whose parent belongs to another service, as in Jaeger's memory store, but for calls of a service to
// itself, which no graph of services shows. A span without a parent that has links is below the first span of its own
// trace that it links to, as Jaeger UI draws it; links to other traces are no calls. Where two spans of different
// services have the parent's id, as spans of Zipkin clients do, each of the two called.
package graph

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"edgescope/edge"
	"edgescope/query/gate"
	"edgescope/query/memo"
	"edgescope/store"
)

// Call is how often one service called another; the name of none is "".
type Call struct {
	Parent string `json:"parent"`
	Child  string `json:"child"`
	Count  uint64 `json:"callCount"`
}

const (
	// maxSpans bounds the spans that an answer is made of: it takes a microsecond of CPU and 33 bytes of each.
	maxSpans = 1 << 20
	// minSpans is the least that the bound is lowered to where there is less memory.
	minSpans = 1 << 14
	// maxCalls bounds an answer; those that happened most often are kept.
	maxCalls = 10_000
	// overlap is how far before and after a range parents of its spans are looked for, where the range is longer.
	overlap = 5 * time.Minute
	// future is how far ahead of the clock spans may be.
	future = 48 * time.Hour
	// An answer is remembered for keepFor times as long as it took, so that it takes no more than a twentieth of a core
	// however often it is asked for, and for maxKept at most.
	keepFor = 20
	maxKept = time.Minute
	// maxRemembered is the largest answer that is remembered.
	maxRemembered = 1000
)

// Graph answers for the spans of a store. It is safe for concurrent use.
type Graph struct {
	reader store.Reader
	now    func() time.Time
	kept   memo.Memo[[]Call]
}

// New makes a graph whose clock is now.
func New(reader store.Reader, now func() time.Time) *Graph { return &Graph{reader: reader, now: now} }

// Calls returns the calls whose spans ended in the lookback before to, whole milliseconds, sorted by parent and child.
// Of more spans than maxSpans it takes the newest. The caller must not change what is returned.
func (g *Graph) Calls(ctx context.Context, tenant edge.Tenant, to time.Time, lookback time.Duration) ([]Call, error) {
	asked := g.now()
	to = earlier(to, asked.Add(future))
	from := later(to.Add(-lookback), time.Unix(0, 0))
	// Clients ask up to now, in milliseconds.
	key := fmt.Sprint(tenant, to.Unix()/60, lookback)
	return g.kept.GetFor(key, asked, func() ([]Call, time.Duration, error) {
		calls, err := g.between(ctx, tenant, from, to)
		if len(calls) > maxRemembered {
			return calls, 0, err
		}
		return calls, min(keepFor*g.now().Sub(asked), maxKept), err
	})
}

// between asks the spans of a range, as many of its newest as there is memory for.
func (g *Graph) between(ctx context.Context, tenant edge.Tenant, from, to time.Time) ([]Call, error) {
	for most := maxSpans; ; most /= 2 {
		r := reading{reader: g.reader, tenant: tenant, from: from, to: to.Add(time.Millisecond)}
		n, err := r.cut(ctx, most)
		if err != nil {
			return nil, err
		}
		err = gate.Need(ctx, tableBytes(n), tableBytes(n))
		var refused *gate.RefusedError
		if errors.As(err, &refused) && refused.Status == http.StatusUnprocessableEntity && most > minSpans {
			continue
		}
		if err != nil {
			return nil, err
		}
		t := newTable(n)
		if err := r.fill(ctx, t); err != nil {
			return nil, err
		}
		return t.calls(ctx)
	}
}
