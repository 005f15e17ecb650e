package judge

import (
	"math"
	"math/rand/v2"
	"slices"
)

const (
	dayHours = 24
	// pastDays is of how many days profile and trend are made.
	pastDays = 28
	// damping is by what a trend weakens each day ahead.
	damping = 0.9
	// leastDays is how many days of the past a forecast needs, and leastWeekly how many one by the week.
	leastDays, leastWeekly = 3, 14
	// leastAnHour is the median below which an hour is too small to be forecast by itself.
	leastAnHour = 10
	// testEvery and testDays say from where on the past is forecast again to see how well that works.
	testEvery, testDays = 12, 14
	// tiny stands for nothing where a logarithm is taken.
	tiny = 0.5
)

// Method says how a forecast is made.
type Method string

const (
	// BySeason is a profile of the week (or day) times a level with a damped trend.
	BySeason Method = "season"
	// ByLastWeek repeats the last week, where the past shows that nothing else is better.
	ByLastWeek Method = "last week"
)

// Forecast is what is expected hour by hour.
type Forecast struct {
	Method Method
	// Values are those of the hours ahead. Low and High hold 80 % of them, as far as the past tells; nil where it is too
	// short to tell.
	Values, Low, High []float64
	// Error is by how much the method was wrong where it was tried on the last two weeks: the sum of its errors as a part
	// of the sum of the values (WAPE), NaN without a try. Tests is how many tries there were.
	Error float64
	Tests int
}

// Sum returns the expected sum of the first n hours with its bounds, which are those of each hour added up: wider than
// 80 %. low and high are NaN where they are not known.
func (f *Forecast) Sum(n int) (sum, low, high float64) {
	low, high = math.NaN(), math.NaN()
	if f.Low != nil {
		low, high = total(f.Low[:n]), total(f.High[:n])
	}
	return total(f.Values[:n]), low, high
}

func total(values []float64) float64 {
	sum := 0.0
	for _, v := range values {
		sum += v
	}
	return sum
}

// Predict forecasts from hourly values, oldest first, NaN where nothing is known. It fails with fewer than three days
// since the first that is known, or where less than half of three days is known at all. Hours of fewer than ten are forecast by the day, each hour a 24th of it.
//
// The profile of an hour of the week is the median, over four weeks, of its value over the week's median; the level of
// a day is the median of its values over their profile, as logarithm; the trend is the median of the slopes between all
// pairs of days (Theil and Sen), weaker by a tenth with each day ahead. Medians keep outliers and gaps out.
func Predict(history []float64, ahead int) (Forecast, bool) {
	known, first := 0, len(history)
	for i, v := range history {
		if !math.IsNaN(v) {
			known, first = known+1, min(first, i)
		}
	}
	if history = history[first:]; len(history) < leastDays*dayHours || known < leastDays*dayHours/2 {
		return Forecast{}, false
	}
	if medianKnown(history) < leastAnHour {
		return byDay(history, ahead)
	}
	return predict(history, ahead, seasonOf(len(history), dayHours), dayHours), true
}

// seasonOf is the length of the season that so many values allow, of a day or a week.
func seasonOf(values, perDay int) int {
	if values >= leastWeekly*perDay {
		return 7 * perDay
	}
	return perDay
}

// byDay forecasts sums of days.
func byDay(history []float64, ahead int) (Forecast, bool) {
	history = history[len(history)%dayHours:]
	days := make([]float64, len(history)/dayHours)
	for d := range days {
		sum, known := 0.0, 0
		for _, v := range history[d*dayHours : (d+1)*dayHours] {
			if !math.IsNaN(v) {
				sum, known = sum+v, known+1
			}
		}
		if days[d] = math.NaN(); known >= dayHours/2 {
			days[d] = sum * dayHours / float64(known)
		}
	}
	if len(days) < leastDays || math.IsNaN(medianKnown(days)) {
		return Forecast{}, false
	}
	f := predict(days, (ahead+dayHours-1)/dayHours, seasonOf(len(days), 1), 1)
	spread := func(days []float64) []float64 {
		if days == nil {
			return nil
		}
		hours := make([]float64, ahead)
		for i := range hours {
			hours[i] = days[i/dayHours] / dayHours
		}
		return hours
	}
	f.Values, f.Low, f.High = spread(f.Values), spread(f.Low), spread(f.High)
	return f, true
}

