package limits_test

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"edgescope/edge"
	"edgescope/edge/platform"
	"edgescope/query/limits"
	"edgescope/query/money"
	"edgescope/query/querytest"
)

// perEvent is how many invocations an event of the planted traffic stands for.
const perEvent = 25

// traffic draws the invocations of an hour: days and nights, quiet weekends, a fifth more each week.
type traffic struct {
	r     *rand.Rand
	drift float64
}

func (p *traffic) hour(at time.Time) float64 {
	const noise = .06
	p.drift = .7*p.drift + noise*math.Sqrt(1-.7*.7)*p.r.NormFloat64()
	cycle := 1 + .6*math.Sin(2*math.Pi*float64(at.Hour())/24)
	if at.Weekday()%6 == 0 {
		cycle *= .7
	}
	return 1500 * cycle * math.Exp(p.drift)
}

// plant writes so many hours that end with the last one that is over, leaves a gap out, and returns those that come
// after.
func plant(w *querytest.World, hours, after int, gap func(hour int) bool) (future []float64) {
	now := w.Now
	defer func() { w.Now = now }()
	p := traffic{r: rand.New(rand.NewPCG(3, 4))}
	end := now.Truncate(time.Hour)
	for i := range hours + after {
		at := end.Add(time.Duration(i-hours) * time.Hour)
		v := p.hour(at)
		if i >= hours {
			future = append(future, v)
			continue
		}
		if gap(i) {
			continue
		}
		n := int(math.Round(v / perEvent))
		events := make([]edge.Event, n)
		for j := range events {
			events[j] = w.Invocation(at.Add(time.Duration(j)*time.Hour/time.Duration(n)), time.Millisecond,
				edge.Facts{Service: "shop", Platform: platform.CloudflareWorkers, Weight: perEvent})
		}
		w.Now = at.Add(time.Hour)
		w.Add(querytest.Tenant, events...)
	}
	w.Store.Flush()
	return future
}

