package platform

import "edgescope/edge"

// rayColo answers the PoP at the end of a Cloudflare ray id: 16 hex digits, a dash, three capitals.
func rayColo(s string) string {
	const hexDigits = 16
	if len(s) != hexDigits+4 || s[hexDigits] != '-' || !isCapitals(s[hexDigits+1:]) {
		return ""
	}
	for i := range hexDigits {
		if !isDigit(s[i]) && (s[i] < 'a' || s[i] > 'f') {
			return ""
		}
	}
	return s[hexDigits+1:]
}

// outcomes are the words of Workers (tail and native export) and ours; every other word is an error.
var outcomes = map[string]string{
	"ok":                         edge.OutcomeOK,
	"exception":                  edge.OutcomeException,
	"exceededCpu":                edge.OutcomeExceededCPU,
	edge.OutcomeExceededCPU:      edge.OutcomeExceededCPU,
	"exceededMemory":             edge.OutcomeExceededMemory,
	edge.OutcomeExceededMemory:   edge.OutcomeExceededMemory,
	"exceededWallTime":           edge.OutcomeTimeout,
	edge.OutcomeTimeout:          edge.OutcomeTimeout,
	"canceled":                   edge.OutcomeCanceled,
	"responseStreamDisconnected": edge.OutcomeCanceled,
}

func outcome(word string) string {
	if o, ok := outcomes[word]; ok {
		return o
	}
	return edge.OutcomeError
}
