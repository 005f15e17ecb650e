package rollup

import (
	"slices"

	"edgescope/edge"
)

// batch is the samples of one tenant on their way to the store, and what they were made of.
type batch struct {
	tenant  edge.Tenant
	samples []edge.Sample
	cells   []written
	deploys []deploy
}

// written is a cell and the slots of it that a batch holds.
type written struct {
	cell  *cell
	slots []slot
}

// collect folds what is pending and makes samples of every total that changed.
func (r *Rollup) collect() []batch {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.foldPending()
	now := r.opts.Now().Unix()
	dirty := r.dirty
	r.dirty = nil
	byTenant := map[edge.Tenant]*batch{}
	of := func(id edge.Tenant) *batch {
		b := byTenant[id]
		if b == nil {
			b = &batch{tenant: id}
			byTenant[id] = b
		}
		return b
	}
	for _, c := range dirty {
		c.queued = false
		b := of(c.window.tenant.id)
		b.cells = append(b.cells, written{c, c.changed})
		r.appendCell(b, c)
		c.changed, c.written = nil, now
	}
	for _, d := range r.deploys {
		b := of(d.tenant)
		b.deploys = append(b.deploys, d)
		b.samples = append(b.samples, d.sample(r.opts.Collector))
	}
	r.deploys = nil
	batches := make([]batch, 0, len(byTenant))
	for _, b := range byTenant {
		batches = append(batches, *b)
	}
	return batches
}

// foldPending moves what came since the last fold into the totals of its window and of the wider ones around it.
func (r *Rollup) foldPending() {
	for _, c := range slices.Clone(r.dirty) {
		if len(c.pending.slots) == 0 {
			continue
		}
		c.fold(&c.pending)
		for width := 1; width < len(edge.Widths); width++ {
			wide := r.window(c.window.tenant, width, r.around(c.window.id, width)).cell(c.key)
			wide.fold(&c.pending)
			r.queue(wide)
		}
		c.pending = totals{}
	}
}

// settle ends a batch: what the store did not take waits for the next one.
func (r *Rollup) settle(b batch, taken bool) {
	if taken {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, w := range b.cells {
		for _, s := range w.slots {
			if i, found := slices.BinarySearch(w.cell.changed, s); !found {
				w.cell.changed = slices.Insert(w.cell.changed, i, s)
			}
		}
		r.queue(w.cell)
	}
	r.deploys = append(r.deploys, b.deploys...)
}

// appendCell makes samples of the changed totals of a cell.
func (r *Rollup) appendCell(b *batch, c *cell) {
	at := c.window.id.start * 1000
	for _, s := range c.changed {
		b.samples = append(b.samples, edge.Sample{
			Series: &edge.Series{Labels: r.labels(c, s)},
			Time:   at,
			Value:  c.totals.value(s),
		})
	}
}

// labels are those of a slot of a cell, sorted by name as edge.Series wants them.
func (r *Rollup) labels(c *cell, s slot) []edge.Attr {
	m, d := &meanings[s], &c.key.dims
	labels := make([]edge.Attr, 0, 14)
	put := func(name, value string) {
		if value != "" {
			labels = append(labels, edge.Attr{Key: name, Value: value})
		}
	}
	// The labels by family: what the others don't have stays empty and is left out.
	var of [families][3]string
	of[d.Family] = [3]string{d.Dim1, d.Dim2, d.Dim3}
	colo, route, country := of[familyColo], of[familyRoute], of[familyCountry][0]
	put(edge.LabelName, edge.Metric(familyPrefixes[d.Family], m.metric, edge.Widths[c.window.width]))
	put(edge.LabelPlatform, colo[0])
	put(edge.LabelRegion, colo[1])
	put(edge.LabelCache, m.cache)
	put(edge.LabelCollector, r.opts.Collector)
	put(edge.LabelColo, colo[2])
	put(edge.LabelOutcome, m.outcome)
	put(edge.LabelPart, c.window.part)
	put(edge.LabelSignal, d.Signal)
	put(edge.LabelColdStart, m.cold)
	put(edge.LabelCountry, country)
	put(edge.LabelStatus, m.status)
	put(edge.LabelRoute, route[0])
	if d.Overflow {
		put(edge.LabelOverflow, "true")
	}
	put(edge.LabelService, d.Service)
	put(edge.LabelVersion, route[1])
	put(edge.LabelVMRange, m.vmranges)
	return labels
}

func (d deploy) sample(collector string) edge.Sample {
	return edge.Sample{
		Series: &edge.Series{Labels: []edge.Attr{
			{Key: edge.LabelName, Value: edge.MetricDeploy},
			{Key: edge.LabelCollector, Value: collector},
			{Key: edge.LabelService, Value: d.version.Service},
			{Key: edge.LabelVersion, Value: d.version.Version},
		}},
		Time:  d.at / 1e6,
		Value: float64(d.at) / 1e9,
	}
}
