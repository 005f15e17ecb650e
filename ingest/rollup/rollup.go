// Package rollup adds up invocations into samples: rate, errors, duration, cold starts, init and CPU time, cache
// outcomes.
//
// A sample is the total of one part of one event-time window of one series. It is written again, larger, when more
// events arrive; the store keeps the greatest value of one time, so writing twice is harmless. Windows of every width
// in edge.Widths are kept side by side, so that a question over days reads hours and not seconds.
//
// What is held is bounded in bytes, however many windows events fall into: when it is too much, the part turns. What
// was added up is written, into the log too, and forgotten; what comes from then on is added up anew, into samples of
// its own beside those that are there. Which part an event belongs to is decided before its batch is logged and is part
// of the record (edge.Batch.Part), so that a replay adds up the same parts.
package rollup

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"edgescope/edge"
)

// Options describe a Rollup.
type Options struct {
	// Collector is the value of label edge_collector: the UUID of the collector.
	Collector string
	// Epoch is unique among the starts of this collector; it names window parts after Forget.
	Epoch uint64
	// Open is how long a part is added to at most; 0 means 15 minutes. A shorter one holds less, a longer one writes
	// fewer samples.
	Open time.Duration
	// MaxKeys bounds the sets of dimensions that a tenant has in a part; 0 means 20,000. Invocations beyond it are
	// added up in one series per service, labelled otel_metric_overflow="true".
	MaxKeys int
	// MaxBytes bounds what is held in memory; 0 means 128 MiB. A part turns at half of it, and Full tells when it is
	// used up.
	MaxBytes int64
	// Settle is how long the store may need to make samples durable; 0 means a minute.
	Settle time.Duration
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	Log *slog.Logger
}

// Rollup adds up invocations. It is safe for concurrent use. Nothing of it runs by itself: its owner calls Flush, and
// when Due tells so Turn, Unsettled, Flush and Drop.
type Rollup struct {
	opts  Options
	flush sync.Mutex // held for the whole of a Flush, so that there is one at a time; guards page
	page  page

	held  atomic.Int64  // bytes
	heavy atomic.Bool   // the current part should turn
	parts atomic.Uint64 // the number of the current part

	mu      sync.Mutex
	current *part
	// over are the parts before the current one that are not written or not in the log.
	over     []*part
	tenants  map[edge.Tenant]*tenant
	versions int64 // bytes that the versions of all tenants take
	deploys  []deploy
	amounts  []amount // reused by fold
	// freed is closed when Drop has forgotten something.
	freed chan struct{}
	// lost is what Forget noted; zero when the state of the earlier process was restored, or when there was none.
	lost lost
}

// tenant is what is known of a tenant beside its totals.
type tenant struct {
	// versions are the (service, version) pairs seen, and when first, in Unix nanoseconds.
	versions map[version]int64
	// warned tells that its keys are too many.
	warned bool
}

type version struct{ Service, Version string }

type deploy struct {
	tenant  edge.Tenant
	version version
	at      int64 // Unix nanoseconds
}

const (
	// maxVersions bounds the versions that are remembered per tenant, and versionShare the part of MaxBytes that those
	// of all tenants take; later ones get no marker.
	maxVersions  = 10_000
	versionShare = 16
	// versionBytes is about what a version takes beside its texts.
	versionBytes = 100
)

// New makes an empty Rollup. When an earlier process wrote to the same store, call Restore or Forget before the first
// Add.
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
	if o.MaxBytes == 0 {
		o.MaxBytes = 128 << 20
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	r := &Rollup{opts: o, tenants: map[edge.Tenant]*tenant{}, freed: make(chan struct{})}
	r.current = newPart(1, o.Now().Unix())
	r.parts.Store(1)
	return r
}

// lost says that windows which start before a Unix second may have been written with totals that are not known.
type lost struct {
	floor int64
	epoch uint64
}

// ahead is how far ahead of the clock the time of an event may be: what a store takes.
const ahead = 24 * time.Hour

// Forget says that an earlier process wrote windows whose totals are not known: what falls into them now is kept under
// a label of its own, so that it adds to what is stored instead of hiding behind it.
func (r *Rollup) Forget() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lost = lost{r.opts.Now().Add(ahead + r.opts.Open).Unix(), r.opts.Epoch}
}

// Part returns the number of the current part: what a batch is to say before it is logged. It is 0
// after Restore of a checkpoint of a version before parts, until the first Turn.
func (r *Rollup) Part() uint64 { return r.parts.Load() }

// Add adds the invocations of a batch to its part; other events are passed over. It keeps nothing of the batch's
// memory. The part is the current one, or a later one, which becomes the current one.
func (r *Rollup) Add(b *edge.Batch) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if b.Part > r.current.number {
		r.turn(b.Part)
	}
	p := r.current
	keys := p.keysOf(b.Tenant)
	for i := range b.Events {
		e := &b.Events[i]
		if !e.Facts.Invocation {
			continue
		}
		if b.Part == 0 {
			p = r.legacy(e.Time/1e9, b.Arrival/1e9)
			keys = p.keysOf(b.Tenant)
		}
		r.observe(p, b.Tenant, keys, e)
		r.see(b.Tenant, e)
	}
	r.weigh()
}

