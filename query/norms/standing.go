package norms

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"math"
	"slices"
	"time"

	"edgescope/edge"
	"edgescope/judge"
	"edgescope/query"
	"edgescope/query/tally"
)

const (
	// lateness is how long events may be on their way before a bucket is judged, settled how old a verdict must be to be
	// final.
	lateness = 90 * time.Second
	settled  = 15 * time.Minute
	// stale is how old a verdict may be that is shown while the next is being made.
	stale = 10 * time.Minute
	// mostJudged is how many verdicts are remembered of a tenant.
	mostJudged = 8
	// mostDated is how many shares are looked at for when they went out of their norm, the worst.
	mostDated = 30
	// near is how many buckets a deploy may be from the begin of what it coincides with.
	near = 2
)

// judgement is a verdict on all members.
type judgement struct {
	learning  bool
	to        time.Time // the end of the newest bucket
	standings []query.Standing
}

// refresh judges in the background, once.
func (r *Room) refresh(tenant edge.Tenant, p *past, slot time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.refreshed == slot.Unix() || r.life.Err() != nil {
		return
	}
	p.refreshed = slot.Unix()
	r.wg.Go(func() {
		if _, err := r.judge(r.life, tenant, p, slot); err != nil && r.life.Err() == nil {
			r.o.Logger.Warn("regions not judged", slog.Any("err", err))
		}
	})
}

// judge makes the verdict on the buckets that end with a time, and remembers it.
func (r *Room) judge(ctx context.Context, tenant edge.Tenant, p *past, slot time.Time) (*judgement, error) {
	p.mu.Lock()
	members := p.members
	p.mu.Unlock()
	v := verdict{room: r, tenant: tenant, members: members, to: slot, counted: map[member]*counts{}}
	if err := v.read(ctx); err != nil {
		return nil, fmt.Errorf("judge the newest buckets: %w", err)
	}
	j := &judgement{to: slot, standings: v.standings()}
	if err := v.date(ctx, j); err != nil {
		return nil, fmt.Errorf("find since when: %w", err)
	}
	slices.SortFunc(j.standings, worst)
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.judged) >= mostJudged {
		clear(p.judged)
	}
	p.judged[slot.Unix()] = j
	if p.newest == nil || slot.After(p.newest.to) {
		p.newest = j
	}
	return j, nil
}

// verdict is a judgement on its way.
type verdict struct {
	room    *Room
	tenant  edge.Tenant
	members map[member]*known
	to      time.Time
	counted map[member]*counts
}

// hour is the one of the newest bucket.
func (v *verdict) hour() int { return v.to.Add(-bucket).UTC().Hour() }

// place is that of the newest bucket in its day.
func (v *verdict) place() int {
	newest := v.to.Add(-bucket).UTC()
	return newest.Hour()*12 + newest.Minute()/5
}

// window is that of so many buckets.
func (v *verdict) window(buckets int) tally.Window {
	return tally.Window{From: v.to.Add(-time.Duration(buckets) * bucket), To: v.to, Step: bucket}
}

// read counts what the members did of late.
func (v *verdict) read(ctx context.Context) error {
	edges := map[member]int{}
	for m, k := range v.members {
		edges[m] = k.edge
	}
	take := func(part map[member]*counts) { maps.Copy(v.counted, part) }
	return v.room.count(ctx, reading{v.tenant, v.window(judge.LooksBack), edges}, take)
}

// standings are those of all members that are heard of, or should be.
func (v *verdict) standings() []query.Standing {
	var out []query.Standing
	for m, k := range v.members {
		c := v.counted[m]
		if c == nil {
			c = newCounts(judge.LooksBack)
		}
		s := v.standing(m, k, c)
		if v.isSilent(m, k, c) {
			s.State = query.StandingSilent
		} else if quiet(c.events) == len(c.events) {
			continue // it has gone, or is seldom there
		}
		out = append(out, s)
	}
	return out
}

// isSilent tells whether nothing comes from a region any more while its service goes on elsewhere.
func (v *verdict) isSilent(m member, k *known, c *counts) bool {
	service := v.counted[member{m.service, ""}]
	return m.region != "" && service != nil && quiet(service.events) == 0 && k.isSilent(quiet(c.events), v.hour())
}

func (v *verdict) standing(m member, k *known, c *counts) query.Standing {
	s := query.Standing{
		Service: m.service, Region: m.region, State: query.StandingLearning,
		Events: lately(c.events), Usual: query.None(), Signals: []query.Signal{},
	}
	if u := k.usual[v.hour()]; u > 0 {
		s.Usual = query.Num(u)
	}
	for signal, season := range k.seasons {
		if season == nil || signal == slow && k.edge == neverSlow {
			continue
		}
		mark := season.Judge(c.shares(signal, 0, len(c.events)), v.hour())
		x := signalOf(signal, &mark)
		if signal == slow {
			x.Over = query.Num(k.over)
		}
		if rank(x.State) > rank(s.State) {
			s.State = x.State
		}
		s.Signals = append(s.Signals, x)
	}
	return s
}

