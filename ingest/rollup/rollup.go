// Package rollup adds up invocations into samples: rate, errors, duration, cold starts, init and CPU time, cache outcomes.
//
// A sample is the total of one event-time window of one series, stamped with the window's start. It is written again, larger,
// when more events of that window arrive; the store keeps the greatest value of one time, so writing twice is harmless.
// Windows of every width in edge.Widths are kept side by side, so that a question over days reads hours and not seconds.
package rollup

import (
	"context"
	"log/slog"
	"strconv"
	"strings"
	"sync"
	"time"

	"edgescope/edge"
)

// Options describe a Rollup.
type Options struct {
	// Collector is the value of label edge_collector: the UUID of the collector.
	Collector string
	// Epoch is unique among the starts of this collector; it names window parts after Forget.
	Epoch uint64
	// Open is how long after its end a window takes late events; 0 means 15 minutes.
	Open time.Duration
	// MaxKeys bounds the sets of dimensions that a tenant has in open windows; 0 means 20,000. Invocations beyond it are added
	// up in one series per service, labelled otel_metric_overflow="true".
	MaxKeys int
	// Settle is how long the store may need to make samples durable; 0 means a minute. Restore has samples written again that
	// the store was given so short before the checkpoint.
	Settle time.Duration
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	Log *slog.Logger
}

// Rollup adds up invocations. It is safe for concurrent use. Nothing of it runs by itself: its owner calls Flush and Retire.
type Rollup struct {
	opts  Options
	flush sync.Mutex // held for the whole of a Flush, so that there is one at a time

	mu      sync.Mutex
	tenants map[edge.Tenant]*tenant
	dirty   []*cell
	deploys []deploy
	// lost is what Forget noted; zero when the state of the earlier process was restored, or when there was none.
	lost lost
	// overflowed tells which tenants were warned about.
	overflowed map[edge.Tenant]bool
}

type deploy struct {
	tenant  edge.Tenant
	version version
	at      int64 // Unix nanoseconds
}

// maxVersions bounds the versions that are remembered per tenant; later ones get no marker.
const maxVersions = 10_000

