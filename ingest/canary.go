package ingest

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/VictoriaMetrics/metrics"

	"edgescope/edge"
	"edgescope/store"
)

// CanaryService is the service of the spans that a Canary writes. They are no invocations: no total counts them.
const CanaryService = "edgescope-canary"

const (
	// canaryPatience is how long a span may take from its acknowledgement until questions see it, before it counts as
	// lost.
	canaryPatience = 30 * time.Second
	// canaryLook is how often it is looked for.
	canaryLook = 250 * time.Millisecond
)

// CanaryOptions describe a Canary. All are required but Patience.
type CanaryOptions struct {
	// Every is how often a span is written.
	Every    time.Duration
	Pipeline *Pipeline
	Reader   RowReader
	// Patience is how long a span may take until questions see it; 0 means 30 seconds.
	Patience time.Duration
	Metrics  *metrics.Set
	Logger   *slog.Logger
}

// Canary writes a span through the pipeline regularly and reads it back, as somebody who doubts the collector would:
// what its metrics tell holds for all the way from the log to the answers.
type Canary struct {
	o                                    CanaryOptions
	sent, refused, lost, doubled, failed *metrics.Counter
	seen                                 *metrics.Histogram
	// when the newest span that was read back was written, Unix nanoseconds
	newest atomic.Int64
	stop   context.CancelFunc
	wg     sync.WaitGroup
}

// OpenCanary starts a Canary, which writes its first span at once. It lives until Close: cancelling ctx does not end
// it.
func OpenCanary(ctx context.Context, o CanaryOptions) *Canary {
	o.Patience = cmp.Or(o.Patience, canaryPatience)
	count := func(name string) *metrics.Counter {
		return o.Metrics.GetOrCreateCounter("edgescope_canary_" + name + "_total")
	}
	c := &Canary{
		o: o, sent: count("sent"), refused: count("refused"), lost: count("lost"), doubled: count("doubled"),
		failed: count("failed"),
		seen:   o.Metrics.GetOrCreateHistogram("edgescope_canary_visible_seconds"),
	}
	c.newest.Store(time.Now().UnixNano())
	o.Metrics.GetOrCreateGauge("edgescope_canary_age_seconds", func() float64 {
		return time.Since(time.Unix(0, c.newest.Load())).Seconds()
	})
	ctx, c.stop = context.WithCancel(context.WithoutCancel(ctx))
	c.wg.Go(func() { c.run(ctx) })
	return c
}

// Close ends the Canary and waits for it. It always returns nil.
func (c *Canary) Close(context.Context) error {
	c.stop()
	c.wg.Wait()
	return nil
}

func (c *Canary) run(ctx context.Context) {
	tick := time.NewTicker(c.o.Every)
	defer tick.Stop()
	for {
		if err := c.try(ctx); err != nil && ctx.Err() == nil {
			c.failed.Inc()
			c.o.Logger.Warn("the canary can't be read back", slog.Any("error", err))
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// try writes a span and looks for it until it is there, once.
func (c *Canary) try(ctx context.Context) error {
	began := time.Now()
	b, id := canarySpan(began)
	if err := c.o.Pipeline.Events(ctx, b); err != nil {
		c.refused.Inc() // the pipeline tells why
		return nil
	}
	c.sent.Inc()
	ctx, cancel := context.WithTimeout(ctx, c.o.Patience)
	defer cancel()
	look := time.NewTicker(canaryLook)
	defer look.Stop()
	for {
		n, err := c.count(ctx, id, began)
		switch {
		case n > 0:
			c.found(n, id, began)
			return nil
		case err != nil && ctx.Err() == nil:
			return err
		}
		select {
		case <-look.C:
		case <-ctx.Done():
			c.missed(ctx, id)
			return nil
		}
	}
}

func (c *Canary) found(n int, id string, began time.Time) {
	c.seen.UpdateDuration(began)
	c.newest.Store(began.UnixNano())
	if n > 1 {
		c.doubled.Inc()
		c.o.Logger.Error("a span of the canary is stored more than once", slog.String("span_id", id),
			slog.Int("rows", n))
	}
}

// missed counts a span that was not found in time; the end of the collector is no reason.
func (c *Canary) missed(ctx context.Context, id string) {
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		c.lost.Inc()
		c.o.Logger.Error("a span of the canary was acknowledged and can't be found",
			slog.String("span_id", id), slog.Duration("waited", c.o.Patience))
	}
}

// canarySpan returns a span that ends at that moment, and its id.
func canarySpan(at time.Time) (*edge.Batch, string) {
	e := edge.Event{
		Kind: edge.KindSpan, Time: at.UnixNano(), HasDuration: true, SpanKind: edge.SpanInternal, Name: "canary",
		Resource: []edge.Attr{{Key: edge.KeyServiceName, Value: CanaryService}},
	}
	_, _ = rand.Read(e.TraceID[:]) // never fails
	_, _ = rand.Read(e.SpanID[:])
	return &edge.Batch{Events: []edge.Event{e}}, hex.EncodeToString(e.SpanID[:])
}

// count returns how often a span of that time is stored.
func (c *Canary) count(ctx context.Context, id string, at time.Time) (n int, err error) {
	q := store.RowsQuestion{
		Kind: edge.KindSpan, From: at.Add(-time.Second), To: at.Add(time.Second),
		LogsQL: fmt.Sprintf("{%s=%q} %s:=%s | fields %s", edge.KeyServiceName, CanaryService, store.FieldSpanID, id,
			store.FieldSpanID),
	}
	err = c.o.Reader.Rows(ctx, q, func(store.Row) error {
		n++
		return nil
	})
	return n, err
}
