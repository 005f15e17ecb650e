package coldmodel

import (
	"cmp"
	"fmt"
	"hash/fnv"
	"math"
	"slices"
	"strings"

	"edgescope/edge/platform"
	"edgescope/judge"
	"edgescope/query"
)

const (
	// few is below how many invocations nothing is said.
	few = 100
	// sampled is how many requests an event may stand for on average before gaps are longer than they were.
	sampled = 1.05
	// mostGaps bounds the gaps of a curve, and leastPoints the points that it is shown in.
	mostGaps, curvePoints = 10_000, 60
)

// published is what was published of how long platforms keep instances: for want of one's own.
var published = map[string]query.Published{
	platform.AWSLambda: {
		Low: 600, High: 3600, Text: "published of AWS Lambda: 10 minutes (2019) to 45 to 60 minutes",
	},
	platform.AzureFunctions: {Low: 1200, High: 1200, Text: "published of Azure Functions: about 20 minutes"},
}

// model makes the model of a service.
func (s *service) model() query.ColdModel {
	m := query.ColdModel{
		Service: s.name, Platform: s.platform(), Requests: query.Num(s.requests), Known: query.None(),
		Gaps: len(s.gaps), Share: s.shareOf(&s.totals), Tau10: unknown(), Tau50: unknown(), Tau90: unknown(),
	}
	if s.requests > 0 {
		m.Known = query.Num(min(1, (s.cold+s.warm)/s.requests))
	}
	for _, g := range s.gaps {
		if g.Certain {
			m.Certain++
			if g.Cold {
				m.Cold++
			}
		}
	}
	m.Warm = m.Certain - m.Cold
	m.Causes = query.ColdCauses{Deploy: s.deploy(), Idle: unknown(), Burst: unknown()}
	m.Reserved = s.reserve(&m)
	if m.State, m.Reason = s.unfit(&m); m.State != "" {
		return m
	}
	lives, ok := judge.LifetimeOf(thinned(s.gaps, mostGaps), s.seed())
	if !ok {
		s.without(&m)
		return m
	}
	m.State = query.ColdLearned
	m.Tau10, m.Tau50, m.Tau90 = figures(lives, m.Certain)
	m.Curve = curveOf(lives)
	m.Causes = s.causes(lives)
	m.WhatIf = s.whatIf(lives)
	if m.Tau10.Value.OK() {
		m.KeepWarm = s.keepWarm(&m)
	}
	m.Regions = s.regions()
	return m
}

// platform is where most of the service's invocations are.
func (s *service) platform() string {
	on := map[string]float64{}
	for _, p := range s.places {
		on[p.platform] += p.events
	}
	best := ""
	for name, n := range on {
		if best == "" || n > on[best] || n == on[best] && name < best {
			best = name
		}
	}
	return best
}

// seed makes random draws those of a question.
func (s *service) seed() uint64 {
	h := fnv.New64a()
	_, _ = fmt.Fprintf(h, "%s %d %d", s.name, s.from.Unix(), s.to.Unix())
	return h.Sum64()
}

func unknown() query.Figure {
	return query.Figure{
		Value: query.None(), Low: query.None(), High: query.None(), N: query.None(), Origin: query.OriginModel,
	}
}

// shareOf is the share of cold starts among those that tell.
func (*service) shareOf(t *totals) query.Figure {
	f := unknown()
	f.Origin, f.N = query.OriginMeasured, query.Num(math.Round(t.known()))
	if t.cold+t.warm > 0 {
		f.Value = query.Num(t.share())
		low, high := judge.Share{K: t.share() * t.known(), N: t.known()}.Wilson()
		f.Low, f.High = query.Num(low), query.Num(high)
	}
	return f
}

// deploy is the share of cold starts in the first minutes of versions.
func (s *service) deploy() query.Figure {
	return s.shareOf(&totals{s.requests, s.events, min(s.early, s.cold), s.cold + s.warm - min(s.early, s.cold)})
}

// unfit tells why a service has no lifetimes, "" when it may have.
func (s *service) unfit(m *query.ColdModel) (state, reason string) {
	known := int(m.Share.N)
	switch {
	case s.cold+s.warm == 0:
		return query.ColdUntold, "no invocation tells whether it was a cold start"
	case m.Platform == platform.Fastly:
		return query.ColdAlways, "Fastly Compute starts every request anew: there is no warm state, and no share to lower"
	case known < few:
		return query.ColdFew, fmt.Sprintf("too few (n=%d of %d)", known, few)
	case s.warm == 0:
		return query.ColdAlways, "every start is new: the runtime keeps nothing warm, or only cold starts tell so"
	case s.requests > sampled*s.events:
		return query.ColdSampled, fmt.Sprintf("an event stands for %.1f requests: between two of them others were served, "+
			"so gaps are longer than they were", s.requests/s.events)
	default:
		return "", ""
	}
}

// without says what is known without lifetimes of one's own.
func (s *service) without(m *query.ColdModel) {
	m.State = query.ColdFew
	m.Reason = fmt.Sprintf("too few gaps to learn lifetimes: %d that end for certain, %d of them cold and %d warm; "+
		"it takes 30, and 5 of each", m.Certain, m.Cold, m.Warm)
	prior, ok := published[m.Platform]
	if !ok {
		return
	}
	m.State, m.Prior = query.ColdPrior, &prior
	longer := func(seconds query.Num) query.Num {
		n := 0
		for _, g := range s.gaps {
			if g.Seconds >= float64(seconds) {
				n++
			}
		}
		return min(query.Num(float64(n)/s.events), m.Share.Value-m.Causes.Deploy.Value)
	}
	m.Causes.Idle.Low, m.Causes.Idle.High = longer(prior.High), longer(prior.Low)
	rest := m.Share.Value - m.Causes.Deploy.Value
	m.Causes.Burst.Low, m.Causes.Burst.High = rest-m.Causes.Idle.High, rest-m.Causes.Idle.Low
	m.Causes.Idle.N, m.Causes.Burst.N = m.Share.N, m.Share.N
}

