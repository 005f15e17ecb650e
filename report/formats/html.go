package formats

import (
	_ "embed" // the page
	"fmt"
	"html/template"
	"io"
	"strings"
	"time"

	"edgescope/chart"
	"edgescope/edge"
	"edgescope/report"
	"edgescope/report/text"
)

//go:embed page.html
var pageText string

// page is parsed once; it is only read afterwards.
var page = template.Must(template.New("report").Parse(pageText))

// pageModel is shaped as the page is.
type pageModel struct {
	Run      *edge.Run
	Seed     uint64
	When     string
	Headline string
	// Environment is where the load came from.
	Environment string
	Headlines   [][2]string
	Checks      []pageCheck
	Comparison  *pageComparison
	Charts      []drawing
	Style       template.CSS
	Tables      []pageTable
	Health      *report.Health
	HealthRows  [][2]string
}

type pageCheck struct{ Class, Word, Group, Name, Detail string }

type pageComparison struct {
	Class, Verdict, Sentence string
	Rows                     [][]string
	Notes                    []string
}

type pageTable struct {
	Title  string
	Head   []string
	Rows   [][]string
	Note   string
	Folded bool
}

// HTML writes one page that loads nothing: styles and charts stand in it, and its policy forbids scripts and requests.
func HTML(w io.Writer, r *report.Report) error {
	w = text.Writer(w)
	run := &r.Edgescope.Run
	m := pageModel{
		Run: run, Seed: r.Edgescope.Seed, Headline: r.Edgescope.Headline, Headlines: headlines(r),
		Health:      &r.Edgescope.Health,
		Environment: r.Edgescope.Environment.String(),
		When: fmt.Sprintf("%s, %s", run.Started.UTC().Format("2006-01-02 15:04:05 UTC"),
			run.Ended.Sub(run.Started).Round(time.Second)),
		Charts: charts(r), Style: template.CSS(chart.Style()), Tables: tables(r), HealthRows: healthRows(&r.Edgescope.Health),
	}
	m.Checks = pageChecks(findings(r))
	if c := r.Edgescope.Comparison; c != nil {
		class := c.Verdict
		if class == report.NotComparable {
			class = "error"
		}
		m.Comparison = &pageComparison{
			Class: class, Verdict: c.Verdict, Sentence: c.Sentence(), Rows: changeRows(c),
			Notes: c.Notes,
		}
	}
	if err := page.Execute(w, m); err != nil {
		return fmt.Errorf("write HTML: %w", err)
	}
	return nil
}

// pageChecks are the checks of a run: first those that failed, last those that hold.
func pageChecks(findings []finding) []pageCheck {
	var checks []pageCheck
	for _, class := range []string{"failed", "optional", "ok"} {
		for i := range findings {
			f := &findings[i]
			if f.class() == class && f.inChecks() {
				checks = append(checks, pageCheck{
					class, f.word(), f.group, f.name,
					strings.TrimPrefix(f.detail(), f.name+" does not hold: "),
				})
			}
		}
	}
	return checks
}

// tables are those that have rows.
func tables(r *report.Report) []pageTable {
	run := &r.Edgescope.Run
	parts := func(title string) []string {
		return []string{title, "Requests", "Failed", "p50 ms", "p95 ms", "p99 ms"}
	}
	all := []pageTable{
		{Title: "Latency", Head: []string{"ms", "Count", "Mean", "p50", "p95", "p99", "Max"}, Rows: latencyRows(r)},
		{
			Title: "Phases", Head: []string{"Phase", "Start s", "Length s", "Users", "Users/s"},
			Rows: phaseRows(run.Phases),
		},
		{Title: "Steps", Head: parts("Step"), Rows: partRows(run.Steps)},
		{Title: "Regions", Head: parts("Region"), Rows: partRows(run.Regions)},
		{Title: "Errors", Head: []string{"Error", "Users"}, Rows: counterRows(run.Errors)},
		{
			Title: "Failed expectations", Head: []string{"Step", "Expectation", "Times", "First: want", "got"},
			Rows: failureRows(r),
		},
		{Title: "Cache", Head: []string{"Status", "Responses"}, Rows: counterRows(run.Cache)},
		{Title: "Figures over time", Folded: true, Head: []string{
			"Second", "Requests", "Errors", "Users", "p50 ms",
			"p95 ms", "p99 ms",
		}, Rows: pointRows(run.Points)},
	}
	var tables []pageTable
	for _, t := range all {
		if len(t.Rows) > 0 {
			tables = append(tables, t)
		}
	}
	return tables
}

func latencyRows(r *report.Report) (rows [][]string) {
	for _, row := range latencies() {
		d, ok := r.Aggregate.Summaries[row.series]
		if ok {
			rows = append(rows, []string{
				row.title, text.Grouped(int64(d.Count)), text.Milliseconds(d.Mean),
				text.Milliseconds(d.P50), text.Milliseconds(d.P95), text.Milliseconds(d.P99), text.Milliseconds(d.Max),
			})
		}
	}
	return rows
}

func phaseRows(phases []edge.RunPhase) (rows [][]string) {
	for _, p := range phases {
		rate := text.Decimal(p.FromRate)
		if p.ToRate != p.FromRate {
			rate += " to " + text.Decimal(p.ToRate)
		}
		rows = append(rows, []string{
			p.Name, text.Decimal(text.Round(p.Start, 1)),
			text.Decimal(text.Round(p.Duration, 1)), text.Grouped(p.Arrivals), rate,
		})
	}
	return rows
}

func failureRows(r *report.Report) (rows [][]string) {
	for _, m := range r.Edgescope.Failed {
		rows = append(rows, []string{m.Step, m.Kind, text.Grouped(m.Times), m.Want, m.Got})
	}
	return rows
}

// maxPointRows keeps the page short; the CSV has all.
const maxPointRows = 60

func pointRows(points []edge.RunPoint) (rows [][]string) {
	every := (len(points) + maxPointRows - 1) / maxPointRows
	for i := 0; i < len(points); i += max(every, 1) {
		p := &points[i]
		rows = append(rows, []string{
			text.Decimal(p.At), text.Grouped(p.Requests), text.Grouped(p.Errors), text.Grouped(p.Active),
			text.Milliseconds(p.P50), text.Milliseconds(p.P95), text.Milliseconds(p.P99),
		})
	}
	return rows
}

func healthRows(h *report.Health) [][2]string {
	return [][2]string{
		{"Arrivals", fmt.Sprintf("%s of %s planned started, %s skipped", text.Grouped(h.Created),
			text.Grouped(int64(h.Planned)), text.Grouped(h.Skipped))},
		{"Lag p99", fmt.Sprintf("%s ms (limit %s ms)", text.Milliseconds(h.LagP99), text.Decimal(h.LagLimit))},
		{"Lag p99, worst 10 s", text.Milliseconds(h.WorstLagP99) + " ms"},
		{"Late arrivals", text.Grouped(h.Late)},
		{"Processors used up", text.Decimal(text.Round(h.CPUSaturated, 1)) + " s at most"},
		{"Throttled", text.Decimal(text.Round(h.Throttled, 1)) + " s at most"},
		{"Garbage collector", fmt.Sprintf("%s of the processors, longest pause %s ms", text.Percent(h.GCShare),
			text.Milliseconds(h.GCPause))},
	}
}
