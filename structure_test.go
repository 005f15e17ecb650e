package edgescope

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
)

// rule says which packages of ours a package may import; "*" is all of them. A package that is missing here fails the
// test: a new package states its place first. So does an arrow that no import uses: the table is the picture of what
// is. docs/ARCHITECTURE.md draws it.
var rule = map[string][]string{
	"edge":                     {},
	"edge/place":               {},
	"edge/route":               {},
	"edge/platform":            {"edge", "edge/place", "edge/platform/headerlist", "edge/route"},
	"edge/platform/headerlist": {},
	"edge/price":               {"edge/platform"},
	"edge/limit":               {"edge/platform"},
	"policy":                   {"edge/limit", "edge/place", "edge/price", "internal/labels", "internal/near", "internal/tree"},

	"store": {"edge"},
	"store/embedded": {
		"edge", "store", "store/embedded/cost", "store/embedded/datadir",
		"store/embedded/quarantine", "store/embedded/waiting",
	},
	"store/embedded/datadir":    {"edge", "store", "store/embedded/parts", "store/embedded/quarantine", "internal/disk"},
	"store/embedded/waiting":    {"edge", "store"},
	"store/embedded/cost":       {"store"},
	"store/embedded/parts":      {},
	"store/embedded/quarantine": {"store/embedded/parts", "internal/disk"},
	"store/storetest":           {"edge", "store"},
	"store/wal":                 {"edge", "store", "internal/disk"},

	"ingest":          {"edge", "ingest/normalize", "store", "ingest/rollup", "ingest/seen"},
	"ingest/rollup":   {"edge"},
	"ingest/body":     {"edge"},
	"ingest/seen":     {"edge"},
	"ingest/refusals": {"edge"},
	"ingest/otlp": {
		"edge", "ingest/body", "ingest/otlp/pbwire", "ingest/otlp/series", "ingest/otlp/values",
		"internal/jsonwire",
	},
	"ingest/analyticsengine": {"edge", "edge/place", "internal/near", "ingest/body", "internal/jsonwire"},
	"ingest/records":         {},
	"ingest/vercel":          {"edge", "ingest/body", "ingest/records"},
	"ingest/workers":         {"edge", "ingest/body", "ingest/records", "internal/jsonwire"},
	"ingest/edgemodule":      {"internal/accept"},
	"ingest/door": {
		"edge", "ingest/analyticsengine", "ingest/body", "ingest/otlp", "ingest/otlp/pbwire",
		"ingest/records", "ingest/refusals", "ingest/vercel", "ingest/workers", "internal/access", "internal/jsonwire",
	},
	"ingest/normalize":     {"edge", "edge/platform", "edge/route"},
	"ingest/otlp/otlptest": {"edge", "ingest/normalize", "ingest/otlp", "ingest/otlp/values", "store"},
	"ingest/otlp/pbwire":   {},
	"ingest/otlp/series":   {"edge", "internal/jsonwire"},
	"ingest/otlp/values":   {"edge", "ingest/otlp/pbwire", "internal/jsonwire"},

	"query":         {"edge", "query/filter"},
	"query/money":   {"query"},
	"query/client":  {"query", "query/money", "query/served"},
	"query/filter":  {},
	"query/memo":    {},
	"query/tally":   {"edge", "query"},
	"query/tables":  {"edge", "store", "query", "query/filter", "query/memo", "query/tally"},
	"query/figures": {"edge", "query", "query/tally"},
	"query/traces":  {"edge", "store", "query", "query/filter"},
	"query/norms": {
		"edge", "judge", "query", "query/filter", "query/tables", "query/tally", "store",
	},
	"query/findings": {"edge", "query", "query/figures", "query/tables"},
	"query/engine": {
		"edge", "store", "query", "query/figures", "query/filter", "query/memo", "query/tables", "query/tally",
		"query/traces",
	},
	"query/coldmodel": {
		"edge", "edge/platform", "edge/price", "judge", "policy", "query", "query/filter", "query/memo", "query/tables",
		"query/tally", "store",
	},
	"query/latency": {
		"edge", "edge/platform", "judge", "query", "query/filter", "query/memo", "query/tables", "query/tally",
		"query/traces", "store",
	},
	"query/querytest": {"*"},
	"query/limits": {
		"edge", "edge/limit", "edge/price", "judge", "policy", "query", "query/filter", "query/memo", "query/tables", "query/tally", "store",
		"query/money",
	},
	"query/slo": {
		"alert/rules", "edge", "judge", "policy", "query", "query/filter", "query/memo", "query/tables", "query/tally",
		"store",
	},
	"query/cost": {
		"edge", "edge/limit", "edge/platform", "edge/price", "judge", "policy", "query", "query/memo", "query/tables",
		"query/tally",
		"query/money",
	},
	"query/deploys": {"edge", "judge", "query", "query/filter", "query/memo", "query/tables", "query/tally"},
	"query/explain": {
		"edge", "judge", "query", "query/filter", "query/memo", "query/tables", "query/tally", "store",
	},
	"query/routing": {
		"edge", "edge/place", "judge", "policy", "query", "query/filter", "query/memo", "query/served", "query/tables", "query/tally", "store",
	},
	"query/served":  {"query"},
	"query/caching": {"edge", "judge", "query", "query/filter", "query/tables", "store"},
	"query/porting": {"edge", "edge/price", "judge", "policy", "query", "query/tables", "query/tally"},
	"query/gate":    {"edge", "store"},
	"query/promql":  {"edge", "store", "query", "query/gate"},
	"query/logsql":  {"edge", "store", "query", "query/filter", "query/gate"},

	"query/jaeger": {
		"edge", "store", "query", "query/filter", "query/gate", "query/jaeger/graph", "query/jaeger/param",
		"query/jaeger/spans", "query/memo", "query/traces", "internal/jsonwire",
	},
	"query/jaeger/spans": {"edge", "store", "internal/jsonwire"},
	"query/jaeger/graph": {"edge", "store", "query/gate", "query/memo"},
	"query/jaeger/monitor": {
		"edge", "store", "query/gate", "query/jaeger/param", "query/tables", "query/tally",
	},
	"query/jaeger/param": {"query/gate"},

	"query/aesql": {
		"edge", "internal/near", "query", "query/aesql/execute", "query/aesql/grammar", "query/aesql/plan",
		"query/aesql/value", "query/gate", "query/memo", "store",
	},
	"query/aesql/grammar": {"internal/near"},

	"query/aesql/value":      {},
	"query/aesql/function":   {"internal/near", "query/aesql/like", "query/aesql/timeformat", "query/aesql/value"},
	"query/aesql/like":       {},
	"query/aesql/timeformat": {},
	"query/aesql/aggregate":  {"query/aesql/value"},
	"query/aesql/plan": {
		"edge", "internal/near", "query/aesql/aggregate", "query/aesql/function", "query/aesql/grammar",
		"query/aesql/value", "query/filter", "store",
	},
	"query/aesql/execute": {
		"edge", "query/aesql/aggregate", "query/aesql/plan", "query/aesql/value", "query/filter", "query/gate", "store",
	},

	"scenarios": {
		"scenarios/answer", "scenarios/bundle", "scenarios/condition", "scenarios/engine", "scenarios/ensure",
		"scenarios/files", "scenarios/payload", "scenarios/pemkey",
		"scenarios/plan",
		"scenarios/processor", "scenarios/processor/node", "scenarios/regex", "scenarios/request",
		"scenarios/address",
		"scenarios/settings", "scenarios/templates", "internal/tree", "scenarios/value", "scenarios/websocket",
		"scenarios/usage",
	},
	"scenarios/answer": {
		"scenarios/jmespath", "scenarios/jsonpath", "scenarios/plan", "scenarios/regex", "scenarios/settings",
		"scenarios/templates",
		"internal/tree",
		"scenarios/value", "scenarios/xpath",
	},
	"scenarios/bundle":    {},
	"scenarios/condition": {"scenarios/plan", "scenarios/regex", "scenarios/value", "internal/near"},
	"scenarios/files":     {"scenarios/request/encode", "scenarios/value"},
	"scenarios/jmespath":  {"scenarios/value", "internal/near"},
	"scenarios/jsonpath":  {"scenarios/regex", "scenarios/value"},
	"scenarios/engine":    {"scenarios/settings", "internal/tree"},
	"scenarios/ensure": {
		"scenarios/plan", "scenarios/settings", "internal/tree", "scenarios/value", "internal/near",
	},
	"scenarios/payload": {
		"scenarios/plan", "scenarios/settings", "internal/tree", "scenarios/value", "internal/near",
	},
	"scenarios/pemkey":           {},
	"scenarios/address":          {},
	"scenarios/plan":             {"scenarios/address", "scenarios/processor", "internal/tree", "scenarios/value"},
	"scenarios/processor":        {},
	"scenarios/processor/node":   {"scenarios/pemkey"},
	"scenarios/processor/worker": {"scenarios/processor", "scenarios/processor/node"},
	"scenarios/regex":            {},
	"scenarios/request": {
		"scenarios/address", "scenarios/plan", "scenarios/request/encode", "scenarios/settings", "scenarios/templates",
		"internal/tree",
		"scenarios/value", "internal/near",
	},
	"scenarios/request/encode": {"scenarios/value"},
	"scenarios/settings":       {"internal/tree", "scenarios/value", "internal/near"},
	"scenarios/templates":      {"internal/tree", "scenarios/value", "internal/near"},
	"scenarios/usage":          {"scenarios/templates", "internal/tree", "scenarios/value", "internal/near"},
	"scenarios/value":          {},
	"scenarios/websocket": {
		"scenarios/address", "scenarios/plan", "scenarios/request/encode", "scenarios/settings", "scenarios/templates",
		"internal/tree", "scenarios/value",
	},
	"scenarios/xpath": {"scenarios/value"},

	"load": {
		"edge", "edge/platform", "scenarios/plan", "scenarios/processor",
		"scenarios/request/encode", "scenarios/value",
		"load/coding", "load/cookies", "load/errname", "load/http1", "load/health", "load/network", "load/outbox", "load/pace",
		"load/redirect", "load/spans", "load/timer", "load/websocket", "internal/loopback",
	},
	"load/coding":    {},
	"load/cookies":   {},
	"load/errname":   {},
	"load/health":    {},
	"load/http1":     {},
	"load/http2":     {},
	"load/outbox":    {},
	"load/pace":      {},
	"load/spans":     {"edge"},
	"load/websocket": {},
	"load/loadtest":  {"load", "scenarios", "scenarios/plan"},
	"load/redirect":  {"scenarios/address"},
	"load/timer":     {},
	"load/network":   {"load/coding", "load/errname", "load/http1", "load/http2", "internal/loopback"},
	"report": {
		"edge", "scenarios/plan", "scenarios/processor", "load", "load/errname", "load/health", "load/network",
		"report/distribution", "report/sums", "report/text",
	},
	"report/compare":      {"edge", "report", "report/distribution", "report/sums", "report/text"},
	"report/distribution": {},
	"report/formats": {
		"edge", "chart", "internal/sheet", "scenarios/plan", "load", "report", "report/distribution",
		"report/sums", "report/text",
	},
	"report/merge": {
		"edge", "scenarios/condition", "scenarios/plan", "report", "report/distribution",
		"report/sums",
	},
	"report/reporttest": {"scenarios", "scenarios/plan", "load", "load/network", "report"},
	"report/send":       {"edge"},
	"report/sums":       {"edge", "internal/near", "report/distribution", "report/text"},
	"report/text":       {},

	"chart": {},
	"judge": {},

	"alert": {
		"alert/deliver", "alert/rules", "alert/silence", "edge", "internal/disk", "internal/labels", "internal/near",
		"internal/run", "policy", "query",
	},
	"alert/deliver": {"internal/disk", "internal/labels"},
	"alert/silence": {"internal/disk", "internal/labels"},
	"alert/rules":   {"internal/near", "internal/tree"},

	"web/part":               {"query", "chart"},
	"web/webtest":            {"edge", "query", "query/money", "query/served"},
	"web/view":               {"edge", "query", "chart", "web/part"},
	"web/judgement":          {"query", "chart", "web/part", "query/money"},
	"web/judgement/alerts":   {"query", "chart", "web/part"},
	"web/judgement/porting":  {"query", "chart", "web/part"},
	"web/judgement/routing":  {"query", "chart", "web/part", "query/served"},
	"web/judgement/versions": {"query", "chart", "web/part"},
	"web": {
		"edge", "query", "web/judgement", "web/judgement/alerts", "web/judgement/porting", "web/judgement/routing", "web/judgement/versions", "web/part",
		"web/view", "internal/accept", "internal/sheet",
		"query/client",
		"query/money",
	},

	"internal/accept":      {},
	"internal/access":      {"edge", "internal/loopback"},
	"internal/near":        {},
	"internal/disk":        {},
	"internal/loopback":    {},
	"internal/sheet":       {},
	"internal/signpost":    {},
	"internal/run":         {"internal/near"},
	"internal/run/runtest": {},
	"internal/workerd":     {},
	"internal/wasmkernel":  {},
	"internal/wasmbench":   {"edge", "chart", "internal/wasmkernel", "internal/workerd"},
	"internal/assets":      {"chart"},
	"internal/jsonwire":    {},
	"internal/labels":      {},
	"internal/tree":        {},

	"cmd/collector":               {"*"},
	"cmd/collector/app":           {"*"},
	"cmd/collector/collectortest": {"*"},
	"cmd/dashboard":               {"*"},
	"cmd/dashboard/app":           {"*"},
	"cmd/loadgen":                 {"*"},
	"cmd/loadgen/app":             {"*"},
	"cmd/loadgen/verify":          {"*"},
	"cmd/loadgen/price":           {"*"},
	"e2e":                         {"*"},
	"internal/showpages":          {"*"},
	"deploy/grafana":              {},
	"e2e/demo":                    {"*"},
}

