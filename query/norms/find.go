package norms

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"edgescope/edge"
	"edgescope/query"
)

const (
	// common is the part of a service's traffic from which regions that are out of their norm at once are one finding of
	// the service.
	common = 1. / 3
	// named is how many regions a text names.
	named = 3
)

// Findings returns what is out of its norm, and which regions are silent, the worst first. It knows of services and
// regions: of a question that filters by anything else it finds nothing.
func (r *Room) Findings(ctx context.Context, tenant edge.Tenant, q query.Question) ([]query.Finding, error) {
	j, of, err := r.chosen(ctx, tenant, q)
	if err != nil {
		return nil, err
	}
	return j.findings(of, r.read.Now().Sub(j.to) < settled), nil
}

// findings are those of some standings, which come the worst first.
func (j *judgement) findings(of []query.Standing, provisional bool) []query.Finding {
	places := map[string][]query.Standing{} // by service
	var services []string
	for _, s := range of {
		if places[s.Service] == nil {
			services = append(services, s.Service)
		}
		places[s.Service] = append(places[s.Service], s)
	}
	var out []query.Finding
	for _, name := range services {
		for _, s := range gathered(places[name]) {
			f := anomaly(&s)
			f.Provisional = provisional
			out = append(out, f)
		}
	}
	slices.SortStableFunc(out, func(x, y query.Finding) int { return cmp.Compare(x.Severity, y.Severity) }) // bad, warn
	return append(out, j.silences(of)...)
}

// place is a service, or one of its regions, with the signals that are out of their norm, the furthest first.
type place struct {
	service, region string
	signals         []query.Signal
	regions         []string // those that a service's finding stands for
}

// gathered returns the places of one service that are a finding each. Where several regions are out of their norm in
// the same way, and the service as a whole is too or they have a third of its traffic, it is one of the service.
func gathered(of []query.Standing) []place {
	service := place{service: of[0].Service}
	var out []place
	for _, name := range signalNames {
		if x, regions, ok := together(of, name); ok {
			service.signals = append(service.signals, x)
			service.regions = append(service.regions, regions...)
		}
	}
	if len(service.signals) > 0 {
		slices.Sort(service.regions)
		service.regions = slices.Compact(service.regions)
		out = append(out, service)
	}
	for i := range of {
		p := place{service: of[i].Service, region: of[i].Region}
		for _, x := range of[i].Signals {
			same := func(y query.Signal) bool { return x.Name == y.Name }
			if p.region != "" && outOf(&x) && !slices.ContainsFunc(service.signals, same) {
				p.signals = append(p.signals, x)
			}
		}
		if len(p.signals) > 0 {
			out = append(out, p)
		}
	}
	for i := range out {
		slices.SortStableFunc(out[i].signals, func(x, y query.Signal) int {
			return cmp.Or(cmp.Compare(rank(y.State), rank(x.State)), x.Z.Compare(y.Z, true))
		})
	}
	return out
}

// together returns the signal of a service as a whole, with the regions that are out of their norm by it, if that is
// what is to be told; else the regions are, one by one.
func together(of []query.Standing, name string) (x query.Signal, regions []string, ok bool) {
	var whole *query.Signal
	state, all, out := "", 0.0, 0.0
	for i := range of {
		at := slices.IndexFunc(of[i].Signals, func(s query.Signal) bool { return s.Name == name })
		if of[i].Region != "" {
			all += float64(of[i].Events)
		}
		switch {
		case at < 0:
		case of[i].Region == "":
			whole = &of[i].Signals[at]
		case outOf(&of[i].Signals[at]):
			regions = append(regions, of[i].Region)
			out += float64(of[i].Events)
			if s := of[i].Signals[at].State; rank(s) > rank(state) {
				state = s
			}
		}
	}
	if whole == nil || len(regions) == 1 || !outOf(whole) && (len(regions) == 0 || out < common*all) {
		return query.Signal{}, nil, false
	}
	x = *whole
	if rank(state) > rank(x.State) {
		x.State = state
	}
	return x, regions, true
}

// outOf tells whether a signal is out of its norm.
func outOf(x *query.Signal) bool { return rank(x.State) >= rank(query.StandingMarked) }

