// Package workerd runs the edge function of wasm-bench on workerd, the runtime of Cloudflare Workers, as a process of
// its own: one process is one region. Tests, benchmarks and the demo use it.
package workerd

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"sync"
	"time"
)

// Options say what to run and whom it tells.
type Options struct {
	// Dir is the folder wasm-bench, with node_modules in it.
	Dir string
	// Config is the workerd configuration in the folder edge of Dir, config.capnp if empty. It has a socket http and a
	// service edge_requests, as that one has.
	Config string
	// Region is where the function believes to be, as FRA: the PoP's airport code.
	Region string
	// Listen is the address of the HTTP socket, 127.0.0.1:0 if empty.
	Listen string
	// OTLPURL is where spans go, without /v1/traces: http://127.0.0.1:4318. Empty sends none.
	OTLPURL string
	// AEAddr is host:port that takes the data points of workerd's analyticsEngine binding. Empty writes none.
	AEAddr string
	// Service and Version name the function in its spans: edge-image and nothing if empty.
	Service, Version string
	// TaskKey signs task ids. Regions that should know each other's tasks have the same one.
	TaskKey string
	// Output takes what workerd and the function's console write; nil drops it. Writes come from one goroutine.
	Output io.Writer
}

// Find returns the path of the workerd program that npm installed under dir, the folder wasm-bench.
func Find(dir string) (string, error) {
	arch := map[string]string{"amd64": "64", "arm64": "arm64"}[runtime.GOARCH]
	if arch == "" || (runtime.GOOS != "linux" && runtime.GOOS != "darwin") {
		return "", fmt.Errorf("workerd runs on linux and darwin, on amd64 and arm64, not on %s/%s", runtime.GOOS,
			runtime.GOARCH)
	}
	// node_modules/workerd/bin/workerd is a link that npm's --ignore-scripts leaves out; the package of the platform is
	// always there.
	bin := filepath.Join(dir, "node_modules", "@cloudflare", "workerd-"+runtime.GOOS+"-"+arch, "bin", "workerd")
	if _, err := os.Stat(bin); err != nil {
		return "", fmt.Errorf("find workerd: %w; install it with: npm ci --prefix %s", err, dir)
	}
	return bin, nil
}

// Start runs the function and returns when workerd says that it listens. No request is sent: the first one, which meets
// the cold start, is the caller's. ctx bounds the start only; the process runs until Stop, and dies with this one on
// Linux.
func Start(ctx context.Context, o Options) (*Process, error) {
	bin, err := Find(o.Dir)
	if err != nil {
		return nil, err
	}
	host, _, err := net.SplitHostPort(o.listen())
	if err != nil {
		return nil, fmt.Errorf("listen address of workerd: %w", err)
	}
	control, controlOfChild, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("make the control pipe of workerd: %w", err)
	}
	p := &Process{exited: make(chan struct{}), tail: tail{to: o.Output}}
	p.cmd = o.command(context.WithoutCancel(ctx), bin)
	p.cmd.ExtraFiles = []*os.File{controlOfChild} // fd 3
	p.cmd.Stdout, p.cmd.Stderr = &p.tail, &p.tail
	p.cmd.SysProcAttr = ownGroup()
	err = p.cmd.Start()
	controlOfChild.Close() //nolint:errcheck // the child holds its own end
	if err != nil {
		control.Close() //nolint:errcheck // nothing was written
		return nil, fmt.Errorf("start workerd: %w", err)
	}
	listening := p.watch(control, host)
	select {
	case p.addr = <-listening:
		return p, nil
	case <-p.exited:
		return nil, fmt.Errorf("workerd ended before it listened: %w", p.exitError())
	case <-ctx.Done():
		return nil, errors.Join(fmt.Errorf("wait for workerd to listen: %w", context.Cause(ctx)), p.kill())
	}
}

func (o Options) listen() string { return cmp.Or(o.Listen, "127.0.0.1:0") }

