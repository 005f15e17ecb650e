// Package workers receives what Cloudflare's Workers tell their tail workers: the arrays of finished invocations that tail()
// gets, and the events of a streaming tail. An invocation becomes one server span, what it opened becomes child spans, and
// what it wrote to its console becomes log records. Whatever posts the events as they are, as JSON, to the ingest port will
// do; docs/edge-module.md has one of twenty lines, for local workerd and production alike.
package workers

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"edgescope/edge"
	"edgescope/ingest/body"
	"edgescope/ingest/refusals"
)

// Sink takes batches. The receiver owns the batch and its memory again when Events returns. The sink may add rejections to
// it. An error of type *edge.UnavailableError asks the client to come again later; any other is ours.
type Sink interface {
	Events(ctx context.Context, b *edge.Batch) error
}

// Options configure a Receiver. Sink is required.
type Options struct {
	Sink Sink
	// Route answers the route of a request's path, /img/:id for /img/1, by which spans are named. It bounds how many routes a
	// service has. nil leaves that to the sink, and names spans by their method alone.
	Route func(service, path string) string
	// Refusals remembers what is not taken; nil remembers nothing.
	Refusals *refusals.Recorder
	// MaxOpen and MaxOpenBytes bound the invocations of streaming tails that have not ended, and the memory of their events,
	// about. Events that would go beyond are told to come again. 0 is 10,000, and 64 MiB.
	MaxOpen      int
	MaxOpenBytes int64
	// Keep is how long the events of such an invocation wait for the next one. 0 is a minute. Then what there is of it is
	// stored; without its outcome it does not count as an invocation.
	Keep time.Duration
	// Tenant returns whose request it is. nil is tenant 0.
	Tenant func(*http.Request) edge.Tenant
	// Now is the clock. nil is time.Now.
	Now func() time.Time
	// Logger gets errors of the sink, and invocations that never ended. nil drops them.
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

// Open makes a Receiver and starts to watch for invocations that never end, until Close: cancelling ctx does not end it.
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
	if o.Tenant == nil {
		o.Tenant = func(*http.Request) edge.Tenant { return 0 }
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	rc := &Receiver{o: o, open: newTable(o.MaxOpen, o.MaxOpenBytes)}
	ctx, stop := context.WithCancel(context.WithoutCancel(ctx))
	rc.stop = stop
	rc.expirer.Go(func() { rc.expireRegularly(ctx) })
	return rc, nil
}

// Tail answers a request whose body is tail events or a file of Logpush: an array of records, one per line or one after
// another. It takes what it needs from the body's share of memory. It returns false and writes nothing if the body is
// something else. On 200 the events of every invocation that has ended are kept by the sink; those of an invocation
// that goes on wait in memory for its end, and the answer says how many: {"waiting":3}. An empty body, an empty array
// and what Logpush tests a destination with are taken too; nothing is stored of them.
func (rc *Receiver) Tail(w http.ResponseWriter, r *http.Request, b *body.Body) bool {
	if !named(r.URL.Path) && !LooksLikeTail(b.Bytes()) {
		return false
	}
	if err := b.Share.Take(memoryOf(b.Bytes())); err != nil {
		rc.refuse(w, r, err)
		return true
	}
	p := post{arrival: rc.o.Now(), route: rc.o.Route}
	p.batch.Tenant = rc.o.Tenant(r)
	if err := p.read(b); err != nil {
		rc.refuse(w, r, err)
		return true
	}
	if err := rc.take(r.Context(), &p); err != nil {
		rc.failed(w, r, err)
		return true
	}
	rc.o.Refusals.Batch(r, &p.batch)
	writeResult(w, &p)
	return true
}

// take gives the sink what is complete. What waits afterwards is as it was before if the sink did not take it, so that the
// client can send the same again.
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

// failed answers an error of the sink, and logs what is ours to repair.
func (rc *Receiver) failed(w http.ResponseWriter, r *http.Request, err error) {
	var busy *edge.UnavailableError
	if !errors.As(err, &busy) && r.Context().Err() == nil {
		rc.o.Logger.LogAttrs(r.Context(), slog.LevelError, "tail events not taken", slog.Any("error", err))
	}
	rc.refuse(w, r, err)
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

// Close stores what waits, complete or not. The listener must have stopped. A second call answers as the first.
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
