// Package outbox takes what many goroutines have to say to one receiver: in order, in bunches, and bounded.
package outbox

import (
	"sync"
	"time"
)

const (
	// eventQueue bounds the events between the users and the receiver. When it is full users wait before their next
	// step, which no latency contains.
	eventQueue = 8192
	// eventBatch is how many events wake the receiver; eventDelay is how long one of fewer waits. To wake it for each
	// would cost more than all it does.
	eventBatch = 256
	eventDelay = 10 * time.Millisecond
)

// Outbox takes the events of all users, in the order in which they come, to the one receiver.
type Outbox[Event any] struct {
	wake  chan struct{} // has room for one
	timer *time.Timer

	mu      sync.Mutex
	room    sync.Cond // that pending is not full
	pending []Event
	closed  bool
}

// New makes an empty outbox.
func New[Event any]() *Outbox[Event] {
	o := &Outbox[Event]{wake: make(chan struct{}, 1), timer: time.NewTimer(eventDelay)}
	o.room.L = &o.mu
	return o
}

// Put hands an event over. It waits while the receiver is far behind.
func (o *Outbox[Event]) Put(e Event) {
	o.mu.Lock()
	for len(o.pending) >= eventQueue {
		o.room.Wait()
	}
	o.pending = append(o.pending, e)
	n := len(o.pending)
	o.mu.Unlock()
	switch n {
	case 1:
		o.timer.Reset(eventDelay)
	case eventBatch:
		o.rouse()
	}
}

func (o *Outbox[Event]) rouse() {
	select {
	case o.wake <- struct{}{}:
	default: // it is being woken
	}
}

// Close lets Receive return when it has handed on what is there. Nothing may be put after it.
func (o *Outbox[Event]) Close() {
	o.mu.Lock()
	o.closed = true
	o.mu.Unlock()
	o.rouse()
}

// Receive hands on all events, one by one, until the outbox is closed.
func (o *Outbox[Event]) Receive(emit func(Event)) {
	defer o.timer.Stop()
	var spare []Event
	for {
		select {
		case <-o.wake:
		case <-o.timer.C:
		}
		o.mu.Lock()
		batch, closed := o.pending, o.closed
		o.pending = spare[:0]
		o.room.Broadcast()
		o.mu.Unlock()
		for _, e := range batch {
			emit(e)
		}
		if closed {
			return
		}
		clear(batch) // they belong to the receiver now
		spare = batch
	}
}
