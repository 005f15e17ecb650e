package otlp

import (
	"bytes"

	"edgescope/edge"
)

var byteOrderMark = []byte("\xef\xbb\xbf")

// jsonTraces decodes an ExportTraceServiceRequest in JSON (OTLP specification, section "JSON Protobuf Encoding"), tolerantly:
// whatever one value is, the span and the batch around it are kept. Of a member that is there twice the last one wins, but all
// lists of spans are read, since each holds what nobody sends again.
func (s *spans) jsonTraces(body []byte) error {
	s.json = jsonReader{b: bytes.TrimPrefix(body, byteOrderMark), arena: &s.arena, open: s.json.open[:0]}
	r := &s.json
	if r.space(); r.pos == len(r.b) {
		return nil // an empty request succeeds
	}
	if t := r.peek(); t != tokObject && t != tokNull {
		r.fail("want an object with resourceSpans")
		return r.err
	}
	for top := r.object(); ; {
		key, ok := top.member()
		if !ok {
			break
		}
		s.jsonTop(r, key)
	}
	r.end()
	return r.err
}

func (s *spans) jsonTop(r *jsonReader, key string) {
	switch key {
	case "resourceSpans", "resource_spans":
		for list := s.list(r); list.next(); {
			s.jsonResourceSpans(r)
		}
		return
	case "resourceLogs", "resource_logs":
		s.ignored = append(s.ignored, signalLogs)
	case "resourceMetrics", "resource_metrics":
		s.ignored = append(s.ignored, signalMetrics)
	}
	r.skip()
}

// list begins a list; null is an empty one.
func (s *spans) list(r *jsonReader) scope {
	if t := r.peek(); t != tokArray && t != tokNull && t != tokNone {
		s.batch.Warn(warnNoList)
	}
	return r.array()
}

func (s *spans) jsonResourceSpans(r *jsonReader) {
	first := s.startResource()
	for o := r.object(); ; {
		key, ok := o.member()
		if !ok {
			break
		}
		switch key {
		case "resource":
			s.jsonResource(r)
		case "scopeSpans", "scope_spans", "instrumentationLibrarySpans", "instrumentation_library_spans":
			for list := s.list(r); list.next(); {
				s.jsonScopeSpans(r)
			}
		default:
			r.skip()
		}
	}
	s.endResource(first)
}

func (s *spans) jsonResource(r *jsonReader) {
	s.resource.reset()
	for o := r.object(); ; {
		key, ok := o.member()
		if !ok {
			return
		}
		if key == "attributes" {
			s.jsonAttrs(r, &s.resource, maxResourceKey)
		} else {
			r.skip()
		}
	}
}

func (s *spans) jsonScopeSpans(r *jsonReader) {
	first := len(s.batch.Events)
	var name, version string
	for o := r.object(); ; {
		key, ok := o.member()
		if !ok {
			break
		}
		switch key {
		case "scope", "instrumentationLibrary", "instrumentation_library":
			name, version = jsonScope(r)
		case "spans":
			for list := s.list(r); list.next(); {
				s.jsonSpan(r)
			}
		default:
			r.skip()
		}
	}
	s.endScope(first, name, version)
}

func jsonScope(r *jsonReader) (name, version string) {
	for o := r.object(); ; {
		key, ok := o.member()
		if !ok {
			return name, version
		}
		switch key {
		case "name":
			name = stringValue(r.scalar()).str
		case "version":
			version = stringValue(r.scalar()).str
		default:
			r.skip()
		}
	}
}

func (s *spans) jsonSpan(r *jsonReader) {
	if r.peek() != tokObject {
		r.skip()
		s.rejectEntry()
		return
	}
	e := s.startSpan()
	for o := r.object(); ; {
		key, ok := o.member()
		if !ok {
			break
		}
		if !s.jsonSpanScalar(r, e, key) {
			s.jsonSpanPart(r, e, key)
		}
	}
	s.endSpan(e)
}

