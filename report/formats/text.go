package formats

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"edgescope/edge"
	"edgescope/report"
	"edgescope/report/sums"
	"edgescope/report/text"
)

// Text is the end of a run as the console shows it, made from its report: verdict, figures, steps, checks, comparison
// and the verdict again. columns is the width of the terminal, 0 for none.
func Text(r *report.Report, columns int) string {
	var b strings.Builder
	run := &r.Edgescope.Run
	title := run.Name
	if n := r.Edgescope.Segments; n > 0 {
		title += ", " + text.Plural(int64(n), "segment")
	}
	b.WriteString(Verdict(run.Verdict, run.Reason) + "\n" + title + "\n\n")
	for _, line := range headlines(r) {
		b.WriteString(text.Wrap(fmt.Sprintf("%-14s %s", line[0], line[1]), columns))
	}
	writeLatencies(&b, &r.Aggregate)
	writeEnd(&b, r, run.Warnings, columns)
	return b.String()
}

// writeEnd writes what stands below the figures of a run.
func writeEnd(b *strings.Builder, r *report.Report, warnings []string, columns int) {
	run := &r.Edgescope.Run
	writeParts(b, "step", run.Steps, columns)
	writeParts(b, "region", run.Regions, columns)
	for _, warning := range warnings {
		b.WriteString("\n" + text.Wrap("warning: "+warning, columns))
	}
	b.WriteString(failedText(r.Edgescope.Failed) + checksText(r.Edgescope.Checks))
	if c := r.Edgescope.Comparison; c != nil && len(c.Changes) > 0 {
		b.WriteString(Changes(c, columns))
	}
	b.WriteString("\n" + Verdict(run.Verdict, run.Reason))
}

// Verdict is a verdict with its reason on one line: the first and the last thing at the end of a run.
func Verdict(word, reason string) string {
	if reason != "" {
		reason = ": " + reason
	}
	return strings.ToUpper(word) + reason + "\n"
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

func writeParts(b *strings.Builder, title string, parts []edge.RunPart, columns int) {
	if len(parts) == 0 {
		return
	}
	names := make([]string, len(parts))
	for i := range parts {
		names[i] = parts[i].Name
	}
	t := newTable(b, names, 34, 45, columns)
	t.row(title+" (ms)", fmt.Sprintf("%8s %7s %8s %8s %8s", "requests", "failed", "p50", "p95", "max"))
	for i := range parts {
		p := &parts[i]
		q := &p.Response
		of := func(ms float64) string { return text.MillisecondsOf(q.Count, ms) }
		t.row(p.Name, fmt.Sprintf("%8d %7d %8s %8s %8s", p.Requests, p.Failed, of(q.P50), of(q.P95), of(q.Max)))
	}
}

// table prints rows of a name and its figures. Names are never cut or split: their column is as wide as the widest, or,
// where that would not fit the terminal, a long name has a line of its own above its figures.
type table struct {
	b    *strings.Builder
	wide int // the column of names, in characters
}

// newTable begins a table, whose column of names has at least so many characters beside figures of so many.
func newTable(b *strings.Builder, names []string, least, figures, columns int) *table {
	widest := least
	for _, name := range names {
		widest = max(widest, utf8.RuneCountInString(name))
	}
	if columns > 0 && widest+1+figures >= columns {
		widest = least
	}
	b.WriteByte('\n')
	return &table{b, widest}
}

func (t *table) row(name, figures string) {
	if utf8.RuneCountInString(name) > t.wide {
		t.b.WriteString(name + "\n")
		name = ""
	}
	fmt.Fprintf(t.b, "%-*s %s\n", t.wide, name, figures)
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
		b.WriteString(line + "\n")
	}
	return b.String()
}

// Changes is a comparison as the console shows it. columns is the width of the terminal, 0 for none.
func Changes(c *report.Comparison, columns int) string {
	var b strings.Builder
	names := make([]string, len(c.Changes))
	for i := range c.Changes {
		names[i] = c.Changes[i].Cells().Figure
	}
	t := newTable(&b, names, 29, 51, columns)
	t.row("against the baseline", fmt.Sprintf("%9s %9s %8s %s", "before", "now", "change", "95 % interval"))
	for i := range c.Changes {
		ch := &c.Changes[i]
		cells := ch.Cells()
		mark := ""
		if ch.Verdict != report.Same {
			mark = " " + ch.Verdict
		}
		t.row(cells.Figure, fmt.Sprintf("%9s %9s %8s %+.1f..%+.1f %%%s", strings.TrimSuffix(cells.Base, " ms"),
			strings.TrimSuffix(cells.New, " ms"), cells.Change, 100*ch.Low, 100*ch.High, mark))
	}
	for _, note := range c.Notes {
		b.WriteString(text.Wrap("note: "+note, columns))
	}
	return b.String()
}
