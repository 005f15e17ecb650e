// Package spans gives requests a traceparent (W3C Trace Context), and those that are sampled a client span.
package spans

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"math/rand/v2"
	"strings"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"edgescope/edge"
)

// SampledPerSecond bounds the client spans of a run: all requests are sampled up to this rate, and about so many above
// it.
const SampledPerSecond = 10

// Options say which requests get what.
type Options struct {
	Tracer trace.Tracer // nil: there are no spans
	// All gives every request a traceparent, with the flag Sampled unless it has a span. Without it only sampled requests
	// carry one: a parent that is not sampled would make an edge function with a parent-based sampler drop its own span.
	All, Sampled bool
	Prefix       string // hex digits that every trace id begins with, unless it is that of a span
	RunID        string // of the spans, as edge.run.id; "": they say nothing of it
}

// Source makes the traceparents and spans of a run. It is safe for concurrent use; nil asks for nothing.
type Source struct {
	options Options
	prefix  []byte // of every trace id
	ctx     context.Context
	run     uint64 // random: trace ids differ between runs of one seed
	bucket  atomic.Int64
}

// New makes the source of a run. Spans keep the values of ctx, not its end.
func New(ctx context.Context, o Options) *Source {
	if o.Tracer == nil && !o.All {
		return nil
	}
	s := &Source{options: o, ctx: context.WithoutCancel(ctx), run: rand.Uint64()}
	if prefix, err := hex.DecodeString(o.Prefix[:len(o.Prefix)&^1]); err == nil {
		s.prefix = prefix[:min(len(prefix), 16)]
	}
	return s
}

// IDs is a user's stream of trace ids; nil when nobody asks for any.
func (s *Source) IDs(user int) *rand.Rand {
	if s == nil {
		return nil
	}
	return rand.New(rand.NewPCG(s.run, uint64(user)))
}

// take tells whether a request that starts now is sampled: a leaky bucket of one second.
func (s *Source) take(now time.Time) bool {
	const gap = int64(time.Second / SampledPerSecond)
	for {
		level := s.bucket.Load()
		next := max(level, now.UnixNano()) + gap
		if next-now.UnixNano() > int64(time.Second) {
			return false
		}
		if s.bucket.CompareAndSwap(level, next) {
			return true
		}
	}
}

// Start begins the span of a request that begins now, nil if it is not sampled, and returns the traceparent to send, ""
// for none. name is called for a span alone.
func (s *Source) Start(ids *rand.Rand, now time.Time, name func() string) (span *Span, traceparent string) {
	if s.options.Tracer == nil || !s.take(now) {
		if s.options.All {
			traceparent = s.traceparent(ids)
		}
		return nil, traceparent
	}
	_, started := s.options.Tracer.Start(s.ctx, name(), trace.WithNewRoot(), trace.WithTimestamp(now),
		trace.WithSpanKind(trace.SpanKindClient))
	span = &Span{started}
	span.Set(edge.RunIDAttr, s.options.RunID)
	id := started.SpanContext()
	return span, "00-" + id.TraceID().String() + "-" + id.SpanID().String() + "-01"
}

// traceparent is the header of a request without a span of ours (W3C Trace Context, section 3.2).
func (s *Source) traceparent(ids *rand.Rand) string {
	var id [24]byte
	for i := 0; i < len(id); i += 8 {
		binary.BigEndian.PutUint64(id[i:], ids.Uint64()|1) // never all zero
	}
	copy(id[:], s.prefix)
	flag := "00"
	if s.options.Sampled {
		flag = "01"
	}
	return strings.Join([]string{"00", hex.EncodeToString(id[:16]), hex.EncodeToString(id[16:]), flag}, "-")
}

// Span is the span of a sampled request; nil for all others.
type Span struct{ span trace.Span }

// Set gives the span an attribute, unless it is empty.
func (s *Span) Set(key, value string) {
	if s != nil && value != "" {
		s.span.SetAttributes(attribute.String(key, value))
	}
}

// Status gives the span the status code of the answer.
func (s *Span) Status(code int) {
	if s != nil {
		s.span.SetAttributes(attribute.Int("http.response.status_code", code))
	}
}

// Fail says that the request failed, with the name of its error; "" did not.
func (s *Span) Fail(name string) {
	if s != nil && name != "" {
		s.Set("error.type", name)
		s.span.SetStatus(codes.Error, "")
	}
}

// End ends the span.
func (s *Span) End(at time.Time) {
	if s != nil {
		s.span.End(trace.WithTimestamp(at))
	}
}
