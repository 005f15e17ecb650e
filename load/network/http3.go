package network

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"runtime"
	"sync"
	"time"

	"github.com/quic-go/quic-go"
	"github.com/quic-go/quic-go/http3"
)

// streamsAtOnce is how many requests a connection of HTTP/3 carries at a time: what RFC 9114, section 6.1, wants each
// server to allow. quic-go does not tell what the server does allow.
const streamsAtOnce = 100

// http3Carrier is an HTTP/3 connection.
type http3Carrier struct{ *http3.ClientConn }

func (c http3Carrier) room(active int) (room, dead bool) {
	dead = c.Context().Err() != nil
	return !dead && active < streamsAtOnce, dead
}

func (c http3Carrier) close() {
	_ = c.CloseWithError(quic.ApplicationErrorCode(http3.ErrCodeNoError), "")
}

// openHTTP3 opens a QUIC connection and speaks HTTP/3 on it. What the handshake takes is its TLS time: QUIC has no
// other.
func (o *opener) openHTTP3(ctx context.Context, to origin) (*session, error) {
	if to.scheme != "https" {
		return nil, o.network.Protocol.ForPlain()
	}
	if proxy, err := o.proxyOf(to); err != nil || proxy != nil {
		return nil, errors.Join(err, &ProtocolError{HTTP3, "does not go through a proxy"})
	}
	config, err := o.tlsFor(to.addr)
	if err != nil {
		return nil, err
	}
	config.NextProtos = []string{http3.NextProtoH3}
	c := &timedConn{began: time.Now()}
	addrs, err := lookup(ctx, route(o.network.Routes, to.addr))
	if err != nil {
		return nil, err
	}
	c.dns = time.Since(c.began)
	conn, err := o.quic.dial(ctx, o.network.LocalAddrs, addrs, config)
	if err != nil {
		return nil, o.handshakeError(err, config)
	}
	c.tls = time.Since(c.began) - c.dns
	c.info = Connection{Protocol: "3", Remote: conn.RemoteAddr().String()}
	state := conn.ConnectionState().TLS
	c.info.secured(&state)
	h3 := http3.Transport{DisableCompression: true, MaxResponseHeaderBytes: maxHeader}
	return &session{carrier: http3Carrier{h3.NewClientConn(conn)}, conn: c}, nil
}

// lookup finds the addresses behind each host:port, in order.
func lookup(ctx context.Context, candidates []string) (addrs []netip.AddrPort, err error) {
	for _, candidate := range candidates {
		host, service, err := net.SplitHostPort(candidate)
		if err != nil {
			return nil, fmt.Errorf("read the address %s: %w", candidate, err)
		}
		port, err := net.DefaultResolver.LookupPort(ctx, "udp", service)
		if err != nil {
			return nil, err
		}
		ips, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
		if err != nil {
			return nil, err
		}
		for _, ip := range ips {
			addrs = append(addrs, netip.AddrPortFrom(ip.Unmap(), uint16(port)))
		}
	}
	return addrs, nil
}

// quicSockets are the UDP sockets that all QUIC connections of a run share: one for each local address or, without any,
// for each processor, since each has one goroutine that reads.
type quicSockets struct {
	mu   sync.Mutex
	open []*quic.Transport
	turn int
}

// dial opens a connection to the first address that accepts one.
func (q *quicSockets) dial(
	ctx context.Context, local []netip.Addr, to []netip.AddrPort, config *tls.Config,
) (conn *quic.Conn, err error) {
	t, err := q.next(local)
	if err != nil {
		return nil, err
	}
	for _, addr := range to {
		if conn, err = t.Dial(ctx, net.UDPAddrFromAddrPort(addr), config, nil); err == nil {
			return conn, nil
		}
	}
	return nil, err
}

func (q *quicSockets) next(local []netip.Addr) (*quic.Transport, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(local) == 0 {
		local = make([]netip.Addr, runtime.GOMAXPROCS(0))
	}
	q.turn = (q.turn + 1) % len(local)
	for len(q.open) <= q.turn {
		var from *net.UDPAddr
		if addr := local[len(q.open)]; addr.IsValid() {
			from = net.UDPAddrFromAddrPort(netip.AddrPortFrom(addr, 0))
		}
		socket, err := net.ListenUDP("udp", from)
		if err != nil {
			return nil, err
		}
		q.open = append(q.open, &quic.Transport{Conn: socket})
	}
	return q.open[q.turn], nil
}

func (q *quicSockets) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, t := range q.open {
		_ = t.Close()
		_ = t.Conn.Close()
	}
	q.open = nil
}
