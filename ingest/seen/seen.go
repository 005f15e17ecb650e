// Package seen remembers the spans that were acknowledged, for some minutes and within a budget of bytes. A span that
// comes again in another body, because a collector on its way forks or a client packs a retry anew, is kept once; and
// of two server spans of one request that come in two bodies one is counted, as of two that come together.
//
// A span is the same when its ids, kind, service, times, name and attributes are: senders that use an id twice, and the
// two halves of a Zipkin call, which share one, lose nothing. Only what was acknowledged counts as seen. While a batch
// is on its way to the log, another one with a span of it waits, so that none is acknowledged for the sake of a batch
// that fails.
//
// Nothing of this is kept on disk: what a batch keeps is decided before it enters the log, and a replay adds what the
// log holds.
package seen

import (
	"encoding/binary"
	"hash/maphash"
	"math/bits"
	"sync"
	"time"

	"edgescope/edge"
)

const (
	// Window is how long a span is known, as long as the budget allows.
	Window = 15 * time.Minute
	// DefaultMemory is the budget in bytes for Options of 0: 1.5 million keys.
	DefaultMemory = 16 << 20
)

// Spans are the spans that were acknowledged. They are safe for concurrent use.
type Spans struct {
	seed maphash.Seed
	most int // slots of one generation
	// claims holds *Claim, for its memory.
	claims sync.Pool

	mu sync.Mutex
	// young takes what comes. When it is full, or as old as the window, it becomes old, and what was old is forgotten.
	young, old table
	begun      time.Time
	// open counts the claims that are not settled.
	open int
	// settled is closed when the next claim is settled; nil when nobody waits for it.
	settled chan struct{}
}

// New makes an empty set that takes up to so many bytes of memory; 0 is DefaultMemory.
func New(memory int64) *Spans {
	if memory == 0 {
		memory = DefaultMemory
	}
	s := &Spans{
		seed: maphash.MakeSeed(), most: fewest, young: newTable(fewest), old: newTable(fewest),
		begun: time.Now(),
	}
	for int64(s.most)*2*2*8 <= memory { // twice as many slots, in two generations, of 8 bytes
		s.most *= 2
	}
	s.claims.New = func() any { return new(Claim) }
	return s
}

// Claim is the spans of a batch that is on its way to the log.
type Claim struct {
	spans *Spans
	marks []marks
	// keys are those that the claim added, pending.
	keys []uint64
	// Repeated is how many spans were taken out of the batch.
	Repeated int
}

// marks are the keys of one event; 0 where it has none.
type marks struct {
	// span is the span itself. server tells that there is a server span of that id and service, inner that an
	// invocation was counted whose parent has that id; outer and around are the same of the event's parent.
	span, server, inner, outer, around uint64
}

// Claim takes the spans that were seen before out of a batch, and unmarks the invocations that belong to one that was
// counted: a server or consumer span whose parent is a server span of the same service, and a server span of whose
// children one was counted, because it came first. The caller settles the claim.
func (s *Spans) Claim(b *edge.Batch) *Claim {
	c := s.claims.Get().(*Claim)
	c.spans, c.Repeated = s, 0
	c.marks, c.keys = s.mark(c.marks[:0], b), c.keys[:0]
	s.mu.Lock()
	for s.open > 0 && s.anyPending(c.marks) {
		if s.settled == nil {
			s.settled = make(chan struct{})
		}
		wait := s.settled
		s.mu.Unlock()
		<-wait
		s.mu.Lock()
	}
	defer s.mu.Unlock()
	s.turn()
	s.open++
	kept := 0
	for i := range b.Events {
		m, e := &c.marks[i], &b.Events[i]
		if m.span != 0 && !c.add(m.span) {
			c.Repeated++
			continue
		}
		c.judge(e, m)
		if kept != i {
			b.Events[kept] = *e
		}
		kept++
	}
	clear(b.Events[kept:])
	b.Events = b.Events[:kept]
	return c
}

// judge decides whether a span is the invocation of its request, and notes it for those that come later.
func (c *Claim) judge(e *edge.Event, m *marks) {
	if e.Facts.Invocation && (c.spans.has(m.outer) || c.spans.has(m.inner)) {
		e.Facts.Invocation = false
	}
	for _, key := range c.spans.notes(e, m) {
		if key != 0 {
			c.add(key)
		}
	}
}

// notes returns what those that come later must know of a span: that it is a server's, and what is around an invocation
// that is counted, be it the span's own or one further in. 0 is nothing.
func (s *Spans) notes(e *edge.Event, m *marks) (keys [2]uint64) {
	keys[0] = m.server
	if e.Facts.Invocation || s.has(m.inner) {
		keys[1] = m.around
	}
	return keys
}

// add adds a key until the claim is settled. It is not ok when the key is there.
func (c *Claim) add(key uint64) (ok bool) {
	if !c.spans.add(key | pending) {
		return false
	}
	c.keys = append(c.keys, key)
	return true
}

// Settle ends a claim: its spans are known from now on if the batch was acknowledged, and forgotten if not. The claim
// must not be used any more.
func (c *Claim) Settle(acknowledged bool) {
	s := c.spans
	s.mu.Lock()
	s.open--
	for _, key := range c.keys {
		s.settle(key, acknowledged)
	}
	if s.settled != nil {
		close(s.settled)
		s.settled = nil
	}
	s.mu.Unlock()
	s.claims.Put(c)
}

// Replay adds the spans of a batch that the log holds.
func (s *Spans) Replay(b *edge.Batch) {
	if time.Since(time.Unix(0, b.Arrival)) > Window {
		return
	}
	all := s.mark(nil, b)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.turn()
	for i := range all {
		m := &all[i]
		notes := s.notes(&b.Events[i], m)
		for _, key := range [...]uint64{m.span, notes[0], notes[1]} {
			if key != 0 {
				s.add(key)
			}
		}
	}
}

