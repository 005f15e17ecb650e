package rollup

import (
	"context"
	"errors"
	"slices"

	"edgescope/edge"
)

// pageSamples is how many samples are written at once: few enough that they take little memory, and that Add waits for
// milliseconds at most while they are made.
const pageSamples = 4096

// page is samples of one tenant on their way to the store, and what they were made of. Its memory is used again.
type page struct {
	tenant  edge.Tenant
	samples []edge.Sample
	series  []edge.Series
	labels  []edge.Attr
	cells   []uint32
}

// Flush writes the totals that changed since the last Flush, those of parts that are over first. When the writer fails,
// the totals are kept and written by a later Flush.
func (r *Rollup) Flush(ctx context.Context, w SampleWriter) error {
	r.flush.Lock()
	defer r.flush.Unlock()
	r.mu.Lock()
	r.foldAll()
	parts := r.all()
	r.weigh()
	r.mu.Unlock()
	errs := []error{r.flushParts(ctx, w, parts)}
	return errors.Join(append(errs, r.flushDeploys(ctx, w))...)
}

// FlushOver writes the parts that are over and in the log, by Unsettled or before Again, so that Drop makes room soon.
func (r *Rollup) FlushOver(ctx context.Context, w SampleWriter) error {
	r.flush.Lock()
	defer r.flush.Unlock()
	r.mu.Lock()
	parts := slices.DeleteFunc(slices.Clone(r.over), func(p *part) bool { return !p.logged })
	r.mu.Unlock()
	return r.flushParts(ctx, w, parts)
}

func (r *Rollup) flushParts(ctx context.Context, w SampleWriter, parts []*part) error {
	var errs []error
	for _, p := range parts {
		errs = append(errs, r.flushPart(ctx, w, p))
	}
	return errors.Join(errs...)
}

// flushPart writes what changed in a part, page by page.
func (r *Rollup) flushPart(ctx context.Context, w SampleWriter, p *part) error {
	r.mu.Lock()
	cells := p.dirty
	p.dirty, p.writing = nil, true
	r.mu.Unlock()
	var failed error
	for failed == nil && len(cells) > 0 {
		cells = r.fill(p, cells)
		failed = w.WriteSamples(ctx, r.page.tenant, r.page.samples)
		r.settle(p, failed == nil)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	p.dirty, p.writing = append(p.dirty, cells...), false
	return failed
}

// fill makes a page of the changed totals of the first cells, and returns the other cells.
func (r *Rollup) fill(p *part, cells []uint32) []uint32 {
	r.mu.Lock()
	defer r.mu.Unlock()
	g := &r.page
	g.samples, g.labels, g.cells = g.samples[:0], g.labels[:0], g.cells[:0]
	g.tenant = p.keys[p.totals.cells[cells[0]].key].tenant
	for i, at := range cells {
		c := &p.totals.cells[at]
		k := p.keys[c.key]
		if k.tenant != g.tenant || len(g.samples) >= pageSamples {
			return cells[i:]
		}
		g.cells = append(g.cells, at)
		c.queued, c.written = false, uint32(r.opts.Now().Unix())
		r.fillCell(p, c, k)
	}
	return nil
}

func (r *Rollup) fillCell(p *part, c *cell, k *key) {
	g := &r.page
	at, label := p.place(c.start(), c.width)
	label = r.label(label, c.start())
	slots, values, states := p.totals.run(c)
	for i, s := range slots {
		if states[i] != changed {
			continue
		}
		states[i] = given
		from := len(g.labels)
		g.labels = r.appendLabels(g.labels, k, s, c.width, label)
		g.samples = append(g.samples, edge.Sample{Series: g.next(g.labels[from:]), Time: at, Value: values[i]})
	}
}

// next returns a series that was not used in this page.
func (g *page) next(labels []edge.Attr) *edge.Series {
	n := len(g.samples)
	if n == len(g.series) { // the samples that point into the memory before keep it
		g.series = append(make([]edge.Series, 0, 2*n+64), g.series...)
		g.series = g.series[:cap(g.series)]
	}
	s := &g.series[n]
	s.Labels, s.Raw = labels, s.Raw[:0]
	return s
}

// settle ends a page: what the store did not take waits for the next Flush.
func (r *Rollup) settle(p *part, taken bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, at := range r.page.cells {
		if taken {
			p.totals.mark(at, given, stored)
			continue
		}
		p.totals.mark(at, given, changed)
		p.queue(at)
	}
}

func (r *Rollup) flushDeploys(ctx context.Context, w SampleWriter) error {
	r.mu.Lock()
	deploys := r.deploys
	r.deploys = nil
	r.mu.Unlock()
	for i, d := range deploys {
		if err := w.WriteSamples(ctx, d.tenant, []edge.Sample{d.sample(r.opts.Collector)}); err != nil {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.deploys = append(r.deploys, deploys[i:]...)
			return err
		}
	}
	return nil
}

// appendLabels appends those of a slot of a key, sorted by name as edge.Series wants them.
func (r *Rollup) appendLabels(labels []edge.Attr, k *key, s slot, width uint8, part string) []edge.Attr {
	m, d := &meanings[s], &k.dims
	put := func(name, value string) {
		if value != "" {
			labels = append(labels, edge.Attr{Key: name, Value: value})
		}
	}
	// The labels by family: what the others don't have stays empty and is left out.
	var of [families][3]string
	of[d.Family] = [3]string{d.Dim1, d.Dim2, d.Dim3}
	colo, route, country := of[familyColo], of[familyRoute], of[familyCountry][0]
	put(edge.LabelName, m.names[d.Family][width])
	put(edge.LabelPlatform, colo[0])
	put(edge.LabelRegion, colo[1])
	put(edge.LabelCache, m.cache)
	put(edge.LabelCollector, r.opts.Collector)
	put(edge.LabelColo, colo[2])
	put(edge.LabelOutcome, m.outcome)
	put(edge.LabelPart, part)
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
