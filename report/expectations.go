package report

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"edgescope/load"
	"edgescope/report/text"
	"edgescope/scenarios"
)

// Miss is one kind of expectation that failed at one step: how often, and how it was the first time.
type Miss struct {
	Step  string `json:"step"`
	Kind  string `json:"kind"`
	Times int64  `json:"times"`
	Want  string `json:"want"`
	Got   string `json:"got"`
}

type misses map[[2]string]*Miss

func (m misses) add(step string, o *scenarios.Outcome) {
	key := [2]string{step, o.Type}
	if m[key] == nil {
		m[key] = &Miss{Step: step, Kind: o.Type, Want: text.Shorten(o.Want, 120), Got: text.Shorten(o.Got, 120)}
	}
	m[key].Times++
}

// list is all of them, the most frequent first.
func (m misses) list() []Miss {
	var list []Miss
	for _, one := range m {
		list = append(list, *one)
	}
	slices.SortFunc(list, func(a, b Miss) int {
		return cmp.Or(-cmp.Compare(a.Times, b.Times), strings.Compare(a.Step, b.Step), strings.Compare(a.Kind, b.Kind))
	})
	return list
}

// maxMisses is how many kinds are printed.
const maxMisses = 20

func missesText(list []Miss) string {
	if len(list) == 0 {
		return ""
	}
	var b strings.Builder
	b.WriteString("\nFailed expectations:\n")
	for i, one := range list {
		if i == maxMisses {
			fmt.Fprintf(&b, "  and %d more kinds\n", len(list)-maxMisses)
			break
		}
		fmt.Fprintf(&b, "  %s: %s, %s\n      first: want %s, got %s\n", one.Step, one.Kind, text.Plural(one.Times, "time"),
			text.Shorten(one.Want, 28), text.Shorten(one.Got, 28))
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