// notLinked says which modules a program must not contain.
var notLinked = map[string][]string{
	"cmd/dashboard": {"github.com/VictoriaMetrics/VictoriaMetrics/", "github.com/VictoriaMetrics/VictoriaLogs/"},
	"cmd/loadgen":   {"github.com/VictoriaMetrics/VictoriaMetrics/", "github.com/VictoriaMetrics/VictoriaLogs/"},
	"cmd/collector": {"github.com/tsenart/vegeta/", "github.com/a-h/templ"},
}

// importers says which packages of ours, and those below them, may import a module: the engines are known in one place,
// and the parser of MetricsQL, a module without the engine, also where questions are rewritten (docs/adr/017).
var importers = map[string][]string{
	"github.com/VictoriaMetrics/VictoriaMetrics": {"store/embedded"},
	"github.com/VictoriaMetrics/VictoriaLogs":    {"store/embedded"},
	"github.com/VictoriaMetrics/metricsql":       {"store/embedded", "query/promql"},
}

// A package is read in one sitting: it has at most so many files and lines, without tests and generated files.
const (
	maxFiles = 14
	maxLines = 2500
)

// maxDepth is how many packages of ours may stand one above the other. Programs are not counted: they import
// everything.
const maxDepth = 5

type listed struct {
	ImportPath, Name, Doc, Dir string
	Imports, Deps              []string
	GoFiles, IgnoredGoFiles    []string
}