// jsonSpanScalar reads the members of a span that are one value.
func (s *spans) jsonSpanScalar(r *jsonReader, e *edge.Event, key string) bool {
	switch key {
	case "traceId", "trace_id":
		e.TraceID = edge.TraceID{}
		r.id(e.TraceID[:])
	case "spanId", "span_id":
		e.SpanID = edge.SpanID{}
		r.id(e.SpanID[:])
	case "parentSpanId", "parent_span_id":
		e.ParentID = edge.SpanID{}
		r.id(e.ParentID[:])
	case "name":
		e.Name = stringValue(r.scalar()).str
	case "kind":
		setKind(e, spanKindNumber(r.scalar()))
	case "startTimeUnixNano", "start_time_unix_nano":
		s.start = unsigned(r.scalar())
	case "endTimeUnixNano", "end_time_unix_nano":
		s.end = unsigned(r.scalar())
	case "traceState", "trace_state":
		e.TraceState = stringValue(r.scalar()).str
	case "flags":
		e.Flags = unsigned32(r.scalar())
	default:
		return false
	}
	return true
}

// jsonSpanPart reads the members of a span that are lists or objects, and the counts of what is missing from them.
func (s *spans) jsonSpanPart(r *jsonReader, e *edge.Event, key string) {
	switch key {
	case "attributes":
		s.jsonAttrs(r, &s.own, maxKey)
	case "events":
		s.events, s.exception = s.events[:0], exception{}
		for list := s.list(r); list.next(); {
			s.jsonEvent(r)
		}
	case "links":
		s.links = s.links[:0]
		for list := s.list(r); list.next(); {
			s.jsonLink(r)
		}
	case "status":
		s.jsonStatus(r, e)
	case "droppedAttributesCount", "dropped_attributes_count":
		e.DroppedAttrs = unsigned32(r.scalar())
	case "droppedEventsCount", "dropped_events_count":
		e.DroppedEvents = unsigned32(r.scalar())
	case "droppedLinksCount", "dropped_links_count":
		e.DroppedLinks = unsigned32(r.scalar())
	default:
		r.skip()
	}
}

func (r *jsonReader) id(dst []byte) {
	t, text := r.scalar()
	decodeID(dst, t, text)
}

func (s *spans) jsonStatus(r *jsonReader, e *edge.Event) {
	e.Status, e.StatusMessage = edge.StatusUnset, ""
	for o := r.object(); ; {
		key, ok := o.member()
		if !ok {
			return
		}
		switch key {
		case "code":
			setStatus(e, statusNumber(r.scalar()))
		case "message":
			e.StatusMessage = stringValue(r.scalar()).str
		default:
			r.skip()
		}
	}
}

func (s *spans) jsonEvent(r *jsonReader) {
	if r.peek() != tokObject {
		r.skip()
		return
	}
	var name string
	var at uint64
	s.nested.reset()
	for o := r.object(); ; {
		key, ok := o.member()
		if !ok {
			break
		}
		switch key {
		case "name":
			name = stringValue(r.scalar()).str
		case "timeUnixNano", "time_unix_nano":
			at = unsigned(r.scalar())
		case "attributes":
			s.jsonMembers(r, &s.nested, 0)
		default:
			r.skip()
		}
	}
	s.addEvent(name, at)
}

func (s *spans) jsonLink(r *jsonReader) {
	if r.peek() != tokObject {
		r.skip()
		return
	}
	var trace edge.TraceID
	var span edge.SpanID
	s.nested.reset()
	for o := r.object(); ; {
		key, ok := o.member()
		if !ok {
			break
		}
		switch key {
		case "traceId", "trace_id":
			r.id(trace[:])
		case "spanId", "span_id":
			r.id(span[:])
		case "attributes":
			s.jsonMembers(r, &s.nested, 0)
		default:
			r.skip()
		}
	}
	s.addLink(trace, span)
}
