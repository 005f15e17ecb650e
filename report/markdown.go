package report

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"edgescope/report/text"
)

// WriteMarkdown writes GitHub-flavoured Markdown: the verdict first, then what led to it.
func WriteMarkdown(w io.Writer, r *Report) error {
	var b strings.Builder
	run := &r.Edgescope.Run
	fmt.Fprintf(&b, "## %s: %s\n\n", md(run.Name), strings.ToUpper(run.Verdict))
	if run.Reason != "" {
		b.WriteString(md(run.Reason) + "\n\n")
	}
	rows := make([][]string, 0, 8)
	for _, line := range r.headlines() {
		rows = append(rows, []string{line[0], line[1]})
	}
	if run.Commit != "" {
		rows = append(rows, []string{"Commit", run.Commit})
	}
	mdTable(&b, "", []string{"", ""}, rows)
	r.mdFindings(&b)
	r.mdComparison(&b)
	mdTable(&b, "Steps", []string{"Step", "Requests", "Failed", "p50 ms", "p95 ms", "p99 ms"}, partRows(run.Steps))
	mdTable(&b, "Regions", []string{"Region", "Requests", "Failed", "p50 ms", "p95 ms", "p99 ms"}, partRows(run.Regions))
	rows = nil
	for _, name := range slices.Sorted(maps.Keys(run.Errors)) {
		rows = append(rows, []string{name, text.Grouped(run.Errors[name])})
	}
	mdTable(&b, "Errors", []string{"Error", "Users"}, rows)
	for _, warning := range run.Warnings {
		b.WriteString("> " + md(warning) + "\n\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (r *Report) mdFindings(b *strings.Builder) {
	var rows [][]string
	for _, f := range r.findings() {
		if f.group != "thresholds" && f.group != "expectations" {
			continue
		}
		rows = append(rows, []string{f.word(), f.name, f.detail()})
	}
	mdTable(b, "Checks", []string{"", "Check", ""}, rows)
}

// word says what came of a finding.
func (f *finding) word() string {
	switch {
	case f.ok:
		return "ok"
	case f.optional:
		return "failed (optional)"
	default:
		return "failed"
	}
}

// detail is the message of what failed.
func (f *finding) detail() string {
	if f.ok {
		return ""
	}
	return f.message
}

func (r *Report) mdComparison(b *strings.Builder) {
	c := r.Edgescope.Comparison
	if c == nil {
		return
	}
	fmt.Fprintf(b, "### Against the baseline: %s\n\n", c.Verdict)
	if c.Verdict != Worse {
		b.WriteString(md(c.Sentence()) + "\n\n")
	}
	mdTable(b, "", []string{"Figure", "Before", "Now", "Change", "95 % interval", ""}, changeRows(c))
	for _, note := range c.Notes {
		b.WriteString("> " + md(note) + "\n\n")
	}
}

func changeRows(c *Comparison) [][]string {
	var rows [][]string
	for i := range c.Changes {
		name, base, now, change, interval := c.Changes[i].texts()
		rows = append(rows, []string{name, base, now, change, interval, c.Changes[i].Verdict})
	}
	return rows
}

// mdTable writes a table, or nothing when it has no rows.
func mdTable(b *strings.Builder, title string, head []string, rows [][]string) {
	if len(rows) == 0 {
		return
	}
	if title != "" {
		b.WriteString("### " + title + "\n\n")
	}
	b.WriteString("| " + strings.Join(head, " | ") + " |\n|" + strings.Repeat(" --- |", len(head)) + "\n")
	for _, row := range rows {
		b.WriteByte('|')
		for _, text := range row {
			b.WriteString(" " + md(text) + " |")
		}
		b.WriteByte('\n')
	}
	b.WriteByte('\n')
}

var mdEscapes = strings.NewReplacer(
	"\\", `\\`, "|", `\|`, "`", "\\`", "*", `\*`, "_", `\_`, "[", `\[`, "]", `\]`, "<", "&lt;", "&", "&amp;", "\n", " ", "\r", " ", "@", "&#64;",
)

// md is text that Markdown must not read as anything else: names come from scripts and targets.
func md(text string) string { return mdEscapes.Replace(text) }
