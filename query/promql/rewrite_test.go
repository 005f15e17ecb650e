package promql_test

import (
	"strings"
	"testing"
	"time"

	"github.com/VictoriaMetrics/metricsql"

	"edgescope/query/promql"
)

func TestCounterFunctionsOfTotalsAreRewritten(t *testing.T) {
	f := func(text, want string) {
		t.Helper()
		got, infos := promql.Rewrite(text, time.Minute)
		if got != want {
			t.Errorf("%s:\ngot  %s\nwant %s", text, got, want)
		}
		if len(infos) == 0 || !strings.Contains(infos[0], "totals") {
			t.Errorf("%s: infos %q do not say that these are totals", text, infos)
		}
		if again, _ := promql.Rewrite(got, time.Minute); again != got {
			t.Errorf("%s is rewritten again, to %s", got, again)
		}
	}
	const x = "edge_service_requests"
	f("rate(edge_service_requests[5m])", "rate_over_sum(edge_service_requests[5m])")
	f("RATE(edge_service_requests[5m])", "rate_over_sum(edge_service_requests[5m])")
	f("increase(edge_colo_requests{edge_colo=\"FRA\"}[1h])", "sum_over_time(edge_colo_requests{edge_colo=\"FRA\"}[1h])")
	f("delta(edge_route_requests[5m])", "sum_over_time(edge_route_requests[5m])")
	f("increase_pure(edge_country_requests[5m])", "sum_over_time(edge_country_requests[5m])")
	f("increase_prometheus(edge_service_cache[5m])", "sum_over_time(edge_service_cache[5m])")
	f("rate_prometheus(edge_service_cache[5m])", "rate_over_sum(edge_service_cache[5m])")
	f("delta_prometheus(edge_service_cache[5m])", "sum_over_time(edge_service_cache[5m])")
	f("irate("+x+"[5m])", "last_over_time("+x+"[5m]) / 10")
	f("ideriv("+x+"[5m])", "last_over_time("+x+"[5m]) / 10")
	f("idelta("+x+"[5m])", "last_over_time("+x+"[5m])")
	f("rollup_rate("+x+"[5m], \"max\")", "rollup("+x+"[5m], \"max\") / 10")
	f("rollup_increase("+x+"[5m])", "rollup("+x+"[5m])")
	// Other windows.
	f(`irate({__name__="edge_service_requests:5m"}[1h])`, `last_over_time(edge_service_requests:5m[1h]) / 300`)
	f("irate(edge_service_requests:1h[3h])", "last_over_time(edge_service_requests:1h[3h]) / 3600")
	// A range shorter than a window has its share of one.
	f("rate("+x+"[5s])", "rate_over_sum("+x+"[10000ms])")
	f("increase("+x+"[5s])", "sum_over_time("+x+"[10000ms]) * 0.5")
	f("increase(edge_service_requests:5m[1m])", "sum_over_time(edge_service_requests:5m[300000ms]) * 0.2")
	// Without a range it is the step.
	f("rate("+x+")", "rate_over_sum("+x+"[60000ms])")
	f("increase("+x+" offset 1h)", "sum_over_time("+x+"[60000ms] offset 1h)")
	f("increase("+x+"[400y])", "sum_over_time("+x+"[400y])")
	f("rate("+x+"[2i])", "rate_over_sum("+x+"[2i])")
	// Modifiers stay.
	f("rate("+x+"[5m] offset 1h)", "rate_over_sum("+x+"[5m] offset 1h)")
	f("rate("+x+"[5m] @ end())", "rate_over_sum("+x+"[5m] @ end())")
	f("rate("+x+"[5m] offset -1h @ 1700000000)", "rate_over_sum("+x+"[5m] offset -1h @ 1700000000)")
	f("rate("+x+"[5m]) keep_metric_names", "rate_over_sum("+x+"[5m]) keep_metric_names")
	f("irate("+x+"[5m]) keep_metric_names", "(last_over_time("+x+"[5m]) keep_metric_names / 10) keep_metric_names")
	// A subquery of the metric itself would look at some windows twice.
	f("rate("+x+"[5m:1m])", "rate_over_sum("+x+"[5m])")
	f("increase("+x+"[5m:])", "sum_over_time("+x+"[5m])")
	// Wherever it stands.
	f("sum by (edge_colo) (rate(edge_colo_requests[5m])) > 1",
		"sum(rate_over_sum(edge_colo_requests[5m])) by(edge_colo) > 1")
	f("max_over_time(rate("+x+"[1m])[1h:1m])", "max_over_time(rate_over_sum("+x+"[1m])[1h:1m])")
	f("1 - sum(rate(edge_service_cache{edge_cache_status=\"miss\"}[5m])) / sum(rate("+x+"[5m]))",
		"1 - (sum(rate_over_sum(edge_service_cache{edge_cache_status=\"miss\"}[5m])) / sum(rate_over_sum("+x+"[5m])))")
	f("label_set(rate("+x+"[5m]), \"a\", \"b\")", "label_set(rate_over_sum("+x+"[5m]), \"a\", \"b\")")
	f("rate("+x+"[5m]) + on (service_name) group_left () rate(other_total[5m])",
		"rate_over_sum("+x+"[5m]) + on(service_name) group_left() rate(other_total[5m])")
	f("rate("+x+"[5m]) or vector(0)", "rate_over_sum("+x+"[5m]) or vector(0)")
	f("topk(3, 2 * increase("+x+"[5s]))", "topk(3, 2 * (sum_over_time("+x+"[10000ms]) * 0.5))")
	f("sum(increase("+x+"[5s])) limit 2", "sum(sum_over_time("+x+"[10000ms]) * 0.5) limit 2")
	f("rate(http_total[5m] @ rate("+x+"[5m]))", "rate(http_total[5m] @ rate_over_sum("+x+"[5m]))")
	// Names by regular expression, and alternatives, that find totals only.
	f(`rate({__name__=~"edge_service_.*"}[5m])`, `rate_over_sum({__name__=~"edge_service_.*"}[5m])`)
	f(`rate({__name__=~"edge_(service|colo)_requests"}[5m])`,
		`rate_over_sum({__name__=~"edge_(service|colo)_requests"}[5m])`)
	f(`rate({__name__=~"edge_service_requests|edge_route_requests(:5m)?"}[5m])`,
		`rate_over_sum({__name__=~"edge_service_requests|edge_route_requests(:5m)?"}[5m])`)
	f(`rate(`+x+`{service_name="a" or service_name="b"}[5m])`,
		`rate_over_sum(`+x+`{service_name="a" or service_name="b"}[5m])`)
	f(`rate({__name__="edge_service_requests" or __name__="edge_colo_requests",edge_colo="FRA"}[5m])`,
		`rate_over_sum({__name__="edge_service_requests" or __name__="edge_colo_requests",edge_colo="FRA"}[5m])`)
	// Histograms have no counts of their own.
	f("rate(edge_service_duration_seconds_count[5m])",
		"sum(rate_over_sum(edge_service_duration_seconds_bucket[5m])) without(vmrange)")
	f("sum by (edge_colo) (increase(edge_colo_cpu_seconds_count:5m{edge_colo=\"FRA\"}[5s]))",
		"sum(sum(sum_over_time(edge_colo_cpu_seconds_bucket:5m{edge_colo=\"FRA\"}[300000ms]) * 0.016666666666666666) "+
			"without(vmrange)) by(edge_colo)")
	f("rate(edge_service_requests_count[5m])", "rate_over_sum(edge_service_requests_count[5m])") // there is none
	f("irate(edge_service_cpu_seconds_count[5m])", "last_over_time(edge_service_cpu_seconds_count[5m]) / 10")
	// Templates.
	f("WITH (r(q) = sum(rate(q[5m]))) r("+x+")", "sum(rate_over_sum("+x+"[5m]))")
	f("WITH (f = {service_name=\"a\"}) increase("+x+"{f}[5m])", "sum_over_time("+x+"{service_name=\"a\"}[5m])")
}

