package coldmodel

import (
	"cmp"
	"context"
	"math"
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

// entry is a number of a window: how many events, cold or warm starts.
type entry struct {
	at   int32 // windows after the start
	kind uint8
	n    uint16
}

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

func compare(x, y place) int {
	return cmp.Or(strings.Compare(x.service, y.service), strings.Compare(x.platform, y.platform),
		strings.Compare(x.region, y.region), strings.Compare(x.colo, y.colo))
}

// count adds what places served in what is read; one that served nothing there is forgotten.
func (r *reading) count(ctx context.Context, places map[place]*presence) error {
	c := r.cut(r.whole(), tables.WithRequests|tables.WithStarts, placeKeys...)
	err := r.read.EachSeries(ctx, c, r.whole(), func(metric string, s *store.Series) error {
		p := places[placeOf(s)]
		if p == nil || s.Label(edge.LabelOverflow) != "" {
			return nil
		}
		n := 0.0
		for _, v := range s.Values {
			n += max(0, v)
		}
		switch metric {
		case edge.MetricRequests:
			p.requests += n
		case edge.MetricEvents:
			p.events += n
		case edge.MetricColdStarts:
			if s.Label(edge.LabelColdStart) == "true" {
				p.cold += n
			} else {
				p.warm += n
			}
		}
		return nil
	})
	for at, p := range places {
		p.hourly = p.hourly[max(0, len(p.hourly)-int(tally.Ceil(r.to, time.Hour).Sub(r.from)/time.Hour)):]
		if p.events == 0 {
			delete(places, at)
		}
	}
	return err
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

// versions returns when versions were first seen.
func (r *reading) versions(ctx context.Context) ([]time.Time, error) {
	a, err := r.read.Begin(r.tenant, query.Question{From: r.from, To: r.to})
	if err != nil {
		return nil, err
	}
	for _, c := range r.conditions {
		if c.Key == edge.KeyServiceName {
			a.Conditions = append(a.Conditions, c)
		}
	}
	deploys, err := a.Deploys(ctx)
	at := make([]time.Time, 0, len(deploys))
	for _, d := range deploys {
		at = append(at, d.At)
	}
	return at, err
}

// early adds up the cold starts in the first minutes of versions.
func (r *reading) early(ctx context.Context, deploys []time.Time) (float64, error) {
	sum := 0.0
	if len(deploys) == 0 {
		return 0, nil
	}
	err := r.pieces(func(w tally.Window) error {
		c := r.cut(w, tables.WithStarts, edge.KeyServiceName)
		return r.read.EachSeries(ctx, c, r.whole(), func(_ string, s *store.Series) error {
			if s.Label(edge.LabelColdStart) != "true" {
				return nil
			}
			for i, n := range s.Values {
				if n > 0 && rollingOut(deploys, w.From.Add(time.Duration(i)*window)) {
					sum += n
				}
			}
			return nil
		})
	})
	return sum, err
}

// pieces cuts what is read into windows of ten seconds, so many at a time as a store gives.
func (r *reading) pieces(each func(tally.Window) error) error {
	for from := r.from; from.Before(r.to); from = from.Add(piece) {
		to := from.Add(piece)
		if r.to.Before(to) {
			to = r.to
		}
		if err := each(tally.Window{From: from, To: to, Step: window}); err != nil {
			return err
		}
	}
	return nil
}

// rollingOut tells whether a window that begins then is in the first minutes of a version. deploys are in order.
func rollingOut(deploys []time.Time, at time.Time) bool {
	i := firstFrom(deploys, at.Add(window))
	return i > 0 && at.Before(deploys[i-1].Add(rollout))
}

// firstFrom returns the place of the first time that is not before another.
func firstFrom(times []time.Time, at time.Time) int {
	i, _ := slices.BinarySearchFunc(times, at, time.Time.Compare)
	return i
}

// readWindows reads the windows of the places that are chosen, and makes gaps of them.
func (s *service) readWindows(ctx context.Context, own *reading, chosen map[place]choice) error {
	wanted, colos := map[place]*presence{}, map[string]bool{}
	for _, p := range s.places {
		if chosen[p.place] == isRead {
			wanted[p.place], colos[p.colo] = p, true
		} else {
			s.blind++
		}
	}
	if len(wanted) == 0 {
		return nil
	}
	if len(wanted) < len(s.places) {
		names := make([]string, 0, len(colos))
		for c := range colos {
			names = append(names, c)
		}
		slices.Sort(names)
		own.conditions = append(slices.Clip(own.conditions), filter.AnyOf(edge.KeyColo, names))
	}
	err := own.pieces(func(w tally.Window) error {
		c := own.cut(w, tables.WithEvents|tables.WithStarts, placeKeys...)
		first := int32(w.From.Sub(own.from) / window)
		return own.read.EachSeries(ctx, c, own.whole(), func(metric string, series *store.Series) error {
			if p := wanted[placeOf(series)]; p != nil && series.Label(edge.LabelOverflow) == "" {
				p.see(kindOf(metric, series), first, series.Values)
			}
			return nil
		})
	})
	if err != nil {
		return err
	}
	s.united = make([]uint64, s.to.Sub(s.from)/window/64+1)
	for _, p := range s.places {
		if wanted[p.place] != nil {
			p.gaps = s.gapsOf(p)
			s.gaps = append(s.gaps, p.gaps...)
			p.seen = nil
		}
	}
	return nil
}

func kindOf(metric string, s *store.Series) uint8 {
	switch {
	case metric == edge.MetricEvents:
		return ofEvents
	case s.Label(edge.LabelColdStart) == "true":
		return ofCold
	default:
		return ofWarm
	}
}

// see notes the numbers of windows.
func (p *presence) see(kind uint8, first int32, values []float64) {
	for i, n := range values {
		if n > 0 {
			p.seen = append(p.seen, entry{first + int32(i), kind, uint16(min(math.Ceil(n), math.MaxUint16))})
		}
	}
}

// count adds a number to a window.
func count(w *judge.Window, e entry) {
	n := float64(e.n)
	switch e.kind {
	case ofEvents:
		w.Requests += n
	case ofCold:
		w.Cold, w.Known = w.Cold+n, w.Known+n
	default:
		w.Known += n
	}
}

// gapsOf makes gaps of the windows of a place. One that ends in the first minutes of a version is none: its cold starts
// are put down to the version. One that holds the first sight of a version tells nothing of lifetimes.
func (s *service) gapsOf(p *presence) []judge.Gap {
	slices.SortFunc(p.seen, func(x, y entry) int { return cmp.Or(cmp.Compare(x.at, y.at), cmp.Compare(x.kind, y.kind)) })
	var gaps []judge.Gap
	var run []judge.Window // without a window of a version's first minutes but the first
	last := time.Time{}
	end := func() { gaps = append(gaps, judge.Gaps(run)...); run = run[:0] }
	for i := 0; i < len(p.seen); {
		at := p.seen[i].at
		w := judge.Window{At: int64(at) * int64(window/time.Second)}
		for ; i < len(p.seen) && p.seen[i].at == at; i++ {
			count(&w, p.seen[i])
		}
		if w.Requests == 0 {
			continue
		}
		s.windows++
		s.united[at/64] |= 1 << (at % 64)
		start := s.from.Add(time.Duration(at) * window)
		if rollingOut(s.deploys, start) {
			end()
		}
		w.NewVersion = firstFrom(s.deploys, last) < firstFrom(s.deploys, start.Add(window))
		run, last = append(run, w), start
	}
	end()
	return gaps
}
