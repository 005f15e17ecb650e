package formats

import (
	"fmt"
	"io"
	"strings"

	"edgescope/report"
	"edgescope/report/text"
)

// maxAnnotations is how many annotations of a kind GitHub shows for one step.
const maxAnnotations = 10

// Annotations writes workflow commands of GitHub Actions: an error for each thing that failed, a warning for each
// warning and optional threshold, and a notice of the verdict when it is good.
func Annotations(w io.Writer, r *report.Report) error {
	var b strings.Builder
	run := &r.Edgescope.Run
	failed, warned := 0, 0
	for _, f := range findings(r) {
		switch {
		case f.ok:
		case f.optional:
			warned++
			annotation(&b, "warning", run.Name+": "+f.name, f.message, warned)
		default:
			failed++
			annotation(&b, "error", run.Name+": "+f.name, f.message, failed)
		}
	}
	for _, warning := range run.Warnings {
		warned++
		annotation(&b, "warning", run.Name, warning, warned)
	}
	if failed == 0 {
		annotation(&b, "notice", run.Name, fmt.Sprintf("%s: %s", run.Verdict, headlines(r)[0][1]), 1)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

var (
	commandText     = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	commandProperty = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
)

func annotation(b *strings.Builder, level, title, message string, n int) {
	if n <= maxAnnotations {
		title, message = text.Visible(title), text.Visible(message)
		fmt.Fprintf(b, "::%s title=%s::%s\n", level, commandProperty.Replace(title), commandText.Replace(message))
	}
}
