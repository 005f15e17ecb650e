package clients_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"go.uber.org/goleak"

	"edgescope/e2e"
)

const (
	wasmBench = "../../wasm-bench"
	modules   = "js/node_modules"
)

// bin is the folder of the collector and of otelgo, built once for all tests.
var bin string

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "edgescope-clients-")
	if err == nil {
		defer os.RemoveAll(dir)
		bin = dir
		err = errors.Join(build("../..", "./cmd/collector"), build(".", "./otelgo"))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "build the programs:", err)
		return 1
	}
	code := m.Run()
	http.DefaultClient.CloseIdleConnections()
	if err := goleak.Find(); code == 0 && err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return code
}

func build(dir, what string) error {
	cmd := exec.Command("go", "build", "-o", bin+"/", what)
	cmd.Dir, cmd.Stderr = dir, os.Stderr
	return cmd.Run()
}

// collector is a collector that a test started.
type collector struct {
	*e2e.Program
	token string // if it asks for one
}

// startCollector runs a collector on free ports for the length of the test.
func startCollector(t *testing.T, args ...string) collector {
	t.Helper()
	return collector{Program: start(t, e2e.Command{
		Path: filepath.Join(bin, "collector"),
		Args: append([]string{
			"--data-dir", t.TempDir(), "--otlp-grpc-addr", "127.0.0.1:0", "--otlp-http-addr", "127.0.0.1:0",
			"--query-addr", "127.0.0.1:0",
		}, args...),
		Listeners: []string{"otlp-grpc", "ingest", "query"},
	})}
}

// startApp runs a client that serves HTTP. It tells of its requests at the latest when it is stopped.
func startApp(t *testing.T, path string, args, env []string) *e2e.Program {
	t.Helper()
	return start(t, e2e.Command{Path: path, Args: args, Env: env, Listeners: []string{"http"}})
}

func start(t *testing.T, cmd e2e.Command) *e2e.Program {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	log := logOf(t, filepath.Base(cmd.Path))
	cmd.Stdout, cmd.Log = log, log
	p, err := e2e.StartProgram(ctx, cmd)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return p
}

// logOf returns where a program may log to; a test that fails shows it.
func logOf(t *testing.T, program string) *os.File {
	t.Helper()
	log, err := os.Create(filepath.Join(t.TempDir(), program+".log"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		log.Close()
		if t.Failed() {
			t.Logf("log of %s:\n%s", program, readFile(t, log.Name()))
		}
	})
	return log
}

// stop ends a client, which must then have sent all it had to.
func stop(t *testing.T, p *e2e.Program) {
	t.Helper()
	if err := p.Stop(t.Context()); err != nil {
		t.Error(err)
	}
}

// need returns the program that npm has installed under a pattern in node_modules, or skips the test.
func need(t *testing.T, pattern string) string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(modules, pattern))
	if err != nil || len(found) == 0 {
		t.Skipf("%s is not there: install it with make e2e-clients", filepath.Join(modules, pattern))
	}
	path, err := filepath.Abs(found[0])
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// node returns the program node, if what npm installs for it is there too.
func node(t *testing.T) string {
	t.Helper()
	need(t, "@opentelemetry/sdk-node")
	path, err := exec.LookPath("node")
	if err != nil {
		t.Skip(err)
	}
	return path
}

// The headers that a platform adds to a request on its way to the app.
var (
	noNetwork  = map[string]string{}
	cloudflare = map[string]string{
		"cf-ray": "8f1e2d3c4b5a6978-FRA", "cf-ipcountry": "DE",
		"cf-blob": `{"colo":"FRA","country":"DE"}`,
	}
	vercel = map[string]string{
		"x-vercel-id": "fra1::iad1::r8pdn-1763700000000-0123456789ab", "x-vercel-ip-country": "DE",
		"x-matched-path": "/cart/[id]",
	}
)

// visit asks an app for its paths, one after the other, through a network.
func visit(t *testing.T, url string, network map[string]string, paths ...string) {
	t.Helper()
	for _, path := range paths {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		for name, value := range network {
			req.Header.Set(name, value)
		}
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
	}
}

// eventually waits until a condition holds, at most a minute; what describes the state when it does not.
func eventually(t *testing.T, what func() string, holds func() bool) {
	t.Helper()
	deadline := time.After(time.Minute)
	for !holds() {
		select {
		case <-deadline:
			t.Fatalf("still not so after a minute: %s", what())
		case <-time.After(250 * time.Millisecond):
		}
	}
}
