package coldmodel

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"edgescope/edge"
	"edgescope/judge"
	"edgescope/store"
)

// placeKeys are what a point of presence of a service is told by.
var placeKeys = []string{edge.KeyServiceName, edge.KeyCloudPlatform, edge.KeyRegion, edge.KeyColo}

// place is a point of presence of a service.
type place struct{ service, platform, region, colo string }

func placeOf(s *store.Series) place {
	return place{
		strings.Clone(s.Label(edge.LabelService)), strings.Clone(s.Label(edge.LabelPlatform)),
		strings.Clone(s.Label(edge.LabelRegion)), strings.Clone(s.Label(edge.LabelColo)),
	}
}

// totals are what was counted.
type totals struct {
	requests, events, cold, warm float64
}

func (t *totals) add(o totals) {
	t.requests, t.events = t.requests+o.requests, t.events+o.events
	t.cold, t.warm = t.cold+o.cold, t.warm+o.warm
}

// known is the raw number of invocations that tell how they started.
func (t *totals) known() float64 {
	if t.requests <= 0 {
		return 0
	}
	return t.events * min(1, (t.cold+t.warm)/t.requests)
}

func (t *totals) share() float64 { return t.cold / (t.cold + t.warm) }

// presence is a place and what it served.
type presence struct {
	place
	totals
	hourly []float64 // events
	seen   []entry   // of windows, while it is read
	gaps   []judge.Gap
}

// windows is how many windows with invocations there may be in the last hours.
func (p *presence) windows(hours int) int {
	n := 0.0
	for _, events := range p.hourly[max(0, len(p.hourly)-hours):] {
		n += min(events, float64(time.Hour/window))
	}
	return int(n)
}

// busy tells whether no hour between the first and the last of a place's has so few invocations that there are gaps. The
// first and the last one are cut off.
func (p *presence) busy(hours int) bool {
	of := p.hourly[max(0, len(p.hourly)-hours):]
	some := func(events float64) bool { return events > 0 }
	first := slices.IndexFunc(of, some)
	if first < 0 {
		return true
	}
	last := len(of) - 1
	for !some(of[last]) {
		last--
	}
	if last-first < 2 {
		return slices.Max(of) > gapless
	}
	return slices.Min(of[first+1:last]) > gapless
}

func compare(x, y place) int {
	return cmp.Or(strings.Compare(x.service, y.service), strings.Compare(x.platform, y.platform),
		strings.Compare(x.region, y.region), strings.Compare(x.colo, y.colo))
}
