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

// nativeC is the engines c and c-plain, built for one comparison.
type nativeC struct {
	dir string
	// compiler is its name, version and flags: no time of C means anything without them.
	compiler string
}

// program is the path of the engine's server.
func (n nativeC) program(engine string) string { return filepath.Join(n.dir, engine) }

// cSources are the files of an engine, in the folder native.
func cSources(dir, engine string) []string {
	loops := map[string]string{C: "avx2.c", CPlain: "plain.c"}[engine]
	var files []string
	for _, name := range []string{"server.c", "kernel.c", loops} {
		files = append(files, filepath.Join(dir, "native", name))
	}
	return files
}

// cFlags ask for AVX2 and no more: x86-64-v3 is the level that has it.
func cFlags() []string { return []string{"-std=c11", "-O3", "-march=x86-64-v3", "-D_GNU_SOURCE"} }

// buildC compiles both engines of the folder wasm-bench with the C compiler on the PATH. remove deletes what it made.
func buildC(ctx context.Context, dir string) (nativeC, error) {
	if runtime.GOARCH != "amd64" {
		return nativeC{}, fmt.Errorf("its kernel is written for AVX2, which %s has not: leave c and c-plain out",
			runtime.GOARCH)
	}
	compiler, err := findCompiler()
	if err != nil {
		return nativeC{}, err
	}
	version, err := exec.CommandContext(ctx, compiler,
		"--version").Output() //nolint:gosec // found on the user's own PATH
	if err != nil {
		return nativeC{}, fmt.Errorf("ask %s for its version: %w", compiler, err)
	}
	first, _, _ := strings.Cut(string(version), "\n")
	n := nativeC{compiler: first + " -O3 -march=x86-64-v3"}
	if n.dir, err = os.MkdirTemp("", "wasm-bench-c-"); err != nil {
		return nativeC{}, fmt.Errorf("make a folder for engine c: %w", err)
	}
	for _, engine := range []string{C, CPlain} {
		args := append(cFlags(), `-DENGINE="`+engine+`"`, "-o", n.program(engine))
		args = append(args, cSources(dir, engine)...)
		if text, err := exec.CommandContext(ctx, compiler,
			args...).CombinedOutput(); err != nil { //nolint:gosec // as above
			n.remove()
			return nativeC{}, fmt.Errorf("compile %s with %s: %w: %s", engine, compiler, err,
				strings.TrimSpace(string(text)))
		}
	}
	return n, nil
}

// findCompiler returns the first C compiler of the usual names that is on the PATH.
func findCompiler() (string, error) {
	var errs []error
	for _, name := range []string{"gcc", "clang", "cc"} {
		path, err := exec.LookPath(name)
		if err == nil {
			return path, nil
		}
		errs = append(errs, err)
	}
	return "", fmt.Errorf("find a C compiler: %w; install gcc or clang, or leave c and c-plain out",
		errors.Join(errs...))
}

func (n nativeC) remove() {
	_ = os.RemoveAll(n.dir) // a folder for temporary files: what stays there is the system's to delete
}
