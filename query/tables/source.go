package tables

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"edgescope/edge"
	"edgescope/query/filter"
	"edgescope/query/tally"
)

// A service that sends both spans and data points would count twice if both were added up. So each service has one
// source for each group of metrics: the first of span, tail, log, datapoint that has any in the range.

// group is a set of metrics that comes from one source.
type group int

const (
	groupRequests group = iota
	groupDuration
	groupCold
	groupInit
	groupCPU
	groupCache
	groupCount
)

// probes has for each group a metric that tells cheaply whether there is any of that group.
var probes = [groupCount]string{
	edge.MetricRequests, edge.MetricDuration + "_sum", edge.MetricColdStarts, edge.MetricInit + "_sum",
	edge.MetricCPU + "_sum",
	edge.MetricCache,
}

var signalOrder = []string{edge.SignalSpan, edge.SignalTail, edge.SignalLog, edge.SignalDataPoint}

// sources tell which source each service's numbers come from, by group.
type sources [groupCount]map[string]string

// sourcesLife is how long the sources of services are remembered, and with them that a service exists: an acknowledged
// invocation is to be in an answer within 10 s, of which totals and the store take up to 9.
const sourcesLife = time.Second

// findSources returns the sources in a window, over all services of the tenant.
func (d *Reader) findSources(ctx context.Context, tenant edge.Tenant, w tally.Window) (sources, error) {
	key := fmt.Sprint(tenant, w.From.Unix(), w.To.Unix())
	return d.sources.Get(key, d.now(), sourcesLife, func() (sources, error) {
		var s sources
		for _, t := range w.Tiles() {
			text := probeText(t)
			found, err := d.Series(ctx, tenant, text, tally.Window{From: t.From, To: t.To, Step: t.To.Sub(t.From)})
			if err != nil {
				return s, fmt.Errorf("find the sources of services: %w", err)
			}
			for i := range found {
				f := &found[i]
				metric := metricOf(f.Label(edge.LabelName))
				s.see(slices.Index(probes[:], metric), f.Label(edge.LabelService), f.Label(edge.LabelSignal))
			}
		}
		return s, nil
	})
}

// SignalOrder are the sources that services may have, the one that counts first.
func SignalOrder() []string { return slices.Clone(signalOrder) }

// Sources returns by which source each service counts in a window, of a metric of each group: edge.MetricRequests,
// MetricColdStarts, MetricCache, or MetricDuration, MetricInit and MetricCPU with "_sum".
func (d *Reader) Sources(ctx context.Context, tenant edge.Tenant, w tally.Window, metric string) (
	map[string]string, error,
) {
	g := slices.Index(probes[:], metric)
	if g < 0 {
		panic("BUG: no source is looked for by " + metric)
	}
	s, err := d.findSources(ctx, tenant, w)
	return s[g], err
}

func probeText(t tally.Tile) string {
	return fmt.Sprintf(`count(count_over_time({%s}[%s]) keep_metric_names) by (%s, %s, %s)`,
		nameMatcher(edge.FamilyService, t.Width, probes[:]), Lookback(t.To.Sub(t.From)), edge.LabelName,
		edge.LabelService, edge.LabelSignal)
}

// see notes that a service has a source, and keeps the one that comes first.
func (s *sources) see(g int, service, signal string) {
	if g < 0 {
		return
	}
	if s[g] == nil {
		s[g] = map[string]string{}
	}
	if old, ok := s[g][service]; !ok || rank(signal) < rank(old) {
		s[g][service] = signal
	}
}

func rank(signal string) int {
	if i := slices.Index(signalOrder, signal); i >= 0 {
		return i
	}
	return len(signalOrder)
}

// services returns who has its numbers of a group from that signal, sorted.
func (s *sources) services(g group, signal string) []string {
	var out []string
	for service, sig := range s[g] {
		if sig == signal {
			out = append(out, service)
		}
	}
	slices.Sort(out)
	return out
}

// alternatives returns the label matchers that select each service's source; a question or-s them. Span needs no names:
// who has spans is asked for spans.
func (s *sources) alternatives(g group) []string {
	var out []string
	for _, signal := range signalOrder {
		services := s.services(g, signal)
		if len(services) == 0 {
			continue
		}
		m := fmt.Sprintf("%s=%q", edge.LabelSignal, signal)
		if signal != edge.SignalSpan {
			m += "," + filter.OneOf(edge.LabelService, services)
		}
		out = append(out, m)
	}
	return out
}

// nameMatcher selects metrics of a family and width by name.
func nameMatcher(family string, width edge.Width, metrics []string) string {
	if len(metrics) == 1 {
		return fmt.Sprintf("%s=%q", edge.LabelName, edge.Metric(family, metrics[0], width))
	}
	return fmt.Sprintf("%s=~%q", edge.LabelName, edge.Metric(family, "("+strings.Join(metrics, "|")+")", width))
}

// metricOf returns the metric of a full name: without family and width.
func metricOf(name string) string {
	for _, f := range families {
		if rest, ok := strings.CutPrefix(name, f.prefix); ok {
			name = rest
			break
		}
	}
	name, _, _ = strings.Cut(name, ":")
	return name
}
