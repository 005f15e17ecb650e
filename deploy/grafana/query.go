package main

import (
	"fmt"
	"strings"
)

// What Grafana puts in: the length of a step, of the range, and of the range in seconds.
const (
	everyStep  = "$__interval"
	wholeRange = "$__range"
	rangeS     = "$__range_s"
)

// The matchers that are asked for often.
const (
	failed = `edge_outcome!~"ok|canceled"`
	isCold = `faas_coldstart="true"`
	isWarm = `faas_coldstart="false"`
	served = `edge_cache_status=~"hit|stale|revalidated"`
	unmet  = `edge_cache_status=~"miss|expired"`
	asked  = `edge_cache_status=~"hit|stale|revalidated|miss|expired"`
)

// family is a family of totals (docs/adr/002) with what each question to it is filtered by.
type family struct{ prefix, filters string }

const ofServices = `service_name=~"$service",edge_signal=~"${signal:raw}"`

var (
	byService = family{"edge_service_", ofServices}
	byColo    = family{"edge_colo_", ofServices}
	byRoute   = family{"edge_route_", ofServices}
	// inRegions is byColo on a dashboard that has the variable region.
	inRegions = family{"edge_colo_", ofServices + `,cloud_region=~"$region"`}
)

// of selects a metric of the family, in windows of the length that the reader has chosen.
func (f family) of(metric string, matchers ...string) string {
	return fmt.Sprintf(`{__name__=~"%s%s(${width:raw})",%s}`, f.prefix, metric,
		strings.Join(append([]string{f.filters}, matchers...), ","))
}

// in adds the totals of a selector up. A sample is stamped with the start of its window and the number of its part in
// milliseconds (docs/adr/015), so that the range (t-d, t] has the windows of [t-d, t), each once.
func in(d, selector string) string {
	return fmt.Sprintf("sum_over_time(%s[%s])", selector, d)
}

// before is the same of the range before that of the dashboard.
func before(selector string) string {
	return fmt.Sprintf("sum_over_time(%s[%s] offset %[2]s)", selector, wholeRange)
}

// sum adds series up by labels.
func sum(of string, by ...string) string {
	if len(by) == 0 {
		return "sum(" + of + ")"
	}
	return fmt.Sprintf("sum by (%s) (%s)", strings.Join(by, ", "), of)
}

// perSecond is the number of events a second in each step.
func perSecond(selector string, by ...string) string {
	return sum(fmt.Sprintf("rate_over_sum(%s[%s])", selector, everyStep), by...)
}

// quantile is a percentile of buckets, which are ranges (vmrange) of histograms.
func quantile(phi float64, buckets string, by ...string) string {
	return fmt.Sprintf("histogram_quantile(%v, %s)", phi, sum(buckets, append(by, "vmrange")...))
}

// part is how much of all is in some: 0 where none is.
func part(some, all string) string { return fmt.Sprintf("(%s or 0 * %s) / %s", some, all, all) }

// duration, coldStarts and so on are the names of metrics.
const (
	requestsMetric = "requests"
	durationMetric = "duration_seconds_bucket"
	coldMetric     = "coldstarts"
	initMetric     = "init_seconds_bucket"
	initSumMetric  = "init_seconds_sum"
	cacheMetric    = "cache"
)

// errorRatio, coldRatio and hitRatio are parts of what f counts, of totals that over adds up.
func errorRatio(f family, over func(string) string, by ...string) string {
	return part(sum(over(f.of(requestsMetric, failed)), by...), sum(over(f.of(requestsMetric)), by...))
}

func coldRatio(f family, over func(string) string, by ...string) string {
	return part(sum(over(f.of(coldMetric, isCold)), by...), sum(over(f.of(coldMetric)), by...))
}

func hitRatio(f family, over func(string) string, by ...string) string {
	return part(sum(over(f.of(cacheMetric, served)), by...), sum(over(f.of(cacheMetric, asked)), by...))
}

func inRange(selector string) string { return in(wholeRange, selector) }

func inStep(selector string) string { return in(everyStep, selector) }
