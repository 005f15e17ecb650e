//go:build wasip1

// Command gowasm is the engine go-wasm: the kernels of wasmkernel.Engine for a host that calls exports, not a program that
// runs to its end. Built by `npm run wasm:go` in wasm-bench, with GOOS=wasip1 and -buildmode=c-shared.
package main

import (
	"unsafe"

	"edgescope/internal/wasmkernel"
)

var engine wasmkernel.Engine

// input answers where the host writes the pixels of an image of w times h; the place is valid until the next call.
//
//go:wasmexport input
func input(w, h int32) unsafe.Pointer {
	return unsafe.Pointer(unsafe.SliceData(engine.Input(int(w), int(h))))
}

// process blurs and halves what was written, and answers where the result of w*h bytes is until the next call.
//
//go:wasmexport process
func process() unsafe.Pointer { return unsafe.Pointer(unsafe.SliceData(engine.Process())) }

func main() {}
