package webtest

import (
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
