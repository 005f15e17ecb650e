package judge

import (
	"math"
	"math/rand/v2"
	"testing"
)

const week = 7 * dayHours

// traffic draws hourly counts of a shop: days and nights, a quiet weekend, noise that lasts, growth a week.
func traffic(r *rand.Rand, hours int, noise, growth float64) []float64 {
	values, drift := make([]float64, hours), 0.0
	for i := range values {
		drift = .7*drift + noise*math.Sqrt(1-.7*.7)*r.NormFloat64()
		cycle := 1 + .6*math.Sin(2*math.Pi*float64(i%dayHours)/dayHours)
		if i/dayHours%7 >= 5 {
			cycle *= .6
		}
		values[i] = math.Round(1000 * cycle * math.Exp(drift) * math.Pow(1+growth, float64(i)/week))
	}
	return values
}

// wape is the sum of the absolute errors over the sum of the values.
func wape(got, want []float64) float64 {
	wrong := 0.0
	for i := range want {
		wrong += math.Abs(got[i] - want[i])
	}
	return wrong / total(want)
}

// forecasts tries a kind of past: damage is done to what is known of it.
func forecasts(weeks int, noise, growth float64, damage func(*rand.Rand, []float64)) (ours, naive, covered float64) {
	const seeds = 40
	inside, all := 0, 0
	for seed := range uint64(seeds) {
		r := rand.New(rand.NewPCG(seed, 6))
		values := traffic(r, (weeks+1)*week, noise, growth)
		past, future := values[:weeks*week], values[weeks*week:]
		damage(r, past)
		f, ok := Predict(past, week)
		if !ok {
			panic("no forecast")
		}
		ours += wape(f.Values, future) / seeds
		naive += wape(repeated(past, week, week), future) / seeds
		for i, v := range future {
			if all++; v >= f.Low[i] && v <= f.High[i] {
				inside++
			}
		}
	}
	return ours, naive, float64(inside) / float64(all)
}

// TestForecastsBeatLastWeek holds that a week ahead is forecast better than by the week before, and that the bounds hold
// 80 % of the hours.
func TestForecastsBeatLastWeek(t *testing.T) {
	none := func(*rand.Rand, []float64) {}
	outliers := func(r *rand.Rand, past []float64) {
		for range 12 {
			past[r.IntN(len(past))] *= 5
		}
		gap := len(past) - 3*dayHours
		for i := gap; i < gap+10; i++ {
			past[i] = math.NaN()
		}
	}
	for _, c := range []struct {
		name          string
		weeks         int
		noise, growth float64
		damage        func(*rand.Rand, []float64)
		least         float64 // how much better than last week
	}{
		{"5 weeks", 5, .06, 0, none, .88},
		{"5 % more a week", 5, .06, .05, none, .85},
		{"outliers and a gap of 10 hours", 5, .06, 0, outliers, .85},
		{"twice the noise", 5, .12, 0, none, .88},
		{"3 weeks", 3, .06, 0, none, 1},
	} {
		ours, naive, covered := forecasts(c.weeks, c.noise, c.growth, c.damage)
		t.Logf("%s: %.3f, last week %.3f; %.2f inside", c.name, ours, naive, covered)
		if ours > c.least*naive {
			t.Errorf("%s: error %.3f, want at most %.2f of last week's %.3f", c.name, ours, c.least, naive)
		}
		if covered < .72 || covered > .88 {
			t.Errorf("%s: bounds of 80 %% hold %.2f", c.name, covered)
		}
	}
}

