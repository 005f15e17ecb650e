package load

import (
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// tellingConn remembers with what reading has failed. In TLS 1.3 a server judges the client's certificate when the client is
// already writing: its alert waits to be read while writing fails with EPIPE, which tells nothing.
type tellingConn struct {
	net.Conn
	reading atomic.Bool // somebody has begun to read
	once    sync.Once
	failed  chan struct{} // closed when reading has failed
	err     error         // set before failed is closed
}

func telling(c net.Conn) *tellingConn { return &tellingConn{Conn: c, failed: make(chan struct{})} }

func (c *tellingConn) Read(p []byte) (int, error) {
	c.reading.Store(true)
	n, err := c.Conn.Read(p)
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

// explain answers the alert that reading has met, or will meet at once since the connection is broken; else err.
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
	var first [1]byte
	if _, failed := c.Read(first[:]); failed != nil {
		err = c.explain(err)
	}
	return n, err
}
