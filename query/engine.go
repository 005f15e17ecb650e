package query

import (
	"context"
	"log/slog"
	"sync"
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

// Engine answers questions from a store. It is safe for concurrent use; what it answers belongs to the caller.
type Engine struct {
	store store.Reader
	o     EngineOptions
	slots chan struct{}

	sources  memo[sources]
	choices  memo[Choices]
	norms    memo[map[string]Num]
	presence memo[presence]
	befores  memo[*table]
}

const (
	// sourcesLife is how long the sources of services are remembered, and with them that a service exists: an acknowledged
	// invocation is to be in an answer within 10 s, of which totals and the store take up to 9.
	sourcesLife = time.Second
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
	return &Engine{store: s, o: o, slots: make(chan struct{}, o.Concurrency)}
}

// take waits for a slot at the store; the caller gives it back.
func (e *Engine) take(ctx context.Context) error {
	select {
	case e.slots <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (e *Engine) give() { <-e.slots }

// series asks for samples at the end of each bucket of the window: a rollup sample is stamped with the start of its window,
// so that sum_over_time(m[step]) just before the end of a bucket adds up exactly the windows that begin in it.
func (e *Engine) series(ctx context.Context, tenant edge.Tenant, text string, w window) ([]store.Series, error) {
	if err := e.take(ctx); err != nil {
		return nil, err
	}
	defer e.give()
	return e.store.Series(ctx, store.SeriesQuestion{
		Tenant: tenant, MetricsQL: text, Step: w.step,
		From: w.from.Add(w.step - time.Millisecond), To: w.to.Add(-time.Millisecond),
	})
}

// totals asks for the sums of samples in each bucket of the window: a rollup sample is stamped with the start of its window, so
// the windows that begin in a bucket are added up. emit's series is valid during the call only.
func (e *Engine) totals(ctx context.Context, tenant edge.Tenant, selector string, w window, emit func(*store.Series) error) error {
	if err := e.take(ctx); err != nil {
		return err
	}
	defer e.give()
	return e.store.Totals(ctx, store.TotalsQuestion{Tenant: tenant, Selector: selector, From: w.from, To: w.to, Step: w.step}, emit)
}

// rows asks for events; emit's row is valid during the call only.
func (e *Engine) rows(ctx context.Context, q store.RowsQuestion, emit func(store.Row) error) error {
	if err := e.take(ctx); err != nil {
		return err
	}
	defer e.give()
	q.At = e.o.Now()
	return e.store.Rows(ctx, q, emit)
}

// memoSize bounds what a memo remembers: it forgets all when full, which costs a few questions.
const memoSize = 64

// memo remembers answers for a while. The zero value is ready.
type memo[V any] struct {
	mu   sync.Mutex
	kept map[string]kept[V]
}

type kept[V any] struct {
	value V
	until time.Time
}

// get answers what is remembered of the key, or asks. Two askers at once may both ask: the answers are equal.
func (m *memo[V]) get(key string, now time.Time, life time.Duration, ask func() (V, error)) (V, error) {
	m.mu.Lock()
	k, ok := m.kept[key]
	m.mu.Unlock()
	if ok && now.Before(k.until) {
		return k.value, nil
	}
	v, err := ask()
	if err != nil {
		return v, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.kept == nil || len(m.kept) >= memoSize {
		m.kept = map[string]kept[V]{}
	}
	m.kept[key] = kept[V]{v, now.Add(life)}
	return v, nil
}
