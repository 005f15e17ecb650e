package tally

import (
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"edgescope/edge"
	"edgescope/query"
)

// filled is a tally with something of everything.
func filled() *Tally {
	t := &Tally{Requests: 10, Errors: 2, Events: 5, Cold: 1, Warm: 3, InitSum: .5, DurationSum: 2}
	t.Cache[0], t.Cache[3], t.Cache[5] = 4, 1, 7
	t.AddDuration(-36, 4, edge.True, 0)
	t.AddDuration(-18, 1, edge.False, 3)
	t.AddDuration(-18, 2, edge.Unknown, -1)
	t.Init.Add(-20, 1)
	t.CPU.Add(-40, 3)
	t.Respond("200", 8)
	t.Respond("500", 2)
	return t
}

// TestMergingAddsEverything holds that no figure is forgotten: twice the same is twice as much of everything.
func TestMergingAddsEverything(t *testing.T) {
	sum, one := filled(), filled()
	sum.Merge(one)
	var empty Tally
	sum.Merge(&empty)
	if sum.Requests != 20 || sum.Errors != 4 || sum.Events != 10 || sum.Cold != 2 || sum.Warm != 6 ||
		sum.InitSum != 1 ||
		sum.DurationSum != 4 || sum.Cache[0] != 8 || sum.Cache[3] != 2 || sum.Cache[5] != 14 {
		t.Errorf("counts: %+v", sum)
	}
	for what, pair := range map[string][2]*Distribution{
		"unknown": {&sum.Duration[0], &one.Duration[0]}, "cold": {&sum.Duration[edge.True], &one.Duration[edge.True]},
		"warm": {&sum.Duration[edge.False], &one.Duration[edge.False]}, "hit": {&sum.Hit, &one.Hit},
		"miss": {&sum.Miss, &one.Miss},
		"init": {&sum.Init, &one.Init}, "cpu": {&sum.CPU, &one.CPU}, "all": {sum.All(), one.All()},
	} {
		if pair[0].Total() != 2*pair[1].Total() || pair[1].Total() == 0 {
			t.Errorf("%s: %v of twice %v", what, pair[0].Total(), pair[1].Total())
		}
	}
	if diff := cmp.Diff(map[string]float64{"200": 16, "500": 4}, sum.Responses); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(filled().Responses, one.Responses); diff != "" {
		t.Errorf("what was added has changed: %s", diff)
	}
}

// TestFiguresOfATally holds which of them are absent, and what a ratio is of.
func TestFiguresOfATally(t *testing.T) {
	s := filled().Stats(20)
	same := func(what string, got query.Num, want float64) {
		t.Helper()
		if math.Abs(float64(got)-want) > 1e-9 && !(math.IsNaN(want) && !got.OK()) {
			t.Errorf("%s is %v, want %v", what, got, want)
		}
	}
	same("rate", s.Rate, .5)
	same("error ratio", s.ErrorRatio, .2)
	same("known", s.Known, .4)
	same("cold ratio", s.ColdRatio, .25)
	same("hit ratio", s.Cache.HitRatio, .8) // of hit and miss: bypass could not come from the cache
	same("init in all", s.InitTotal, 500)
	s = (&Tally{}).Stats(20)
	for what, n := range map[string]query.Num{
		"error ratio": s.ErrorRatio, "p50": s.P50, "p95": s.P95, "cold p95": s.ColdP95, "cold adds": s.ColdAdds,
		"init": s.InitTotal,
		"cpu":  s.CPUP99, "cold ratio": s.ColdRatio, "known": s.Known, "hit ratio": s.Cache.HitRatio,
	} {
		same(what+" of nothing", n, math.NaN())
	}
	same("requests of nothing", s.Requests, 0)
	// More starts are known than requests were weighed: the share is all.
	same("known", (&Tally{Requests: 1, Cold: 2}).Stats(1).Known, 1)
}

