package formats_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"

	"edgescope/edge"
	"edgescope/report"
	"edgescope/report/formats"
	"edgescope/report/reporttest"
)

func pageOf(t *testing.T, r *report.Report) *goquery.Document {
	t.Helper()
	var buf bytes.Buffer
	if err := formats.HTML(&buf, r); err != nil {
		t.Fatal(err)
	}
	doc, err := goquery.NewDocumentFromReader(&buf)
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

// table is the table below a heading, its cells divided by bars.
func table(doc *goquery.Document, title string) string {
	var b strings.Builder
	doc.Find(fmt.Sprintf(`.scroll[aria-label=%q] tr`, title)).Each(func(_ int, row *goquery.Selection) {
		row.Find("th, td").Each(func(i int, cell *goquery.Selection) {
			if i > 0 {
				b.WriteString(" | ")
			}
			b.WriteString(strings.TrimSpace(cell.Text()))
		})
		b.WriteString("\n")
	})
	return b.String()
}

func TestTablesOfThePage(t *testing.T) {
	doc := pageOf(t, reporttest.ShopReport(t))
	f := func(title, want string) {
		t.Helper()
		if got := table(doc, title); got != strings.TrimLeft(want, "\n") {
			t.Errorf("%s:\n%s\nwant\n%s", title, got, want)
		}
	}
	f("Checks", `
Result | Kind | Check | Detail
failed | thresholds | errors.ETIMEDOUT < 1 | it is 1
failed | thresholds | http.respnse_time.p99 < 9 | http.respnse_time.p99 was never seen; did you mean http.response_time.p99?
failed | expectations | header x-cache-status values equals | 1 of 24 failed, most at buy/GET /cart: want hit, got miss
failed (optional) | thresholds | vusers.completed == 24 | it is 23
ok | thresholds | http.response_time.p95 < 50 |`+" "+`
ok | expectations | statusCode |`+" "+`
`)
	f("Phases", "Phase | Start s | Length s | Users | Users/s\nsteady | 0 | 12 | 24 | 2\n")
	f("Errors", "Error | Users\nETIMEDOUT | 1\n")
	f("Cache", "Status | Responses\nhit | 24\n")
	f("Failed expectations", `
Step | Expectation | Times | First: want | got
buy/GET /cart | header x-cache-status values equals | 1 | hit | miss
`)
	f("Regions", `
Region | Requests | Failed | p50 ms | p95 ms | p99 ms
FRA | 12 | 0 | 6.504 | 8.500 | 8.500
IAD | 12 | 0 | 7.500 | 9.500 | 9.500
`)
	if doc.Find("details table").Length() != 1 {
		t.Error("the figures over time are not folded")
	}
}

// A comparison is a section of its own, with its rows and what differs besides.
func TestPageShowsTheComparison(t *testing.T) {
	r := reporttest.ShopReport(t)
	if doc := pageOf(t, r); strings.Contains(doc.Text(), "Against the baseline") {
		t.Error("a run without a baseline has a comparison")
	}
	r.Conclude(&report.Comparison{
		Verdict: report.Worse, MinEffect: 0.05, Notes: []string{"the seeds differ: <b>"},
		Changes: []report.Change{
			{
				Metric: "response_time p95", Step: "buy/<order>", Base: 20, New: 26, Change: 0.3, Low: 0.2, High: 0.4,
				Verdict: report.Worse,
			},
			{Metric: report.ErrorRate, Base: 0.01, New: 0.01, Low: -0.01, High: 0.01, Verdict: report.Same},
		},
	})
	doc := pageOf(t, reporttest.ThroughFile(t, r))
	const want = "Figure | Before | Now | Change | 95 % interval | Verdict\n" +
		"response_time p95 of buy/<order> | 20.0 ms | 26.0 ms | +30.0 % | +20.0 % to +40.0 % | worse\n" +
		"error rate | 1.00 % | 1.00 % | +0.0 % | -1.0 % to +1.0 % | same\n"
	if got := table(doc, "Against the baseline"); got != want {
		t.Errorf("%s, want\n%s", got, want)
	}
	for _, part := range []string{
		"the seeds differ: <b>",
		"worse than the baseline: response_time p95 of buy/<order> +30.0 %",
	} {
		if !strings.Contains(doc.Text(), part) {
			t.Errorf("%q is missing", part)
		}
	}
	r.Conclude(&report.Comparison{Verdict: report.NotComparable, Reasons: []string{"the scripts differ"}})
	doc = pageOf(t, r)
	if got := doc.Find("h2 .error").Text(); got != report.NotComparable || table(doc, "Against the baseline") != "" {
		t.Errorf("%q with the table %q, want not comparable and none", got, table(doc, "Against the baseline"))
	}
}

// Points stand where they belong in time: what is missing is a gap, and the axis reaches to the end of the last phase.
func TestChartsOverTime(t *testing.T) {
	r := reporttest.ShopReport(t)
	run := &r.Edgescope.Run
	run.Phases = []edge.RunPhase{
		{Name: "warm & up", Start: 0, Duration: 30}, {Name: "x", Start: 30, Duration: 1}, {
			Name: "peak", Start: 31,
			Duration: 29,
		},
	}
	point := func(at float64, p99 float64) edge.RunPoint {
		return edge.RunPoint{
			At: at, Width: 5, Requests: 10, Active: 2, P50: p99 / 2, P95: p99 / 1.5, P99: p99,
			ServiceP95: p99 / 2,
		}
	}
	run.Points = []edge.RunPoint{point(0, 30), point(5, 40), point(15, 30), point(20, 0)}
	doc := pageOf(t, r)
	figure := doc.Find("figure").First()
	if got := figure.Find("path.s2").AttrOr("d", ""); strings.Count(got, "M") != 2 || strings.Count(got, "L") != 3 {
		t.Errorf("p99 is drawn as %q, want two lines with a gap between them and nothing behind", got)
	}
	var ticks []string
	figure.Find(".tick").Each(func(_ int, s *goquery.Selection) { ticks = append(ticks, s.Text()) })
	if got := strings.Join(ticks, ", "); got != "0\u00a0s, 10\u00a0s, 20\u00a0s, 30\u00a0s, 40\u00a0s, 50\u00a0s" {
		t.Errorf("the axis has %s, want one minute", got)
	}
	var names []string
	figure.Find(".band-text").Each(func(_ int, s *goquery.Selection) { names = append(names, s.Text()) })
	if got := strings.Join(names, ", "); got != "warm & up, peak" || figure.Find("rect.band").Length() != 1 {
		t.Errorf("phases %s, %d shaded; want the wide ones named and every other one shaded", got,
			figure.Find("rect.band").Length())
	}
	if got := figure.Find("svg.plot > title").Text(); !strings.HasPrefix(got,
		"Response time; p50 from 15\u00a0ms to 20\u00a0ms; p95 from ") {
		t.Errorf("it is read out as %q", got)
	}
}

// Whatever a file says, the page is finite.
func TestPageOfAnOddFile(t *testing.T) {
	f := func(change func(*edge.Run)) {
		t.Helper()
		r := reporttest.ShopReport(t)
		change(&r.Edgescope.Run)
		var buf bytes.Buffer
		if err := formats.HTML(&buf, r); err != nil {
			t.Fatal(err)
		}
		if buf.Len() > 4<<20 || bytes.Contains(buf.Bytes(), []byte("NaN")) ||
			bytes.Contains(buf.Bytes(), []byte("Inf")) {
			t.Errorf("%d bytes, or figures that are none", buf.Len())
		}
	}
	f(func(r *edge.Run) { r.Points[0].Width = 0 })
	f(func(r *edge.Run) { r.Points[0].Width = 1e-300 })
	f(func(r *edge.Run) { r.Points[len(r.Points)-1].At = 1e300 })
	f(func(r *edge.Run) { r.Points[0].At = -1e300 })
	f(func(r *edge.Run) { r.Phases[0].Duration = 1e300 })
	f(func(r *edge.Run) { r.Phases[0].Start, r.Phases[0].Name = -5, strings.Repeat("long ", 1000) })
	f(func(r *edge.Run) { r.Points = r.Points[:1] })
	f(func(r *edge.Run) { r.Ended = time.Time{} })
}

// TestTextOfAMergedRun has the end of a run that was merged: everything that decides, the verdict first and last. Only names
// and checks, which stay whole, may be wider than the terminal.
func TestTextOfAMergedRun(t *testing.T) {
	r := reporttest.ShopReport(t)
	r.Edgescope.Segments = 3
	got := formats.Text(r, 80)
	for _, want := range []string{
		"shop <nightly> & more, 3 segments\n", "Requests       48 at 4.2/s, 1 without an answer\n", "latency (ms)",
		"step (ms)", "region (ms)",
		"\nwarning: few ports | <b>100%</b>, say\n", "\nFailed expectations:\n", "\nChecks:\n",
		"fail: errors.ETIMEDOUT < 1 (it is 1)\n",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is missing in\n%s", want, got)
		}
	}
	lines := strings.Split(strings.TrimSpace(got), "\n")
	if first, last := lines[0], lines[len(lines)-1]; first != last || !strings.HasPrefix(first, "FAILED: thresholds failed: ") {
		t.Errorf("it does not begin and end with the verdict:\n%s", got)
	}
	for line := range strings.Lines(got) {
		decides := strings.HasPrefix(line, "fail: ") || strings.HasPrefix(line, "FAILED: ")
		if len(strings.TrimRight(line, "\n")) > 80 && !decides {
			t.Errorf("longer than 80 columns: %q", line)
		}
	}
}
