//go:build unix

package run_test

import (
	"context"
	"io"
	"os"
	"os/signal"
	"runtime"
	"syscall"
	"testing"

	"edgescope/internal/run"
)

// TestSignalsEndAProgramInOrder: also the end of its terminal does.
func TestSignalsEndAProgramInOrder(t *testing.T) {
	for _, sig := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP} {
		if signal.Ignored(sig) {
			t.Logf("%v is ignored here (nohup)", sig)
			continue
		}
		code := run.Main("prog", run.Process{Stderr: io.Discard}, func(ctx context.Context, _ run.Process) error {
			if err := syscall.Kill(os.Getpid(), sig); err != nil {
				return err
			}
			<-ctx.Done()
			return &run.CodeError{Code: 130}
		})
		if code != 130 {
			t.Errorf("%v: exit code %d, want 130", sig, code)
		}
	}
}

// TestSignalsThatComeTogetherAreOne: a program of which systemd or a closing terminal wants the end twice still ends in
// order. By the default action the second signal ends this test.
func TestSignalsThatComeTogetherAreOne(t *testing.T) {
	code := run.Main("prog", run.Process{Stderr: io.Discard}, func(ctx context.Context, _ run.Process) error {
		for range 50 {
			if err := syscall.Kill(os.Getpid(), syscall.SIGTERM); err != nil {
				return err
			}
			<-ctx.Done()
			runtime.Gosched()
		}
		return &run.CodeError{Code: 130}
	})
	if code != 130 {
		t.Errorf("exit code %d, want 130", code)
	}
}

// TestAHangupIsForWhoAsksForIt: a program that reads files again at SIGHUP goes on, each time.
func TestAHangupIsForWhoAsksForIt(t *testing.T) {
	code := run.Main("prog", run.Process{Stderr: io.Discard}, func(ctx context.Context, p run.Process) error {
		again := p.Hangups()
		for range 3 {
			if err := syscall.Kill(os.Getpid(), syscall.SIGHUP); err != nil {
				return err
			}
			select {
			case <-again:
			case <-ctx.Done():
				return &run.CodeError{Code: 130}
			}
		}
		return nil
	})
	if code != 0 {
		t.Errorf("exit code %d, want 0", code)
	}
}
