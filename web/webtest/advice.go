package webtest

import (
	"time"

	"edgescope/query"
	"edgescope/query/served"
)

// advice is what would save misses of the made collector: a route with everything, and one that is only counted.
func (c *Collector) advice() any {
	a := &query.CacheAdvice{About: c.about(), Choices: choices, Target: .85, Advice: []query.CacheKeyAdvice{}}
	a.Source, a.Step = "events", 0
	if c.Bare {
		return a
	}
	none := query.None()
	figure := func(value, low, high query.Num, origin string) query.Figure {
		return query.Figure{Value: value, Low: low, High: high, N: 41_200, Origin: origin}
	}
	unknown := query.Figure{Value: none, Low: none, High: none, Origin: query.OriginModel}
	a.Replayed, a.Left = &query.Stretch{From: Now.Add(-34 * time.Minute), To: Now.Add(-90 * time.Second)}, 3
	a.Advice = append(a.Advice, query.CacheKeyAdvice{
		Service: "image-resize", Region: "GRU", Route: "/img/*", Requests: 1_240_000, Misses: 496_000,
		Hits: figure(.6, .599, .601, query.OriginMeasured), MissTime: 180, HitTime: 12, Lost: 83_328_000, Bytes: 48_000,
		Keys: 212, Kept: figure(150, 149, 151, query.OriginModel), Configured: 3600,
		ForTarget: figure(567, none, none, query.OriginModel), Doubled: figure(.75, .749, .751, query.OriginModel),
		Prefetch: &query.CachePrefetch{
			Keys: 37, Misses: figure(61_000, none, none, query.OriginModel), Saved: 10_248_000, Fetches: 79_000, Waste: .295,
			PerByte: .0027,
		},
		Together: figure(.123, .12, .126, query.OriginMeasured), Held: figure(.2, .197, .203, query.OriginModel),
		Text: []string{
			"Answers say that they may be kept for 60 min, and are kept for about 150 s: they are evicted, purged, or split by Vary.",
			"Keep answers for 567 s instead of about 150 s: 85 % hits instead of 60 %, 310000 misses fewer in the range.",
			"12 % of misses come while the same path is being fetched: let them wait for that answer.",
		},
	}, query.CacheKeyAdvice{
		Service: "catalog", Region: "", Route: "/api/catalog", Requests: 37, Misses: 9,
		Hits: figure(.757, .6, .87, query.OriginMeasured), MissTime: 60, HitTime: none, Lost: 540, Bytes: none, Keys: none,
		Kept: unknown, Configured: none, ForTarget: unknown, Doubled: unknown, Together: unknown, Held: unknown,
	})
	return a
}

// routing is who is served where of the made collector: an advice, a breach, what is fine and what is too few.
func (c *Collector) routing() any {
	a := &served.Answer{
		About: c.about(), Choices: choices, Countries: []served.Country{}, Audit: []served.Audit{},
		Read:   query.Stretch{From: Now.Add(-3 * query.Day), To: Now},
		Factor: query.Figure{Value: 1.6, Low: 1.3, High: 2, N: 3, Origin: query.OriginModel},
	}
	a.Source, a.Step = "events", 0
	if c.Bare {
		return a
	}
	none := query.None()
	absent := query.Figure{Value: none, Low: none, High: none, Origin: query.OriginMeasured}
	serving := func(region string, share, p95, rtt, errors query.Num, origin string) served.Region {
		n := 1000 + 90_000*share
		return served.Region{
			Region: region, State: served.Fit, Share: share, Score: p95 + 1000*errors,
			P95:    query.Figure{Value: p95, Low: .93 * p95, High: 1.07 * p95, N: n, Origin: origin},
			RTT:    query.Figure{Value: rtt, Low: .9 * rtt, High: 1.1 * rtt, N: n, Origin: origin},
			Errors: query.Figure{Value: errors, Low: .8 * errors, High: 1.3 * errors, N: n, Origin: query.OriginMeasured},
		}
	}
	barred := serving("us-east-1", .004, 31, 9, .001, query.OriginMeasured)
	barred.State, barred.Score = served.Barred, none
	fewOf := served.Region{
		Region: "ap-south-1", State: served.Few, Share: 1, P95: absent, RTT: absent, Errors: absent, Score: none,
	}
	fewOf.P95.N = 37
	a.Countries = []served.Country{
		{
			Service: "image-resize", Country: "US", Requests: 1_240_000, Now: "eu-west-1", To: "us-east-1",
			Text: "Serve from us-east-1 instead of eu-west-1: users would wait 38 ms instead of 95 ms (p95), with 2 % errors " +
				"instead of 0.1 %. Add it to the regions of the service.",
			Regions: []served.Region{
				serving("us-east-1", .17, 38, 20, .02, query.OriginMeasured),
				serving("eu-west-1", .83, 95, 70, .001, query.OriginMeasured),
				serving("sa-east-1", 0, 160, 118, .002, query.OriginModel),
			},
		},
		{
			Service: "image-resize", Country: "DE", Requests: 812_000, Zone: "EU", Now: "eu-west-1", Text: "eu-west-1 serves it best.",
			Regions: []served.Region{serving("eu-west-1", .996, 45, 22, .002, query.OriginMeasured), barred},
		},
		{
			Service: "catalog", Country: "IN", Requests: 37, Now: "ap-south-1", Text: "Too few to judge (n=37).",
			Regions: []served.Region{fewOf},
		},
	}
	a.Left = 4
	a.Audit = []served.Audit{{
		Zone: "EU", Requests: 900_000, Outside: 3_248, Unknown: 120,
		Share:    query.Figure{Value: .0036, Low: .0035, High: .0037, N: 900_000, Origin: query.OriginMeasured},
		Breaches: []served.Breach{{Service: "image-resize", Country: "DE", Region: "us-east-1", Requests: 3_248, Last: Now.Add(-time.Hour)}},
	}}
	return a
}