// anomaly is the finding of a place.
func anomaly(p *place) query.Finding {
	x := &p.signals[0]
	f := query.Finding{
		Kind: query.KindNorm, Severity: "warn", Service: p.service, Region: p.region, Since: x.Since,
		Subject: cmp.Or(p.region, p.service) + " " + x.Name + " " + percent(x.Share.Value),
		Text:    sentence(p, x),
	}
	for i := range p.signals {
		s := &p.signals[i]
		if s.State == query.StandingAlert {
			f.Severity = "bad"
		}
		if !s.Since.IsZero() && s.Since.Before(f.Since) {
			f.Since = s.Since
		}
		if i > 0 {
			f.Text += fmt.Sprintf("; %s %s, usually %s", nouns[s.Name], percent(s.Share.Value), percent(s.Norm))
		}
	}
	if len(p.regions) > 0 {
		f.Text += "; " + list(p.regions, "region") + " at once"
	}
	if d := x.Deploy; d != nil {
		f.Text += fmt.Sprintf("; it coincides with %s, first seen at %s UTC", d.Version, d.At.UTC().Format("15:04"))
	}
	return f
}

// nouns are what further signals are called.
var nouns = map[string]string{
	query.SignalSlow: "slow", query.SignalErrors: "errors", query.SignalCold: "cold starts",
	query.SignalHitLoss: "cache misses",
}

// sentence says how far a signal is out of its norm.
func sentence(p *place, x *query.Signal) string {
	does := map[string]string{
		query.SignalSlow:   "take longer than " + milliseconds(x.Over),
		query.SignalErrors: "fail", query.SignalCold: "start cold", query.SignalHitLoss: "miss the cache",
	}[x.Name]
	where := "invocations of " + p.service
	if p.region != "" {
		where += " in " + p.region
	}
	usual := percent(x.Norm)
	if x.Swing >= 0.05 {
		usual += fmt.Sprintf(" (±%.0f %%)", 100*float64(x.Swing))
	}
	return fmt.Sprintf("%s of %s %s, usually %s at this hour, n=%.0f", percent(x.Share.Value), where, does, usual,
		float64(x.Share.N))
}

// silences are the findings of regions that send nothing any more: one for each, or one for all of many.
func (j *judgement) silences(of []query.Standing) []query.Finding {
	var regions []string
	silent := map[string][]query.Standing{}
	for _, s := range of {
		if s.State == query.StandingSilent {
			if silent[s.Region] == nil {
				regions = append(regions, s.Region)
			}
			silent[s.Region] = append(silent[s.Region], s)
		}
	}
	if len(regions) > named {
		first := silent[regions[0]][0]
		return []query.Finding{{
			Kind: query.KindSilence, Severity: "bad", Subject: fmt.Sprintf("%d regions are silent", len(regions)),
			Text: list(regions, "region") + " send nothing any more, while others do", Since: first.SilentSince,
			Name: "regions", // one with what others find of many
		}}
	}
	var out []query.Finding
	for _, region := range regions {
		out = append(out, j.silence(silent[region]))
	}
	return out
}

// silence is the finding of a region's services that are silent.
func (j *judgement) silence(of []query.Standing) query.Finding {
	s := of[0]
	f := query.Finding{
		Kind: query.KindSilence, Severity: "bad", Region: s.Region, Service: s.Service, Since: s.SilentSince,
		Subject: s.Region + " is silent",
	}
	length := "more than a day"
	if !f.Since.IsZero() {
		length = query.FormatLength(j.to.Sub(f.Since).Truncate(time.Minute))
	}
	from := " from " + s.Service
	if len(of) > 1 {
		f.Service, from = "", ""
	}
	f.Text = fmt.Sprintf("%s has sent nothing%s for %s, while other regions do; %.3g invocations in 5 minutes are usual "+
		"at this hour", s.Region, from, length, float64(s.Usual))
	return f
}

// list names the first few of some things.
func list(names []string, what string) string {
	if len(names) <= named {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more %ss", strings.Join(names[:named], ", "), len(names)-named, what)
}

// percent writes a share with two digits that mean something.
func percent(v query.Num) string {
	p := 100 * float64(v)
	switch {
	case math.IsNaN(p):
		return "unknown"
	case p >= 9.95 || p == 0:
		return fmt.Sprintf("%.0f %%", p)
	case p >= 0.995:
		return fmt.Sprintf("%.1f %%", p)
	default:
		return fmt.Sprintf("%.2f %%", p)
	}
}

func milliseconds(v query.Num) string {
	if v < 10_000 {
		return fmt.Sprintf("%.3g ms", float64(v))
	}
	return fmt.Sprintf("%.1f s", float64(v)/1000)
}
