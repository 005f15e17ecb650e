package otlp_test

import (
	"context"
	"log/slog"
	"strconv"
	"testing"
	"time"

	"edgescope/edge"
	"edgescope/ingest/otlp"
	"edgescope/ingest/otlp/otlptest"
)

// testReceiver is a receiver whose requests give their memory back at once.
type testReceiver struct{ *otlp.Receiver }

func (r testReceiver) take(ctx context.Context, q otlp.Request) (otlp.Result, error) {
	taken, err := r.Take(ctx, q)
	if err != nil {
		return otlp.Result{}, err
	}
	defer taken.Release()
	return taken.Result, nil
}

func (r testReceiver) Traces(ctx context.Context, tenant edge.Tenant, body []byte, enc otlp.Encoding) (otlp.Result, error) {
	return r.take(ctx, otlp.Request{Tenant: tenant, Signal: otlp.Traces, Encoding: enc, Body: body})
}

func (r testReceiver) Logs(ctx context.Context, tenant edge.Tenant, body []byte, enc otlp.Encoding) (otlp.Result, error) {
	return r.take(ctx, otlp.Request{Tenant: tenant, Signal: otlp.Logs, Encoding: enc, Body: body})
}

func (r testReceiver) Metrics(ctx context.Context, tenant edge.Tenant, body []byte, enc otlp.Encoding) (otlp.Result, error) {
	return r.take(ctx, otlp.Request{Tenant: tenant, Signal: otlp.Metrics, Encoding: enc, Body: body})
}

// newReceiver makes a receiver with that sink and the clock of the tests; change may alter its options.
func newReceiver(t testing.TB, sink edge.Sink, change ...func(*otlp.Options)) testReceiver {
	t.Helper()
	o := otlp.Options{Sink: sink, Now: func() time.Time { return otlptest.Arrival }, Logger: slog.New(slog.DiscardHandler)}
	if r, ok := sink.(*otlptest.Recorder); ok {
		o.Samples = r.Samples
	}
	for _, c := range change {
		c(&o)
	}
	r, err := otlp.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return testReceiver{r}
}

func decimal(n int64) string { return strconv.FormatInt(n, 10) }
