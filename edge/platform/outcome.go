package platform

import (
	"slices"
	"strconv"
	"strings"

	"edgescope/edge"
)

// outcome fills how an event ended: what its platform says, else what it shows. Only spans show it; a log record or a
// data point has an outcome only if one was sent.
func (v *View) outcome(f *edge.Facts) {
	v.fill(&f.Outcome, &outcomeRule)
	if v.event.Kind != edge.KindSpan {
		return
	}
	if f.Outcome == "" && f.Platform == AWSLambda && strings.EqualFold(v.text(&lambdaStatusRule), "timeout") {
		f.Outcome = edge.OutcomeTimeout
	}
	switch {
	case f.Outcome == edge.OutcomeOK && f.Status >= 500:
		f.Outcome = edge.OutcomeError
	case f.Outcome != "":
	case !v.failed(f):
		f.Outcome = edge.OutcomeOK
	case v.threw() != edge.False:
		f.Outcome = edge.OutcomeException
	default:
		f.Outcome = edge.OutcomeError
	}
}

// failed tells whether a span without an outcome of its own failed, by the first of these that says anything: a status
// of 5xx; a span status of OK, which is final (OpenTelemetry specification, "Set Status"); the status 4xx of who
// answers, since the error is the client's (semantic conventions, HTTP spans, "Status"); a status of gRPC, likewise; a
// span status of ERROR; an exception that left the span; an error that a server names; a status of HTTP; an exception
// of which nobody says that it was handled.
func (v *View) failed(f *edge.Facts) bool {
	e := v.event
	switch {
	case f.Status >= 500:
		return true
	case e.Status == edge.StatusOK:
		return false
	case f.Status >= 400 && notClient(v):
		return false
	case v.present.meets(&grpcRule.any) && v.grpcFailed() != edge.Unknown:
		return v.grpcFailed() == edge.True
	case e.Status == edge.StatusError, v.text(&errorFlagRule) == "true", v.threw() == edge.True,
		e.SpanKind == edge.SpanServer && f.ErrorType != "":
		return true
	case f.Status != 0:
		return false
	}
	return v.threw() != edge.False
}

// grpcFailed tells whether a call failed for its end of it, by its status: Unknown when that is OK or none. For who
// calls each other status is an error; for who answers those are that are not the caller's (opentelemetry.io, semantic
// conventions for gRPC, "Span status").
func (v *View) grpcFailed() edge.Tri {
	code := v.text(&grpcRule)
	switch {
	case code == "" || code == "OK":
		return edge.Unknown
	case !notClient(v):
		return edge.True
	}
	switch code {
	case "UNKNOWN", "DEADLINE_EXCEEDED", "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS":
		return edge.True
	default:
		return edge.False
	}
}

// grpcCodes are the statuses of gRPC by their numbers (grpc.io/docs/guides/status-codes).
var grpcCodes = [...]string{
	"OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS",
	"PERMISSION_DENIED",
	"RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE", "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE",
	"DATA_LOSS",
	"UNAUTHENTICATED",
}

// grpcCode reads a status of gRPC or Connect, by number or name: 5, NOT_FOUND, not_found. Those of other protocols are
// none.
func grpcCode(s string) string {
	if n, err := strconv.ParseFloat(s, 64); err == nil {
		if i := int(max(-1, min(n, float64(len(grpcCodes))))); i >= 0 && i < len(grpcCodes) && float64(i) == n {
			return grpcCodes[i]
		}
		return ""
	}
	name := strings.ToUpper(s)
	if name == "CANCELED" {
		return "CANCELLED" // as Connect and Go spell it
	}
	if slices.Contains(grpcCodes[:], name) {
		return name
	}
	return ""
}

// errorFlag reads the tag error of OpenTracing, and the status that non-OTLP formats carry in an attribute.
func errorFlag(s string) string {
	if strings.EqualFold(s, "error") {
		return "true"
	}
	return boolean(s)
}

// threw tells whether an exception left the span: False also when there is none, Unknown when there is one and nobody
// says.
func (v *View) threw() edge.Tri {
	if !v.present.meets(&exceptionRule.any) {
		return edge.False
	}
	return edge.TriOf(v.text(&escapedRule))
}

// outcomes are the words of Workers (tail and native export: workerd's EventOutcome), ours and those of other words for
// the same, in capitals; every other word is an error. UNKNOWN says nothing.
var outcomes = map[string]string{
	"OK": edge.OutcomeOK, "SUCCESS": edge.OutcomeOK, "SUCCEEDED": edge.OutcomeOK, "UNKNOWN": "",
	"EXCEPTION":   edge.OutcomeException,
	"EXCEEDEDCPU": edge.OutcomeExceededCPU, "EXCEEDED_CPU": edge.OutcomeExceededCPU,
	"EXCEEDEDMEMORY": edge.OutcomeExceededMemory, "EXCEEDED_MEMORY": edge.OutcomeExceededMemory,
	"EXCEEDEDWALLTIME": edge.OutcomeTimeout, "EXCEEDED_WALL_TIME": edge.OutcomeTimeout, "TIMEOUT": edge.OutcomeTimeout,
	"CANCELED": edge.OutcomeCanceled, "CANCELLED": edge.OutcomeCanceled,
	"RESPONSESTREAMDISCONNECTED":   edge.OutcomeCanceled,
	"RESPONSE_STREAM_DISCONNECTED": edge.OutcomeCanceled,
}

func outcome(word string) string {
	if o, ok := look(outcomes, word); ok {
		return o
	}
	return edge.OutcomeError
}