// TestBucketsOfTotalsAreAskedByTheirRanges: builders ask by le, and ours have vmrange.
func TestBucketsOfTotalsAreAskedByTheirRanges(t *testing.T) {
	f := func(text, want string) {
		t.Helper()
		got, infos := promql.Rewrite(text, time.Minute)
		if got != want || (got != text) != (len(infos) > 0) {
			t.Errorf("%s:\ngot  %s\nwant %s\ninfos %q", text, got, want, infos)
		}
	}
	f("histogram_quantile(0.95, sum by (le) (rate(edge_service_duration_seconds_bucket[5m])))",
		"histogram_quantile(0.95, prometheus_buckets(sum(rate_over_sum(edge_service_duration_seconds_bucket[5m])) "+
			"by(vmrange)))")
	f("histogram_quantile(0.95, sum(increase(edge_colo_duration_seconds_bucket:5m[1h])) by (le, edge_colo))",
		"histogram_quantile(0.95, prometheus_buckets(sum(sum_over_time(edge_colo_duration_seconds_bucket:5m[1h])) "+
			"by(edge_colo,vmrange)))")
	f("sum by (le) (sum_over_time(edge_service_cpu_seconds_bucket[5m]))",
		"prometheus_buckets(sum(sum_over_time(edge_service_cpu_seconds_bucket[5m])) by(vmrange))")
	f("sum by (vmrange, le) (sum_over_time(edge_service_cpu_seconds_bucket[5m]))",
		"prometheus_buckets(sum(sum_over_time(edge_service_cpu_seconds_bucket[5m])) by(vmrange))")
	f("histogram_quantile(0.95, sum by (vmrange) (sum_over_time(edge_service_duration_seconds_bucket[5m])))",
		"histogram_quantile(0.95, sum by (vmrange) (sum_over_time(edge_service_duration_seconds_bucket[5m])))")
	for _, text := range []string{
		"sum by (le) (sum_over_time(edge_service_requests[5m]))",
		"sum by (le) (rate(http_duration_seconds_bucket[5m]))",
		"sum by (le) (rate(http_duration_seconds_bucket[5m]) + sum_over_time(edge_service_cpu_seconds_bucket[5m]))",
		"sum without (le) (sum_over_time(edge_service_cpu_seconds_bucket[5m]))",
	} {
		f(text, text)
	}
}

