package wasmkernel_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"

	"edgescope/internal/wasmkernel"
)

// TestGoAsWASMMatchesTheReference builds the engine go-wasm, which is too large to be kept, as `npm run wasm:go` does,
// and holds its bytes.
func TestGoAsWASMMatchesTheReference(t *testing.T) {
	if testing.Short() {
		t.Skip("building Go for WebAssembly takes seconds: not with -short")
	}
	file := filepath.Join(t.TempDir(), "kernel-go.wasm")
	build := exec.CommandContext(t.Context(), "go", "build", "-buildmode=c-shared", "-trimpath", "-ldflags=-s -w", "-o",
		file, "./gowasm")
	build.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm")
	if text, err := build.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, text)
	}
	code, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	runtime := wazero.NewRuntime(ctx)
	t.Cleanup(func() { _ = runtime.Close(ctx) }) // the test is over: what it fails at has failed already
	wasi_snapshot_preview1.MustInstantiate(ctx, runtime)
	module, err := runtime.InstantiateWithConfig(ctx, code, wazero.NewModuleConfig().WithStartFunctions("_initialize"))
	if err != nil {
		t.Fatal(err)
	}
	size := wasmkernel.Sizes()[1]
	h := host{t: t, module: module}
	input := wasmkernel.TestImage(size.W, size.H)
	at := h.answer("input", uint64(size.W), uint64(size.H))
	h.write(place{at, uint32(len(input.Pix))}, input.Pix)
	if got := wasmkernel.Hash(h.read(place{h.answer("process"), uint32(size.W * size.H)})); got != size.Halved {
		t.Errorf("%s has hash %s, want %s", size.Name, got, size.Halved)
	}
}

// answer calls an export that returns a place in memory.
func (h host) answer(name string, params ...uint64) uint32 {
	h.t.Helper()
	results, err := h.module.ExportedFunction(name).Call(h.t.Context(), params...)
	if err != nil {
		h.t.Fatalf("%s: %v", name, err)
	}
	return uint32(results[0])
}
