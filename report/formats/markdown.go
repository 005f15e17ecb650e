package formats

import (
	"fmt"
	"io"
	"strings"

	"edgescope/report"
	"edgescope/report/text"
)

// Markdown writes GitHub-flavoured Markdown: the verdict first, then what led to it.
func Markdown(w io.Writer, r *report.Report) error {
	w = text.Writer(w)
	var b strings.Builder
	run := &r.Edgescope.Run
	fmt.Fprintf(&b, "## %s: %s\n\n", md(run.Name), strings.ToUpper(run.Verdict))
	if run.Reason != "" {
		b.WriteString(md(run.Reason) + "\n\n")
	}
	rows := make([][]string, 0, 8)
	for _, line := range headlines(r) {
		rows = append(rows, []string{line[0], line[1]})
	}
	if run.Commit != "" {
		rows = append(rows, []string{"Commit", run.Commit})
	}
	mdTable(&b, "", []string{"", ""}, rows)
	mdFindings(&b, r)
	mdComparison(&b, r.Edgescope.Comparison)
	mdTable(&b, "Steps", []string{"Step", "Requests", "Failed", "p50 ms", "p95 ms", "p99 ms"}, partRows(run.Steps))
	mdTable(&b, "Regions", []string{"Region", "Requests", "Failed", "p50 ms", "p95 ms", "p99 ms"},
		partRows(run.Regions))
	mdTable(&b, "Errors", []string{"Error", "Users"}, counterRows(run.Errors))
	for _, warning := range run.Warnings {
		b.WriteString("> " + md(warning) + "\n\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func mdFindings(b *strings.Builder, r *report.Report) {
	var rows [][]string
	for _, f := range findings(r) {
		if f.inChecks() {
			rows = append(rows, []string{f.word(), f.name, f.detail()})
		}
	}
	mdTable(b, "Checks", []string{"", "Check", ""}, rows)
}

func mdComparison(b *strings.Builder, c *report.Comparison) {
	if c == nil {
		return
	}
	fmt.Fprintf(b, "### Against the baseline: %s\n\n", c.Verdict)
	if c.Verdict != report.Worse {
		b.WriteString(md(c.Sentence()) + "\n\n")
	}
	mdTable(b, "", []string{"Figure", "Before", "Now", "Change", "95 % interval", ""}, changeRows(c))
	for _, note := range c.Notes {
		b.WriteString("> " + md(note) + "\n\n")
	}
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
	"\\", `\\`, "|", `\|`, "`", "\\`", "*", `\*`, "_", `\_`, "[", `\[`, "]", `\]`, "<", "&lt;", "&", "&amp;", "\n", " ",
	"\r", " ", "@", "&#64;",
)

// md is text that Markdown must not read as anything else: names come from scripts and targets.
func md(text string) string { return mdEscapes.Replace(text) }
