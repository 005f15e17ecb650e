package formats

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"edgescope/edge"
	"edgescope/report"
	"edgescope/report/sums"
	"edgescope/report/text"
)

// Text is the end of a run as the console shows it, made from its report: figures, steps, checks, comparison, verdict.
func Text(r *report.Report) string {
	var b strings.Builder
	run := &r.Edgescope.Run
	title := run.Name
	if n := r.Edgescope.Segments; n > 0 {
		title += ", " + text.Plural(int64(n), "segment")
	}
	b.WriteString(title + "\n\n")
	for _, line := range headlines(r) {
		b.WriteString(text.Wrap(fmt.Sprintf("%-14s %s", line[0], line[1])))
	}
	writeLatencies(&b, &r.Aggregate)
	writeEnd(&b, r, run.Warnings)
	return b.String()
}

// writeEnd writes what stands below the figures of a run.
func writeEnd(b *strings.Builder, r *report.Report, warnings []string) {
	run := &r.Edgescope.Run
	writeParts(b, "step", run.Steps)
	writeParts(b, "region", run.Regions)
	for _, warning := range warnings {
		b.WriteString("\n" + text.Wrap("warning: "+warning))
	}
	b.WriteString(failedText(r.Edgescope.Failed) + checksText(r.Edgescope.Checks))
	if c := r.Edgescope.Comparison; c != nil && len(c.Changes) > 0 {
		b.WriteString(Changes(c))
	}
	b.WriteString("\n" + Verdict(run.Verdict, run.Reason))
}

// Verdict is a verdict with its reason, within 80 columns: the last thing on the console.
func Verdict(word, reason string) string {
	if reason != "" {
		reason = ": " + reason
	}
	return text.Wrap(strings.ToUpper(word) + reason)
}

// dotted prints "name: ..... value" over the whole width; a value that does not fit makes its line longer.
func dotted(b *strings.Builder, name, value string) {
	left := name + ": "
	if room := text.Width - len(left) - len(value) - 1; room > 0 {
		left += strings.Repeat(".", room) + " "
	}
	b.WriteString(left + value + "\n")
}

// writePeriod prints the figures of a period under Artillery's names. Endpoint metrics are in the files only, our own
// series in the tables.
func writePeriod(b *strings.Builder, s *report.Summary, p *sums.Period) {
	for _, name := range slices.Sorted(maps.Keys(p.Counters)) {
		if !s.OfEndpoint(name) {
			dotted(b, name, text.Grouped(p.Counters[name]))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(p.Rates)) {
		switch {
		case name == sums.HitRatio:
			dotted(b, name, text.Decimal(p.Rates[name]))
		case !strings.HasPrefix(name, sums.HitRatio):
			dotted(b, name, text.Decimal(p.Rates[name])+"/sec")
		}
	}
	for _, name := range slices.Sorted(maps.Keys(p.Summaries)) {
		if s.OfEndpoint(name) || strings.HasPrefix(name, "edgescope.") {
			continue
		}
		d := p.Summaries[name]
		b.WriteString(name + ":\n")
		for _, figure := range []string{"min", "max", "mean", "median", "p95", "p99"} {
			value, _ := d.Figure(figure)
			dotted(b, "  "+figure, text.Decimal(value))
		}
	}
	writeLatencies(b, p)
}

// latency is a row of the latency table.
type latency struct{ title, series string }

// latencies are the rows of the latency table, the headline first.
func latencies() []latency {
	return []latency{
		{"from intended start", sums.SeriesResponse},
		{"  cold connections", sums.SeriesResponse + sums.Cold},
		{"  warm connections", sums.SeriesResponse + sums.Warm},
		{"from the send", sums.SeriesService},
		{"to first byte", sums.SeriesTTFB},
		{"  first hits", sums.SeriesFirstHit + ".ttfb"},
		{"  later hits", sums.SeriesLaterHit + ".ttfb"},
		{"wait for connection", sums.SeriesConnWait},
		{"lag of arrivals", sums.SeriesLag},
	}
}

func writeLatencies(b *strings.Builder, p *sums.Period) {
	if p.Summaries[sums.SeriesLag].Count == 0 && p.Summaries[sums.SeriesResponse].Count == 0 {
		return
	}
	fmt.Fprintf(b, "\n%-21s %8s %8s %8s %8s %8s %8s\n", "latency (ms)", "count", "mean", "p50", "p95", "p99", "max")
	for _, row := range latencies() {
		d, ok := p.Summaries[row.series]
		if !ok {
			continue
		}
		fmt.Fprintf(b, "%-21s %8d %8s %8s %8s %8s %8s\n", row.title, d.Count,
			text.Milliseconds(d.Mean), text.Milliseconds(d.P50), text.Milliseconds(d.P95), text.Milliseconds(d.P99),
			text.Milliseconds(d.Max))
	}
}

func writeParts(b *strings.Builder, title string, parts []edge.RunPart) {
	if len(parts) == 0 {
		return
	}
	fmt.Fprintf(b, "\n%-34s %8s %7s %8s %8s %8s\n", title+" (ms)", "requests", "failed", "p50", "p95", "max")
	for i := range parts {
		p := &parts[i]
		q := &p.Response
		of := func(ms float64) string { return text.MillisecondsOf(q.Count, ms) }
		fmt.Fprintf(b, "%-34s %8d %7d %8s %8s %8s\n", text.Shorten(p.Name, 34), p.Requests, p.Failed, of(q.P50),
			of(q.P95), of(q.Max))
	}
}

// maxFailed is how many kinds of failed expectations are printed.
const maxFailed = 20

func failedText(list []sums.FailedExpectation) string {
	if len(list) == 0 {
		return ""
	}
	var b strings.Builder
	b.WriteString("\nFailed expectations:\n")
	for i, one := range list {
		if i == maxFailed {
			fmt.Fprintf(&b, "  and %d more kinds\n", len(list)-maxFailed)
			break
		}
		fmt.Fprintf(&b, "  %s: %s, %s\n      first: want %s, got %s\n", one.Step, one.Kind,
			text.Plural(one.Times, "time"),
			text.Shorten(one.Want, 28), text.Shorten(one.Got, 28))
	}
	return b.String()
}

// checksText is the checks as Artillery prints them: "ok: <expression>" or "fail: <expression>"; "" when there are
// none.
func checksText(checks []report.CheckResult) string {
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
		if why := c.Why(); why != "" {
			line += " (" + why + ")"
		}
		b.WriteString(text.Wrap(line))
	}
	return b.String()
}

// Changes is a comparison as the console shows it, within 80 columns.
func Changes(c *report.Comparison) string {
	var b strings.Builder
	fmt.Fprintf(&b, "\n%-29s %9s %9s %8s %s\n", "against the baseline", "before", "now", "change", "95 % interval")
	for i := range c.Changes {
		ch := &c.Changes[i]
		t := ch.Cells()
		interval := fmt.Sprintf("%+.1f..%+.1f %%", 100*ch.Low, 100*ch.High)
		mark := ""
		if ch.Verdict != report.Same {
			mark = " " + ch.Verdict
		}
		fmt.Fprintf(&b, "%-29s %9s %9s %8s %s%s\n", text.Shorten(t.Figure, 29),
			strings.TrimSuffix(t.Base, " ms"), strings.TrimSuffix(t.New, " ms"), t.Change, interval, mark)
	}
	for _, note := range c.Notes {
		b.WriteString(text.Wrap("note: " + note))
	}
	return b.String()
}
