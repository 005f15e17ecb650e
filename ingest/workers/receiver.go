// Package workers receives what Cloudflare's Workers tell their tail workers, the arrays of finished invocations that
// tail() gets and the events of a streaming tail, and what Cloudflare's Logpush sends. An invocation becomes one server
// span, what it opened becomes child spans, and what it wrote to its console becomes log records. Whatever posts the
// events as they are, as JSON, to the ingest port will do; docs/edge-module.md has one of twenty lines, for local
// workerd and production alike.
package workers

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"edgescope/edge"
	"edgescope/ingest/body"
)

// Options configure a Receiver. Sink is required.
type Options struct {
	Sink edge.Sink
	// Route returns the route of a request's path, /img/:id for /img/1, by which spans are named. It bounds how many
	// routes a service has. nil leaves that to the sink, and names spans by their method alone.
	Route func(service, path string) string
	// MaxOpen and MaxOpenBytes bound the invocations of streaming tails that have not ended, and the memory of their
	// events, about. Events that would go beyond are told to come again. 0 is 10,000, and 64 MiB.
	MaxOpen      int
	MaxOpenBytes int64
	// Keep is how long the events of such an invocation wait for the next one. 0 is a minute. Then what there is of it
	// is stored; without its outcome it does not count as an invocation.
	Keep time.Duration
	// Now is the clock. nil is time.Now.
	Now func() time.Time
	// Logger gets what becomes of invocations that never ended. nil drops it.
	Logger *slog.Logger
}

const (
	defaultOpen      = 10_000
	defaultOpenBytes = 64 << 20
	defaultKeep      = time.Minute
)

// Receiver takes tail events. It is safe for concurrent use. It owns one goroutine, which Close ends.
type Receiver struct {
	o    Options
	open table

	stop    context.CancelFunc
	expirer sync.WaitGroup
	closing sync.Once
	closed  error
}

// Open makes a Receiver and starts to watch for invocations that never end, until Close: cancelling ctx does not end
// it.
func Open(ctx context.Context, o Options) (*Receiver, error) {
	if o.Sink == nil {
		return nil, errors.New("open receiver of tail events: no sink")
	}
	if o.MaxOpen < 0 || o.MaxOpenBytes < 0 || o.Keep < 0 {
		return nil, fmt.Errorf("open receiver of tail events: want no negative limits: "+
			"MaxOpen %d, MaxOpenBytes %d, Keep %s", o.MaxOpen, o.MaxOpenBytes, o.Keep)
	}
	o.MaxOpen = cmp.Or(o.MaxOpen, defaultOpen)
	o.MaxOpenBytes = cmp.Or(o.MaxOpenBytes, defaultOpenBytes)
	o.Keep = cmp.Or(o.Keep, defaultKeep)
	o.Logger = cmp.Or(o.Logger, slog.New(slog.DiscardHandler))
	if o.Now == nil {
		o.Now = time.Now
	}
	rc := &Receiver{o: o, open: newTable(o.MaxOpen, o.MaxOpenBytes)}
	ctx, stop := context.WithCancel(context.WithoutCancel(ctx))
	rc.stop = stop
	rc.expirer.Go(func() { rc.expireRegularly(ctx) })
	return rc, nil
}

// Taken is what became of a request.
type Taken struct {
	// Batch holds what was rejected and what was changed.
	Batch edge.Batch
	// Total is how many records the request had. Of events of streaming tails, Waiting wait in memory for the end of
	// their invocation.
	Total, Waiting int
}

// Take takes tail events or a file of Logpush: an array of records, one per line or one after another. It takes what it
// needs from the body's share of memory. On return without an error the events of every invocation that has ended are
// kept by the sink. An empty body, an empty array and what Logpush tests a destination with are taken too; nothing is
// stored of them. It fails with *records.BrokenError when the body as a whole is no JSON, and with what the sink or the
// share returned.
func (rc *Receiver) Take(ctx context.Context, tenant edge.Tenant, b *body.Body) (Taken, error) {
	if err := b.Share.Take(memoryOf(b.Bytes())); err != nil {
		return Taken{}, err
	}
	p := post{arrival: rc.o.Now(), route: rc.o.Route}
	p.batch.Tenant = tenant
	if err := p.read(b); err != nil {
		return Taken{}, err
	}
	if err := rc.take(ctx, &p); err != nil {
		return Taken{}, err
	}
	return Taken{p.batch, p.total, p.waiting}, nil
}

// take gives the sink what is complete. What waits afterwards is as it was before if the sink did not take it, so that
// the client can send the same again.
func (rc *Receiver) take(ctx context.Context, p *post) error {
	done, err := rc.open.merge(p)
	if err != nil {
		return err
	}
	for _, inv := range done {
		p.batch.Events = inv.build(p.batch.Events, p.build(p.last))
	}
	if len(p.batch.Events) == 0 {
		return nil
	}
	if err := rc.o.Sink.Events(ctx, &p.batch); err != nil {
		rc.open.undo(p, done)
		return err
	}
	return nil
}

func (rc *Receiver) expireRegularly(ctx context.Context) {
	tick := time.NewTicker(max(rc.o.Keep/6, time.Millisecond))
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			rc.expire(ctx)
		}
	}
}

// expire stores what waited too long. What the sink can't take now waits on, within the bounds of what may wait.
func (rc *Receiver) expire(ctx context.Context) {
	old := rc.open.removeBefore(rc.o.Now().Add(-rc.o.Keep))
	if len(old) == 0 {
		return
	}
	rc.o.Logger.LogAttrs(ctx, slog.LevelWarn, "invocations without an end in their tail",
		slog.Int("invocations", len(old)), slog.Duration("waited", rc.o.Keep))
	for i, inv := range old {
		if err := rc.store(ctx, inv); err != nil {
			rc.o.Logger.LogAttrs(ctx, slog.LevelWarn, "tail events wait for the store", slog.Any("error", err))
			rc.open.putBack(old[i:])
			return
		}
	}
}

// store gives the sink what there is of one invocation.
func (rc *Receiver) store(ctx context.Context, inv *invocation) error {
	b := edge.Batch{Tenant: inv.key.tenant}
	b.Events = inv.build(nil, builder{arrival: rc.o.Now(), route: rc.o.Route})
	if len(b.Events) == 0 {
		return nil
	}
	if err := rc.o.Sink.Events(ctx, &b); err != nil {
		return fmt.Errorf("store the tail of invocation %s: %w", inv.key.id, err)
	}
	if b.RejectedCount > 0 {
		rc.o.Logger.LogAttrs(ctx, slog.LevelWarn, "events of a tail were refused",
			slog.Int("events", b.RejectedCount), slog.String("reason", b.Rejected[0].Reason))
	}
	return nil
}

// Close stores what waits, complete or not. The listener must have stopped. A second call returns what the first did.
func (rc *Receiver) Close(ctx context.Context) error {
	rc.closing.Do(func() {
		rc.stop()
		rc.expirer.Wait()
		var errs []error
		for _, inv := range rc.open.removeBefore(rc.o.Now().Add(time.Hour)) {
			errs = append(errs, rc.store(ctx, inv))
		}
		rc.closed = errors.Join(errs...)
	})
	return rc.closed
}