// predict forecasts values of which there are perDay a day, and tests on the past how well that works.
func predict(history []float64, ahead, season, perDay int) Forecast {
	f := Forecast{Method: BySeason, Values: fit(history, ahead, season, perDay)}
	repeat := func(history []float64, ahead int) []float64 { return repeated(history, ahead, season) }
	ours := backtest(history, perDay, season, func(h []float64, n int) []float64 { return fit(h, n, season, perDay) })
	theirs := backtest(history, perDay, season, repeat)
	if ours.tests > 0 && theirs.absolute < ours.absolute {
		f.Method, f.Values, ours = ByLastWeek, repeat(history, ahead), theirs
	}
	f.Error, f.Tests = ours.absolute/ours.actual, ours.tests
	if ours.tests > 0 {
		f.Low, f.High = ours.bounds(f.Values, perDay)
	}
	return f
}

// fit forecasts by profile, level and trend.
func fit(history []float64, ahead, season, perDay int) []float64 {
	profile := profileOf(history, season, perDay)
	level, slope := trendOf(history, profile, perDay)
	values := make([]float64, ahead)
	for i := range values {
		days := float64(i+1) / float64(perDay)
		damped := damping * (1 - math.Pow(damping, days)) / (1 - damping)
		values[i] = profile[(len(history)+i)%season] * math.Exp(level+slope*damped)
	}
	return values
}

// profileOf returns what each place of the season is worth beside the season's median. Places are counted from the first
// value of the history.
func profileOf(history []float64, season, perDay int) []float64 {
	shares := make([][]float64, season)
	first := max(0, len(history)-pastDays*perDay)
	for end := len(history); end-season >= first; end -= season {
		part := history[end-season : end]
		middle := medianKnown(part)
		if math.IsNaN(middle) || middle <= 0 {
			continue
		}
		for i, v := range part {
			if place := (end - season + i) % season; !math.IsNaN(v) {
				shares[place] = append(shares[place], v/middle)
			}
		}
	}
	profile := make([]float64, season)
	for i := range profile {
		if profile[i] = 1; len(shares[i]) > 0 {
			profile[i] = max(median(shares[i]), 1e-3)
		}
	}
	return profile
}

// trendOf returns the level at the end of the history, as logarithm, and by how much it grows a day. Something of the
// history is known.
func trendOf(history, profile []float64, perDay int) (level, slope float64) {
	var days, levels []float64
	for end := len(history); end-perDay >= 0 && len(days) < pastDays; end -= perDay {
		var logs []float64
		for i := end - perDay; i < end; i++ {
			if !math.IsNaN(history[i]) {
				logs = append(logs, math.Log(max(history[i], tiny)/profile[i%len(profile)]))
			}
		}
		if len(logs) > 0 {
			days = append(days, float64(end-len(history))/float64(perDay))
			levels = append(levels, median(logs))
		}
	}
	slope = TheilSen(days, levels)
	if len(levels) == 0 { // nothing is known of so many days
		return math.Log(max(medianKnown(history), tiny)), 0
	}
	rest := make([]float64, 0, 7)
	for i := range min(7, len(days)) {
		rest = append(rest, levels[i]-slope*days[i])
	}
	return median(rest), slope
}

// TheilSen returns the median of the slopes between all pairs of points, 0 with fewer than two.
func TheilSen(xs, ys []float64) float64 {
	var slopes []float64
	for i := range xs {
		for j := range i {
			if xs[i] != xs[j] {
				slopes = append(slopes, (ys[i]-ys[j])/(xs[i]-xs[j]))
			}
		}
	}
	if len(slopes) == 0 {
		return 0
	}
	return median(slopes)
}

