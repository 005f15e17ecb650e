// Package refusals remembers what the doors did not take: which requests were refused, which records of a request were
// rejected, which values were changed to be kept, why and from whom. Senders at the edge are silent, so the log says
// it, throttled, and totals go into the store, where the dashboard finds them. What is remembered is bounded, whoever
// sends.
package refusals

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"edgescope/edge"
)

// What was not taken.
const (
	// Requests are refused as a whole.
	Requests = edge.MetricRefusedRequests
	// Records are rejected while others of their request are kept.
	Records = edge.MetricRefusedRecords
	// Values were dropped or changed while their record was kept.
	Values = edge.MetricChangedValues
)

const (
	// mostOfOne is how many pairs of sender and reason a tenant has at a time; a further sender is called Others. Those
	// whom nobody knows have as many together.
	mostOfOne = 100
	// mostOfAll bounds the pairs of all tenants: beyond, what is refused is counted by nobody but /metrics.
	mostOfAll = 10_000
	// forgetAfter is how long a pair is remembered after the last refusal. It bounds how many series a sender of a
	// thousand names can make: mostOfOne in that time.
	forgetAfter = time.Hour
	// warnEvery is how often the log tells of one pair.
	warnEvery = time.Minute
	// mostExample and mostName bound texts, in bytes.
	mostExample, mostName = 300, 80
	// Others are the senders and reasons beyond mostOfOne.
	Others = "others"
)

// window is the length of a total, as that of the shortest rollup.
const window = 10 * time.Second

// Writer keeps samples, as a store does.
type Writer interface {
	WriteSamples(ctx context.Context, tenant edge.Tenant, samples []edge.Sample) error
}

// Options describe a Recorder. The zero value works.
type Options struct {
	// Sender returns whose request it is; false for somebody who is not known. nil: everybody is tenant 0.
	Sender func(context.Context) (edge.Tenant, bool)
	// Count is told the reason of every request that is refused. nil: nobody is.
	Count func(reason string)
	// Collector is the label edge_collector of the totals.
	Collector string
	// Logger gets the warnings. nil drops them.
	Logger *slog.Logger
	// Now is the clock; nil means time.Now.
	Now func() time.Time
}

// Recorder remembers refusals. A nil Recorder remembers nothing. It is safe for concurrent use and owns no goroutine:
// Flush is to be called from time to time.
type Recorder struct {
	o Options

	mu    sync.Mutex
	pairs map[pair]*tally
	// perTenant counts the pairs of a tenant, and apart those of unknown senders.
	perTenant map[owner]int
	// looked is when pairs to forget were looked for.
	looked time.Time

	// writing is held by Flush, which alone gives series to a store.
	writing sync.Mutex
}

// owner is whose refusals are counted together. Those of unknown senders belong to nobody: they are stored with tenant
// 0, and do not take the places of that tenant's own.
type owner struct {
	tenant edge.Tenant
	known  bool
}

// pair is what was refused to whom, and why.
type pair struct {
	owner
	what, reason, sender string
}

// tally is what is known of a pair.
type tally struct {
	series edge.Series
	// start is the window that count belongs to, in Unix milliseconds; changed tells that the store does not have count
	// yet.
	start   int64
	count   float64
	changed bool
	// waiting are the totals of earlier windows that the store does not have yet.
	waiting []edge.Sample

	example string
	last    time.Time
	warned  time.Time
	// silent counts what came since the log told of the pair.
	silent int
}