// TestSeriesOfClientsAreLeftAlone, and whatever else is no counter function of totals.
func TestSeriesOfClientsAreLeftAlone(t *testing.T) {
	for _, text := range []string{
		"", "1", "up", "rate(http_requests_total[5m])", "increase(edge_total[5m])",
		"rate(edge_function_requests_total[5m])",
		"rate(edge_services_total[5m])", "delta(temperature[1h])", "rate(edge_deploy[5m])",
		"sum_over_time(edge_service_requests[5m])", "edge_service_requests", "deriv(edge_service_requests[5m])",
		"changes(edge_service_requests[5m])", "resets(edge_service_requests[5m])",
		"avg_over_time(edge_service_requests[5m])",
		`rate({job="shop"}[5m])`, `rate({host_name=~"a.+"}[5m])`, `rate({__name__=~"http_.*"}[5m])`,
		`rate({__name__=~"http_a|http_b"}[5m])`,
		`rate({__name__=~"edge_total|edge_deploy"}[5m])`,
		"rate(edge_service_requests[-5m])", "rate(", "rate()", "unknown(edge_service_requests)",
		"rate(edge_service_requests[5m]", "\xff", "WITH (a = a) rate(a[5m])",
	} {
		if got, infos := promql.Rewrite(text, time.Minute); got != text || len(infos) > 0 {
			t.Errorf("%s: rewritten to %s, %q", text, got, infos)
		}
	}
}

// TestWhatCannotBeRewrittenIsTold: the answer is that of the text, and says what is wrong with it.
func TestWhatCannotBeRewrittenIsTold(t *testing.T) {
	f := func(text, want string) {
		t.Helper()
		got, infos := promql.Rewrite(text, time.Minute)
		if got != text || len(infos) != 1 || !strings.Contains(infos[0], want) {
			t.Errorf("%s: got %s, %q; want it untouched, and %q", text, got, infos, want)
		}
	}
	f(`rate({service_name="shop"}[5m])`, "name the metric")
	f(`rate({__name__=~"edge_.*"}[5m])`, "name the metric")
	f(`rate({__name__=~".*_requests"}[5m])`, "name the metric")
	f(`rate({__name__=~"(?i)edge_service_requests"}[5m])`, "name the metric")
	f(`rate({__name__=~"edge_service_requests|http_total"}[5m])`, "name the metric")
	f(`rate({__name__="edge_service_requests" or __name__="http_total"}[5m])`, "name the metric")
	f(`rate({__name__!="up"}[5m])`, "name the metric")
	f(`rate({job=~"a?",service_name="x"}[5m])`, "name the metric")
	f(`rate(sum(edge_service_requests)[5m:10s])`, "put the function next to the metric")
	f(`rate(sum(edge_service_requests))`, "put the function next to the metric")
	f(`aggr_over_time("increase", edge_service_requests[5m])`, "aggr_over_time")
	f(`aggr_over_time(("min_over_time", "rate"), edge_service_requests[5m])`, "aggr_over_time")
}

// FuzzRewrite: whatever is rewritten is a text that the engine's parser takes, and means the same when it is rewritten
// again.
func FuzzRewrite(f *testing.F) {
	for _, seed := range []string{
		"rate(edge_service_requests[5m])",
		`sum by (le) (rate({__name__=~"edge_(a|service)_[x-z]?bucket"}[5s:1s] offset 1h @ end()))`,
		"WITH (r(q) = rate(q)) r(edge_colo_requests) keep_metric_names",
		`rollup_rate(edge_service_requests[1i], "max") / 2`, "increase(edge_route_requests[-5m])",
		"irate(edge_service_requests{a=\"b\" or c!~\"d\"}[1h30m]) default 0",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 200 || strings.Count(text, "(") > 20 { // templates may double themselves; a guard refuses those
			return
		}
		got, infos := promql.Rewrite(text, time.Minute)
		if got == text {
			return
		}
		if len(infos) == 0 {
			t.Errorf("%q became %q, and nobody is told", text, got)
		}
		if _, err := metricsql.Parse(got); err != nil {
			t.Fatalf("%q became %q: %v", text, got, err)
		}
		if again, _ := promql.Rewrite(got, time.Minute); again != got {
			t.Errorf("%q became %q and then %q", text, got, again)
		}
	})
}
