package embedded

import (
	"runtime"
	"sync"
	"time"

	"github.com/VictoriaMetrics/VictoriaLogs/lib/logstorage"

	"edgescope/edge"
)

const (
	// maxPending is the size in bytes of the rows that wait for the engine: beyond it who brings more gives all of them. In memory
	// they are about five times as large, and once more while the engine takes them.
	maxPending = 8 << 20
	// leastPending is maxPending where the engines have next to nothing.
	leastPending = 256 << 10
	// pendingShare is the part of the memory for the engines' caches, above 64 MiB, that may wait: 5 MiB at the default limit.
	pendingShare = 28
	// linger is how long rows wait at most.
	linger = 500 * time.Millisecond
)

// pending gathers rows for the engine. The engine makes a part of what it is given at once, with a block for each stream and
// in it a column for each field, so rows that come 50 at a time cost a sixth more than 8,000 (16.8 against 14.1 CPU seconds a
// million spans of 47 fields). The rows of one batch and day stay together: after kill -9 the engine has all of them or none.
type pending struct {
	s *Store
	// most is maxPending, or less where memory is small. giving has a place for each that may give rows at a time: who has to wait
	// there keeps the next batch from coming, so that memory is bounded.
	most   int
	giving chan struct{}

	mu    sync.Mutex
	days  []dayRows
	bytes int

	// filled tells the goroutine that there are rows again.
	filled, quit chan struct{}
	once         sync.Once
	wg           sync.WaitGroup
}

// dayRows are the rows of one kind and UTC day.
type dayRows struct {
	kind edge.Kind
	day  int64
	rows *logstorage.LogRows
	n    uint64
}

func startPending(s *Store) *pending {
	most, places := maxPending, runtime.GOMAXPROCS(0)
	if limit := int(s.opts.MemoryLimit); limit > 0 {
		most, places = max(leastPending, min(most, (limit-64<<20)/pendingShare)), max(1, min(places, limit>>27))
	}
	p := &pending{s: s, most: most, giving: make(chan struct{}, places), filled: make(chan struct{}, 1), quit: make(chan struct{})}
	p.wg.Go(p.run)
	return p
}

// stop ends the goroutine; what waits still is given by the next flush.
func (p *pending) stop() {
	p.once.Do(func() { close(p.quit) })
	p.wg.Wait()
}

func (p *pending) run() {
	for {
		select {
		case <-p.filled:
		case <-p.quit:
			return
		}
		timer := time.NewTimer(linger)
		select {
		case <-timer.C:
			p.flush()
		case <-p.quit:
			timer.Stop()
			return
		}
	}
}

// add puts the rows of a batch with those that wait, and answers whether they are many. The caller gives them to the engine.
func (p *pending) add(tenant edge.Tenant, events []edge.Event) (full bool) {
	r := renderers.Get().(*renderer)
	defer renderers.Put(r)
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.days) == 0 {
		select {
		case p.filled <- struct{}{}:
		default: // it is told already
		}
	}
	first := p.s.guard.firstDay.Load()
	for i := range events {
		e := &events[i]
		day := e.Time / nanosPerDay
		if day < first {
			p.s.droppedEvents.Add(1)
			continue
		}
		d := p.of(e.Kind, day)
		fields := r.render(e)
		d.rows.MustAdd(tenantID(tenant, e.Kind), e.Time, fields, -1) // -1: the stream is of streamFields
		d.n++
		p.bytes += r.size
	}
	return p.bytes >= p.most
}

// relieve gives the engine what waits, if it is still much when there is a place to do so.
func (p *pending) relieve() {
	p.giving <- struct{}{}
	defer func() { <-p.giving }()
	p.mu.Lock()
	var days []dayRows
	if p.bytes >= p.most {
		days = p.take()
	}
	p.mu.Unlock()
	p.give(days)
}

// of answers the rows of a kind and day; there are seldom more than one or two.
func (p *pending) of(kind edge.Kind, day int64) *dayRows {
	for i := range p.days {
		if d := &p.days[i]; d.kind == kind && d.day == day {
			return d
		}
	}
	p.days = append(p.days, dayRows{kind: kind, day: day, rows: logstorage.GetLogRows(streamFields[kind], nil, nil, nil, "")})
	return &p.days[len(p.days)-1]
}

// take answers what waits; p.mu is held.
func (p *pending) take() []dayRows {
	days := p.days
	p.days, p.bytes = nil, 0
	return days
}

// flush gives the engine what waits.
func (p *pending) flush() {
	p.s.writers.RLock()
	defer p.s.writers.RUnlock()
	p.mu.Lock()
	days := p.take()
	p.mu.Unlock()
	p.give(days)
}

// give hands rows to the engine; s.writers is held for reading, so that no day is dropped meanwhile.
func (p *pending) give(days []dayRows) {
	for i := range days {
		d := &days[i]
		if d.day < p.s.guard.firstDay.Load() {
			p.s.droppedEvents.Add(d.n)
		} else {
			p.s.kinds[d.kind].MustAddRows(d.rows)
		}
		logstorage.PutLogRows(d.rows)
	}
}
