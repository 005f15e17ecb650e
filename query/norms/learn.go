package norms

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"maps"
	"math"
	"slices"
	"strings"
	"sync"
	"time"

	"edgescope/edge"
	"edgescope/judge"
	"edgescope/query"
	"edgescope/query/tables"
	"edgescope/query/tally"
	"edgescope/store"
)

const (
	// slowPart is what is slow: what takes longer than this part of the last 14 days did.
	slowPart = 0.95
	// neverSlow is the edge of durations of what has none.
	neverSlow = math.MaxInt
	// renewed is how often everything is learned anew. Between that, the hour that comes is learned once an hour.
	renewed = query.Day
	// mostMembers is how many services and regions of a tenant have a norm, those with most events; each is 9 kB.
	mostMembers = 3000
	// mostTenants is how many tenants are remembered, those that asked last.
	mostTenants = 16
	// retry is how long a past that could not be read waits for the next question.
	retry = time.Minute
)

// past is what a tenant's services and regions were like.
type past struct {
	mu sync.Mutex
	// asked is when somebody asked last, whole when everything was learned, hour the one that was learned last, failed
	// when that could not be done.
	asked, whole, hour, failed time.Time
	learning                   bool
	// members are never changed, only replaced; nil until something is known.
	members map[member]*known

	// judged are the verdicts by the end of their newest bucket, newest the latest of them.
	judged    map[int64]*judgement
	newest    *judgement
	refreshed int64 // the end of the bucket that is being judged
}

// known is what is usual of a member.
type known struct {
	edge    int     // of durations: above it invocations are slow
	over    float64 // the same in milliseconds
	seasons [signalCount]*judge.Season
	// usual is how many events come in 5 minutes, by the hour of the day; gap how many buckets without any follow each
	// other on the second-worst day.
	usual [24]float32
	gap   [24]int16
}

