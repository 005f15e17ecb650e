// Package edge is the vocabulary that every other package speaks: what happened at the edge (Event), what it adds up to
// (Sample), and the names of both. It imports nothing but the standard library.
package edge

import "time"

// Kind tells what an Event is. Its number is the engine-neutral kind of the stored row (VictoriaLogs' ProjectID).
type Kind uint8

// The kinds of events.
const (
	KindSpan Kind = iota
	KindLog
	KindDataPoint
)

// String returns "span", "log" or "datapoint".
func (k Kind) String() string {
	switch k {
	case KindLog:
		return "log"
	case KindDataPoint:
		return "datapoint"
	default:
		return "span"
	}
}

// SpanKind is the role of a span in its trace, in the numbers of OTLP (opentelemetry/proto/trace/v1, enum SpanKind).
// Zero and numbers outside the enum are internal.
type SpanKind uint8

// The kinds of spans.
const (
	SpanInternal SpanKind = iota + 1
	SpanServer
	SpanClient
	SpanProducer
	SpanConsumer
)

// String returns the kind as it is stored: "server", "client", "producer", "consumer" or "internal".
func (k SpanKind) String() string {
	switch k {
	case SpanServer:
		return "server"
	case SpanClient:
		return "client"
	case SpanProducer:
		return "producer"
	case SpanConsumer:
		return "consumer"
	default:
		return "internal"
	}
}

// StatusCode is the status of a span, in the numbers of OTLP (enum Status.StatusCode).
type StatusCode uint8

// The status codes of spans.
const (
	StatusUnset StatusCode = iota
	StatusOK
	StatusError
)

// MaxDuration is the longest that anything lasts at the edge: a function run, a span, the time that one takes of a
// processor. What says that it lasted longer is not believed, as when one of a span's times is in milliseconds.
const MaxDuration = 30 * 24 * time.Hour

// Attr is one attribute. Values are text, as the store keeps them: true or false, decimal integers, shortest doubles,
// standard base64 of bytes, compact JSON of arrays and maps. Decoders write that form.
type Attr struct {
	Key, Value string
}

// TraceID identifies a trace; zero means none.
type TraceID [16]byte

// SpanID identifies a span in its trace; zero means none.
type SpanID [8]byte

// IsZero tells whether the id is absent.
func (id TraceID) IsZero() bool { return id == TraceID{} }

// IsZero tells whether the id is absent.
func (id SpanID) IsZero() bool { return id == SpanID{} }

// Event is one stored occurrence: a span, a log record or a data point.
//
// Receivers fill everything but Facts from what was sent; normalize.Normalizer fills Facts. All strings may point into
// memory of the Batch that holds the event: they are valid until the batch is released, and whoever keeps one clones
// it.
type Event struct {
	Kind Kind
	// Index is the position of the record in its request, from 0, for error messages.
	Index int

	// Time in Unix nanoseconds is the row's _time: the end of a span, the moment of a log record or data point.
	Time int64
	// Duration in nanoseconds, meaningful if HasDuration. The start of a span is Time - Duration, exactly.
	Duration    int64
	HasDuration bool

	TraceID       TraceID
	SpanID        SpanID
	ParentID      SpanID
	SpanKind      SpanKind
	Status        StatusCode
	Name          string
	StatusMessage string
	TraceState    string
	Flags         uint32
	// SpanEvents and Links are JSON arrays as stored, empty when there are none:
	// [{"name","time":ns,"attrs":{}}] and [{"trace_id","span_id","attrs":{}}].
	SpanEvents, Links string
	// DroppedAttrs, DroppedEvents and DroppedLinks are what the SDK says it dropped.
	DroppedAttrs, DroppedEvents, DroppedLinks uint32

	ScopeName, ScopeVersion string

	// Body and Severity belong to log records: the message, the number (1..24) and its text.
	Body           string
	SeverityNumber uint8
	SeverityText   string

	// Dataset names the table of a data point. Its columns (index1.., blob1.., double1.., _sample_interval) are Attrs.
	Dataset string

	// Resource is shared by all events of one resource: read only.
	Resource []Attr
	// Attrs are the event's own attributes, in the order sent, keys unique (the last one sent wins).
	Attrs []Attr

	Facts Facts

	// Record names the record of the write-ahead log that holds the event, shared by all events of a batch; nil when
	// there is none.
	Record *Record
}

// Attr returns the event's own attribute of that key, or "" when it is absent.
func (e *Event) Attr(key string) string { return lookup(e.Attrs, key) }

// ResourceAttr returns the resource attribute of that key, or "" when it is absent.
func (e *Event) ResourceAttr(key string) string { return lookup(e.Resource, key) }

func lookup(attrs []Attr, key string) string {
	for i := range attrs {
		if attrs[i].Key == key {
			return attrs[i].Value
		}
	}
	return ""
}

// Tri is a boolean that may be unknown. The zero value is Unknown: absence is a class of its own, never "false".
type Tri uint8

// The values of a Tri.
const (
	Unknown Tri = iota
	False
	True
)

// String returns "true", "false" or "".
func (t Tri) String() string {
	switch t {
	case True:
		return "true"
	case False:
		return "false"
	default:
		return ""
	}
}

// TriOf returns what String writes as that text; any other text is Unknown.
func TriOf(text string) Tri {
	switch text {
	case "true":
		return True
	case "false":
		return False
	default:
		return Unknown
	}
}

// Facts are what an event says in the canonical keys (see keys.go), whatever platform it came from. Absent text is "",
// an absent number is 0 with its Has flag false. Every length of time is in nanoseconds.
type Facts struct {
	Service, Version, Namespace, Environment string
	Provider, Platform                       string
	// Region is where the code ran; Colo is the point of presence; Country is the client's, two capitals.
	Region, Colo, Country                                  string
	FaasName, FaasVersion, Instance, InvocationID, Trigger string

	ColdStart       Tri
	ColdStartSource string // attribute, platform, instance, gap, model
	InitDuration    int64
	HasInit         bool

	Route          string
	RouteInferred  bool
	Operation      string
	Method         string
	Status         int // HTTP status code, 0 when absent
	StatusInferred bool
	Outcome        string
	ErrorType      string

	CacheStatus string
	// CacheSource names the attribute or header that told the cache status.
	CacheSource string

	CPUTime, WallTime, OriginDuration, TTFB int64
	HasCPU, HasWall, HasOrigin, HasTTFB     bool

	// ClientRTT is the round trip between the client and the edge, Memory the most that the invocation used of it in
	// bytes, Subrequests how many requests it made itself.
	ClientRTT, Memory, Subrequests    int64
	HasRTT, HasMemory, HasSubrequests bool

	// Count is edge.count of a data point, HasCount when it was sent.
	Count    float64
	HasCount bool
	// Weight is how many occurrences the event stands for, at least 1.
	Weight float64
	// Invocation marks the one event of a function run that rollups count.
	Invocation bool
	// Source is how the event came: otlp, datapoints, workerd, tail, tail-stream, logpush, vercel-logs.
	Source string
}

// Signal returns the class of the event's source, by which rollups keep sources apart: span before tail before log
// before datapoint.
func (e *Event) Signal() string {
	if e.Kind == KindDataPoint {
		return SignalDataPoint
	}
	switch e.Facts.Source {
	case SourceTail, SourceTailStream:
		return SignalTail
	case SourceLogpush, SourceVercelLogs:
		return SignalLog
	default:
		return SignalSpan
	}
}
