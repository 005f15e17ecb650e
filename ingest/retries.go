package ingest

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"sync"
	"time"

	"edgescope/edge"
)

const (
	// retryWindow is how long a body is remembered after it was acknowledged.
	retryWindow = 15 * time.Minute
	// maxKnown bounds the bodies that are remembered: 1,165 requests a second for the whole window, at about 45 bytes
	// each. Beyond it the oldest are forgotten early.
	maxKnown = 1 << 20
	// maxVerdictBytes bounds the memory for what was rejected of them.
	maxVerdictBytes = 8 << 20
)

// retries remembers the bodies that were acknowledged: one that comes again, because its answer was lost, gets the
// first answer again and is not stored twice. It is safe for concurrent use.
type retries struct {
	mu    sync.Mutex
	known map[bodyKey]acknowledged
	// order is the keys as they came, from head on.
	order []arrived
	head  int
	bytes int // of verdicts
	// flying are the bodies that are being worked on; the channel is closed when that ends.
	flying map[bodyKey]chan struct{}
	// most is maxKnown, or less in a test.
	most int
}

// bodyKey is 64 bits of a body's hash and its tenant: among a million bodies the chance that a new one is taken for a
// repeat is one in 10^13.
type bodyKey uint64

type arrived struct {
	key bodyKey
	at  int64 // Unix nanoseconds
}

// acknowledged is a body that was acknowledged.
type acknowledged struct {
	at      int64
	verdict *verdict // nil when nothing was rejected
}

// verdict is what was rejected of a batch.
type verdict struct {
	count    int
	rejected []edge.Rejection
}

func newRetries() *retries {
	return &retries{known: map[bodyKey]acknowledged{}, flying: map[bodyKey]chan struct{}{}, most: maxKnown}
}

// keyOf returns the key of a batch. A document may hold events and metrics, which are two batches of one body.
func keyOf(b *edge.Batch) bodyKey {
	hash := b.Body[:8]
	if len(b.Events) == 0 && len(b.Samples) > 0 {
		hash = b.Body[8:]
	}
	return bodyKey(binary.LittleEndian.Uint64(hash) ^ uint64(b.Tenant)*0x9e3779b97f4a7c15)
}

// enter returns true for a batch whose body was acknowledged before, with what was rejected of it then. Else the caller
// works on it and calls leave. While the same body is worked on it waits.
func (r *retries) enter(ctx context.Context, b *edge.Batch) (bool, error) {
	key := keyOf(b)
	for {
		r.mu.Lock()
		r.forget(time.Now().Add(-retryWindow).UnixNano())
		if s, ok := r.known[key]; ok {
			r.mu.Unlock()
			s.verdict.give(b)
			return true, nil
		}
		flying := r.flying[key]
		if flying == nil {
			r.flying[key] = make(chan struct{})
			r.mu.Unlock()
			return false, nil
		}
		r.mu.Unlock()
		select {
		case <-flying:
		case <-ctx.Done():
			return false, fmt.Errorf("wait for the same body that came before: %w", ctx.Err())
		}
	}
}

// leave ends what enter began.
func (r *retries) leave(b *edge.Batch, kept bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	key := keyOf(b)
	close(r.flying[key])
	delete(r.flying, key)
	if kept {
		r.add(key, acknowledged{b.Arrival, verdictOf(b)})
	}
}

// replay remembers a batch that the log holds.
func (r *retries) replay(b *edge.Batch) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.add(keyOf(b), acknowledged{b.Arrival, verdictOf(b)})
}

func (r *retries) add(key bodyKey, s acknowledged) {
	if _, ok := r.known[key]; ok {
		return
	}
	r.known[key] = s
	r.order = append(r.order, arrived{key, s.at})
	r.bytes += s.verdict.size()
	for len(r.known) > r.most || r.bytes > maxVerdictBytes {
		r.forgetOldest()
	}
}

// forget drops what came before that moment.
func (r *retries) forget(before int64) {
	for r.head < len(r.order) && r.order[r.head].at < before {
		r.forgetOldest()
	}
}

