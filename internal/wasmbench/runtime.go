package wasmbench

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"

	"edgescope/edge"
	"edgescope/internal/workerd"
)

const (
	runtimeWorkerd = "workerd"
	// goModule is Go's WebAssembly in the folder wasm-bench; it has 2 MB and is built on demand.
	goModule = "wasm/kernel-go.wasm"
)

// RuntimeNames returns the runtimes that engines can run on. workerd is the one that the figures are about; the others
// are used if they are on the PATH.
func RuntimeNames() []string { return []string{runtimeWorkerd, "node", "deno", "bun"} }

// findRuntime returns how to run a module with a runtime other than workerd.
func findRuntime(name string) ([]string, error) {
	program, err := exec.LookPath(name)
	if err != nil {
		return nil, fmt.Errorf("find %s: %w; install it, or measure on workerd", name, err)
	}
	if name == "deno" {
		return []string{program, "run", "--allow-all"}, nil
	}
	return []string{program}, nil
}

// describeRuntime returns the runtime with its version and that of its JavaScript engine.
func (o *Options) describeRuntime(ctx context.Context) (edge.BenchRuntime, error) {
	if o.Runtime == runtimeWorkerd {
		return describeWorkerd(o.Dir)
	}
	program, err := findRuntime(o.Runtime)
	if err != nil {
		return edge.BenchRuntime{}, &StartError{Engine: JS, Runtime: o.Runtime, Err: err}
	}
	program = append(program, filepath.Join(o.Dir, "edge", "serve.mjs"), "--version")
	text, err := exec.CommandContext(ctx, program[0],
		program[1:]...).Output() //nolint:gosec // found on the user's own PATH
	if err != nil {
		return edge.BenchRuntime{}, &StartError{
			Engine: JS, Runtime: o.Runtime,
			Err: fmt.Errorf("ask for its version: %w", err),
		}
	}
	r := edge.BenchRuntime{Name: o.Runtime}
	if err := json.Unmarshal(text, &r); err != nil {
		return edge.BenchRuntime{}, &StartError{
			Engine: JS, Runtime: o.Runtime,
			Err: fmt.Errorf("read its version: %w", err),
		}
	}
	return r, nil
}

func describeWorkerd(dir string) (edge.BenchRuntime, error) {
	r := edge.BenchRuntime{Name: runtimeWorkerd}
	program, err := workerd.Find(dir)
	if err != nil {
		return r, &StartError{Engine: JS, Runtime: r.Name, Err: err}
	}
	text, err := os.ReadFile(filepath.Join(dir, "node_modules", "workerd", "package.json"))
	if err != nil {
		return r, &StartError{Engine: JS, Runtime: r.Name, Err: fmt.Errorf("read workerd's version: %w", err)}
	}
	if err := json.Unmarshal(text, &r); err != nil || r.Version == "" {
		return r, &StartError{
			Engine: JS, Runtime: r.Name,
			Err: errors.Join(errors.New("read workerd's version: package.json has none"), err),
		}
	}
	r.Name = runtimeWorkerd // package.json has a name too
	r.Engine = v8Of(program)
	return r, nil
}

// v8Version is how a V8 has its own version in its program: four numbers as a C string. workerd tells it nowhere else.
var v8Version = regexp.MustCompile(`\x00(1[0-9]\.[0-9]{1,2}\.[0-9]{1,4}\.[0-9]{1,3})\x00`)

// v8Of looks for V8's version in the program, "" if there is not exactly one candidate.
func v8Of(program string) string {
	text, err := os.ReadFile(program)
	if err != nil {
		return ""
	}
	found := map[string]bool{}
	for _, m := range v8Version.FindAllSubmatch(text, -1) {
		found[string(m[1])] = true
	}
	if len(found) != 1 {
		return ""
	}
	for version := range found {
		return "V8 " + version
	}
	return ""
}

// cpuModel reads the processor's name from the text of /proc/cpuinfo, "" if it has none.
func cpuModel(cpuinfo string) string {
	for line := range strings.Lines(cpuinfo) {
		if key, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(key) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return ""
}