// name is the path of a package within the module.
func (p *listed) name() string { return strings.TrimPrefix(p.ImportPath, "edgescope/") }

// ours are the packages of this module that it imports.
func (p *listed) ours() []string {
	var names []string
	for _, imported := range p.Imports {
		if name, ok := strings.CutPrefix(imported, "edgescope/"); ok {
			names = append(names, name)
		}
	}
	return names
}

// listAll asks the go command for all packages of the module, once.
var listAll = sync.OnceValues(func() (all []listed, err error) {
	out, err := exec.Command("go", "list", "-json", "./...").Output()
	if err != nil {
		return nil, err
	}
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var p listed
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return all, nil
		} else if err != nil {
			return nil, err
		}
		all = append(all, p)
	}
})

// packages are those of the module, by name, without the module's root.
func packages(t *testing.T) map[string]*listed {
	t.Helper()
	list, err := listAll()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	all := map[string]*listed{}
	for _, p := range list {
		if p.ImportPath != "edgescope" {
			all[p.name()] = &p
		}
	}
	return all
}

func TestImportsPointDown(t *testing.T) {
	all := packages(t)
	for name, p := range all {
		allowed, known := rule[name]
		if !known {
			t.Errorf("package %s is not in the import rule: add it to structure_test.go and to docs/ARCHITECTURE.md", name)
			continue
		}
		for _, imported := range p.ours() {
			if !slices.Contains(allowed, imported) && !slices.Contains(allowed, "*") {
				t.Errorf("%s imports %s; it may import %v", name, imported, allowed)
			}
		}
		for _, imported := range allowed {
			if imported != "*" && !slices.Contains(p.ours(), imported) {
				t.Errorf("%s does not import %s: take it out of the rule", name, imported)
			}
		}
	}
	for name := range rule {
		if all[name] == nil {
			t.Errorf("there is no package %s: take it out of the rule", name)
		}
	}
}

