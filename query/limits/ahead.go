package limits

import (
	"math"
	"time"

	"edgescope/judge"
	"edgescope/query"
	"edgescope/query/money"
	"edgescope/query/tables"
	"edgescope/query/tally"
)

// ahead is the past of a number of requests, hour by hour, what of it was since, and what is expected.
type ahead struct {
	now time.Time
	// from is the start of the first hour of the past, end that of the first hour that is not over.
	from, end time.Time
	past      []float64 // NaN is not known
	events    []float64
	// since and sinceEvents are what came from end until now.
	since, sinceEvents float64
	judge.Forecast
	ok bool
}

// aheadOf forecasts from a history to the end of the longest stretch that is asked for.
func aheadOf(h *tables.History, now time.Time, since *tally.Tally) *ahead {
	a := &ahead{now: now, from: h.From, past: h.Requests, events: h.Events, since: since.Requests, sinceEvents: since.Events}
	a.end = h.From.Add(time.Duration(len(h.Requests)) * time.Hour)
	hours := max(int(monthEnd(now).Sub(a.end)/time.Hour), forecastDays*24) + 1
	a.Forecast, a.ok = judge.Predict(h.Requests[len(h.Requests)-a.known():], hours)
	return a
}

// known is how many hours there are since the first invocation.
func (a *ahead) known() int {
	known := len(a.past)
	for known > 0 && math.IsNaN(a.past[len(a.past)-known]) {
		known--
	}
	return known
}

// forecastDays is how many days ahead an answer shows.
const forecastDays = 8

// monthStart and monthEnd bound the month of a time, in UTC.
func monthStart(t time.Time) time.Time {
	return time.Date(t.Year(), t.Month(), 1, 0, 0, 0, 0, time.UTC)
}

func monthEnd(t time.Time) time.Time { return monthStart(t).AddDate(0, 1, 0) }

// expect returns what a stretch of time, of whole hours, will have had at its end.
func (a *ahead) expect(from, to time.Time) money.Expectation {
	e := money.Expectation{From: from, To: to, SoFar: absent(), All: absent()}
	e.All.Origin = query.OriginModel
	sum, n := 0.0, 0.0
	if !from.After(a.now) {
		for i := range a.past {
			at := a.from.Add(time.Duration(i) * time.Hour)
			if !at.Before(from) && at.Before(to) && !math.IsNaN(a.past[i]) {
				sum, n = sum+a.past[i], n+a.events[i]
			}
		}
		if !a.end.Before(from) && a.end.Before(to) {
			sum, n = sum+a.since, n+a.sinceEvents
		}
		e.SoFar.Value, e.SoFar.N = query.Num(sum), query.Num(n)
	}
	if !a.ok {
		return e
	}
	rest := a.rest(a.Values, from, to)
	e.All.Value, e.All.N = query.Num(sum+rest), query.Num(n)
	if a.Low != nil {
		e.All.Low, e.All.High = query.Num(sum+a.rest(a.Low, from, to)), query.Num(sum+a.rest(a.High, from, to))
	}
	return e
}

// rest adds up what is expected from now on in a stretch of time.
func (a *ahead) rest(values []float64, from, to time.Time) float64 {
	sum := 0.0
	for i, v := range values {
		at := a.end.Add(time.Duration(i) * time.Hour)
		if !at.Before(from) && at.Before(to) {
			sum += v * a.open(at)
		}
	}
	return sum
}

// open is which part of an hour is still to come.
func (a *ahead) open(hour time.Time) float64 {
	return min(max(hour.Add(time.Hour).Sub(a.now).Hours(), 0), 1)
}

// reached returns when the requests from a time on reach a number, by these values of the hours ahead; zero if they do
// not before to.
func (a *ahead) reached(values []float64, from, to time.Time, number float64) time.Time {
	sum := 0.0
	step := func(at time.Time, v float64) (time.Time, bool) {
		if at.Before(from) || !at.Before(to) || math.IsNaN(v) {
			return time.Time{}, false
		}
		if sum+v >= number && v > 0 {
			return at.Add(time.Duration((number - sum) / v * float64(time.Hour))).Truncate(time.Minute), true
		}
		sum += v
		return time.Time{}, false
	}
	for i, v := range a.past {
		if t, ok := step(a.from.Add(time.Duration(i)*time.Hour), v); ok {
			return t
		}
	}
	for i := 0; i == 0 || i < len(values); i++ {
		at, v := a.end.Add(time.Duration(i)*time.Hour), 0.0
		if i < len(values) {
			v = values[i] * a.open(at)
		}
		if i == 0 {
			v += a.since
		}
		if t, ok := step(at, v); ok {
			return t
		}
	}
	return time.Time{}
}
