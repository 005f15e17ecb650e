package workerd_test

import (
	"os/exec"
	"testing"
)

// TestJavaScriptUnits runs the tests in wasm-bench/test: what is hard to bring about from outside, as a full queue.
func TestJavaScriptUnits(t *testing.T) {
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip(err)
	}
	cmd := exec.CommandContext(t.Context(), node, "--test")
	cmd.Dir = wasmBench
	if output, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("node --test: %v\n%s", err, output)
	}
}
