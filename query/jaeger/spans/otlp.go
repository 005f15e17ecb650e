package spans

import (
	"cmp"
	"encoding/json"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"

	"edgescope/edge"
	"edgescope/store"
)

// warningsKey is the attribute in which Jaeger puts the warnings of a span in version 3.
const warningsKey = "@jaeger@warnings"

// Version3 are traces as version 3 of the API writes them: OTLP in JSON, by the rules of proto3's JSON but for ids, which are hex.
type Version3 struct {
	List []*Trace
	// Raw leaves out warnings.
	Raw bool
}

// WriteTo implements io.WriterTo.
func (a *Version3) WriteTo(w io.Writer) (int64, error) {
	o := newOutput(w)
	o.open('{')
	o.key("result")
	o.open('{')
	o.key("resourceSpans")
	o.open('[')
	for _, t := range a.List {
		ids := t.ids()
		for _, scopes := range groups(t) {
			o.next()
			o.resource3(scopes, func(s *Span) []string {
				if a.Raw {
					return nil
				}
				return warnings3(t, s, ids)
			})
		}
	}
	o.shut(']')
	o.shut('}')
	o.shut('}')
	return o.close()
}

// groups are the spans of a trace by what they ran in, and within that by their scope.
func groups(t *Trace) [][][]*Span {
	var out [][][]*Span
	resources, scopes := map[string]int{}, map[string]int{}
	for _, s := range t.Spans {
		i := indexOf(resources, processKey(s), len(out))
		if i == len(out) {
			out = append(out, nil)
		}
		scope := strconv.Itoa(i) + strconv.Quote(s.scopeName) + s.scopeVersion
		j := indexOf(scopes, scope, len(out[i]))
		if j == len(out[i]) {
			out[i] = append(out[i], nil)
		}
		out[i][j] = append(out[i][j], s)
	}
	return out
}

// indexOf returns the index of a key, which is the next one for a new key.
func indexOf(known map[string]int, key string, next int) int {
	i, ok := known[key]
	if !ok {
		i = next
		known[key] = i
	}
	return i
}

// warnings3 are what Jaeger 2.13 warns of in version 3, and on the first span what concerns the trace.
func warnings3(t *Trace, s *Span, ids map[string]bool) []string {
	var warnings []string
	if s == t.Spans[0] {
		warnings = append(warnings, t.Warnings...)
	}
	if s.parent != "" && !ids[s.parent] {
		warnings = append(warnings, "parent span ID="+s.parent+" is not in the trace; skipping clock skew adjustment")
	}
	return warnings
}

// resource3 writes the spans of one resource.
func (o *output) resource3(scopes [][]*Span, warnings func(*Span) []string) {
	first := scopes[0][0]
	attrs := append(slices.Clone(first.process), store.Field{Name: edge.KeyServiceName, Value: first.service})
	slices.SortStableFunc(attrs, func(a, b store.Field) int { return strings.Compare(a.Name, b.Name) })
	o.open('{')
	o.key("resource")
	o.open('{')
	o.attributes(attrs, nil)
	o.shut('}')
	o.key("scopeSpans")
	o.open('[')
	for _, spans := range scopes {
		o.next()
		o.open('{')
		o.key("scope")
		o.open('{')
		o.optional("name", spans[0].scopeName)
		o.optional("version", spans[0].scopeVersion)
		o.shut('}')
		o.key("spans")
		o.open('[')
		for _, s := range spans {
			o.next()
			o.span3(s, warnings(s))
		}
		o.shut(']')
		o.shut('}')
	}
	o.shut(']')
	o.shut('}')
}

// optional writes a member that is a text, if there is one: proto3's JSON leaves out what is empty.
func (o *output) optional(name, value string) {
	if value != "" {
		o.text(name, value)
	}
}

// number writes a member that is a number of 32 bits, if it is one above 0.
func (o *output) number(name, value string) {
	if n, err := strconv.ParseUint(value, 10, 32); err == nil && n > 0 {
		o.int(name, int64(n)) // 32 bits
	}
}

