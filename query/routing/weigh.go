package routing

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"time"

	"edgescope/edge/place"
	"edgescope/judge"
	"edgescope/policy"
	"edgescope/query"
	"edgescope/query/served"
)

const (
	// few is below how many events nothing is known of a region.
	few = 100
	// mostTold is which share of a pair's events must say their round trip for what users wait to be measured, leastTrips
	// how many must for the round trip.
	mostTold, leastTrips = 0.8, 20
	// fewErrors is from which share of errors on a region is none to advise.
	fewErrors = 0.05
	// A region is silent after so long without an event, where at least so many were due.
	quiet, leastDue = 30 * time.Minute, 20
)

// How much longer than the straight line paths are, where fewer than leastPairs pairs tell it: judgement.md, 7. Closer
// than leastKM the last mile is most of a round trip.
const (
	usualFactor, lowFactor, highFactor = 1.6, 1.3, 2
	leastPairs, leastKM                = 5, 300
)

// fit learns from measured round trips how much longer than the straight line paths are.
func fit(p *period) query.Figure {
	var factors []float64
	for of, c := range p.pairs {
		km, ok := place.Distance(of.country, of.region)
		if ok && km >= leastKM && c.trips.Total() >= few {
			factors = append(factors, float64(c.trips.Quantile(.5))/judge.RTT(km, 1))
		}
	}
	slices.Sort(factors)
	n := len(factors)
	out := query.Figure{
		Value: usualFactor, Low: lowFactor, High: highFactor, N: query.Num(n), Origin: query.OriginModel,
	}
	if n >= leastPairs {
		out.Value = query.Num(factors[n/2])
		out.Low, out.High = query.Num(factors[n/10]), query.Num(factors[n-1-n/10])
	}
	return out
}

// weighing weighs regions for countries.
type weighing struct {
	each   []*period
	all    *period
	zones  []policy.Zone
	factor query.Figure
	end    time.Time
	// of and served are the regions of each service and those of them that serve a country, by name, once asked for.
	of     map[string][]string
	served map[pair][]string
}

// countries are the countries of services, those with most requests first, as pairs without a region.
func (w *weighing) countries() []pair {
	requests := map[pair]float64{}
	w.of, w.served = map[string][]string{}, map[pair][]string{}
	for of, c := range w.all.pairs {
		if of.country == "" || of.region == "" {
			continue
		}
		country := pair{service: of.service, country: of.country}
		requests[country] += c.weight
		w.served[country] = append(w.served[country], of.region)
	}
	for of := range w.all.regions {
		if of.region != "" {
			w.of[of.service] = append(w.of[of.service], of.region)
		}
	}
	for _, names := range w.of {
		slices.Sort(names)
	}
	out := make([]pair, 0, len(requests))
	for p := range requests {
		out = append(out, p)
	}
	slices.SortFunc(out, func(a, b pair) int {
		return cmp.Or(cmp.Compare(requests[b], requests[a]), strings.Compare(a.service, b.service),
			strings.Compare(a.country, b.country))
	})
	return out
}

// weigh weighs all regions of a service for a country.
func (w *weighing) weigh(of pair) served.Country {
	out := served.Country{Service: of.service, Country: of.country}
	zone := zoneOf(w.zones, of.country)
	if zone != nil {
		out.Zone = zone.Name
	}
	var most float64
	for _, region := range slices.Sorted(slices.Values(w.served[of])) {
		weight := w.all.pairs[pair{of.service, of.country, region}].weight
		out.Requests += query.Num(weight)
		if weight > most {
			out.Now, most = region, weight
		}
	}
	regions, ranked := w.rank(w.all, of, zone)
	perDay := make([][]judge.Ranked, 0, len(w.each))
	for _, day := range w.each {
		servings, ranked := w.rank(day, of, zone)
		if now := find(servings, out.Now); now == nil || now.State == served.Few || now.State == served.Unplaced {
			ranked = nil // nothing is known of that day
		}
		perDay = append(perDay, ranked)
	}
	if to, ok := judge.Better(perDay, out.Now); ok {
		out.To = to
	}
	finish(regions, ranked, out.Requests)
	out.Text = say(&out, find(regions, out.Now), find(regions, out.To), ranked)
	out.Regions = shorten(regions)
	return out
}

func find(all []served.Region, region string) *served.Region {
	for i := range all {
		if all[i].Region == region {
			return &all[i]
		}
	}
	return nil
}

