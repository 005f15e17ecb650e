// Package ingest is the one way from receivers to the store: normalise, refuse what can't be kept, write, add up.
// Receivers hand in batches; a return of nil means that the batch is kept.
package ingest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/VictoriaMetrics/metrics"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"edgescope/edge"
	"edgescope/ingest/normalize"
	"edgescope/ingest/rollup"
	"edgescope/ingest/seen"
	"edgescope/store"
)

// Log makes batches durable before they are acknowledged, and gives back after a crash what the store may have lost.
type Log interface {
	// Append returns when the batch is durable, with its Record and Arrival set. It fails with *edge.UnavailableError
	// when the same batch may be sent again; after any other error the log takes nothing any more.
	Append(ctx context.Context, b *edge.Batch) error
	// Restore gives use the newest checkpoint that it takes, and returns false when there is none.
	Restore(use func(position uint64, state []byte) error) (bool, error)
	// Replay gives back what earlier processes appended, oldest first: span is told of each part of the log and returns
	// what to do with its batches, which are valid during the call.
	Replay(ctx context.Context, span func(store.LogSpan) (func(*edge.Batch) error, error)) error
	// Checkpoint keeps a state that every record up to the position is part of. The log may drop those records once the
	// store has had time to make them durable.
	Checkpoint(position uint64, state []byte) error
}

// RowReader returns what a store has, as store.Reader does.
type RowReader interface {
	Rows(ctx context.Context, q store.RowsQuestion, emit func(store.Row) error) error
}

// Options describe a Pipeline. Store, Normalizer, Rollup and Logger are required.
type Options struct {
	Store store.Writer
	// Reader is asked what the store has of the log. Required with a Log.
	Reader RowReader
	// Writable returns nil, or why the store takes nothing now, which is asked before a batch enters the log; nil is
	// always.
	Writable func() error
	// Flush returns when the store's engines have what was written before. It is called before each checkpoint, which
	// claims that they have: a segment of the log that it covers goes a minute later. Required with a Log.
	Flush func()
	// Show makes samples that were written visible to questions. It is called at a flush, when totals or clients' own
	// numbers were written; nil leaves it to the store.
	Show       func()
	Normalizer *normalize.Normalizer
	Rollup     *rollup.Rollup
	// Log is nil when there is no write-ahead log: kill -9 then loses what the store has not flushed, and the totals
	// that are held.
	Log Log
	// SpanMemory bounds in bytes what is remembered of spans, so that one that comes twice is kept once; 0 is
	// seen.DefaultMemory.
	SpanMemory int64
	// FlushEvery is how often totals are written to the store; 0 means 1.5 seconds, so that an event is in answers
	// within 3 s of its acknowledgement: answers remember for another second which services there are.
	FlushEvery time.Duration
	// CheckpointEvery is how often the totals that are held go into the log; 0 means 30 seconds. A checkpoint that
	// takes long is followed by a longer pause, so that it costs at most a twentieth of the time.
	CheckpointEvery time.Duration
	// Continues tells that an earlier process wrote to the same store: without a checkpoint its totals are not known.
	Continues bool
	Metrics   *metrics.Set
	Logger    *slog.Logger
}

// Pipeline takes batches of events. It is safe for concurrent use; how many batches are worked on at a time is for
// their receivers to bound (body.Body.Work).
type Pipeline struct {
	o      Options
	inside atomic.Int64 // batches in work
	tracer trace.Tracer
	count  counters
	labels labels

	retries *retries
	spans   *seen.Spans
	// gate is held for reading from before a batch enters the log until it is added up, for writing by a checkpoint:
	// nothing is half way then, and the newest record that was applied, position, is one up to which all were.
	gate     sync.RWMutex
	position atomic.Uint64
	// keeping is held while totals are written and kept in a checkpoint, before gate.
	keeping sync.Mutex
	// unshown tells that clients' own numbers were written since the last Show.
	unshown atomic.Bool
	// heavy tells that the part of the totals should turn before the next flush.
	heavy chan struct{}
	// ready is closed when the log is replayed.
	ready chan struct{}

	stop   context.CancelFunc
	wg     sync.WaitGroup
	once   sync.Once
	closed error

	failing sync.Once
	failed  chan struct{}
	failure error // valid when failed is closed
}

