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
	// Epoch is unique among the starts of this collector; it begins the names of window parts.
	Epoch uint64
	// Open is how long after its end a window takes late events; 0 means 15 minutes.
	Open time.Duration
	// MaxKeys bounds the sets of dimensions that a tenant has in open windows; 0 means 20,000. Invocations beyond it are added
	// up in one series per service, labelled otel_metric_overflow="true".
	MaxKeys int
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	Log *slog.Logger
}

// Rollup adds up invocations. It is safe for concurrent use. Nothing of it runs by itself: its owner calls Flush.
type Rollup struct {
	opts  Options
	flush sync.Mutex // held for the whole of a Flush, so that there is one at a time

	mu      sync.Mutex
	tenants map[edge.Tenant]*tenant
	dirty   []*cell
	deploys []deploy
	// floor is the first window start, in Unix seconds, that an earlier process can't have written to: windows before it open
	// as parts. Zero when the state of the earlier process was restored, or when there was none.
	floor int64
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
	if o.MaxKeys == 0 {
		o.MaxKeys = 20_000
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Rollup{opts: o, tenants: map[edge.Tenant]*tenant{}, overflowed: map[edge.Tenant]bool{}}
}

// Forget says that an earlier process wrote windows whose totals are not known: what falls into them now is kept as further
// parts, so that it adds to what is stored instead of hiding behind it.
func (r *Rollup) Forget() {
	r.mu.Lock()
	defer r.mu.Unlock()
	// Receivers let clocks run ahead by 10 minutes, so the earlier process may have written that far into the future.
	r.floor = r.opts.Now().Add(15 * time.Minute).Unix()
}

// Add adds the invocations among events; others are passed over. It keeps nothing of the events' memory.
func (r *Rollup) Add(id edge.Tenant, events []edge.Event) {
	now := r.opts.Now().Unix()
	r.mu.Lock()
	defer r.mu.Unlock()
	t := r.tenant(id)
	for i := range events {
		e := &events[i]
		if !e.Facts.Invocation {
			continue
		}
		w := r.window(t, 0, e.Time/1e9, now)
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

// window answers the open window of a time, opening it when there is none.
func (r *Rollup) window(t *tenant, width int, second, now int64) *window {
	seconds := edge.Widths[width].Seconds
	start := second - mod(second, seconds)
	if w := t.latest; width == 0 && w != nil && w.start == start {
		return w
	}
	w := t.open[width][start]
	if w == nil {
		w = &window{tenant: t, start: start, width: width, cells: map[*key]*cell{}}
		open := int64(r.opts.Open / time.Second)
		w.closes = start + seconds + open
		if now >= w.closes || start < r.floor {
			w.closes = max(now, start+seconds) + open
			w.part = partName(r.opts.Epoch, now/open)
		}
		t.open[width][start] = w
	}
	if width == 0 {
		t.latest = w
	}
	return w
}

// partName names a further part of a window. Parts of one window must differ: a window stays open for Open, so the number of
// the Open-long period in which it was opened is enough within a process, and the epoch tells processes apart.
func partName(epoch uint64, period int64) string {
	return strconv.FormatUint(epoch, 10) + "-" + strconv.FormatInt(period, 36)
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
	t.versions[v] = struct{}{}
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

// Flush writes the totals that changed since the last Flush and closes windows whose time has passed. When the writer fails,
// the totals are kept and written by a later Flush.
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
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.opts.Now().Unix()
	for _, t := range r.tenants {
		t.close(now)
	}
	return failed
}
