// Package otlp takes the export requests of OpenTelemetry apart, in protobuf and JSON: spans and log records become
// events, data points samples.
//
// The rules are those of the OTLP specification 1.11.0, with one addition: a value that can't be used costs that value,
// a record that can't be used costs that record, and only a body that can't be decoded costs the batch, because clients
// never send again what was refused. Both encodings end in the same decoder.
package otlp

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/VictoriaMetrics/metrics"

	"edgescope/edge"
	"edgescope/ingest/body"
	"edgescope/ingest/otlp/pbwire"
	"edgescope/ingest/otlp/series"
	"edgescope/ingest/otlp/values"
	"edgescope/internal/jsonwire"
)

// Options describe a Receiver. Sink and Logger are required.
type Options struct {
	Sink edge.Sink
	series.Options
	// Limits bound attributes.
	Limits values.Limits
	// Now is the clock; nil means time.Now.
	Now     func() time.Time
	Metrics *metrics.Set // nil: counted nowhere
	Logger  *slog.Logger
}

// Receiver takes OTLP. It is safe for concurrent use and owns no goroutine.
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
		return nil, fmt.Errorf("otlp receiver: limits must not be negative: MaxSeries %d, MaxAge %s", o.MaxSeries,
			o.MaxAge)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Metrics == nil {
		o.Metrics = metrics.NewSet()
	}
	r := &Receiver{o: o, count: newCounters(o.Metrics), metrics: series.New(o.Options, o.Metrics, o.Logger)}
	r.decoders.New = func() any { return newDecoder(o.Limits) }
	return r, nil
}

// Described returns what the senders of a tenant said of its metrics (series.Streams.Described).
func (r *Receiver) Described(tenant edge.Tenant) map[string]series.Description {
	return r.metrics.Described(tenant)
}

// Encoding is how a body is written.
type Encoding uint8

// The encodings of OTLP.
const (
	JSON Encoding = iota
	Protobuf
)

// Request is a body with what is known of it.
type Request struct {
	Tenant   edge.Tenant
	Signal   Signal
	Encoding Encoding
	// Body must not change until the request is released. A JSON document may hold the lists of other signals beside;
	// they are taken too.
	Body []byte
	// Hash is that of the body, by which the sink knows a retry; zero when it is not to be known.
	Hash edge.BodyHash
	// Share is what the request has of the memory of all, where a span needs about 12 KB; nil when nobody counts.
	Share *body.Share
}

// Taken is a request that was taken. Release gives its memory back.
type Taken struct {
	Result
	// Batch holds what was rejected and what was changed, and names the service that sent it.
	Batch *edge.Batch

	decoder *decoder
	pool    *sync.Pool
}

// Release gives memory back: the batch is not to be looked at any more.
func (t *Taken) Release() {
	if t.decoder.release() {
		t.pool.Put(t.decoder)
	}
}

// Take takes a request: every record that can be used, in one batch. It fails with *MalformedError, and has then taken
// nothing, or with what the sink or the share of memory returned. The caller releases what was taken.
func (r *Receiver) Take(ctx context.Context, q Request) (Taken, error) {
	d := r.decoders.Get().(*decoder)
	t := Taken{Batch: &d.batch, decoder: d, pool: &r.decoders}
	if err := r.take(ctx, d, &q); err != nil {
		t.Release()
		return Taken{}, err
	}
	t.Result = d.result()
	r.count.records(d, t.Result)
	return t, nil
}

func (r *Receiver) take(ctx context.Context, d *decoder, q *Request) error {
	d.begin(q.Tenant, r.o.Now())
	d.batch.Body, d.share, d.skews = q.Hash, q.Share, &r.skews
	decode := d.proto
	if q.Encoding == JSON {
		decode = d.json
	}
	if err := decode(q.Signal, q.Body); err != nil {
		return err
	}
	if err := d.room(); err != nil { // the last resource has been shared out since the last record
		return err
	}
	return r.keep(ctx, d)
}

// keep hands on what was decoded. Samples go first: should the events fail, and the client send all again, they are the
// ones that do no harm twice.
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
	var rejected [len(Signals) + 1]int
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
		RejectedSpans: rejected[Traces], RejectedLogRecords: rejected[Logs],
		RejectedDataPoints: rejected[Metrics], Message: msg.String(),
	}
}

// records returns what the records of the request are called together.
func (d *decoder) records() string {
	if len(d.runs) == 1 {
		return d.runs[0].signal.record() + "s"
	}
	return Unknown.record() + "s"
}

// counters are what /metrics says of the receiver.
type counters struct {
	set             *metrics.Set
	taken, rejected [len(Signals) + 1]*metrics.Counter
}

func newCounters(set *metrics.Set) counters {
	c := counters{set: set}
	for _, s := range Signals {
		name := strings.ReplaceAll(s.record(), " ", "_") + "s_total"
		c.taken[s] = set.GetOrCreateCounter("edgescope_otlp_" + name)
		c.rejected[s] = set.GetOrCreateCounter("edgescope_otlp_rejected_" + name)
	}
	return c
}

func (c *counters) records(d *decoder, res Result) {
	for s, n := range [...]int{
		Traces: res.RejectedSpans, Logs: res.RejectedLogRecords,
		Metrics: res.RejectedDataPoints,
	} {
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

// MalformedError says that a body can't be decoded: nothing of it was taken, and sending it again would not help.
type MalformedError struct {
	// Encoding is "protobuf", "JSON", or the content encoding that could not be undone.
	Encoding string
	// Offset is the byte of the decompressed body at which decoding ended, -1 when there is none to name.
	Offset int
	Reason string
}

// Error says what is wrong with the body, and where.
func (m *MalformedError) Error() string {
	if m.Offset < 0 {
		return fmt.Sprintf("body is no valid %s: %s", m.Encoding, m.Reason)
	}
	return fmt.Sprintf("body is no valid %s: %s at byte %d", m.Encoding, m.Reason, m.Offset)
}

// malformed returns the error of reading an encoding as that of a body.
func malformed(err error) error {
	if syntax, ok := errors.AsType[*jsonwire.SyntaxError](err); ok {
		return &MalformedError{Encoding: "JSON", Offset: syntax.Offset, Reason: syntax.Reason}
	}
	if syntax, ok := errors.AsType[*pbwire.SyntaxError](err); ok {
		return &MalformedError{Encoding: "protobuf", Offset: syntax.Offset, Reason: syntax.Reason}
	}
	return err
}
