package edge

// Series is the identity of a row of samples.
type Series struct {
	// Labels hold __name__ and every other label, sorted by key, keys unique, none empty.
	Labels []Attr
	// Raw is the store's own encoding of Labels. The store sets it at the first write and reuses it; nobody else
	// touches it.
	Raw []byte
}

// Sample is one number of a series at a time.
type Sample struct {
	Series *Series
	// Time in Unix milliseconds.
	Time  int64
	Value float64
}

// Label names of rollup samples beside the canonical keys in their label spelling.
const (
	LabelName      = "__name__"
	LabelTenant    = "edge_tenant"
	LabelCollector = "edge_collector"
	LabelPart      = "edge_part"
	LabelSignal    = "edge_signal"
	LabelOverflow  = "otel_metric_overflow"
	LabelVMRange   = "vmrange"
	LabelService   = "service_name"
	LabelVersion   = "service_version"
	LabelPlatform  = "cloud_platform"
	LabelRegion    = "cloud_region"
	LabelColo      = "edge_colo"
	LabelCountry   = "geo_country_iso_code"
	LabelRoute     = "http_route"
	LabelOutcome   = "edge_outcome"
	LabelColdStart = "faas_coldstart"
	LabelCache     = "edge_cache_status"
	LabelStatus    = "http_response_status_code"
	LabelReason    = "edge_reason"
	LabelSender    = "edge_sender"
)

// What the doors did not take, by edge_reason and edge_sender: totals of windows of 10 seconds, as those of rollups
// are, without family and width.
const (
	// MetricRefusedRequests counts requests that were refused as a whole.
	MetricRefusedRequests = "edge_refused_requests"
	// MetricRefusedRecords counts spans, points and other records that were rejected while others of their request were
	// kept.
	MetricRefusedRecords = "edge_refused_records"
	// MetricChangedValues counts values that were dropped or changed while their record was kept.
	MetricChangedValues = "edge_changed_values"
)

// The rollup metrics. A sample is the total of one part of one event-time window, stamped with the start of the window
// and as many milliseconds as the number of the part: the parts of a window add up. Ask with sum_over_time, never with
// increase or rate.
//
// Each exists in four families, named by a prefix, and three widths, named by a suffix:
//
//	family service: service_name                                                 edge_service_requests
//	family colo:    service_name, cloud_platform, cloud_region, edge_colo        edge_colo_requests
//	family route:   service_name, http_route, service_version                    edge_route_requests
//	family country: service_name, geo_country_iso_code                           edge_country_requests
//	width 10 s: no suffix; 5 min: ":5m"; 1 h: ":1h"                             edge_colo_requests:5m
//
// Every sample also carries edge_tenant, edge_collector, edge_signal, and edge_part when parts began again.
const (
	FamilyService = "edge_service_"
	FamilyColo    = "edge_colo_"
	FamilyRoute   = "edge_route_"
	FamilyCountry = "edge_country_"

	// MetricRequests is the weighted number of invocations, by edge_outcome.
	MetricRequests = "requests"
	// MetricEvents is the raw number of events behind MetricRequests: n.
	MetricEvents = "events"
	// MetricDuration is the weighted vmrange histogram of durations in seconds: suffixes _bucket (with vmrange) and
	// _sum. It is kept apart by faas_coldstart (absent: unknown) in all families but country, and by edge_cache_status
	// (absent: none) in family service: a question costs as much as it has series, and hundreds of colos must not have
	// one for each pair.
	MetricDuration = "duration_seconds"
	// MetricColdStarts is the weighted number of invocations by faas_coldstart = true or false; unknown ones are not in
	// it.
	MetricColdStarts = "coldstarts"
	// MetricInit is the vmrange histogram of init durations in seconds: _bucket and _sum.
	MetricInit = "init_seconds"
	// MetricCPU is the vmrange histogram of CPU times in seconds: _bucket and _sum.
	MetricCPU = "cpu_seconds"
	// MetricCache is the weighted number of invocations by edge_cache_status; those without one are not in it.
	MetricCache = "cache"
	// MetricResponses is the weighted number of invocations by http_response_status_code, in family service only; those
	// without a code from 100 to 599 are not in it.
	MetricResponses = "responses"

	// MetricDeploy marks the first sight of a service.version: value = Unix seconds of the first event, labels
	// service_name and service_version. It has no family and no width; the smallest value of a version is the true one.
	MetricDeploy = "edge_deploy"
)

// Width is how long a rollup window is.
type Width struct {
	Seconds int64
	// Suffix ends the metric's name: "", ":5m", ":1h".
	Suffix string
}

// Widths are the window lengths of rollups, shortest first. Each is a multiple of the one before.
var Widths = [...]Width{{10, ""}, {300, ":5m"}, {3600, ":1h"}}

// Metric returns the full name of a rollup metric: family, metric ("requests", "duration_seconds_bucket") and width.
func Metric(family, metric string, w Width) string { return family + metric + w.Suffix }
