package body

import (
	"errors"
	"io"
	"math/bits"
	"sync"
	"unsafe"
)

const (
	// smallest and largest are the sizes in bytes of the buffers that are kept for the next body; there is one kind for
	// each power of two. The first bytes of a body of unknown length go to the smallest: a sender that only begins
	// holds little.
	smallest, largest = 4 << 10, 4 << 20
	// firstBuffer is the largest size in bytes that a body begins with, whatever length its sender promises.
	firstBuffer = 64 << 10
)

// memory are the buffers that wait for the next body, one pool for each power of two from smallest to largest.
type memory [11]sync.Pool

// class returns the number of the smallest kind of buffer that holds size bytes.
func class(size int) int {
	return max(0, bits.Len(uint(max(size, 1)-1))-bits.Len(uint(smallest-1)))
}

// get returns an empty slice with room for size bytes, and at most twice as much.
func (m *memory) get(size int) []byte {
	if size > largest {
		return make([]byte, 0, size)
	}
	c := class(size)
	if first, ok := m[c].Get().(*byte); ok {
		return unsafe.Slice(first, smallest<<c)[:0]
	}
	return make([]byte, 0, smallest<<c)
}

// put keeps a slice that get returned.
func (m *memory) put(b []byte) {
	if n := cap(b); n >= smallest && n <= largest {
		m[class(n)].Put(unsafe.SliceData(b)) // of every size there is one pool: the pointer alone tells it
	}
}

// bound is what limits the reading of a body: its length in bytes, and what its request can have of the memory of all.
type bound struct {
	limit int64
	share *Share
}

// buffer is memory for a body; its whole size is taken from a share.
type buffer struct {
	b    []byte
	from *memory
}

// fill reads all of src, of which length bytes are promised. It fails with *TooLargeError beyond the limit, with what
// the share returns, and with the error of src.
func (b *buffer) fill(src io.Reader, length int64, in bound) error {
	first := int64(smallest)
	if length >= 0 {
		first = min(length+1, firstBuffer) // one more: the end is found without growing
	}
	if err := b.size(int(min(first, in.limit+1)), in.share); err != nil {
		return err
	}
	for {
		if len(b.b) == cap(b.b) {
			// No larger than the byte beyond the limit, which tells that there is one.
			if err := b.size(int(min(2*int64(cap(b.b)), in.limit+1)), in.share); err != nil {
				return err
			}
		}
		n, err := src.Read(b.b[len(b.b):cap(b.b)])
		b.b = b.b[:len(b.b)+n]
		if int64(len(b.b)) > in.limit {
			return tooLarge(in.limit)
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// size moves the buffer into memory for size bytes. Old and new count both until the bytes are moved.
func (b *buffer) size(size int, share *Share) error {
	old := b.b
	next := b.from.get(size)
	if err := share.Take(int64(cap(next))); err != nil {
		b.from.put(next)
		return err
	}
	next = append(next, old...)
	b.b = next
	share.give(int64(cap(old)))
	b.from.put(old)
	return nil
}

// free gives memory and share back.
func (b *buffer) free(share *Share) {
	share.give(int64(cap(b.b)))
	b.from.put(b.b)
	b.b = nil
}
