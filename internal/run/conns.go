package run

import (
	"container/list"
	"net"
	"net/http"
	"sync"
)

// conns bounds the connections of a listener. Once there are too many, the one that has waited longest for a request to begin is
// closed, as a client expects of an idle connection at any time; when none waits, the new one is. So connections that are held
// open for their own sake can't keep others out. It is safe for concurrent use.
type conns struct {
	most int

	mu      sync.Mutex
	open    int
	waiting *list.List // of net.Conn, in the order in which they began to wait
	at      map[net.Conn]*list.Element
}

func newConns(most int) *conns {
	return &conns{most: most, waiting: list.New(), at: make(map[net.Conn]*list.Element)}
}

// state is http.Server.ConnState.
func (c *conns) state(conn net.Conn, state http.ConnState) {
	if excess := c.note(conn, state); excess != nil {
		// Its goroutine finds it closed; nobody is there to be told.
		_ = excess.Close()
	}
}

// note takes note of a change and answers the connection that is to be closed for it, if any.
func (c *conns) note(conn net.Conn, state http.ConnState) (excess net.Conn) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e := c.at[conn]; e != nil {
		c.waiting.Remove(e)
		delete(c.at, conn)
	}
	switch state {
	case http.StateNew:
		c.open++
		c.wait(conn)
		if c.open > c.most {
			return c.waiting.Front().Value.(net.Conn)
		}
	case http.StateIdle:
		c.wait(conn)
	case http.StateClosed, http.StateHijacked:
		c.open--
	case http.StateActive:
	}
	return nil
}

func (c *conns) wait(conn net.Conn) { c.at[conn] = c.waiting.PushBack(conn) }
