package scenarios

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"edgescope/internal/near"
)

// Position is a place in a script. Line and Col count from 1; Col counts
// characters. The zero value is no place.
type Position struct {
	File      string
	Line, Col int
}

// String returns file:line:col.
func (p Position) String() string {
	if p.Line == 0 {
		return p.File
	}
	return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Col)
}

// Problem is something wrong, or worth saying, at a place in a script.
type Problem struct {
	Pos Position
	Msg string
}

// String returns file:line:col: message.
func (p Problem) String() string {
	if p.Pos == (Position{}) {
		return p.Msg
	}
	return p.Pos.String() + ": " + p.Msg
}

// Problems are all that is wrong with a script, in the order of its lines.
// It is the error of [Load] when the script, not the machine, is at fault.
type Problems []Problem //nolint:errname // it is a list first: Plan.Warnings is one too

// Error returns one line per problem.
func (ps Problems) Error() string {
	lines := make([]string, len(ps))
	for i, p := range ps {
		lines[i] = p.String()
	}
	return strings.Join(lines, "\n")
}

func (ps Problems) sort() {
	slices.SortStableFunc(ps, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.Pos.File, b.Pos.File),
			cmp.Compare(a.Pos.Line, b.Pos.Line), cmp.Compare(a.Pos.Col, b.Pos.Col))
	})
}

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

// suggest names what was probably meant, as `; did you mean "x"?`, or "".
func suggest(name string, legal []string) string {
	lower := strings.ToLower(name)
	if s := spellings[lower]; s != "" && slices.Contains(legal, s) {
		return didYouMean(s)
	}
	best, at := "", 3
	for _, l := range legal {
		if d := near.Distance(lower, strings.ToLower(l)); d < at && d < len(name) {
			best, at = l, d
		}
	}
	if best == "" {
		return ""
	}
	return didYouMean(best)
}

func didYouMean(s string) string { return fmt.Sprintf(" (did you mean %q?)", s) }
