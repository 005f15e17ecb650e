package store

import (
	"encoding/hex"
	"strconv"
	"unsafe"

	"edgescope/edge"
)

// Names of row fields that are no canonical keys.
const (
	FieldTime          = "_time"
	FieldMsg           = "_msg"
	FieldTraceID       = "trace_id"
	FieldSpanID        = "span_id"
	FieldParentID      = "parent_span_id"
	FieldName          = "name"
	FieldKind          = "kind"
	FieldStatusCode    = "otel.status_code"
	FieldStatusMessage = "otel.status_description"
	FieldScopeName     = "otel.scope.name"
	FieldScopeVersion  = "otel.scope.version"
	FieldTraceState    = "trace_state"
	FieldFlags         = "flags"
	FieldEvents        = "events"
	FieldLinks         = "links"
	FieldDataset       = "dataset"
	FieldSeverity      = "severity_number"
	FieldSeverityText  = "severity_text"
	// FieldSeq and FieldLog name the record of the write-ahead log that held the event (edge.Record): the number, and
	// the collector's UUID and epoch within which it is unique. Absent when there was no log.
	FieldSeq = "wal.seq"
	FieldLog = "wal.epoch"
	// FieldWeight is how many occurrences the event stands for; absent means 1.
	FieldWeight = "edge.weight"
	// What an SDK says that it dropped of a span.
	FieldDroppedAttrs  = "otel.dropped_attributes_count"
	FieldDroppedEvents = "otel.dropped_events_count"
	FieldDroppedLinks  = "otel.dropped_links_count"
)

// reserved are the names of the row's own table: an attribute of that name is stored behind a prefix. So is one without
// a name, which would become the message.
var reserved = set("", FieldTime, FieldMsg, "_stream", "_stream_id", FieldTraceID, FieldSpanID, FieldParentID,
	FieldName, FieldKind,
	edge.KeyDuration, FieldStatusCode, FieldStatusMessage, FieldScopeName, FieldScopeVersion, FieldTraceState,
	FieldFlags,
	FieldEvents, FieldLinks, FieldDataset, FieldSeverity, FieldSeverityText, FieldWeight,
	FieldDroppedAttrs, FieldDroppedEvents, FieldDroppedLinks, FieldSeq, FieldLog)

// canonical are the keys that only Facts may write: the raw attribute of the same key gives way.
var canonical = set(edge.FactKeys[:]...)

func set(keys ...string) map[string]struct{} {
	m := make(map[string]struct{}, len(keys))
	for _, k := range keys {
		m[k] = struct{}{}
	}
	return m
}

// The names of StreamFields, by kind of event.
var (
	spanStream  = []string{edge.KeyServiceName, edge.KeyRegion, FieldKind}
	logStream   = spanStream[:2:2]
	pointStream = []string{FieldDataset, edge.KeyRegion}
)

// StreamFields are the names of the fields that a row's stream is made of, which belong to this package. Questions that
// name them read the blocks of those streams only, and what a store takes of one record and stream at once, it has
// whole or not at all.
func StreamFields(kind edge.Kind) []string {
	switch kind {
	case edge.KindDataPoint:
		return pointStream
	case edge.KindLog:
		return logStream
	default:
		return spanStream
	}
}

// Stream is the values of StreamFields, in their order, "" for those that a row does not have.
type Stream [3]string

// StreamOf returns the stream of an event's row.
func StreamOf(e *edge.Event) Stream {
	switch e.Kind {
	case edge.KindDataPoint:
		return Stream{e.Dataset, e.Facts.Region}
	case edge.KindLog:
		return Stream{e.Facts.Service, e.Facts.Region}
	default:
		return Stream{e.Facts.Service, e.Facts.Region, e.SpanKind.String()}
	}
}

// RowRenderer turns events into rows. It reuses its memory: it belongs to one goroutine.
type RowRenderer struct {
	row Row
	buf []byte
}

