package caching

import (
	"fmt"
	"math"
	"time"

	"edgescope/judge"
	"edgescope/query"
)

const (
	// wellBelow is which part of the configured time to live tells that answers leave the cache early.
	wellBelow = 0.5
	// worthSharing is which part of misses must come together to be told.
	worthSharing = 0.05
	// leastTogether is how many of them.
	leastTogether = 10
)

// model fills what follows from the paths of a place.
type model struct {
	*counted
	keys    *keys
	out     *query.CacheKeyAdvice
	target  float64
	seconds float64       // of the range
	length  time.Duration // of what was replayed
}

func (m *model) fill() {
	out, n := m.out, query.Num(m.keys.n)
	rates := m.keys.rates(m.length)
	figure := func(value, low, high float64) query.Figure {
		return query.Figure{Value: finite(value), Low: finite(low), High: finite(high), N: n, Origin: query.OriginModel}
	}
	out.Keys = query.Num(len(m.keys.paths))
	low, high := float64(out.Hits.Low), float64(out.Hits.High)
	kept := judge.TTLOf(rates, float64(out.Hits.Value))
	least, most := judge.TTLOf(rates, low), judge.TTLOf(rates, high)
	out.Kept = figure(kept, least, most)
	if said := m.keys.said(); said > 0 {
		out.Configured = query.Num(said)
	}
	if float64(out.Hits.Value) < m.target {
		need := judge.TTLOf(rates, m.target)
		out.ForTarget = figure(need, math.NaN(), math.NaN())
	}
	out.Doubled = figure(judge.HitRatioOf(rates, 2*kept), judge.HitRatioOf(rates, 2*least), judge.HitRatioOf(rates, 2*most))
	m.prefetch(rates, kept)
	out.Together, out.Held = shared(m.keys.together(0)), shared(m.keys.together(held))
	out.Held.Origin = query.OriginModel
	m.say()
}

// shared makes a figure of a share that was counted.
func shared(s judge.Share) query.Figure {
	if s.N == 0 {
		return query.Figure{Value: query.None(), Low: query.None(), High: query.None(), Origin: query.OriginMeasured}
	}
	low, high := s.Wilson()
	return query.Figure{
		Value: query.Num(s.Ratio()), Low: query.Num(low), High: query.Num(high), N: query.Num(s.N),
		Origin: query.OriginMeasured,
	}
}

// prefetch adds up what fetching before expiry saves of the paths that are worth it, at the time to live that they have
// now.
func (m *model) prefetch(rates []float64, ttl float64) {
	if !(ttl > 0) || math.IsInf(ttl, 0) || m.hits == 0 {
		return
	}
	p := &query.CachePrefetch{}
	misses := 0.0
	for _, rate := range rates {
		f := judge.PrefetchOf(rate, ttl, m.seconds, m.miss(), m.hit())
		if !f.Worth {
			continue
		}
		p.Keys++
		misses += f.Misses
		p.Saved += query.Num(f.Saved)
		p.Fetches += query.Num(f.Fetches)
	}
	if misses < leastMisses || p.Saved <= 0 {
		return
	}
	p.Misses = query.Figure{
		Value: query.Num(misses), Low: query.None(), High: query.None(), N: query.Num(m.keys.n), Origin: query.OriginModel,
	}
	p.Waste = (p.Fetches - query.Num(misses)) / query.Num(misses)
	p.PerByte = p.Saved / (p.Fetches * m.out.Bytes)
	m.out.Prefetch = p
}

// say writes the advice.
func (m *model) say() {
	out := m.out
	add := func(format string, args ...any) { out.Text = append(out.Text, fmt.Sprintf(format, args...)) }
	if out.Configured.OK() && out.Kept.High.OK() && out.Kept.High < wellBelow*out.Configured {
		add("Answers say that they may be kept for %s, and are kept for about %s: they are evicted, purged, or split by Vary.",
			span(out.Configured), span(out.Kept.Value))
	}
	if out.ForTarget.Value.OK() && out.Hits.High < query.Num(m.target) {
		fewer := float64(out.Misses) - float64(out.Requests)*(1-m.target)
		add("Keep answers for %s instead of about %s: %.0f %% hits instead of %.0f %%, %.0f misses fewer in the range.",
			span(out.ForTarget.Value), span(out.Kept.Value), 100*m.target, 100*float64(out.Hits.Value), fewer)
	}
	if p := out.Prefetch; p != nil {
		add("Fetch %.0f of its paths again before they expire: %.0f misses fewer in the range for %.0f fetches.",
			float64(p.Keys), float64(p.Misses.Value), float64(p.Fetches))
	}
	if s := out.Together; s.Value.OK() && s.Value*s.N >= leastTogether && s.Low >= worthSharing {
		add("%.0f %% of misses come while the same path is being fetched: let them wait for that answer.",
			100*float64(s.Value))
	}
}

// span writes seconds with two digits or so.
func span(seconds query.Num) string {
	switch s := float64(seconds); {
	case s < 10:
		return fmt.Sprintf("%.1f s", s)
	case s < 600:
		return fmt.Sprintf("%.0f s", s)
	case s < 2*3600:
		return fmt.Sprintf("%.0f min", s/60)
	case s < 48*3600:
		return fmt.Sprintf("%.1f h", s/3600)
	default:
		return fmt.Sprintf("%.1f days", s/86400)
	}
}
