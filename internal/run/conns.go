package run

import (
	"container/list"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"syscall"
	"time"
)

// patience is how long the body of a request may take before its connection gives way to a new one, where there are too
// many.
const patience = 5 * time.Second

// Conns bounds the connections of all listeners of a program together, and of each; none of several gets more than
// three quarters. Once there are too many, the one is closed that has waited longest for a request to begin, as a
// client expects of an idle connection at any time: one that says nothing, a handshake or headers that do not end,
// HTTP/2 without a stream. When none of the others waits, the connection gives way whose requests have all been coming
// for longest, if that is longer than patience; else it is the new one. A connection with a request in work is never
// closed. So connections that are held for their own sake can't keep others out. It is safe for concurrent use.
type Conns struct {
	log *slog.Logger

	mu    sync.Mutex
	most  int // 0: no bound
	open  int
	doors []*door
	told  time.Time // when the log was last told
}

// NewConns makes a bound for a program's listeners; most is how many connections they may have together, 0 is no bound.
func NewConns(log *slog.Logger, most int) *Conns { return &Conns{log: log, most: most} }

// Bound sets how many connections there may be, at least 1, and closes what is too much and waits.
func (c *Conns) Bound(most int) {
	c.mu.Lock()
	c.most = max(1, most)
	var excess []*conn
	for c.open-len(excess) > c.most {
		one := oldest(c.doors, waiting)
		if one == nil {
			break
		}
		one.leave()
		excess = append(excess, one)
	}
	c.mu.Unlock()
	for _, one := range excess {
		one.cut()
	}
}

// Open returns how many connections there are.
func (c *Conns) Open() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.open
}

// The lists of a door: connections that wait for a request, and those whose requests are still coming.
const (
	waiting = iota
	receiving
	lists
)

// door is a listener's part of Conns.
type door struct {
	net.Listener
	conns *Conns
	name  string
	tls   bool
	most  int

	open  int
	lists [lists]list.List // of *conn, in the order in which they came there
}

// listen adds a listener, whose connections are bounded from then on.
func (c *Conns) listen(l net.Listener, name string, most int, speaksTLS bool) *door {
	d := &door{Listener: l, conns: c, name: name, most: most, tls: speaksTLS}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.doors = append(c.doors, d)
	return d
}

// Accept implements net.Listener.
func (d *door) Accept() (net.Conn, error) {
	raw, err := d.Listener.Accept()
	if err != nil {
		if errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE) {
			d.exhausted(err)
		}
		return nil, err
	}
	one := &conn{Conn: raw, door: d}
	if excess := d.admit(one); excess != nil {
		excess.cut()
	}
	return one, nil
}

// exhausted gives a descriptor back when there is none left for a new connection.
func (d *door) exhausted(err error) {
	d.conns.mu.Lock()
	one := oldest(d.conns.doors, waiting)
	if one != nil {
		one.leave()
	}
	d.conns.mu.Unlock()
	if one != nil {
		one.cut()
	}
	if d.conns.mayTell() {
		d.conns.log.Error("no descriptor is left for a connection: raise the limit of open files (ulimit -n)",
			slog.String("name", d.name), slog.Any("error", err))
	}
}

// admit adds a connection and returns the one that is closed for it, if any.
func (d *door) admit(one *conn) *conn {
	c := d.conns
	c.mu.Lock()
	defer c.mu.Unlock()
	d.open++
	c.open++
	one.join(waiting)
	var among []*door
	switch {
	case d.open > d.bound():
		among = []*door{d}
	case c.most > 0 && c.open > c.most:
		among = c.doors
	default:
		return nil
	}
	excess := oldest(among, waiting)
	if excess == one {
		if slow := oldest(among, receiving); slow != nil && time.Since(slow.since) > patience {
			excess = slow
		}
	}
	excess.leave()
	return excess
}

// bound returns how many connections the listener may have: with other listeners beside it, three quarters of all.
// Conns.mu is held.
func (d *door) bound() int {
	all := d.conns.most
	if all == 0 {
		return d.most
	}
	if len(d.conns.doors) > 1 {
		all -= all / 4
	}
	return min(d.most, all)
}

// oldest returns the connection that has been longest in one of the lists of that kind, nil when all are empty.
// Conns.mu is held.
func oldest(doors []*door, kind int) (first *conn) {
	for _, d := range doors {
		if e := d.lists[kind].Front(); e != nil {
			if one := e.Value.(*conn); first == nil || one.since.Before(first.since) {
				first = one
			}
		}
	}
	return first
}

// mayTell allows one line in the log for all strangers in 10 seconds: they must not fill it.
func (c *Conns) mayTell() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := time.Now()
	if now.Sub(c.told) < 10*time.Second {
		return false
	}
	c.told = now
	return true
}