// Open makes a Pipeline and continues the windows of the earlier process. It replays the log in the background: until
// Ready is closed, batches wait. The Pipeline lives until Close: cancelling ctx does not end it.
func Open(ctx context.Context, o Options) (*Pipeline, error) {
	o = o.withDefaults()
	p := &Pipeline{
		o: o, tracer: otel.Tracer("edgescope/ingest"), count: newCounters(o.Metrics),
		retries: newRetries(), spans: seen.New(o.SpanMemory), heavy: make(chan struct{}, 1), ready: make(chan struct{}),
		failed: make(chan struct{}),
	}
	if err := p.restore(); err != nil {
		return nil, err
	}
	p.observe()
	ctx, p.stop = context.WithCancel(context.WithoutCancel(ctx))
	p.labels = newLabels(ctx)
	p.wg.Go(func() { p.run(ctx) })
	return p, nil
}

func (o Options) withDefaults() Options {
	o.FlushEvery = cmp.Or(o.FlushEvery, 1500*time.Millisecond)
	o.CheckpointEvery = cmp.Or(o.CheckpointEvery, 30*time.Second)
	if o.Writable == nil {
		o.Writable = func() error { return nil }
	}
	if o.Show == nil {
		o.Show = func() {}
	}
	if o.Metrics == nil {
		o.Metrics = metrics.NewSet()
	}
	return o
}

// Ready is closed when the log is replayed and batches are taken.
func (p *Pipeline) Ready() <-chan struct{} { return p.ready }

// Failed is closed when the pipeline can't go on, as when the store did not take what the log holds: the process must
// end, and the next one replays the log. Err says why.
func (p *Pipeline) Failed() <-chan struct{} { return p.failed }

// Err returns why the pipeline failed, nil if it has not.
func (p *Pipeline) Err() error {
	if !p.hasFailed() {
		return nil
	}
	return p.failure
}

func (p *Pipeline) hasFailed() bool {
	select {
	case <-p.failed:
		return true
	default:
		return false
	}
}

func (p *Pipeline) fail(err error) {
	p.failing.Do(func() {
		p.failure = err
		close(p.failed)
	})
}

// Events takes a batch: on return of nil its events are kept, except those that b.Rejected names. It fails with
// *edge.UnavailableError when the same batch may be sent again later; then nothing of it was kept.
func (p *Pipeline) Events(ctx context.Context, b *edge.Batch) error {
	if err := p.enter(ctx); err != nil {
		return err
	}
	defer p.leave()
	if err := p.awaitRoom(ctx); err != nil {
		return err
	}
	ctx, span := p.tracer.Start(ctx, "pipeline", trace.WithAttributes(attribute.Int("edge.batch.events",
		len(b.Events))))
	defer span.End()
	// The body is here and there is room for it: that its client does not wait any more is no reason to lose it. Should
	// the client send it again, it is known by its hash; clients that never do, such as workerd's binding, may hang up
	// early.
	_, err := p.work(context.WithoutCancel(ctx), b, p.take)
	if err != nil {
		span.RecordError(err)
	}
	return err
}

// work takes a batch, unless its body was taken before: then it returns true.
func (p *Pipeline) work(
	ctx context.Context, b *edge.Batch, take func(context.Context, *edge.Batch) error,
) (repeated bool, err error) {
	p.gate.RLock()
	defer p.gate.RUnlock()
	if b.Body == (edge.BodyHash{}) {
		return false, take(ctx, b)
	}
	if repeated, err = p.retries.enter(ctx, b); err != nil {
		return false, err
	}
	if repeated {
		p.count.add("edgescope_ingest_repeated_batches_total", 1)
		return true, nil
	}
	err = take(ctx, b)
	p.retries.leave(b, err == nil && b.Record.Seq != 0)
	return false, err
}

func (p *Pipeline) take(ctx context.Context, b *edge.Batch) error {
	end := stage(ctx, p.labels.normalise)
	bounded := p.o.Normalizer.Normalize(b.Events)
	warn(b, "weight or count above --max-weight", bounded.Weights)
	warn(b, "length of time above 30 days", bounded.Durations)
	p.refuse(b)
	claim := p.spans.Claim(b)
	p.count.repeated.Add(claim.Repeated)
	kept := false
	defer func() { claim.Settle(kept) }()
	end()
	if len(b.Events) > 0 {
		if err := p.log(ctx, b); err != nil {
			return p.unavailable(err)
		}
		if err := p.apply(ctx, b); err != nil {
			return p.unavailable(err)
		}
	}
	kept = true
	p.count.taken(b)
	return nil
}

