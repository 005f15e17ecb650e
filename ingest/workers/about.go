package workers

import (
	"encoding/binary"
	"encoding/json"
	"math/rand/v2"
	"net/url"
	"strings"

	"edgescope/edge"
)

// about is what an invocation says of itself, in either form of tail.
type about struct {
	// handler is the kind of trigger in the words of the native export: fetch, scheduled, alarm, queue, email ...
	handler         string
	method, address string
	// host is the service where no script tells it.
	host          string
	headers       pairs
	place         located
	script        text
	namespace     text
	entrypoint    text
	version       text
	model         text
	durableObject text
	// invocationID is that of a streaming tail, ray the id of the request in Logpush; "" if there is none.
	invocationID, ray text
	// trigger are attributes that only some handlers have.
	trigger []edge.Attr

	status, outcome text
	cpu, wall       number
}

// resource is what all events of the invocation share: who ran, where, and for whom. So a log record tells its place
// too.
func (a *about) resource() []edge.Attr {
	var to attrs
	to.add(edge.KeyServiceName, a.service())
	to.add("cloudflare.script_name", string(a.script))
	to.add("cloudflare.dispatch_namespace", string(a.namespace))
	to.add("cloudflare.entrypoint", string(a.entrypoint))
	to.add("cloudflare.script_version.id", string(a.version))
	to.add("cloudflare.execution_model", string(a.model))
	to.add("cloudflare.durable_object.id", string(a.durableObject))
	to.add(edge.KeyColo, string(a.place.Colo))
	to.add(edge.KeyCountry, string(a.place.Country))
	to.add(edge.KeyInvocationID, a.id())
	to.add(edge.KeyFaasTrigger, triggers[a.handler])
	to.add("cloudflare.handler_type", a.handler)
	return to
}

// service is the script's name, which local workerd does not tell, or else the host that was asked for.
func (a *about) service() string {
	if a.script != "" {
		return string(a.script)
	}
	if a.host != "" {
		return a.host
	}
	u, err := url.Parse(a.address)
	if err != nil {
		return ""
	}
	return u.Hostname()
}

func (a *about) id() string {
	if ray := a.headers.Get("cf-ray"); ray != "" {
		return ray
	}
	return string(a.invocationID + a.ray)
}

// span makes the server span of the invocation, without its times and ids.
func (a *about) span(source string, route func(service, path string) string) edge.Event {
	e := edge.Event{Kind: edge.KindSpan, SpanKind: edge.SpanServer, Name: a.handler, HasDuration: true}
	e.Facts.Source = source
	e.Facts.CPUTime, e.Facts.HasCPU = a.cpu.Milliseconds()
	e.Facts.WallTime, e.Facts.HasWall = a.wall.Milliseconds()
	e.Facts.ClientRTT, e.Facts.HasRTT = a.place.ClientTCPRTT.Milliseconds()
	if failed(string(a.outcome)) {
		e.Status, e.StatusMessage = edge.StatusError, string(a.outcome)
	}
	to := attrs(a.trigger)
	to.add("cloudflare.outcome", string(a.outcome))
	if a.handler == handlerFetch {
		a.describeRequest(&e, &to, route)
	}
	e.Attrs = to
	return e
}

// failed tells whether an outcome is the function's own fault; that a client left is not.
func failed(outcome string) bool {
	switch outcome {
	case "", "ok", "unknown", "canceled", "responseStreamDisconnected":
		return false
	}
	return true
}

