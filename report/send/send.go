// Package send sends what loadgen measured to a collector, over OTLP: the spans and the summary of a run, or a
// comparison of engines.
package send

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"edgescope/edge"
)

// Client sends a run to an OTLP/HTTP receiver: the sampled client spans, and the summary as a span of its own whenever
// it changes. Nothing of it slows the load down: spans wait in a bounded queue, and what the receiver does not take is
// counted.
type Client struct {
	provider *sdktrace.TracerProvider
	exporter *countingExporter
	counter  *spanCounter
}

// The queue holds 200 s of client spans at their usual rate of 10/s.
const spanQueue = 2048

// Options say where a run is sent.
type Options struct {
	// URL takes OTLP/HTTP traces; TracesURL makes it of an endpoint.
	URL     string
	Headers map[string]string
	Version string // of loadgen
}

// TracesURL is where an OTLP/HTTP receiver takes traces, <endpoint>/v1/traces, unless the endpoint says so already. An
// error is the endpoint's text.
func TracesURL(endpoint string) (string, error) {
	u, err := url.Parse(endpoint)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return "", fmt.Errorf("--otlp %q: want the URL of an OTLP/HTTP receiver such as http://127.0.0.1:4318",
			endpoint)
	}
	return strings.TrimSuffix(strings.TrimSuffix(endpoint, "/"), "/v1/traces") + "/v1/traces", nil
}

// Open prepares to send; it sends nothing yet and does not need the receiver to be up.
func Open(ctx context.Context, o Options, log *slog.Logger) (*Client, error) {
	inner, err := otlptracehttp.New(ctx,
		otlptracehttp.WithEndpointURL(o.URL),
		otlptracehttp.WithHeaders(o.Headers),
		otlptracehttp.WithCompression(otlptracehttp.GzipCompression),
		otlptracehttp.WithTimeout(5*time.Second),
		otlptracehttp.WithRetry(otlptracehttp.RetryConfig{
			Enabled: true, InitialInterval: 500 * time.Millisecond, MaxInterval: 2 * time.Second,
			MaxElapsedTime: 8 * time.Second,
		}),
	)
	if err != nil {
		return nil, fmt.Errorf("send to %s: %w", o.URL, err)
	}
	c := &Client{exporter: &countingExporter{SpanExporter: inner, log: log}, counter: &spanCounter{}}
	limits := sdktrace.NewSpanLimits()
	limits.AttributeValueLengthLimit = -1 // a run's summary is long
	c.provider = sdktrace.NewTracerProvider(
		sdktrace.WithSpanProcessor(c.counter),
		sdktrace.WithBatcher(c.exporter, sdktrace.WithMaxQueueSize(spanQueue), sdktrace.WithBatchTimeout(time.Second),
			sdktrace.WithExportTimeout(10*time.Second)),
		sdktrace.WithSampler(sdktrace.AlwaysSample()),
		sdktrace.WithRawSpanLimits(limits),
		sdktrace.WithIDGenerator(spanIDs{}),
		sdktrace.WithResource(resource.NewSchemaless(
			attribute.String(edge.KeyServiceName, edge.RunService), attribute.String(edge.KeyServiceVersion,
				o.Version))),
	)
	return c, nil
}

// Tracer makes the client spans of a run.
func (c *Client) Tracer() trace.Tracer { return c.provider.Tracer("edgescope/loadgen") }

// SendRun sends a summary as a span named edge.RunSpan whose trace id is the run's ID, from the start of the run to
// now.
func (c *Client) SendRun(ctx context.Context, run *edge.Run) error {
	id, err := trace.TraceIDFromHex(run.ID)
	if err != nil {
		return fmt.Errorf("send run %q: its ID is no trace id: %w", run.ID, err)
	}
	text, err := json.Marshal(run)
	if err != nil {
		return fmt.Errorf("send run %s: %w", run.ID, err)
	}
	_, span := c.Tracer().Start(context.WithValue(ctx, traceIDKey{}, id), edge.RunSpan, trace.WithNewRoot(),
		trace.WithTimestamp(run.Started), trace.WithAttributes(
			attribute.String(edge.RunAttr, string(text)),
			attribute.String(edge.RunIDAttr, run.ID),
			attribute.String(edge.RunNameAttr, run.Name),
			attribute.String(edge.RunVerdictAttr, run.Verdict),
		))
	span.End(trace.WithTimestamp(run.Updated))
	return nil
}

// Close sends what is still queued, within the deadline of ctx, and tells how many spans the receiver did not get.
func (c *Client) Close(ctx context.Context) (lost int64, err error) {
	err = errors.Join(c.provider.ForceFlush(ctx), c.provider.Shutdown(ctx))
	return c.counter.ended.Load() - c.exporter.sent.Load(), err
}

// spanCounter counts the spans that were handed to the queue or found no room in it.
type spanCounter struct{ ended atomic.Int64 }

func (c *spanCounter) OnStart(context.Context, sdktrace.ReadWriteSpan) {}
func (c *spanCounter) OnEnd(sdktrace.ReadOnlySpan)                     { c.ended.Add(1) }
func (c *spanCounter) Shutdown(context.Context) error                  { return nil }
func (c *spanCounter) ForceFlush(context.Context) error                { return nil }

// countingExporter counts what arrived, and logs the first failure: a receiver that is down stays so for the run.
type countingExporter struct {
	sdktrace.SpanExporter
	log  *slog.Logger
	sent atomic.Int64
	once sync.Once
}

func (e *countingExporter) ExportSpans(ctx context.Context, spans []sdktrace.ReadOnlySpan) error {
	err := e.SpanExporter.ExportSpans(ctx, spans)
	if err == nil {
		e.sent.Add(int64(len(spans)))
		return nil
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		err = errNoAnswer
	}
	e.once.Do(func() { e.log.Warn("spans of the run were not accepted", slog.Any("error", err)) })
	return nil
}

// errNoAnswer is why spans are not accepted when the run ends before the receiver says anything.
var errNoAnswer = errors.New("the receiver did not answer while the run lasted")

// spanIDs are random ids, except for the trace id of a run's own span, which comes in the context.
type spanIDs struct{}

type traceIDKey struct{}

func (g spanIDs) NewIDs(ctx context.Context) (trace.TraceID, trace.SpanID) {
	id, ok := ctx.Value(traceIDKey{}).(trace.TraceID)
	if !ok {
		id = newTraceID()
	}
	return id, g.NewSpanID(ctx, id)
}

func (spanIDs) NewSpanID(context.Context, trace.TraceID) trace.SpanID {
	var id trace.SpanID
	for !id.IsValid() {
		binary.BigEndian.PutUint64(id[:], rand.Uint64())
	}
	return id
}

func newTraceID() trace.TraceID {
	var id trace.TraceID
	for !id.IsValid() {
		binary.BigEndian.PutUint64(id[:8], rand.Uint64())
		binary.BigEndian.PutUint64(id[8:], rand.Uint64())
	}
	return id
}