// rank is how all regions of a service serve a country in a period, and those that may by their score.
func (w *weighing) rank(p *period, of pair, zone *policy.Zone) ([]served.Region, []judge.Ranked) {
	var servings []served.Region
	var candidates []judge.Candidate
	for _, region := range w.of[of.service] {
		here := pair{of.service, of.country, region}
		s := w.serving(p, here, zone)
		servings = append(servings, s)
		if s.State == served.Few || s.State == served.Unplaced {
			continue
		}
		candidates = append(candidates, judge.Candidate{
			Region: region, P95: float64(s.P95.Value), Low: float64(s.P95.Low), High: float64(s.P95.High),
			N: float64(s.P95.N), Errors: float64(s.Errors.Value), Cost: math.NaN(),
			Modelled: s.P95.Origin == query.OriginModel,
			Silent:   s.State == served.Silent, Barred: s.State == served.Barred,
		})
	}
	return servings, judge.DefaultRouting.Rank(candidates)
}

// serving is how a region serves a country in a period, or would.
func (w *weighing) serving(p *period, here pair, zone *policy.Zone) served.Region {
	none := query.None()
	absent := query.Figure{Value: none, Low: none, High: none, Origin: query.OriginMeasured}
	s := served.Region{Region: here.region, State: served.Fit, P95: absent, RTT: absent, Errors: absent, Score: none}
	both, alone := p.pairs[here], p.regions[pair{service: here.service, region: here.region}]
	if both == nil {
		both = &counted{}
	}
	s.Share = query.Num(both.weight)
	known := both
	if both.n < few {
		known = alone
	}
	if known == nil || known.n < few {
		s.State = served.Few
		if known != nil {
			s.P95.N = query.Num(known.n)
		}
	} else {
		s.Errors = known.failed()
		w.wait(&s, here, both, known)
	}
	switch {
	case zone != nil && lies(zone, here.region) != inside:
		s.State = served.Barred
	case w.silent(here):
		s.State = served.Silent
	case s.Errors.Value >= fewErrors:
		s.State = served.Errors
	case s.State == served.Fit && !s.P95.Value.OK():
		s.State = served.Unplaced
	}
	return s
}

// wait fills in what users wait: measured where the events of the pair say their round trips, else the time at the edge
// and a round trip, which is marked as a model.
func (w *weighing) wait(s *served.Region, here pair, both, known *counted) {
	trips := both.trips.Total()
	if trips >= leastTrips {
		s.RTT = quantile(&both.trips, .5, query.OriginMeasured)
	} else if km, ok := place.Distance(here.country, here.region); ok {
		s.RTT = query.Figure{
			Value: query.Num(judge.RTT(km, float64(w.factor.Value))), Low: query.Num(judge.RTT(km, float64(w.factor.Low))),
			High: query.Num(judge.RTT(km, float64(w.factor.High))), Origin: query.OriginModel,
		}
	}
	if known == both && trips >= few && trips >= mostTold*both.n {
		s.P95 = quantile(&both.waits, slowest, query.OriginMeasured)
		return
	}
	if !s.RTT.Value.OK() {
		return
	}
	took := known.atEdge()
	s.P95 = query.Figure{
		Value: took.Value + s.RTT.Value, Low: took.Low + s.RTT.Low, High: took.High + s.RTT.High, N: took.N,
		Origin: query.OriginModel,
	}
}

// silent tells whether a region of a service sends nothing any more, though it should have.
func (w *weighing) silent(here pair) bool {
	c := w.all.regions[pair{service: here.service, region: here.region}]
	if c == nil {
		return false
	}
	gap := w.end.Sub(c.last)
	return gap >= quiet && c.n*gap.Hours()/(days*24) >= leastDue
}

// finish turns weights into shares and gives each region its score.
func finish(regions []served.Region, ranked []judge.Ranked, requests query.Num) {
	for i := range regions {
		s := &regions[i]
		s.Share /= requests
		for j := range ranked {
			if ranked[j].Region == s.Region {
				s.Score = query.Num(ranked[j].Score)
			}
		}
	}
	slices.SortStableFunc(regions, func(a, b served.Region) int {
		if a.Score.OK() != b.Score.OK() {
			if a.Score.OK() {
				return -1
			}
			return 1
		}
		if a.Score.OK() && a.Score != b.Score {
			return cmp.Compare(a.Score, b.Score)
		}
		return cmp.Compare(b.Share, a.Share)
	})
}

// shorten leaves the regions that serve, those with most requests first if they are too many, and the best of the others.
func shorten(regions []served.Region) []served.Region {
	if len(regions) <= mostRegions {
		return regions
	}
	byShare := slices.Clone(regions)
	slices.SortStableFunc(byShare, func(a, b served.Region) int { return cmp.Compare(b.Share, a.Share) })
	keep := map[string]bool{}
	for i := range mostRegions / 2 {
		keep[regions[i].Region] = true
	}
	for i := 0; len(keep) < mostRegions; i++ {
		keep[byShare[i].Region] = true
	}
	return slices.DeleteFunc(regions, func(s served.Region) bool { return !keep[s.Region] })
}
