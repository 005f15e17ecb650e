package settings

import (
	"fmt"
	"slices"
	"strings"

	"edgescope/internal/near"
)

// spellings are names from other tools and older scripts, and what they are here.
var spellings = map[string]string{
	"sleep": "think", "wait": "think", "pause": "think", "delay": "think",
	"followredirects": "followRedirect", "followallredirects": "followRedirect",
	"data": "json", "payload": "json", "query": "qs", "params": "qs",
	"cookies": "cookie", "status": "statusCode", "assert": "expect", "check": "expect",
	"rate": "arrivalRate", "users": "arrivalCount", "vus": "maxVusers", "stages": "phases",
	"onrequest": "beforeRequest", "onresponse": "afterResponse",
	"thresholds": "ensure", "baseurl": "target", "print": "log", "repeat": "loop",
}

// Suggest returns what was probably meant by a name, as ` (did you mean "x"?)`, or "".
func Suggest(name string, legal []string) string {
	if s := spellings[strings.ToLower(name)]; s != "" && slices.Contains(legal, s) {
		return near.Meant(s)
	}
	return near.Hint(name, legal...)
}

// Known lists the legal names, behind a suggestion if one is near.
func Known(name string, legal []string) string {
	if s := Suggest(name, legal); s != "" {
		return s
	}
	if len(legal) == 0 {
		return ": none are defined"
	}
	return fmt.Sprintf(" (known: %s)", strings.Join(legal, ", "))
}
