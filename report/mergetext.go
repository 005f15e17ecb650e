package report

import (
	"fmt"
	"strings"

	"edgescope/report/text"
)

// Text is the end of a run as the console shows it, made from its report: figures, steps, checks, comparison, verdict.
func (r *Report) Text() string {
	var b strings.Builder
	run := &r.Edgescope.Run
	title := run.Name
	if n := r.Edgescope.Segments; n > 0 {
		title += ", " + text.Plural(int64(n), "segment")
	}
	b.WriteString(title + "\n\n")
	for _, line := range r.headlines() {
		b.WriteString(text.Wrap(fmt.Sprintf("%-14s %s", line[0], line[1])))
	}
	writeLatencies(&b, &r.Aggregate)
	writeParts(&b, "step", run.Steps)
	writeParts(&b, "region", run.Regions)
	for _, warning := range run.Warnings {
		b.WriteString("\n" + text.Wrap("warning: "+warning))
	}
	b.WriteString(missesText(r.Edgescope.Misses) + ChecksText(r.Edgescope.Checks))
	if c := r.Edgescope.Comparison; c != nil && len(c.Changes) > 0 {
		b.WriteString(c.Text())
	}
	b.WriteString("\n" + VerdictText(run.Verdict, run.Reason))
	return b.String()
}
