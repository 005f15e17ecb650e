package query

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"edgescope/edge"
	"edgescope/store"
)

// EngineOptions are what an Engine needs beside its store. The zero value works.
type EngineOptions struct {
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// Logger takes notes of parts that could not be answered; nil means none.
	Logger *slog.Logger
	// Colo answers where a point of presence is; nil means that no place is known.
	Colo func(code string) (Place, bool)
	// Retention is how long events are kept, which bounds the search for a trace or a run; 0 means 30 days.
	Retention time.Duration
	// RefusalExample returns what the last sender of a total of refusals was told, "" if nobody knows; nil knows nothing.
	RefusalExample func(tenant edge.Tenant, metric, reason, sender string) string
	// Concurrency is how many questions the store gets at a time from all askers together; 0 means 8.
	Concurrency int
}

// Place is where a point of presence is.
type Place struct {
	City    string
	Country string // two capitals
	// Lat and Lon are degrees, north and east positive.
	Lat, Lon float64
}

// Engine answers questions from a store. It is safe for concurrent use; what it answers belongs to the caller.
type Engine struct {
	read *reader
	o    EngineOptions

	choices  memo[Choices]
	norms    memo[map[string]Num]
	presence memo[presence]
	befores  memo[*table]
}

const (
	// choicesLife is how long the values that filters offer are remembered.
	choicesLife = 5 * time.Second
	// beforeLife is how long the period before is remembered: late events may still add to it.
	beforeLife = time.Minute
	// normLife is how long the norm of seven days is remembered: an hour more or less does not move it.
	normLife = time.Hour
)

// NewEngine makes an Engine that asks that store.
func NewEngine(s store.Reader, o EngineOptions) *Engine {
	if o.Now == nil {
		o.Now = time.Now
	}
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
		o.Retention = 30 * day
	}
	if o.Concurrency <= 0 {
		o.Concurrency = 8
	}
	return &Engine{read: newReader(s, o.Now, o.Concurrency), o: o}
}

// Answers are the engine's answers for the API.
func (e *Engine) Answers() Answers {
	return Answers{
		All: map[string]Answer{
			PathOverview:   all(e.Overview),
			PathRegions:    all(e.Regions),
			PathColdStarts: all(e.ColdStarts),
			PathCache:      all(e.Cache),
			PathRoutes:     all(e.Routes),
			PathVersions:   all(e.Versions),
			PathTraces:     all(e.Traces),
			PathRuns:       all(e.Runs),
			PathDatasets:   all(e.Datasets),
			PathRefusals:   all(e.Refusals),
			PathWASM:       all(e.WASM),
		},
		One: map[string]Answer{
			PathRegions: one(e.Region),
			PathTraces:  one(e.Trace),
			PathRuns:    one(e.Run),
		},
	}
}

// all is an answer about everything.
func all[A any](ask func(context.Context, edge.Tenant, Question) (*A, error)) Answer {
	return func(ctx context.Context, r Request) (any, error) {
		answer, err := ask(ctx, r.Tenant, r.Question)
		return answer, explain(err)
	}
}

// one is an answer about one thing.
func one[A any](ask func(ctx context.Context, tenant edge.Tenant, id string, q Question) (*A, error)) Answer {
	return func(ctx context.Context, r Request) (any, error) {
		answer, err := ask(ctx, r.Tenant, r.ID, r.Question)
		return answer, explain(err)
	}
}

// explain says in the API's words what the store says in its own.
func explain(err error) error {
	if errors.Is(err, store.ErrTooMuch) {
		return fmt.Errorf("%w: %w", ErrTooMuch, err)
	}
	return err
}
