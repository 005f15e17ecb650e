package spans

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

// Span is a row as both versions of the API show it. Its texts are its own.
type Span struct {
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
	// bytes is about what the span takes in memory.
	bytes int64
}

// processPrefixes are how the keys begin that say where a span ran: attributes of a resource in OpenTelemetry's
// semantic conventions.
var processPrefixes = [...]string{
	"service.", "telemetry.", "cloud.", "host.", "deployment.", "k8s.", "container.", "process.", "os.",
	edge.KeyFaasName, edge.KeyFaasVersion, edge.KeyFaasInstance,
}

// readSpan copies a row.
func readSpan(r store.Row) (*Span, error) {
	end, err := r.Time(store.FieldTime)
	if err != nil {
		return nil, fmt.Errorf("read the time of a span: %w", err)
	}
	s := &Span{end: end.UnixNano(), service: NoService, kind: edge.SpanInternal.String()}
	s.start = s.end
	if n, err := strconv.ParseInt(r.Get(edge.KeyDuration), 10, 64); err == nil && n > 0 && n <= s.end {
		s.start -= n
	}
	s.attrs = make([]store.Field, 0, len(r))
	own := ownCopy{size: textSize(r)}
	s.bytes = int64(own.size + 48*len(r) + 512)
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
func (s *Span) take(name, value string) {
	if place := places[name]; place != nil {
		*place(s) = value
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

// places are where fields are kept that are no attributes.
var places = map[string]func(*Span) *string{
	store.FieldTraceID:       func(s *Span) *string { return &s.traceID },
	store.FieldSpanID:        func(s *Span) *string { return &s.id },
	store.FieldParentID:      func(s *Span) *string { return &s.parent },
	store.FieldName:          func(s *Span) *string { return &s.name },
	store.FieldKind:          func(s *Span) *string { return &s.kind },
	edge.KeyServiceName:      func(s *Span) *string { return &s.service },
	store.FieldStatusCode:    func(s *Span) *string { return &s.statusCode },
	store.FieldStatusMessage: func(s *Span) *string { return &s.statusMessage },
	store.FieldScopeName:     func(s *Span) *string { return &s.scopeName },
	store.FieldScopeVersion:  func(s *Span) *string { return &s.scopeVersion },
	store.FieldTraceState:    func(s *Span) *string { return &s.traceState },
	store.FieldFlags:         func(s *Span) *string { return &s.flags },
	store.FieldDroppedAttrs:  func(s *Span) *string { return &s.dropped[0] },
	store.FieldDroppedEvents: func(s *Span) *string { return &s.dropped[1] },
	store.FieldDroppedLinks:  func(s *Span) *string { return &s.dropped[2] },
	store.FieldEvents:        func(s *Span) *string { return &s.events },
	store.FieldLinks:         func(s *Span) *string { return &s.links },
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
func (s *Span) failed() bool { return s.statusCode == "ERROR" }

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
func (s *Span) linksOf() (good []link, bad bool) {
	for _, l := range listOf[link](s.links) {
		if !isID(l.TraceID, digits) || !isID(l.SpanID, halfDigits) {
			bad = true
			continue
		}
		good = append(good, l)
	}
	return good, bad
}

// isID tells whether a text is an id of so many hex digits; all zeros are none.
func isID(text string, n int) bool {
	return len(text) == n && strings.Trim(text, "0123456789abcdef") == "" && strings.Trim(text, "0") != ""
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
	Text  = "string"
	Bool  = "bool"
	Int   = "int64"
	Float = "float64"
)

// textSuffixes are how keys end whose values are texts by the semantic conventions, though they may look like numbers.
var textSuffixes = [...]string{".version", ".id", ".name", ".message", ".description", ".type", ".address", ".text"}

// TypeOf tells what a value of a row was before it became text: true and false, integers and doubles that are spelt as
// the store spells them, else text. NaN and infinities, for which JSON has no numbers, are texts.
func TypeOf(key, value string) string {
	if value == "" || !strings.ContainsRune("-0123456789tf", rune(value[0])) {
		return Text
	}
	if key != "thread.id" {
		for _, suffix := range textSuffixes {
			if strings.HasSuffix(key, suffix) {
				return Text
			}
		}
	}
	if value == "true" || value == "false" {
		return Bool
	}
	var buf [32]byte
	if n, err := strconv.ParseInt(value, 10, 64); err == nil && string(strconv.AppendInt(buf[:0], n, 10)) == value {
		return Int
	}
	f, err := strconv.ParseFloat(value, 64)
	if err == nil && !math.IsInf(f, 0) && string(jsonwire.AppendDouble(buf[:0], f)) == value {
		return Float
	}
	return Text
}

// rawType is TypeOf of a value in the JSON of an event or a link, and its text.
func rawType(raw json.RawMessage) (kind, text string) {
	switch raw[0] {
	case '"':
		if json.Unmarshal(raw, &text) != nil {
			return Text, string(raw)
		}
		return Text, text
	case 't', 'f':
		return Bool, string(raw)
	case '[', '{':
		return Text, string(raw)
	case 'n':
		return Text, ""
	}
	if _, err := strconv.ParseInt(string(raw), 10, 64); err == nil {
		return Int, string(raw)
	}
	if _, err := strconv.ParseFloat(string(raw), 64); err != nil { // beyond what a double holds
		return Text, string(raw)
	}
	return Float, string(raw)
}
