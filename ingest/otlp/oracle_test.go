package otlp_test

import (
	"encoding/base64"
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"
	"google.golang.org/protobuf/encoding/protowire"

	"edgescope/edge"
	"edgescope/ingest/otlp"
	"edgescope/ingest/otlp/otlptest"
)

// plain is a span in a form that both decoders can be brought to: JSON is parsed, so that its spelling does not matter.
type plain struct {
	Index                                     int
	Time, Duration                            int64
	HasDuration                               bool
	TraceID                                   edge.TraceID
	SpanID, ParentID                          edge.SpanID
	Kind                                      edge.SpanKind
	Status                                    edge.StatusCode
	Name, Message, TraceState, Scope, Version string
	Flags, DroppedA, DroppedE, DroppedL       uint32
	Resource, Attrs                           map[string]string
	Events, Links                             string
}

func plainOurs(t testing.TB, e *edge.Event) plain {
	t.Helper()
	return plain{
		Index: e.Index, Time: e.Time, Duration: e.Duration, HasDuration: e.HasDuration, TraceID: e.TraceID,
		SpanID: e.SpanID, ParentID: e.ParentID,
		Kind: e.SpanKind, Status: e.Status, Name: e.Name, Message: e.StatusMessage, TraceState: e.TraceState,
		Scope: e.ScopeName, Version: e.ScopeVersion, Flags: e.Flags,
		DroppedA: e.DroppedAttrs, DroppedE: e.DroppedEvents, DroppedL: e.DroppedLinks,
		Resource: plainAttrs(t, e.Resource), Attrs: plainAttrs(t, e.Attrs),
		Events: parseList(t, e.SpanEvents), Links: parseList(t, e.Links),
	}
}

func plainAttrs(t testing.TB, attrs []edge.Attr) map[string]string {
	t.Helper()
	m := make(map[string]string, len(attrs))
	for _, a := range attrs {
		if _, ok := m[a.Key]; ok || a.Key == "" {
			t.Errorf("attribute %q is empty or there twice", a.Key)
		}
		m[a.Key] = plainText(a.Value)
	}
	return m
}

// plainText returns the one spelling of a text that is JSON of a list or map, and any other text as it is.
func plainText(text string) string {
	if text != "" && (text[0] == '[' || text[0] == '{') {
		if v, err := parseJSON(text); err == nil {
			return canonical(v)
		}
	}
	return text
}

// canonical spells JSON in one way. cmp can't be given the values: it takes exponential time for what is nested deep.
func canonical(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(text)
}

func parseJSON(text string) (v any, err error) {
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	err = d.Decode(&v)
	return v, err
}

func parseList(t testing.TB, text string) string {
	t.Helper()
	if text == "" {
		return ""
	}
	v, err := parseJSON(text)
	if err != nil {
		t.Fatalf("list is no JSON: %v\n%s", err, text)
	}
	return canonical(v)
}

// oracle returns what must become of a request that the Collector's decoder has read, by the rules of the specification
// and of edge.Event, written down a second time.
type oracle struct {
	index int
	spans []plain
}

func (o *oracle) read(traces ptrace.Traces) {
	for _, rs := range traces.ResourceSpans().All() {
		resource := oracleAttrs(rs.Resource().Attributes())
		var sent []ptrace.Span
		for _, ss := range rs.ScopeSpans().All() {
			for _, span := range ss.Spans().All() {
				p := oracleSpan(span)
				p.Index, p.Resource = o.index, resource
				p.Scope, p.Version = validText(ss.Scope().Name()), validText(ss.Scope().Version())
				o.index++
				if !p.TraceID.IsZero() && !p.SpanID.IsZero() {
					o.spans, sent = append(o.spans, p), append(sent, span)
				}
			}
		}
		moved := o.spans[len(o.spans)-len(sent):]
		for i, by := range oracleSkew(moved) {
			oracleEvents(&moved[i], sent[i], by)
		}
	}
}

