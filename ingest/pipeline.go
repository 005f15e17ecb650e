// Package ingest is the one way from receivers to the store: normalise, refuse what can't be kept, write, add up. Receivers
// hand in batches; an answer of nil means that the batch is kept.
package ingest

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/pprof"
	"sync"
	"sync/atomic"
	"time"

	"github.com/VictoriaMetrics/metrics"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"edgescope/edge"
	"edgescope/edge/platform"
	"edgescope/ingest/rollup"
	"edgescope/store"
)

// Log makes a batch durable before it is acknowledged. It is the place of the write-ahead log: with one, a batch that Append
// has taken survives kill -9; without, what the store has not flushed yet does not.
type Log interface {
	// Append returns when the batch is durable. It copies what it keeps.
	Append(ctx context.Context, b *edge.Batch) error
}

// Options describe a Pipeline. Store, Normalizer, Rollup and Logger are required.
type Options struct {
	Store      store.Writer
	Normalizer *platform.Normalizer
	Rollup     *rollup.Rollup
	// Log is nil when there is no write-ahead log.
	Log Log
	// MaxBatches bounds the batches that are worked on at a time, 0 means 16; MaxWaiting bounds those that wait for it, 0 means
	// 1024. A further one is refused as busy: clients without retries, such as workerd's binding, lose what is refused, so a
	// short queue beats a quick refusal.
	MaxBatches, MaxWaiting int
	// FlushEvery is how often totals are written to the store; 0 means 5 seconds, so that an answer is never 10 s behind.
	FlushEvery time.Duration
	// StateFile keeps the open windows from one process to the next; empty means that they are not kept.
	StateFile string
	// Continues tells that an earlier process wrote to the same store: without its state file, open windows become parts.
	Continues bool
	Metrics   *metrics.Set
	Logger    *slog.Logger
}

// Pipeline takes batches of events. It is safe for concurrent use.
type Pipeline struct {
	o      Options
	slots  chan struct{}
	inside atomic.Int64 // batches in work and waiting
	tracer trace.Tracer
	count  counters

	stop context.CancelFunc
	wg   sync.WaitGroup
	once sync.Once
	err  error
}

// Open makes a Pipeline, continues the windows of the earlier process and starts writing totals.
// The Pipeline lives until Close: cancelling ctx does not end it.
func Open(ctx context.Context, o Options) (*Pipeline, error) {
	if o.MaxBatches == 0 {
		o.MaxBatches = 16
	}
	if o.MaxWaiting == 0 {
		o.MaxWaiting = 1024
	}
	if o.FlushEvery == 0 {
		o.FlushEvery = 5 * time.Second
	}
	if o.Metrics == nil {
		o.Metrics = metrics.NewSet()
	}
	p := &Pipeline{o: o, slots: make(chan struct{}, o.MaxBatches), tracer: otel.Tracer("edgescope/ingest"), count: counters{o.Metrics}}
	if err := p.restore(); err != nil {
		return nil, err
	}
	p.observe()
	ctx, stop := context.WithCancel(context.WithoutCancel(ctx))
	p.stop = stop
	p.wg.Go(func() { p.flushRegularly(ctx) })
	return p, nil
}

// Events takes a batch: on return of nil its events are kept, except those that b.Rejected names. It fails with
// *edge.UnavailableError when the same batch may be sent again later; then nothing of it was kept.
func (p *Pipeline) Events(ctx context.Context, b *edge.Batch) error {
	if err := p.enter(ctx); err != nil {
		return err
	}
	defer p.leave()
	ctx, span := p.tracer.Start(ctx, "pipeline", trace.WithAttributes(attribute.Int("edge.batch.events", len(b.Events))))
	defer span.End()
	err := p.work(ctx, b)
	if err != nil {
		span.RecordError(err)
	}
	return err
}

// enter waits for a slot to work in.
func (p *Pipeline) enter(ctx context.Context) error {
	if p.inside.Add(1) > int64(p.o.MaxBatches+p.o.MaxWaiting) {
		p.inside.Add(-1)
		p.count.refused("busy")
		return &edge.UnavailableError{Busy: true, Reason: "too many batches wait to be stored", RetryAfter: time.Second}
	}
	select {
	case p.slots <- struct{}{}:
		return nil
	case <-ctx.Done():
		p.inside.Add(-1)
		p.count.refused("gone")
		return fmt.Errorf("wait to store a batch: %w", ctx.Err())
	}
}

func (p *Pipeline) leave() {
	<-p.slots
	p.inside.Add(-1)
}

func (p *Pipeline) work(ctx context.Context, b *edge.Batch) error {
	stage(ctx, "normalise", func(context.Context) {
		p.o.Normalizer.Normalize(b.Events)
		p.refuse(b)
	})
	var err error
	if p.o.Log != nil {
		stage(ctx, "log", func(ctx context.Context) { err = p.o.Log.Append(ctx, b) })
		if err != nil {
			return p.unavailable(err)
		}
	}
	stage(ctx, "store", func(ctx context.Context) { err = p.o.Store.WriteEvents(ctx, b.Tenant, b.Events) })
	if err != nil {
		return p.unavailable(err)
	}
	stage(ctx, "rollup", func(context.Context) { p.o.Rollup.Add(b.Tenant, b.Events) })
	p.count.taken(b)
	return nil
}

// stage runs f under a profiler label, so that a CPU profile can be split by what the pipeline was doing.
func stage(ctx context.Context, name string, f func(context.Context)) {
	pprof.Do(ctx, pprof.Labels("stage", name), f)
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
	if errors.Is(err, store.ErrReadOnly) {
		p.count.refused("read_only")
		return &edge.UnavailableError{Reason: err.Error(), RetryAfter: 10 * time.Second}
	}
	p.count.refused("error")
	return fmt.Errorf("keep batch: %w", err)
}

func (p *Pipeline) flushRegularly(ctx context.Context) {
	tick := time.NewTicker(p.o.FlushEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			p.Flush(ctx)
		}
	}
}

// Flush writes the totals that changed to the store now. A failure is logged; the totals wait for the next flush.
func (p *Pipeline) Flush(ctx context.Context) {
	stage(ctx, "flush", func(ctx context.Context) {
		if err := p.o.Rollup.Flush(ctx, p.o.Store); err != nil && ctx.Err() == nil {
			p.o.Logger.Warn("rollup totals wait for the store", slog.Any("error", err))
		}
	})
}

// Close writes all totals and the state of the open windows. Receivers must have stopped. A second call answers as the first.
func (p *Pipeline) Close(ctx context.Context) error {
	p.once.Do(func() {
		p.stop()
		p.wg.Wait()
		p.Flush(ctx)
		p.err = p.save()
	})
	return p.err
}