// New makes an empty Rollup. When an earlier process wrote to the same store, call Restore or Forget before the first Add.
func New(o Options) *Rollup {
	if o.Open == 0 {
		o.Open = 15 * time.Minute
	}
	if o.Settle == 0 {
		o.Settle = time.Minute
	}
	if o.MaxKeys == 0 {
		o.MaxKeys = 20_000
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Rollup{opts: o, tenants: map[edge.Tenant]*tenant{}, overflowed: map[edge.Tenant]bool{}}
}

// lost says that windows which start before a Unix second may have been written with totals that are not known.
type lost struct {
	floor int64
	epoch uint64
}

// Forget says that an earlier process wrote windows whose totals are not known: what falls into them now is kept as further
// parts, so that it adds to what is stored instead of hiding behind it.
func (r *Rollup) Forget() {
	r.mu.Lock()
	defer r.mu.Unlock()
	// Receivers let clocks run ahead by 10 minutes, so the earlier process may have written that far into the future.
	r.lost = lost{r.opts.Now().Add(r.opts.Open).Unix(), r.opts.Epoch}
}

// Add adds the invocations among events that arrived at a time in Unix nanoseconds; others are passed over. It keeps nothing
// of the events' memory. The same events with the same arrival always add to the same windows.
func (r *Rollup) Add(id edge.Tenant, arrival int64, events []edge.Event) {
	second := arrival / 1e9
	r.mu.Lock()
	defer r.mu.Unlock()
	t := r.tenant(id)
	for i := range events {
		e := &events[i]
		if !e.Facts.Invocation {
			continue
		}
		w := r.window(t, 0, r.place(e.Time/1e9, second))
		for fam := range families {
			c := w.cell(r.key(t, dimsOf(fam, e)))
			observe(&c.pending, fam, e)
			r.queue(c)
		}
		r.see(t, e)
	}
}

func (r *Rollup) tenant(id edge.Tenant) *tenant {
	t := r.tenants[id]
	if t == nil {
		t = newTenant(id)
		r.tenants[id] = t
	}
	return t
}

// place answers the shortest window of an event by its time and arrival, in Unix seconds.
func (r *Rollup) place(second, arrival int64) windowID {
	seconds := edge.Widths[0].Seconds
	id := windowID{start: second - mod(second, seconds)}
	if arrival >= id.start+seconds+r.open() {
		id.period = arrival / r.open()
	}
	return id
}

// around answers the wider window around a shortest one. A part is late for the wider window too when the last event of its
// period is.
func (r *Rollup) around(id windowID, width int) windowID {
	seconds := edge.Widths[width].Seconds
	wide := windowID{start: id.start - mod(id.start, seconds)}
	if id.period > 0 && (id.period+1)*r.open() > wide.start+seconds+r.open() {
		wide.period = id.period
	}
	return wide
}

func (r *Rollup) open() int64 { return int64(r.opts.Open / time.Second) }

// window answers the window of that id, opening it when it is not.
func (r *Rollup) window(t *tenant, width int, id windowID) *window {
	if w := t.latest; width == 0 && w != nil && w.id == id {
		return w
	}
	w := t.open[width][id]
	if w == nil {
		w = &window{tenant: t, id: id, width: width, part: r.part(id), cells: map[*key]*cell{}}
		w.closes = id.start + edge.Widths[width].Seconds + r.open()
		if id.period > 0 {
			w.closes = (id.period + 1) * r.open()
		}
		t.open[width][id] = w
	}
	if width == 0 {
		t.latest = w
	}
	return w
}

// part names a window: what came in time has no name, later events are named after the period of their arrival, and what an
// earlier process may have written under the same name has the epoch in front.
func (r *Rollup) part(id windowID) string {
	name := ""
	if id.period > 0 {
		name = strconv.FormatInt(id.period, 36)
	}
	if id.start < r.lost.floor {
		name = strconv.FormatUint(r.lost.epoch, 10) + "-" + name
	}
	return name
}

func mod(a, b int64) int64 { return (a%b + b) % b }

func (r *Rollup) key(t *tenant, d dims) *key {
	if k := t.keys[d]; k != nil {
		return k
	}
	if len(t.keys) >= r.opts.MaxKeys {
		d = dims{Family: d.Family, Overflow: true, Signal: d.Signal, Service: d.Service}
		r.warn(t.id)
		if k := t.keys[d]; k != nil {
			return k
		}
		if len(t.keys) >= 2*r.opts.MaxKeys { // even the services are too many: one series for all
			d.Service = ""
			if k := t.keys[d]; k != nil {
				return k
			}
		}
	}
	d = d.clone()
	k := &key{dims: d}
	t.keys[d] = k
	return k
}

func (r *Rollup) warn(id edge.Tenant) {
	if r.overflowed[id] {
		return
	}
	r.overflowed[id] = true
	r.opts.Log.Warn("too many rollup series: further ones are added up per service",
		slog.Int("tenant", int(id)), slog.Int("max_keys", r.opts.MaxKeys))
}

func (r *Rollup) queue(c *cell) {
	if !c.queued {
		c.queued = true
		r.dirty = append(r.dirty, c)
	}
}

// see notes the first sight of a version.
func (r *Rollup) see(t *tenant, e *edge.Event) {
	v := version{e.Facts.Service, e.Facts.Version}
	if v.Version == "" || v.Service == "" {
		return
	}
	if _, seen := t.versions[v]; seen || len(t.versions) >= maxVersions {
		return
	}
	v = version{strings.Clone(v.Service), strings.Clone(v.Version)}
	t.versions[v] = e.Time
	r.deploys = append(r.deploys, deploy{t.id, v, e.Time})
}

// Stats are counts of what is held.
type Stats struct {
	// Keys and Cells are held in open windows; Unwritten cells wait for the next Flush.
	Keys, Cells, Unwritten int
}

// Stats counts what is held.
func (r *Rollup) Stats() Stats {
	r.mu.Lock()
	defer r.mu.Unlock()
	var s Stats
	for _, t := range r.tenants {
		s.Keys += len(t.keys)
		for i := range t.open {
			for _, w := range t.open[i] {
				s.Cells += len(w.cells)
			}
		}
	}
	s.Unwritten = len(r.dirty)
	return s
}

// SampleWriter takes samples: a store.
type SampleWriter interface {
	WriteSamples(ctx context.Context, tenant edge.Tenant, samples []edge.Sample) error
}

// Flush writes the totals that changed since the last Flush. When the writer fails, the totals are kept and written by a later
// Flush.
func (r *Rollup) Flush(ctx context.Context, w SampleWriter) error {
	r.flush.Lock()
	defer r.flush.Unlock()
	batches := r.collect()
	var failed error
	for _, b := range batches {
		if failed == nil {
			failed = w.WriteSamples(ctx, b.tenant, b.samples)
		}
		r.settle(b, failed == nil)
	}
	return failed
}

// Retire forgets windows that no event can come for any more. The owner calls it when everything that has arrived is added, and
// nothing with an arrival before now is still to come.
func (r *Rollup) Retire() {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.opts.Now().Unix()
	for _, t := range r.tenants {
		t.close(now, int64(r.opts.Settle/time.Second))
	}
}
