package webtest

import (
	"math"
	"time"

	"edgescope/query"
)

// findings are what is wrong: one region against its norm, one silent, a limit that is near.
func findings() []query.Finding {
	return []query.Finding{
		{
			Kind: query.KindNorm, Severity: "bad", Subject: "GRU slow 14 %", Service: "shop-web", Region: "GRU",
			Text: "14 % of invocations of shop-web in GRU take longer than 343 ms, usually 5.0 % (±15 %) at this hour, " +
				"n=1204; cache misses 28 %, usually 9.0 %; it coincides with v142, first seen at 06:30 UTC",
			Since: Now.Add(-90 * time.Minute), Shares: "215 of 400 slow ones are on /api/cart, 2.6 % of traffic",
		},
		{
			Kind: query.KindSilence, Severity: "bad", Subject: "JNB is silent", Region: "JNB", Since: Now.Add(-25 * time.Hour),
			Text: "JNB has sent nothing for more than a day, while other regions do; 12 invocations in 5 minutes are usual " +
				"at this hour",
		},
		{
			Kind: query.KindLimit, Severity: "warn", Subject: "CPU time 84 % of its limit", Service: "img-resize",
			Text: "p99 of img-resize is 8.4 ms, 84 % of 10 ms (Workers Free), n=20100", Name: "cpu",
		},
	}
}

// placed are the places of rows.
func placed(rows []query.Row) []query.Place {
	var out []query.Place
	for i := range rows {
		r := &rows[i]
		out = append(out, query.Place{
			Name: r.Name, City: r.City, Lat: r.Lat, Lon: r.Lon, Rate: r.Rate, P95: r.P95, Samples: r.Samples,
			ErrorRatio: r.ErrorRatio, Norm: r.Norm, Ratio: r.Ratio, Silent: r.Silent, Standing: r.Standing,
		})
	}
	return out
}

// standing is how a region stands whose p95 is that many times its norm; nil of one without a norm.
func standing(region string, ratio float64) *query.Standing {
	x := query.Signal{
		Name: query.SignalSlow, State: query.StandingNormal, Norm: .05, Swing: .15, Z: query.Num(10 * (ratio - 1)),
		MarkedFrom: 3.5, AlertFrom: 4.5, Over: 343, Bucket: 300,
		Share: query.Figure{
			Value: query.Num(.05 + .14*(ratio-1)), Low: query.Num(.03 + .14*(ratio-1)), High: query.Num(.07 + .14*(ratio-1)),
			N: 1204, Origin: query.OriginMeasured,
		},
	}
	switch {
	case ratio != ratio: // NaN
		return nil
	case ratio >= 1.5:
		x.State = query.StandingAlert
	case ratio >= 1.25:
		x.State = query.StandingMarked
	}
	return &query.Standing{
		Service: "shop-web", Region: region, State: x.State, Signals: []query.Signal{x}, Events: 300, Usual: 310,
	}
}

// versions are the figures by version.
func (c *Collector) versions() any {
	out := &query.Versions{About: c.about(), Versions: []query.Row{}, Choices: choices}
	if !c.Bare {
		out.Versions = c.named("v142", "v141", "2026.11.2")
	}
	return out
}

// deploys are the verdicts on versions: one is worse, and one of each other verdict.
func (c *Collector) deploys() any {
	out := &query.Deploys{About: c.about(), Deploys: []query.DeployVerdict{}, Choices: choices}
	if !c.Bare {
		out.Deploys, out.More = verdicts(), 3
	}
	return out
}

// deploy is the verdict on one of them, nil when there is none.
func (c *Collector) deploy(version string) any {
	for _, d := range verdicts() {
		if d.Version == version {
			return &query.DeployDetail{About: c.about(), Deploy: d, Choices: choices}
		}
	}
	return nil
}

