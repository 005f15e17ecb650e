package load

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"edgescope/edge"
	"edgescope/load/network"
	"edgescope/scenarios/plan"
)

// SampledPerSecond bounds the client spans of a run: all requests are sampled up to this rate, and about so many above
// it.
const SampledPerSecond = 10

// spans gives sampled requests a client span and its traceparent. The others carry no traceparent unless
// config.http.distributedTracing asks for one on every request: a parent that is not sampled would make an edge
// function with a parent-based sampler drop its own span.
type spans struct {
	tracer  trace.Tracer // nil: headers only
	all     bool         // config.http.distributedTracing: every request has a header
	sampled bool         // the flag that it asks for
	prefix  []byte       // of every trace id
	runID   string
	ctx     context.Context
	run     uint64 // random: trace ids differ between runs of one seed
	bucket  atomic.Int64
}

func newSpans(ctx context.Context, p *plan.Plan, o *Options) *spans {
	t := p.HTTP.Tracing
	s := &spans{
		tracer: o.Tracer, all: t.Enabled, sampled: t.Sampled,
		runID: o.RunID, ctx: context.WithoutCancel(ctx), run: rand.Uint64(),
	}
	if prefix, err := hex.DecodeString(t.TraceIDPrefix[:len(t.TraceIDPrefix)&^1]); err == nil {
		s.prefix = prefix[:min(len(prefix), 16)]
	}
	return s
}

// ids is a user's stream of trace ids; nil when nobody asks for any.
func (s *spans) ids(user int) *rand.Rand {
	if s.tracer == nil && !s.all {
		return nil
	}
	return rand.New(rand.NewPCG(s.run, uint64(user)))
}

// take tells whether a request that starts now is sampled: a leaky bucket of one second.
func (s *spans) take(now time.Time) bool {
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

// startSpan writes the traceparent of a hop and begins its client span if it is sampled. A header that the script sets
// itself stays.
func (u *user) startSpan(req *plan.Request, h *hop, c *network.Call) *clientSpan {
	if u.ids == nil || u.silent || h.header.Get("Traceparent") != "" {
		return nil
	}
	s := u.spans
	isSampled := s.tracer != nil && s.take(c.Begun)
	if !isSampled && !s.all {
		return nil
	}
	c.Header, c.Rendered = c.Header.Clone(), nil
	if !isSampled {
		c.Header.Set("Traceparent", s.traceparent(u.ids))
		return nil
	}
	_, span := s.tracer.Start(s.ctx, h.method+" "+req.Endpoint, trace.WithNewRoot(), trace.WithTimestamp(c.Begun),
		trace.WithSpanKind(trace.SpanKindClient), trace.WithAttributes(
			attribute.String("http.request.method", h.method),
			attribute.String("url.full", h.text),
			attribute.String("url.template", req.Endpoint),
			attribute.String("server.address", h.url.Hostname()),
			attribute.String("loadgen.scenario", u.flow),
		))
	id := span.SpanContext()
	c.Header.Set("Traceparent", "00-"+id.TraceID().String()+"-"+id.SpanID().String()+"-01")
	if s.runID != "" {
		span.SetAttributes(attribute.String(edge.RunIDAttr, s.runID))
	}
	return &clientSpan{span}
}

// traceparent is the header of a request without a span of ours (W3C Trace Context, section 3.2).
func (s *spans) traceparent(ids *rand.Rand) string {
	var id [24]byte
	for i := 0; i < len(id); i += 8 {
		binary.BigEndian.PutUint64(id[i:], ids.Uint64()|1) // never all zero
	}
	copy(id[:], s.prefix)
	flag := "00"
	if s.sampled {
		flag = "01"
	}
	return strings.Join([]string{"00", hex.EncodeToString(id[:16]), hex.EncodeToString(id[16:]), flag}, "-")
}

// clientSpan is the span of a sampled request; nil for all others.
type clientSpan struct{ span trace.Span }

func (c *clientSpan) end(r *Result, at time.Time) {
	if c == nil {
		return
	}
	set := func(key, value string) {
		if value != "" {
			c.span.SetAttributes(attribute.String(key, value))
		}
	}
	if r.Answered() {
		c.span.SetAttributes(attribute.Int("http.response.status_code", int(r.Code)))
	}
	failure := r.Failure
	if r.Cut {
		failure = "interrupted"
	}
	if failure == "" && r.Code >= 400 {
		failure = strconv.Itoa(int(r.Code))
	}
	set("error.type", failure)
	if failure != "" {
		c.span.SetStatus(codes.Error, "")
	}
	region := r.EdgeRegion
	if region == "" {
		region = r.Region
	}
	if r.Connection != nil {
		set("network.protocol.version", r.Connection.Protocol)
	}
	set(edge.KeyRegion, region)
	set(edge.KeyCacheStatus, r.CacheStatus)
	c.span.End(trace.WithTimestamp(at))
}
