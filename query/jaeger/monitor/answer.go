package monitor

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math"
	"net/http"
	"slices"
	"strings"
	"time"

	"edgescope/query/gate"
	"edgescope/query/tables"
	"edgescope/query/tally"
)

const (
	// maxValues bounds the points of all series of an answer: they are about 50 MB of JSON.
	maxValues = 500_000
	// seriesBytes is about what a series takes beside its values.
	seriesBytes = 192
)

// figure is one of the figures.
type figure struct {
	// metric is the name of the answer behind what it is grouped by, and help what it says.
	metric, help string
	parts        tables.Parts
	quantiles    bool
	// value makes a value of what was counted, NaN where there is none.
	value func(q *question, counts counts) float64
}

// counts are how many there were of each row, in the order of the rows.
type counts func(yield func(row int, n float64) bool)

var figures = map[string]figure{
	"latencies": {
		metric: "latencies", help: "milliseconds within which the part %g of invocations ended",
		parts: tables.WithDurations, quantiles: true, value: latency,
	},
	"calls":  {metric: "call_rate", help: "invocations per second", parts: tables.WithRequests, value: callRate},
	"errors": {metric: "error_rate", help: "part of invocations that failed", parts: tables.WithRequests, value: errorRate},
}

func latency(q *question, counts counts) float64 {
	var d tally.Distribution
	for row, n := range counts {
		d.Add(row, n)
	}
	return float64(d.Quantile(q.quantile))
}

func callRate(q *question, counts counts) float64 {
	total := 0.0
	for _, n := range counts {
		total += n
	}
	return total / q.grid.ratePer.Seconds()
}

func errorRate(_ *question, counts counts) float64 {
	var all [2]float64
	for row, n := range counts {
		all[row] = n
	}
	return all[failed] / (all[fine] + all[failed]) // 0/0 is NaN
}

// answer is a family of metrics. It is JSON as Jaeger writes it: of the message MetricFamily of OpenMetrics.
type answer struct {
	question

	series map[name][]float64 // the values of the points, NaN where there is none
}

// values returns the values of a series.
func (a *answer) values(ctx context.Context, of name) ([]float64, error) {
	if values := a.series[of]; values != nil {
		return values, nil
	}
	if (len(a.series)+1)*a.grid.points > maxValues {
		return nil, &gate.RefusedError{Status: http.StatusUnprocessableEntity, Reason: fmt.Sprintf(
			"the answer has more than %d points, %d for each service or operation: ask for a longer step or a shorter "+
				"lookback", maxValues, a.grid.points)}
	}
	if err := gate.Hold(ctx, int64(seriesBytes+valueBytes*a.grid.points)); err != nil {
		return nil, err
	}
	values := make([]float64, a.grid.points)
	for i := range values {
		values[i] = a.figure.value(&a.question, func(func(int, float64) bool) {})
	}
	a.series[of] = values
	return values, nil
}

// metric is a series as JSON.
type metric struct {
	Labels []label `json:"labels"`
	Points []point `json:"metricPoints"`
}

// label is one of a series; the first one names the service.
type label struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

type point struct {
	Time  time.Time `json:"timestamp"`
	Gauge gauge     `json:"gaugeValue"`
}

type gauge struct {
	Value float64 `json:"doubleValue"`
}

// WriteTo writes the answer as JSON. Points without a value and series without a point are left out.
func (a *answer) WriteTo(w io.Writer) (int64, error) {
	grouped, help := "service", a.figure.help
	if a.byOperation {
		grouped = "service_operation"
	}
	if a.figure.quantiles {
		help = fmt.Sprintf(help, a.quantile)
	}
	out := &counting{w: w}
	_, err := fmt.Fprintf(out, `{"name":"%s_%s","type":"GAUGE","help":"%s","metrics":[`, grouped, a.figure.metric, help)
	if err != nil {
		return out.n, err
	}
	series := json.NewEncoder(out)
	series.SetEscapeHTML(false)
	before := ""
	for _, n := range slices.SortedFunc(maps.Keys(a.series), name.compare) {
		m := a.metric(n)
		if len(m.Points) == 0 {
			continue
		}
		io.WriteString(out, before)
		if err := series.Encode(m); err != nil {
			return out.n, err
		}
		before = ","
	}
	_, err = io.WriteString(out, "]}\n")
	return out.n, err
}

// metric returns a series as JSON.
func (a *answer) metric(of name) *metric {
	m := &metric{Labels: []label{{"service_name", cmp.Or(of.service, noService)}}}
	if a.byOperation {
		m.Labels = append(m.Labels, label{"operation", of.operation})
	}
	for i, v := range a.series[of] {
		if !math.IsNaN(v) {
			m.Points = append(m.Points, point{a.grid.at(i), gauge{v}})
		}
	}
	return m
}

func (n name) compare(o name) int {
	return cmp.Or(strings.Compare(n.service, o.service), strings.Compare(n.operation, o.operation))
}

// counting is a writer that counts, and writes no more after an error.
type counting struct {
	w   io.Writer
	n   int64
	err error
}

func (c *counting) Write(p []byte) (int, error) {
	if c.err != nil {
		return 0, c.err
	}
	n, err := c.w.Write(p)
	c.n, c.err = c.n+int64(n), err
	return n, err
}
