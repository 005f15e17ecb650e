package e2e

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"syscall"
	"time"
)

// Command says which built program to run.
type Command struct {
	// Path is the program's file, as bin/collector.
	Path string
	Args []string
	// Env is added to the environment of this process; the last of two same names counts.
	Env []string
	// Listeners are the names in the "listening" lines to wait for, as ingest.
	Listeners []string
	// Stdout and Log take what the program writes to stdout and stderr; nil drops it. A file is given to the program
	// itself, so that it finds a terminal if it is one; to others one goroutine writes.
	Stdout, Log io.Writer
}

// Program is a running program.
type Program struct {
	name   string
	cmd    *exec.Cmd
	addrs  map[string]string // by listener; complete when StartProgram returns
	exited chan struct{}     // closed when the process has ended and its output is read
	last   string            // its last line on stderr, valid then
	told   atomic.Bool       // whether it was told to end
}

// stopGrace is how long a program may drain after SIGTERM: the collector allows itself 15 s.
const stopGrace = 20 * time.Second

// listeningLine is how every program of ours tells the address that it took.
var listeningLine = regexp.MustCompile(`\blistening\b.*?\bname=([\w-]+).*?\baddr=(\S+)`)

// StartProgram starts a program and returns when it has told the addresses of all listeners. ctx bounds the start only;
// the program runs until Stop or Kill. It leads a process group of its own, so that Ctrl-C reaches this process alone,
// which then stops all in order; on Linux it is told to end when this process dies.
func StartProgram(ctx context.Context, c Command) (*Program, error) {
	p := &Program{
		name:   filepath.Base(c.Path),
		cmd:    exec.CommandContext(context.WithoutCancel(ctx), c.Path, c.Args...),
		addrs:  make(map[string]string),
		exited: make(chan struct{}),
	}
	p.cmd.Env = append(os.Environ(), c.Env...)
	p.cmd.Stdout = c.Stdout
	p.cmd.SysProcAttr = ownGroup()
	stderr, err := p.cmd.StderrPipe()
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", p.name, err)
	}
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w; build the programs with: make build", p.name, err)
	}
	ready := make(chan struct{})
	go p.watch(stderr, c, ready)
	select {
	case <-ready:
		return p, nil
	case <-p.exited:
		return nil, fmt.Errorf("start %s: %w", p.name, p.exitError())
	case <-ctx.Done():
		return nil, errors.Join(fmt.Errorf("wait for %s to listen: %w", p.name, context.Cause(ctx)), p.Kill())
	}
}

// watch reads the program's stderr to its end, notes addresses until all are known, and then waits for the process.
func (p *Program) watch(stderr io.Reader, c Command, ready chan<- struct{}) {
	defer close(p.exited)
	missing := make(map[string]bool)
	for _, name := range c.Listeners {
		missing[name] = true
	}
	if len(missing) == 0 {
		close(ready)
	}
	lines := bufio.NewReader(stderr)
	for {
		line, err := lines.ReadString('\n')
		if c.Log != nil {
			io.WriteString(c.Log, line)
		}
		if text := strings.TrimSpace(line); text != "" {
			p.last = text
		}
		if found := listeningLine.FindStringSubmatch(line); found != nil && missing[found[1]] {
			p.addrs[found[1]] = found[2]
			delete(missing, found[1])
			if len(missing) == 0 {
				close(ready)
			}
		}
		if err != nil {
			break
		}
	}
	p.cmd.Wait() //nolint:errcheck // ProcessState tells it
}

// Addr returns host:port of the listener, "" for one that was not waited for.
func (p *Program) Addr(listener string) string { return p.addrs[listener] }

// URL returns the listener's address as http://host:port.
func (p *Program) URL(listener string) string { return "http://" + p.addrs[listener] }

// PID returns the number of the process.
func (p *Program) PID() int { return p.cmd.Process.Pid }

// Exited is closed when the process has ended.
func (p *Program) Exited() <-chan struct{} { return p.exited }

// ExitCode returns the code of a process that has exited, -1 if a signal ended it.
func (p *Program) ExitCode() int {
	<-p.exited
	return p.cmd.ProcessState.ExitCode()
}

// Stop sends SIGTERM and waits until the program has drained. After 20 s, or when ctx is done, it is killed. Ending of
// itself before, and another exit code than 0, are errors. Stop does nothing to a program that it, or Kill, has ended
// already.
func (p *Program) Stop(ctx context.Context) error {
	select {
	case <-p.exited:
		if p.told.Load() {
			return nil
		}
		return fmt.Errorf("%s ended before it was stopped: %w", p.name, p.exitError())
	default:
	}
	if err := p.signal(syscall.SIGTERM); err != nil {
		return errors.Join(err, p.Kill())
	}
	ctx, cancel := context.WithTimeout(ctx, stopGrace)
	defer cancel()
	select {
	case <-p.exited:
		if p.ExitCode() != 0 {
			return p.exitError()
		}
		return nil
	case <-ctx.Done():
		return errors.Join(fmt.Errorf("%s did not end on SIGTERM: %w", p.name, context.Cause(ctx)), p.Kill())
	}
}

// Interrupt sends SIGINT, as Ctrl-C does, and waits for the end with whatever exit code; after 20 s it kills.
func (p *Program) Interrupt() error {
	if err := p.signal(syscall.SIGINT); err != nil {
		return errors.Join(err, p.Kill())
	}
	timer := time.NewTimer(stopGrace)
	defer timer.Stop()
	select {
	case <-p.exited:
		return nil
	case <-timer.C:
		return errors.Join(fmt.Errorf("%s did not end on SIGINT in %s", p.name, stopGrace), p.Kill())
	}
}

// Run runs a program to its end and returns its exit code; when ctx is done it is interrupted first, and the code is
// that of the interrupted program.
func Run(ctx context.Context, c Command) (exitCode int, err error) {
	p, err := StartProgram(ctx, c)
	if err != nil {
		return -1, err
	}
	select {
	case <-p.Exited():
	case <-ctx.Done():
		err = p.Interrupt()
	}
	return p.ExitCode(), err
}

// Kill ends the program at once, as a crash would, and waits for it. A program that has ended is no error.
func (p *Program) Kill() error {
	err := p.signal(syscall.SIGKILL)
	if err == nil {
		<-p.exited
	}
	return err
}

// Hangup has the program read its files again.
func (p *Program) Hangup() error {
	if err := p.cmd.Process.Signal(syscall.SIGHUP); err != nil {
		return fmt.Errorf("send SIGHUP to %s: %w", p.name, err)
	}
	return nil
}

// signal sends a signal of which the program should end.
func (p *Program) signal(s syscall.Signal) error {
	p.told.Store(true)
	if err := p.cmd.Process.Signal(s); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("send %s to %s: %w", s, p.name, err)
	}
	return nil
}

// exitError says how the program ended and what it wrote last.
func (p *Program) exitError() error {
	return fmt.Errorf("%s ended with %s: %s", p.name, p.cmd.ProcessState, p.last)
}
