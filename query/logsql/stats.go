package logsql

import (
	"cmp"
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"edgescope/store"
)

// statsAnswer has the shape of the Prometheus API.
type statsAnswer struct {
	Status string    `json:"status"`
	Data   statsData `json:"data"`
}

type statsData struct {
	ResultType string         `json:"resultType"`
	Result     []*statsSeries `json:"result"`
}

// statsSeries is one number of a stats question for one combination of labels: Value for one moment, Values over time.
type statsSeries struct {
	Metric statsMetric  `json:"metric"`
	Value  *statsPoint  `json:"value,omitempty"`
	Values []statsPoint `json:"values,omitempty"`
}

// statsMetric is the name of a number and its labels, in the order in which the text has them. A label that a row does
// not have is empty.
type statsMetric []store.Field

// MarshalJSON writes an object.
func (m statsMetric) MarshalJSON() ([]byte, error) { return appendObject(nil, store.Row(m)), nil }

// statsPoint is written as [Unix seconds, "value"].
type statsPoint struct {
	ns    int64
	value string
}

// MarshalJSON writes the seconds with as many digits as they need.
func (p statsPoint) MarshalJSON() ([]byte, error) {
	seconds := strconv.AppendFloat([]byte{'['}, float64(p.ns)/1e9, 'f', -1, 64)
	if p.ns%int64(time.Second) == 0 {
		seconds = strconv.AppendInt([]byte{'['}, p.ns/int64(time.Second), 10)
	}
	return append(appendText(append(seconds, ','), p.value), ']'), nil
}

// statsQuery answers the numbers of a text that ends in stats pipes, at one moment.
func (h *handler) statsQuery(ctx context.Context, q *question, a *answer) error {
	text, labels, err := h.reader.StatsLogsQL(q.LogsQL, q.At, 0, 0)
	if err != nil {
		return err
	}
	stats := q.RowsQuestion
	stats.LogsQL = text
	result := []*statsSeries{}
	keep := kept{ctx: ctx}
	err = h.rows(ctx, stats, func(r store.Row) error {
		splitRow(r, labels, func(metric statsMetric, value string) {
			result = append(result, &statsSeries{Metric: metric, Value: &statsPoint{q.At.UnixNano(), value}})
		})
		return keep.add(seriesBytes(r))
	})
	if err != nil {
		return err
	}
	return a.json(statsAnswer{"success", statsData{"vector", result}})
}

// statsQueryRange answers the same over time, in buckets of a step.
func (h *handler) statsQueryRange(ctx context.Context, q *question, a *answer) error {
	step, offset, err := q.step()
	if err != nil {
		return err
	}
	text, labels, err := h.reader.StatsLogsQL(q.LogsQL, q.At, step, offset)
	if err != nil {
		return err
	}
	labels = slices.DeleteFunc(labels, func(name string) bool { return name == store.FieldTime })
	stats := q.RowsQuestion
	stats.LogsQL = text
	m := matrix{series: map[string]*statsSeries{}}
	keep := kept{ctx: ctx}
	err = h.rows(ctx, stats, func(r store.Row) error {
		at, err := strconv.ParseInt(r.Get(store.FieldTime), 10, 64)
		if err != nil {
			at = q.At.UnixNano()
		}
		splitRow(r, labels, func(metric statsMetric, value string) { m.add(metric, statsPoint{at, value}) })
		return keep.add(seriesBytes(r))
	})
	if err != nil {
		return err
	}
	return a.json(statsAnswer{"success", statsData{"matrix", m.sorted()}})
}

// matrix gathers points by series, whose key is the JSON of its labels.
type matrix struct {
	series map[string]*statsSeries
	names  []string // in the order in which they were seen
}

func (m *matrix) add(metric statsMetric, p statsPoint) {
	key := string(appendObject(nil, store.Row(metric)))
	s := m.series[key]
	if s == nil {
		s = &statsSeries{Metric: metric}
		m.series[key] = s
		if name := metric[0].Value; !slices.Contains(m.names, name) {
			m.names = append(m.names, name)
		}
	}
	s.Values = append(s.Values, p)
}

// sorted returns the series in the order of the numbers in the text, and of their labels.
func (m *matrix) sorted() []*statsSeries {
	result := []*statsSeries{}
	for _, key := range slices.Sorted(maps.Keys(m.series)) {
		s := m.series[key]
		slices.SortFunc(s.Values, func(a, b statsPoint) int { return cmp.Compare(a.ns, b.ns) })
		result = append(result, s)
	}
	slices.SortStableFunc(result, func(a, b *statsSeries) int {
		return slices.Index(m.names, a.Metric[0].Value) - slices.Index(m.names, b.Metric[0].Value)
	})
	return result
}

// splitRow takes a row of a stats question apart: labels, and every other field but the time as a number of its name. A
// histogram becomes one number for each of its buckets.
func splitRow(r store.Row, labels []string, add func(metric statsMetric, value string)) {
	for i := range r {
		f := &r[i]
		if f.Name == store.FieldTime || slices.Contains(labels, f.Name) {
			continue
		}
		buckets, ok := histogram(f.Value)
		if !ok {
			add(metricOf(r, labels, f.Name), strings.Clone(f.Value))
			continue
		}
		for _, b := range buckets {
			metric := append(metricOf(r, labels, f.Name+"_bucket"), store.Field{Name: "vmrange", Value: b.VMRange})
			add(metric, strconv.FormatUint(b.Hits, 10))
		}
	}
}

func metricOf(r store.Row, labels []string, name string) statsMetric {
	metric := statsMetric{{Name: "__name__", Value: strings.Clone(name)}}
	for _, label := range labels {
		value := printed(&store.Field{Name: label, Value: r.Get(label)})
		metric = append(metric, store.Field{Name: label, Value: strings.Clone(value)})
	}
	return metric
}

// seriesBytes is about what the numbers of a row take: each has the labels.
func seriesBytes(r store.Row) int { return len(r) * (rowBytes(r) + 200) }

type bucket struct {
	VMRange string `json:"vmrange"`
	Hits    uint64 `json:"hits"`
}

// histogram reads the value of the stats function histogram: [{"vmrange":"1...2","hits":3}].
func histogram(text string) (buckets []bucket, ok bool) {
	if text != "[]" && !strings.HasPrefix(text, `[{"vmrange":"`) {
		return nil, false
	}
	return buckets, json.Unmarshal([]byte(text), &buckets) == nil
}
