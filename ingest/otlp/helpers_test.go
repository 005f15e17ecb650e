package otlp_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"edgescope/edge"
	"edgescope/ingest/body"
	"edgescope/ingest/door"
	"edgescope/ingest/otlp"
)

// arrival is the clock of all tests: after every time that the cases hold.
var arrival = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// recorder is a Sink that keeps copies of what it is given.
type recorder struct {
	mu       sync.Mutex
	events   []edge.Event
	samples  []sample
	tenants  []edge.Tenant
	warnings map[string]int
	calls    int
	// answer, when set, is called with each batch and decides what becomes of it.
	answer func(context.Context, *edge.Batch) error
	// refuse, when set, is what Samples answers.
	refuse error
	// repeats, when set, makes Samples answer that it had them before.
	repeats bool
}

// sample is a stored number with its series in the text of Prometheus, such as up{job="x"}.
type sample struct {
	series string
	at     int64 // Unix milliseconds
	value  float64
}

func (r *recorder) Samples(_ context.Context, b *edge.Batch) (repeated bool, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.calls++
	if r.refuse != nil || r.repeats {
		return r.repeats, r.refuse
	}
	for _, s := range b.Samples {
		r.samples = append(r.samples, sample{seriesText(s.Series), s.Time, s.Value})
	}
	return false, nil
}

func seriesText(s *edge.Series) string {
	var name string
	var list []string
	for _, at := range s.Labels {
		if at.Key == edge.LabelName {
			name = at.Value
			continue
		}
		list = append(list, fmt.Sprintf("%s=%q", at.Key, at.Value))
	}
	return name + "{" + strings.Join(list, ",") + "}"
}

func (r *recorder) Events(ctx context.Context, b *edge.Batch) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.calls++
	if r.answer != nil {
		if err := r.answer(ctx, b); err != nil {
			return err
		}
	}
	for i := range b.Events {
		r.events = append(r.events, cloneEvent(b.Events[i]))
		r.tenants = append(r.tenants, b.Tenant)
	}
	if r.warnings == nil {
		r.warnings = make(map[string]int)
	}
	for k, n := range b.Warnings {
		r.warnings[k] += n
	}
	return nil
}

// cloneEvent copies an event with all text, as a sink must that keeps it.
func cloneEvent(e edge.Event) edge.Event {
	for _, s := range []*string{
		&e.Name, &e.StatusMessage, &e.TraceState, &e.SpanEvents, &e.Links, &e.ScopeName, &e.ScopeVersion, &e.Body, &e.SeverityText,
	} {
		*s = strings.Clone(*s)
	}
	e.Resource, e.Attrs = cloneAttrs(e.Resource), cloneAttrs(e.Attrs)
	return e
}

func cloneAttrs(attrs []edge.Attr) []edge.Attr {
	attrs = slices.Clone(attrs)
	for i := range attrs {
		attrs[i].Key, attrs[i].Value = strings.Clone(attrs[i].Key), strings.Clone(attrs[i].Value)
	}
	return attrs
}

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
	o := otlp.Options{Sink: sink, Now: func() time.Time { return arrival }, Logger: slog.New(slog.DiscardHandler)}
	if r, ok := sink.(*recorder); ok {
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

// options are those of a receiver and of the door before it.
type options struct {
	otlp.Options
	door door.Options
}

// testDoor is a door with its two ports.
type testDoor struct{ *door.Door }

func (d testDoor) Handler() http.Handler { return d.HTTP(port) }

func (d testDoor) GRPC() http.Handler { return d.Door.GRPC(port, door.NewHealth(door.HealthOptions{})) }

var port = door.Port{Here: func() string { return "" }, Elsewhere: func(*http.Request) string { return "" }}

// newDoor makes a door with a receiver for that sink; change may alter the options of both.
func newDoor(t testing.TB, sink edge.Sink, change ...func(*options)) testDoor {
	t.Helper()
	logger := slog.New(slog.DiscardHandler)
	o := options{door: door.Options{Logger: logger, Bodies: body.NewReader(body.Options{Budget: body.NewBudget(1 << 30), MaxBody: 64 << 20})}}
	for _, c := range change {
		c(&o)
	}
	o.Options.Sink, o.Options.Now = sink, func() time.Time { return arrival }
	if r, ok := sink.(*recorder); ok {
		o.Samples = r.Samples
	}
	if o.Options.Logger == nil {
		o.Options.Logger = logger
	}
	var err error
	if o.door.OTLP, err = otlp.New(o.Options); err != nil {
		t.Fatal(err)
	}
	o.door.Metrics = o.Options.Metrics
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

// post sends a body to the handler of a receiver; headers are "Name: value".
func post(h http.Handler, path string, body []byte, headers ...string) *http.Response {
	return send(h, http.MethodPost, path, body, headers...)
}

func send(h http.Handler, method, path string, body []byte, headers ...string) *http.Response {
	req := httptest.NewRequest(method, path, bytes.NewReader(body))
	for _, header := range headers {
		name, val, _ := strings.Cut(header, ": ")
		req.Header.Set(name, val)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, req)
	return w.Result()
}

func readAll(t testing.TB, r io.Reader) string {
	t.Helper()
	b, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

const (
	asJSON     = "Content-Type: application/json"
	asProtobuf = "Content-Type: application/x-protobuf"
)

func decimal(n int64) string { return strconv.FormatInt(n, 10) }
