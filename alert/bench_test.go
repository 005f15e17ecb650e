package alert

import (
	"context"
	"fmt"
	"math"
	"testing"
	"time"

	"edgescope/alert/rules"
	"edgescope/edge"
	"edgescope/policy"
	"edgescope/query/promql"
	"edgescope/query/querytest"
	"edgescope/store"
)

// shapes are expressions of every kind that people write: a share, a quantile, a loss, a silence. Each takes a service.
var shapes = []string{
	`sum by (service_name) (sum_over_time(edge_service_requests{service_name=%[1]q,edge_outcome!~"ok|canceled"}[5m]))
		/ sum by (service_name) (sum_over_time(edge_service_requests{service_name=%[1]q}[5m])) > 0.05`,
	`histogram_quantile(0.95, sum by (service_name, cloud_region, vmrange) (
		sum_over_time(edge_colo_duration_seconds_bucket{service_name=%q}[10m]))) > 0.2`,
	`sum by (service_name, http_route) (sum_over_time(edge_route_cache{service_name=%[1]q,edge_cache_status=~"miss|expired"}[15m]))
		/ sum by (service_name, http_route) (sum_over_time(edge_route_cache{service_name=%[1]q}[15m])) > 0.5`,
	`sum by (service_name) (sum_over_time(edge_service_requests{service_name=%[1]q}[1h] offset 15m)) > 100
		unless sum by (service_name) (sum_over_time(edge_service_requests{service_name=%[1]q}[15m]))`,
}

// BenchmarkRules evaluates 200 rules over a store with 50 services in 20 regions, and keeps what they give; the goal is
// below 2 s.
func BenchmarkRules(b *testing.B) {
	w := querytest.New(b)
	g := rules.Group{Name: "all", Interval: time.Minute}
	for i := range 50 {
		name := fmt.Sprintf("s%02d", i)
		for region := range 20 {
			for _, line := range []string{
				"30 -58m..-1m outcome=ok ms=10,20,40,80,300 cold=false cache=hit", "6 -58m..-1m outcome=error ms=90 cold=true cache=miss",
			} {
				if err := w.Load(fmt.Sprintf("%s service=%s region=R%02d route=/r%d", line, name, region, region%10)); err != nil {
					b.Fatal(err)
				}
			}
		}
		for j, shape := range shapes {
			g.Rules = append(g.Rules, rules.Rule{
				Alert: fmt.Sprintf("A%d", j), Expr: fmt.Sprintf(shape, name), Labels: map[string]string{"severity": "page"},
				Annotations: map[string]string{"summary": "{{ $labels.service_name }}: {{ $value | humanize }}"},
			})
		}
	}
	now := w.Now
	a, err := New(Options{
		Evaluate: func(ctx context.Context, tenant edge.Tenant, expr string, at time.Time) ([]Sample, error) {
			text, _ := promql.Rewrite(expr, promql.DefaultStep)
			series, err := w.Store.Series(ctx, store.SeriesQuestion{
				Tenant: tenant, MetricsQL: text, From: at, To: at, Step: promql.DefaultStep,
			})
			var out []Sample
			for i := range series {
				if v := series[i].Values; len(v) > 0 && !math.IsNaN(v[len(v)-1]) {
					set := map[string]string{}
					for _, l := range series[i].Labels {
						set[l.Key] = l.Value
					}
					out = append(out, Sample{set, v[len(v)-1]})
				}
			}
			return out, err
		},
		Tenants: func() []Tenant { return []Tenant{{Tenant: querytest.Tenant}} },
		Groups:  func() []rules.Group { return []rules.Group{g} },
		Notify:  func() policy.Notify { return policy.Notify{} },
		Dir:     b.TempDir(), Now: func() time.Time { return now },
	})
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		now = now.Add(time.Minute)
		a.round(b.Context())
		for key, s := range a.status {
			if s.err != "" {
				b.Fatal(key, s.err)
			}
		}
	}
	b.ReportMetric(float64(len(a.book.Alerts[querytest.Tenant])), "alerts")
}
