// Package formats writes a run: on the console, into files, for a CI.
package formats

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"edgescope/edge"
	"edgescope/report"
	"edgescope/report/text"
)

// File is a form in which a report can be written to a file. All are made from what a JSON report holds, so that a file
// that was kept can be turned into any of them later.
type File struct {
	Name  string // as the flag is called
	Usual string // name of a file in a directory
	Usage string // what it is, for --help
	Write func(w io.Writer, r *report.Report) error
}

// Files returns all forms of a report beside JSON, in the order of the help.
func Files() []File {
	return []File{
		{"junit", "junit.xml", "JUnit XML, for a CI's list of tests", JUnit},
		{"html", "report.html", "one HTML page with charts, which loads nothing", HTML},
		{"markdown", "report.md", "Markdown, for a comment or a job summary", Markdown},
		{"csv", "report.csv", "every figure as a row", CSV},
	}
}

// finding is one thing that a run was judged by.
type finding struct {
	group    string // run, health, users, thresholds, expectations or baseline
	name     string
	ok       bool
	optional bool // does not decide
	message  string
}

func (f *finding) class() string {
	switch {
	case f.ok:
		return "ok"
	case f.optional:
		return "optional"
	default:
		return "failed"
	}
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

// findings are all of them, in the order of the groups. The first is whether the run was completed.
func findings(r *report.Report) []finding {
	list := runFindings(r)
	for i := range r.Edgescope.Checks {
		c := &r.Edgescope.Checks[i]
		message := cmp.Or(c.Note, c.Expression+" does not hold: "+c.Why())
		list = append(list, finding{
			group: "thresholds", name: c.Expression, ok: c.OK, optional: c.Optional,
			message: message,
		})
	}
	for _, c := range r.Edgescope.Run.Expectations {
		list = append(list, finding{
			group: "expectations", name: c.Name, ok: c.Failed == 0,
			message: fmt.Sprintf("%s of %s failed%s", text.Grouped(c.Failed), text.Grouped(c.OK+c.Failed),
				firstFailure(r, c.Name)),
		})
	}
	return append(list, baselineFindings(r)...)
}

func runFindings(r *report.Report) []finding {
	e := &r.Edgescope
	var list []finding
	switch e.Run.Verdict {
	case edge.VerdictInterrupted, edge.VerdictError:
		list = append(list, finding{group: "run", name: "the run was completed", message: e.Run.Reason})
	default:
		list = append(list, finding{group: "run", name: "the run was completed", ok: true})
	}
	return append(list, finding{
		group: "health", name: "loadgen kept its schedule", ok: e.Health.Valid, message: strings.Join(e.Health.Problems,
			"; "),
	}, usersFinding(r))
}

// usersFinding is whether users got somewhere. It decides nothing of a run that was interrupted, nor of a segment, whose
// users are a part.
func usersFinding(r *report.Report) finding {
	why := r.Hollow()
	return finding{
		group: "users", name: "users completed and were answered", ok: why == "", message: why,
		optional: r.Edgescope.Segment != nil || r.Edgescope.Run.Verdict == edge.VerdictInterrupted,
	}
}

// inChecks tells whether a finding belongs into a list of checks: those of the run itself only if they decide.
func (f *finding) inChecks() bool {
	return f.group == "thresholds" || f.group == "expectations" || f.group == "users" && !f.ok && !f.optional
}

// firstFailure tells where an expectation failed most often, and how it did the first time.
func firstFailure(r *report.Report, kind string) string {
	for _, m := range r.Edgescope.Failed {
		if m.Kind == kind {
			return fmt.Sprintf(", most at %s: want %s, got %s", m.Step, m.Want, m.Got)
		}
	}
	return ""
}

func baselineFindings(r *report.Report) []finding {
	c := r.Edgescope.Comparison
	if c == nil {
		return nil
	}
	if c.Verdict == report.NotComparable {
		return []finding{{group: "baseline", name: "the run can be compared", message: c.Sentence()}}
	}
	var list []finding
	for i := range c.Changes {
		ch := &c.Changes[i]
		t := ch.Cells()
		list = append(list, finding{
			group: "baseline", name: t.Figure + " is not worse", ok: ch.Verdict != report.Worse,
			message: fmt.Sprintf("%s to %s: %s, 95 %% interval %s", t.Base, t.New, t.Change, t.Interval),
		})
	}
	return list
}

// headlines are the figures that a reader wants first.
func headlines(r *report.Report) [][2]string {
	run := &r.Edgescope.Run
	failed := ""
	if run.Failed > 0 {
		failed = ", " + text.Grouped(run.Failed) + " without an answer"
	}
	lines := [][2]string{
		{"Requests", text.Grouped(run.Requests) + " at " + text.Decimal(run.Rate) + "/s" + failed},
		{"Users", fmt.Sprintf("%s of %s planned, %s failed", text.Grouped(run.Users.Created),
			text.Grouped(run.Users.Planned), text.Grouped(run.Users.Failed))},
	}
	if run.Response.Count > 0 {
		lines = append(lines, [2]string{"Response time", fmt.Sprintf("p50 %s, p95 %s, p99 %s ms",
			text.Milliseconds(run.Response.P50), text.Milliseconds(run.Response.P95), text.Milliseconds(run.Response.P99))})
	}
	if len(run.Codes) > 0 {
		lines = append(lines, [2]string{"Status codes", countsText(run.Codes)})
	}
	if len(run.Cache) > 0 {
		lines = append(lines, [2]string{"Cache", countsText(run.Cache)})
	}
	if run.Cold > 0 {
		lines = append(lines, [2]string{"Cold starts", text.Grouped(run.Cold)})
	}
	for i := range r.Edgescope.Prices {
		lines = append(lines, [2]string{"Price", r.Edgescope.Prices[i].Sentence()})
	}
	return lines
}

func countsText(m map[string]int64) string {
	var list []string
	for _, name := range slices.Sorted(maps.Keys(m)) {
		list = append(list, name+": "+text.Grouped(m[name]))
	}
	return strings.Join(list, ", ")
}

// partRows are the cells of a table of steps or regions.
func partRows(parts []edge.RunPart) [][]string {
	var rows [][]string
	for i := range parts {
		p := &parts[i]
		of := func(ms float64) string { return text.MillisecondsOf(p.Response.Count, ms) }
		rows = append(rows, []string{
			p.Name, text.Grouped(p.Requests), text.Grouped(p.Failed), of(p.Response.P50), of(p.Response.P95), of(p.Response.P99),
		})
	}
	return rows
}

// changeRows are the cells of a table of what changed.
func changeRows(c *report.Comparison) [][]string {
	var rows [][]string
	for i := range c.Changes {
		t := c.Changes[i].Cells()
		rows = append(rows, []string{t.Figure, t.Base, t.New, t.Change, t.Interval, c.Changes[i].Verdict})
	}
	return rows
}

// counterRows are the cells of a table of counters, by name.
func counterRows(m map[string]int64) (rows [][]string) {
	for _, name := range slices.Sorted(maps.Keys(m)) {
		rows = append(rows, []string{name, text.Grouped(m[name])})
	}
	return rows
}
