package coldmodel

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"edgescope/edge"
	"edgescope/judge"
	"edgescope/policy"
	"edgescope/query"
	"edgescope/query/filter"
	"edgescope/query/tables"
	"edgescope/query/tally"
	"edgescope/store"
)

const (
	window = 10 * time.Second
	// piece is how much is read at a time: a store gives at most 30,000 points of a series.
	piece = 3 * query.Day
	// maxWindows bounds the windows with invocations that are read for an answer, 8 to 24 bytes each while a service is
	// modelled.
	maxWindows = 1_000_000
	// gapless is how many invocations an hour leave no gaps that an instance could end in: at one in five seconds, 1 of
	// 160,000 is longer than a minute.
	gapless = 720
	// rollout is how long after its first sight cold starts are put down to a version.
	rollout = 10 * time.Minute
)

const (
	ofEvents uint8 = iota
	ofCold
	ofWarm
)

// reading reads what models of a question are made from.
type reading struct {
	read       *tables.Reader
	tenant     edge.Tenant
	conditions []filter.Condition
	policy     *policy.Policy

	from, to time.Time
	length   time.Duration
}

// whole is what is read, as one bucket.
func (r *reading) whole() tally.Window {
	return tally.Window{From: r.from, To: r.to, Step: r.to.Sub(r.from)}
}

func (r *reading) cut(w tally.Window, parts tables.Parts, by ...string) tables.Cut {
	return tables.Cut{Tenant: r.tenant, By: by, Window: w, Parts: parts, Conditions: r.conditions}
}

// models makes the models of all services.
func (r *reading) models(ctx context.Context) (*made, error) {
	r.to = tally.Floor(r.to, window)
	r.from = tally.Floor(r.to.Add(-r.length), time.Hour)
	places, err := r.places(ctx)
	if err != nil {
		return nil, err
	}
	chosen := r.choose(places)
	if err := r.count(ctx, places); err != nil {
		return nil, err
	}
	services, others := inServices(places)
	out := &made{services: make([]query.ColdModel, 0, len(services)), others: others}
	out.read = query.ColdRead{From: r.from, To: r.to}
	for _, s := range services {
		s.reading = r
		if err := s.ask(ctx, chosen); err != nil {
			return nil, err
		}
		out.services = append(out.services, s.model())
		for _, p := range s.places {
			out.read.Places++
			switch chosen[p.place] {
			case isBusy:
				out.read.Busy++
			case isLeftOut:
				out.read.LeftOut++
			case isRead:
			}
		}
		out.read.Windows += s.windows
	}
	return out, nil
}

// choice is what is done with a place.
type choice uint8

const (
	isRead choice = iota
	isBusy
	isLeftOut
)

// places returns where there were invocations, hour by hour.
func (r *reading) places(ctx context.Context) (map[place]*presence, error) {
	hours := tally.Window{From: r.from, To: tally.Ceil(r.to, time.Hour), Step: time.Hour}
	places := map[place]*presence{}
	err := r.read.EachSeries(ctx, r.cut(hours, tables.WithEvents, placeKeys...), hours.Whole(),
		func(_ string, s *store.Series) error {
			if s.Label(edge.LabelOverflow) != "" {
				return nil
			}
			p := places[placeOf(s)]
			if p == nil {
				p = &presence{place: placeOf(s), hourly: make([]float64, hours.Buckets())}
				places[p.place] = p
			}
			for i, n := range s.Values[:min(len(s.Values), len(p.hourly))] {
				if n > 0 {
					p.hourly[i] += n
				}
			}
			return nil
		})
	return places, err
}

// choose decides which places are read, and how far back: as far as their windows are not too many, at least a day, of
// which those with most are left out.
func (r *reading) choose(places map[place]*presence) map[place]choice {
	for _, length := range []time.Duration{
		r.length, 10 * query.Day, 7 * query.Day, 5 * query.Day, 3 * query.Day, 2 * query.Day, query.Day,
	} {
		from := tally.Floor(r.to.Add(-length), time.Hour)
		if from.Before(r.from) {
			continue
		}
		hours, windows := int(tally.Ceil(r.to, time.Hour).Sub(from)/time.Hour), 0
		chosen, quiet := map[place]choice{}, []*presence{}
		for _, p := range places {
			chosen[p.place] = isBusy
			if !p.busy(hours) {
				quiet = append(quiet, p)
				windows += p.windows(hours)
			}
		}
		if windows > maxWindows && length > query.Day {
			continue
		}
		r.from = from
		slices.SortFunc(quiet, func(x, y *presence) int {
			return cmp.Or(cmp.Compare(x.windows(hours), y.windows(hours)), compare(x.place, y.place))
		})
		read := 0
		for _, p := range quiet {
			chosen[p.place] = isRead
			if read += p.windows(hours); read > maxWindows {
				chosen[p.place] = isLeftOut
			}
		}
		return chosen
	}
	panic("BUG: a day is never too long")
}

// service is a service on its way to a model.
type service struct {
	*reading
	totals

	name   string
	places []*presence
	// deploys are when its versions were first seen, early its cold starts in their first minutes, weighted.
	deploys []time.Time
	early   float64
	// sums are of all its invocations.
	sums    *tally.Tally
	windows int // that were read
	gaps    []judge.Gap
	// united are the windows of all places that were read, one bit each; blind is how many places were not.
	united []uint64
	blind  int
}

// inServices groups places, those with most cold starts first, and tells how many services are left out.
func inServices(places map[place]*presence) (services []*service, others int) {
	byName := map[string]*service{}
	for _, p := range places {
		s := byName[p.service]
		if s == nil {
			s = &service{name: p.service}
			byName[p.service] = s
			services = append(services, s)
		}
		s.places = append(s.places, p)
		s.add(p.totals)
	}
	for _, s := range services {
		slices.SortFunc(s.places, func(x, y *presence) int { return compare(x.place, y.place) })
	}
	slices.SortFunc(services, func(x, y *service) int {
		return cmp.Or(cmp.Compare(y.cold, x.cold), cmp.Compare(y.events, x.events), strings.Compare(x.name, y.name))
	})
	n := min(len(services), maxServices)
	return services[:n], len(services) - n
}

// ask reads what the model of a service needs beside its totals.
func (s *service) ask(ctx context.Context, chosen map[place]choice) error {
	own := *s.reading
	own.conditions = append(slices.Clip(own.conditions), filter.AnyOf(edge.KeyServiceName, []string{s.name}))
	t, err := own.read.Table(ctx, own.cut(own.whole(), tables.WithRequests|tables.WithMean|tables.WithInit|tables.WithCPU))
	if err != nil {
		return err
	}
	s.sums = t.Total()
	if s.deploys, err = own.versions(ctx); err != nil {
		return err
	}
	if s.early, err = own.early(ctx, s.deploys); err != nil {
		return err
	}
	return s.readWindows(ctx, &own, chosen)
}
