package otlp

import (
	"math"
	"strconv"
	"time"

	"edgescope/edge"
)

const (
	// maxDepth bounds how deep arrays and maps of a value may nest; what is deeper becomes null.
	maxDepth = 32
	// maxAhead is how far a sender's clock may be ahead of ours.
	maxAhead = 10 * time.Minute
	// maxPooled bounds the memory in bytes that a decoder may keep for the next request.
	maxPooled = 4 << 20
)

// spans turns what either encoding says into a batch of events. All memory of a batch is its own: once it has grown to the
// size of the usual request, decoding allocates nothing.
type spans struct {
	batch edge.Batch
	arena arena
	// attrs holds the attributes of all events, one after the other.
	attrs []edge.Attr

	// now is the arrival in Unix nanoseconds.
	now int64
	// index is the number of spans seen, rejected ones included.
	index int

	resource, own, nested pairs
	// levels are the lists of maps inside of values, by depth.
	levels [maxDepth]pairs
	// links and events are the JSON of the current span; exception is what its first event "exception" says.
	links, events []byte
	exception     exception
	// start and end of the current span as sent.
	start, end uint64
	// ignored names signals that stood in a body for another signal.
	ignored []string
	// json reads text; it is here for its memory.
	json jsonReader
}

type exception struct {
	found         bool
	kind, message value
}

// begin makes the decoder ready for a body that came at now.
func (s *spans) begin(tenant edge.Tenant, now time.Time) {
	s.batch.Tenant = tenant
	s.now = now.UnixNano()
}

// release drops all references, so that the decoder can serve another request. It answers false when its memory has grown
// so much that it is better given up.
func (s *spans) release() bool {
	s.batch.Reset()
	clear(s.attrs)
	s.attrs, s.arena.buf, s.ignored = s.attrs[:0], s.arena.buf[:0], s.ignored[:0]
	s.index = 0
	s.resource.drop()
	s.own.drop()
	s.nested.drop()
	for i := range s.levels {
		if s.levels[i].list != nil {
			s.levels[i].drop()
		}
	}
	s.exception = exception{}
	s.json = jsonReader{open: s.json.open[:0]}
	return cap(s.arena.buf)+cap(s.attrs)*32+cap(s.batch.Events)*700+cap(s.links)+cap(s.events) <= maxPooled
}

// startResource begins a list of spans that share a resource.
func (s *spans) startResource() (first int) {
	s.resource.reset()
	return len(s.batch.Events)
}

// endResource gives the resource to all spans since first. It may have come after them.
func (s *spans) endResource(first int) {
	if first == len(s.batch.Events) {
		return
	}
	attrs := s.keep(&s.resource)
	for i := first; i < len(s.batch.Events); i++ {
		s.batch.Events[i].Resource = attrs
	}
}

// endScope gives the instrumentation scope to all spans since first.
func (s *spans) endScope(first int, name, version string) {
	for i := first; i < len(s.batch.Events); i++ {
		s.batch.Events[i].ScopeName, s.batch.Events[i].ScopeVersion = name, version
	}
}

// startSpan answers the event to fill.
func (s *spans) startSpan() *edge.Event {
	s.own.reset()
	s.links, s.events = s.links[:0], s.events[:0]
	s.exception = exception{}
	s.start, s.end = 0, 0
	s.batch.Events = append(s.batch.Events, edge.Event{Kind: edge.KindSpan, Index: s.index, SpanKind: edge.SpanInternal})
	s.index++
	return &s.batch.Events[len(s.batch.Events)-1]
}

// endSpan completes the event that startSpan answered, or rejects it.
func (s *spans) endSpan(e *edge.Event) {
	switch {
	case e.TraceID.IsZero():
		s.rejectLast("no valid trace id: want 16 bytes, not all zero")
		return
	case e.SpanID.IsZero():
		s.rejectLast("no valid span id: want 8 bytes, not all zero")
		return
	}
	s.setTime(e)
	if e.Status != edge.StatusError {
		e.StatusMessage = ""
	}
	s.liftException()
	e.Attrs = s.keep(&s.own)
	e.SpanEvents, e.Links = s.keepList(s.events), s.keepList(s.links)
}

func (s *spans) rejectLast(reason string) {
	last := len(s.batch.Events) - 1
	s.batch.Reject(s.batch.Events[last].Index, reason)
	s.batch.Events[last] = edge.Event{}
	s.batch.Events = s.batch.Events[:last]
}

// rejectEntry notes an entry of a list of spans that is none.
func (s *spans) rejectEntry() {
	s.batch.Reject(s.index, "entry is no object")
	s.index++
}

// setTime applies the rules for times: a missing start is the arrival, an end that is missing or before the start makes a
// duration of 0, and a span from the future ends at its arrival.
func (s *spans) setTime(e *edge.Event) {
	latest := s.now + int64(maxAhead)
	start, end := clampTime(s.start), clampTime(s.end)
	if start == 0 {
		start = s.now
	}
	end = max(start, end)
	if end > latest {
		s.batch.Warn(warnFuture)
		if start <= latest { // else the sender's clock is ahead, and its durations are still good
			start = min(start, s.now)
			e.Duration = s.now - start
		} else {
			e.Duration = end - start
		}
		end = s.now
	} else {
		e.Duration = end - start
	}
	e.Time, e.HasDuration = end, true
}