// conn is a connection as Conns knows it.
type conn struct {
	net.Conn
	door *door

	heard, deaf bool // whether anything was read, and whether nothing is read any more; they belong to the reader

	// These belong to Conns.mu.
	gone     bool
	active   bool // between StateActive and StateIdle of net/http
	at       *list.Element
	in       int       // the list that at is of
	since    time.Time // when it came there
	requests int       // that handlers have
	coming   int       // those whose bodies are not read to their end
}

type connKey struct{}

func connContext(ctx context.Context, c net.Conn) context.Context {
	return context.WithValue(ctx, connKey{}, connOf(c))
}

// connOf returns the connection below TLS.
func connOf(c net.Conn) *conn {
	if t, ok := c.(*tls.Conn); ok {
		c = t.NetConn()
	}
	one, _ := c.(*conn)
	return one
}

// connState is http.Server.ConnState.
func connState(c net.Conn, state http.ConnState) {
	one := connOf(c)
	if one == nil || state != http.StateActive && state != http.StateIdle {
		return
	}
	mu := &one.door.conns.mu
	mu.Lock()
	defer mu.Unlock()
	one.active = state == http.StateActive
	one.settle()
}

// note counts requests and those of them that are still coming.
func (c *conn) note(requests, coming int) {
	mu := &c.door.conns.mu
	mu.Lock()
	defer mu.Unlock()
	c.requests += requests
	c.coming += coming
	c.settle()
}

// settle puts the connection into the list that it belongs to now. Conns.mu is held, as for join and leave.
func (c *conn) settle() {
	want := lists // none
	switch {
	case c.gone:
	case !c.active:
		want = waiting
	case c.requests > 0 && c.requests == c.coming:
		want = receiving
	}
	if c.at != nil && c.in == want {
		return
	}
	c.leave()
	if want != lists {
		c.join(want)
	}
}

func (c *conn) join(kind int) {
	c.since, c.in = time.Now(), kind
	c.at = c.door.lists[kind].PushBack(c)
}

func (c *conn) leave() {
	if c.at != nil {
		c.door.lists[c.in].Remove(c.at)
		c.at = nil
	}
}

// cut closes a connection that is too much. Its goroutine finds it closed; nobody is there to be told.
func (c *conn) cut() { _ = c.Close() }

// Close implements net.Conn.
func (c *conn) Close() error {
	mu := &c.door.conns.mu
	mu.Lock()
	if !c.gone {
		c.gone = true
		c.door.open--
		c.door.conns.open--
		c.leave()
	}
	mu.Unlock()
	return c.Conn.Close()
}

// CloseWrite lets net/http end an answer before it closes, so that the client reads it.
func (c *conn) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return errors.ErrUnsupported
}

// Read implements net.Conn. A client that begins with the other kind, TLS or not, is told, and heard no more.
func (c *conn) Read(p []byte) (int, error) {
	if c.deaf {
		return 0, io.EOF
	}
	n, err := c.Conn.Read(p)
	if c.heard || n == 0 {
		return n, err
	}
	c.heard = true
	answer := misspoken(p[:n], c.door.tls)
	if answer == "" {
		return n, err
	}
	c.deaf = true
	if c.door.conns.mayTell() {
		c.door.conns.log.Warn("a client and a port disagree about TLS", slog.String("name", c.door.name),
			slog.String("remote", c.RemoteAddr().String()))
	}
	// read or not
	_, _ = io.WriteString(c.Conn, "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\n"+
		"Connection: close\r\n\r\n"+answer)
	return 0, io.EOF
}

// misspoken returns what a client is told that begins with TLS where there is none, or with HTTP/2 where there is TLS;
// "" for all others. Clients find HTTP/1 where it can't be, and show it. Who begins with HTTP/1 where there is TLS is
// answered by net/http.
func misspoken(begin []byte, speaksTLS bool) string {
	const handshake, preface = 0x16, "PRI * HTTP/2"
	switch {
	case !speaksTLS && begin[0] == handshake:
		return "this port speaks without TLS: ask http://, not https://, or start the program with --tls-cert and " +
			"--tls-key\n"
	case speaksTLS && strings.HasPrefix(string(begin), preface):
		return "this port speaks TLS: let the client use it, or start the program without --tls-cert\n"
	}
	return ""
}

// incoming is the body of a request while it comes.
type incoming struct {
	io.ReadCloser
	conn *conn
	ends sync.Once
	read bool // to its end, or to an error; it belongs to the handler's goroutine
}

// Read implements io.Reader.
func (b *incoming) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err != nil {
		b.read = true
		b.end()
	}
	return n, err
}

func (b *incoming) end() { b.ends.Do(func() { b.conn.note(0, -1) }) }
