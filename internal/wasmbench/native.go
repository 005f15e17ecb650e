package wasmbench

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
)

// nativeC is the engine c, built for one comparison.
type nativeC struct {
	dir, program string
	// compiler is its name, version and flags: no time of C means anything without them.
	compiler string
}

// cFlags ask for AVX2 and no more: x86-64-v3 is the level that has it.
func cFlags() []string { return []string{"-std=c11", "-O3", "-march=x86-64-v3", "-D_GNU_SOURCE"} }

// buildC compiles the engine c of the folder wasm-bench with the C compiler on the PATH. remove deletes what it made.
func buildC(ctx context.Context, dir string) (nativeC, error) {
	if runtime.GOARCH != "amd64" {
		return nativeC{}, fmt.Errorf("its kernel is written for AVX2, which %s has not: leave engine c out", runtime.GOARCH)
	}
	compiler, err := findCompiler()
	if err != nil {
		return nativeC{}, err
	}
	version, err := exec.CommandContext(ctx, compiler, "--version").Output() //nolint:gosec // found on the user's own PATH
	if err != nil {
		return nativeC{}, fmt.Errorf("ask %s for its version: %w", compiler, err)
	}
	first, _, _ := strings.Cut(string(version), "\n")
	made, err := os.MkdirTemp("", "wasm-bench-c-")
	if err != nil {
		return nativeC{}, fmt.Errorf("make a folder for engine c: %w", err)
	}
	n := nativeC{dir: made, program: filepath.Join(made, "engine"), compiler: first + " -O3 -march=x86-64-v3"}
	args := append(cFlags(), "-o", n.program, filepath.Join(dir, "native", "kernel.c"), filepath.Join(dir, "native", "server.c"))
	if text, err := exec.CommandContext(ctx, compiler, args...).CombinedOutput(); err != nil { //nolint:gosec // as above
		n.remove()
		return nativeC{}, fmt.Errorf("compile it with %s: %w: %s", compiler, err, strings.TrimSpace(string(text)))
	}
	return n, nil
}

// findCompiler answers the first C compiler of the usual names that is on the PATH.
func findCompiler() (string, error) {
	var errs []error
	for _, name := range []string{"gcc", "clang", "cc"} {
		path, err := exec.LookPath(name)
		if err == nil {
			return path, nil
		}
		errs = append(errs, err)
	}
	return "", fmt.Errorf("find a C compiler: %w; install gcc or clang, or leave engine c out", errors.Join(errs...))
}

func (n nativeC) remove() {
	_ = os.RemoveAll(n.dir) // a folder for temporary files: what stays there is the system's to delete
}
