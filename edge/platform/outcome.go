package platform

import (
	"strconv"
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
	failed := f.Status >= 500
	switch {
	case f.Outcome == edge.OutcomeOK && failed:
		f.Outcome = edge.OutcomeError
	case f.Outcome != "":
	case v.present.meets(&exceptionRule.any):
		f.Outcome = edge.OutcomeException
	case failed || v.event.Status == edge.StatusError || v.serverError(f):
		f.Outcome = edge.OutcomeError
	default:
		f.Outcome = edge.OutcomeOK
	}
}

// serverError tells whether a server names an error. One that only repeats a status of 4xx is the client's.
func (v *view) serverError(f *edge.Facts) bool {
	if v.event.SpanKind != edge.SpanServer || f.ErrorType == "" {
		return false
	}
	return f.Status < 400 || f.Status >= 500 || f.ErrorType != strconv.Itoa(f.Status)
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
