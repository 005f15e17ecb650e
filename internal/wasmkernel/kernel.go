// Package wasmkernel is the reference implementation of the image kernels of wasm-bench: a test image, a blur and a
// Lanczos halving in 32-bit integer arithmetic. It is written for reading, not for speed, and it is what the JavaScript
// and WebAssembly engines are measured against: all of them give the same bytes. The rules are in wasm-bench/SPEC.md.
package wasmkernel

import (
	"fmt"
	"hash/fnv"
)

// MinSide is the smallest width and height in pixels that the kernels take: the halving needs two edge patterns of
// twelve taps.
const MinSide = 24

// Weights are fixed point with 14 fractional bits: each set adds up to 1 << shift, and rounding adds half of that
// first.
const (
	shift = 14
	half  = 1 << (shift - 1)
)

// Image is RGBA with 8 bits a channel, row by row from the top, without padding. Pix holds W*H*4 bytes. All four
// channels are treated alike: alpha is not multiplied in.
type Image struct {
	W, H int
	Pix  []byte
}

// New returns a black, transparent image.
func New(w, h int) Image { return Image{W: w, H: h, Pix: make([]byte, w*h*4)} }

// Check says why the kernels can't take the image: sides are even and at least MinSide pixels, and Pix has W*H*4 bytes.
func (m Image) Check() error {
	if m.W < MinSide || m.H < MinSide || m.W%2 != 0 || m.H%2 != 0 {
		return fmt.Errorf("image of %dx%d pixels: both sides must be even and at least %d", m.W, m.H, MinSide)
	}
	if len(m.Pix) != m.W*m.H*4 {
		return fmt.Errorf("image of %dx%d pixels has %d bytes, want %d", m.W, m.H, len(m.Pix), m.W*m.H*4)
	}
	return nil
}

// Hash returns the 32-bit FNV-1a hash of the bytes as 8 lower-case hex digits.
func Hash(b []byte) string {
	h := fnv.New32a()
	h.Write(b)
	return fmt.Sprintf("%08x", h.Sum32())
}

// TestImage draws gradients under noise of a linear congruential generator: the same bytes on every machine, since it
// is integers throughout.
func TestImage(w, h int) Image {
	m := New(w, h)
	seed := uint32(1)
	i := 0
	for y := range h {
		for x := range w {
			seed = seed*1664525 + 1013904223
			noise := int(seed>>24) & 31
			m.Pix[i] = byte(x*255/w ^ noise)
			m.Pix[i+1] = byte(y*255/h ^ noise)
			m.Pix[i+2] = byte((triangle(5*x)+triangle(7*y))>>1 ^ noise)
			m.Pix[i+3] = 255
			i += 4
		}
	}
	return m
}

// triangle is a wave of period 512 between 0 and 255.
func triangle(v int) int {
	v &= 511
	if v < 256 {
		return v
	}
	return 511 - v
}
