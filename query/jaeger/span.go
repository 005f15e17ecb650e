package jaeger

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"edgescope/edge"
	"edgescope/internal/jsonwire"
	"edgescope/store"
)

// span is a row as both versions of the API show it. Its texts are its own.
type span struct {
	traceID, id, parent, name, kind, service string
	// start and end are Unix nanoseconds.
	start, end int64

	statusCode, statusMessage string
	scopeName, scopeVersion   string
	traceState                string
	flags                     string
	// dropped are how many attributes, events and links the SDK dropped.
	dropped       [3]string
	events, links string // JSON, as the row has them
	// attrs are the attributes of the span, process those of what it ran in, each sorted by key. The row does not tell
	// one from the other: processPrefixes do.
	attrs, process []store.Field
	warnings       []string
}

// processPrefixes are how the keys begin that say where a span ran: attributes of a resource in OpenTelemetry's
// semantic conventions.
var processPrefixes = [...]string{
	"service.", "telemetry.", "cloud.", "host.", "deployment.", "k8s.", "container.", "process.", "os.",
	edge.KeyFaasName, edge.KeyFaasVersion, edge.KeyFaasInstance,
}

// readSpan copies a row.
func readSpan(r store.Row) (*span, error) {
	end, err := r.Time(store.FieldTime)
	if err != nil {
		return nil, fmt.Errorf("read the time of a span: %w", err)
	}
	s := &span{end: end.UnixNano(), service: noService, kind: edge.SpanInternal.String()}
	s.start = s.end
	if n, err := strconv.ParseInt(r.Get(edge.KeyDuration), 10, 64); err == nil && n > 0 && n <= s.end {
		s.start -= n
	}
	s.attrs = make([]store.Field, 0, len(r))
	own := ownCopy{size: textSize(r)}
	for i := range r {
		if r[i].Value != "" {
			s.take(own.text(r[i].Name), own.text(r[i].Value))
		}
	}
	byKey := func(a, b store.Field) int {
		return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.Value, b.Value))
	}
	slices.SortFunc(s.attrs, byKey)
	slices.SortFunc(s.process, byKey)
	return s, nil
}

// take keeps a field.
func (s *span) take(name, value string) {
	if place := s.place(name); place != nil {
		*place = value
		return
	}
	if hidden(name) {
		return
	}
	if rest, ok := strings.CutPrefix(name, store.ResourcePrefix); ok {
		s.process = append(s.process, store.Field{Name: rest, Value: value})
		return
	}
	if rest, ok := strings.CutPrefix(name, store.AttrPrefix); ok && store.Reserved(rest) {
		name = rest
	}
	for _, prefix := range processPrefixes {
		if strings.HasPrefix(name, prefix) {
			s.process = append(s.process, store.Field{Name: name, Value: value})
			return
		}
	}
	s.attrs = append(s.attrs, store.Field{Name: name, Value: value})
}

// place returns where a field is kept that is no attribute.
func (s *span) place(name string) *string {
	switch name {
	case store.FieldTraceID:
		return &s.traceID
	case store.FieldSpanID:
		return &s.id
	case store.FieldParentID:
		return &s.parent
	case store.FieldName:
		return &s.name
	case store.FieldKind:
		return &s.kind
	case edge.KeyServiceName:
		return &s.service
	case store.FieldStatusCode:
		return &s.statusCode
	case store.FieldStatusMessage:
		return &s.statusMessage
	case store.FieldScopeName:
		return &s.scopeName
	case store.FieldScopeVersion:
		return &s.scopeVersion
	case store.FieldTraceState:
		return &s.traceState
	case store.FieldFlags:
		return &s.flags
	case store.FieldDroppedAttrs:
		return &s.dropped[0]
	case store.FieldDroppedEvents:
		return &s.dropped[1]
	case store.FieldDroppedLinks:
		return &s.dropped[2]
	case store.FieldEvents:
		return &s.events
	case store.FieldLinks:
		return &s.links
	}
	return nil
}

// hidden tells whether a field is no attribute of a span and not shown.
func hidden(name string) bool {
	switch name {
	case store.FieldMsg, store.FieldTime, edge.KeyDuration, store.FieldSeq, store.FieldLog:
		return true
	}
	return strings.HasPrefix(name, "_stream")
}