// past returns a tenant's, and sees to it that what is due is learned in the background.
func (r *Room) past(tenant edge.Tenant, now time.Time) *past {
	r.mu.Lock()
	defer r.mu.Unlock()
	p := r.pasts[tenant]
	if p == nil {
		r.makeRoom()
		p = &past{judged: map[int64]*judgement{}}
		r.pasts[tenant] = p
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.asked = now
	hours := p.due(now)
	if len(hours) == 0 || p.learning || now.Sub(p.failed) < retry || r.life.Err() != nil {
		return p
	}
	p.learning = true
	r.wg.Go(func() {
		err := r.learn(r.life, tenant, p, now)
		p.mu.Lock()
		defer p.mu.Unlock()
		p.learning = false
		if err != nil && r.life.Err() == nil {
			p.failed = now
			r.o.Logger.Warn("norms not learned", slog.Any("err", err))
		}
	})
	return p
}

// makeRoom forgets the tenant that asked longest ago when there are too many.
func (r *Room) makeRoom() {
	if len(r.pasts) < mostTenants {
		return
	}
	var oldest edge.Tenant
	var since time.Time
	for tenant, p := range r.pasts {
		p.mu.Lock()
		if since.IsZero() || p.asked.Before(since) {
			oldest, since = tenant, p.asked
		}
		p.mu.Unlock()
	}
	delete(r.pasts, oldest)
}

// due returns the hours that are to be learned: all once a day, then the one that has begun.
func (p *past) due(now time.Time) []int {
	hour := tally.Floor(now, time.Hour)
	switch {
	case now.Sub(p.whole) >= renewed:
		all := make([]int, 24)
		for i := range all {
			all[i] = (hour.Hour() + i) % 24
		}
		return all
	case hour.After(p.hour):
		return []int{hour.Hour()}
	default:
		return nil
	}
}

// Learn learns what is due of a tenant's past, and judges the newest buckets. Questions do that in the background; who
// calls it waits.
func (r *Room) Learn(ctx context.Context, tenant edge.Tenant) error {
	now := r.read.Now()
	r.mu.Lock()
	p := r.pasts[tenant]
	if p == nil {
		r.makeRoom()
		p = &past{judged: map[int64]*judgement{}, asked: now}
		r.pasts[tenant] = p
	}
	r.mu.Unlock()
	return r.learn(ctx, tenant, p, now)
}

// learn does what is due, one tenant at a time.
func (r *Room) learn(ctx context.Context, tenant edge.Tenant, p *past, now time.Time) error {
	select {
	case r.single <- struct{}{}:
		defer func() { <-r.single }()
	case <-ctx.Done():
		return ctx.Err()
	}
	p.mu.Lock()
	hours, old := p.due(now), p.members
	p.mu.Unlock()
	if len(hours) == 0 {
		return nil
	}
	edges := map[member]int{}
	for m, k := range old {
		edges[m] = k.edge
	}
	if len(hours) > 1 {
		var err error
		if edges, err = r.discover(ctx, tenant, now); err != nil {
			return fmt.Errorf("find what has a norm: %w", err)
		}
		old = nil
	}
	members, err := r.learnHours(ctx, lesson{tenant, now, hours, edges}, old)
	if err != nil {
		return fmt.Errorf("learn what is usual: %w", err)
	}
	p.mu.Lock()
	p.members, p.hour = members, tally.Floor(now, time.Hour)
	if len(hours) > 1 {
		p.whole = now
	}
	p.judged, p.newest = map[int64]*judgement{}, nil
	p.mu.Unlock()
	_, err = r.judge(ctx, tenant, p, tally.Floor(now.Add(-lateness), bucket))
	return err
}

// pastDays is how far a norm looks back.
const pastDays = judge.SeasonDays * query.Day

// discover returns which services and regions there were in the last 14 days, those with most events, and above which
// edge of durations each is slow.
func (r *Room) discover(ctx context.Context, tenant edge.Tenant, now time.Time) (map[member]int, error) {
	to := tally.Ceil(now, time.Hour)
	window := tally.Window{From: to.Add(-pastDays), To: to, Step: pastDays}
	durations, events, ranges := map[member]*tally.Distribution{}, map[member]float64{}, map[string]int{}
	for _, by := range [][]string{{edge.KeyServiceName}, {edge.KeyServiceName, edge.KeyRegion}} {
		cut := tables.Cut{Tenant: tenant, By: by, Window: window, Parts: tables.WithEvents | tables.WithDurations}
		err := r.each(ctx, cut, func(m member, metric string, s *store.Series) {
			if durations[m] == nil {
				m = member{strings.Clone(m.service), strings.Clone(m.region)}
				durations[m] = &tally.Distribution{}
			}
			sum := 0.0
			for _, v := range s.Values {
				sum += v
			}
			if metric == edge.MetricEvents {
				events[m] += sum
			} else if b, ok := rangeOf(ranges, s.Label(edge.LabelVMRange)); ok {
				durations[m].Add(b, sum)
			}
		})
		if err != nil {
			return nil, err
		}
	}
	all := slices.SortedFunc(maps.Keys(durations), func(x, y member) int {
		return cmp.Or(cmp.Compare(events[y], events[x]), cmp.Compare(x.service, y.service),
			cmp.Compare(x.region, y.region))
	})
	edges := map[member]int{}
	for _, m := range all[:min(len(all), mostMembers)] {
		edges[m] = neverSlow
		if at, ok := durations[m].EdgeNear(slowPart); ok {
			edges[m] = at
		}
	}
	return edges, nil
}

// rangeOf returns the bucket of a vmrange, remembered.
func rangeOf(seen map[string]int, text string) (int, bool) {
	if b, ok := seen[text]; ok {
		return b, true
	}
	b, ok := tally.ParseRange(text)
	if ok {
		seen[strings.Clone(text)] = b
	}
	return b, ok
}

// lesson is what is to be learned.
type lesson struct {
	tenant edge.Tenant
	now    time.Time
	hours  []int
	edges  map[member]int
}

// learnHours learns hours of all members, beside what is known of other hours.
func (r *Room) learnHours(ctx context.Context, l lesson, old map[member]*known) (map[member]*known, error) {
	to := tally.Ceil(l.now.Add(-lateness), bucket)
	window := tally.Window{
		From: tally.Floor(l.now, time.Hour).Add(-pastDays - 25*time.Hour), To: to, Step: bucket,
	}
	members := map[member]*known{}
	err := r.count(ctx, reading{l.tenant, window, l.edges}, func(part map[member]*counts) {
		for m, c := range part {
			k := old[m].copied()
			if k.edge = l.edges[m]; k.edge != neverSlow {
				_, k.over = tally.RangesAbove(k.edge)
			}
			for _, hour := range l.hours {
				k.learn(hour, c, daysOf(l.now, hour, window))
			}
			members[m] = k
		}
	})
	return members, err
}

// copied is a copy to change, also of nothing.
func (k *known) copied() *known {
	if k == nil {
		return &known{}
	}
	c := *k
	for i, s := range c.seasons {
		if s != nil {
			season := *s
			c.seasons[i] = &season
		}
	}
	return &c
}

// daysOf returns the first bucket of each of the 14 past days of an hour, oldest first: an hour before it. The hour that
// has begun is not part of its own past.
func daysOf(now time.Time, hour int, window tally.Window) [judge.SeasonDays]int {
	begun := tally.Floor(now, time.Hour)
	back := time.Duration((begun.Hour()-hour+24)%24) * time.Hour
	if back == 0 {
		back = query.Day
	}
	newest := begun.Add(-back - time.Hour)
	var first [judge.SeasonDays]int
	for d := range first {
		day := newest.Add(-time.Duration(judge.SeasonDays-1-d) * query.Day)
		first[d] = int(day.Sub(window.From) / bucket)
	}
	return first
}

// aroundHour is how many buckets there are from the hour before an hour to the hour after it.
const aroundHour = 36

// learn learns an hour from the days that begin with these buckets.
func (k *known) learn(hour int, c *counts, first [judge.SeasonDays]int) {
	for signal, has := range c.has {
		if !has {
			continue
		}
		if k.seasons[signal] == nil {
			k.seasons[signal] = &judge.Season{}
		}
		days := make([][]judge.Share, len(first))
		for d, at := range first {
			days[d] = c.shares(signal, at, at+aroundHour)
		}
		k.seasons[signal].Learn(hour, days)
	}
	k.usual[hour], k.gap[hour] = usualOf(c.events, first)
}