func oracleSpan(span ptrace.Span) plain {
	p := plain{
		TraceID: edge.TraceID(span.TraceID()), SpanID: edge.SpanID(span.SpanID()),
		ParentID: edge.SpanID(span.ParentSpanID()),
		Kind:     edge.SpanInternal, Name: validText(span.Name()), TraceState: validText(span.TraceState().AsRaw()),
		Flags: span.Flags(), DroppedA: span.DroppedAttributesCount(), DroppedE: span.DroppedEventsCount(),
		DroppedL: span.DroppedLinksCount(), Attrs: oracleAttrs(span.Attributes()),
	}
	if k := span.Kind(); k >= 1 && k <= 5 {
		p.Kind = edge.SpanKind(k)
	}
	if c := span.Status().Code(); c == ptrace.StatusCodeOk || c == ptrace.StatusCodeError {
		p.Status = edge.StatusCode(c)
	}
	if p.Status == edge.StatusError {
		p.Message = validText(span.Status().Message())
	}
	p.Time, p.Duration, p.HasDuration = oracleTimes(uint64(span.StartTimestamp()), uint64(span.EndTimestamp()))
	oracleLinks(&p, span)
	return p
}

func oracleEvents(p *plain, span ptrace.Span, by int64) {
	exceptions := map[bool]pcommon.Map{} // the first one by whether it was handled
	var list []any
	for _, e := range span.Events().All() {
		attrs := oracleMap(e.Attributes(), 0)
		name := validText(e.Name())
		at := oracleUnix(uint64(e.Timestamp()))
		if at > by {
			at -= by
		}
		list = append(list, map[string]any{
			"name": name, "time": json.Number(strconv.FormatInt(at, 10)),
			"attrs": attrs,
		})
		if name != "exception" {
			continue
		}
		escaped, ok := lastValue(e.Attributes(), "exception.escaped")
		handled := ok && (escaped.Type() == pcommon.ValueTypeBool || escaped.Type() == pcommon.ValueTypeStr) &&
			strings.EqualFold(escaped.AsString(), "false")
		if _, before := exceptions[handled]; !before {
			exceptions[handled] = e.Attributes()
		}
	}
	lifted, ok := exceptions[false]
	if !ok {
		lifted, ok = exceptions[true]
	}
	for _, key := range []string{"exception.type", "exception.message", "exception.escaped"} {
		if !ok {
			break
		}
		v, ok := lastValue(lifted, key)
		if _, own := p.Attrs[key]; ok && !own && v.Type() != pcommon.ValueTypeEmpty {
			p.Attrs[key] = oracleText(v)
		}
	}
	if list != nil {
		p.Events = canonical(list)
	}
}

func oracleLinks(p *plain, span ptrace.Span) {
	var list []any
	for _, l := range span.Links().All() {
		if l.TraceID().IsEmpty() || l.SpanID().IsEmpty() {
			continue
		}
		list = append(list, map[string]any{
			"trace_id": l.TraceID().String(), "span_id": l.SpanID().String(), "attrs": oracleMap(l.Attributes(), 0),
		})
	}
	if list != nil {
		p.Links = canonical(list)
	}
}

// lastValue returns the value that wins of a key that is there more than once.
func lastValue(m pcommon.Map, key string) (found pcommon.Value, ok bool) {
	for k, v := range m.All() {
		if validText(k) == key {
			found, ok = v, true
		}
	}
	return found, ok
}

func oracleAttrs(m pcommon.Map) map[string]string {
	attrs := make(map[string]string)
	for k, v := range m.All() {
		if k != "" && v.Type() != pcommon.ValueTypeEmpty {
			attrs[validText(k)] = oracleText(v)
		}
	}
	return attrs
}

func oracleText(v pcommon.Value) string {
	switch v.Type() {
	case pcommon.ValueTypeMap, pcommon.ValueTypeSlice:
		return canonical(oracleJSON(v, 0))
	case pcommon.ValueTypeStr:
		return plainText(validText(v.Str()))
	case pcommon.ValueTypeBool:
		return strconv.FormatBool(v.Bool())
	case pcommon.ValueTypeInt:
		return strconv.FormatInt(v.Int(), 10)
	case pcommon.ValueTypeDouble:
		return doubleText(v.Double())
	default:
		return base64.StdEncoding.EncodeToString(v.Bytes().AsRaw())
	}
}

