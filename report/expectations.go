package report

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"edgescope/load"
	"edgescope/scenarios"
)

// miss is one kind of expectation that failed at one step: how often, and how it was the first time.
type miss struct {
	step, kind string
	n          int64
	want, got  string
}

type misses map[[2]string]*miss

func (m misses) add(step string, o *scenarios.Outcome) {
	key := [2]string{step, o.Type}
	if m[key] == nil {
		m[key] = &miss{step: step, kind: o.Type, want: shorten(o.Want, 28), got: shorten(o.Got, 28)}
	}
	m[key].n++
}

// maxMisses is how many kinds are printed.
const maxMisses = 20

func (m misses) text() string {
	if len(m) == 0 {
		return ""
	}
	var list []*miss
	for _, one := range m {
		list = append(list, one)
	}
	slices.SortFunc(list, func(a, b *miss) int {
		return cmp.Or(-cmp.Compare(a.n, b.n), strings.Compare(a.step, b.step), strings.Compare(a.kind, b.kind))
	})
	var b strings.Builder
	b.WriteString("\nFailed expectations:\n")
	for i, one := range list {
		if i == maxMisses {
			fmt.Fprintf(&b, "  and %d more kinds\n", len(list)-maxMisses)
			break
		}
		fmt.Fprintf(&b, "  %s: %s, %s\n      first: want %s, got %s\n", one.step, one.kind, plural(one.n, "time"), one.want, one.got)
	}
	return b.String()
}

// expectationLines prints the expectations of one request in the format that plugins.expect asks for; the formats are
// Artillery's, "" prints nothing while the run lasts.
func expectationLines(format string, r *load.Result) string {
	failed := slices.ContainsFunc(r.Outcomes, func(o scenarios.Outcome) bool { return !o.OK })
	switch {
	case len(r.Outcomes) == 0 || format == "prettyError" && !failed:
		return ""
	case format == "json":
		line, err := json.Marshal(map[string]any{"url": r.URL, "code": r.Code, "results": r.Outcomes})
		if err != nil {
			return ""
		}
		return string(line) + "\n"
	case format != "pretty" && format != "prettyError":
		return ""
	}
	var b strings.Builder
	fmt.Fprintf(&b, "* %s %s\n", r.Method, r.URL)
	for _, o := range r.Outcomes {
		if o.OK {
			fmt.Fprintf(&b, "  ok %s %s\n", o.Type, o.Want)
		} else {
			fmt.Fprintf(&b, "  not ok %s %s, got %s\n", o.Type, o.Want, o.Got)
		}
	}
	return b.String()
}
