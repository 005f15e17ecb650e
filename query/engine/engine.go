// Package engine answers questions from a store. One file per question.
package engine

import (
	"context"
	"log/slog"
	"time"

	"edgescope/edge"
	"edgescope/query"
	"edgescope/query/memo"
	"edgescope/query/tables"
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
	// Findings returns what is wrong, as far as that is known at once, and whether that is all; nil finds nothing but
	// silences.
	Findings func(ctx context.Context, tenant edge.Tenant, q query.Question) (found []query.Finding, whole bool, err error)
	// Standings returns how services and regions stand against their own norms; nil knows none.
	Standings func(context.Context, edge.Tenant, query.Question) ([]query.Standing, error)
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
	if o.Findings == nil {
		o.Findings = func(context.Context, edge.Tenant, query.Question) ([]query.Finding, bool, error) {
			return nil, true, nil
		}
	}
	if o.Standings == nil {
		o.Standings = func(context.Context, edge.Tenant, query.Question) ([]query.Standing, error) { return nil, nil }
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
			query.PathOverview:   tables.All(e.Overview),
			query.PathRegions:    tables.All(e.Regions),
			query.PathColdStarts: tables.All(e.ColdStarts),
			query.PathCache:      tables.All(e.Cache),
			query.PathRoutes:     tables.All(e.Routes),
			query.PathVersions:   tables.All(e.Versions),
			query.PathTraces:     tables.All(e.Traces),
			query.PathRuns:       tables.All(e.Runs),
			query.PathDatasets:   tables.All(e.Datasets),
			query.PathRefusals:   tables.All(e.Refusals),
			query.PathWASM:       tables.All(e.WASM),
		},
		One: map[string]query.Answer{
			query.PathRegions: tables.One(e.Region),
			query.PathTraces:  tables.One(e.Trace),
			query.PathRuns:    tables.One(e.Run),
		},
	}
}
