package coldmodel_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"edgescope/edge"
	"edgescope/edge/platform"
	"edgescope/policy"
	"edgescope/query"
	"edgescope/query/coldmodel"
	"edgescope/query/querytest"
)

func load(t *testing.T, w *querytest.World, lines ...string) {
	t.Helper()
	for _, line := range lines {
		if err := w.Load(line); err != nil {
			t.Fatal(err)
		}
	}
}

// TestTenantsDoNotShareModels holds it of one Room, which remembers models.
func TestTenantsDoNotShareModels(t *testing.T) {
	w := querytest.New(t)
	load(t, w, "200 -6h..0m service=shop region=FRA ms=5 cold=false")
	e := w.Invocation(w.Now.Add(-time.Hour), time.Millisecond, edge.Facts{Service: "theirs", Region: "SIN", ColdStart: edge.True})
	w.Write(querytest.Tenant+1, e)
	room := coldmodel.New(w.Read, coldmodel.Options{})
	for range 2 { // the second time from memory
		for tenant, want := range map[edge.Tenant]string{querytest.Tenant: "shop", querytest.Tenant + 1: "theirs", 99: ""} {
			a, err := room.ColdModels(t.Context(), tenant, w.Ask("range=24h"))
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, m := range a.Services {
				got = append(got, m.Service)
			}
			if strings.Join(got, " ") != want || a.Empty != (want == "") {
				t.Errorf("tenant %d has %q, want %q; empty %t", tenant, got, want, a.Empty)
			}
		}
	}
}

// TestWhatIsRememberedIsOfTheSameQuestion holds that neither another filter nor another policy gets it, and that the answer is
// the caller's.
func TestWhatIsRememberedIsOfTheSameQuestion(t *testing.T) {
	w := querytest.New(t)
	load(t, w,
		"4000 -6h..0m service=shop region=us-east-1 platform="+platform.AWSLambda+" ms=100 cold=false",
		"60 -6h..0m service=shop region=us-east-1 platform="+platform.AWSLambda+" ms=100 init=400 cold=true",
		"10 -6h..0m service=shop region=eu-west-1 platform="+platform.AWSLambda+" ms=100 cold=false",
	)
	p := &policy.Policy{}
	room := coldmodel.New(w.Read, coldmodel.Options{Policy: func(edge.Tenant) *policy.Policy { return p }})
	asked := func(text string) *query.ColdModels {
		t.Helper()
		a, err := room.ColdModels(t.Context(), querytest.Tenant, w.Ask(text))
		if err != nil || len(a.Services) != 1 {
			t.Fatalf("%s: %+v %v", text, a, err)
		}
		return a
	}
	first := asked("range=24h")
	if r := first.Services[0].Reserved; r == nil || r.Memory.OK() || r.Reason == "" || r.Now.Value.OK() {
		t.Errorf("without a memory instances have a price: %+v", r)
	}
	first.Services[0].Service = "mine"
	if again := asked("range=24h"); again.Services[0].Service != "shop" {
		t.Error("what a caller changes is in the answer of the next")
	}
	p = &policy.Policy{Memory: []policy.Memory{{Service: "shop", GB: 1}}}
	if r := asked("range=24h").Services[0].Reserved; r == nil || r.Memory != 1 || !(r.Now.Value > 0) {
		t.Errorf("after the policy said the memory: %+v", r)
	}
	one := asked("range=24h&region=eu-west-1")
	if one.Services[0].Requests > 10 || one.Services[0].Share.Value > 0 {
		t.Errorf("in one region: %+v", one.Services[0])
	}
}

// TestItLooksBackForAWeekToTwo holds how far, whatever the range, and that the last 90 s are left for what comes late.
func TestItLooksBackForAWeekToTwo(t *testing.T) {
	w := querytest.New(t)
	load(t, w, "50 -2h..0m service=shop region=FRA ms=5 cold=false")
	for text, days := range map[string]float64{"range=15m": 7, "range=7d": 7, "range=10d": 10, "range=30d": 14} {
		r := ask(t, w, &policy.Policy{}, text).Read
		if got := r.To.Sub(r.From).Hours() / 24; got < days || got > days+1.01/24 {
			t.Errorf("%s: %v days are read, want %v", text, got, days)
		}
		if late := w.Now.Sub(r.To); late < 90*time.Second || late > 101*time.Second {
			t.Errorf("%s: it reads up to %s ago", text, late)
		}
	}
	past := w.Now.Add(-20 * 24 * time.Hour).Truncate(time.Hour)
	text := fmt.Sprintf("from=%s&to=%s", past.Add(-time.Hour).Format(time.RFC3339), past.Format(time.RFC3339))
	if a := ask(t, w, &policy.Policy{}, text); !a.Read.To.Equal(past) || len(a.Services) != 0 {
		t.Errorf("a range of the past is read up to %s, want %s: %+v", a.Read.To, past, a.Services)
	}
}

// TestALongListSaysWhatItLeavesOut holds that the services with most cold starts are kept.
func TestALongListSaysWhatItLeavesOut(t *testing.T) {
	w := querytest.New(t)
	var lines []string
	for i := range 15 {
		lines = append(lines, fmt.Sprintf("%d -2h..-1h service=s%02d region=FRA ms=5 cold=true", i+1, i))
	}
	load(t, w, lines...)
	a := ask(t, w, &policy.Policy{}, "range=24h")
	left := func(note string) bool { return strings.Contains(note, "3 services") }
	if len(a.Services) != 12 || a.Services[0].Service != "s14" || a.Services[11].Service != "s03" || !slices.ContainsFunc(a.Notes, left) {
		t.Errorf("%d services, notes %q", len(a.Services), a.Notes)
	}
	a = ask(t, w, &policy.Policy{}, "range=24h&service=s00")
	if len(a.Services) != 1 || slices.ContainsFunc(a.Notes, left) {
		t.Errorf("filtered: %d services, notes %q", len(a.Services), a.Notes)
	}
}

// TestSampledEventsAreNoSurer holds that weights change the number of requests, and neither n nor the interval of the share.
func TestSampledEventsAreNoSurer(t *testing.T) {
	models := map[string]query.ColdModel{}
	w := querytest.New(t)
	for name, weight := range map[string]int{"all": 1, "some": 50} {
		load(t, w,
			fmt.Sprintf("190 -6h..-1h service=%s region=FRA ms=5 cold=false weight=%d", name, weight),
			fmt.Sprintf("10 -6h..-1h service=%s region=FRA ms=5 cold=true weight=%d", name, weight))
	}
	for _, m := range ask(t, w, &policy.Policy{}, "range=24h").Services {
		models[m.Service] = m
	}
	all, some := models["all"], models["some"]
	if some.Requests != 50*all.Requests || all.Requests != 200 {
		t.Errorf("%v and %v requests", all.Requests, some.Requests)
	}
	if some.Share.N != all.Share.N || all.Share.N != 200 || some.Known != all.Known {
		t.Errorf("n is %v and %v", all.Share.N, some.Share.N)
	}
	for what, f := range map[string][2]query.Num{
		"share": {all.Share.Value, .05}, "sampled": {some.Share.Value, .05},
		"low": {some.Share.Low, all.Share.Low}, "high": {some.Share.High, all.Share.High},
	} {
		if math.Abs(float64(f[0]-f[1])) > 1e-9 {
			t.Errorf("%s: %v, want %v", what, f[0], f[1])
		}
	}
}
