package gate

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"time"
)

// askingKey is the key of an inside in a context.
type askingKey struct{}

type inside struct {
	gate *Gate
	*asking
}

// Need says that the question of ctx is about to ask an engine for something that takes memory for as long as it runs:
// least bytes at once, most in all. It waits until there is room for most, but gives no more than half of what there is
// for all, unless least is more; a later call adds what it needs more than those before. It fails with *RefusedError,
// also when least is too much, and with the error of ctx. Outside of a gate it does nothing.
func Need(ctx context.Context, least, most int64) error {
	q, ok := ctx.Value(askingKey{}).(inside)
	if !ok {
		return nil
	}
	if largest := q.gate.Largest(); least > largest {
		return q.gate.refuse(reasonMemory, &RefusedError{
			Status: http.StatusUnprocessableEntity,
			Reason: fmt.Sprintf("the question may take more than %d MiB of memory at once: make fewer texts or values",
				largest>>20),
		})
	}
	return q.gate.need(ctx, q.asking, max(least, min(most, q.gate.Largest()/2)))
}

// Hold says that the question of ctx keeps so many bytes more until it ends. It does not wait, since others may wait
// for what this question has: it fails with *RefusedError, of status 422 when the question has more than half of what
// there is for all, 503 while others have it. Outside of a gate it does nothing.
func Hold(ctx context.Context, bytes int64) error {
	q, ok := ctx.Value(askingKey{}).(inside)
	if !ok {
		return nil
	}
	g := q.gate
	g.mu.Lock()
	defer g.mu.Unlock()
	before := q.claimed()
	q.held += bytes
	more := q.claimed() - before
	if more <= g.free {
		g.free -= more
		return nil
	}
	q.held -= bytes
	if before+more <= g.Largest()/2 {
		return g.refuse(reasonMemory, g.short())
	}
	return g.refuse(reasonMemory, &RefusedError{
		Status: http.StatusUnprocessableEntity,
		Reason: fmt.Sprintf("the answer takes more than %d MiB of memory, and all questions together have %d MiB: ask "+
			"for less", before>>20, g.o.Memory>>20),
	})
}

func (g *Gate) need(ctx context.Context, a *asking, bytes int64) error {
	c, err := g.claim(a, bytes)
	if c == nil {
		return err
	}
	patience := time.NewTimer(g.o.Patience)
	defer patience.Stop()
	select {
	case <-c.got:
		return nil
	case <-ctx.Done():
		err = ctx.Err()
	case <-patience.C:
		err = g.short()
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	i := slices.Index(g.claims, c)
	if i < 0 {
		return nil // meanwhile it was given
	}
	g.claims = slices.Delete(g.claims, i, i+1)
	if ctx.Err() == nil {
		g.count(reasonMemory)
	}
	return err
}

// claim takes the memory, or returns a claim that waits for it. Half of the turns may wait so: the rest is for
// questions that need little.
func (g *Gate) claim(a *asking, bytes int64) (*claim, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	more := bytes - a.need
	switch {
	case more <= 0:
		return nil, nil
	case more <= g.free:
		g.free -= more
		a.need = bytes
		return nil, nil
	case a.claimed() > 0 || len(g.claims) >= max(1, g.o.AtOnce/2):
		// Who has memory and waits for more may wait for who waits for it.
		return nil, g.refuse(reasonMemory, g.short())
	}
	c := &claim{a, bytes, make(chan struct{})}
	g.claims = append(g.claims, c)
	return c, nil
}

func (g *Gate) short() *RefusedError {
	return &RefusedError{
		Status: http.StatusServiceUnavailable, RetryAfter: g.o.Patience,
		Reason: fmt.Sprintf("other questions take the %d MiB of memory that there are for questions: ask again later",
			g.o.Memory>>20),
	}
}

// satisfy gives memory to those who wait for it, as far as it goes, in their order: a large one is not overtaken for
// ever.
func (g *Gate) satisfy() {
	for len(g.claims) > 0 {
		c := g.claims[0]
		if c.bytes > g.free {
			return
		}
		g.free -= c.bytes
		c.of.need = c.bytes
		close(c.got)
		g.claims = slices.Delete(g.claims, 0, 1)
	}
}