// describeRequest leaves the query of the address out: it is where secrets and personal data are.
func (a *about) describeRequest(e *edge.Event, to *attrs, route func(service, path string) string) {
	e.Name = a.method
	if len(a.status) == 3 && a.status[0] == '5' { // as servers set it: opentelemetry.io/docs/specs/semconv/http/http-spans
		e.Status = edge.StatusError
	}
	to.add(edge.KeyMethod, a.method)
	to.add(edge.KeyStatus, string(a.status))
	to.add("user_agent.original", a.headers.Get("user-agent"))
	to.add("cloudflare.asn", string(a.place.ASN))
	to.add("geo.locality.name", string(a.place.City))
	if version, ok := strings.CutPrefix(string(a.place.HTTPProtocol), "HTTP/"); ok {
		to.add("network.protocol.name", "http")
		to.add("network.protocol.version", version)
	}
	u, err := url.Parse(a.address)
	if err != nil {
		return
	}
	path := u.EscapedPath()
	if path == "" {
		path = "/"
	}
	to.add("url.scheme", u.Scheme)
	to.add("url.path", path)
	to.add("server.address", u.Hostname())
	to.add("server.port", u.Port())
	if route == nil {
		return
	}
	if template := route(a.service(), path); template != "" {
		e.Name = strings.TrimSpace(a.method + " " + template)
		e.Facts.Route, e.Facts.RouteInferred = template, true
	}
}

// attrs are attributes of one event.
type attrs []edge.Attr

// add adds an attribute. An empty value is none; the last one of a key wins.
func (a *attrs) add(key, value string) {
	if key == "" || value == "" {
		return
	}
	for i := range *a {
		if (*a)[i].Key == key {
			(*a)[i].Value = value
			return
		}
	}
	*a = append(*a, edge.Attr{Key: key, Value: value})
}

// logRecord makes the record of one console line.
func logRecord(source string, level text, message words) edge.Event {
	e := edge.Event{Kind: edge.KindLog, Body: string(message)}
	e.Facts.Source = source
	e.SeverityNumber, e.SeverityText = severity(string(level))
	return e
}

// severity returns OpenTelemetry's number and name of a console method; one that we don't know is INFO.
func severity(level string) (uint8, string) {
	const debug, info, warn, failure = 5, 9, 13, 17 // opentelemetry/proto/logs/v1, enum SeverityNumber
	switch strings.ToLower(level) {
	case "debug":
		return debug, "DEBUG"
	case "warn":
		return warn, "WARN"
	case "error":
		return failure, "ERROR"
	default:
		return info, "INFO"
	}
}

// thrown is an exception that nobody caught.
type thrown struct {
	Name, Message, Stack   text
	Timestamp, TimestampMs instant
}

// spanEvent is an exception as a row keeps the events of a span.
type spanEvent struct {
	Name  string            `json:"name"`
	Time  int64             `json:"time"`
	Attrs map[string]string `json:"attrs"`
}

// fail gives a span the exceptions that ended it, the first one as attributes too, and marks it as an error.
func fail(e *edge.Event, exceptions []thrown) {
	if len(exceptions) == 0 {
		return
	}
	var events []spanEvent
	for _, t := range exceptions {
		told := map[string]string{}
		for key, value := range map[string]text{
			edge.KeyExceptionType: t.Name, edge.KeyExceptionMessage: t.Message, "exception.stacktrace": t.Stack,
		} {
			if value != "" {
				told[key] = string(value)
			}
		}
		events = append(events, spanEvent{
			Name: "exception", Time: t.Timestamp.Or(t.TimestampMs.Or(e.Time)),
			Attrs: told,
		})
	}
	list, err := json.Marshal(events)
	if err != nil {
		panic("BUG: exceptions that are no JSON: " + err.Error())
	}
	e.SpanEvents = string(list)
	to := attrs(e.Attrs)
	to.add(edge.KeyExceptionType, string(exceptions[0].Name))
	to.add(edge.KeyExceptionMessage, string(exceptions[0].Message))
	e.Attrs = to
	e.Status, e.StatusMessage = edge.StatusError, string(exceptions[0].Message)
}

// newTraceID and newSpanID make ids where a tail has none.
func newTraceID() (id edge.TraceID) {
	for id.IsZero() {
		binary.BigEndian.PutUint64(id[:8], rand.Uint64())
		binary.BigEndian.PutUint64(id[8:], rand.Uint64())
	}
	return id
}

func newSpanID() (id edge.SpanID) {
	for id.IsZero() {
		binary.BigEndian.PutUint64(id[:], rand.Uint64())
	}
	return id
}
