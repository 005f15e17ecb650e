// Package run is what edgescope's programs share: flags that are also environment variables, the logger, HTTP servers
// with timeouts, starting and stopping in order, and each program's own telemetry.
package run

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os/signal"
	"sync"
	"syscall"
	"time"
)

// Version is the version of all three programs.
const Version = "0.1.0"

// Process is everything a program has from its surroundings, so that a test can run a whole program in its own process.
type Process struct {
	// Args are the arguments without the program's name.
	Args           []string
	LookupEnv      func(key string) (string, bool)
	Stdin          io.Reader
	Stdout, Stderr io.Writer

	hangups *hangups
}

// CodeError is an error with the exit code that it asks for.
type CodeError struct {
	Code int
	Err  error
}

// Error is the text of the wrapped error, or "" when the code says it all.
func (e *CodeError) Error() string {
	if e.Err == nil {
		return ""
	}
	return e.Err.Error()
}

// Unwrap returns the wrapped error.
func (e *CodeError) Unwrap() error { return e.Err }

// Usage makes an error that ends the program with exit code 2: the command line is wrong.
func Usage(format string, args ...any) error {
	return &CodeError{Code: 2, Err: fmt.Errorf(format, args...)}
}

// Main runs a program until it ends by itself or SIGINT, SIGTERM or SIGHUP (its terminal is gone) cancels its context.
// Another signal within a second is the same wish, as systemd and closing terminals have it; a later one ends the
// process at once, by the default action. Under nohup SIGHUP stays ignored. A program that asks for Hangups gets those
// instead. Main prints the error and returns the exit code: 0, that of a CodeError, or 1.
func Main(program string, p Process, body func(ctx context.Context, p Process) error) int {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	ctx, end := context.WithCancel(ctx)
	defer end()
	p.hangups = listen(ctx, end)
	context.AfterFunc(ctx, func() {
		time.AfterFunc(time.Second, func() {
			stop()
			p.hangups.stop()
		})
	})
	return ExitCode(program, p.Stderr, body(ctx, p))
}

// ExitCode prints an error as the program's last words and returns its exit code.
func ExitCode(program string, stderr io.Writer, err error) int {
	if err == nil || errors.Is(err, ErrHelp) {
		return 0
	}
	if msg := err.Error(); msg != "" {
		io.WriteString(stderr, program+": "+msg+"\n")
	}
	var code *CodeError
	if errors.As(err, &code) {
		return code.Code
	}
	return 1
}

// Stack holds what was started, to stop it in the opposite order. The zero value is ready; it is safe for concurrent
// use.
type Stack struct {
	mu      sync.Mutex
	closers []closer
}

type closer struct {
	name  string
	close func(context.Context) error
}

// Push adds what was just started.
func (s *Stack) Push(name string, stop func(context.Context) error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closers = append(s.closers, closer{name, stop})
}

// Stop stops what was pushed, last first, each once: a second call finds nothing left to do. All are stopped even when
// one fails or the deadline of ctx has passed.
func (s *Stack) Stop(ctx context.Context) error {
	s.mu.Lock()
	closers := s.closers
	s.closers = nil
	s.mu.Unlock()
	var errs []error
	for i := len(closers) - 1; i >= 0; i-- {
		if err := closers[i].close(ctx); err != nil {
			errs = append(errs, fmt.Errorf("stop %s: %w", closers[i].name, err))
		}
	}
	return errors.Join(errs...)
}

// LogOptions choose how a program logs.
type LogOptions struct {
	Level  string
	Format string
}

// Register adds --log-level and --log-format.
func (o *LogOptions) Register(f *Flags) {
	f.String(&o.Level, "log-level", "info", "debug, info, warn or error")
	f.String(&o.Format, "log-format", "text", "text or json")
}

// Logger makes the logger that all parts of the program are given.
func (o *LogOptions) Logger(w io.Writer) (*slog.Logger, error) {
	var level slog.Level
	if err := level.UnmarshalText([]byte(o.Level)); err != nil {
		return nil, Usage("--log-level %q: want debug, info, warn or error", o.Level)
	}
	opts := &slog.HandlerOptions{Level: level}
	switch o.Format {
	case "text":
		return slog.New(slog.NewTextHandler(w, opts)), nil
	case "json":
		return slog.New(slog.NewJSONHandler(w, opts)), nil
	default:
		return nil, Usage("--log-format %q: want text or json", o.Format)
	}
}