// thinned returns so many certain gaps at most, which lie evenly among all.
func thinned(gaps []judge.Gap, most int) []judge.Gap {
	certain := make([]judge.Gap, 0, len(gaps))
	for _, g := range gaps {
		if g.Certain {
			certain = append(certain, g)
		}
	}
	if len(certain) <= most {
		return certain
	}
	out := make([]judge.Gap, most)
	for i := range out {
		out[i] = certain[i*len(certain)/most]
	}
	return out
}

// figures are after how long a tenth, half and nine tenths are gone. Where no gap was so long, there is a lower bound
// alone.
func figures(l *judge.Lifetime, n int) (tau10, tau50, tau90 query.Figure) {
	of := func(part float64, e judge.Estimate) query.Figure {
		if l.Gone(l.Longest()) < part {
			e = judge.Estimate{Value: math.NaN(), Low: l.Longest(), High: math.NaN()}
		}
		return figure(e, n)
	}
	return of(.1, l.Tau10), of(.5, l.Tau50), of(.9, l.Tau90)
}

func figure[N int | float64](e judge.Estimate, n N) query.Figure {
	return query.Figure{
		Value: query.Num(e.Value), Low: query.Num(e.Low), High: query.Num(e.High), N: query.Num(math.Round(float64(n))),
		Origin: query.OriginModel,
	}
}

// curveOf shows the curve up to a little beyond where nine tenths are gone.
func curveOf(l *judge.Lifetime) []query.ColdPoint {
	end := min(l.Longest(), 1.5*max(l.Tau90.Value, l.Tau50.High))
	out := make([]query.ColdPoint, curvePoints+1)
	for i := range out {
		seconds := end * float64(i) / curvePoints
		e := l.At(seconds)
		out[i] = query.ColdPoint{
			Seconds: query.Num(seconds), Gone: query.Num(e.Value), Low: query.Num(e.Low), High: query.Num(e.High),
		}
	}
	return out
}

// causes tells why cold starts happened.
func (s *service) causes(l *judge.Lifetime) query.ColdCauses {
	measured := s.share()
	c := l.CausesOf(measured, s.early/(s.cold+s.warm), s.events, s.gaps)
	idle := l.IdleAt(1, s.events, s.gaps)
	rest := measured - c.Deploy
	idle = judge.Estimate{Value: c.Idle, Low: min(idle.Low, rest), High: min(idle.High, rest)}
	burst := judge.Estimate{Value: c.Burst, Low: rest - idle.High, High: rest - idle.Low}
	return query.ColdCauses{Deploy: s.deploy(), Idle: figure(idle, s.known()), Burst: figure(burst, s.known())}
}

// whatIf replays the gaps under other loads.
func (s *service) whatIf(l *judge.Lifetime) []query.ColdIf {
	longest := 0.0
	for _, g := range s.gaps {
		longest = max(longest, g.Seconds)
	}
	var out []query.ColdIf
	for _, faster := range []float64{.5, 2, 5, 10} {
		e := l.IdleAt(faster, s.events, s.gaps)
		out = append(out, query.ColdIf{
			Faster: faster, Idle: figure(e, s.known()), Beyond: longest/faster > l.Longest() && l.Gone(l.Longest()) < .99,
		})
	}
	if len(s.places) > 1 {
		e := judge.Estimate{} // a place without gaps leaves none to all together
		if s.blind == 0 {
			e = l.IdleAt(1, s.events, s.together())
		}
		out = append(out, query.ColdIf{Faster: 1, Places: 1, Idle: figure(e, s.known())})
	}
	return out
}

// together are the gaps in what all places served.
func (s *service) together() []judge.Gap {
	var all []judge.Window
	for i, word := range s.united {
		for bit := range 64 {
			if word&(1<<bit) != 0 {
				all = append(all, judge.Window{At: int64(i*64+bit) * 10})
			}
		}
	}
	return judge.Gaps(all)
}

// regions are those with lifetimes of their own, those with most certain gaps first.
func (s *service) regions() []query.ColdRegion {
	byName := map[string]*service{}
	var all []*service
	for _, p := range s.places {
		r := byName[p.region]
		if r == nil {
			r = &service{reading: s.reading, name: s.name + " " + p.region}
			byName[p.region], all = r, append(all, r)
		}
		r.add(p.totals)
		r.places, r.gaps = append(r.places, p), append(r.gaps, p.gaps...)
	}
	if len(all) < 2 {
		return nil
	}
	certain := func(r *service) int { return len(thinned(r.gaps, len(r.gaps))) }
	slices.SortFunc(all, func(x, y *service) int {
		return cmp.Or(cmp.Compare(certain(y), certain(x)), strings.Compare(x.name, y.name))
	})
	var out []query.ColdRegion
	for _, r := range all[:min(len(all), maxRegions)] {
		l, ok := judge.LifetimeOf(thinned(r.gaps, mostGaps/maxRegions), r.seed())
		if !ok || r.cold+r.warm == 0 {
			continue
		}
		region := query.ColdRegion{Region: r.places[0].region, Share: r.shareOf(&r.totals), Certain: certain(r)}
		region.Tau10, region.Tau50, region.Tau90 = figures(l, region.Certain)
		region.Idle = figure(l.IdleAt(1, r.events, r.gaps), r.known())
		out = append(out, region)
	}
	return out
}
