package network

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"slices"
	"strings"
	"sync"
)

// multiplex carries many requests at a time on each connection of HTTP/3. A request takes an idle connection; if there
// is none it opens another one up to the limit, and then shares the least busy one.
type multiplex struct {
	open  func(ctx context.Context, o origin) (*session, error)
	limit int // connections per origin, >= 1

	mu    sync.Mutex
	pools map[origin]*sessionPool
}

// origin is where connections lead to.
type origin struct{ scheme, addr string }

func originOf(u *url.URL) origin {
	port := u.Port()
	switch {
	case port != "":
	case u.Scheme == "https":
		port = "443"
	default:
		port = "80"
	}
	return origin{u.Scheme, net.JoinHostPort(u.Hostname(), port)}
}

// sessionPool is what is open to one origin. multiplex.mu guards it.
type sessionPool struct {
	sessions []*session
	opening  int
	changed  chan struct{} // closed when those who wait should look again; nil when nobody does
}

// session is one connection. multiplex.mu guards active and retired.
type session struct {
	carrier
	conn    net.Conn // for httptrace
	pool    *sessionPool
	active  int // requests under way
	retired bool
}

// carrier carries the requests of a session.
type carrier interface {
	http.RoundTripper
	// room tells whether another request can begin beside the active ones, and dead that none ever can.
	room(active int) (room, dead bool)
	close()
}

// RoundTrip sends a request, and once more if the connection was going away and the server has not processed it (RFC
// 9113, section 8.7).
func (m *multiplex) RoundTrip(req *http.Request) (*http.Response, error) {
	trace := httptrace.ContextClientTrace(req.Context())
	for again := false; ; again = true {
		s, reused, err := m.take(req.Context(), originOf(req.URL))
		if err != nil {
			return nil, err
		}
		trace.GotConn(httptrace.GotConnInfo{Conn: s.conn, Reused: reused})
		res, err := s.RoundTrip(req)
		if err == nil {
			res.Body = &sessionBody{ReadCloser: res.Body, m: m, s: s}
			return res, nil
		}
		refused := unprocessed(err)
		if refused {
			m.retire(s)
		}
		m.give(s)
		if again || !reused || !refused || !rewind(req) {
			return nil, err
		}
	}
}

// rewind makes a request ready to be sent once more.
func rewind(req *http.Request) bool {
	if req.Body == nil || req.Body == http.NoBody {
		return true
	}
	if req.GetBody == nil {
		return false
	}
	body, err := req.GetBody()
	req.Body = body
	return err == nil
}

// sessionBody gives the session back when it is closed, which is to happen once.
type sessionBody struct {
	io.ReadCloser
	m *multiplex
	s *session
}

func (b *sessionBody) Close() error {
	err := b.ReadCloser.Close()
	b.m.give(b.s)
	return err
}

// take gets a session for one request, which must be given back.
func (m *multiplex) take(ctx context.Context, o origin) (s *session, reused bool, err error) {
	for {
		s, wait := m.pick(o)
		if s != nil {
			return s, true, nil
		}
		if wait == nil {
			s, err := m.add(ctx, o)
			return s, false, err
		}
		select {
		case <-wait:
		case <-ctx.Done():
			return nil, false, context.Cause(ctx)
		}
	}
}

// pick returns a session to use, or what to wait for, or neither: then the caller is to open a session.
func (m *multiplex) pick(o origin) (s *session, wait <-chan struct{}) {
	m.mu.Lock()
	defer m.mu.Unlock()
	p := m.pools[o]
	if p == nil {
		if m.pools == nil {
			m.pools = map[origin]*sessionPool{}
		}
		p = &sessionPool{}
		m.pools[o] = p
	}
	best := p.leastBusy()
	more := len(p.sessions)+p.opening < m.limit
	switch {
	case best != nil && (best.active == 0 || !more):
		best.active++
		return best, nil
	case more:
		p.opening++
		return nil, nil
	}
	if p.changed == nil {
		p.changed = make(chan struct{})
	}
	return nil, p.changed
}

// leastBusy finds the session with the fewest requests that takes another one, and drops the dead ones that it meets.
func (p *sessionPool) leastBusy() (best *session) {
	for i := len(p.sessions) - 1; i >= 0; i-- {
		s := p.sessions[i]
		if best != nil && s.active >= best.active {
			continue
		}
		room, dead := s.room(s.active)
		switch {
		case dead:
			p.sessions = slices.Delete(p.sessions, i, i+1)
			s.close()
		case room:
			best = s
		}
		if best != nil && best.active == 0 {
			break
		}
	}
	return best
}

// add opens the session for which pick has reserved a place.
func (m *multiplex) add(ctx context.Context, o origin) (*session, error) {
	s, err := m.open(ctx, o)
	m.mu.Lock()
	defer m.mu.Unlock()
	p := m.pools[o]
	p.opening--
	if err == nil {
		s.active, s.pool = 1, p
		p.sessions = append(p.sessions, s)
	}
	p.wake()
	return s, err
}

// give gives a session back.
func (m *multiplex) give(s *session) {
	m.mu.Lock()
	defer m.mu.Unlock()
	s.active--
	if s.retired && s.active == 0 {
		s.close()
	}
	s.pool.wake()
}

// retire takes a session out of use; the requests that it carries go on.
func (m *multiplex) retire(s *session) {
	m.mu.Lock()
	defer m.mu.Unlock()
	s.retired = true
	s.pool.sessions = slices.DeleteFunc(s.pool.sessions, func(other *session) bool { return other == s })
}

func (p *sessionPool) wake() {
	if p.changed != nil {
		close(p.changed)
		p.changed = nil
	}
}

// CloseIdleConnections closes all sessions: it is called when nobody uses them any more.
func (m *multiplex) CloseIdleConnections() {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, p := range m.pools {
		for _, s := range p.sessions {
			s.close()
		}
		p.sessions = nil
	}
}

// unprocessed tells whether the server has said that it did not process a request. quic-go keeps its error value for
// that to itself.
func unprocessed(err error) bool { return strings.Contains(err.Error(), "http3: conn unusable") }
