package formats

import (
	"encoding/csv"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"

	"edgescope/edge"
	"edgescope/internal/sheet"
	"edgescope/report"
	"edgescope/report/sums"
)

// CSV writes every figure as a row: section, name, metric, value. Sections are run, price, counter, rate, summary, threshold,
// expectation, step, region and point; times are milliseconds, and the name of a point is its second in the run.
func CSV(w io.Writer, r *report.Report) error {
	t := csvTable{csv.NewWriter(w)}
	t.row("section", "name", "metric", "value")
	run := &r.Edgescope.Run
	for _, pair := range [][2]string{
		{"id", run.ID},
		{"name", run.Name},
		{"script", run.Script},
		{"target", run.Target},
		{"commit", run.Commit},
		{"verdict", run.Verdict},
		{"reason", run.Reason},
	} {
		t.text("run", pair[0], "", pair[1])
	}
	for i := range r.Edgescope.Prices {
		p := &r.Edgescope.Prices[i]
		t.number("price", p.On(), "low", p.Low)
		if p.High != nil {
			t.number("price", p.On(), "high", *p.High)
		}
		t.text("price", p.On(), "as_of", p.AsOf)
	}
	for _, name := range slices.Sorted(maps.Keys(r.Aggregate.Counters)) {
		t.row("counter", name, "", strconv.FormatInt(r.Aggregate.Counters[name], 10))
	}
	for _, name := range slices.Sorted(maps.Keys(r.Aggregate.Rates)) {
		t.number("rate", name, "", r.Aggregate.Rates[name])
	}
	for _, name := range slices.Sorted(maps.Keys(r.Aggregate.Summaries)) {
		d := r.Aggregate.Summaries[name]
		for _, figure := range sums.Figures() {
			value, _ := d.Figure(figure)
			t.number("summary", name, figure, value)
		}
	}
	for _, c := range r.Edgescope.Checks {
		t.text("threshold", c.Expression, "ok", strconv.FormatBool(c.OK))
		t.number("threshold", c.Expression, "actual", c.Actual)
	}
	for _, c := range run.Expectations {
		t.number("expectation", c.Name, "ok", float64(c.OK))
		t.number("expectation", c.Name, "failed", float64(c.Failed))
	}
	t.parts("step", run.Steps)
	t.parts("region", run.Regions)
	t.points(run.Points)
	t.Flush()
	if err := t.Error(); err != nil {
		return fmt.Errorf("write CSV: %w", err)
	}
	return nil
}

type csvTable struct{ *csv.Writer }

// text writes a figure that is a text. An error of writing stays until the end.
func (t csvTable) text(section, name, metric, value string) {
	t.row(section, name, metric, sheet.Cell(value))
}

// number writes a figure that is a number.
func (t csvTable) number(section, name, metric string, value float64) {
	t.row(section, name, metric, strconv.FormatFloat(value, 'f', -1, 64))
}

// row guards the name: it may come from the target's headers.
func (t csvTable) row(section, name, metric, value string) {
	_ = t.Write([]string{section, sheet.Cell(name), metric, value}) // Error tells
}

func (t csvTable) parts(section string, parts []edge.RunPart) {
	for i := range parts {
		p := &parts[i]
		t.number(section, p.Name, "requests", float64(p.Requests))
		t.number(section, p.Name, "failed", float64(p.Failed))
		t.number(section, p.Name, "cold", float64(p.Cold))
		for _, q := range []struct {
			name  string
			value float64
		}{{"p50", p.Response.P50}, {"p90", p.Response.P90}, {"p95", p.Response.P95}, {"p99", p.Response.P99}, {
			"max",
			p.Response.Max,
		}} {
			t.number(section, p.Name, q.name, q.value)
		}
		for _, status := range slices.Sorted(maps.Keys(p.Cache)) {
			t.number(section, p.Name, "cache."+status, float64(p.Cache[status]))
		}
	}
}

func (t csvTable) points(points []edge.RunPoint) {
	for i := range points {
		p := &points[i]
		at := strconv.FormatFloat(p.At, 'f', -1, 64)
		for _, q := range []struct {
			name  string
			value float64
		}{
			{"width_s", p.Width},
			{"arrivals", float64(p.Arrivals)},
			{"requests", float64(p.Requests)},
			{"errors", float64(p.Errors)},
			{"active", float64(p.Active)},
			{"p50", p.P50},
			{"p95", p.P95},
			{"p99", p.P99},
			{"service_p95", p.ServiceP95},
		} {
			t.number("point", at, q.name, q.value)
		}
	}
}
