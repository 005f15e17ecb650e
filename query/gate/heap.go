package gate

import (
	"context"
	"fmt"
	"net/http"
	rt "runtime/metrics"
	"time"
)

// lookEvery is how often the heap is looked at while questions run: an engine fills about 20 MB in that time.
const lookEvery = 20 * time.Millisecond

// watch looks at the heap while questions run. g.mu is held.
func (g *Gate) watch() {
	if g.watched || g.o.Heap <= 0 || g.stopping.Err() != nil {
		return
	}
	g.watched = true
	g.watcher.Go(g.look)
}

func (g *Gate) look() {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	acted := uint64(0)
	for {
		select {
		case <-g.stopping.Done():
			return
		case <-tick.C:
		}
		live, collections := g.o.Live()
		// What the last one held is known to be free after the next collection.
		if int64(live) > g.o.Heap && collections > acted && g.endLargest() {
			acted = collections + 1
		}
		if g.idle() {
			return
		}
	}
}

func (g *Gate) idle() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.watched = len(g.running) > 0
	return !g.watched
}

// endLargest ends the question that needs most, of equal ones the one that runs longest.
func (g *Gate) endLargest() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	var most *asking
	for _, a := range g.running {
		if !a.ended && (most == nil || a.claimed() > most.claimed()) {
			most = a
		}
	}
	if most == nil {
		return false
	}
	most.ended = true
	most.end(g.refuse(reasonHeap, &RefusedError{
		Status: http.StatusServiceUnavailable, RetryAfter: g.o.Patience,
		Reason: fmt.Sprintf("the question was ended: the collector has more than %d MiB of memory in use; ask for less",
			g.o.Heap>>20),
	}))
	return true
}

// liveHeap returns what the last collection of garbage left, in bytes, and the number of collections.
func liveHeap() (bytes, collections uint64) {
	samples := []rt.Sample{{Name: "/gc/heap/live:bytes"}, {Name: "/gc/cycles/total:gc-cycles"}}
	rt.Read(samples)
	return samples[0].Value.Uint64(), samples[1].Value.Uint64()
}

// Explain returns why a question ended: err, unless the gate ended the question of ctx, which err then does not say.
func Explain(ctx context.Context, err error) error {
	if err == nil || ctx.Err() == nil {
		return err
	}
	if cause := context.Cause(ctx); cause != nil {
		if refused, ok := cause.(*RefusedError); ok { //nolint:errorlint // the cause itself
			return refused
		}
	}
	return err
}
