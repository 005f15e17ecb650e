package promql

import (
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"edgescope/edge"
)

// Metadata is what is known of a metric, as Prometheus' API has it.
type Metadata struct {
	// Type is one of those below.
	Type string `json:"type"`
	Help string `json:"help"`
	// Unit is a word of UCUM's, as names spell it: seconds, bytes. Empty where there is none.
	Unit string `json:"unit"`
}

// The types of metrics.
const (
	Counter   = "counter"
	Gauge     = "gauge"
	Histogram = "histogram"
	Summary   = "summary"
	Info      = "info"
)

// namesSince is how far back a series must have samples for its metric to be listed.
const namesSince = 7 * 24 * time.Hour

// metadata serves /api/v1/metadata: the collector's own metrics, what senders said of theirs, and of metrics that they
// have not sent since the collector started what their names tell. limit bounds the metrics, as Prometheus counts: 0 is
// none, below 0 is no bound. limit_per_metric can only be 0 to leave all out, since one metric has one entry.
func (h *handler) metadata(w http.ResponseWriter, q *question) error {
	limit, err := q.number("limit", -1)
	if err != nil {
		return err
	}
	each, err := q.number("limit_per_metric", -1)
	if err != nil {
		return err
	}
	all, err := h.allMetadata(q)
	if err != nil {
		return err
	}
	listed := map[string][]Metadata{}
	metric := q.Form.Get("metric")
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if limit >= 0 && len(listed) >= limit {
			break
		}
		if metric != "" && name != metric && name != storedMetric(metric) {
			continue
		}
		listed[name] = []Metadata{all[name]}
		if each == 0 {
			listed[name] = []Metadata{}
		}
	}
	return writeData(w, listed)
}

func (h *handler) allMetadata(q *question) (map[string]Metadata, error) {
	if err := h.admit(q); err != nil {
		return nil, err
	}
	now := h.o.Now()
	names, err := h.engine.MetricNames(q.Context(), q.tenant, now.Add(-namesSince), now)
	if err != nil {
		return nil, err
	}
	all := ofNames(names)
	if h.o.Described != nil {
		maps.Copy(all, h.o.Described(q.tenant))
	}
	maps.Copy(all, totals)
	return all, nil
}

// number reads a whole number, preset where there is none.
func (q *question) number(key string, preset int) (int, error) {
	text := q.Form.Get(key)
	if text == "" {
		return preset, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		return 0, badParameter("%q: %q is not a whole number", key, text)
	}
	return n, nil
}

// ofNames tells what the names of series say: the door ends those of monotonic sums with _total, and histograms and
// summaries are several series (docs/otlp.md).
func ofNames(names []string) map[string]Metadata {
	has := make(map[string]bool, len(names))
	for _, name := range names {
		has[name] = true
	}
	all := map[string]Metadata{}
	for _, name := range names {
		if _, ours := totals[name]; ours {
			continue
		}
		family, kind := kindOfName(name, has)
		all[family] = Metadata{Type: kind, Unit: unitOf(family)}
	}
	return all
}

// kindOfName returns the metric that a series belongs to, and its type.
func kindOfName(name string, has map[string]bool) (family, kind string) {
	if name == "target_info" || name == "otel_scope_info" {
		return name, Info
	}
	if strings.HasSuffix(name, "_total") {
		return name, Counter
	}
	family = name
	for _, suffix := range [...]string{"_bucket", "_count", "_sum"} {
		if base, ok := strings.CutSuffix(name, suffix); ok && base != "" {
			family = base
		}
	}
	switch whole := has[family+"_count"] && has[family+"_sum"]; {
	case whole && has[family+"_bucket"]:
		return family, Histogram
	case whole:
		return family, Summary
	}
	return name, Gauge
}

// unitOf returns the unit that a name ends in.
func unitOf(name string) string {
	name = strings.TrimSuffix(name, "_total")
	last := name[strings.LastIndexByte(name, '_')+1:]
	switch last {
	case "seconds", "milliseconds", "microseconds", "nanoseconds", "minutes", "hours", "days", "bytes", "kibibytes",
		"mebibytes", "gibibytes", "kilobytes", "megabytes", "gigabytes", "ratio", "percent", "celsius", "hertz",
		"volts", "amperes", "joules", "watts", "meters", "grams":
		return last
	}
	return ""
}

// totals are the metrics of our own. Their type is gauge: a counter would have query builders propose rate, and what is
// stored are totals of windows (docs/adr/002). Rates of them are right all the same (docs/adr/017).
var totals = ownMetrics()

func ownMetrics() map[string]Metadata {
	all := map[string]Metadata{
		edge.MetricDeploy:          {Gauge, "First sight of a version, in Unix seconds", "seconds"},
		edge.MetricRefusedRequests: {Gauge, "Requests that were refused as a whole, " + perWindow(10), ""},
		edge.MetricRefusedRecords:  {Gauge, "Records that were rejected while others were kept, " + perWindow(10), ""},
		edge.MetricChangedValues:   {Gauge, "Values that were dropped or changed, " + perWindow(10), ""},
	}
	for _, family := range families {
		for _, m := range familyMetrics {
			if m.name == edge.MetricResponses && family != edge.FamilyService {
				continue
			}
			for _, width := range edge.Widths {
				all[edge.Metric(family, m.name, width)] = Metadata{Gauge, m.help + ", " + perWindow(width.Seconds), m.unit}
			}
		}
	}
	return all
}

func perWindow(seconds int64) string {
	return "the total of a window of " + strconv.FormatInt(seconds, 10) + " s: add up with sum_over_time"
}

var familyMetrics = [...]struct{ name, help, unit string }{
	{edge.MetricRequests, "Invocations, weighted, by edge_outcome", ""},
	{edge.MetricEvents, "Events behind the invocations", ""},
	{edge.MetricDuration + "_bucket", "Invocations by duration (vmrange)", ""},
	{edge.MetricDuration + "_sum", "Durations of invocations added up", "seconds"},
	{edge.MetricColdStarts, "Invocations by faas_coldstart", ""},
	{edge.MetricInit + "_bucket", "Cold starts by time of initialisation (vmrange)", ""},
	{edge.MetricInit + "_sum", "Times of initialisation added up", "seconds"},
	{edge.MetricCPU + "_bucket", "Invocations by CPU time (vmrange)", ""},
	{edge.MetricCPU + "_sum", "CPU times added up", "seconds"},
	{edge.MetricCache, "Invocations by edge_cache_status", ""},
	{edge.MetricResponses, "Invocations by http_response_status_code", ""},
}