// Trend is a line through points.
type Trend struct {
	// Slope is the median of the slopes between all pairs of points, with what holds it with 90 %.
	Slope Estimate
	// Level is the line at 0.
	Level float64
}

// TrendOf returns the line through points by Theil and Sen; the interval is that of 200 samples of the points, drawn
// with replacement from seed. It fails with fewer than 7 points.
func TrendOf(xs, ys []float64, seed uint64) (Trend, bool) {
	const least, draws = 7, 200
	if len(xs) < least {
		return Trend{}, false
	}
	r := rand.New(rand.NewPCG(seed, 28))
	slopes := make([]float64, draws)
	x, y := make([]float64, len(xs)), make([]float64, len(ys))
	for d := range slopes {
		for i := range x {
			at := r.IntN(len(xs))
			x[i], y[i] = xs[at], ys[at]
		}
		slopes[d] = TheilSen(x, y)
	}
	slices.Sort(slopes)
	t := Trend{Slope: Estimate{TheilSen(xs, ys), quantile(slopes, .05), quantile(slopes, .95)}}
	for i := range x {
		x[i] = ys[i] - t.Slope.Value*xs[i]
	}
	t.Level = median(x)
	return t, true
}

// repeated forecasts by the values of one season before; where one is not known, by the season before that.
func repeated(history []float64, ahead, season int) []float64 {
	values := make([]float64, ahead)
	for i := range values {
		at := len(history) + i%season - season
		for at >= 0 && math.IsNaN(history[at]) {
			at -= season
		}
		if values[i] = tiny; at >= 0 {
			values[i] = history[at]
		}
	}
	return values
}

// tested is how well a method forecast the past.
type tested struct {
	tests    int
	absolute float64 // the sum of the absolute errors
	actual   float64 // the sum of the values that were forecast
	logs     [][]float64
}

// backtest forecasts the last two weeks from every twelfth hour on.
func backtest(history []float64, perDay, season int, method func([]float64, int) []float64) tested {
	t := tested{logs: make([][]float64, 7)}
	every := max(1, testEvery*perDay/dayHours)
	for at := len(history) - every; at >= max(2*season, len(history)-testDays*perDay); at -= every {
		actual := history[at:min(len(history), at+7*perDay)]
		if math.IsNaN(medianKnown(actual)) {
			continue
		}
		for i, v := range method(history[:at], len(actual)) {
			if !math.IsNaN(actual[i]) {
				t.absolute += math.Abs(v - actual[i])
				t.actual += actual[i]
				t.logs[i/perDay] = append(t.logs[i/perDay], math.Log(max(actual[i], tiny)/max(v, tiny)))
			}
		}
		t.tests++
	}
	return t
}

// bounds returns between what 80 % of values ahead lie, and the values themselves, which were too low or too high nearly
// each time where the past has grown or shrunk at once. Days beyond those that were tested are as unsure as the last.
func (t *tested) bounds(values []float64, perDay int) (low, high []float64) {
	var downs, ups []float64
	for _, logs := range t.logs {
		if len(logs) > 0 {
			slices.Sort(logs)
			downs = append(downs, math.Exp(min(0, quantile(logs, .1))))
			ups = append(ups, math.Exp(max(0, quantile(logs, .9))))
		}
	}
	low, high = make([]float64, len(values)), make([]float64, len(values))
	for i, v := range values {
		day := min(i/perDay, len(downs)-1)
		low[i], high[i] = v*downs[day], v*ups[day]
	}
	return low, high
}

// quantile interpolates between sorted values.
func quantile(sorted []float64, q float64) float64 {
	at := q * float64(len(sorted)-1)
	i := int(at)
	if i+1 >= len(sorted) {
		return sorted[len(sorted)-1]
	}
	return sorted[i] + (at-float64(i))*(sorted[i+1]-sorted[i])
}

// medianKnown is the median of the values that are known, NaN of none.
func medianKnown(values []float64) float64 {
	known := make([]float64, 0, len(values))
	for _, v := range values {
		if !math.IsNaN(v) {
			known = append(known, v)
		}
	}
	if len(known) == 0 {
		return math.NaN()
	}
	return median(known)
}
