package platform

import (
	"strings"

	"edgescope/edge"
)

// outcome fills how an event ended: what its platform says, else what it shows. Only spans show it; a log record or a data
// point has an outcome only if one was sent.
func (v *view) outcome(f *edge.Facts) {
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

// failed tells whether a span without an outcome of its own failed, by the first of these that says anything: a status of 5xx;
// a span status of OK, which is final (OpenTelemetry specification, "Set Status"); the status 4xx of who answers, since the error
// is the client's (semantic conventions, HTTP spans, "Status"); a span status of ERROR; an exception that left the span; an error
// that a server names; a status of HTTP; an exception of which nobody says that it was handled.
func (v *view) failed(f *edge.Facts) bool {
	e := v.event
	switch {
	case f.Status >= 500:
		return true
	case e.Status == edge.StatusOK:
		return false
	case f.Status >= 400 && notClient(v):
		return false
	case e.Status == edge.StatusError, v.threw() == edge.True, e.SpanKind == edge.SpanServer && f.ErrorType != "":
		return true
	case f.Status != 0:
		return false
	}
	return v.threw() != edge.False
}

// threw tells whether an exception left the span: False also when there is none, Unknown when there is one and nobody says.
func (v *view) threw() edge.Tri {
	if !v.present.meets(&exceptionRule.any) {
		return edge.False
	}
	switch v.text(&escapedRule) {
	case "true":
		return edge.True
	case "false":
		return edge.False
	default:
		return edge.Unknown
	}
}

// inferStatus gives an invocation without a status the one that its client must have seen.
func inferStatus(f *edge.Facts) {
	if f.Status != 0 {
		return
	}
	f.StatusInferred = true
	switch f.Outcome {
	case edge.OutcomeOK:
		f.Status = 200
	case edge.OutcomeCanceled:
		f.Status = 499 // as nginx writes it: the client went away
	default:
		f.Status = 500
	}
}
