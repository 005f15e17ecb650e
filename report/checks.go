package report

import (
	"maps"
	"slices"
	"strings"

	"edgescope/edge"
	"edgescope/internal/near"
	"edgescope/report/text"
	"edgescope/scenarios"
)

// CheckResult is one threshold or condition of ensure and what came of it.
type CheckResult struct {
	edge.RunThreshold
	// Note says what a missing metric may have been meant to be, "" otherwise.
	Note string `json:"note,omitempty"`
	// Figures are those of a condition that failed and has several: "a is 3, b is 2".
	Figures string `json:"figures,omitempty"`
}

// why tells what a check failed by, "" for one that holds.
func (c *CheckResult) why() string {
	switch {
	case c.OK:
		return ""
	case c.Note != "":
		return c.Note
	case c.Figures != "":
		return c.Figures
	default:
		return "it is " + text.Decimal(text.Round(c.Actual, 3))
	}
}

// Checked judges all checks by a period, in the order of the script: first those that hold, then those that fail, as they
// are printed.
func Checked(checks []scenarios.Check, p *Period) []CheckResult {
	var held, failed []CheckResult
	for i := range checks {
		if r := p.checked(&checks[i]); r.OK {
			held = append(held, r)
		} else {
			failed = append(failed, r)
		}
	}
	return append(held, failed...)
}

func (p *Period) checked(c *scenarios.Check) CheckResult {
	r := CheckResult{RunThreshold: edge.RunThreshold{Expression: c.Text, Limit: c.Max, Optional: !c.Strict, OK: c.Pass(p.Lookup)}}
	var figures []string
	for _, name := range c.Names() {
		value, ok := p.Lookup(name)
		if !ok {
			r.Missing, r.Note = true, p.missing(name)
			return r
		}
		if r.Actual == 0 {
			r.Actual = value
		}
		figures = append(figures, name+" is "+text.Decimal(text.Round(value, 3)))
	}
	if value, ok := c.Figure(p.Lookup); ok {
		r.Actual = value
	} else if !r.OK {
		r.Figures = strings.Join(figures, ", ")
	}
	return r
}

// Lookup finds a figure by the name that checks use: a counter, a rate, or "<summary>.<figure>". A counter of a known family
// that never counted is 0; any other name that was not seen is not there.
func (p *Period) Lookup(name string) (float64, bool) {
	if n, ok := p.Counters[name]; ok {
		return float64(n), true
	}
	if rate, ok := p.Rates[name]; ok {
		return rate, true
	}
	if dot := strings.LastIndexByte(name, '.'); dot > 0 {
		if d, ok := p.Summaries[name[:dot]]; ok {
			if v, ok := d.value(name[dot+1:]); ok {
				return v, true
			}
		}
	}
	return 0, knownCounter(name)
}

// knownCounter tells the names that count from 0 although a report leaves them out until they do.
func knownCounter(name string) bool {
	switch name {
	case "vusers.created", "vusers.completed", "vusers.failed", "vusers.skipped", "vusers.late",
		"http.requests", "http.responses", "http.downloaded_bytes", "plugins.expect.ok", "plugins.expect.failed":
		return true
	}
	if status, ok := strings.CutPrefix(name, cacheCounters); ok && slices.Contains(cacheStatuses[:], status) || name == "edgescope.cold_starts" {
		return true
	}
	for _, family := range []string{"vusers.created_by_name.", "http.codes.", "errors.", "plugins.expect.ok.", "plugins.expect.failed."} {
		if strings.HasPrefix(name, family) && len(name) > len(family) {
			return true
		}
	}
	return false
}

// missing explains a name that was not seen.
func (p *Period) missing(name string) string {
	note := name + " was never seen"
	if seen := p.nearest(name); seen != "" {
		note += "; did you mean " + seen + "?"
	}
	return note
}

// nearest is the seen name that takes the fewest changes, if they are at most a third of its length.
func (p *Period) nearest(name string) string {
	best, least := "", len(name)/3+1
	try := func(candidate string) {
		if d := near.Distance(name, candidate); d < least {
			best, least = candidate, d
		}
	}
	for _, counter := range slices.Sorted(maps.Keys(p.Counters)) {
		try(counter)
	}
	for _, rate := range slices.Sorted(maps.Keys(p.Rates)) {
		try(rate)
	}
	for _, summary := range slices.Sorted(maps.Keys(p.Summaries)) {
		for _, figure := range append([]string{"median"}, figures[:]...) {
			try(summary + "." + figure)
		}
	}
	return best
}

// ChecksText is the checks as Artillery prints them: "ok: <expression>" or "fail: <expression>"; "" when there are none.
func ChecksText(checks []CheckResult) string {
	if len(checks) == 0 {
		return ""
	}
	var b strings.Builder
	b.WriteString("\nChecks:\n")
	for i := range checks {
		c := &checks[i]
		verb := "ok"
		if !c.OK {
			verb = "fail"
		}
		line := verb + ": " + c.Expression
		if c.Optional {
			line += " (optional)"
		}
		if why := c.why(); why != "" {
			line += " (" + why + ")"
		}
		b.WriteString(text.Wrap(line))
	}
	return b.String()
}