func verdicts() []query.DeployVerdict {
	made := func(service, version, verdict, text string, since time.Duration) query.DeployVerdict {
		return query.DeployVerdict{
			Deploy: query.Deploy{Service: service, Version: version, At: ago(since)}, Began: ago(since), Verdict: verdict, Text: text,
			Part: query.None(), Signals: []query.Change{}, Routes: []query.RouteChange{}, Final: true,
		}
	}
	compared := func(d query.DeployVerdict, method, against string, length time.Duration) query.DeployVerdict {
		d.Method, d.Against, d.From, d.To, d.Part = method, against, d.Began, d.Began.Add(length), .5
		d.Signals = signalsOf(d.Verdict, query.None())
		return d
	}
	early := made("catalog", "2026.11.3", query.VerdictEarly, "too early to tell: the first minutes are not over", 4*time.Minute)
	early.Against, early.Final, early.Next = "2026.11.2", false, ago(-8*time.Minute)
	worse := compared(made("image-resize", "v142", query.VerdictWorse,
		"worse than v141: p95 240 ms → 413 ms (+72 %, +60 to +85), 91 % of it on /img/:id", 34*time.Minute),
		query.MethodSideBySide, "v141", 30*time.Minute)
	worse.Final, worse.Next, worse.Provisional = false, ago(-28*time.Minute), true
	worse.Routes = []query.RouteChange{
		{Route: "/img/:id", Verdict: query.VerdictWorse, Signals: signalsOf(query.VerdictWorse, .91)},
		{Route: "", Verdict: query.VerdictFew, Signals: signalsOf(query.VerdictFew, query.None())},
	}
	worse.RouteCount, worse.NewRoutes = 4, []string{"/img/:id/avif"}
	few := compared(made("static", "7f3c2a1", query.VerdictFew, "too few invocations to compare with 91be02c (n=37)", 3*time.Hour),
		query.MethodSideBySide, "91be02c", time.Hour)
	same := compared(made("image-resize", "v141", query.VerdictSame, "no difference seen against what is usual at this hour", 19*time.Hour),
		query.MethodNorm, "v140", time.Hour)
	better := compared(made("catalog", "2026.11.2", query.VerdictBetter, "better than 2026.11.1: errors 1.20 % → 0.10 %", 22*time.Hour),
		query.MethodSideBySide, "2026.11.1", time.Hour)
	alone := made("image-resize", "v140", query.VerdictAlone, "nothing served before it that it could be compared with", 150*time.Hour)
	alone.Method, alone.Signals = query.MethodNorm, signalsOf(query.VerdictFew, query.None())
	alone.Notes = []string{
		"nothing serves beside it, and the days before do not say yet what is usual at this hour: that takes three of them",
	}
	return []query.DeployVerdict{early, worse, few, same, better, alone}
}

// signalsOf are the shares of a verdict: one has it, others are the same, of a few or none.
func signalsOf(verdict string, part query.Num) []query.Change {
	measured := func(value, low, high, n float64) query.Figure {
		return figure(value, low, high, n, query.OriginMeasured)
	}
	p95, before, change := measured(413, 396, 431, 61_000), measured(240, 231, 249, 60_000), measured(.72, .6, .85, 60_000)
	out := []query.Change{
		{
			Signal: query.SignalSlow, Verdict: query.VerdictSame, Text: "p95 240 ms → 243 ms (+1 %, -3 to +5)", Over: 240,
			Share: measured(.052, .05, .054, 61_000), Before: measured(.05, .048, .052, 60_000),
			Difference: measured(.002, -.001, .005, 61_000), Score: .9, Sure: 4.42, Part: query.None(),
		},
		{
			Signal: query.SignalErrors, Verdict: query.VerdictSame, Text: "errors 0.10 % → 0.11 % (+0.01 points, -0.02 to +0.04)",
			Share: measured(.0011, .0009, .0014, 61_000), Before: measured(.001, .0008, .0013, 60_000),
			Difference: measured(.0001, -.0002, .0004, 61_000), Score: .4, Sure: 4.42, Over: query.None(), Part: query.None(),
		},
		{
			Signal: query.SignalCold, Verdict: query.VerdictEarly, Text: "cold starts: too early to tell", Score: query.None(), Sure: 4.42,
			Share: unsaid(61_000), Before: unsaid(60_000), Difference: unsaid(60_000), Over: query.None(), Part: query.None(),
		},
		{
			Signal: query.SignalHitLoss, Verdict: query.VerdictFew, Text: "cache misses: too few (n=37)", Score: query.None(), Sure: 4.42,
			Share: unsaid(37), Before: unsaid(52), Difference: unsaid(37), Over: query.None(), Part: query.None(),
		},
	}
	switch verdict {
	case query.VerdictWorse:
		c := &out[0]
		c.Verdict, c.Text, c.Part = verdict, "p95 240 ms → 413 ms (+72 %, +60 to +85)", part
		c.Share, c.Difference, c.Score = measured(.142, .139, .145, 61_000), measured(.092, .088, .096, 61_000), 21.4
		c.P95, c.P95Before, c.P95Change = &p95, &before, &change
	case query.VerdictBetter:
		c := &out[1]
		c.Verdict, c.Text = verdict, "errors 1.20 % → 0.10 % (-1.10 points, -1.30 to -0.90)"
		c.Before, c.Difference, c.Score = measured(.012, .011, .013, 60_000), measured(-.011, -.013, -.009, 60_000), -11.2
	case query.VerdictFew:
		for i := range out {
			c := &out[i]
			c.Verdict, c.Share, c.Before, c.Difference, c.Score = verdict, unsaid(37), unsaid(52), unsaid(37), query.None()
		}
	}
	return out
}

// unsaid is a figure of too few events.
func unsaid(n float64) query.Figure {
	return figure(math.NaN(), math.NaN(), math.NaN(), n, query.OriginMeasured)
}
