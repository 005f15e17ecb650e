package http2_test

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"os"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"edgescope/load/http2"
)

// broken is a connection that cannot be written to, and of which reading tells something after a while.
type broken struct {
	net.Conn // of which nothing else is used
	after    time.Duration
	read     error

	mu       sync.Mutex
	deadline time.Time
	closed   chan struct{}
}

func (b *broken) Write([]byte) (int, error) { return 0, syscall.EPIPE }

func (b *broken) SetReadDeadline(t time.Time) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.deadline = t
	return nil
}

func (b *broken) Read([]byte) (int, error) {
	for began := time.Now(); ; {
		select {
		case <-b.closed:
			return 0, net.ErrClosed
		case <-time.After(10 * time.Millisecond):
		}
		b.mu.Lock()
		late := !b.deadline.IsZero() && !time.Now().Before(b.deadline)
		b.mu.Unlock()
		if time.Since(began) >= b.after {
			return 0, b.read
		}
		if late {
			return 0, os.ErrDeadlineExceeded
		}
	}
}

func (b *broken) Close() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	select {
	case <-b.closed:
	default:
		close(b.closed)
	}
	return nil
}

// TestABrokenPipeIsExplained: a server of TLS that refuses us has said why before writing fails; that is the error. A
// server that says nothing is not waited for longer than a second, and what failed then is the write.
func TestABrokenPipeIsExplained(t *testing.T) {
	alert := &net.OpError{Op: "remote error", Err: tls.AlertError(42)}
	f := func(name string, after time.Duration, read, want error) {
		t.Helper()
		synctest.Test(t, func(t *testing.T) {
			client := http2.New(&http2.Options{
				MaxConns: 1, MaxHeader: maxHeader,
				Dial: func(context.Context, string, string) (net.Conn, error) {
					return &broken{after: after, read: read, closed: make(chan struct{})}, nil
				},
			})
			defer client.Close()
			var x http2.Exchange
			_, err := do(t.Context(), client, request(t, "GET", "/", "", nil), &x)
			if !errors.Is(err, want) || x.End > 2*time.Second {
				t.Errorf("%s: %v after %v, want %v", name, err, x.End, want)
			}
		})
	}
	f("an alert waits", 0, alert, alert)
	f("an alert comes", 500*time.Millisecond, alert, alert)
	f("the connection was reset", 0, syscall.ECONNRESET, syscall.ECONNRESET)
	f("nothing comes", time.Hour, nil, syscall.EPIPE)
}
