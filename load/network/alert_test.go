package network

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"syscall"
	"testing"
	"time"
)

// broken is a connection on which reading and writing fail, each with an error of its own.
type broken struct {
	net.Conn
	read, write error
}

func (b *broken) Read([]byte) (int, error)        { return 0, b.read }
func (b *broken) Write([]byte) (int, error)       { return 0, b.write }
func (b *broken) SetReadDeadline(time.Time) error { return nil }

// A server that refuses us has said why before writing fails: that is the error, and not the broken pipe.
func TestAFailedWriteIsExplainedByTheAlert(t *testing.T) {
	alert := &net.OpError{Op: "remote error", Err: tls.AlertError(42)}
	f := func(name string, read, want error) {
		t.Helper()
		c := telling(&broken{read: read, write: syscall.EPIPE})
		if _, err := c.Write([]byte("hello")); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", name, err, want)
		}
	}
	f("an alert waits", alert, alert)
	f("nothing waits", io.EOF, syscall.EPIPE)
	f("the connection was reset", syscall.ECONNRESET, syscall.EPIPE)
}

// Who reads already explains by itself: a write does not take the bytes away.
func TestAWriteBesideAReaderReadsNothing(t *testing.T) {
	inner := &broken{read: syscall.ECONNRESET, write: syscall.EPIPE}
	c := telling(inner)
	c.Read(make([]byte, 1))
	inner.read = errors.New("read again")
	if _, err := c.Write([]byte("hello")); !errors.Is(err, syscall.EPIPE) {
		t.Errorf("%v, want %v", err, syscall.EPIPE)
	}
	if err := c.explain(syscall.EPIPE); !errors.Is(err, syscall.EPIPE) {
		t.Errorf("explained by %v, want %v", err, syscall.EPIPE)
	}
}
