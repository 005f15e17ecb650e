package webtest

import (
	"time"

	"edgescope/query"
)

// explain is what bad invocations of the made collector share: a pair and a value.
func (c *Collector) explain() any {
	a := &query.Explanation{
		About: c.about(), Choices: choices, Bad: query.BadErrors, Verdict: query.ExplainedFew,
		Text: "Too few to tell: 3 errors of 37 requests (n=37); it takes 10 of 100.", Looked: 37, LookedBad: 3, Of: 37,
		Causes: []query.Cause{}, Attributes: []query.Looked{},
	}
	a.Source, a.Step = "events", 0
	if c.Bare {
		return a
	}
	figure := func(value, low, high query.Num) query.Figure {
		return query.Figure{Value: value, Low: low, High: high, N: 40_000, Origin: query.OriginMeasured}
	}
	a.Why = "of errors and slow requests, errors are further above what is usual: 312 more, of slow requests no more"
	a.Verdict, a.Text = query.ExplainedCauses, "215 of 400 errors are GRU on /api/cart, 2.6 % of traffic."
	a.Looked, a.LookedBad, a.Of, a.Tests = 40_000, 400, 985_000_000, 412
	a.Stretches = []query.Stretch{
		{From: Now.Add(-9 * time.Hour), To: Now.Add(-9*time.Hour + 2*time.Second)},
		{From: Now.Add(-3 * time.Hour), To: Now.Add(-3*time.Hour + 2*time.Second)},
	}
	a.Causes = []query.Cause{{
		Is:   []query.Shared{{Key: "cloud.region", Value: "GRU"}, {Key: "http.route", Value: "/api/cart"}},
		Text: "215 of 400 errors are GRU on /api/cart, 2.6 % of traffic", N: 1040, Bad: 215, Of: 400,
		Part: figure(.026, .0245, .0276), Risk: figure(43.5, 36, 52.6), Sure: 29.9, Excess: 210.1,
		Query: "q=-outcome%3Aok+-outcome%3Acanceled&region=GRU&route=%2Fapi%2Fcart",
	}, {
		Is:   []query.Shared{{Key: "feature.flag", Value: ""}},
		Text: "61 of 185 errors are without feature.flag, 8.1 % of traffic", N: 3240, Bad: 61, Of: 185,
		Part: figure(.081, .0784, .0837), Risk: figure(5.5, 4.1, 7.4), Sure: 3.2, Excess: 49.9,
		Query: "q=-outcome%3Aok+-outcome%3Acanceled+-feature.flag%3A%2A",
	}}
	a.Attributes = []query.Looked{
		{Key: "service.name", Values: 4},
		{Key: "cloud.region", Values: 12},
		{Key: "http.route", Values: 40},
		{Key: "edge.colo", Values: 12, Left: "tells the same apart as cloud.region"},
		{Key: "http.response.status_code", Values: 5, Left: "says itself what is bad"},
		{Key: "feature.flag", Values: 3},
		{Key: "customer.id", Left: "more than 1000 values"},
	}
	return a
}
