// Package waiting holds events as rows, stream by stream, until the engine takes them.
package waiting

import (
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/VictoriaMetrics/VictoriaLogs/lib/logstorage"
	"golang.org/x/sync/errgroup"

	"edgescope/edge"
)

const (
	// maxPending is the memory in bytes that rows may take while they wait for the engine; once more while it takes
	// them.
	maxPending = 64 << 20
	// leastPending is maxPending where the engines have next to nothing.
	leastPending = 256 << 10
	// pendingShare is the part of the memory for the engines' caches that may wait: 51 MiB at the default limit.
	pendingShare = 8
	// linger is how long rows wait at most.
	linger = 1500 * time.Millisecond

	// Rows are given in pieces, of which each becomes a part of the engine. It merges 8 to 15 parts at a time: so many
	// pieces of different streams are put together without looking into them. Less than leastPiece would wait in the
	// engine for more, and of more than maxPiece the engine's copies take too much memory.
	pieces     = 12
	leastPiece = 2 << 20
	maxPiece   = 8 << 20

	// fewDays is how many days the engine is given before it makes parts of them: it has buffers of its own for each.
	fewDays = 4
)

// Kinds is the number of event kinds, each with a storage of its own.
const Kinds = int(edge.KindDataPoint) + 1

// Day is the length of a UTC day in nanoseconds: events of one day are kept together.
const Day = int64(24 * time.Hour)

// Rows gathers rows for the engine. The engine makes a block of the rows of a stream that it is given at once, with a
// column for each field, and merges blocks by taking them apart until they have 2 MiB: rows that come in the order of
// requests, a few of each stream, cost 1.7 times as much as those of two seconds stream by stream (40 against 24 CPU
// seconds for a million spans of 47 fields, on a slow machine; ADR 13).
type Rows struct {
	storages [Kinds]*logstorage.Storage
	most     int // bytes that may wait

	// firstDay is the first UTC day (since 1970) whose rows are taken, dropped counts those of days before it.
	firstDay atomic.Int64
	dropped  atomic.Uint64
	// writers is held for reading while rows go to the engine, for writing by DropBefore.
	writers sync.RWMutex

	mu      sync.Mutex
	room    *sync.Cond // on mu: bytes has become less, or stopped is true
	days    []*waiting
	bytes   int
	batch   uint32 // number of the last batch
	waited  uint64 // writers that found no room
	stopped bool

	// giving is held while rows are on their way to the engine: who has it next finds them there.
	giving sync.Mutex
	places int // of pieces that are given at a time
	spares spares

	// filled tells the goroutine that there are rows again, full that they are too many to wait longer.
	filled, full, quit chan struct{}
	wg                 sync.WaitGroup
}

// Open begins to hold rows for the storages, by kind. memory is what the engines' caches may take, in bytes, 0 when
// that is not known: an eighth of it may wait, 64 MiB at most. The caller closes the storages after Close.
func Open(storages [Kinds]*logstorage.Storage, memory int64) *Rows {
	most, places := maxPending, runtime.GOMAXPROCS(0)
	if limit := int(memory); limit > 0 {
		most, places = max(leastPending, min(most, limit/pendingShare)), max(1, min(places, limit>>27))
	}
	p := &Rows{
		storages: storages, most: most, places: places,
		filled: make(chan struct{}, 1), full: make(chan struct{}, 1), quit: make(chan struct{}),
	}
	p.room = sync.NewCond(&p.mu)
	p.wg.Go(p.run)
	return p
}

// Stop has rows wait for Flush alone, and lets writers in that find no room. A second Stop does nothing.
func (p *Rows) Stop() {
	p.mu.Lock()
	stopped := p.stopped
	p.stopped = true
	p.room.Broadcast()
	p.mu.Unlock()
	if !stopped {
		close(p.quit)
	}
	p.wg.Wait()
}

func (p *Rows) run() {
	idle := time.NewTicker(spareTime)
	defer idle.Stop()
	for {
		select {
		case <-p.filled:
		case <-idle.C:
			p.spares.forget()
			continue
		case <-p.quit:
			return
		}
		timer := time.NewTimer(linger)
		select {
		case <-timer.C:
		case <-p.full:
		case <-p.quit:
			timer.Stop()
			return
		}
		timer.Stop()
		p.Flush()
	}
}

