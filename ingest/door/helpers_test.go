package door_test

import (
	"log/slog"
	"net/http"
	"testing"
	"time"

	"edgescope/edge"
	"edgescope/ingest/body"
	"edgescope/ingest/door"
	"edgescope/ingest/otlp"
	"edgescope/ingest/otlp/otlptest"
)

// options are those of a receiver and of the door before it.
type options struct {
	otlp.Options
	door door.Options
}

// testDoor is a door with its two ports.
type testDoor struct{ *door.Door }

func (d testDoor) Handler() http.Handler { return d.HTTP(anyPort) }

func (d testDoor) GRPC() http.Handler {
	return d.Door.GRPC(anyPort, door.NewHealth(door.HealthOptions{}))
}

var anyPort = door.Port{Here: func() string { return "" }, Elsewhere: func(*http.Request) string { return "" }}

// newDoor makes a door with a receiver for that sink; change may alter the options of both.
func newDoor(t testing.TB, sink edge.Sink, change ...func(*options)) testDoor {
	t.Helper()
	logger := slog.New(slog.DiscardHandler)
	o := options{door: door.Options{Logger: logger, Bodies: body.NewReader(body.Options{
		Budget:  body.NewBudget(1 << 30),
		MaxBody: 64 << 20,
	})}}
	for _, c := range change {
		c(&o)
	}
	o.Sink, o.Now = sink, func() time.Time { return otlptest.Arrival }
	if r, ok := sink.(*otlptest.Recorder); ok {
		o.Samples = r.Samples
	}
	if o.Logger == nil {
		o.Logger = logger
	}
	var err error
	o.Limits = otlptest.Limits
	if o.door.OTLP, err = otlp.New(o.Options); err != nil {
		t.Fatal(err)
	}
	o.door.Metrics = o.Metrics
	d, err := door.New(o.door)
	if err != nil {
		t.Fatal(err)
	}
	return testDoor{d}
}

// limits returns an option that bounds a body and the memory of all requests, in bytes.
func limits(maxBody, budget int64) func(*options) {
	return func(o *options) {
		o.door.Bodies = body.NewReader(body.Options{Budget: body.NewBudget(budget), MaxBody: maxBody})
	}
}
