package otlptest

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"edgescope/edge"
	"edgescope/ingest/otlp"
	"edgescope/ingest/otlp/values"
)

// Receiver is a receiver whose requests give their memory back at once.
type Receiver struct{ *otlp.Receiver }

func (r Receiver) take(ctx context.Context, q otlp.Request) (otlp.Result, error) {
	taken, err := r.Take(ctx, q)
	if err != nil {
		return otlp.Result{}, err
	}
	defer taken.Release()
	return taken.Result, nil
}

// Traces takes a request of spans.
func (r Receiver) Traces(ctx context.Context, tenant edge.Tenant, body []byte, enc otlp.Encoding) (otlp.Result, error) {
	return r.take(ctx, otlp.Request{Tenant: tenant, Signal: otlp.Traces, Encoding: enc, Body: body})
}

// Logs takes a request of log records.
func (r Receiver) Logs(ctx context.Context, tenant edge.Tenant, body []byte, enc otlp.Encoding) (otlp.Result, error) {
	return r.take(ctx, otlp.Request{Tenant: tenant, Signal: otlp.Logs, Encoding: enc, Body: body})
}

// Metrics takes a request of metrics.
func (r Receiver) Metrics(
	ctx context.Context, tenant edge.Tenant, body []byte, enc otlp.Encoding,
) (otlp.Result, error) {
	return r.take(ctx, otlp.Request{Tenant: tenant, Signal: otlp.Metrics, Encoding: enc, Body: body})
}

// Limits are like those of a store.
var Limits = values.Limits{Attrs: 900, Key: 128, ResourceKey: 119, List: 1 << 20}

// New makes a receiver with that sink and the clock of the tests; change may alter its options.
func New(t testing.TB, sink edge.Sink, change ...func(*otlp.Options)) Receiver {
	t.Helper()
	o := otlp.Options{
		Sink: sink, Limits: Limits,
		Now: func() time.Time { return Arrival }, Logger: slog.New(slog.DiscardHandler),
	}
	if r, ok := sink.(*Recorder); ok {
		o.Samples = r.Samples
	}
	for _, c := range change {
		c(&o)
	}
	r, err := otlp.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return Receiver{r}
}