// Due tells that the owner should call Turn: the part holds too much, or has been added to for long enough.
func (r *Rollup) Due() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.current.empty() {
		return false
	}
	return r.Heavy() || r.opts.Now().Unix()-r.current.began >= r.open()
}

// Heavy tells that the part holds so much that Turn is due.
func (r *Rollup) Heavy() bool { return r.heavy.Load() }

// Turn begins the next part. The owner calls it when no batch is between Part and Add. Flush then writes what the part
// before holds, and Drop forgets it.
func (r *Rollup) Turn() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.turn(r.current.number + 1)
}

func (r *Rollup) turn(number uint64) {
	before := r.current
	r.foldAll()
	next := newPart(number, r.opts.Now().Unix())
	next.pending, before.pending = before.pending, table{} // empty, with its memory
	if !before.empty() {
		r.over = append(r.over, before)
	}
	r.current = next
	r.parts.Store(number)
	r.weigh()
}

// Drop forgets the parts that are over, written, and in the log.
func (r *Rollup) Drop() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.current.number == 0 {
		return // batches of a version before parts may still be replayed
	}
	kept := r.over[:0]
	for _, p := range r.over {
		if p.unwritten() || !p.logged {
			kept = append(kept, p)
		}
	}
	clear(r.over[len(kept):])
	if len(kept) < len(r.over) {
		close(r.freed)
		r.freed = make(chan struct{})
	}
	r.over = kept
	r.weigh()
}

// Full tells that what is held is at its bound: batches should wait until the channel is closed, and look again.
func (r *Rollup) Full() (bool, <-chan struct{}) {
	if r.held.Load() < r.opts.MaxBytes {
		return false, nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.held.Load() >= r.opts.MaxBytes, r.freed
}

// Over tells that there are parts before the current one that wait to be written and forgotten.
func (r *Rollup) Over() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.over) > 0
}

// weigh notes how much is held.
func (r *Rollup) weigh() {
	n := r.current.bytes()
	r.heavy.Store(n >= r.opts.MaxBytes/2)
	n += r.versions
	for _, p := range r.over {
		n += p.bytes()
	}
	r.held.Store(n)
}

func (r *Rollup) open() int64 { return int64(r.opts.Open / time.Second) }

func (r *Rollup) tenant(id edge.Tenant) *tenant {
	t := r.tenants[id]
	if t == nil {
		t = &tenant{versions: map[version]int64{}}
		r.tenants[id] = t
	}
	return t
}

func (r *Rollup) warn(id edge.Tenant) {
	t := r.tenant(id)
	if t.warned {
		return
	}
	t.warned = true
	r.opts.Log.Warn("too many rollup series: further ones are added up per service",
		slog.Int("tenant", int(id)), slog.Int("max_keys", r.opts.MaxKeys))
}

// see notes the first sight of a version.
func (r *Rollup) see(id edge.Tenant, e *edge.Event) {
	v := version{e.Facts.Service, e.Facts.Version}
	if v.Version == "" || v.Service == "" {
		return
	}
	t := r.tenant(id)
	if _, seen := t.versions[v]; seen || len(t.versions) >= maxVersions || r.versions >= r.opts.MaxBytes/versionShare {
		return
	}
	r.note(t, id, version{strings.Clone(v.Service), strings.Clone(v.Version)}, e.Time)
}

func (r *Rollup) note(t *tenant, id edge.Tenant, v version, at int64) {
	t.versions[v] = at
	r.versions += versionBytes + int64(len(v.Service)+len(v.Version))
	r.deploys = append(r.deploys, deploy{id, v, at})
}

// Stats are counts of what is held.
type Stats struct {
	// Keys and Cells are those of all parts that are held; Unwritten cells wait for the next Flush.
	Keys, Cells, Unwritten int
	// Bytes is about how much memory they take.
	Bytes int64
}

// Stats counts what is held.
func (r *Rollup) Stats() Stats {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := Stats{Bytes: r.held.Load()}
	for _, p := range r.all() {
		s.Keys += len(p.keys)
		s.Cells += len(p.totals.cells)
		s.Unwritten += len(p.dirty) + len(p.pending.cells)
	}
	return s
}

// all returns the parts that are held, oldest first, the current one last.
func (r *Rollup) all() []*part { return append(r.over[:len(r.over):len(r.over)], r.current) }

// foldAll folds all parts.
func (r *Rollup) foldAll() {
	for _, p := range r.all() {
		r.fold(p)
	}
}

// SampleWriter takes samples: a store.
type SampleWriter interface {
	WriteSamples(ctx context.Context, tenant edge.Tenant, samples []edge.Sample) error
}
