package load

import (
	"cmp"
	"strconv"
	"time"

	"edgescope/edge"
	"edgescope/load/network"
	"edgescope/load/spans"
	"edgescope/load/websocket"
	"edgescope/scenarios/plan"
)

// SampledPerSecond bounds the client spans of a run: all requests are sampled up to this rate, and about so many above
// it.
const SampledPerSecond = spans.SampledPerSecond

// startSpan writes the traceparent of a hop and begins its client span if it is sampled. A header that the script sets
// itself stays.
func (u *user) startSpan(req *plan.Request, h *hop, c *network.Call) *spans.Span {
	if u.ids == nil || u.silent || h.header.Get("Traceparent") != "" {
		return nil
	}
	span, traceparent := u.spans.Start(u.ids, c.Begun, func() string { return h.method + " " + req.Endpoint })
	if traceparent != "" {
		c.Header, c.Rendered = c.Header.Clone(), nil
		c.Header.Set("Traceparent", traceparent)
	}
	if span != nil {
		span.Set("http.request.method", h.method)
		span.Set("url.full", h.text)
		span.Set("url.template", req.Endpoint)
		span.Set("server.address", h.url.Hostname())
		span.Set("loadgen.scenario", u.flow)
	}
	return span
}

// startHandshakeSpan is startSpan for a WebSocket.
func (u *user) startHandshakeSpan(r *Result, request *websocket.Request) *spans.Span {
	if u.ids == nil || u.silent || request.Header.Get("Traceparent") != "" {
		return nil
	}
	span, traceparent := u.spans.Start(u.ids, request.Begun, func() string { return "connect " + r.Endpoint })
	if traceparent != "" {
		request.Header.Set("Traceparent", traceparent)
	}
	span.Set("http.request.method", r.Method)
	span.Set("url.full", r.URL)
	span.Set("url.template", r.Endpoint)
	span.Set("server.address", request.URL.Hostname())
	span.Set("loadgen.scenario", u.flow)
	return span
}

// startMessageSpan begins the client span of a message if it is sampled.
func (u *user) startMessageSpan(r *Result, begun time.Time) *spans.Span {
	if u.ids == nil || u.silent {
		return nil
	}
	span, _ := u.spans.Start(u.ids, begun, func() string { return r.Endpoint })
	span.Set("network.protocol.name", "websocket")
	span.Set("url.full", r.URL)
	span.Set("loadgen.scenario", u.flow)
	return span
}

// endSpan tells what came of a request.
func endSpan(span *spans.Span, r *Result, at time.Time) {
	if span == nil {
		return
	}
	if r.Answered() && r.Kind != KindMessage {
		span.Status(int(r.Code))
	}
	switch {
	case r.Cut:
		span.Fail("interrupted")
	case r.Failure == "" && r.Code >= 400:
		span.Fail(strconv.Itoa(int(r.Code)))
	default:
		span.Fail(r.Failure)
	}
	if r.Connection != nil {
		span.Set("network.protocol.version", r.Connection.Protocol)
	}
	span.Set(edge.KeyRegion, cmp.Or(r.EdgeRegion, r.Region))
	span.Set(edge.KeyCacheStatus, r.CacheStatus)
	span.End(at)
}
