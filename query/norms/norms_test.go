package norms_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"edgescope/internal/run/runtest"
	"edgescope/query"
)

// ago is what happens from so long ago on.
func ago(since time.Duration, then, before float64) func(time.Duration) float64 {
	return func(d time.Duration) float64 {
		if d <= since {
			return then
		}
		return before
	}
}

// of returns the standing of a region, "" the service as a whole.
func (w *world) of(ask, region string) query.Standing {
	w.T.Helper()
	a, err := w.room.Norms(w.T.Context(), tenant, w.Ask(ask))
	if err != nil {
		w.T.Fatal(err)
	}
	for _, s := range append(a.Services, a.Regions...) {
		if s.Region == region {
			return s
		}
	}
	return query.Standing{State: "none"}
}

func (w *world) signal(ask, region, name string) query.Signal {
	w.T.Helper()
	for _, x := range w.of(ask, region).Signals {
		if x.Name == name {
			return x
		}
	}
	return query.Signal{State: "none"}
}

// find returns the findings of a question as lines.
func (w *world) find(ask string) string {
	w.T.Helper()
	found, err := w.room.Findings(w.T.Context(), tenant, w.Ask(ask))
	if err != nil {
		w.T.Fatal(err)
	}
	var lines []string
	for _, f := range found {
		lines = append(lines, strings.Join([]string{string(f.Kind), f.Severity, f.Subject, f.Service, f.Region, f.Text}, " | "))
	}
	return strings.Join(lines, "\n")
}

// TestARegionIsJudgedByItsOwnPast has a region whose durations are half as long again since an hour, and five as ever.
func TestARegionIsJudgedByItsOwnPast(t *testing.T) {
	gru := newRegion(1, "GRU", 5)
	gru.shift = ago(time.Hour, 1.6, 1)
	w := newWorld(t, 14, 0, gru, newRegion(2, "FRA", 9), newRegion(3, "IAD", 9), newRegion(4, "SIN", .5),
		newRegion(5, "NRT", 5), newRegion(6, "ICN", .005))
	w.learn()
	x := w.signal("", "GRU", query.SignalSlow)
	if x.State != query.StandingAlert || x.Z < 4.5 || math.Abs(float64(x.Norm)-.05) > .01 || x.Share.Value < .1 ||
		x.Share.N < 3000 || x.Share.N > 9000 || x.Share.Origin != query.OriginMeasured || x.Bucket != 300 {
		t.Errorf("GRU: %+v", x)
	}
	began := w.Now.Truncate(5 * time.Minute).Add(-time.Hour)
	if d := x.Since.Sub(began).Abs(); d > 5*time.Minute {
		t.Errorf("it began %s, want %s", x.Since, began)
	}
	// The service as a whole may be out or not: a sixth of its invocations are.
	for _, region := range []string{"FRA", "IAD", "SIN", "NRT"} {
		if s := w.of("", region); s.State != query.StandingNormal {
			t.Errorf("%q is %s: %+v", region, s.State, s.Signals)
		}
	}
	if s := w.signal("", "SIN", query.SignalSlow); s.Bucket != 300 && s.Bucket != 900 {
		t.Errorf("SIN has buckets of %d s", s.Bucket)
	}
	if s := w.of("", "ICN"); s.State != query.StandingFew && s.State != query.StandingLearning {
		t.Errorf("ICN, with 18 events in an hour, is %s: %+v", s.State, s.Signals)
	}
	got := w.find("")
	if !strings.HasPrefix(got, "norm | bad | GRU slow ") || strings.Contains(got, "\n") ||
		!strings.Contains(got, "of invocations of shop in GRU take longer than ") {
		t.Errorf("findings:\n%s", got)
	}
	if got := w.find("region=FRA"); got != "" {
		t.Errorf("of FRA: %s", got)
	}
	if got := w.find("service=other"); got != "" {
		t.Errorf("of another service: %s", got)
	}
	if got := w.find("route=/search"); got != "" {
		t.Errorf("of a route, which norms do not know: %s", got)
	}
	for ask, want := range map[string]bool{"": true, "region=GRU": true, "route=/search": false} {
		all, err := w.room.Standings(t.Context(), tenant, w.Ask(ask))
		if err != nil || len(all) > 0 != want {
			t.Errorf("%q: %d standings, error %v", ask, len(all), err)
		}
	}
}