// lately is the mean number of events of the last four buckets.
func lately(events []float32) query.Num {
	const last = 4
	var sum float32
	for _, n := range events[len(events)-last:] {
		sum += n
	}
	return query.Num(sum / last)
}

// signalOf says what a mark is.
func signalOf(signal int, m *judge.Mark) query.Signal {
	x := query.Signal{
		Name: signalNames[signal], State: query.StandingNormal, Bucket: int64(m.Fold) * int64(bucket.Seconds()),
		Share: query.Figure{
			Value: query.None(), Low: query.None(), High: query.None(), N: query.Num(math.Round(m.Share.N)),
			Origin: query.OriginMeasured,
		},
		Norm: query.None(), Swing: query.None(), Z: query.None(), Over: query.None(),
		MarkedFrom: query.Num(m.MarkedFrom), AlertFrom: query.Num(m.AlertFrom),
	}
	if m.Share.N > 0 {
		low, high := m.Share.Wilson()
		x.Share.Value, x.Share.Low, x.Share.High = query.Num(m.Share.Ratio()), query.Num(low), query.Num(high)
	}
	if m.Known {
		x.Norm, x.Swing = query.Num(m.Norm.Share()), query.Num(m.Norm.Swing())
	}
	switch {
	case !m.Known:
		x.State = query.StandingLearning
	case math.IsInf(m.Z, -1):
		x.State = query.StandingFew
	case m.Alert:
		x.State = query.StandingAlert
	case m.Marked:
		x.State = query.StandingMarked
	}
	if !math.IsInf(m.Z, 0) {
		x.Z = query.Num(m.Z)
	}
	return x
}

// date finds since when the worst are out of their norm or silent, and which deploys coincide.
func (v *verdict) date(ctx context.Context, j *judgement) error {
	slices.SortFunc(j.standings, worst)
	edges, out := map[member]int{}, 0
	var silent []member
	for i := range j.standings {
		s := &j.standings[i]
		m := member{s.Service, s.Region}
		switch {
		case s.State == query.StandingSilent:
			silent = append(silent, m)
		case rank(s.State) >= rank(query.StandingMarked) && out < mostDated:
			edges[m] = v.members[m].edge
			out++
		}
	}
	if err := v.dateSilences(ctx, j, silent); err != nil || len(edges) == 0 {
		return err
	}
	deploys, err := v.deploys(ctx)
	if err != nil {
		return err
	}
	day := v.window(int(query.Day / bucket))
	return v.room.count(ctx, reading{v.tenant, day, edges}, func(part map[member]*counts) {
		for i := range j.standings {
			s := &j.standings[i]
			m := member{s.Service, s.Region}
			if c := part[m]; c != nil {
				v.began(s, c, deploys)
			}
		}
	})
}

// began dates the signals of a standing that are out of their norm.
func (v *verdict) began(s *query.Standing, c *counts, deploys []query.Deploy) {
	for i := range s.Signals {
		x := &s.Signals[i]
		if rank(x.State) < rank(query.StandingMarked) {
			continue
		}
		signal := slices.Index(signalNames[:], x.Name)
		season := v.members[member{s.Service, s.Region}].seasons[signal]
		at := season.Began(c.shares(signal, 0, len(c.events)), v.place())
		if at < 0 {
			continue
		}
		x.Since = v.window(len(c.events)).From.Add(time.Duration(at) * bucket)
		apart := near * time.Duration(x.Bucket) * time.Second
		for _, d := range deploys {
			if d.Service == s.Service && d.At.Sub(x.Since).Abs() <= apart {
				x.Deploy = &d
			}
		}
	}
}

// deploys are those of the last day.
func (v *verdict) deploys(ctx context.Context) ([]query.Deploy, error) {
	a, err := v.room.read.Begin(v.tenant, query.Question{From: v.to.Add(-query.Day), To: v.room.read.Now()})
	if err != nil {
		return nil, err
	}
	return a.Deploys(ctx)
}

func (v *verdict) dateSilences(ctx context.Context, j *judgement, silent []member) error {
	if len(silent) == 0 {
		return nil
	}
	last, err := v.room.lastHeard(ctx, v.tenant, silent, v.to)
	if err != nil {
		return err
	}
	for i := range j.standings {
		s := &j.standings[i]
		if s.State == query.StandingSilent {
			s.SilentSince = last[member{s.Service, s.Region}]
		}
	}
	return nil
}