// Render returns the row of an event without _time, and how many of its first fields name the stream: those of
// StreamFields that are known. The row is valid until the next Render.
func (r *RowRenderer) Render(e *edge.Event) (row Row, streamFields int) {
	clear(r.row)
	r.row, r.buf = r.row[:0], r.buf[:0]
	values := StreamOf(e)
	for i, name := range StreamFields(e.Kind) {
		r.text(name, values[i])
	}
	streamFields = len(r.row)

	switch e.Kind {
	case edge.KindSpan:
		r.span(e)
	case edge.KindLog:
		r.log(e)
	case edge.KindDataPoint:
		r.text(edge.KeyServiceName, e.Facts.Service)
	}
	if e.HasDuration {
		r.int(edge.KeyDuration, e.Duration)
	}
	r.facts(&e.Facts)
	if e.Facts.Operation != defaultOperation(e) {
		r.text(edge.KeyOperation, e.Facts.Operation)
	}
	r.attrs(e)
	if e.Record != nil && e.Record.Seq != 0 {
		r.text(FieldLog, e.Record.Log)
		r.int(FieldSeq, int64(e.Record.Seq))
	}
	return r.row, streamFields
}

// defaultOperation is the operation of an event that was given none of its own. It is not kept: the row has it as route
// or name.
func defaultOperation(e *edge.Event) string {
	if e.Facts.Route != "" {
		return e.Facts.Route
	}
	return e.Name
}

func (r *RowRenderer) span(e *edge.Event) {
	r.id(FieldTraceID, e.TraceID[:], e.TraceID.IsZero())
	r.id(FieldSpanID, e.SpanID[:], e.SpanID.IsZero())
	r.id(FieldParentID, e.ParentID[:], e.ParentID.IsZero())
	r.text(FieldName, e.Name)
	switch e.Status {
	case edge.StatusOK:
		r.text(FieldStatusCode, "OK")
	case edge.StatusError:
		r.text(FieldStatusCode, "ERROR")
		r.text(FieldStatusMessage, e.StatusMessage)
	case edge.StatusUnset:
	}
	r.scope(e)
	r.text(FieldTraceState, e.TraceState)
	r.positive(FieldFlags, e.Flags)
	r.text(FieldEvents, e.SpanEvents)
	r.text(FieldLinks, e.Links)
	r.positive(FieldDroppedAttrs, e.DroppedAttrs)
	r.positive(FieldDroppedEvents, e.DroppedEvents)
	r.positive(FieldDroppedLinks, e.DroppedLinks)
}

func (r *RowRenderer) log(e *edge.Event) {
	r.text(FieldMsg, e.Body)
	r.id(FieldTraceID, e.TraceID[:], e.TraceID.IsZero())
	r.id(FieldSpanID, e.SpanID[:], e.SpanID.IsZero())
	r.positive(FieldSeverity, uint32(e.SeverityNumber))
	r.text(FieldSeverityText, e.SeverityText)
	r.scope(e)
}

func (r *RowRenderer) scope(e *edge.Event) {
	r.text(FieldScopeName, e.ScopeName)
	r.text(FieldScopeVersion, e.ScopeVersion)
}

