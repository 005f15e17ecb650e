package wasmkernel_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"

	"edgescope/internal/wasmkernel"
)

const wasmDir = "../../wasm-bench/wasm"

// host runs one committed WebAssembly module, with the memory layout that wasm-bench/SPEC.md describes.
type host struct {
	t      *testing.T
	module api.Module
}

func newHost(t *testing.T, file string) host {
	t.Helper()
	ctx := t.Context()
	code, err := os.ReadFile(filepath.Join(wasmDir, file))
	if err != nil {
		t.Fatal(err)
	}
	runtime := wazero.NewRuntime(ctx)
	t.Cleanup(func() {
		if err := runtime.Close(context.WithoutCancel(ctx)); err != nil {
			t.Errorf("close wazero: %v", err)
		}
	})
	module, err := runtime.Instantiate(ctx, code)
	if err != nil {
		t.Fatalf("instantiate %s: %v", file, err)
	}
	return host{t: t, module: module}
}

// place is where one thing lies in memory.
type place struct{ at, size uint32 }

// layout puts the sizes one after the other, from 64 KiB on and 64-byte aligned, and grows the memory to hold them.
func (h host) layout(sizes ...int) []place {
	h.t.Helper()
	places := make([]place, len(sizes))
	next := uint32(64 << 10)
	for i, size := range sizes {
		places[i] = place{next, uint32(size)}
		next = (next + uint32(size) + 64 + 63) &^ 63
	}
	memory := h.module.Memory()
	if missing := int64(next) - int64(memory.Size()); missing > 0 {
		if _, ok := memory.Grow(uint32((missing + 65535) / 65536)); !ok {
			h.t.Fatalf("cannot grow the memory to %d bytes", next)
		}
	}
	return places
}

func (h host) write(p place, b []byte) {
	h.t.Helper()
	if len(b) != int(p.size) || !h.module.Memory().Write(p.at, b) {
		h.t.Fatalf("cannot write %d bytes at %d", len(b), p.at)
	}
}

func (h host) read(p place) []byte {
	h.t.Helper()
	b, ok := h.module.Memory().Read(p.at, p.size)
	if !ok {
		h.t.Fatalf("cannot read %d bytes at %d", p.size, p.at)
	}
	return bytes.Clone(b)
}

func (h host) call(name string, params ...uint64) {
	h.t.Helper()
	if _, err := h.module.ExportedFunction(name).Call(h.t.Context(), params...); err != nil {
		h.t.Fatalf("%s: %v", name, err)
	}
}

// blurHalf returns what the module makes of the image: blurred, and then halved.
func (h host) blurHalf(m wasmkernel.Image) (blurred, halved []byte) {
	h.t.Helper()
	k := littleEndian(wasmkernel.BlurTable())
	_, kinds := wasmkernel.HalfTable(14) // a line of 14 has one output of each kind
	weights := littleEndian(kinds)
	p := h.layout(len(m.Pix), 104*m.W+80, len(m.Pix)/4, len(k), len(weights))
	h.write(p[0], m.Pix)
	h.write(p[3], k)
	h.write(p[4], weights)
	width, height := uint64(m.W), uint64(m.H)
	at := func(i int) uint64 { return uint64(p[i].at) }
	h.call("blur", at(0), at(1), width, height, at(3))
	blurred = h.read(p[0])
	h.call("resize", at(0), at(1), at(2), width, height, at(4))
	return blurred, h.read(p[2])
}

func littleEndian(values []int16) []byte {
	b, err := binary.Append(nil, binary.LittleEndian, values)
	if err != nil {
		panic("BUG: integers have a fixed size: " + err.Error())
	}
	return b
}

// sameImage reports the first byte that differs: a position tells more than a hash.
func sameImage(t *testing.T, what string, got, want []byte) {
	t.Helper()
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("%s: byte %d (pixel %d) is %d, want %d", what, i, i/4, got[i], want[i])
			return
		}
	}
}

func TestModulesMatchTheReference(t *testing.T) {
	for _, file := range []string{"kernel-scalar.wasm", "kernel-simd.wasm"} {
		for _, size := range wasmkernel.Sizes() {
			t.Run(file+"/"+size.Name, func(t *testing.T) {
				if testing.Short() && size.W > 800 {
					t.Skip("sizes above small take seconds: not with -short")
				}
				input := wasmkernel.TestImage(size.W, size.H)
				blurred, halved := newHost(t, file).blurHalf(input)
				if got := wasmkernel.Hash(blurred); got != size.Blurred {
					t.Errorf("blurred has hash %s, want %s", got, size.Blurred)
				}
				if got := wasmkernel.Hash(halved); got != size.Halved {
					t.Errorf("halved has hash %s, want %s", got, size.Halved)
				}
			})
		}
	}
}

// TestModulesMatchAtOddShapes covers what the golden sizes don't: the shortest rows, lengths that leave the SIMD loops
// every kind of tail, and pixels that overshoot a byte.
func TestModulesMatchAtOddShapes(t *testing.T) {
	for _, file := range []string{"kernel-scalar.wasm", "kernel-simd.wasm"} {
		t.Run(file, func(t *testing.T) {
			h := newHost(t, file)
			for _, side := range [][2]int{{24, 26}, {26, 24}, {28, 40}, {30, 24}, {34, 36}, {64, 24}, {98, 100}} {
				input := wasmkernel.TestImage(side[0], side[1])
				for i := range input.Pix {
					if i%7 == 0 {
						input.Pix[i] ^= 0xff
					}
				}
				wantBlurred := input.Blur()
				blurred, halved := h.blurHalf(input)
				sameImage(t, "blur", blurred, wantBlurred.Pix)
				sameImage(t, "half", halved, wantBlurred.Half().Pix)
			}
		})
	}
}

func TestModulesImportNothing(t *testing.T) {
	for _, file := range []string{"kernel-scalar.wasm", "kernel-simd.wasm"} {
		code, err := os.ReadFile(filepath.Join(wasmDir, file))
		if err != nil {
			t.Fatal(err)
		}
		runtime := wazero.NewRuntime(t.Context())
		compiled, err := runtime.CompileModule(t.Context(), code)
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		if imports := compiled.ImportedFunctions(); len(imports) > 0 {
			t.Errorf("%s imports %d functions, want none", file, len(imports))
		}
		if err := runtime.Close(t.Context()); err != nil {
			t.Errorf("close wazero: %v", err)
		}
	}
}

// TestSumsMatch fails when a module was rebuilt and its sum was not, or the other way round.
func TestSumsMatch(t *testing.T) {
	sums, err := os.ReadFile(filepath.Join(wasmDir, "SHA256SUMS"))
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(sums)), "\n")
	if len(lines) != 2 {
		t.Fatalf("SHA256SUMS has %d lines, want one for each of the two modules", len(lines))
	}
	for _, line := range lines {
		want, file, _ := strings.Cut(line, "  ")
		code, err := os.ReadFile(filepath.Join(wasmDir, file))
		if err != nil {
			t.Fatal(err)
		}
		sum := sha256.Sum256(code)
		if got := hex.EncodeToString(sum[:]); got != want {
			t.Errorf("%s has sum %s, SHA256SUMS says %s: run npm run wasm in wasm-bench and commit both", file, got,
				want)
		}
	}
}
