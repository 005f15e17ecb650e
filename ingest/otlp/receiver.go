// Package otlp receives OpenTelemetry traces, logs and metrics over HTTP and gRPC: protobuf and JSON, plain, gzip,
// deflate and zstd.
//
// The rules are those of the OTLP specification 1.11.0, with one addition: a value that can't be used costs that value, a
// record that can't be used costs that record, and only a body that can't be decoded costs the batch, because clients never
// send again what was refused. Spans and log records become events, data points become samples (see streams.go and names.go);
// both transports and both encodings end in Receiver.Traces, Logs and Metrics.
package otlp

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/VictoriaMetrics/metrics"

	"edgescope/edge"
	"edgescope/ingest/body"
	"edgescope/ingest/otlp/series"
	"edgescope/ingest/refusals"
)

// DefaultMaxBody is the limit of a body in bytes that the OTLP specification recommends since 1.11.
const DefaultMaxBody = 64 << 20

// Sink takes what was decoded.
type Sink interface {
	// Events takes a batch of at least one event. On return of nil the events are kept, except those that the sink has
	// rejected with b.Reject. The batch and everything that it points into belong to the receiver again on return.
	// *edge.UnavailableError tells the client to send the same batch later; any other error is a failure of ours. It is called
	// from many goroutines at a time.
	Events(ctx context.Context, b *edge.Batch) error
}

// DeniedError is the error of Options.Admit for a sender that may not send.
type DeniedError struct {
	// Forbidden is true for a valid token that does not allow this (403), false for a token that is missing or wrong (401).
	Forbidden bool
	Reason    string
}

// Error says why.
func (d *DeniedError) Error() string { return d.Reason }

// Options describe a Receiver. Sink and Logger are required.
type Options struct {
	Sink Sink
	series.Options
	// Bodies reads the bodies of both transports and bounds the memory of all requests, where a span needs about 12 KB. nil takes
	// bodies of up to DefaultMaxBody and 16 times as much for all.
	Bodies *body.Reader
	// Admit decides from the value of the Authorization header (gRPC: metadata "authorization") whose data it is, before the
	// body is read. It fails with *DeniedError, or with *edge.UnavailableError when the sender exceeds its rate. nil admits everybody
	// as tenant 0.
	Admit func(ctx context.Context, authorization string) (edge.Tenant, error)
	// Elsewhere returns where a request belongs that is not for this port, as a sentence for its sender; "" when it is
	// not known. nil never knows.
	Elsewhere func(*http.Request) string
	// Refusals remembers what is not taken; nil remembers nothing.
	Refusals *refusals.Recorder
	// DataPoints serves /v1/datapoints/{dataset}; it reads, limits and admits by itself. nil: 404.
	DataPoints http.Handler
	// Workerd is offered the body of a POST to a path without a meaning of its own that is no OTLP, such as tail
	// events of Workers and data points of workerd's binding. It answers
	// false, and has then written nothing, when the body is not its own. The body belongs to the receiver again on return.
	Workerd func(w http.ResponseWriter, r *http.Request, b *body.Body) bool
	// Now is the clock; nil means time.Now.
	Now     func() time.Time
	Metrics *metrics.Set // nil: counted nowhere
	Logger  *slog.Logger
}

// Receiver takes OTLP from both transports. It is safe for concurrent use and owns no goroutine.
type Receiver struct {
	o       Options
	count   counters
	metrics *series.Streams
	skews   skews
	// decoders holds *decoder.
	decoders sync.Pool
}

