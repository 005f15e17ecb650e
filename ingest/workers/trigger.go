package workers

import (
	"strconv"

	"edgescope/edge"
)

// The handlers that a Worker can be run by, in the words of a streaming tail and of Cloudflare's own export
// (cloudflare.handler_type).
const (
	handlerFetch     = "fetch"
	handlerScheduled = "scheduled"
	handlerAlarm     = "alarm"
	handlerQueue     = "queue"
	handlerEmail     = "email"
	handlerRPC       = "jsrpc"
	handlerTail      = "trace"
	handlerWebSocket = "hibernatableWebSocket"
	handlerCustom    = "custom"
)

// triggers are the values of faas.trigger (semantic conventions 1.44, FaaS) of all handlers.
var triggers = map[string]string{
	handlerFetch: "http", handlerScheduled: "timer", handlerAlarm: "timer", handlerQueue: "pubsub", handlerEmail: "other",
	handlerRPC: "other", handlerTail: "other", handlerWebSocket: "other", handlerCustom: "other",
}

// trigger is what started an invocation: member event of a finished one, whose members tell the handler, or member info of an
// onset, whose type does.
type trigger struct {
	Type text

	// Of fetch. A finished invocation has the request in an object of its own.
	Request     *trigger
	Response    *struct{ Status text }
	Method, URL text
	Headers     pairs
	CF          located
	CFJSON      located `json:"cfJson"`

	Cron          text
	ScheduledTime text
	Queue         text
	QueueName     text
	BatchSize     text
	RcptTo        text
	RPCMethod     text `json:"rpcMethod"`

	ConsumedEvents, Traces []struct{}
	GetWebSocketEvent      *struct{}
}

// fill tells an invocation what started it.
func (t *trigger) fill(a *about) {
	a.handler = t.handler()
	request := t
	if t.Request != nil {
		request = t.Request
	}
	a.method, a.address, a.headers = string(request.Method), string(request.URL), request.Headers
	a.place = request.CF
	if a.place == (located{}) {
		a.place = request.CFJSON
	}
	if t.Response != nil {
		a.status = t.Response.Status
	}
	var to attrs
	to.add("faas.cron", string(t.Cron))
	to.add("faas.time", string(t.ScheduledTime))
	to.add("messaging.destination.name", string(t.Queue+t.QueueName))
	to.add("messaging.batch.message_count", string(t.BatchSize))
	to.add("rpc.method", string(t.RPCMethod))
	a.trigger = to
}

func (t *trigger) handler() string {
	if _, known := triggers[string(t.Type)]; known {
		return string(t.Type)
	}
	switch {
	case t.Request != nil:
		return handlerFetch
	case t.Cron != "":
		return handlerScheduled
	case t.ScheduledTime != "":
		return handlerAlarm
	case t.Queue != "":
		return handlerQueue
	case t.RcptTo != "":
		return handlerEmail
	case t.RPCMethod != "":
		return handlerRPC
	case t.ConsumedEvents != nil:
		return handlerTail
	case t.GetWebSocketEvent != nil:
		return handlerWebSocket
	default:
		return handlerCustom
	}
}

// finished is an event of tail(): one invocation, from its start to its end.
type finished struct {
	EventTimestamp  moment
	Outcome         text
	CPUTime         number
	WallTime        number
	ScriptName      text
	Entrypoint      text
	ScriptVersion   struct{ ID text }
	ExecutionModel  text
	DurableObjectID text
	Truncated       bool
	Event           trigger
	Logs            []struct {
		Level     text
		Message   words
		Timestamp moment
	}
	Exceptions []thrown
}

// build appends the events of a finished invocation.
func (f *finished) build(to []edge.Event, b builder) []edge.Event {
	a := about{
		script: f.ScriptName, entrypoint: f.Entrypoint, version: f.ScriptVersion.ID, model: f.ExecutionModel,
		durableObject: f.DurableObjectID, outcome: f.Outcome, cpu: f.CPUTime, wall: f.WallTime,
	}
	f.Event.fill(&a)
	e := a.span(edge.SourceTail, b.route)
	e.Index, e.TraceID, e.SpanID, e.Resource = b.index, newTraceID(), newSpanID(), a.resource()
	start := f.EventTimestamp.or(b.arrival.UnixNano())
	e.Duration = e.Facts.WallTime
	e.Time = start + e.Duration
	if f.Truncated {
		e.Attrs = append(e.Attrs, edge.Attr{Key: "cloudflare.truncated", Value: strconv.FormatBool(true)})
	}
	fail(&e, f.Exceptions)
	to = append(to, e)
	for _, line := range f.Logs {
		record := logRecord(edge.SourceTail, line.Level, line.Message)
		record.Index, record.Time = b.index, line.Timestamp.or(start)
		record.TraceID, record.SpanID, record.Resource = e.TraceID, e.SpanID, e.Resource
		to = append(to, record)
	}
	return to
}
