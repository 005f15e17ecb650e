package wasmkernel_test

import (
	"testing"

	"edgescope/internal/wasmkernel"
)

func TestEngineReachesTheGoldenHashes(t *testing.T) {
	var e wasmkernel.Engine
	for _, size := range wasmkernel.Sizes() {
		input := wasmkernel.TestImage(size.W, size.H)
		if got := wasmkernel.Hash(e.Run(input.Pix, size.W, size.H)); got != size.Halved {
			t.Errorf("%s has hash %s, want %s", size.Name, got, size.Halved)
		}
		if got := wasmkernel.Hash(input.Pix); got != size.Input {
			t.Errorf("%s: the input is changed", size.Name)
		}
	}
}

// TestEngineMatchesAtOddShapes has one engine change its image size from call to call, over pixels that overshoot a
// byte.
func TestEngineMatchesAtOddShapes(t *testing.T) {
	var e wasmkernel.Engine
	for _, side := range [][2]int{{24, 26}, {26, 24}, {98, 100}, {28, 40}, {24, 24}} {
		input := wasmkernel.TestImage(side[0], side[1])
		for i := range input.Pix {
			if i%7 == 0 {
				input.Pix[i] ^= 0xff
			}
		}
		first := e.Run(input.Pix, side[0], side[1])
		e.Run(make([]byte, len(input.Pix)), side[0], side[1])
		sameImage(t, "engine", first, input.Blur().Half().Pix)
	}
}

func BenchmarkEngine(b *testing.B) {
	for _, size := range wasmkernel.Sizes()[1:] {
		b.Run(size.Name, func(b *testing.B) {
			input := wasmkernel.TestImage(size.W, size.H)
			var e wasmkernel.Engine
			b.ReportAllocs()
			for b.Loop() {
				e.Run(input.Pix, size.W, size.H)
			}
		})
	}
}
