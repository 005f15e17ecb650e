package processor

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"sync"
)

// Mark is the variable of the environment by which a program knows that it was started as a worker: package worker
// serves then. Nothing else may set it.
const Mark = "EDGESCOPE_PROCESSOR_WORKER"

// argument is what a worker is started with, for who lists processes.
const argument = "processor-worker"

// errStack has JavaScript's message.
const errStack = Error("Maximum call stack size exceeded")

// process is a running program with its pipes.
type process struct {
	in, out *os.File
	stop    context.CancelFunc
	ended   chan struct{} // closed when it was waited for
	errors  tail
}

// startProcess starts this program anew as a worker. The goroutine that waits for it keeps its thread: the kernel ends
// the worker when the thread that started it ends (see attributes).
func startProcess() (*process, error) {
	if os.Getenv(Mark) != "" { //nolint:forbidigo // a worker that starts workers never ends
		return nil, errors.New("a worker starts no workers: package worker must serve first in main")
	}
	hisIn, in, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	out, hisOut, err := os.Pipe()
	if err != nil {
		_, _ = hisIn.Close(), in.Close()
		return nil, err
	}
	ctx, stop := context.WithCancel(context.Background())
	p := &process{in: in, out: out, stop: stop, ended: make(chan struct{})}
	cmd := command(ctx)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = hisIn, hisOut, &p.errors
	started := make(chan error)
	go p.run(cmd, started)
	err = <-started
	_, _ = hisIn.Close(), hisOut.Close()
	if err != nil {
		p.release()
		return nil, fmt.Errorf("a process for JavaScript cannot be started: %w", err)
	}
	return p, nil
}

// run starts a command and waits for it.
func (p *process) run(cmd *exec.Cmd, started chan<- error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	defer close(p.ended)
	err := cmd.Start()
	started <- err
	if err == nil {
		_ = cmd.Wait() // how it ended, cause tells
	}
}

// kill ends the process.
func (p *process) kill() { p.stop() }

// release ends the process, waits for its end and closes the pipes.
func (p *process) release() {
	p.kill()
	<-p.ended
	_, _ = p.in.Close(), p.out.Close()
}

// cause waits for the end of the process and says why it ended, if it did so by itself.
func (p *process) cause() error {
	p.kill()
	<-p.ended
	text := p.errors.String()
	switch {
	case slices.ContainsFunc(noMemory, func(words string) bool { return strings.Contains(text, words) }):
		return errors.New(OutOfMemory)
	case strings.Contains(text, "stack overflow"), strings.Contains(text, "stack exceeds"):
		return errStack
	default:
		return errors.New(crashed)
	}
}

// noMemory are what the runtime of Go, and its race detector, say when the system gives them no memory, or no thread for
// want of it.
var noMemory = []string{
	"out of memory", "failed to allocate", "cannot allocate memory", "cannot map pages", "failed to create new OS thread",
	"pthread_create failed",
}

// command is this program as a worker.
func command(ctx context.Context) *exec.Cmd {
	cmd := exec.CommandContext(ctx, self())
	cmd.Args = []string{"loadgen", argument}
	cmd.Env = []string{Mark + "=1", "GOTRACEBACK=none"}
	cmd.SysProcAttr = attributes()
	return cmd
}

// tail keeps the beginning of what a process writes to its standard error.
type tail struct {
	mu   sync.Mutex
	text []byte
}

const maxTail = 4096

// Write implements io.Writer.
func (t *tail) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.text = append(t.text, b[:min(len(b), maxTail-len(t.text))]...)
	return len(b), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(t.text)
}