// TestWhatHappensEverywhereIsOneFinding has three of four regions slow at once.
func TestWhatHappensEverywhereIsOneFinding(t *testing.T) {
	var all []*region
	for i, name := range []string{"FRA", "GRU", "IAD", "SIN"} {
		g := newRegion(uint64(10+i), name, 5)
		if name != "SIN" {
			g.shift = ago(30*time.Minute, 1.8, 1)
		}
		all = append(all, g)
	}
	w := newWorld(t, 14, 0, all...)
	w.learn()
	got := w.find("")
	if !strings.HasPrefix(got, "norm | bad | shop slow ") || strings.Contains(got, "\n") ||
		!strings.Contains(got, "FRA, GRU, IAD at once") {
		t.Errorf("findings:\n%s", got)
	}
}

// TestEverySignalIsJudged plants errors, cold starts and lost hits, each in a region of its own.
func TestEverySignalIsJudged(t *testing.T) {
	var all []*region
	for i, name := range []string{"AMS", "BOM", "CDG", "DEL", "EZE", "FRA", "GRU", "HKG"} {
		g := newRegion(uint64(20+i), name, 4)
		g.errors, g.cold, g.lost = ago(0, 0, .001), ago(0, 0, .02), ago(0, 0, .1)
		all = append(all, g)
	}
	all[0].errors = ago(40*time.Minute, .06, .001)
	all[1].cold = ago(40*time.Minute, .08, .02)
	all[2].lost = ago(40*time.Minute, .3, .1)
	all[3].errors = ago(40*time.Minute, .004, .001) // four times as many, and not worth a word
	w := newWorld(t, 14, 0, all...)
	w.learn()
	for region, name := range map[string]string{
		"AMS": query.SignalErrors, "BOM": query.SignalCold, "CDG": query.SignalHitLoss,
	} {
		s := w.of("", region)
		for _, x := range s.Signals {
			if want := x.Name == name; want != (x.State == query.StandingAlert) || x.Over.OK() != (x.Name == query.SignalSlow) {
				t.Errorf("%s: %s is %s: %+v", region, x.Name, x.State, x)
			}
		}
	}
	if s := w.of("", "DEL"); s.State != query.StandingNormal {
		t.Errorf("0.4 %% of errors: %+v", s)
	}
	got := w.find("")
	for _, want := range []string{" fail, usually 0.1", " start cold, usually ", " miss the cache, usually "} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
}

// TestSilence holds who is told to be silent, and since when, however long that is.
func TestSilence(t *testing.T) {
	jnb, sin, syd, icn := newRegion(32, "JNB", .2), newRegion(33, "SIN", 1), newRegion(34, "SYD", .01),
		newRegion(35, "ICN", 1)
	jnb.until, sin.until, syd.until = 90*time.Minute, 3*24*time.Hour, 10*time.Minute
	w := newWorld(t, 14, 0, newRegion(31, "FRA", 5), jnb, sin, syd, icn)
	w.learn()
	last := w.Now.Truncate(5 * time.Minute).Add(-90 * time.Minute)
	if s := w.of("", "JNB"); s.State != query.StandingSilent || !s.SilentSince.Equal(last) || s.Usual < 20 || s.Usual > 100 {
		t.Errorf("JNB: %+v, want silent since %s", s, last)
	}
	if s := w.of("", "SIN"); s.State != query.StandingSilent || !s.SilentSince.IsZero() {
		t.Errorf("SIN: %+v, want silent since more than a day", s)
	}
	if s := w.of("", "SYD"); s.State == query.StandingSilent {
		t.Errorf("SYD sends 3 in 5 minutes, 6 are missing: %+v", s)
	}
	got := w.find("range=15m")
	if !strings.Contains(got, "silence | bad | JNB is silent | shop | JNB | JNB has sent nothing from shop for 90m, while "+
		"other regions do") || !strings.Contains(got, "SIN has sent nothing from shop for more than a day") {
		t.Errorf("findings:\n%s", got)
	}
}

// TestAYoungStoreHasNoNorms holds that two days are not enough, and three are.
func TestAYoungStoreHasNoNorms(t *testing.T) {
	f := func(days int, want string) {
		t.Run(want, func(t *testing.T) { youngStore(t, days, want) })
	}
	f(1, query.StandingLearning)
	f(4, query.StandingAlert)
}

func youngStore(t *testing.T, days int, want string) {
	gru := newRegion(41, "GRU", 5)
	gru.shift = ago(time.Hour, 2, 1)
	w := newWorld(t, days, 0, gru, newRegion(42, "FRA", 5))
	w.learn()
	x := w.signal("", "GRU", query.SignalSlow)
	if x.State != want || x.Norm.OK() != (want == query.StandingAlert) {
		t.Errorf("after %d days: %+v, want %s", days, x, want)
	}
	if got := w.find(""); (got == "") != (want == query.StandingLearning) {
		t.Errorf("after %d days: %s", days, got)
	}
}

