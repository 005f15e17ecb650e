package workers

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"

	"edgescope/edge"
)

// The datasets of Logpush that are read: https://developers.cloudflare.com/logs/logpush/logpush-job/datasets/.
const (
	datasetTraceEvents = "workers_trace_events"
	datasetRequests    = "http_requests"
)

// hints are the keys of a record that tell which dataset of Logpush it is from. A job sends the fields that it is
// configured with: none of them is always there.
type hints struct {
	traceEvent, edgeTime, ray, requested, content bool
	keys                                          int
}

func (h *hints) see(key string) {
	h.keys++
	switch key {
	case "EventTimestampMs", "ScriptName":
		h.traceEvent = true
	case "EdgeStartTimestamp", "EdgeEndTimestamp":
		h.edgeTime = true
	case "RayID":
		h.ray = true
	case "ClientRequestHost", "ClientRequestMethod", "ClientRequestPath", "ClientRequestURI", "EdgeResponseStatus":
		h.requested = true
	case "content":
		h.content = true
	}
}

// dataset returns the dataset, "" if the keys seen so far tell none.
func (h *hints) dataset() string {
	switch {
	case h.traceEvent:
		return datasetTraceEvents
	case h.requested && (h.ray || h.edgeTime):
		return datasetRequests
	}
	return ""
}

// isTest tells whether a record is what Logpush sends to see whether a destination takes files, {"content":"tests"}:
// https://developers.cloudflare.com/logs/logpush/logpush-job/enable-destinations/http/.
func (h *hints) isTest(record json.RawMessage) bool {
	var test struct{ Content any }
	if !h.content || h.keys != 1 || json.Unmarshal(record, &test) != nil {
		return false
	}
	content, isText := test.Content.(string)
	return isText && strings.HasPrefix(content, "test")
}

// requested is a record of the dataset http_requests: a request that Cloudflare's edge answered, by a Worker, its cache
// or an origin.
type requested struct {
	EdgeStartTimestamp, EdgeEndTimestamp instant
	RayID, ParentRayID                   text
	ClientRequestHost                    text
	ClientRequestMethod                  text
	ClientRequestPath, ClientRequestURI  text
	ClientRequestScheme                  text
	ClientRequestProtocol                text
	ClientRequestUserAgent               text
	ClientCountry, ClientASN, ClientCity text
	EdgeColoCode                         text
	EdgeResponseStatus                   text
	CacheCacheStatus                     text
	EdgeTimeToFirstByteMs                number
	ClientTCPRTTMs                       number
	OriginResponseDurationMs             number
	OriginResponseStatus                 number
	// WorkerCPUTime and WorkerWallTimeUs are microseconds.
	WorkerCPUTime, WorkerWallTimeUs number
	WorkerScriptName                text
}

// request takes a record of http_requests. Its service is the host that was asked for, never the Worker's script: who
// sends the traces of the script too would count every request twice.
func (p *post) request(index int, record json.RawMessage) error {
	var r requested
	p.decode(record, &r)
	p.batch.Events = append(p.batch.Events, r.build(p.build(index)))
	return nil
}

func (r *requested) build(b builder) edge.Event {
	path, _, _ := strings.Cut(string(r.ClientRequestURI), "?")
	if r.ClientRequestPath != "" {
		path = string(r.ClientRequestPath)
	}
	scheme := cmp.Or(string(r.ClientRequestScheme), "https")
	a := about{
		handler: handlerFetch, method: string(r.ClientRequestMethod), ray: r.RayID, host: string(r.ClientRequestHost),
		address: scheme + "://" + string(r.ClientRequestHost) + path,
		headers: pairs{{Name: "user-agent", Value: r.ClientRequestUserAgent}}, status: r.EdgeResponseStatus,
		place: located{
			r.EdgeColoCode, r.ClientCountry, r.ClientCity, r.ClientASN, r.ClientRequestProtocol, r.ClientTCPRTTMs,
		},
		cpu: milli(r.WorkerCPUTime), wall: milli(r.WorkerWallTimeUs),
	}
	e := a.span(edge.SourceLogpush, b.route)
	e.Index, e.Resource = b.index, a.resource()
	r.identify(&e)
	r.measure(&e, b)
	to := attrs(e.Attrs)
	if status := string(r.CacheCacheStatus); status != "" && status != "unknown" {
		to.add("http.response.header.cf-cache-status", strings.TrimPrefix(status, "stream_"))
	}
	to.add("cloudflare.worker.script_name", string(r.WorkerScriptName))
	e.Attrs = to
	return e
}

// identify gives a request its ids, which follow from the ray: what Logpush delivers twice is the same span. What a
// Worker asked of its own zone (ParentRayID) is a client's span of the trace that it belongs to, and no invocation.
func (r *requested) identify(e *edge.Event) {
	parent := strings.Trim(string(r.ParentRayID), "0")
	switch {
	case r.RayID == "":
		e.TraceID, e.SpanID = newTraceID(), newSpanID()
	case parent == "":
		e.TraceID, e.SpanID = rayTrace(r.RayID), raySpan(r.RayID)
	default:
		e.SpanKind = edge.SpanClient
		e.TraceID, e.SpanID, e.ParentID = rayTrace(r.ParentRayID), raySpan(r.RayID), raySpan(r.ParentRayID)
	}
}

// measure gives a request its times.
func (r *requested) measure(e *edge.Event, b builder) {
	f := &e.Facts
	f.TTFB, f.HasTTFB = r.EdgeTimeToFirstByteMs.Milliseconds()
	if r.OriginResponseStatus.Value > 0 {
		f.OriginDuration, f.HasOrigin = r.OriginResponseDurationMs.Milliseconds()
	}
	start := r.EdgeStartTimestamp.Or(int64(r.EdgeEndTimestamp))
	if start == 0 {
		start = b.arrival.UnixNano()
	}
	e.Time = max(start, r.EdgeEndTimestamp.Or(start+f.TTFB))
	e.Duration = e.Time - start
	e.HasDuration = r.EdgeStartTimestamp != 0 && r.EdgeEndTimestamp != 0 || f.HasTTFB
}

// milli makes milliseconds of microseconds.
func milli(micros number) number {
	micros.Value /= 1000
	return micros
}

// rayTrace returns the trace of a request, by its ray: the request itself, what Workers did for it, and what those
// asked for.
func rayTrace(ray text) (id edge.TraceID) {
	sum := sha256.Sum256([]byte("cloudflare ray " + rayOf(ray)))
	copy(id[:], sum[:])
	return id
}

// raySpan returns the span of a request.
func raySpan(ray text) (id edge.SpanID) {
	if n, err := hex.Decode(id[:], []byte(fixed(text(rayOf(ray)), 2*len(id)))); err == nil && n == len(id) &&
		!id.IsZero() {
		return id
	}
	sum := sha256.Sum256([]byte(rayOf(ray)))
	copy(id[:], sum[:])
	return id
}

// invocationSpan returns the span of an invocation for a request.
func invocationSpan(ray text, a *about, start int64) (id edge.SpanID) {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s %s %s %s %d", rayOf(ray), a.script, a.entrypoint, a.durableObject, start))
	copy(id[:], sum[:])
	return id
}

// rayOf returns a ray without the colo that headers add to it.
func rayOf(ray text) string {
	id, _, _ := strings.Cut(string(ray), "-")
	return strings.ToLower(id)
}