// span3 writes a span. Numbers of 64 bits are texts, as proto3's JSON has them.
func (o *output) span3(s *Span, warnings []string) {
	o.open('{')
	o.text("traceId", s.traceID)
	o.text("spanId", s.id)
	o.optional("traceState", s.traceState)
	o.optional("parentSpanId", s.parent)
	o.number("flags", s.flags)
	o.optional("name", s.name)
	o.int("kind", int64(kindNumber(s.kind)))
	o.text("startTimeUnixNano", strconv.FormatInt(s.start, 10))
	o.text("endTimeUnixNano", strconv.FormatInt(s.end, 10))
	if len(s.attrs)+len(warnings) > 0 {
		o.attributes(s.attrs, warnings)
	}
	o.number("droppedAttributesCount", s.dropped[0])
	o.events3(s)
	o.number("droppedEventsCount", s.dropped[1])
	o.links3(s)
	o.number("droppedLinksCount", s.dropped[2])
	o.key("status")
	o.open('{')
	o.optional("message", s.statusMessage)
	switch s.statusCode {
	case "OK":
		o.int("code", int64(edge.StatusOK))
	case "ERROR":
		o.int("code", int64(edge.StatusError))
	}
	o.shut('}')
	o.shut('}')
}

func kindNumber(kind string) edge.SpanKind {
	for k := edge.SpanInternal; k <= edge.SpanConsumer; k++ {
		if k.String() == kind {
			return k
		}
	}
	return edge.SpanInternal
}

// attributes writes attributes of a row, and the warnings as one more, in its place by the order of keys.
func (o *output) attributes(list []store.Field, warnings []string) {
	o.key("attributes")
	o.open('[')
	for i := range list {
		if len(warnings) > 0 && list[i].Name > warningsKey {
			o.warnings3(warnings)
			warnings = nil
		}
		o.attribute(list[i].Name, TypeOf(list[i].Name, list[i].Value), list[i].Value)
	}
	if len(warnings) > 0 {
		o.warnings3(warnings)
	}
	o.shut(']')
}

func (o *output) warnings3(warnings []string) {
	o.next()
	o.open('{')
	o.text("key", warningsKey)
	o.key("value")
	o.open('{')
	o.key("arrayValue")
	o.open('{')
	o.key("values")
	o.open('[')
	for _, text := range warnings {
		o.next()
		o.open('{')
		o.text("stringValue", text)
		o.shut('}')
	}
	o.shut(']')
	o.shut('}')
	o.shut('}')
	o.shut('}')
}

// attribute writes an attribute of one of the types of version 1.
func (o *output) attribute(key, kind, value string) {
	o.next()
	o.open('{')
	o.text("key", key)
	o.key("value")
	o.open('{')
	switch kind {
	case Bool:
		o.key("boolValue")
		o.raw(value)
	case Int:
		o.text("intValue", value)
	case Float:
		o.key("doubleValue")
		o.raw(value)
	default:
		o.text("stringValue", value)
	}
	o.shut('}')
	o.shut('}')
}

func (o *output) attributesOf(attrs map[string]json.RawMessage) {
	if len(attrs) == 0 {
		return
	}
	o.key("attributes")
	o.open('[')
	for _, key := range slices.Sorted(maps.Keys(attrs)) {
		kind, value := rawType(attrs[key])
		o.attribute(key, kind, value)
	}
	o.shut(']')
}

// events3 writes the events of a span, the first in time first, as Jaeger does.
func (o *output) events3(s *Span) {
	events := listOf[event](s.events)
	if len(events) == 0 {
		return
	}
	slices.SortStableFunc(events, func(a, b event) int { return cmp.Compare(a.eventTime(), b.eventTime()) })
	o.key("events")
	o.open('[')
	for i := range events {
		o.next()
		o.open('{')
		o.text("timeUnixNano", strconv.FormatInt(events[i].eventTime(), 10))
		o.optional("name", events[i].Name)
		o.attributesOf(events[i].Attrs)
		o.shut('}')
	}
	o.shut(']')
}

func (o *output) links3(s *Span) {
	links, _ := s.linksOf()
	if len(links) == 0 {
		return
	}
	o.key("links")
	o.open('[')
	for i := range links {
		o.next()
		o.open('{')
		o.text("traceId", links[i].TraceID)
		o.text("spanId", links[i].SpanID)
		o.attributesOf(links[i].Attrs)
		o.shut('}')
	}
	o.shut(']')
}