// isProgram tells whether a package belongs to a program, or tests programs, and may import everything.
func isProgram(name string) bool { return slices.Contains(rule[name], "*") }

func TestImportsAreShallow(t *testing.T) {
	all := packages(t)
	var chain func(name string) []string // the longest that begins there
	chain = func(name string) []string {
		var below []string
		for _, imported := range all[name].ours() {
			if c := chain(imported); len(c) > len(below) {
				below = c
			}
		}
		return append([]string{name}, below...)
	}
	for name := range all {
		if c := chain(name); !isProgram(name) && len(c) > maxDepth {
			t.Errorf("%d packages stand one above the other, at most %d may: %s", len(c), maxDepth, strings.Join(c, " -> "))
		}
	}
}

var generated = regexp.MustCompile(`(?m)^// Code generated .* DO NOT EDIT\.$`)

// size counts the files of a package, and their lines, whatever the platform that they are for.
func (p *listed) size(t *testing.T) (files, lines int) {
	t.Helper()
	for _, name := range slices.Concat(p.GoFiles, p.IgnoredGoFiles) {
		text, err := os.ReadFile(filepath.Join(p.Dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(name, "_test.go") || generated.Match(text) {
			continue
		}
		files++
		lines += bytes.Count(text, []byte("\n"))
	}
	return files, lines
}

func TestPackagesAreRooms(t *testing.T) {
	all := packages(t)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		files, lines := all[name].size(t)
		if files > maxFiles || lines > maxLines {
			t.Errorf("%s has %d files and %d lines: at most %d and %d: give what it does a room of its own below it", name,
				files, lines, maxFiles, maxLines)
		}
	}
}

func TestEnginesAreKnownInOnePlace(t *testing.T) {
	for name, p := range packages(t) {
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
	for name, p := range packages(t) {
		if len(p.GoFiles) > 0 && p.Doc == "" {
			t.Errorf("package %s has no package comment", name)
		}
	}
}

func TestProgramsLinkOnlyWhatTheyNeed(t *testing.T) {
	all := packages(t)
	for program, banned := range notLinked {
		for _, dep := range all[program].Deps {
			for _, prefix := range banned {
				if strings.HasPrefix(dep+"/", prefix) || strings.HasPrefix(dep, prefix) {
					t.Errorf("%s links %s", program, dep)
				}
			}
		}
	}
}
