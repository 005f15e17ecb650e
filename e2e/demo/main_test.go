package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"edgescope/e2e"
	"edgescope/internal/run"
	"edgescope/internal/workerd"
)

// TestMain lets this test's own program stand in for the built ones, when it is started under their names.
func TestMain(m *testing.M) {
	switch name := filepath.Base(os.Args[0]); name {
	case "demo":
		main()
	case "collector", "dashboard":
		os.Exit(fakeServer(name))
	case "loadgen":
		os.Exit(fakeLoadgen())
	default:
		goleak.VerifyTestMain(m, goleak.IgnoreCurrent())
	}
}

// fakeServer listens where the flags say, tells it as the real programs do, and ends on SIGTERM. FAKE_CRASH names one
// that ends with an error instead of listening.
func fakeServer(name string) int {
	if os.Getenv("FAKE_CRASH") == name {
		fmt.Fprintln(os.Stderr, "the disk is full")
		return 1
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	listeners := map[string]string{
		"otlp-grpc-addr": "otlp-grpc", "otlp-http-addr": "ingest", "query-addr": "query",
		"listen-addr": "web",
	}
	flags := flag.NewFlagSet(name, flag.ExitOnError)
	flags.String("data-dir", "", "")
	flags.String("collector", "", "")
	flags.String("ingest-url", "", "")
	flags.String("policy", "", "")
	for flag := range listeners {
		flags.String(flag, "", "")
	}
	flags.Parse(os.Args[1:])
	flags.Visit(func(f *flag.Flag) {
		if listener, ok := listeners[f.Name]; ok {
			l, err := net.Listen("tcp", f.Value.String())
			if err != nil {
				fmt.Fprintln(os.Stderr, err)
				os.Exit(1)
			}
			go http.Serve(l, http.NotFoundHandler())
			fmt.Fprintf(os.Stderr, "time=now level=INFO msg=listening name=%s addr=%s\n", listener, l.Addr())
		}
	})
	<-ctx.Done()
	fmt.Fprintln(os.Stderr, "stopped")
	return 0
}

// fakeLoadgen asks each region once, as the overrides name them, and exits as FAKE_LOADGEN says. "wait" stays until
// SIGINT.
func fakeLoadgen() int {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT)
	defer stop()
	if os.Getenv("FAKE_LOADGEN") == "wait" {
		fmt.Println("waiting")
		<-ctx.Done()
		return 130
	}
	var overrides struct {
		Config struct{ Regions map[string]string }
	}
	for i, arg := range os.Args {
		if arg == "--overrides" {
			if err := json.Unmarshal([]byte(os.Args[i+1]), &overrides); err != nil {
				fmt.Fprintln(os.Stderr, err)
				return 2
			}
		}
	}
	for name, url := range overrides.Config.Regions {
		response, err := http.Get(url + "/health")
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 3
		}
		response.Body.Close()
		fmt.Printf("%s is %s\n", name, response.Header.Get("x-edge-region"))
	}
	if os.Getenv("FAKE_LOADGEN") == "fail" {
		return 1
	}
	return 0
}

