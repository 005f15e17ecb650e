package workers

import (
	"cmp"
	"encoding/hex"
	"encoding/json"
	"slices"
	"time"

	"edgescope/edge"
)

// streamed is one event of a streaming tail.
type streamed struct {
	SpanContext  struct{ TraceID, SpanID text }
	InvocationID text
	Timestamp    instant
	Sequence     number
	Event        happened

	// post is the request that brought the event, size the memory that it takes, about, in bytes.
	post *post
	size int64
}

// happened says what an event of a streaming tail is about. Each type has some of the members.
type happened struct {
	Type text

	// onset, spanOpen
	SpanID         text
	Name           text
	ScriptName     text
	Entrypoint     text
	ScriptVersion  struct{ ID text }
	ExecutionModel text
	// Info is a trigger for onset, attributes for attributes, either for spanOpen and the answer for return.
	Info json.RawMessage

	Level   text
	Message words
	Stack   text

	Outcome           text
	CPUTime, WallTime number
}

const typeOutcome = "outcome"

// builder says how events are made.
type builder struct {
	// index is the position of the record in the request that is being worked on.
	index   int
	arrival time.Time
	route   func(service, path string) string
}

// key names an invocation.
type key struct {
	tenant edge.Tenant
	id     string
}

// invocation is the events of a streaming tail that came so far of one invocation.
type invocation struct {
	key    key
	events []streamed
	// last is when the latest of them came.
	last time.Time
}

// complete tells whether everything from the first event to the outcome is there.
func (inv *invocation) complete() bool {
	if !slices.ContainsFunc(inv.events, func(e streamed) bool { return e.Event.Type == typeOutcome }) {
		return false
	}
	if !inv.numbered() {
		return true // events without a number can't be missed
	}
	inv.sort()
	last := &inv.events[len(inv.events)-1]
	return last.Event.Type == typeOutcome && last.Sequence.Value == float64(len(inv.events)-1)
}

func (inv *invocation) numbered() bool {
	return !slices.ContainsFunc(inv.events, func(e streamed) bool { return !e.Sequence.OK })
}

// sort brings the events into their order, and drops those that came twice.
func (inv *invocation) sort() {
	if !inv.numbered() {
		return
	}
	slices.SortStableFunc(inv.events, func(a, b streamed) int {
		return cmp.Compare(a.Sequence.Value,
			b.Sequence.Value)
	})
	inv.events = slices.CompactFunc(inv.events, func(a, b streamed) bool {
		return a.Sequence.Value == b.Sequence.Value
	})
}

// build appends the spans and log records of the invocation, as far as they are known.
func (inv *invocation) build(to []edge.Event, b builder) []edge.Event {
	s := story{
		builder: b, about: about{invocationID: inv.events[0].InvocationID}, byID: map[edge.SpanID]int{},
		root: none,
	}
	s.trace = traceID(inv.events[0].SpanContext.TraceID)
	inv.sort()
	for i := range inv.events {
		s.tell(&inv.events[i])
	}
	return s.end(to)
}

// story is an invocation while it is being told.
type story struct {
	builder
	about about
	trace edge.TraceID
	// spans has the server span at root, none if its onset is missing.
	spans []openSpan
	byID  map[edge.SpanID]int
	root  int
	logs  []edge.Event
	// now is the time of the latest event.
	now   int64
	ended bool
}

type openSpan struct {
	event      edge.Event
	start, end int64
	attrs      attrs
	exceptions []thrown
}

const none = -1

// tell goes on with the next event. Types that it doesn't know tell nothing.
func (s *story) tell(e *streamed) {
	s.now = max(s.now, e.Timestamp.Or(s.arrival.UnixNano()))
	at := e.Timestamp.Or(s.now)
	switch h := &e.Event; h.Type {
	case "onset":
		s.onset(e, at)
	case "spanOpen":
		s.open(e, at)
	case "attributes":
		if span := s.span(e); span != nil {
			span.describe(h.Info)
		}
	case "spanClose":
		s.close(e, at)
	case "log":
		record := logRecord(edge.SourceTailStream, h.Level, h.Message)
		record.Time, record.SpanID = at, spanID(e.SpanContext.SpanID)
		s.logs = append(s.logs, record)
	case "exception":
		if span := s.span(e); span != nil {
			span.exceptions = append(span.exceptions, thrown{
				Name: h.Name, Message: text(h.Message), Stack: h.Stack,
				Timestamp: instant(at),
			})
		}
	case "return":
		var answer struct{ StatusCode text }
		_ = json.Unmarshal(h.Info, &answer) // no info, no status
		s.about.status = answer.StatusCode
	case typeOutcome:
		s.about.outcome, s.about.cpu, s.about.wall = h.Outcome, h.CPUTime, h.WallTime
		s.ended = true
	}
}

// span returns the span that an event belongs to: the one that it names, else the invocation's, nil if that is not
// known.
func (s *story) span(e *streamed) *openSpan {
	if i, ok := s.byID[spanID(e.SpanContext.SpanID)]; ok {
		return &s.spans[i]
	}
	if s.root == none {
		return nil
	}
	return &s.spans[s.root]
}

