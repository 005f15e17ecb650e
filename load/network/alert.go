package network

import (
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// tellingConn remembers how a server began to speak and with what reading has failed. In TLS 1.3 a server judges the
// client's certificate when the client is already writing: its alert waits to be read while writing fails with EPIPE,
// which tells nothing. A server of HTTP/1.1 may say so before the first request is written, and the transport then
// tells nothing either.
type tellingConn struct {
	net.Conn
	reading atomic.Bool // somebody has begun to read
	begun   []byte      // the first bytes read, at most the length of http1Prefix; only the reader touches it
	http1   atomic.Bool // the server speaks HTTP/1
	once    sync.Once
	failed  chan struct{} // closed when reading has failed
	err     error         // set before failed is closed
}

// http1Prefix begins each answer of HTTP/1 (RFC 9112, section 2.3). No frame of HTTP/2 that a server may send first
// begins so.
const http1Prefix = "HTTP/1."

func telling(c net.Conn) *tellingConn { return &tellingConn{Conn: c, failed: make(chan struct{})} }

func (c *tellingConn) Read(p []byte) (int, error) {
	c.reading.Store(true)
	n, err := c.Conn.Read(p)
	if missing := len(http1Prefix) - len(c.begun); missing > 0 {
		c.begun = append(c.begun, p[:min(n, missing)]...)
		c.http1.Store(string(c.begun) == http1Prefix)
	}
	if err != nil {
		c.once.Do(func() {
			c.err = err
			close(c.failed)
		})
	}
	return n, err
}

// alertPatience is how long to wait for what a server has said that takes nothing any more.
const alertPatience = time.Second

// explain returns the alert with which the server has refused us, or err if there is none. The alert has been read, or
// is about to be: the connection is broken.
func (c *tellingConn) explain(err error) error {
	patience := time.NewTimer(alertPatience)
	defer patience.Stop()
	select {
	case <-c.failed:
	case <-patience.C:
		return err
	}
	var alert *net.OpError
	if errors.As(c.err, &alert) && alert.Op == "remote error" {
		return c.err
	}
	return err
}

// Write explains what fails before anybody reads: the transport closes such a connection at once.
func (c *tellingConn) Write(p []byte) (int, error) {
	n, err := c.Conn.Write(p)
	if err == nil || c.reading.Load() {
		return n, err
	}
	_ = c.SetReadDeadline(time.Now().Add(alertPatience))
	var first [len(http1Prefix)]byte
	if _, failed := c.Read(first[:]); failed != nil {
		err = c.explain(err)
	}
	return n, err
}