// bin makes a folder in which this program has the names of the built ones.
func bin(t *testing.T) string {
	t.Helper()
	if _, err := workerd.Find("../../wasm-bench"); err != nil {
		t.Skip(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for _, name := range []string{"demo", "collector", "dashboard", "loadgen"} {
		if err := os.Symlink(self, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// runOnce runs the demo in this process with --once.
func runOnce(t *testing.T, dir string) (output string, err error) {
	t.Helper()
	var out bytes.Buffer
	err = demo(t.Context(), run.Process{
		Args: []string{
			"--once", "--bin", dir, "--root", "../..", "--data-dir",
			filepath.Join(t.TempDir(), "data"),
		},
		LookupEnv: func(string) (string, bool) { return "", false },
		Stdout:    &out, Stderr: &out,
	})
	return out.String(), err
}

func TestOncePassesThroughAllLoadTests(t *testing.T) {
	output, err := runOnce(t, bin(t))
	if err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	for _, want := range []string{
		"Dashboard   http://127.0.0.1:", "FRA is FRA\n", "IAD is IAD\n", "SIN is SIN\n", "180ms away (simulated)",
		"guide.yml passed", "cache-hit.yml passed", "cold-start.yml passed", "stopped; the data stays in",
	} {
		if !strings.Contains(output, want) {
			t.Errorf("the demo does not print %q:\n%s", want, output)
		}
	}
}

func TestOnceTellsWhichLoadTestFailed(t *testing.T) {
	dir := bin(t)
	t.Setenv("FAKE_LOADGEN", "fail")
	output, err := runOnce(t, dir)
	if err == nil || !strings.Contains(err.Error(), "load test guide.yml missed a threshold") {
		t.Errorf("err is %v, want that guide.yml missed a threshold\n%s", err, output)
	}
	if !strings.Contains(output, "stopped; the data stays in") {
		t.Errorf("the demo did not stop:\n%s", output)
	}
}

func TestStartTellsWhyAProgramEnded(t *testing.T) {
	dir := bin(t)
	t.Setenv("FAKE_CRASH", "dashboard")
	output, err := runOnce(t, dir)
	if err == nil || !strings.Contains(err.Error(), "start dashboard") ||
		!strings.Contains(err.Error(), "the disk is full") {
		t.Errorf("err is %v, want that the dashboard ended, and its last words\n%s", err, output)
	}
}

func TestStartNamesTheBuild(t *testing.T) {
	bin(t) // skips without workerd, as the others
	output, err := runOnce(t, t.TempDir())
	if err == nil || !strings.Contains(err.Error(), "make build") {
		t.Errorf("err is %v, want one that names make build\n%s", err, output)
	}
}

func TestRefusesOperands(t *testing.T) {
	err := demo(t.Context(), run.Process{
		Args: []string{"guide.yml"}, LookupEnv: func(string) (string, bool) { return "", false },
		Stdout: &bytes.Buffer{},
	})
	var code *run.CodeError
	if !errors.As(err, &code) || code.Code != 2 {
		t.Errorf("err is %v, want a usage error of exit code 2", err)
	}
}

func TestCtrlCWhileItStartsIsNoError(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	err := demo(ctx, run.Process{
		Args:      []string{"--bin", bin(t), "--root", "../..", "--data-dir", filepath.Join(t.TempDir(), "data")},
		LookupEnv: func(string) (string, bool) { return "", false }, Stdout: &bytes.Buffer{},
	})
	if err != nil {
		t.Errorf("the demo answered %v, want nothing", err)
	}
}

// process is a demo that runs as a process of its own, while a load test is under way.
type process struct {
	cmd    *exec.Cmd
	output []string
}

func startDemo(t *testing.T) *process {
	t.Helper()
	dir := bin(t)
	data := filepath.Join(t.TempDir(), "data")
	p := &process{cmd: exec.CommandContext(t.Context(), filepath.Join(dir, "demo"), "--bin", dir, "--root", "../..",
		"--data-dir", data)}
	p.cmd.Env = append(os.Environ(), "FAKE_LOADGEN=wait")
	stdout, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(stdout)
	for lines.Scan() && lines.Text() != "waiting" {
		p.output = append(p.output, lines.Text())
	}
	return p
}

// addresses returns host:port of everything that the demo says it runs.
func (p *process) addresses(t *testing.T) (found []string) {
	t.Helper()
	for _, line := range p.output {
		for _, word := range strings.FieldsFunc(line, func(r rune) bool { return r == ' ' || r == ',' }) {
			if addr, ok := strings.CutPrefix(word, "http://"); ok {
				found = append(found, addr)
			}
		}
	}
	if len(found) < 6 {
		t.Fatalf("the demo names %d addresses, want dashboard, collector (2) and three regions:\n%s", len(found),
			p.output)
	}
	return found
}

func TestCtrlCStopsAllAndExitsZero(t *testing.T) {
	for _, sig := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM} {
		p := startDemo(t)
		addresses := p.addresses(t)
		if err := p.cmd.Process.Signal(sig); err != nil {
			t.Fatal(err)
		}
		if err := p.cmd.Wait(); err != nil {
			t.Errorf("after %s the demo ended with %v, want exit code 0", sig, err)
		}
		for _, addr := range addresses {
			if connection, err := net.Dial("tcp", addr); err == nil {
				connection.Close()
				t.Errorf("after %s something still listens at %s", sig, addr)
			}
		}
	}
}

// TestNothingSurvivesTheDemo kills the demo itself, which then can't stop anything.
func TestNothingSurvivesTheDemo(t *testing.T) {
	p := startDemo(t)
	addresses := p.addresses(t)
	if err := p.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	p.cmd.Wait() // says that it was killed
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	timeout := time.After(20 * time.Second)
	for _, addr := range addresses {
		for {
			connection, err := net.Dial("tcp", addr)
			if err != nil {
				break
			}
			connection.Close()
			select {
			case <-ticker.C:
			case <-timeout:
				t.Fatalf("something still listens at %s", addr)
			}
		}
	}
}

func TestDemoEndsWhenAProgramDoes(t *testing.T) {
	dir := bin(t)
	t.Setenv("FAKE_LOADGEN", "wait")
	s := &show{options: options{root: "../..", bin: dir, dataDir: t.TempDir()}, out: &bytes.Buffer{}}
	if err := s.start(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(s.product.Dashboard.PID(), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if err := s.load(t.Context()); err == nil || !strings.Contains(err.Error(), "dashboard ended") {
		t.Errorf("load answered %v, want that the dashboard ended", err)
	}
	if err := s.stop(t.Context()); err == nil || !strings.Contains(err.Error(),
		"dashboard ended before it was stopped") {
		t.Errorf("stop answered %v, want that the dashboard had ended", err)
	}
}

func TestStopTwiceIsHarmless(t *testing.T) {
	p, err := e2e.Start(t.Context(), e2e.Options{Bin: bin(t), DataDir: t.TempDir(), WASMBench: "../../wasm-bench"})
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Dashboard.Kill(); err != nil {
		t.Errorf("Kill: %v", err)
	}
	for range 2 {
		if err := errors.Join(p.Stop(t.Context()), p.Collector.Stop(t.Context()),
			p.Dashboard.Stop(t.Context())); err != nil {
			t.Errorf("Stop: %v, want nothing", err)
		}
	}
}

// TestDistanceIsSimulated measures from the client: an answer takes the way there and back, at least.
func TestDistanceIsSimulated(t *testing.T) {
	bin(t)
	edge, err := e2e.StartEdge(t.Context(), e2e.EdgeOptions{WASMBench: "../../wasm-bench", Regions: e2e.Regions()})
	if err != nil {
		t.Fatal(err)
	}
	urls := edge.URLs()
	client := &http.Client{Transport: &http.Transport{}}
	for _, region := range e2e.Regions() {
		get := func() time.Duration {
			began := time.Now()
			response, err := client.Get(urls[region.Name] + "/health")
			if err != nil {
				t.Fatal(err)
			}
			response.Body.Close()
			return time.Since(began)
		}
		get() // opens the connection
		if took := get(); took < 2*region.Distance {
			t.Errorf("%s answered in %s, want at least twice its distance of %s", region.Name, took, region.Distance)
		}
	}
	client.CloseIdleConnections()
	if err := edge.Stop(context.WithoutCancel(t.Context())); err != nil {
		t.Error(err)
	}
}