// TestTheFirstQuestionDoesNotWait holds that a question begins to learn, says so, and is answered meanwhile.
func TestTheFirstQuestionDoesNotWait(t *testing.T) {
	w := newWorld(t, 5, 0, newRegion(51, "FRA", 1))
	first, err := w.room.Norms(t.Context(), tenant, w.Ask(""))
	if err != nil || !first.Learning || len(first.Services) != 0 || !first.JudgedTo.IsZero() {
		t.Fatalf("%+v %v", first, err)
	}
	a := first
	runtest.Eventually(t, func() string { return "still learning" }, func() bool {
		if a, err = w.room.Norms(t.Context(), tenant, w.Ask("")); err != nil {
			t.Fatal(err)
		}
		return !a.Learning
	})
	if len(a.Services) != 1 || len(a.Regions) != 1 || !a.JudgedTo.Equal(w.Now.Truncate(5*time.Minute)) || !a.Provisional {
		t.Errorf("%+v", a)
	}
}

// TestARangeThatHasEndedIsJudgedAtItsEnd holds that an incident of this morning is found by who looks at it, and not by
// who looks at now.
func TestARangeThatHasEndedIsJudgedAtItsEnd(t *testing.T) {
	gru := newRegion(61, "GRU", 5)
	gru.shift = func(d time.Duration) float64 {
		if d <= 6*time.Hour && d > 5*time.Hour {
			return 2
		}
		return 1
	}
	w := newWorld(t, 14, 0, gru, newRegion(62, "FRA", 5), newRegion(63, "IAD", 5))
	w.learn()
	ask := func(ago time.Duration) string {
		return "from=" + w.Now.Add(-ago-time.Hour).Format(time.RFC3339) + "&to=" + w.Now.Add(-ago).Format(time.RFC3339)
	}
	if got := w.find("range=24h"); got != "" {
		t.Errorf("now: %s", got)
	}
	if got := w.find(ask(5*time.Hour + 10*time.Minute)); !strings.Contains(got, "GRU slow") {
		t.Errorf("in the incident: %q", got)
	}
	if got := w.find(ask(8 * time.Hour)); got != "" {
		t.Errorf("before it: %s", got)
	}
	a, err := w.room.Norms(t.Context(), tenant, w.Ask(ask(8*time.Hour)+"&route=/x"))
	if err != nil || a.Provisional || len(a.Notes) != 1 {
		t.Errorf("an old verdict on a route: %+v %v", a, err)
	}
}

// TestADeployThatCoincides holds that it is named when its first sight is near, and not otherwise.
func TestADeployThatCoincides(t *testing.T) {
	f := func(before time.Duration, want bool) {
		t.Run(before.String(), func(t *testing.T) { coincides(t, before, want) })
	}
	f(65*time.Minute, true)
	f(100*time.Minute, false)
}

func coincides(t *testing.T, before time.Duration, want bool) {
	gru := newRegion(71, "GRU", 5)
	gru.shift = ago(time.Hour, 2, 1)
	w := newWorld(t, 5, 0, gru, newRegion(72, "FRA", 5))
	w.deploy("v2", w.Now.Add(-before))
	w.learn()
	x := w.signal("", "GRU", query.SignalSlow)
	if (x.Deploy != nil && x.Deploy.Version == "v2") != want {
		t.Errorf("a deploy %s ago: %+v, since %s", before, x.Deploy, x.Since)
	}
	if got := w.find(""); strings.Contains(got, "coincides with v2") != want {
		t.Errorf("a deploy %s ago: %s", before, got)
	}
}

// TestWeightsAreNoCertainty holds that a sampled region's n is that of its events, and that it weighs as its requests.
func TestWeightsAreNoCertainty(t *testing.T) {
	gru := newRegion(81, "GRU", 1)
	gru.weight, gru.shift = 20, ago(time.Hour, 2, 1)
	w := newWorld(t, 5, 0, gru, newRegion(82, "FRA", 1))
	w.learn()
	x, all := w.signal("", "GRU", query.SignalSlow), w.signal("", "", query.SignalSlow)
	if x.Share.N > 2000 || x.Share.N < 500 || all.Share.N > 2*x.Share.N+10 {
		t.Errorf("four buckets of 300 events have n=%v, both regions %v", x.Share.N, all.Share.N)
	}
	if r := float64(all.Share.Value / x.Share.Value); r < .9 || r > 1.1 {
		t.Errorf("20 of 21 requests are GRU's, and its share is %v, that of all %v", x.Share.Value, all.Share.Value)
	}
}
