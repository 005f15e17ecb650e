package workers

import (
	"bytes"
	"sync/atomic"
	"time"

	"edgescope/edge"
)

// budget bounds the memory of all requests that are being worked on.
type budget struct {
	limit int64
	used  atomic.Int64
}

// take reserves bytes. It fails with *edge.UnavailableError when others have taken them.
func (b *budget) take(n int64) error {
	if b.used.Add(n) > b.limit {
		b.used.Add(-n)
		return &edge.UnavailableError{Busy: true, Reason: "too many tail events are being received", RetryAfter: time.Second}
	}
	return nil
}

func (b *budget) give(n int64) { b.used.Add(-n) }

// bytesPerValue is more than any value of a body needs beside its text: an event of ours is 700 bytes and is made of at
// least four values.
const bytesPerValue = 256

// memoryOf answers how many bytes it takes to work on a body, about: its text three times over, as sent, split and decoded,
// and its values, of which there are at most one more than commas.
func memoryOf(body []byte) int64 {
	return 3*int64(len(body)) + bytesPerValue*int64(1+bytes.Count(body, []byte{','}))
}
