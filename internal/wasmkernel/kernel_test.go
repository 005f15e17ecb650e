package wasmkernel_test

import (
	"bytes"
	"testing"

	"edgescope/internal/wasmkernel"
)

func TestHashIsFNV1a(t *testing.T) {
	f := func(input, want string) {
		t.Helper()
		if got := wasmkernel.Hash([]byte(input)); got != want {
			t.Errorf("Hash(%q) = %s, want %s", input, got, want)
		}
	}
	// The first is the offset basis; the others are test vectors of the FNV draft (draft-eastlake-fnv).
	f("", "811c9dc5")
	f("a", "e40c292c")
	f("foobar", "bf9cf968")
}

func TestTestImageStartsAsSpecified(t *testing.T) {
	got := wasmkernel.TestImage(800, 600).Pix[:8]
	want := []byte{28, 28, 28, 255, 30, 30, 28, 255}
	if !bytes.Equal(got, want) {
		t.Errorf("small test image starts %v, want %v", got, want)
	}
}

func TestGoldenHashes(t *testing.T) {
	for _, size := range wasmkernel.Sizes() {
		t.Run(size.Name, func(t *testing.T) {
			if testing.Short() && size.W > 800 {
				t.Skip("sizes above small take seconds: not with -short")
			}
			input := wasmkernel.TestImage(size.W, size.H)
			blurred := input.Blur()
			halved := blurred.Half()
			f := func(what string, got wasmkernel.Image, want string) {
				t.Helper()
				if hash := wasmkernel.Hash(got.Pix); hash != want {
					t.Errorf("%s has hash %s, want %s", what, hash, want)
				}
			}
			f("input", input, size.Input)
			f("blurred", blurred, size.Blurred)
			f("halved", halved, size.Halved)
		})
	}
}

func TestSmallOutputStartsAsSpecified(t *testing.T) {
	got := wasmkernel.TestImage(800, 600).Blur().Half().Pix[:8]
	want := []byte{20, 20, 20, 255, 17, 17, 18, 255}
	if !bytes.Equal(got, want) {
		t.Errorf("small output starts %v, want %v", got, want)
	}
}

// TestWeightsAddUpToOne holds because an image of one colour would change it otherwise.
func TestWeightsAddUpToOne(t *testing.T) {
	const one = 1 << 14
	blur := wasmkernel.BlurTable()
	sum := int(blur[0])
	for _, w := range blur[1:] {
		sum += 2 * int(w)
	}
	if sum != one {
		t.Errorf("blur weights add up to %d, want %d", sum, one)
	}
	for _, n := range []int{24, 26, 600, 4096} {
		starts, weights := wasmkernel.HalfTable(n)
		for o := range starts {
			sum := 0
			for _, w := range weights[o*wasmkernel.Taps : (o+1)*wasmkernel.Taps] {
				sum += int(w)
			}
			if sum != one {
				t.Errorf("n=%d: weights of output %d add up to %d, want %d", n, o, sum, one)
			}
			if last := int(starts[o]) + wasmkernel.Taps; starts[o] < 0 || last > n {
				t.Errorf("n=%d: output %d reads [%d,%d)", n, o, starts[o], last)
			}
		}
	}
}

func TestFlatImageStaysFlat(t *testing.T) {
	for _, level := range []byte{0, 1, 127, 255} {
		m := wasmkernel.New(32, 24)
		for i := range m.Pix {
			m.Pix[i] = level
		}
		for _, b := range m.Blur().Half().Pix {
			if b != level {
				t.Fatalf("flat image of level %d gives a byte %d", level, b)
			}
		}
	}
}

// TestHalfClamps: a hard edge makes the negative lobes overshoot both ends of a byte.
func TestHalfClamps(t *testing.T) {
	m := wasmkernel.New(48, 24)
	for i := range m.Pix {
		if i/4%48 >= 24 {
			m.Pix[i] = 255
		}
	}
	row := m.Half().Pix[:24*4]
	if dark, light := row[10*4], row[13*4]; dark != 0 || light != 255 {
		t.Errorf("beside the edge: %d and %d, want 0 and 255", dark, light)
	}
}

func TestCheck(t *testing.T) {
	f := func(m wasmkernel.Image, ok bool) {
		t.Helper()
		if err := m.Check(); (err == nil) != ok {
			t.Errorf("Check of %dx%d with %d bytes: %v", m.W, m.H, len(m.Pix), err)
		}
	}
	f(wasmkernel.New(24, 24), true)
	f(wasmkernel.New(800, 600), true)
	f(wasmkernel.New(22, 24), false)
	f(wasmkernel.New(24, 25), false)
	f(wasmkernel.Image{W: 24, H: 24, Pix: make([]byte, 7)}, false)
}