func (s *story) add(id, parent edge.SpanID, start int64) *openSpan {
	if id.IsZero() {
		id = newSpanID()
	}
	s.byID[id] = len(s.spans)
	s.spans = append(s.spans, openSpan{start: start})
	span := &s.spans[len(s.spans)-1]
	span.event.SpanID = id
	if parent != id {
		span.event.ParentID = parent
	}
	return span
}

func (s *story) onset(e *streamed, at int64) {
	if s.root != none {
		return // an invocation begins once
	}
	h, a := &e.Event, &s.about
	a.script, a.entrypoint, a.version, a.model = h.ScriptName, h.Entrypoint, h.ScriptVersion.ID, h.ExecutionModel
	var started trigger
	_ = json.Unmarshal(h.Info, &started) // a member of another type stays empty
	started.fill(a)
	s.root = len(s.spans)
	s.add(spanID(h.SpanID), spanID(e.SpanContext.SpanID), at)
}

func (s *story) open(e *streamed, at int64) {
	span := s.add(spanID(e.Event.SpanID), spanID(e.SpanContext.SpanID), at)
	span.event.Kind, span.event.SpanKind, span.event.Name = edge.KindSpan, edge.SpanInternal, string(e.Event.Name)
	if e.Event.Name == handlerFetch {
		span.event.SpanKind = edge.SpanClient
	}
	span.describe(e.Event.Info)
}

func (s *story) close(e *streamed, at int64) {
	i, ok := s.byID[spanID(e.SpanContext.SpanID)]
	if !ok || i == s.root {
		return
	}
	span := &s.spans[i]
	span.end = at
	if o := e.Event.Outcome; o != "" && o != "ok" && o != "unknown" {
		span.event.Status, span.event.StatusMessage = edge.StatusError, string(o)
	}
}

// describe takes the attributes of a span.
func (p *openSpan) describe(info json.RawMessage) {
	var told pairs
	if len(info) > 0 && info[0] == '[' {
		_ = told.UnmarshalJSON(info)
	} else {
		var request struct{ Type, Method, URL text }
		_ = json.Unmarshal(info, &request) // no info, no attributes
		told = pairs{{Name: edge.KeyMethod, Value: request.Method}, {Name: "url.full", Value: request.URL}}
	}
	for _, a := range told {
		p.attrs.add(string(a.Name), string(a.Value))
	}
}

// end appends the events of the story.
func (s *story) end(to []edge.Event) []edge.Event {
	resource := s.about.resource()
	for i := range s.spans {
		to = append(to, s.finish(i, resource))
	}
	for _, record := range s.logs {
		record.Index, record.TraceID, record.Resource = s.index, s.trace, resource
		to = append(to, record)
	}
	return to
}

// finish completes a span. What is still open ends with the invocation.
func (s *story) finish(i int, resource []edge.Attr) edge.Event {
	p := &s.spans[i]
	e := p.event
	if i == s.root {
		e = s.rootSpan(p)
	} else {
		e.Attrs = p.attrs
	}
	e.Index, e.TraceID, e.Resource = s.index, s.trace, resource
	e.Facts.Source = edge.SourceTailStream
	e.Time = max(p.end, p.start)
	if p.end == 0 {
		e.Time = max(s.now, p.start)
	}
	e.Duration, e.HasDuration = e.Time-p.start, true
	fail(&e, p.exceptions)
	return e
}

// invocationMarks are the attributes that make a root span an invocation, whatever its kind.
var invocationMarks = []string{edge.KeyFaasTrigger, edge.KeyInvocationID, edge.KeyColdStart, "cloudflare.handler_type"}

// rootSpan makes the server span. Of one that never ended nobody knows how it did, unless it had answered: such a span
// does not count as an invocation, as an internal one does not.
func (s *story) rootSpan(p *openSpan) edge.Event {
	e := s.about.span(edge.SourceTailStream, s.route)
	e.SpanID, e.ParentID = p.event.SpanID, p.event.ParentID
	to := attrs(e.Attrs)
	for _, a := range p.attrs {
		to.add(a.Key, a.Value)
	}
	if !s.ended && s.about.status == "" {
		e.SpanKind = edge.SpanInternal
		to = slices.DeleteFunc(to, func(a edge.Attr) bool { return slices.Contains(invocationMarks, a.Key) })
		to.add("edge.tail.incomplete", "true")
	}
	e.Attrs = to
	return e
}

// traceID reads 32 hex digits; others are replaced by an id of our own.
func traceID(s text) (id edge.TraceID) {
	if n, err := hex.Decode(id[:], []byte(fixed(s, 2*len(id)))); err != nil || n != len(id) || id.IsZero() {
		return newTraceID()
	}
	return id
}

// spanID reads 16 hex digits; others are none.
func spanID(s text) (id edge.SpanID) {
	if n, err := hex.Decode(id[:], []byte(fixed(s, 2*len(id)))); err != nil || n != len(id) {
		return edge.SpanID{}
	}
	return id
}

// fixed returns a text of that length, and nothing instead of another.
func fixed(s text, length int) string {
	if len(s) != length {
		return ""
	}
	return string(s)
}