// Len counts the keys that are known.
func (s *Spans) Len() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.young.used + s.old.used
}

// mark appends the marks of a batch's events.
func (s *Spans) mark(to []marks, b *edge.Batch) []marks {
	for i := range b.Events {
		var m marks
		// the ids of a tail event are our own
		if e := &b.Events[i]; e.Kind == edge.KindSpan && e.Facts.Source != edge.SourceTail {
			m = s.marksOf(b.Tenant, e)
		}
		to = append(to, m)
	}
	return to
}

// What a key is about, in its hash.
const (
	aboutSpan = iota
	aboutServer
	aboutInner
)

func (s *Spans) marksOf(tenant edge.Tenant, e *edge.Event) (m marks) {
	var text [16 + 8 + 4 + 8 + 2 + 16 + 8]byte
	copy(text[:16], e.TraceID[:])
	copy(text[16:24], e.SpanID[:])
	binary.LittleEndian.PutUint32(text[24:], uint32(tenant))
	binary.LittleEndian.PutUint64(text[28:], maphash.String(s.seed, e.Facts.Service))
	text[36], text[37] = aboutSpan, byte(e.SpanKind)
	binary.LittleEndian.PutUint64(text[38:], uint64(e.Time-e.Duration)) // bits
	binary.LittleEndian.PutUint64(text[46:], uint64(e.Time))            // bits
	binary.LittleEndian.PutUint64(text[54:], s.content(e))
	m.span = s.key(text[:])
	if e.SpanKind != edge.SpanServer && e.SpanKind != edge.SpanConsumer {
		return m
	}
	about := func(what byte) uint64 {
		text[36] = what
		return s.key(text[:37])
	}
	if e.SpanKind == edge.SpanServer {
		m.server, m.inner = about(aboutServer), about(aboutInner)
	}
	if !e.ParentID.IsZero() {
		copy(text[16:24], e.ParentID[:])
		m.outer, m.around = about(aboutServer), about(aboutInner)
	}
	return m
}

// content hashes what a span says beside who and when it is. Its resource is left out: collectors on its way write into
// it. Attributes have no order (OpenTelemetry specification, "Attribute Collections"): their hashes are added, each a
// product, so that keys that change their values, or places with them, make another sum.
func (s *Spans) content(e *edge.Event) uint64 {
	var h maphash.Hash
	h.SetSeed(s.seed)
	f := &e.Facts
	for _, text := range [...]string{e.Name, f.Route, f.Outcome, e.SpanEvents} {
		writeText(&h, text)
	}
	sum := h.Sum64() + uint64(f.Status) // not negative
	for i := range e.Attrs {
		sum += maphash.String(s.seed, e.Attrs[i].Key) * (bits.RotateLeft64(maphash.String(s.seed, e.Attrs[i].Value),
			32) | 1)
	}
	return sum
}

// writeText writes a text so that two of them can't be taken for one.
func writeText(h *maphash.Hash, text string) {
	h.WriteString(text)
	h.WriteByte(0xff) // no byte of UTF-8
}

// key hashes what a key is about. With a seed of the process no sender can make two that are the same, and the chance
// that a new span is taken for one of a million that are known is one in 10^13.
func (s *Spans) key(text []byte) uint64 {
	key := maphash.Bytes(s.seed, text) &^ pending
	if key == 0 {
		return 2
	}
	return key
}

func (s *Spans) anyPending(all []marks) bool {
	for i := range all {
		m := &all[i]
		if s.isPending(m.span) || m.server != 0 && (s.isPending(m.server) || s.isPending(m.inner)) ||
			m.outer != 0 && (s.isPending(m.outer) || s.isPending(m.around)) {
			return true
		}
	}
	return false
}

// slot returns where a key is, nil when it is nowhere.
func (s *Spans) slot(key uint64) *uint64 {
	for _, t := range [...]*table{&s.young, &s.old} {
		if at, found := t.find(key); found {
			return &t.slots[at]
		}
	}
	return nil
}

func (s *Spans) isPending(key uint64) bool {
	if key == 0 {
		return false
	}
	at := s.slot(key)
	return at != nil && *at&pending != 0
}

func (s *Spans) has(key uint64) bool { return key != 0 && s.slot(key) != nil }

// add adds a key, with its bit. It is not ok when the key is there.
func (s *Spans) add(key uint64) (ok bool) {
	at, found := s.young.find(key &^ pending)
	if !found {
		_, found = s.old.find(key &^ pending)
	}
	switch {
	case found:
		return false
	case !s.young.full():
		s.young.put(at, key)
		return true
	case len(s.young.slots) < s.most:
		s.young.grow()
	default:
		s.renew()
	}
	s.young.add(key)
	return true
}

// settle makes a pending key a known one, or takes it out.
func (s *Spans) settle(key uint64, keep bool) {
	at := s.slot(key)
	switch {
	case at != nil && keep:
		*at = key
	case at != nil:
		*at = gone
	case keep: // it was forgotten meanwhile
		s.add(key)
	}
}

// turn begins a new generation when the young one is as old as the window.
func (s *Spans) turn() {
	if time.Since(s.begun) >= Window {
		s.renew()
	}
}

// renew makes the young generation the old one, and the memory of the old one the next.
func (s *Spans) renew() {
	next := s.old
	if need := max(fewest, 2*s.young.used); len(next.slots) > 2*need || len(next.slots) < fewest {
		next = table{}
	}
	s.old = s.young
	if next.slots == nil {
		next = newTable(fewest)
	} else {
		clear(next.slots)
		next.used = 0
	}
	s.young, s.begun = next, time.Now()
}