// TestGrowthIsSureOnlyWhereItIs holds that noise alone has a slope surely above 0 in about one of twenty cases, and that
// growth that nearly trebles the noise in four weeks is found.
func TestGrowthIsSureOnlyWhereItIs(t *testing.T) {
	sure := func(perDay float64) (found int) {
		for seed := range uint64(100) {
			r := rand.New(rand.NewPCG(seed, 9))
			var xs, ys []float64
			for day := range 28 {
				xs, ys = append(xs, float64(day)), append(ys, 10+perDay*float64(day)+r.NormFloat64())
			}
			trend, _ := TrendOf(xs, ys, seed)
			if trend.Slope.Low > 0 {
				found++
			}
			if math.Abs(trend.Level-10) > 1.2 {
				t.Errorf("seed %d: the line begins at %v, want about 10", seed, trend.Level)
			}
		}
		return found
	}
	none, some := sure(0), sure(.1)
	t.Logf("of 100: %d without growth, %d with", none, some)
	if none > 11 || some < 90 {
		t.Errorf("growth is sure in %d of 100 without any, want about 5; in %d with 0.1 a day, want 90 or more", none, some)
	}
	if trend, ok := TrendOf([]float64{1, 2, 3}, []float64{1, 2, 3}, 1); ok {
		t.Errorf("three days have growth: %v", trend)
	}
}

// TestBoundsHoldTheForecast also where the past was forecast too low each time, because it grew at once.
func TestBoundsHoldTheForecast(t *testing.T) {
	past := make([]float64, 9*dayHours)
	for i := range past {
		past[i] = 500
		if i >= 8*dayHours {
			past[i] = 5000
		}
	}
	f, ok := Predict(past, 2*dayHours)
	if !ok || f.Low == nil {
		t.Fatal("no forecast with bounds")
	}
	for i, v := range f.Values {
		if f.Low[i] > v || f.High[i] < v {
			t.Fatalf("hour %d: %v is not within %v and %v", i, v, f.Low[i], f.High[i])
		}
	}
}

func TestForecastsNeedAPast(t *testing.T) {
	flat := func(hours int, v float64) []float64 {
		values := make([]float64, hours)
		for i := range values {
			values[i] = v
		}
		return values
	}
	if _, ok := Predict(flat(3*dayHours-1, 100), 24); ok {
		t.Error("less than three days are enough")
	}
	if _, ok := Predict(flat(30*dayHours, math.NaN()), 24); ok {
		t.Error("a past of which nothing is known is enough")
	}
	f, ok := Predict(flat(3*dayHours, 100), 30)
	if sum, low, _ := f.Sum(30); !ok || !near(sum, 3000, 1) || len(f.Values) != 30 || !math.IsNaN(low) && low > sum {
		t.Errorf("three days of the same: %+v %v", f, ok)
	}
	f, ok = Predict(flat(28*dayHours, 2), 48)
	if sum, low, high := f.Sum(48); !ok || !near(sum, 96, 1) || !near(low, 96, 1) || !near(high, 96, 1) {
		t.Errorf("few a hour, by the day: %v, %v to %v, want 96", sum, low, high)
	}
	f, ok = Predict(flat(28*dayHours, 0), 24)
	if sum, _, _ := f.Sum(24); !ok || sum > 24 {
		t.Errorf("nothing ever: %v %v", sum, ok)
	}
}

// TestForecastsOfPatchyPasts holds that what is hardly known is not forecast, and that nothing known for a month, or for
// weeks at the start, is no harm.
func TestForecastsOfPatchyPasts(t *testing.T) {
	past := func(hours int, known func(hour int) bool) []float64 {
		values := make([]float64, hours)
		for i := range values {
			if values[i] = math.NaN(); known(i) {
				values[i] = 100
			}
		}
		return values
	}
	f := func(what string, history []float64, want bool) {
		t.Helper()
		got, ok := Predict(history, 48)
		if ok != want {
			t.Errorf("%s: %v, want %v", what, ok, want)
		}
		for i, v := range got.Values {
			if math.Abs(v-100) > 1e-6 {
				t.Errorf("%s: hour %d is %v, want 100", what, i, v)
				return
			}
		}
	}
	f("one hour of five weeks", past(840, func(h int) bool { return h == 839 }), false)
	f("first and last of three days", past(72, func(h int) bool { return h == 0 || h == 71 }), false)
	f("three days after weeks of nothing", past(840, func(h int) bool { return h >= 840-72 }), true)
	f("nothing", past(840, func(int) bool { return false }), false)
	f("a gap of a month", past(840, func(h int) bool { return h < 100 || h >= 835 }), true)
	f("nothing but a time long ago", past(1700, func(h int) bool { return h < 100 }), true)
}
