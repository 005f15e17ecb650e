package report_test

import (
	"testing"

	"edgescope/load"
	"edgescope/report"
	"edgescope/report/reporttest"
)

func TestHitRatiosByRoute(t *testing.T) {
	const ensure = `, ensure: {conditions: [
		{expression: "edgescope.cache.hit_ratio >= 0.5"}, {expression: "edgescope.cache.hit_ratio./cart > 0.6"},
		{expression: "edgescope.cache.hit_ratio./cart > 0.4 and edgescope.cache-by-endpoint./cart.bypass == 2"},
		{expression: "edgescope.cache.hit_ratio./crt > 0"}, {expression: "edgescope.cache.expired == 0"}]}`
	statuses := []string{"hit", "miss", "stale", "miss", "bypass", "dynamic", "", "revalidated", "miss", "bypass"}
	k := 0
	s := reporttest.Counted(t, ensure, len(statuses), func(r *load.Result, _ *load.UserStart, _ *load.UserEnd) {
		r.CacheStatus = statuses[k]
		k++
	})
	p := s.Aggregate()
	if got := p.Rates["edgescope.cache.hit_ratio"]; got != 0.5 {
		t.Errorf("hit ratio %v, want 3 of 6", got)
	}
	v := s.Judge(report.Outcome{})
	got := map[string]bool{}
	for _, c := range v.Checks {
		got[c.Expression] = c.OK
	}
	f := func(expression string, want bool) {
		t.Helper()
		if ok, judged := got[expression]; !judged || ok != want {
			t.Errorf("%s: judged %v, %v; want %v", expression, judged, ok, want)
		}
	}
	f("edgescope.cache.hit_ratio >= 0.5", true)
	f("edgescope.cache.hit_ratio./cart > 0.6", false)
	f("edgescope.cache.hit_ratio./cart > 0.4 and edgescope.cache-by-endpoint./cart.bypass == 2", true)
	f("edgescope.cache.hit_ratio./crt > 0", false)
	f("edgescope.cache.expired == 0", true)
}

func TestNoRatioWithoutCache(t *testing.T) {
	s := reporttest.Counted(t, "", 3, func(r *load.Result, _ *load.UserStart,
		_ *load.UserEnd,
	) {
		r.CacheStatus = "dynamic"
	})
	if rates := s.Aggregate().Rates; len(rates) != 1 {
		t.Errorf("rates %v, want the request rate alone", rates)
	}
}