// New makes a Recorder.
func New(o Options) *Recorder {
	o.Logger = cmp.Or(o.Logger, slog.New(slog.DiscardHandler))
	if o.Sender == nil {
		o.Sender = func(context.Context) (edge.Tenant, bool) { return 0, true }
	}
	if o.Count == nil {
		o.Count = func(string) {}
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Recorder{o: o, pairs: map[pair]*tally{}, perTenant: map[owner]int{}}
}

// Request notes that a request was refused as a whole, for a reason by its short name; message is what the sender was
// told.
func (r *Recorder) Request(req *http.Request, reason, message string) {
	if r == nil {
		return
	}
	r.o.Count(reason)
	r.note(req.Context(), pair{what: Requests, reason: reason, sender: address(req)}, 1, message)
}

// Batch notes what was rejected and changed of a request that was taken. A batch that lost nothing costs nothing.
func (r *Recorder) Batch(req *http.Request, b *edge.Batch) {
	if r == nil || b.RejectedCount == 0 && len(b.Warnings) == 0 {
		return
	}
	sender := service(b)
	if sender == "" {
		sender = address(req)
	}
	for i, rejected := range b.Rejected {
		n := 1
		if i == len(b.Rejected)-1 { // the reasons of further ones are not known
			n += b.RejectedCount - len(b.Rejected)
		}
		r.note(req.Context(), pair{what: Records, reason: class(rejected.Reason), sender: sender}, n, rejected.Reason)
	}
	for warning, n := range b.Warnings {
		r.note(req.Context(), pair{what: Values, reason: class(warning), sender: sender}, n, warning)
	}
}

func (r *Recorder) note(ctx context.Context, p pair, n int, message string) {
	tenant, known := r.o.Sender(ctx)
	p.owner = owner{tenant, known}
	p.reason, p.sender = plain(p.reason, mostName), plain(p.sender, mostName)
	now := r.o.Now()
	r.mu.Lock()
	t := r.tally(&p, now)
	if t == nil {
		r.mu.Unlock()
		return
	}
	t.add(n, now)
	t.example, t.last = strings.Clone(plain(message, mostExample)), now
	times, tell := t.tell(n, now)
	example := t.example
	r.mu.Unlock()
	if tell && p.what != Values {
		r.o.Logger.LogAttrs(ctx, slog.LevelWarn, "refused", slog.String("what",
			strings.TrimPrefix(p.what, "edge_refused_")), slog.String("reason", p.reason),
			slog.String("sender", p.name()), slog.Uint64("tenant", uint64(p.tenant)),
			slog.Int("times", times), slog.String("example", example))
	}
}

// tally finds or makes what is known of a pair, which becomes that of others where there are too many; nil when even
// that does not fit.
func (r *Recorder) tally(p *pair, now time.Time) *tally {
	r.forget(now)
	for _, rename := range []*string{nil, &p.sender, &p.reason} {
		most := mostOfOne
		if rename != nil {
			*rename, most = Others, 2*mostOfOne // with each reason
		}
		if t := r.pairs[*p]; t != nil {
			return t
		}
		if r.perTenant[p.owner] < most {
			break
		}
	}
	if len(r.pairs) >= mostOfAll {
		return nil
	}
	p.reason, p.sender = strings.Clone(p.reason), strings.Clone(p.sender) // a batch's texts end with its request
	t := &tally{series: p.series(r.o.Collector)}
	r.pairs[*p] = t
	r.perTenant[p.owner]++
	return t
}

// forget drops, once in a while, the pairs of which nothing came for long and nothing waits.
func (r *Recorder) forget(now time.Time) {
	if now.Sub(r.looked) < warnEvery {
		return
	}
	r.looked = now
	for p, t := range r.pairs {
		if now.Sub(t.last) < forgetAfter || t.changed || len(t.waiting) > 0 {
			continue
		}
		delete(r.pairs, p)
		if r.perTenant[p.owner]--; r.perTenant[p.owner] == 0 {
			delete(r.perTenant, p.owner)
		}
	}
}

// Example returns what the last sender of a total was told, by its labels; "" when that is not remembered.
func (r *Recorder) Example(tenant edge.Tenant, what, reason, sender string) string {
	if r == nil {
		return ""
	}
	p := pair{owner: owner{tenant: tenant}, what: what, reason: reason}
	var nobody bool
	p.sender, nobody = strings.CutSuffix(sender, unknown)
	p.known = !nobody
	r.mu.Lock()
	defer r.mu.Unlock()
	if t := r.pairs[p]; t != nil {
		return t.example
	}
	return ""
}

// mostWaiting bounds the windows of one pair that wait for a store that takes nothing: an hour of them.
const mostWaiting = 360

// add counts.
func (t *tally) add(n int, now time.Time) {
	start := now.UnixMilli() / window.Milliseconds() * window.Milliseconds()
	if start != t.start {
		if t.changed && len(t.waiting) < mostWaiting {
			t.waiting = append(t.waiting, t.sample())
		}
		t.start, t.count = start, 0
	}
	t.count += float64(n)
	t.changed = true
}

func (t *tally) sample() edge.Sample {
	return edge.Sample{Series: &t.series, Time: t.start, Value: t.count}
}

// tell returns whether the log is to tell of the pair now, and how often it happened since it last did.
func (t *tally) tell(n int, now time.Time) (times int, tell bool) {
	t.silent += n
	if now.Sub(t.warned) < warnEvery {
		return 0, false
	}
	times = t.silent
	t.warned, t.silent = now, 0
	return times, true
}

// flushEvery is how often Start writes.
const flushEvery = 5 * time.Second

// Start writes the totals to the store from time to time, until stop, which writes them a last time. What could not be
// written is logged.
func (r *Recorder) Start(ctx context.Context, to Writer) (stop func(context.Context) error) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	var wg sync.WaitGroup
	wg.Go(func() {
		every := time.NewTicker(flushEvery)
		defer every.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-every.C:
				if err := r.Flush(ctx, to); err != nil && ctx.Err() == nil {
					r.o.Logger.LogAttrs(ctx, slog.LevelWarn, "totals of what was not taken wait for the store",
						slog.Any("error", err))
				}
			}
		}
	})
	return func(ctx context.Context) error {
		cancel()
		wg.Wait()
		return r.Flush(ctx, to)
	}
}

// part is what Flush writes of a pair.
type part struct {
	*tally
	tenant  edge.Tenant
	samples []edge.Sample
}

// Flush writes the totals that changed to the store. What it did not take waits for the next time.
func (r *Recorder) Flush(ctx context.Context, to Writer) error {
	r.writing.Lock()
	defer r.writing.Unlock()
	parts := r.unwritten()
	samples := map[edge.Tenant][]edge.Sample{}
	for _, p := range parts {
		samples[p.tenant] = append(samples[p.tenant], p.samples...)
	}
	failed := map[edge.Tenant]bool{}
	var errs []error
	for tenant, all := range samples {
		if err := to.WriteSamples(ctx, tenant, all); err != nil {
			failed[tenant] = true
			errs = append(errs, fmt.Errorf("write totals of what was not taken: %w", err))
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, p := range parts {
		if !failed[p.tenant] {
			p.written(p.samples)
		}
	}
	return errors.Join(errs...)
}

func (r *Recorder) unwritten() (parts []part) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for p, t := range r.pairs {
		samples := slices.Clone(t.waiting)
		if t.changed {
			samples = append(samples, t.sample())
		}
		if len(samples) > 0 {
			parts = append(parts, part{t, p.tenant, samples})
		}
	}
	return parts
}

// written notes that the store has these samples. Others may have come meanwhile.
func (t *tally) written(samples []edge.Sample) {
	has := func(s edge.Sample) bool { return slices.Contains(samples, s) }
	t.waiting = slices.DeleteFunc(t.waiting, has)
	if t.changed && has(t.sample()) {
		t.changed = false
	}
}