// Add puts the rows of a batch with those that wait. It waits itself while they are too many. It keeps nothing of
// events.
func (p *Rows) Add(tenant edge.Tenant, events []edge.Event) {
	r := renderers.Get().(*renderer)
	defer renderers.Put(r)
	n := r.fill(tenant, events)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.awaitRoom()
	p.batch = max(1, p.batch+1)
	p.put(tenant, r)
	for n < len(events) { // the rows of a batch that is large are rendered under the lock: they stay together
		n += r.fill(tenant, events[n:])
		p.put(tenant, r)
	}
	if p.bytes >= p.most {
		tell(p.full)
	}
}

// awaitRoom waits while too many rows are there, and tells that there are some. mu is held.
func (p *Rows) awaitRoom() {
	if p.bytes >= p.most {
		p.waited++
	}
	for p.bytes >= p.most && !p.stopped {
		p.room.Wait()
	}
	if len(p.days) == 0 {
		tell(p.filled)
	}
}

// put puts the rows of a renderer with those that wait. mu is held.
func (p *Rows) put(tenant edge.Tenant, r *renderer) {
	first := p.firstDay.Load()
	for i := range r.rows {
		row := &r.rows[i]
		day := row.time / Day
		if day < first {
			p.dropped.Add(1)
			continue
		}
		p.bytes += p.of(row.kind, day).add(tenant, p.batch, r, row)
	}
}

// Load returns the bytes that wait for the engine, and how many writers had to wait until they were less.
func (p *Rows) Load() (bytes int, waited uint64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.bytes, p.waited
}

// Dropped returns how many rows were of days that had gone.
func (p *Rows) Dropped() uint64 { return p.dropped.Load() }

// FirstDay returns the first UTC day (since 1970) whose rows are taken.
func (p *Rows) FirstDay() int64 { return p.firstDay.Load() }

// DropBefore drops the rows of the days before day, from now on and those that wait. On return none is on its way to
// the engine: a row that came while the directory of its day goes would be lost in silence.
func (p *Rows) DropBefore(day int64) {
	p.writers.Lock()
	defer p.writers.Unlock()
	p.firstDay.Store(day)
}

// tell sends to a channel of one place, unless it has been told already.
func tell(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// of returns the rows of a kind and day; there are seldom more than one or two.
func (p *Rows) of(kind edge.Kind, day int64) *waiting {
	for _, w := range p.days {
		if w.kind == kind && w.day == day {
			return w
		}
	}
	w := newWaiting(kind, day)
	p.days = append(p.days, w)
	return w
}

// Flush gives the engine what waits, and returns when questions see it.
func (p *Rows) Flush() {
	p.giving.Lock()
	defer p.giving.Unlock()
	p.mu.Lock()
	days := p.days
	p.days, p.bytes = nil, 0
	p.room.Broadcast()
	p.mu.Unlock()

	p.writers.RLock() // no day is dropped meanwhile
	defer p.writers.RUnlock()
	fewAtATime(days, func(w *waiting) {
		if w.day < p.firstDay.Load() {
			p.dropped.Add(uint64(len(w.rows)))
		} else {
			p.give(w)
		}
		w.release()
	}, p.show)
}

// fewAtATime gives days, and shows them after each fewDays and at the end, also when there are none.
func fewAtATime(days []*waiting, give func(*waiting), show func()) {
	for i, w := range days {
		if i > 0 && i%fewDays == 0 {
			show()
		}
		give(w)
	}
	show()
}

// show has the engine make parts of what it was given, or what is less than a piece waits there for another second.
func (p *Rows) show() {
	for _, st := range p.storages {
		st.DebugFlush()
	}
}

// give hands the rows of a kind and day to the engine.
func (p *Rows) give(w *waiting) {
	var hands errgroup.Group
	hands.SetLimit(p.places)
	w.give(min(max(w.size/pieces, leastPiece), maxPiece), &p.spares, func(rows *logstorage.LogRows) {
		hands.Go(func() error {
			p.storages[w.kind].MustAddRows(rows)
			p.spares.put(w.kind, rows)
			return nil
		})
	})
	_ = hands.Wait() // no hand fails
}