func warn(b *edge.Batch, reason string, n int) {
	for range n {
		b.Warn(reason)
	}
}

// log makes a batch durable.
func (p *Pipeline) log(ctx context.Context, b *edge.Batch) (err error) {
	if err := p.o.Writable(); err != nil {
		return err
	}
	b.Arrival, b.Part = time.Now().UnixNano(), p.o.Rollup.Part()
	if p.o.Log == nil {
		return nil
	}
	end := stage(ctx, p.labels.log)
	err = p.o.Log.Append(ctx, b)
	end()
	if err != nil {
		return err
	}
	for i := range b.Events {
		b.Events[i].Record = &b.Record
	}
	return nil
}

// apply gives a batch to the store and the rollup. One that is in the log must arrive there: if it
// does not, no checkpoint may claim it, and the next process replays it.
func (p *Pipeline) apply(ctx context.Context, b *edge.Batch) (err error) {
	end := stage(ctx, p.labels.store)
	err = p.o.Store.WriteEvents(ctx, b.Tenant, b.Events)
	end()
	if err != nil {
		p.lost(err)
		return err
	}
	end = stage(ctx, p.labels.rollup)
	p.o.Rollup.Add(b)
	end()
	if p.o.Rollup.Heavy() {
		select {
		case p.heavy <- struct{}{}:
		default: // told already
		}
	}
	p.reach(b.Record.Seq)
	return nil
}

// lost ends the pipeline when the store did not take what is in the log.
func (p *Pipeline) lost(err error) {
	if p.o.Log != nil {
		p.fail(fmt.Errorf("the store did not take what is in the log: %w", err))
	}
}

// refuse takes out of the batch what the store would drop, so that the client is told.
func (p *Pipeline) refuse(b *edge.Batch) {
	kept := b.Events[:0]
	for i := range b.Events {
		if err := p.o.Store.Check(&b.Events[i]); err != nil {
			b.Reject(b.Events[i].Index, err.Error())
			continue
		}
		kept = append(kept, b.Events[i])
	}
	clear(b.Events[len(kept):])
	b.Events = kept
}

func (p *Pipeline) unavailable(err error) error {
	var later *edge.UnavailableError
	switch {
	case errors.As(err, &later):
		p.count.refused("log")
		return later
	case errors.Is(err, store.ErrReadOnly):
		p.count.refused("read_only")
		return &edge.UnavailableError{Reason: err.Error(), RetryAfter: 10 * time.Second}
	}
	p.count.refused("error")
	if p.o.Log != nil {
		// The process ends. Should the batch be in the log, the next one knows its body when it comes again.
		return &edge.UnavailableError{Reason: "keep batch: " + err.Error(), RetryAfter: 5 * time.Second}
	}
	return fmt.Errorf("keep batch: %w", err)
}

// run replays the log, opens the way for batches, and writes totals and checkpoints: at once, and then regularly. What
// the replay added up may be tens of thousands of series that the store has to register: nobody waits for that.
func (p *Pipeline) run(ctx context.Context) {
	replayed, err := p.replay(ctx)
	if err != nil {
		if ctx.Err() == nil {
			p.fail(err)
		}
		return
	}
	close(p.ready)
	if replayed {
		p.checkpointNow(ctx) // or the next crash replays it all again
	}
	flush := time.NewTicker(p.o.FlushEvery)
	defer flush.Stop()
	checkpoint := time.NewTimer(p.o.CheckpointEvery)
	defer checkpoint.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-flush.C:
			p.tend(ctx)
		case <-p.heavy:
			p.tend(ctx)
		case <-checkpoint.C:
			began := time.Now()
			p.checkpointNow(ctx)
			checkpoint.Reset(max(p.o.CheckpointEvery, 20*time.Since(began)))
		}
	}
}

// checkpointNow writes a checkpoint and tells when that fails: the next one is tried in time.
func (p *Pipeline) checkpointNow(ctx context.Context) {
	if err := p.checkpoint(ctx); err != nil {
		p.o.Logger.Error("the log grows until a checkpoint succeeds", slog.Any("error", err))
	}
}

// Close writes all totals and a checkpoint. Receivers must have stopped. A second call returns what the first did.
func (p *Pipeline) Close(ctx context.Context) error {
	p.once.Do(func() {
		p.stop()
		p.wg.Wait()
		select {
		case <-p.ready:
			p.closed = p.checkpoint(ctx)
		default: // the log is not replayed: the next process begins anew
		}
	})
	return p.closed
}