// New makes a Receiver.
func New(o Options) (*Receiver, error) {
	if o.Sink == nil || o.Logger == nil {
		return nil, errors.New("otlp receiver: Sink and Logger are required")
	}
	if o.MaxSeries < 0 || o.MaxAge < 0 {
		return nil, fmt.Errorf("otlp receiver: limits must not be negative: MaxSeries %d, MaxAge %s", o.MaxSeries, o.MaxAge)
	}
	if o.Bodies == nil {
		o.Bodies = body.NewReader(body.Options{Budget: body.NewBudget(16 * DefaultMaxBody), MaxBody: DefaultMaxBody})
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Metrics == nil {
		o.Metrics = metrics.NewSet()
	}
	r := &Receiver{o: o, count: newCounters(o.Metrics), metrics: series.New(o.Options, o.Metrics, o.Logger)}
	r.decoders.New = func() any { return newDecoder() }
	return r, nil
}

// Encoding is how a body is written.
type Encoding uint8

// The encodings of OTLP.
const (
	JSON Encoding = iota
	Protobuf
)

// Result is what a client is told of a request that was taken. The zero Result is a full success.
type Result struct {
	// RejectedSpans, RejectedLogRecords and RejectedDataPoints are how many were not taken; a client never sends them again.
	RejectedSpans, RejectedLogRecords, RejectedDataPoints int
	// Message says why, or warns if nothing was rejected.
	Message string
}

// Rejected answers how many records of all signals were not taken.
func (r Result) Rejected() int { return r.RejectedSpans + r.RejectedLogRecords + r.RejectedDataPoints }

// Traces takes an ExportTraceServiceRequest: every span that can be used, in one batch. It fails with *MalformedError, and has then
// taken nothing, or with what the sink answered. The body must not change until it returns. A JSON document may hold the lists
// of other signals beside; they are taken too.
func (r *Receiver) Traces(ctx context.Context, tenant edge.Tenant, body []byte, enc Encoding) (Result, error) {
	return r.take(ctx, request{tenant: tenant, signal: signalTraces, enc: enc, body: body})
}

// Logs takes an ExportLogsServiceRequest, as Traces does.
func (r *Receiver) Logs(ctx context.Context, tenant edge.Tenant, body []byte, enc Encoding) (Result, error) {
	return r.take(ctx, request{tenant: tenant, signal: signalLogs, enc: enc, body: body})
}

// Metrics takes an ExportMetricsServiceRequest, as Traces does.
func (r *Receiver) Metrics(ctx context.Context, tenant edge.Tenant, body []byte, enc Encoding) (Result, error) {
	return r.take(ctx, request{tenant: tenant, signal: signalMetrics, enc: enc, body: body})
}

// request is a body with what is known of it.
type request struct {
	tenant edge.Tenant
	signal signal
	enc    Encoding
	body   []byte
	// hash is that of the body, by which the sink knows a retry; zero when it is not to be known.
	hash edge.BodyHash
	// share is what the request has of the memory of all; nil when nobody counts.
	share *body.Share
	// http is the request that brought the body; nil when none did.
	http *http.Request
}

func (r *Receiver) take(ctx context.Context, q request) (Result, error) {
	d := r.decoders.Get().(*decoder)
	defer func() {
		if d.release() {
			r.decoders.Put(d)
		}
	}()
	d.begin(q.tenant, r.o.Now())
	d.batch.Body, d.share, d.skews = q.hash, q.share, &r.skews
	decode := d.proto
	if q.enc == JSON {
		decode = d.json
	}
	if err := decode(q.signal, q.body); err != nil {
		return Result{}, err
	}
	if err := d.room(); err != nil { // the last resource has been shared out since the last record
		return Result{}, err
	}
	if err := r.keep(ctx, d); err != nil {
		return Result{}, err
	}
	if q.http != nil {
		r.o.Refusals.Batch(q.http, &d.batch)
	}
	res := d.result()
	r.count.records(d, res)
	return res, nil
}

// keep hands on what was decoded. Samples go first: should the events fail, and the client send all again, they are the ones
// that do no harm twice.
func (r *Receiver) keep(ctx context.Context, d *decoder) error {
	if len(d.data) > 0 {
		if err := r.metrics.Write(ctx, d.toSamples()); err != nil {
			return err
		}
	}
	if len(d.batch.Events) == 0 {
		r.count.salvaged(d.batch.Warnings) // else the pipeline counts them
		return nil
	}
	return r.o.Sink.Events(ctx, &d.batch)
}

// result sums up what was rejected, naming the first few reasons, and what was changed.
func (d *decoder) result() Result {
	b := &d.batch
	var msg strings.Builder
	if b.RejectedCount == 0 {
		d.notes.append(&msg)
		return Result{Message: msg.String()}
	}
	msg.WriteString(strconv.Itoa(b.RejectedCount) + " of " + strconv.Itoa(d.index) + " " + d.records() + " rejected")
	sep := ": "
	var rejected [len(otlpSignals) + 1]int
	for _, rej := range b.Rejected {
		s := d.signalOf(rej.Index)
		rejected[s]++
		msg.WriteString(sep + s.record() + " " + strconv.Itoa(rej.Index) + ": " + rej.Reason)
		sep = "; "
	}
	if more := b.RejectedCount - len(b.Rejected); more > 0 {
		msg.WriteString("; …")
		rejected[d.signalOf(0)] += more // where a document mixes signals, the rest is counted with the first of them
	}
	d.notes.append(&msg)
	return Result{
		RejectedSpans: rejected[signalTraces], RejectedLogRecords: rejected[signalLogs],
		RejectedDataPoints: rejected[signalMetrics], Message: msg.String(),
	}
}

// records answers what the records of the request are called together.
func (d *decoder) records() string {
	if len(d.runs) == 1 {
		return d.runs[0].signal.record() + "s"
	}
	return signalUnknown.record() + "s"
}

// unsupported is the error of a body that we recognise but have no door for.
type unsupported struct{ signal signal }

func (u *unsupported) Error() string { return u.signal.String() + " are not accepted here" }

// counters are what /metrics says of the receiver.
type counters struct {
	set                *metrics.Set
	taken, rejected    [len(otlpSignals) + 1]*metrics.Counter
	received, inflated *metrics.Counter
}

func newCounters(set *metrics.Set) counters {
	c := counters{
		set:      set,
		received: set.GetOrCreateCounter("edgescope_otlp_received_bytes_total"),
		inflated: set.GetOrCreateCounter("edgescope_otlp_decompressed_bytes_total"),
	}
	for _, s := range otlpSignals {
		name := strings.ReplaceAll(s.record(), " ", "_") + "s_total"
		c.taken[s] = set.GetOrCreateCounter("edgescope_otlp_" + name)
		c.rejected[s] = set.GetOrCreateCounter("edgescope_otlp_rejected_" + name)
	}
	return c
}

func (c *counters) records(d *decoder, res Result) {
	for s, n := range [...]int{signalTraces: res.RejectedSpans, signalLogs: res.RejectedLogRecords, signalMetrics: res.RejectedDataPoints} {
		if d.seen[s] > 0 {
			c.taken[s].Add(d.seen[s] - n)
			c.rejected[s].Add(n)
		}
	}
}

func (c *counters) salvaged(warnings map[string]int) {
	for reason, n := range warnings {
		c.set.GetOrCreateCounter(fmt.Sprintf("edgescope_otlp_salvaged_total{reason=%q}", reason)).Add(n)
	}
}

func (c *counters) request(transport, code string) {
	c.set.GetOrCreateCounter(`edgescope_otlp_requests_total{transport="` + transport + `",code="` + code + `"}`).Inc()
}
