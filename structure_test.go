package edgescope

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// rule says which packages of ours a package may import; "*" is all of them. A package that is missing here fails the test:
// a new package states its place first. docs/ARCHITECTURE.md has the picture.
var rule = map[string][]string{
	"edge":          {},
	"edge/place":    {},
	"edge/route":    {},
	"edge/platform": {"edge", "edge/place", "edge/route"},

	"store":                     {"edge"},
	"store/embedded":            {"edge", "store", "store/embedded/cost", "store/embedded/parts", "store/embedded/quarantine", "internal/disk"},
	"store/embedded/cost":       {"store"},
	"store/embedded/parts":      {},
	"store/embedded/quarantine": {"store/embedded/parts", "internal/disk"},
	"store/storetest":           {"edge", "store"},
	"store/wal":                 {"edge", "store", "internal/disk"},

	"ingest":                 {"edge", "edge/platform", "store", "ingest/rollup", "ingest/seen"},
	"ingest/rollup":          {"edge"},
	"ingest/body":            {"edge"},
	"ingest/seen":            {"edge"},
	"ingest/refusals":        {"edge"},
	"ingest/otlp":            {"edge", "ingest/body", "ingest/refusals", "ingest/grpcwire"},
	"ingest/analyticsengine": {"edge", "edge/place", "internal/near", "ingest/body", "ingest/refusals"},
	"ingest/records":         {},
	"ingest/vercel":          {"edge", "ingest/body", "ingest/records", "ingest/refusals"},
	"ingest/workers":         {"edge", "ingest/body", "ingest/records", "ingest/refusals"},
	"ingest/edgemodule":      {},
	"ingest/grpcwire":        {},
	"ingest/door":            {"ingest/grpcwire"},

	"query":        {"edge", "store"},
	"query/jaeger": {"edge", "store", "query/gate"},
	"query/promql": {"edge"},
	"query/gate":   {"edge"},
	"query/logsql": {"edge", "store", "query", "query/gate"},

	"scenarios":           {"scenarios/processor", "internal/near"},
	"scenarios/processor": {},
	"load":                {"edge", "edge/platform", "scenarios", "scenarios/processor", "load/http1", "load/health", "internal/loopback"},
	"load/health":         {},
	"load/http1":          {},
	"report":              {"edge", "scenarios", "scenarios/processor", "load", "load/health", "internal/near"},

	"chart": {},

	"web/view": {"edge", "store", "query", "chart"},
	"web":      {"edge", "store", "query", "chart", "web/view"},

	"internal/access":      {"edge", "internal/loopback"},
	"internal/near":        {},
	"internal/disk":        {},
	"internal/loopback":    {},
	"internal/signpost":    {},
	"internal/run":         {},
	"internal/run/runtest": {},
	"internal/workerd":     {},
	"internal/wasmkernel":  {},
	"internal/wasmbench":   {"edge", "internal/wasmkernel", "internal/workerd"},
	"internal/assets":      {"chart"},

	"cmd/collector":     {"*"},
	"cmd/collector/app": {"*"},
	"cmd/dashboard":     {"*"},
	"cmd/dashboard/app": {"*"},
	"cmd/loadgen":       {"*"},
	"cmd/loadgen/app":   {"*"},
	"e2e":               {"*"},
	"e2e/demo":          {"*"},
}

// notLinked says which modules a program must not contain.
var notLinked = map[string][]string{
	"edgescope/cmd/dashboard": {"github.com/VictoriaMetrics/VictoriaMetrics/", "github.com/VictoriaMetrics/VictoriaLogs/"},
	"edgescope/cmd/loadgen":   {"github.com/VictoriaMetrics/VictoriaMetrics/", "github.com/VictoriaMetrics/VictoriaLogs/"},
	"edgescope/cmd/collector": {"github.com/tsenart/vegeta/", "github.com/a-h/templ"},
}

// importers says which packages of ours, and those below them, may import a module: the engines are known in one place,
// and the parser of MetricsQL, a module without the engine, also where questions are rewritten (docs/adr/017).
var importers = map[string][]string{
	"github.com/VictoriaMetrics/VictoriaMetrics": {"store/embedded"},
	"github.com/VictoriaMetrics/VictoriaLogs":    {"store/embedded"},
	"github.com/VictoriaMetrics/metricsql":       {"store/embedded", "query/promql"},
}

type listed struct {
	ImportPath, Name, Doc string
	Imports, Deps         []string
	GoFiles               []string
}

func goList(t *testing.T, args ...string) []listed {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", append([]string{"list", "-json"}, args...)...).Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var packages []listed
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p listed
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return packages
		} else if err != nil {
			t.Fatalf("go list: %v", err)
		}
		packages = append(packages, p)
	}
}

func TestImportsPointDown(t *testing.T) {
	for _, p := range goList(t, "./...") {
		name := strings.TrimPrefix(p.ImportPath, "edgescope/")
		if name == "edgescope" {
			continue
		}
		allowed, known := rule[name]
		if !known {
			t.Errorf("package %s is not in the import rule: add it to structure_test.go and to docs/ARCHITECTURE.md", name)
			continue
		}
		for _, imported := range p.Imports {
			ours, ok := strings.CutPrefix(imported, "edgescope/")
			if ok && !slices.Contains(allowed, ours) && !slices.Contains(allowed, "*") {
				t.Errorf("%s imports %s; it may import %v", name, ours, allowed)
			}
		}
	}
}

func TestEnginesAreKnownInOnePlace(t *testing.T) {
	for _, p := range goList(t, "./...") {
		name := strings.TrimPrefix(p.ImportPath, "edgescope/")
		for _, imported := range p.Imports {
			for module, allowed := range importers {
				below := func(allowed string) bool { return strings.HasPrefix(name+"/", allowed+"/") }
				if strings.HasPrefix(imported+"/", module+"/") && !slices.ContainsFunc(allowed, below) {
					t.Errorf("%s imports %s; only %v may", name, imported, allowed)
				}
			}
		}
	}
}

func TestEveryPackageSaysWhatItIs(t *testing.T) {
	for _, p := range goList(t, "./...") {
		if len(p.GoFiles) > 0 && p.Doc == "" {
			t.Errorf("package %s has no package comment", p.ImportPath)
		}
	}
}

func TestProgramsLinkOnlyWhatTheyNeed(t *testing.T) {
	for program, banned := range notLinked {
		for _, dep := range goList(t, program)[0].Deps {
			for _, prefix := range banned {
				if strings.HasPrefix(dep+"/", prefix) || strings.HasPrefix(dep, prefix) {
					t.Errorf("%s links %s", program, dep)
				}
			}
		}
	}
}
