package report

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"edgescope/edge"
	"edgescope/report/text"
)

// Format writes a report in one form. All formats are made from what a JSON report holds, so that a file that was kept can
// be turned into any of them later.
type Format struct {
	Name  string // as the flag is called
	File  string // usual name
	Usage string // what it is, for --help
	Write func(w io.Writer, r *Report) error
}

// Formats are all forms of a report beside JSON.
var Formats = [...]Format{
	{"junit", "junit.xml", "JUnit XML, for a CI's list of tests", WriteJUnit},
	{"html", "report.html", "one HTML page with charts, which loads nothing", WriteHTML},
	{"markdown", "report.md", "Markdown, for a comment or a job summary", WriteMarkdown},
	{"csv", "report.csv", "every figure as a row", WriteCSV},
}

// finding is one thing that a run was judged by.
type finding struct {
	group    string // health, thresholds, expectations or baseline
	name     string
	ok       bool
	optional bool // does not decide
	message  string
}

// findings are all of them, in the order of the groups. A run that could not go on has one of group "run" more.
func (r *Report) findings() []finding {
	list := r.runFindings()
	for i := range r.Edgescope.Checks {
		c := &r.Edgescope.Checks[i]
		message := c.Note
		if message == "" {
			message = c.Expression + " does not hold: " + c.why()
		}
		list = append(list, finding{group: "thresholds", name: c.Expression, ok: c.OK, optional: c.Optional, message: message})
	}
	for _, c := range r.Edgescope.Run.Expectations {
		list = append(list, finding{
			group: "expectations", name: c.Name, ok: c.Failed == 0,
			message: fmt.Sprintf("%s of %s failed%s", text.Grouped(c.Failed), text.Grouped(c.OK+c.Failed), r.firstMiss(c.Name)),
		})
	}
	return append(list, r.baselineFindings()...)
}

func (r *Report) runFindings() []finding {
	e := &r.Edgescope
	var list []finding
	switch e.Run.Verdict {
	case edge.VerdictInterrupted, edge.VerdictError:
		list = append(list, finding{group: "run", name: "the run was completed", message: e.Run.Reason})
	default:
		list = append(list, finding{group: "run", name: "the run was completed", ok: true})
	}
	return append(list, finding{
		group: "health", name: "loadgen kept its schedule", ok: e.Health.Valid, message: strings.Join(e.Health.Problems, "; "),
	})
}

// firstMiss tells where an expectation failed most often, and how it did the first time.
func (r *Report) firstMiss(kind string) string {
	for _, m := range r.Edgescope.Misses {
		if m.Kind == kind {
			return fmt.Sprintf(", most at %s: want %s, got %s", m.Step, m.Want, m.Got)
		}
	}
	return ""
}

func (r *Report) baselineFindings() []finding {
	c := r.Edgescope.Comparison
	if c == nil {
		return nil
	}
	if c.Verdict == NotComparable {
		return []finding{{group: "baseline", name: "the run can be compared", message: c.Sentence()}}
	}
	var list []finding
	for i := range c.Changes {
		ch := &c.Changes[i]
		name, base, now, change, interval := ch.texts()
		list = append(list, finding{
			group: "baseline", name: name + " is not worse", ok: ch.Verdict != Worse,
			message: fmt.Sprintf("%s to %s: %s, 95 %% interval %s", base, now, change, interval),
		})
	}
	return list
}

// headlines are the figures that a reader wants first.
func (r *Report) headlines() [][2]string {
	run := &r.Edgescope.Run
	failed := ""
	if run.Failed > 0 {
		failed = ", " + text.Grouped(run.Failed) + " without an answer"
	}
	lines := [][2]string{
		{"Requests", text.Grouped(run.Requests) + " at " + text.Decimal(run.Rate) + "/s" + failed},
		{"Users", fmt.Sprintf("%s of %s planned, %s failed", text.Grouped(run.Users.Created), text.Grouped(run.Users.Planned), text.Grouped(run.Users.Failed))},
	}
	if run.Response.Count > 0 {
		lines = append(lines, [2]string{"Response time", fmt.Sprintf("p50 %s, p95 %s, p99 %s ms", text.Milliseconds(run.Response.P50), text.Milliseconds(run.Response.P95), text.Milliseconds(run.Response.P99))})
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
	return lines
}

func countsText(m map[string]int64) string {
	var list []string
	for _, name := range slices.Sorted(maps.Keys(m)) {
		list = append(list, name+": "+text.Grouped(m[name]))
	}
	return strings.Join(list, ", ")
}