func (o Options) command(ctx context.Context, bin string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, bin, "serve", "--experimental",
		filepath.Join(o.Dir, "edge", cmp.Or(o.Config, "config.capnp")), "config",
		"--socket-addr=http="+o.listen(),
		"--external-addr=edge_requests="+cmp.Or(o.AEAddr, "127.0.0.1:9"), // 9 is never asked: DATA_POINTS is off
		"--control-fd=3")
	dataPoints := "on"
	if o.AEAddr == "" {
		dataPoints = "off"
	}
	// The function's whole environment: nothing of the caller's leaks into it.
	cmd.Env = []string{
		"EDGE_REGION=" + o.Region,
		"OTLP_URL=" + o.OTLPURL,
		"DATA_POINTS=" + dataPoints,
		"SERVICE_NAME=" + o.Service,
		"SERVICE_VERSION=" + o.Version,
		"TASK_KEY=" + o.TaskKey,
	}
	return cmd
}

// Process is one running workerd.
type Process struct {
	cmd  *exec.Cmd
	addr string
	tail tail

	// exited is closed when the process has ended and its output is read; waitErr is valid then.
	exited  chan struct{}
	waitErr error

	stop    sync.Once
	stopped error
}

// watch starts the two goroutines of the process, which end with it: one reads the control pipe, which names the port
// but not the host, one waits.
func (p *Process) watch(control *os.File, host string) (listening <-chan string) {
	addr := make(chan string, 1)
	var reading sync.WaitGroup
	reading.Go(func() {
		defer control.Close() //nolint:errcheck // only read from
		lines := bufio.NewScanner(control)
		for lines.Scan() {
			var event struct {
				Event, Socket string
				Port          int
			}
			if json.Unmarshal(lines.Bytes(), &event) == nil && event.Event == "listen" && event.Socket == "http" {
				select {
				case addr <- net.JoinHostPort(host, strconv.Itoa(event.Port)):
				default: // it listens once
				}
			}
		}
	})
	go func() {
		p.waitErr = p.cmd.Wait()
		reading.Wait()
		close(p.exited)
	}()
	return addr
}

// Addr returns host:port of the HTTP socket.
func (p *Process) Addr() string { return p.addr }

// URL returns the address as http://host:port.
func (p *Process) URL() string { return "http://" + p.addr }

// PID returns the number of the process.
func (p *Process) PID() int { return p.cmd.Process.Pid }

// Exited is closed when the process has ended, of itself or by Stop.
func (p *Process) Exited() <-chan struct{} { return p.exited }

// grace is how long workerd may finish its requests before it is killed.
const grace = 3 * time.Second

// Stop ends the process: by SIGTERM, on which workerd finishes what it serves, and by SIGKILL after 3 s or when ctx is
// done. It returns when the process is gone. A process that had ended of itself is an error. Stop is safe to call
// again, and returns the same.
func (p *Process) Stop(ctx context.Context) error {
	p.stop.Do(func() { p.stopped = p.stopOnce(ctx) })
	return p.stopped
}

func (p *Process) stopOnce(ctx context.Context) error {
	select {
	case <-p.exited:
		return fmt.Errorf("workerd ended before it was stopped: %w", p.exitError())
	default:
	}
	if err := terminate(p.cmd.Process); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return errors.Join(fmt.Errorf("stop workerd: %w", err), p.kill())
	}
	timer := time.NewTimer(grace)
	defer timer.Stop()
	select {
	case <-p.exited:
		return nil
	case <-timer.C:
	case <-ctx.Done():
	}
	return p.kill()
}

// kill ends the process at once and waits for it.
func (p *Process) kill() error {
	err := p.cmd.Process.Kill()
	if errors.Is(err, os.ErrProcessDone) {
		err = nil
	}
	if err != nil {
		return fmt.Errorf("kill workerd (pid %d): %w", p.PID(), err)
	}
	<-p.exited
	return nil
}

// exitError says how the process ended and what it wrote last.
func (p *Process) exitError() error {
	return fmt.Errorf("%s: %s", p.cmd.ProcessState, p.tail.text())
}