func clampTime(t uint64) int64 { return int64(min(t, math.MaxInt64)) } // bounded

// keep moves a list of attributes into the memory of the batch.
func (s *spans) keep(p *pairs) []edge.Attr {
	from := len(s.attrs)
	for i := range p.list {
		s.attrs = append(s.attrs, edge.Attr{Key: p.list[i].key, Value: s.arena.text(p.list[i].val)})
	}
	return s.attrs[from:len(s.attrs):len(s.attrs)]
}

// keepList closes a JSON array that was begun by its first entry and moves it into the memory of the batch.
func (s *spans) keepList(list []byte) string {
	if len(list) == 0 {
		return ""
	}
	from := len(s.arena.buf)
	s.arena.buf = append(append(s.arena.buf, list...), ']')
	return s.arena.since(from)
}

// setKind takes a span's kind; a number outside of the enum is internal.
func setKind(e *edge.Event, n uint64) {
	if n < uint64(edge.SpanInternal) || n > uint64(edge.SpanConsumer) {
		n = uint64(edge.SpanInternal)
	}
	e.SpanKind = edge.SpanKind(n)
}

// setStatus takes a status code; a number outside of the enum is unset.
func setStatus(e *edge.Event, n uint64) {
	if n > uint64(edge.StatusError) {
		n = uint64(edge.StatusUnset)
	}
	e.Status = edge.StatusCode(n)
}

// addEvent appends a span event whose attributes are in s.nested, as {"name","time","attrs"}.
func (s *spans) addEvent(name string, at uint64) {
	if name == "exception" && !s.exception.found {
		s.exception = exception{found: true, kind: s.nestedValue(edge.KeyExceptionType), message: s.nestedValue(edge.KeyExceptionMessage)}
	}
	s.events = openEntry(s.events)
	s.events = append(s.events, `{"name":`...)
	s.events = appendString(s.events, name)
	s.events = append(s.events, `,"time":`...)
	s.events = strconv.AppendInt(s.events, clampTime(at), 10)
	s.events = s.closeEntry(s.events)
}

// addLink appends a link whose attributes are in s.nested, as {"trace_id","span_id","attrs"}.
func (s *spans) addLink(trace edge.TraceID, span edge.SpanID) {
	if trace.IsZero() || span.IsZero() {
		s.batch.Warn(warnLink)
		return
	}
	s.links = openEntry(s.links)
	s.links = append(s.links, `{"trace_id":"`...)
	s.links = appendTraceID(s.links, trace)
	s.links = append(s.links, `","span_id":"`...)
	s.links = appendSpanID(s.links, span)
	s.links = append(s.links, '"')
	s.links = s.closeEntry(s.links)
}

func openEntry(list []byte) []byte {
	if len(list) == 0 {
		return append(list, '[')
	}
	return append(list, ',')
}

func (s *spans) closeEntry(list []byte) []byte {
	list = append(list, `,"attrs":`...)
	return append(appendObject(list, &s.nested), '}')
}

// appendObject appends a list of attributes as a JSON object.
func appendObject(dst []byte, p *pairs) []byte {
	dst = append(dst, '{')
	for i := range p.list {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendString(dst, p.list[i].key)
		dst = append(dst, ':')
		dst = appendJSON(dst, p.list[i].val)
	}
	return append(dst, '}')
}

func (s *spans) nestedValue(key string) value {
	for i := range s.nested.list {
		if s.nested.list[i].key == key {
			return s.nested.list[i].val
		}
	}
	return value{}
}

// liftException makes attributes of what the first event "exception" says, to group by, unless the span has them.
func (s *spans) liftException() {
	if !s.exception.found {
		return
	}
	for _, at := range [...]pair{{edge.KeyExceptionType, s.exception.kind}, {edge.KeyExceptionMessage, s.exception.message}} {
		if at.val.kind != kindNone && s.own.find(at.key) < 0 && !s.own.put(at.key, at.val) {
			s.batch.Warn(warnManyAttrs)
		}
	}
}

// putNested adds an attribute of a span event, a link or a map: its name is no field of a row and may have any length.
func (s *spans) putNested(p *pairs, key string, v value) {
	if key == "" {
		s.batch.Warn(warnNoKey)
		return
	}
	if !p.put(key, v) {
		s.batch.Warn(warnManyAttrs)
	}
}

// endMap makes the JSON object of a map whose entries are in the list of that depth, in place of all text since from.
func (s *spans) endMap(from, depth int) value {
	at := len(s.arena.buf)
	s.arena.buf = appendObject(s.arena.buf, &s.levels[depth])
	n := len(s.arena.buf) - at
	copy(s.arena.buf[from:], s.arena.buf[at:])
	s.arena.buf = s.arena.buf[:from+n]
	return value{kind: kindJSON, num: uint64(from), str: s.arena.since(from)} // an offset is not negative
}
