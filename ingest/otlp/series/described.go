package series

import (
	"maps"
	"strings"
	"sync"

	"edgescope/edge"
)

const (
	// maxDescribed bounds the metrics of a tenant that are described, maxHelp the text of each in bytes.
	maxDescribed = 5000
	maxHelp      = 256
)

// Description is what senders say of a metric.
type Description struct {
	Kind      Kind
	Monotonic bool
	// Unit is as names spell it, such as seconds or bytes_per_second. Empty where there is none.
	Unit string
	// Help is the description, cut at 256 bytes.
	Help string
}

// descriptions are those of the metrics of a tenant, by the name of their series without the suffixes of histograms and
// summaries. They live as long as the process: what was sent last is told.
type descriptions struct {
	mu     sync.Mutex
	byName map[string]Description
}

// Described returns what the senders of a tenant said of its metrics since the process began, of 5,000 metrics at most,
// by the name of their series without _bucket, _count and _sum.
func (s *Streams) Described(id edge.Tenant) map[string]Description {
	s.mu.Lock()
	t := s.tenants[id]
	s.mu.Unlock()
	if t == nil {
		return nil
	}
	t.said.mu.Lock()
	defer t.said.mu.Unlock()
	return maps.Clone(t.said.byName)
}

// keepSaid keeps what the metric at hand says of itself. Its texts are valid for the request only.
func (t *tenantStreams) keepSaid(m *Metric) {
	now := Description{Kind: m.Kind, Monotonic: m.Monotonic, Unit: t.unitName(m.Unit), Help: cutHelp(m.Description)}
	t.said.mu.Lock()
	defer t.said.mu.Unlock()
	was, known := t.said.byName[t.name]
	if known && was == now || !known && len(t.said.byName) >= maxDescribed {
		return
	}
	now.Unit, now.Help = strings.Clone(now.Unit), strings.Clone(now.Help)
	if t.said.byName == nil {
		t.said.byName = map[string]Description{}
	}
	t.said.byName[strings.Clone(t.name)] = now
}

// unitName spells a unit as the names of metrics do.
func (n *namer) unitName(unit string) string {
	main, per, _ := strings.Cut(unit, "/")
	main, per = n.unit(main, longUnit), n.unit(per, perUnit)
	if per == "" {
		return main
	}
	return strings.TrimPrefix(main+"_per_"+per, "_")
}

// cutHelp cuts between two characters.
func cutHelp(text string) string {
	if len(text) <= maxHelp {
		return text
	}
	return strings.ToValidUTF8(text[:maxHelp], "")
}
