// Package engine answers questions from a store. One file per question.
package engine

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"edgescope/edge"
	"edgescope/query"
	"edgescope/query/memo"
	"edgescope/query/tables"
	"edgescope/store"
)

// Options are what an Engine needs beside its reader. The zero value works.
type Options struct {
	// Logger takes notes of parts that could not be answered; nil means none.
	Logger *slog.Logger
	// Colo returns where a point of presence is; nil means that no place is known.
	Colo func(code string) (Place, bool)
	// Retention is how long events are kept, which bounds the search for a trace or a run; 0 means 30 days.
	Retention time.Duration
	// RefusalExample returns what the last sender of a total of refusals was told, "" if nobody knows; nil knows
	// nothing.
	RefusalExample func(tenant edge.Tenant, metric, reason, sender string) string
}

// Place is where a point of presence is.
type Place struct {
	City    string
	Country string // two capitals
	// Lat and Lon are degrees, north and east positive.
	Lat, Lon float64
}

// Engine answers questions from a store. It is safe for concurrent use; its answers belong to the caller.
type Engine struct {
	read *tables.Reader
	o    Options

	norms memo.Memo[map[string]query.Num]
}

// normLife is how long the norm of seven days is remembered: an hour more or less does not move it.
const normLife = time.Hour

// asking is one question on its way through the engine.
type asking struct {
	*tables.Asking
	*Engine
}

// begin reads the question.
func (e *Engine) begin(tenant edge.Tenant, q query.Question) (*asking, error) {
	a, err := e.read.Begin(tenant, q)
	return &asking{a, e}, err
}

// New makes an Engine that asks by that reader, whose clock is its own.
func New(read *tables.Reader, o Options) *Engine {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Colo == nil {
		o.Colo = func(string) (Place, bool) { return Place{}, false }
	}
	if o.RefusalExample == nil {
		o.RefusalExample = func(edge.Tenant, string, string, string) string { return "" }
	}
	if o.Retention <= 0 {
		o.Retention = 30 * query.Day
	}
	return &Engine{read: read, o: o}
}

// Answers are the engine's answers for the API.
func (e *Engine) Answers() query.Answers {
	return query.Answers{
		All: map[string]query.Answer{
			query.PathOverview:   all(e.Overview),
			query.PathRegions:    all(e.Regions),
			query.PathColdStarts: all(e.ColdStarts),
			query.PathCache:      all(e.Cache),
			query.PathRoutes:     all(e.Routes),
			query.PathVersions:   all(e.Versions),
			query.PathTraces:     all(e.Traces),
			query.PathRuns:       all(e.Runs),
			query.PathDatasets:   all(e.Datasets),
			query.PathRefusals:   all(e.Refusals),
			query.PathWASM:       all(e.WASM),
		},
		One: map[string]query.Answer{
			query.PathRegions: one(e.Region),
			query.PathTraces:  one(e.Trace),
			query.PathRuns:    one(e.Run),
		},
	}
}

// all is an answer about everything.
func all[A any](ask func(context.Context, edge.Tenant, query.Question) (*A, error)) query.Answer {
	return func(ctx context.Context, r query.Request) (any, error) {
		answer, err := ask(ctx, r.Tenant, r.Question)
		return answer, explain(err)
	}
}

// one is an answer about one thing.
func one[A any](
	ask func(ctx context.Context, tenant edge.Tenant, id string, q query.Question) (*A, error),
) query.Answer {
	return func(ctx context.Context, r query.Request) (any, error) {
		answer, err := ask(ctx, r.Tenant, r.ID, r.Question)
		return answer, explain(err)
	}
}

// explain says in the API's words what the store says in its own.
func explain(err error) error {
	if errors.Is(err, store.ErrTooMuch) {
		return fmt.Errorf("%w: %w", query.ErrTooMuch, err)
	}
	return err
}