func (r *RowRenderer) facts(f *edge.Facts) {
	for _, t := range [...]Field{
		{edge.KeyServiceVersion, f.Version},
		{edge.KeyServiceNamespace, f.Namespace},
		{edge.KeyEnvironment, f.Environment},
		{edge.KeyCloudProvider, f.Provider},
		{edge.KeyCloudPlatform, f.Platform},
		{edge.KeyColo, f.Colo},
		{edge.KeyCountry, f.Country},
		{edge.KeyFaasName, f.FaasName},
		{edge.KeyFaasVersion, f.FaasVersion},
		{edge.KeyFaasInstance, f.Instance},
		{edge.KeyInvocationID, f.InvocationID},
		{edge.KeyFaasTrigger, f.Trigger},
		{edge.KeyColdStart, f.ColdStart.String()},
		{edge.KeyColdStartSource, f.ColdStartSource},
		{edge.KeyRoute, f.Route},
		{edge.KeyMethod, f.Method},
		{edge.KeyOutcome, f.Outcome},
		{edge.KeyErrorType, f.ErrorType},
		{edge.KeyCacheStatus, f.CacheStatus},
		{edge.KeySource, f.Source},
	} {
		r.text(t.Name, t.Value)
	}
	if f.CacheSource != edge.KeyCacheStatus {
		r.text(edge.KeyCacheSource, f.CacheSource)
	}
	r.flag(edge.KeyRouteInferred, f.RouteInferred)
	r.flag(edge.KeyStatusInferred, f.StatusInferred)
	r.flag(edge.KeyInvocation, f.Invocation)
	if f.Status != 0 {
		r.int(edge.KeyStatus, int64(f.Status))
	}
	r.optional(edge.KeyInitDuration, f.InitDuration, f.HasInit)
	r.optional(edge.KeyCPUTime, f.CPUTime, f.HasCPU)
	r.optional(edge.KeyWallTime, f.WallTime, f.HasWall)
	r.optional(edge.KeyOriginDuration, f.OriginDuration, f.HasOrigin)
	r.optional(edge.KeyTTFB, f.TTFB, f.HasTTFB)
	r.optional(edge.KeyClientRTT, f.ClientRTT, f.HasRTT)
	r.optional(edge.KeyMemory, f.Memory, f.HasMemory)
	r.optional(edge.KeySubrequests, f.Subrequests, f.HasSubrequests)
	if f.HasCount {
		r.float(edge.KeyCount, f.Count)
	}
	if f.Weight != 0 && f.Weight != 1 {
		r.float(FieldWeight, f.Weight)
	}
}

// AttrPrefix stands before the name of an event's own attribute that is Reserved.
const AttrPrefix = "attr."

// Reserved tells whether a name belongs to the row itself, so that an attribute of it stands behind a prefix.
func Reserved(name string) bool {
	_, ok := reserved[name]
	return ok
}

// ResourcePrefix stands before the name of a resource's attribute whose own name is taken. No other prefix is longer.
const ResourcePrefix = "resource."

// attrs appends the event's own attributes and those of its resource. An own attribute wins over one of the resource,
// which then stands behind ResourcePrefix if it differs.
func (r *RowRenderer) attrs(e *edge.Event) {
	for i := range e.Attrs {
		a := &e.Attrs[i]
		if _, ok := canonical[a.Key]; ok {
			continue
		}
		if Reserved(a.Key) {
			r.text(AttrPrefix+a.Key, a.Value)
			continue
		}
		r.text(a.Key, a.Value)
	}
	for i := range e.Resource {
		a := &e.Resource[i]
		if _, ok := canonical[a.Key]; ok {
			continue
		}
		own := e.Attr(a.Key)
		switch {
		case Reserved(a.Key) || own != "" && own != a.Value:
			r.text(ResourcePrefix+a.Key, a.Value)
		case own == "":
			r.text(a.Key, a.Value)
		}
	}
}

func (r *RowRenderer) text(name, value string) {
	if value != "" {
		r.row = append(r.row, Field{name, value})
	}
}

func (r *RowRenderer) flag(name string, on bool) {
	if on {
		r.text(name, "true")
	}
}

func (r *RowRenderer) positive(name string, n uint32) {
	if n != 0 {
		r.int(name, int64(n))
	}
}

func (r *RowRenderer) optional(name string, n int64, has bool) {
	if has {
		r.int(name, n)
	}
}

func (r *RowRenderer) int(name string, n int64) {
	from := len(r.buf)
	r.buf = strconv.AppendInt(r.buf, n, 10)
	r.since(name, from)
}

func (r *RowRenderer) float(name string, f float64) {
	from := len(r.buf)
	r.buf = strconv.AppendFloat(r.buf, f, 'g', -1, 64)
	r.since(name, from)
}

func (r *RowRenderer) id(name string, id []byte, zero bool) {
	if zero {
		return
	}
	from := len(r.buf)
	r.buf = hex.AppendEncode(r.buf, id)
	r.since(name, from)
}

// since appends a field whose value is what was written to buf from there on. The text shares buf's memory: when buf
// grows the old memory stays alive through it, and Render, which starts buf again, ends its validity.
func (r *RowRenderer) since(name string, from int) {
	b := r.buf[from:]
	r.row = append(r.row, Field{name, unsafe.String(unsafe.SliceData(b), len(b))})
}