// failed tells whether a span has the status of an error.
func (s *span) failed() bool { return s.statusCode == "ERROR" }

// ownCopy copies texts into one piece of memory.
type ownCopy struct {
	b    strings.Builder
	size int
}

func (c *ownCopy) text(s string) string {
	if c.b.Cap() == 0 {
		c.b.Grow(c.size)
	}
	from := c.b.Len()
	c.b.WriteString(s)
	return c.b.String()[from:]
}

func textSize(r store.Row) int {
	n := 0
	for i := range r {
		n += len(r[i].Name) + len(r[i].Value)
	}
	return n
}

// link is a link of a span as the row has it.
type link struct {
	TraceID string                     `json:"trace_id"`
	SpanID  string                     `json:"span_id"`
	Attrs   map[string]json.RawMessage `json:"attrs"`
}

// event is an event of a span as the row has it.
type event struct {
	Name  string                     `json:"name"`
	Time  json.Number                `json:"time"`
	Attrs map[string]json.RawMessage `json:"attrs"`
}

// listOf reads a JSON array of the row. What is none is empty.
func listOf[T any](text string) []T {
	var list []T
	if text == "" || json.Unmarshal([]byte(text), &list) != nil {
		return nil
	}
	return list
}

// linksOf returns the links that name a span, and whether there are others.
func (s *span) linksOf() (good []link, bad bool) {
	for _, l := range listOf[link](s.links) {
		if !isID(l.TraceID, traceDigits) || !isID(l.SpanID, halfDigits) {
			bad = true
			continue
		}
		good = append(good, l)
	}
	return good, bad
}

// isID tells whether a text is an id of so many hex digits; all zeros are none.
func isID(text string, digits int) bool {
	return len(text) == digits && strings.Trim(text, "0123456789abcdef") == "" && strings.Trim(text, "0") != ""
}

// eventTime returns when an event was, in Unix nanoseconds.
func (e *event) eventTime() int64 {
	n, err := e.Time.Int64()
	if err != nil {
		return 0
	}
	return max(n, 0)
}

// The types of tags in version 1.
const (
	typeText  = "string"
	typeBool  = "bool"
	typeInt   = "int64"
	typeFloat = "float64"
)

// textSuffixes are how keys end whose values are texts by the semantic conventions, though they may look like numbers.
var textSuffixes = [...]string{".version", ".id", ".name", ".message", ".description", ".type", ".address", ".text"}

// typeOf tells what a value of a row was before it became text: true and false, integers and doubles that are spelt as
// the store spells them, else text. NaN and infinities, for which JSON has no numbers, are texts.
func typeOf(key, value string) string {
	if value == "" || !strings.ContainsRune("-0123456789tf", rune(value[0])) {
		return typeText
	}
	if key != "thread.id" {
		for _, suffix := range textSuffixes {
			if strings.HasSuffix(key, suffix) {
				return typeText
			}
		}
	}
	if value == "true" || value == "false" {
		return typeBool
	}
	var buf [32]byte
	if n, err := strconv.ParseInt(value, 10, 64); err == nil && string(strconv.AppendInt(buf[:0], n, 10)) == value {
		return typeInt
	}
	f, err := strconv.ParseFloat(value, 64)
	if err == nil && !math.IsInf(f, 0) && string(jsonwire.AppendDouble(buf[:0], f)) == value {
		return typeFloat
	}
	return typeText
}

// rawType is typeOf of a value in the JSON of an event or a link, and its text.
func rawType(raw json.RawMessage) (kind, text string) {
	switch raw[0] {
	case '"':
		if json.Unmarshal(raw, &text) != nil {
			return typeText, string(raw)
		}
		return typeText, text
	case 't', 'f':
		return typeBool, string(raw)
	case '[', '{':
		return typeText, string(raw)
	case 'n':
		return typeText, ""
	}
	if _, err := strconv.ParseInt(string(raw), 10, 64); err == nil {
		return typeInt, string(raw)
	}
	return typeFloat, string(raw)
}
