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

// eventTypes are the handlers in the words of Logpush (EventType), where those differ.
var eventTypes = map[text]string{"worker_rpc": handlerRPC, "hibernatable_web_socket": handlerWebSocket}

// triggers are the values of faas.trigger (semantic conventions 1.44, FaaS) of all handlers.
var triggers = map[string]string{
	handlerFetch: "http", handlerScheduled: "timer", handlerAlarm: "timer", handlerQueue: "pubsub",
	handlerEmail: "other",
	handlerRPC:   "other", handlerTail: "other", handlerWebSocket: "other", handlerCustom: "other",
}

// trigger is what started an invocation: member event of a finished one, whose members tell the handler, or member info
// of an onset, whose type does.
type trigger struct {
	Type text

	// Of fetch. A finished invocation has the request in an object of its own.
	Request     *trigger
	Response    *struct{ Status text }
	Method, URL text
	Headers     pairs
	CF          located
	CFJSON      located `json:"cfJson"`

	// RayID is the id of a fetch that Logpush tells.
	RayID text

	Cron          text
	ScheduledTime text
	// ScheduledTimeMs is how Logpush spells it.
	ScheduledTimeMs text
	Queue           text
	QueueName       text
	BatchSize       text
	RcptTo          text
	RPCMethod       text `json:"rpcMethod"`

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
	a.ray, a.place = t.RayID, request.CF
	if a.place == (located{}) {
		a.place = request.CFJSON
	}
	if t.Response != nil {
		a.status = t.Response.Status
	}
	var to attrs
	to.add("faas.cron", string(t.Cron))
	to.add("faas.time", string(t.ScheduledTime+t.ScheduledTimeMs))
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
	case t.ScheduledTime+t.ScheduledTimeMs != "":
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

// finished is an event of tail(), or a record of Logpush's dataset workers_trace_events: one invocation, from its start
// to its end. Logpush spells the same names with capitals, which makes no difference here, and adds units to some of
// them: https://developers.cloudflare.com/logs/logpush/logpush-job/datasets/account/workers_trace_events/.
type finished struct {
	EventTimestamp, EventTimestampMs instant
	EventType                        text
	Outcome                          text
	CPUTime, CPUTimeMs               number
	WallTime, WallTimeMs             number
	ScriptName                       text
	ScriptTags                       text
	DispatchNamespace                text
	Entrypoint                       text
	ScriptVersion                    struct{ ID text }
	ExecutionModel                   text
	DurableObjectID                  text
	Truncated                        bool
	Event                            trigger
	Logs                             []struct {
		Level                  text
		Message                words
		Timestamp, TimestampMs instant
	}
	Exceptions []thrown

	source string
}

// about tells what the invocation says of itself.
func (f *finished) about() about {
	a := about{
		script: f.ScriptName, namespace: f.DispatchNamespace, entrypoint: f.Entrypoint, version: f.ScriptVersion.ID,
		model: f.ExecutionModel, durableObject: f.DurableObjectID, outcome: f.Outcome,
		cpu: either(f.CPUTime, f.CPUTimeMs), wall: either(f.WallTime, f.WallTimeMs),
	}
	if f.Event.Type == "" {
		f.Event.Type = f.EventType
		if name, ok := eventTypes[f.EventType]; ok {
			f.Event.Type = text(name)
		}
	}
	f.Event.fill(&a)
	return a
}

func either(a, b number) number {
	if a.OK {
		return a
	}
	return b
}

// build appends the events of a finished invocation.
func (f *finished) build(to []edge.Event, b builder) []edge.Event {
	a := f.about()
	start := f.EventTimestamp.Or(f.EventTimestampMs.Or(b.arrival.UnixNano()))
	e := a.span(f.source, b.route)
	e.Index, e.Resource = b.index, a.resource()
	if a.ray == "" {
		e.TraceID, e.SpanID = newTraceID(), newSpanID()
	} else { // a Durable Object is run several times for one ray
		e.TraceID, e.SpanID = rayTrace(a.ray), invocationSpan(a.ray, &a, start)
	}
	e.Duration = e.Facts.WallTime
	e.Time = start + e.Duration
	told := attrs(e.Attrs)
	if f.Truncated {
		told.add("cloudflare.truncated", strconv.FormatBool(true))
	}
	if f.ScriptTags != "[]" {
		told.add("cloudflare.script_tags", string(f.ScriptTags))
	}
	e.Attrs = told
	fail(&e, f.Exceptions)
	to = append(to, e)
	for _, line := range f.Logs {
		record := logRecord(f.source, line.Level, line.Message)
		record.Index, record.Time = b.index, line.Timestamp.Or(line.TimestampMs.Or(start))
		record.TraceID, record.SpanID, record.Resource = e.TraceID, e.SpanID, e.Resource
		to = append(to, record)
	}
	return to
}