func (r *retries) forgetOldest() {
	key := r.order[r.head].key
	r.bytes -= r.known[key].verdict.size()
	delete(r.known, key)
	if r.head++; r.head > len(r.order)/2 {
		r.order = append(r.order[:0], r.order[r.head:]...)
		r.head = 0
	}
}

func (r *retries) len() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.known)
}

func verdictOf(b *edge.Batch) *verdict {
	if b.RejectedCount == 0 {
		return nil
	}
	v := &verdict{count: b.RejectedCount}
	for _, rej := range b.Rejected {
		rej.Reason = string([]byte(rej.Reason)) // it may point into the batch
		v.rejected = append(v.rejected, rej)
	}
	return v
}

func (v *verdict) give(b *edge.Batch) {
	b.Rejected, b.RejectedCount = b.Rejected[:0], 0
	if v != nil {
		b.Rejected, b.RejectedCount = append(b.Rejected, v.rejected...), v.count
	}
}

func (v *verdict) size() int {
	if v == nil {
		return 0
	}
	n := 64
	for i := range v.rejected {
		n += 32 + len(v.rejected[i].Reason)
	}
	return n
}

// appendState appends what is remembered: the number of bodies, and for each its key, the time since the one before and
// what was rejected.
func (r *retries) appendState(dst []byte) []byte {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.forget(time.Now().Add(-retryWindow).UnixNano())
	dst = binary.AppendUvarint(dst, uint64(len(r.order)-r.head))
	before := int64(0)
	for _, a := range r.order[r.head:] {
		dst = binary.LittleEndian.AppendUint64(dst, uint64(a.key))
		dst = binary.AppendVarint(dst, a.at-before)
		before = a.at
		dst = r.known[a.key].verdict.appendState(dst)
	}
	return dst
}

func (v *verdict) appendState(dst []byte) []byte {
	if v == nil {
		return binary.AppendUvarint(dst, 0)
	}
	dst = binary.AppendUvarint(dst, uint64(v.count))
	dst = binary.AppendUvarint(dst, uint64(len(v.rejected)))
	for _, rej := range v.rejected {
		dst = binary.AppendUvarint(dst, uint64(rej.Index))
		dst = binary.AppendUvarint(dst, uint64(len(rej.Reason)))
		dst = append(dst, rej.Reason...)
	}
	return dst
}

var errState = errors.New("the state of the pipeline makes no sense")

// restore reads what appendState wrote and returns what follows it.
func (r *retries) restore(data []byte) (rest []byte, err error) {
	in := &stateReader{data: data}
	at := int64(0)
	for n := in.uint(); n > 0 && !in.bad; n-- {
		key := bodyKey(0)
		if b := in.bytes(8); len(b) == 8 {
			key = bodyKey(binary.LittleEndian.Uint64(b))
		}
		at += in.int()
		v := in.verdict()
		if !in.bad {
			r.add(key, acknowledged{at, v})
		}
	}
	if in.bad {
		return nil, errState
	}
	return in.data, nil
}

// stateReader reads numbers and bytes. Once bad, everything reads as zero.
type stateReader struct {
	data []byte
	bad  bool
}

func (in *stateReader) uint() uint64 {
	v, n := binary.Uvarint(in.data)
	return uint64(in.skip(int64(v), n))
}

func (in *stateReader) int() int64 {
	v, n := binary.Varint(in.data)
	return in.skip(v, n)
}

func (in *stateReader) skip(v int64, n int) int64 {
	if n <= 0 {
		in.data, in.bad = nil, true
		return 0
	}
	in.data = in.data[n:]
	return v
}

func (in *stateReader) bytes(n uint64) []byte {
	if n > uint64(len(in.data)) {
		in.data, in.bad = nil, true
		return nil
	}
	b := in.data[:n]
	in.data = in.data[n:]
	return b
}

func (in *stateReader) verdict() *verdict {
	count := in.uint()
	if count == 0 {
		return nil
	}
	v := &verdict{count: int(count)}
	for n := in.uint(); n > 0 && !in.bad; n-- {
		index := int(in.uint())
		v.rejected = append(v.rejected, edge.Rejection{Index: index, Reason: string(in.bytes(in.uint()))})
	}
	return v
}
