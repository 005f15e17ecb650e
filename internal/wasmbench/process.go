package wasmbench

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"edgescope/internal/workerd"
)

// startTimeout bounds the start of one process; on a busy machine workerd takes some 100 ms.
const startTimeout = 20 * time.Second

// process is one running server of engines.
type process struct {
	url   string
	pid   int
	stop  func(context.Context) error
	cold  time.Duration // from the start to the first answer
	http  *http.Client
	label string // for errors
}

// launch starts the process that runs an engine.
func (o *Options) launch(ctx context.Context, engine string) (*process, error) {
	start, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	began := time.Now()
	p, err := o.spawn(start, engine)
	if err != nil {
		return nil, &StartError{Engine: engine, Runtime: o.Runtime, Err: err}
	}
	p.label = engine
	p.http = newClient()
	if _, err := p.get(start, "/health"); err != nil {
		return nil, errors.Join(&StartError{Engine: engine, Runtime: o.Runtime, Err: err}, p.close(ctx))
	}
	p.cold = time.Since(began)
	return p, nil
}

// newClient has one connection, kept: concurrency is 1. Compression would be measured as part of the kernel.
func newClient() *http.Client {
	return &http.Client{Transport: &http.Transport{
		MaxIdleConnsPerHost: 1, MaxConnsPerHost: 1,
		DisableCompression: true,
	}}
}

// StartError says that a process could not be started: nothing was measured, and no other runtime was tried.
type StartError struct {
	Engine, Runtime string
	Err             error
}

// Error says what could not be started and why.
func (e *StartError) Error() string {
	return fmt.Sprintf("start engine %s (runtime %s): %v", e.Engine, e.Runtime, e.Err)
}

// Unwrap returns why.
func (e *StartError) Unwrap() error { return e.Err }

func (o *Options) spawn(ctx context.Context, engine string) (*process, error) {
	switch {
	case engine == Go:
		return startChild(ctx, o.GoServer)
	case engine == C || engine == CPlain:
		return startChild(ctx, []string{o.native.program(engine)})
	case o.Runtime == runtimeWorkerd:
		return o.startWorkerd(ctx, engine)
	default:
		program, err := findRuntime(o.Runtime)
		if err != nil {
			return nil, err
		}
		return startChild(ctx, append(program, filepath.Join(o.Dir, "edge", "serve.mjs")))
	}
}

func (o *Options) startWorkerd(ctx context.Context, engine string) (*process, error) {
	options := workerd.Options{Dir: o.Dir, Region: "LAB"}
	if engine == GoWASM {
		if _, err := os.Stat(filepath.Join(o.Dir, goModule)); err != nil {
			return nil, fmt.Errorf("find Go's module: %w; build it with: npm run wasm:go --prefix %s", err, o.Dir)
		}
		options.Config = "go.capnp"
	}
	w, err := workerd.Start(ctx, options)
	if err != nil {
		return nil, err
	}
	return &process{url: w.URL(), pid: w.PID(), stop: w.Stop}, nil
}

// startChild runs a server that prints {"event":"listen","port":N} when it listens on 127.0.0.1, and ends when its
// standard input does.
func startChild(ctx context.Context, command []string) (*process, error) {
	cmd := exec.CommandContext(context.WithoutCancel(ctx), command[0],
		command[1:]...) //nolint:gosec // the caller's own program
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", command[0], err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", command[0], err)
	}
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", command[0], err)
	}
	c := &child{cmd: cmd, stdin: stdin, stderr: &stderr}
	port, err := c.listening(ctx, stdout)
	if err != nil {
		return nil, errors.Join(err, c.stop(ctx))
	}
	return &process{url: "http://127.0.0.1:" + strconv.Itoa(port), pid: cmd.Process.Pid, stop: c.stop}, nil
}

// child is a server that was started.
type child struct {
	cmd     *exec.Cmd
	stdin   io.Closer
	stderr  *bytes.Buffer
	reading sync.WaitGroup
}

// listening waits for the line that tells the port. What comes after it is read and dropped, so that the child never
// blocks.
func (c *child) listening(ctx context.Context, stdout io.Reader) (int, error) {
	port := make(chan int, 1)
	c.reading.Go(func() {
		defer close(port)
		told := false
		for lines := bufio.NewScanner(stdout); lines.Scan(); {
			var line struct {
				Event string
				Port  int
			}
			if !told && json.Unmarshal(lines.Bytes(), &line) == nil && line.Event == "listen" {
				port <- line.Port
				told = true
			}
		}
	})
	select {
	case n, ok := <-port:
		if ok {
			return n, nil
		}
		c.reading.Wait()
		err := c.cmd.Wait()
		return 0, fmt.Errorf("%s ended before it listened: %w: %s", c.cmd.Path, err,
			strings.TrimSpace(c.stderr.String()))
	case <-ctx.Done():
		return 0, fmt.Errorf("wait for %s to listen: %w", c.cmd.Path, context.Cause(ctx))
	}
}

// stop closes the child's input and waits until it is gone; it is killed when ctx ends before.
func (c *child) stop(ctx context.Context) error {
	if c.cmd.ProcessState != nil {
		return nil
	}
	_ = c.stdin.Close() // an error means that the child has ended
	kill := context.AfterFunc(ctx, func() { _ = c.cmd.Process.Kill() })
	defer kill()
	c.reading.Wait()
	if err := c.cmd.Wait(); err != nil {
		return fmt.Errorf("stop %s: %w: %s", c.cmd.Path, err, strings.TrimSpace(c.stderr.String()))
	}
	return nil
}

// answer is what a request got, and how long that took.
type answer struct {
	header http.Header
	body   []byte
	took   time.Duration
}

// get sends one request and reads its answer to the end. Any status but 200 is an error.
func (p *process) get(ctx context.Context, path string) (answer, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, p.url+path, http.NoBody)
	if err != nil {
		return answer{}, fmt.Errorf("ask engine %s: %w", p.label, err)
	}
	began := time.Now()
	response, err := p.http.Do(request)
	if err != nil {
		return answer{}, fmt.Errorf("ask engine %s: %w", p.label, err)
	}
	body, err := io.ReadAll(response.Body)
	took := time.Since(began)
	_ = response.Body.Close() // it was read to its end
	if err != nil {
		return answer{}, fmt.Errorf("ask engine %s: %w", p.label, err)
	}
	if response.StatusCode != http.StatusOK {
		return answer{}, fmt.Errorf("ask engine %s: GET %s answers %s: %s", p.label, path, response.Status,
			bytes.TrimSpace(body))
	}
	return answer{response.Header, body, took}, nil
}

// close ends the process, whatever the state of ctx.
func (p *process) close(ctx context.Context) error {
	p.http.CloseIdleConnections()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	return p.stop(ctx)
}

// usage is what the process has used so far; nothing where that can't be known.
func (p *process) usage() (workerd.Usage, error) {
	if !cpuIsKnown() {
		return workerd.Usage{}, nil
	}
	return workerd.UsageOf(p.pid)
}
