package figures

import (
	"fmt"
	"math"
	"time"

	"edgescope/query"
)

// When a change is worth a sentence: both sides have at least 100 events, and P95 rose by a fifth and by 5 ms at least,
// or the error ratio by a point. It is bad, not only worth a warning, from a half or five points on.
const (
	warnRise       = 0.20
	badRise        = 0.50
	leastRise      = 5.0 // ms
	warnErrors     = 0.01
	badErrors      = 0.05
	notableHitLoss = 0.05

	// silentScore weighs a region that has gone silent like a latency that has doubled.
	silentScore = 2
)

// Find returns the worst regression of a region or a route against its figures before, nil when there is none.
func Find(regions, routes []query.Row, deploys []query.Deploy) *query.Finding {
	var worst *query.Finding
	var most float64
	for i := range regions {
		if f, score := judge(&regions[i], regions[i].Name, deploys); score > most {
			f.Region = regions[i].Name
			worst, most = f, score
		}
	}
	for i := range routes {
		if f, score := judge(&routes[i], routes[i].Name, deploys); score > most {
			f.Route = routes[i].Name
			worst, most = f, score
		}
	}
	return worst
}

// judge scores a row's change: 1 is where it begins to be bad, 0 that there is nothing to say. Traffic adds weight
// slowly.
func judge(r *query.Row, name string, deploys []query.Deploy) (*query.Finding, float64) {
	if r.Silent > 0 && name != "" {
		silence := (time.Duration(r.Silent) * time.Second).Truncate(time.Minute)
		return &query.Finding{
			Kind: query.KindSilence, Severity: "bad", Subject: name + " is silent",
			Text: fmt.Sprintf("%s has sent nothing for %s, while other regions do", name, query.FormatLength(silence)) +
				newestDeploy(deploys),
		}, silentScore * math.Log10(float64(r.Requests))
	}
	b := r.Before
	if b == nil || name == "" || !(r.Samples >= FewEvents && b.Samples >= FewEvents) {
		return nil, 0
	}
	rise, errors := float64(r.P95/b.P95-1), float64(r.ErrorRatio-b.ErrorRatio)
	slow := rise >= warnRise && float64(r.P95-b.P95) >= leastRise
	failing := errors >= warnErrors
	if !slow && !failing {
		return nil, 0
	}
	f := &query.Finding{Kind: query.KindNorm, Severity: "warn"}
	score := 0.0
	if slow {
		score = rise / badRise
		f.Subject = fmt.Sprintf("%s p95 +%.0f %%", name, 100*rise)
		f.Text = fmt.Sprintf("%s p95 +%.0f %%: %s → %s", name, 100*rise, milliseconds(b.P95), milliseconds(r.P95))
	}
	if s := errors / badErrors; failing && s > score {
		score = s
		f.Subject = fmt.Sprintf("%s errors +%.1f pt", name, 100*errors)
		f.Text = fmt.Sprintf("%s errors %.1f %% → %.1f %%", name, 100*float64(b.ErrorRatio), 100*float64(r.ErrorRatio))
	}
	if score >= 1 {
		f.Severity = "bad"
	}
	f.Text += hitLoss(r) + newestDeploy(deploys)
	return f, score * math.Log10(float64(r.Requests))
}

// newestDeploy names the newest version of the range: the change that is nearest at hand.
func newestDeploy(deploys []query.Deploy) string {
	if len(deploys) == 0 {
		return ""
	}
	d := deploys[len(deploys)-1]
	return fmt.Sprintf("; %s was first seen at %s UTC", d.Version, d.At.UTC().Format("15:04"))
}

func hitLoss(r *query.Row) string {
	was, is := r.Before.Cache.HitRatio, r.Cache.HitRatio
	if !(was-is >= notableHitLoss) {
		return ""
	}
	return fmt.Sprintf("; cache hit ratio fell %.0f %% → %.0f %%", 100*float64(was), 100*float64(is))
}

func milliseconds(n query.Num) string {
	switch {
	case n < 10:
		return fmt.Sprintf("%.1f ms", float64(n))
	case n < 10_000:
		return fmt.Sprintf("%.0f ms", float64(n))
	default:
		return fmt.Sprintf("%.1f s", float64(n)/1000)
	}
}
