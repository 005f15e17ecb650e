package wasmbench

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"math"

	"edgescope/edge"
)

//go:embed page.html
var pageHTML string

var page = template.Must(template.New("page").Funcs(template.FuncMap{
	"figure": figure, "ratio": ratioText, "mb": megabytes,
	"pct": func(v float64) string { return fmt.Sprintf("%.2f%%", v) },
}).Parse(pageHTML))

// WriteHTML writes the result as one page that needs nothing beside it: no script, no other file.
func (r *Result) WriteHTML(w io.Writer) error {
	if err := page.Execute(w, htmlPage{Result: r, Charts: []htmlChart{r.ratioChart(), r.wallChart()}}); err != nil {
		return fmt.Errorf("write the page: %w", err)
	}
	return nil
}

type htmlPage struct {
	*Result
	Charts []htmlChart
}

// htmlChart is bars with whiskers. Places are percent of the chart's width; the axis starts at 0.
type htmlChart struct {
	Title, Sub string
	Ticks      []htmlTick
	Groups     []htmlGroup
}

type htmlTick struct {
	At   float64
	Text string
}

type htmlGroup struct {
	Name string
	Bars []htmlBar
}

type htmlBar struct {
	Name, Text       string
	Class            string
	Width            float64
	Low, High, Range float64 // of the whisker; Range is their difference, 0 draws none
}

// axis answers a round step and an end for an axis from 0 that holds the greatest value.
func axis(greatest float64) (step, end float64) {
	if greatest <= 0 {
		return 1, 1
	}
	step = math.Pow(10, math.Floor(math.Log10(greatest)))
	for _, finer := range []float64{0.2, 0.5} {
		if greatest/(step*finer) <= 6 {
			step *= finer
			break
		}
	}
	return step, step * math.Ceil(greatest/step)
}

func ticks(step, end float64, unit string) []htmlTick {
	var out []htmlTick
	for i := range int(math.Round(end/step)) + 1 {
		v := float64(i) * step
		out = append(out, htmlTick{At: 100 * v / end, Text: fmt.Sprintf("%.6g%s", v, unit)})
	}
	return out
}

// groups puts the rows below their sizes.
func (r *Result) groups(bar func(*edge.BenchRow) htmlBar) []htmlGroup {
	var out []htmlGroup
	for i := range r.Results {
		row := &r.Results[i]
		if len(out) == 0 || out[len(out)-1].Name != row.Size {
			out = append(out, htmlGroup{Name: row.Size})
		}
		g := &out[len(out)-1]
		b := bar(row)
		b.Name, b.Class = row.Engine, "e-"+row.Engine
		g.Bars = append(g.Bars, b)
	}
	return out
}

func (r *Result) ratioChart() htmlChart {
	greatest := 1.0
	for i := range r.Results {
		row := &r.Results[i]
		greatest = max(greatest, min(row.CI[1], 1.5*row.Ratio)) // an interval of a disturbed run does not stretch the axis
	}
	step, end := axis(greatest)
	return htmlChart{
		Title: "Times as fast as js", Sub: "wall time of a client, with 95 % intervals; longer is better", Ticks: ticks(step, end, "×"),
		Groups: r.groups(func(row *edge.BenchRow) htmlBar {
			low, high := 100*row.CI[0]/end, min(100*row.CI[1]/end, 100)
			return htmlBar{Text: ratioText(row.Ratio, row.CI), Width: 100 * row.Ratio / end, Low: low, High: high, Range: high - low}
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
		Groups: r.groups(func(row *edge.BenchRow) htmlBar {
			return htmlBar{Text: figure(row.WallMS) + " ms", Width: 100 * row.WallMS / slowest[row.Size]}
		}),
	}
}

// CodecRemark says what the JPEG stages are.
func (r *Result) CodecRemark() string { return codecRemark }