func oracleJSON(v pcommon.Value, depth int) any {
	switch v.Type() {
	case pcommon.ValueTypeEmpty:
		return nil
	case pcommon.ValueTypeBool:
		return v.Bool()
	case pcommon.ValueTypeInt:
		return json.Number(strconv.FormatInt(v.Int(), 10))
	case pcommon.ValueTypeDouble:
		if f := v.Double(); math.IsNaN(f) || math.IsInf(f, 0) {
			return doubleText(f)
		}
		return json.Number(doubleText(v.Double()))
	case pcommon.ValueTypeSlice:
		if depth >= 32 {
			return nil
		}
		list := []any{}
		for _, e := range v.Slice().All() {
			list = append(list, oracleJSON(e, depth+1))
		}
		return list
	case pcommon.ValueTypeMap:
		if depth >= 32 {
			return nil
		}
		return oracleMap(v.Map(), depth+1)
	case pcommon.ValueTypeStr:
		return validText(v.Str())
	default:
		return base64.StdEncoding.EncodeToString(v.Bytes().AsRaw())
	}
}

func oracleMap(m pcommon.Map, depth int) map[string]any {
	object := map[string]any{}
	for k, v := range m.All() {
		if k != "" {
			object[validText(k)] = oracleJSON(v, depth)
		}
	}
	return object
}