func forecast(t *testing.T, w *querytest.World, x *limits.Room, text string) *money.Forecast {
	t.Helper()
	f, err := x.Forecast(t.Context(), querytest.Tenant, w.Ask(text))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// TestAPlantedWeekIsForecast holds through the store that four weeks with a gap of ten hours tell the fifth: the error is
// that of judge's own tests, the interval holds most hours, and the backtest says about what happens.
func TestAPlantedWeekIsForecast(t *testing.T) {
	w := querytest.New(t)
	const week = 7 * 24
	future := plant(w, 4*week, 9*24, func(i int) bool { return i >= 500 && i < 510 })
	f := forecast(t, w, room(t, w, "limits: [{platform: cloudflare.workers, plan: Free, requests_per_day: 33000}]"), "range=1h")
	if f.Method == "" || len(f.Expected) != week || len(f.Measured) != 14*24 || f.Reason != "" {
		t.Fatalf("method %q (%s), %d hours ahead, %d before", f.Method, f.Reason, len(f.Expected), len(f.Measured))
	}
	if !f.Start.Add(14 * 24 * time.Hour).Equal(w.Now.Truncate(time.Hour)) {
		t.Errorf("the past begins at %v", f.Start)
	}
	wrong, all, inside := 0.0, 0.0, 0
	for i, want := range future[:week] {
		wrong, all = wrong+math.Abs(float64(f.Expected[i])-want), all+want
		if want >= float64(f.Low[i]) && want <= float64(f.High[i]) {
			inside++
		}
	}
	wape, covered := wrong/all, float64(inside)/week
	t.Logf("WAPE %.3f, the backtest says %.3f in %v tries; %.2f inside", wape, f.Error, f.Tests, covered)
	if wape > .09 || math.Abs(float64(f.Error)-wape) > .04 || f.Tests < 10 {
		t.Errorf("WAPE %.3f, backtest %.3f in %v tries: want below .09, and alike", wape, f.Error, f.Tests)
	}
	if covered < .6 {
		t.Errorf("%.2f of the hours are inside of what holds 80 %%", covered)
	}
	if gap := f.Measured[500-2*week : 510-2*week]; gap[0].OK() || gap[9].OK() {
		t.Errorf("the gap is %v", gap)
	}
	holdsQuota(t, w, f, future)
}

// holdsQuota holds that the quota is used up on the first day that truly has more than it allows.
func holdsQuota(t *testing.T, w *querytest.World, f *money.Forecast, future []float64) {
	t.Helper()
	if len(f.Quotas) != 1 || f.Quotas[0].Per != "day" || !f.Quotas[0].Said {
		t.Fatalf("quotas %+v, want one of a day", f.Quotas)
	}
	q, midnight := f.Quotas[0], w.Now.Truncate(24*time.Hour).Add(24*time.Hour)
	var want time.Time
	for day := range 7 {
		from := int(midnight.Sub(w.Now.Truncate(time.Hour))/time.Hour) + 24*day
		sum := 0.0
		for _, v := range future[from : from+24] {
			sum += v
		}
		if sum > 33000*1.03 && want.IsZero() {
			want = midnight.AddDate(0, 0, day)
		}
	}
	if got := q.Reached.Truncate(24 * time.Hour); want.IsZero() || got.After(want) || q.Earliest.After(q.Reached) ||
		q.State != money.BudgetOver || q.Part.Value < 1 || !q.Period.From.Equal(got) {
		t.Errorf("the quota is used up at %v (earliest %v, %s, %v), truly on %v", q.Reached, q.Earliest, q.State, q.Part.Value, want)
	}
	today, month := f.Today, f.Month
	if !(today.All.Value > today.SoFar.Value) || !(today.All.High >= today.All.Value) || month.To.Day() != 1 ||
		!(month.All.Value >= today.All.Value) {
		t.Errorf("today %+v, the month %+v", today, month)
	}
}

// TestLittleOfThePastIsSaid holds that below three days there is no forecast, and that what a day has had counts against
// its quota all the same.
func TestLittleOfThePastIsSaid(t *testing.T) {
	w := querytest.New(t)
	x := room(t, w, "limits: [{platform: cloudflare.workers, requests_per_day: 100}]")
	if f := forecast(t, w, x, "range=1h"); !f.Empty || f.Method != "" || f.Reason == "" || len(f.Quotas) > 0 {
		t.Errorf("of nothing: %+v", f)
	}
	w.Now = w.Now.Add(2 * time.Second) // what was found is remembered for a second
	plant(w, 30, 0, func(int) bool { return false })
	f := forecast(t, w, x, "range=1h")
	if f.Method != "" || !strings.Contains(f.Reason, "30 hours") || f.Today.All.Value.OK() || len(f.Expected) > 0 {
		t.Errorf("method %q, %q, today %v", f.Method, f.Reason, f.Today.All)
	}
	if w.Now.Hour() > 0 { // today has hours that are over
		if q := f.Quotas[0]; q.State != money.BudgetOver || q.Reached.IsZero() || q.Part.Value <= 1 {
			t.Errorf("a quota of 100 after %v: %+v", f.Today.SoFar.Value, q)
		}
	}
	if f := forecast(t, w, x, "range=1h&status=500"); !strings.Contains(f.Reason, "filters") {
		t.Errorf("filters that no totals have: %q", f.Reason)
	}
}

// TestIncludedRequestsAreAQuotaOfTheMonth holds that what an account's plan includes is one, beside the limit of a day.
func TestIncludedRequestsAreAQuotaOfTheMonth(t *testing.T) {
	w := querytest.New(t)
	plant(w, 5*24, 0, func(int) bool { return false })
	f := forecast(t, w, room(t, w, "accounts: [{platform: cloudflare.workers, plan: Paid}]"), "range=1h")
	if len(f.Quotas) != 1 || f.Quotas[0].Per != "month" || f.Quotas[0].Limit != 10e6 || f.Quotas[0].State != money.BudgetOK ||
		!strings.Contains(f.Quotas[0].Then, "0.30 USD a million") || !f.Quotas[0].Reached.IsZero() {
		t.Errorf("%+v", f.Quotas)
	}
	if got, want := f.Quotas[0].Period.All.Value, f.Month.All.Value; got != want {
		t.Errorf("the month has %v by its quota, %v by itself", got, want)
	}
}
