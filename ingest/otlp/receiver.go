// Package otlp receives OpenTelemetry signals over HTTP and gRPC: protobuf and JSON, plain, gzip and zstd. It takes traces so
// far; a body of logs, metrics or tail events is recognised and refused by name, never dropped in silence.
//
// The rules are those of the OTLP specification 1.11.0, with one addition: a value that can't be used costs that value, a span
// that can't be used costs that span, and only a body that can't be decoded costs the batch, because clients never send
// again what was refused. Both transports and both encodings end in Receiver.Traces.
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
	// MaxBody bounds a body in bytes, before and again after decompression; 0 means DefaultMaxBody.
	MaxBody int64
	// MaxInFlight bounds the bytes of all bodies that are being received and worked on; a request beyond it is told to come
	// again later. 0 means four times MaxBody; it is raised to what one compressed body needs, which is
	// twice MaxBody.
	MaxInFlight int64
	// Admit decides from the value of the Authorization header (gRPC: metadata "authorization") whose data it is, before the
	// body is read. It fails with *DeniedError, or with *edge.UnavailableError when the sender exceeds its rate. nil admits everybody
	// as tenant 0.
	Admit func(ctx context.Context, authorization string) (edge.Tenant, error)
	// CORSOrigins are the origins whose pages may send, "*" for all. None: no answer to a browser's preflight.
	CORSOrigins []string
	// DataPoints serves /v1/datapoints/{dataset}; it reads, limits and admits by itself. nil: 404.
	DataPoints http.Handler
	// Workerd is offered the decompressed body of a POST to a path without a meaning of its own that is no OTLP. It answers
	// false, and has then written nothing, when the body is not its own. The body belongs to the receiver again on return.
	Workerd func(w http.ResponseWriter, r *http.Request, body []byte) bool
	// Now is the clock; nil means time.Now.
	Now     func() time.Time
	Metrics *metrics.Set // nil: counted nowhere
	Logger  *slog.Logger
}

// Receiver takes OTLP from both transports. It is safe for concurrent use and owns no goroutine.
type Receiver struct {
	o      Options
	budget budget
	count  counters
	// decoders holds *spans, buffers holds *buffer.
	decoders, buffers sync.Pool
	inflaters         inflaters
}

// New makes a Receiver.
func New(o Options) (*Receiver, error) {
	if o.Sink == nil || o.Logger == nil {
		return nil, errors.New("otlp receiver: Sink and Logger are required")
	}
	if o.MaxBody < 0 || o.MaxInFlight < 0 {
		return nil, fmt.Errorf("otlp receiver: limits must not be negative: MaxBody %d, MaxInFlight %d", o.MaxBody, o.MaxInFlight)
	}
	if o.MaxBody == 0 {
		o.MaxBody = DefaultMaxBody
	}
	if o.MaxInFlight == 0 {
		o.MaxInFlight = 4 * o.MaxBody
	}
	o.MaxInFlight = max(o.MaxInFlight, 2*max(o.MaxBody+1, firstBuffer))
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Metrics == nil {
		o.Metrics = metrics.NewSet()
	}
	r := &Receiver{o: o, budget: budget{limit: o.MaxInFlight}, count: newCounters(o.Metrics)}
	r.decoders.New = func() any { return new(spans) }
	r.buffers.New = func() any { return new(buffer) }
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
	// Rejected is how many spans were not taken; a client never sends them again.
	Rejected int
	// Message says why, or warns if Rejected is 0.
	Message string
}

// Traces takes an ExportTraceServiceRequest: every span that can be used, in one batch. It fails with *MalformedError, and has then
// taken nothing, or with what the sink answered. The body must not change until it returns.
func (r *Receiver) Traces(ctx context.Context, tenant edge.Tenant, body []byte, enc Encoding) (Result, error) {
	s := r.decoders.Get().(*spans)
	defer func() {
		if s.release() {
			r.decoders.Put(s)
		}
	}()
	s.begin(tenant, r.o.Now())
	decode := s.protoTraces
	if enc == JSON {
		decode = s.jsonTraces
	}
	if err := decode(body); err != nil {
		return Result{}, err
	}
	if len(s.ignored) > 0 && s.index == 0 {
		return Result{}, &unsupported{signal: s.ignored[0]}
	}
	if len(s.batch.Events) > 0 {
		if err := r.o.Sink.Events(ctx, &s.batch); err != nil {
			return Result{}, err
		}
	}
	r.count.spans(s.index, s.batch.RejectedCount)
	return s.result(), nil
}

// result sums up what was rejected, naming the first few reasons.
func (s *spans) result() Result {
	b := &s.batch
	if b.RejectedCount == 0 && len(s.ignored) == 0 {
		return Result{}
	}
	var msg strings.Builder
	if b.RejectedCount > 0 {
		msg.WriteString(strconv.Itoa(b.RejectedCount) + " of " + strconv.Itoa(s.index) + " spans rejected")
		sep := ": "
		for _, rej := range b.Rejected {
			msg.WriteString(sep + "span " + strconv.Itoa(rej.Index) + ": " + rej.Reason)
			sep = "; "
		}
		if b.RejectedCount > len(b.Rejected) {
			msg.WriteString("; …")
		}
	}
	for _, signal := range s.ignored {
		if msg.Len() > 0 {
			msg.WriteString("; ")
		}
		msg.WriteString((&unsupported{signal: signal}).Error())
	}
	return Result{Rejected: b.RejectedCount, Message: msg.String()}
}

// unsupported is the error of a body that we recognise but have no door for.
type unsupported struct {
	signal string
	// path is true when the path named the signal, false when the body did.
	path bool
}

func (u *unsupported) Error() string { return u.signal + " are not accepted by this version" }

// counters are what /metrics says of the receiver.
type counters struct {
	set                *metrics.Set
	taken, rejected    *metrics.Counter
	received, inflated *metrics.Counter
}

func newCounters(set *metrics.Set) counters {
	return counters{
		set:      set,
		taken:    set.GetOrCreateCounter("edgescope_otlp_spans_total"),
		rejected: set.GetOrCreateCounter("edgescope_otlp_rejected_spans_total"),
		received: set.GetOrCreateCounter("edgescope_otlp_received_bytes_total"),
		inflated: set.GetOrCreateCounter("edgescope_otlp_decompressed_bytes_total"),
	}
}

func (c *counters) spans(seen, rejected int) {
	c.taken.Add(seen - rejected)
	c.rejected.Add(rejected)
}

func (c *counters) request(transport, code string) {
	c.set.GetOrCreateCounter(`edgescope_otlp_requests_total{transport="` + transport + `",code="` + code + `"}`).Inc()
}