func TestDistributionsGrowAndShrink(t *testing.T) {
	var d, part Distribution
	for _, b := range []int{0, 5, -3, 5} {
		d.Add(b, 2)
	}
	d.Add(9, 0)
	d.Add(9, -1)
	part.Add(5, 1)
	part.Add(-3, 2)
	left := d.minus(&part)
	if d.Total() != 8 || part.Total() != 3 || left.Total() != 5 {
		t.Errorf("%v without %v is %v", d.Total(), part.Total(), left.Total())
	}
	if got := d.Above(0); got != 8 {
		t.Errorf("%v are above 0", got)
	}
	if got := d.Above(1e9); got != 0 {
		t.Errorf("%v are above a million seconds", got)
	}
	_, high := bounds(-3)
	if got := d.Above(1000 * high); math.Abs(got-6) > 1e-9 {
		t.Errorf("%v are above the first bucket, want 6", got)
	}
	if p := d.Quantile(1); p < 1000*query.Num(math.Pow(10, 5./18)) {
		t.Errorf("the greatest is %v ms", p)
	}
	var none Distribution
	if none.Quantile(.5).OK() {
		t.Error("nothing has a median")
	}
}

func TestHistogramsOfOneChartHaveTheSameBuckets(t *testing.T) {
	var cold, warm, zero Distribution
	cold.Add(2, 7)
	warm.Add(-1, 3)
	a, b := cold.Histogram(&warm), warm.Histogram(&cold)
	if len(a.Buckets) != 4 || len(b.Buckets) != 4 || a.Buckets[0].Low != b.Buckets[0].Low || a.Buckets[3].Count != 7 ||
		b.Buckets[0].Count != 3 {
		t.Errorf("%+v and %+v", a, b)
	}
	zero.Add(lowestBucket, 5)
	zero.Add(0, 1)
	if h := zero.Histogram(&Distribution{}); len(h.Buckets) != 2 || h.Buckets[0].Low != 0 || h.Buckets[1].Count != 1 {
		t.Errorf("between zero and a second there are %d buckets", len(h.Buckets))
	}
	if h := (&Distribution{}).Histogram(&Distribution{}); h.Buckets == nil || len(h.Buckets) != 0 {
		t.Errorf("of nothing: %+v", h)
	}
}

func TestTablesAreRegrouped(t *testing.T) {
	w := Window{From: utc("10:00:00"), To: utc("11:00:00"), Step: 30 * time.Minute}
	table := NewTable(w)
	value := map[string]string{"route": "/a", "version": "v1"}
	name := GroupName([]string{"route", "version"}, func(key string) string { return value[key] })
	table.At(name, false, 0).Requests = 3
	value["version"] = "v2"
	table.At(GroupName([]string{"route", "version"}, func(key string) string { return value[key] }), false,
		1).Requests = 4
	table.At("", true, 1).Requests = 10
	routes, versions := table.By(0), table.By(1)
	if len(routes.Groups) != 1 || Sum(routes.Groups["/a"]).Requests != 7 || versions.Groups["v2"][1].Requests != 4 {
		t.Errorf("routes %v, versions %v", routes.Groups, versions.Groups)
	}
	if table.Total().Requests != 17 || routes.Total().Requests != 17 || table.All()[1].Requests != 14 {
		t.Errorf("in all %v, of routes %v, in the second bucket %v", table.Total().Requests, routes.Total().Requests,
			table.All()[1].Requests)
	}
}

func TestSmallDifferencesAreNone(t *testing.T) {
	f := func(difference, size, want query.Num) {
		t.Helper()
		if got := noticeable(difference, size); got != want && (got.OK() || want.OK()) {
			t.Errorf("%v of %v: %v, want %v", difference, size, got, want)
		}
	}
	f(0.001, 1, 0)
	f(-0.019, 1, 0)
	f(0.03, 1, 0.03)
	f(query.None(), 1, query.None())
}
