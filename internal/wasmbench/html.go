package wasmbench

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"

	"edgescope/chart"
	"edgescope/edge"
)

//go:embed page.html
var pageHTML string

var page = template.Must(template.New("page").Funcs(template.FuncMap{
	"figure": figure, "ratio": ratioText, "mb": megabytes,
}).Parse(pageHTML))

// WriteHTML writes the result as one page that needs nothing beside it: no script, no other file.
func (r *Result) WriteHTML(w io.Writer) error {
	if err := page.Execute(w, htmlPage{
		Result: r, Charts: []htmlChart{r.ratioChart(), r.wallChart()},
		Style: template.CSS(chart.Style()),
	}); err != nil {
		return fmt.Errorf("write the page: %w", err)
	}
	return nil
}

type htmlPage struct {
	*Result
	Charts []htmlChart
	Style  template.CSS
}

// htmlChart is bars, of which those of one size stand together.
type htmlChart struct {
	Title, Sub string
	Groups     []htmlGroup
	Ruler      template.HTML // the axis below; "" if each group has its own
}

type htmlGroup struct {
	Name string
	Bars []htmlBar
}

type htmlBar struct {
	Name, Text string
	SVG        template.HTML
}

// drawn is an SVG of package chart, which escapes what it is given.
func drawn(svg string) template.HTML { return template.HTML(svg) } //nolint:gosec // see above

// groups puts the rows below their sizes.
func (r *Result) groups(bar func(*edge.BenchRow) (chart.Interval, string)) []htmlGroup {
	var out []htmlGroup
	for i := range r.Results {
		row := &r.Results[i]
		if len(out) == 0 || out[len(out)-1].Name != row.Size {
			out = append(out, htmlGroup{Name: row.Size})
		}
		interval, text := bar(row)
		interval.Class = "e-" + row.Engine
		g := &out[len(out)-1]
		g.Bars = append(g.Bars, htmlBar{Name: row.Engine, Text: text, SVG: drawn(interval.SVG())})
	}
	return out
}

func (r *Result) ratioChart() htmlChart {
	greatest := 1.0
	for i := range r.Results {
		row := &r.Results[i]
		// an interval of a disturbed run does not stretch the axis
		greatest = max(greatest, min(row.CI[1], 1.5*row.Ratio))
	}
	ruler := chart.NewRuler(greatest, chart.Times)
	return htmlChart{
		Title: "Times as fast as js", Sub: "wall time of a client, with 95 % intervals; longer is better",
		Ruler: drawn(ruler.SVG()),
		Groups: r.groups(func(row *edge.BenchRow) (chart.Interval, string) {
			return chart.Interval{
				Value: row.Ratio, Low: row.CI[0], High: row.CI[1],
				End: ruler.End,
			}, ratioText(row.Ratio, row.CI)
		}),
	}
}

// wallChart shows each size against its own slowest engine: one axis for all would hide the small ones.
func (r *Result) wallChart() htmlChart {
	slowest := map[string]float64{}
	for i := range r.Results {
		slowest[r.Results[i].Size] = max(slowest[r.Results[i].Size], r.Results[i].WallMS)
	}
	return htmlChart{
		Title: "One operation", Sub: "ms that a client waits; each size has an axis of its own; shorter is better",
		Groups: r.groups(func(row *edge.BenchRow) (chart.Interval, string) {
			return chart.Interval{Value: row.WallMS, End: slowest[row.Size]}, figure(row.WallMS) + " ms"
		}),
	}
}

// CodecRemark says what the JPEG stages are.
func (r *Result) CodecRemark() string { return codecRemark }