func doubleText(f float64) string {
	switch {
	case math.IsInf(f, 0):
		return strings.Replace(strconv.FormatFloat(f, 'g', -1, 64), "Inf", "Infinity", 1)[btoi(f > 0):]
	case f != 0 && (math.Abs(f) < 1e-6 || math.Abs(f) >= 1e21):
		return strconv.FormatFloat(f, 'e', -1, 64)
	}
	return strconv.FormatFloat(f, 'f', -1, 64)
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// validText replaces every byte that is no UTF-8 by U+FFFD.
func validText(s string) string {
	var b strings.Builder
	for _, r := range s {
		b.WriteRune(r)
	}
	return b.String()
}

// wanted tells whether a difference between the decoders is one that we want, by name; "" when it is not.
func wanted(body []byte, ours, theirs error) string {
	switch {
	case ours == nil && theirs != nil && strings.HasSuffix(theirs.Error(), "ID length"):
		return "an id of wrong length costs its span, link or parent, not the batch"
	case ours == nil && theirs != nil && hasGroup(body):
		return "groups with fields in them are skipped, as protobuf says"
	case ours != nil && theirs == nil && strings.Contains(ours.Error(), "inside of a group"):
		return "a group that does not end, or holds what is malformed, is refused"
	case ours == nil && theirs != nil && depthOf(body) > 64:
		return "what is nested deeper than 32 values, of two messages each, is not read"
	}
	return ""
}

// depthOf returns how many messages, or what may be one, lie inside of each other.
func depthOf(b []byte) (depth int) {
	looseFields(b, func(t protowire.Type, in []byte, _ bool) bool {
		if t == protowire.BytesType {
			depth = max(depth, 1+depthOf(in))
		}
		return true
	})
	return depth
}

// hasGroup tells whether a group starts anywhere in what may be a message, or in a field that may be one.
func hasGroup(b []byte) (found bool) {
	looseFields(b, func(t protowire.Type, in []byte, whole bool) bool {
		switch t {
		case protowire.VarintType, protowire.Fixed64Type, protowire.Fixed32Type:
			return true
		case protowire.BytesType:
			found = whole && hasGroup(in)
			return !found
		default:
			found = t <= protowire.EndGroupType
			return false
		}
	})
	return found
}

// looseFields calls see for each field of what may be a message until it returns false: with its type, and with what
// lies in it if it has a length, whole or cut off by the end. It is as lenient with numbers as both decoders are.
func looseFields(b []byte, see func(t protowire.Type, in []byte, whole bool) bool) {
	for len(b) > 0 {
		tag, n := looseVarint(b)
		b = b[n:]
		t, size := protowire.Type(tag&7), uint64(0)
		switch t {
		case protowire.VarintType:
			_, n := looseVarint(b)
			size = uint64(n)
		case protowire.Fixed64Type:
			size = 8
		case protowire.Fixed32Type:
			size = 4
		case protowire.BytesType:
			length, n := looseVarint(b)
			b, size = b[n:], length
		}
		in := b[:min(size, uint64(len(b)))]
		if !see(t, in, size <= uint64(len(b))) {
			return
		}
		b = b[len(in):]
	}
}

// looseVarint reads a number of any length, of which 64 bits count.
func looseVarint(b []byte) (v uint64, n int) {
	for n < len(b) {
		v |= uint64(b[n]&0x7f) << (7 * n)
		n++
		if b[n-1] < 0x80 {
			break
		}
	}
	return v, n
}

// hasBothScopes tells whether a resource has spans under both the present and the deprecated field: the Collector then
// ignores the deprecated ones, we take all.
func hasBothScopes(body []byte) bool {
	both := false
	eachField(body, func(num protowire.Number, v []byte) {
		var present, deprecated bool
		if num == 1 {
			eachField(v, func(num protowire.Number, _ []byte) {
				present, deprecated = present || num == 2, deprecated || num == 1000
			})
		}
		both = both || present && deprecated
	})
	return both
}

func eachField(b []byte, f func(protowire.Number, []byte)) {
	for len(b) > 0 {
		num, typ, n := protowire.ConsumeTag(b)
		if n < 0 {
			return
		}
		m := protowire.ConsumeFieldValue(num, typ, b[n:])
		if m < 0 {
			return
		}
		value, _ := protowire.ConsumeBytes(b[n:])
		f(num, value)
		b = b[n+m:]
	}
}

// compare decodes a body with both decoders: equal spans, or both refuse, or the difference is one that we want.
func compare(t testing.TB, body []byte) {
	t.Helper()
	sink := &otlptest.Recorder{}
	_, ours := otlptest.New(t, sink).Traces(t.Context(), 0, body, otlp.Protobuf)
	req := ptraceotlp.NewExportRequest()
	theirs := req.UnmarshalProto(body)
	if ours != nil || theirs != nil {
		if (ours == nil) != (theirs == nil) && wanted(body, ours, theirs) == "" {
			t.Fatalf("ours: %v; the Collector's: %v\n%x", ours, theirs, body)
		}
		return
	}
	if sink.Warnings["too many attributes"]+sink.Warnings["attribute name shortened"] > 0 || hasBothScopes(body) {
		return // the limits of the store are ours alone
	}
	var want oracle
	want.read(req.Traces())
	var got []plain
	for i := range sink.Got {
		got = append(got, plainOurs(t, &sink.Got[i]))
		checkText(t, &sink.Got[i])
	}
	if d := cmp.Diff(want.spans, got); d != "" {
		t.Fatalf("the Collector's (-) and ours (+) differ:\n%s\n%x", d, body)
	}
}

// checkText tells whether an event keeps what edge.Event promises.
func checkText(t testing.TB, e *edge.Event) {
	t.Helper()
	for _, s := range []string{
		e.Name, e.StatusMessage, e.TraceState, e.ScopeName, e.ScopeVersion, e.SpanEvents,
		e.Links, e.Body, e.SeverityText,
	} {
		if !utf8.ValidString(s) {
			t.Errorf("text is no UTF-8: %q", s)
		}
	}
	for _, a := range append(append([]edge.Attr(nil), e.Attrs...), e.Resource...) {
		if !utf8.ValidString(a.Key) || !utf8.ValidString(a.Value) {
			t.Errorf("attribute is no UTF-8: %q = %q", a.Key, a.Value)
		}
		if len(a.Key) > 128 {
			t.Errorf("attribute name has %d bytes", len(a.Key))
		}
	}
	if e.HasDuration && e.Kind != edge.KindSpan || e.Duration < 0 || e.Duration > int64(edge.MaxDuration) {
		t.Errorf("duration %d, has %v", e.Duration, e.HasDuration)
	}
}
