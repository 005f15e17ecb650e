package platform

import "edgescope/edge"

// rayColo returns the PoP at the end of a Cloudflare ray id: 16 hex digits, a dash, three capitals.
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
