package workers

import (
	"slices"
	"sync"
	"time"

	"edgescope/edge"
)

// table keeps the events of invocations that have not ended, by invocation, within bounds.
type table struct {
	maxOpen  int
	maxBytes int64

	mu    sync.Mutex
	open  map[key]*invocation
	bytes int64
}

func newTable(maxOpen int, maxBytes int64) table {
	return table{maxOpen: maxOpen, maxBytes: maxBytes, open: make(map[key]*invocation)}
}

// merge adds the events of a post, and takes the invocations out that they complete. It fails with
// *edge.UnavailableError when the rest is more than may wait; nothing has changed then.
func (t *table) merge(p *post) (done []*invocation, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, part := range p.parts {
		inv := t.open[part.key]
		if inv == nil {
			inv = &invocation{key: part.key}
			t.open[part.key] = inv
		}
		t.add(inv, part.events, part.last)
	}
	for _, part := range p.parts {
		inv := t.open[part.key]
		before := inv.size()
		complete := inv.complete()
		t.bytes += inv.size() - before // less what came twice
		if complete {
			t.remove(inv)
			done = append(done, inv)
		} else {
			p.waiting += len(part.events)
		}
	}
	if p.waiting > 0 && (len(t.open) > t.maxOpen || t.bytes > t.maxBytes) {
		t.takeBack(p, done)
		return nil, &edge.UnavailableError{
			Busy: true, Reason: "too many invocations have not ended",
			RetryAfter: time.Second,
		}
	}
	return done, nil
}

// undo makes the table what it was before merge.
func (t *table) undo(p *post, done []*invocation) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.takeBack(p, done)
}

func (t *table) takeBack(p *post, done []*invocation) {
	for _, inv := range done {
		t.restore(inv)
	}
	for _, part := range p.parts {
		inv := t.open[part.key]
		if inv == nil {
			continue // another post has ended it meanwhile, and has stored these events too
		}
		t.bytes -= inv.size()
		inv.events = slices.DeleteFunc(inv.events, func(e streamed) bool { return e.post == p })
		t.bytes += inv.size()
		if len(inv.events) == 0 {
			delete(t.open, part.key)
		}
	}
}

// removeBefore takes out the invocations that have waited since before that time.
func (t *table) removeBefore(limit time.Time) (old []*invocation) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, inv := range t.open {
		if inv.last.Before(limit) {
			t.remove(inv)
			old = append(old, inv)
		}
	}
	return old
}

// putBack lets invocations wait on that were taken out.
func (t *table) putBack(all []*invocation) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, inv := range all {
		t.restore(inv)
	}
}

// restore brings an invocation back, of which more events may have come meanwhile.
func (t *table) restore(inv *invocation) {
	if newer := t.open[inv.key]; newer != nil {
		t.add(newer, inv.events, inv.last)
		return
	}
	t.open[inv.key] = inv
	t.bytes += inv.size()
}

func (t *table) remove(inv *invocation) {
	delete(t.open, inv.key)
	t.bytes -= inv.size()
}

func (t *table) add(inv *invocation, events []streamed, last time.Time) {
	t.bytes -= inv.size()
	inv.events = append(inv.events, events...)
	t.bytes += inv.size()
	if last.After(inv.last) {
		inv.last = last
	}
}

// size is the memory of the events, about, in bytes.
func (inv *invocation) size() (bytes int64) {
	for i := range inv.events {
		bytes += inv.events[i].size
	}
	return bytes
}
