package vercel

import (
	"crypto/sha256"
	"encoding/binary"
	"sync"

	"edgescope/edge"
)

// mostCounted is how many names of requests are remembered at least, and at most twice as many: about 5 MB. The lines
// of one request come within seconds.
const mostCounted = 64 << 10

// counted remembers which requests have been counted, so that lines that come in another body do not count them again.
// When the young half is full it becomes the old one, and what was old is forgotten.
type counted struct {
	mu         sync.Mutex
	young, old map[uint64]struct{}
}

func newCounted() *counted { return &counted{young: map[uint64]struct{}{}} }

// claim returns the requests of a body that are known and were not counted before, and remembers them.
func (c *counted) claim(p *post) (fresh []*request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, q := range p.order {
		if q.line == nil || c.has(keys(p.batch.Tenant, q)) {
			continue
		}
		for _, key := range keys(p.batch.Tenant, q) {
			c.add(key)
		}
		fresh = append(fresh, q)
	}
	return fresh
}

func (c *counted) has(keys []uint64) bool {
	for _, key := range keys {
		_, young := c.young[key]
		_, old := c.old[key]
		if young || old {
			return true
		}
	}
	return false
}

func (c *counted) add(key uint64) {
	if len(c.young) >= mostCounted {
		c.young, c.old = map[uint64]struct{}{}, c.young
	}
	c.young[key] = struct{}{}
}

// forget lets requests be counted when they come again: the sink did not take them.
func (c *counted) forget(p *post, fresh []*request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, q := range fresh {
		for _, key := range keys(p.batch.Tenant, q) {
			delete(c.young, key)
			delete(c.old, key)
		}
	}
}

// keys are the names of a request as they are remembered.
func keys(tenant edge.Tenant, q *request) (all []uint64) {
	for _, name := range q.names {
		if name == "" {
			continue
		}
		sum := sha256.Sum256(append(binary.LittleEndian.AppendUint32(nil, uint32(tenant)), name...))
		all = append(all, binary.LittleEndian.Uint64(sum[:]))
	}
	return all
}

// lineTrace is the trace of a request without a name, by the line that tells of it.
func lineTrace(r *record) (id edge.TraceID) {
	sum := sha256.Sum256([]byte("vercel line " + string(r.ID) + " " + string(r.DeploymentID) + " " + string(r.Host) +
		string(r.Message)))
	copy(id[:], sum[:])
	return id
}
