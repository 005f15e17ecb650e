package spans

import (
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"

	"edgescope/store"
)

// Version1 are traces as version 1 of the API writes them: in its envelope, times in microseconds.
type Version1 struct {
	List []*Trace
	// Missing are the ids that were asked for and are not there.
	Missing []string
	// Raw leaves out warnings; Pretty writes for people.
	Raw, Pretty bool
}

// WriteTo implements io.WriterTo.
func (a *Version1) WriteTo(w io.Writer) (int64, error) {
	if !a.Pretty {
		return a.write(newOutput(w))
	}
	p := &indenter{w: w}
	_, err := a.write(newOutput(p))
	return p.count, err
}

func (a *Version1) write(o *output) (int64, error) {
	o.open('{')
	o.key("data")
	o.open('[')
	for _, t := range a.List {
		o.next()
		o.trace1(t, a.Raw)
	}
	o.shut(']')
	for _, name := range [...]string{"total", "limit", "offset"} {
		o.int(name, 0)
	}
	o.key("errors")
	o.failures(a.Missing)
	o.shut('}')
	return o.close()
}

// failures writes what was asked for and is not there, null without any.
func (o *output) failures(list []string) {
	if len(list) == 0 {
		o.raw("null")
		return
	}
	o.open('[')
	for _, id := range list {
		o.next()
		o.open('{')
		o.text("msg", NotFound)
		o.text("traceID", shortID(id))
		o.shut('}')
	}
	o.shut(']')
}

// processes are what the spans of a trace ran in: a process is a service and its attributes.
type processes struct {
	ids  map[string]string
	list []*Span // the first of each
}

// of returns the id of a span's process.
func (p *processes) of(s *Span) string {
	key := processKey(s)
	id, ok := p.ids[key]
	if !ok {
		p.list = append(p.list, s)
		id = "p" + strconv.Itoa(len(p.list))
		p.ids[key] = id
	}
	return id
}

func processKey(s *Span) string {
	var b strings.Builder
	b.WriteString(strconv.Quote(s.service))
	for _, f := range s.process {
		b.WriteString(strconv.Quote(f.Name))
		b.WriteString(strconv.Quote(f.Value))
	}
	return b.String()
}

func (o *output) trace1(t *Trace, raw bool) {
	p := processes{ids: map[string]string{}}
	ids := t.ids()
	id := shortID(t.ID)
	o.open('{')
	o.text("traceID", id)
	o.key("spans")
	o.open('[')
	for _, s := range t.Spans {
		links, bad := s.linksOf()
		var warnings []string
		if !raw {
			warnings = warnings1(t, s, ids, links, bad)
		}
		o.next()
		o.open('{')
		o.span1(s, id, links)
		o.text("processID", p.of(s))
		o.texts("warnings", warnings)
		o.shut('}')
	}
	o.shut(']')
	o.key("processes")
	o.open('{')
	for i, s := range p.list {
		o.key("p" + strconv.Itoa(i+1))
		o.open('{')
		o.text("serviceName", s.service)
		o.tags(s.process)
		o.shut('}')
	}
	o.shut('}')
	o.texts("warnings", t.Warnings)
	o.shut('}')
}

// warnings1 are what Jaeger 2.13 warns of: a parent that is not there, which is the first link into the same trace for
// a span without one, and links that name no span.
func warnings1(t *Trace, s *Span, ids map[string]bool, links []link, bad bool) []string {
	var warnings []string
	parent := s.parent
	for i := 0; parent == "" && i < len(links); i++ {
		if links[i].TraceID == t.ID {
			parent = links[i].SpanID
		}
	}
	if parent != "" && !ids[parent] {
		warnings = append(warnings, "invalid parent span IDs="+parent+"; skipping clock skew adjustment")
	}
	if bad {
		warnings = append(warnings, "Invalid span link removed")
	}
	return warnings
}

// span1 writes the members of a span that it has itself.
func (o *output) span1(s *Span, traceID string, links []link) {
	o.text("traceID", traceID)
	o.text("spanID", s.id)
	o.text("operationName", s.name)
	o.key("references")
	o.open('[')
	if s.parent != "" {
		o.reference("CHILD_OF", traceID, s.parent)
	}
	for i := range links {
		o.reference("FOLLOWS_FROM", shortID(links[i].TraceID), links[i].SpanID)
	}
	o.shut(']')
	o.int("startTime", s.start/1000)
	o.int("duration", (s.end-s.start)/1000)
	o.tags(s.tags1())
	o.key("logs")
	o.open('[')
	for _, e := range listOf[event](s.events) {
		o.next()
		o.log(&e)
	}
	o.shut(']')
}

func (o *output) reference(kind, traceID, spanID string) {
	o.next()
	o.open('{')
	o.text("refType", kind)
	o.text("traceID", traceID)
	o.text("spanID", spanID)
	o.shut('}')
}

// tags1 are the tags of a span in version 1, sorted by key: its attributes and what version 3 has places of its own
// for.
func (s *Span) tags1() []store.Field {
	tags := make([]store.Field, 0, len(s.attrs)+8)
	tags = append(tags, s.attrs...)
	for _, f := range [...]store.Field{
		{Name: "span.kind", Value: s.kind},
		{Name: store.FieldScopeName, Value: s.scopeName},
		{Name: store.FieldScopeVersion, Value: s.scopeVersion},
		{Name: store.FieldStatusCode, Value: s.statusCode},
		{Name: store.FieldStatusMessage, Value: s.statusMessage},
		{Name: "w3c.tracestate", Value: s.traceState},
	} {
		if f.Value != "" {
			tags = append(tags, f)
		}
	}
	if s.failed() {
		tags = slices.DeleteFunc(tags, func(f store.Field) bool { return f.Name == "error" })
		tags = append(tags, store.Field{Name: "error", Value: "true"})
	}
	slices.SortStableFunc(tags, func(a, b store.Field) int { return strings.Compare(a.Name, b.Name) })
	return tags
}

func (o *output) tags(list []store.Field) {
	o.key("tags")
	o.open('[')
	for i := range list {
		o.tag(list[i].Name, TypeOf(list[i].Name, list[i].Value), list[i].Value)
	}
	o.shut(']')
}

// tag writes a tag. An integer that JavaScript can't hold is written as text, as Jaeger does.
func (o *output) tag(key, kind, value string) {
	const safe = 1<<53 - 1
	o.next()
	o.open('{')
	o.text("key", key)
	o.text("type", kind)
	o.key("value")
	n, _ := strconv.ParseInt(value, 10, 64)
	if kind == Text || kind == Int && (n > safe || n < -safe) {
		o.string(value)
	} else {
		o.raw(value)
	}
	o.shut('}')
}

// log writes an event. Its name is the field event.
func (o *output) log(e *event) {
	o.open('{')
	o.int("timestamp", e.eventTime()/1000)
	o.key("fields")
	o.open('[')
	if e.Name != "" {
		o.tag("event", Text, e.Name)
	}
	for _, key := range slices.Sorted(maps.Keys(e.Attrs)) {
		kind, value := rawType(e.Attrs[key])
		o.tag(key, kind, value)
	}
	o.shut(']')
	o.shut('}')
}
