package logsql

import (
	"context"
	"encoding/json"
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
	Metric map[string]string `json:"metric"`
	Value  *statsPoint       `json:"value,omitempty"`
	Values []statsPoint      `json:"values,omitempty"`
}

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
		splitRow(r, labels, func(metric map[string]string, value string) {
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
	m := matrix{}
	keep := kept{ctx: ctx}
	err = h.rows(ctx, stats, func(r store.Row) error {
		at, err := strconv.ParseInt(r.Get(store.FieldTime), 10, 64)
		if err != nil {
			at = q.At.UnixNano()
		}
		splitRow(r, labels, func(metric map[string]string, value string) { m.add(metric, statsPoint{at, value}) })
		return keep.add(seriesBytes(r))
	})
	if err != nil {
		return err
	}
	return a.json(statsAnswer{"success", statsData{"matrix", m.sorted()}})
}

// matrix gathers points by series, whose key is the JSON of its labels.
type matrix map[string]*statsSeries

func (m matrix) add(metric map[string]string, p statsPoint) {
	key, _ := json.Marshal(metric) // texts have no error
	s := m[string(key)]
	if s == nil {
		s = &statsSeries{Metric: metric}
		m[string(key)] = s
	}
	s.Values = append(s.Values, p)
}

func (m matrix) sorted() []*statsSeries {
	keys := make([]string, 0, len(m))
	for key, s := range m {
		keys = append(keys, key)
		slices.SortFunc(s.Values, func(a, b statsPoint) int { return int(min(max(a.ns-b.ns, -1), 1)) })
	}
	slices.Sort(keys)
	result := make([]*statsSeries, len(keys))
	for i, key := range keys {
		result[i] = m[key]
	}
	return result
}

// splitRow takes a row of a stats question apart: labels, and every other field but the time as a number of its name. A
// histogram becomes one number for each of its buckets.
func splitRow(r store.Row, labels []string, add func(metric map[string]string, value string)) {
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
			metric := metricOf(r, labels, f.Name+"_bucket")
			metric["vmrange"] = b.VMRange
			add(metric, strconv.FormatUint(b.Hits, 10))
		}
	}
}

func metricOf(r store.Row, labels []string, name string) map[string]string {
	metric := map[string]string{"__name__": strings.Clone(name)}
	for i := range r {
		if slices.Contains(labels, r[i].Name) {
			metric[strings.Clone(r[i].Name)] = strings.Clone(printed(&r[i]))
		}
	}
	return metric
}

// seriesBytes is about what the numbers of a row take: each has a map with the labels.
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
