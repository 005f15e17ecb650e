package series

import (
	"strings"
	"time"

	"edgescope/edge"
)

const (
	// idleLong and idleShort are how long a stream or target is remembered without a point, when room is needed and
	// when it is needed badly: senders export at least every few minutes.
	idleLong, idleShort = time.Hour, 10 * time.Minute
	// sweepEvery is how often room is looked for.
	sweepEvery = time.Minute
	// maxOverflowServices bounds the series that count what was over the limit.
	maxOverflowServices = 1000
)

func (t *tenantStreams) hasRoom(more int) bool {
	return int(t.count.Load())+more <= t.owner.o.MaxSeries
}

// seriesCost returns what a series with so many bytes of labels takes, in series of usual size.
func seriesCost(text int) int64 { return 1 + int64(text/usualSeries) }

// takeRoom takes room for a target or what belongs to it.
func (t *tenantStreams) takeRoom(cost int) bool {
	if !t.hasRoom(cost) && !t.makeRoom(cost) {
		return false
	}
	t.count.Add(int64(cost))
	return true
}

// makeRoom forgets streams and targets that are idle: for an hour, and if that leaves less than a tenth free for ten
// minutes, since functions come and go. It returns whether there is room for more series then.
func (t *tenantStreams) makeRoom(more int) bool {
	if t.now-t.sweep < int64(sweepEvery) {
		return false
	}
	t.sweep = t.now
	for _, idle := range [...]time.Duration{idleLong, idleShort} {
		t.forget(t.now - int64(idle))
		if t.hasRoom(max(more, t.owner.o.MaxSeries/10)) {
			break
		}
	}
	return t.hasRoom(more)
}

// forget forgets what had no point since that arrival, but not what the request at hand works on.
func (t *tenantStreams) forget(before int64) {
	for key, s := range t.byKey {
		if s.used < before {
			t.count.Add(-s.size())
			delete(t.byKey, key)
		}
	}
	for id, of := range t.targets {
		if of.used < before && of != t.of {
			t.count.Add(-of.cost)
			delete(t.targets, id)
		}
	}
}

const overflowMetric = "otel_metric_overflow_points_total"

// countOver counts a point over the limit for its service.
func (t *tenantStreams) countOver() {
	service := attr(t.list, edge.LabelService)
	if t.over[service] == nil && len(t.over) >= maxOverflowServices {
		service = ""
	}
	p := t.over[service]
	if p == nil {
		s := stream{name: overflowMetric}
		if service != "" {
			s.labels = []edge.Attr{{Key: edge.LabelService, Value: strings.Clone(service)}}
		}
		p = &part{series: s.newSeries("", edge.Attr{Key: edge.LabelOverflow, Value: "true"})}
		t.over[strings.Clone(service)] = p
	}
	p.total++
}

// tellOverflow makes what was over the limit visible where the other numbers are.
func (t *tenantStreams) tellOverflow(id edge.Tenant) {
	if t.overs == 0 {
		return
	}
	if !t.warned {
		t.warned = true
		t.owner.tell(id)
	}
	for _, p := range t.over {
		t.samples = append(t.samples, edge.Sample{Series: p.series, Time: t.now / 1e6, Value: p.total})
	}
}
