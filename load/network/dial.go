package network

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/netip"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/quic-go/quic-go"

	"edgescope/load/errname"
)

// timedConn is a connection that knows what it cost to open. net/http may open a connection for one request and use it
// for another, so the times belong to the connection and not to the request that asked for it.
type timedConn struct {
	net.Conn
	began         time.Time
	dns, tcp, tls time.Duration
	info          Connection
	failed        atomic.Pointer[error] // what reading from it has failed with
}

func (c *timedConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if err != nil {
		c.failed.Store(&err)
	}
	return n, err
}

// openedConn finds the connection that an opener has opened, below TLS; nil if it was not an opener.
func openedConn(c net.Conn) *timedConn {
	if secure, ok := c.(*tls.Conn); ok {
		c = secure.NetConn()
	}
	timed, _ := c.(*timedConn)
	return timed
}

const (
	dialTimeout = 30 * time.Second
	// maxHeader bounds the header of an answer.
	maxHeader = 1 << 20
)

// Dialer makes clients, and has what all their connections share. It is safe for concurrent use.
type Dialer struct {
	network Options
	tls     *tls.Config
	shared  tls.ClientSessionCache // of SessionsShared
	turn    atomic.Uint64          // of the local addresses
	quic    quicSockets
}

// New makes a dialer. config is what TLS connections begin with, nil for the defaults; it is the dialer's from here on.
func New(n Options, config *tls.Config) (*Dialer, error) {
	if err := n.validate(); err != nil {
		return nil, err
	}
	d := &Dialer{network: n, tls: config}
	if d.tls == nil {
		d.tls = &tls.Config{}
	}
	if d.network.Protocol == "" {
		d.network.Protocol = HTTP1
	}
	if n.Sessions == SessionsShared {
		d.shared = newSessions()
	}
	if d.tls.CurvePreferences == nil {
		d.tls.CurvePreferences = classical
	}
	d.tls.NextProtos = []string{"http/1.1"}
	if d.isHTTP2() {
		d.tls.NextProtos = []string{"h2"}
	}
	return d, nil
}

// Protocol is what connections speak.
func (d *Dialer) Protocol() Protocol { return d.network.Protocol }

// isHTTP2 tells whether connections speak HTTP/2.
func (d *Dialer) isHTTP2() bool { return d.network.Protocol == HTTP2 || d.network.Protocol == H2C }

// classical are the key exchanges that node 22 offers, and Artillery with it. crypto/tls would add X25519MLKEM768,
// which costs as much CPU again as the rest of a handshake: config.tls.ecdhCurve asks for it.
var classical = []tls.CurveID{tls.X25519, tls.CurveP256, tls.CurveP384, tls.CurveP521}

// sessionsKept is how many TLS sessions are remembered at most, one per host.
const sessionsKept = 64

func newSessions() tls.ClientSessionCache { return tls.NewLRUClientSessionCache(sessionsKept) }

// opener opens the connections of one client, which share TLS sessions.
type opener struct {
	*Dialer
	sessions tls.ClientSessionCache // nil: all handshakes are full ones
	forward  atomic.Pointer[string] // the address of the proxy that requests of http:// are sent to whole; nil: none
}

func (d *Dialer) opener() *opener {
	o := &opener{Dialer: d, sessions: d.shared}
	if d.network.Sessions == SessionsUser || d.network.Sessions == "" {
		o.sessions = newSessions()
	}
	return o
}

// Client makes the connections of one user, or those that all users share: at most conns to one host at a time, 0 for
// no limit. A user of HTTP/2 or HTTP/3 has one connection per host. For HTTP/1.1 without a proxy it is our own client
// that speaks, else a transport of net/http.
func (d *Dialer) Client(conns int) Client {
	o := d.opener()
	switch {
	case d.isHTTP2():
		return newMultiplexed(o, conns)
	case d.network.Protocol == HTTP3:
		m := &multiplex{limit: max(conns, 1), open: o.openHTTP3}
		return &netHTTP{rt: m, idle: m.CloseIdleConnections}
	case d.network.Proxy != nil:
		return o.netHTTP(conns)
	default:
		return newPlain(o, conns)
	}
}

// Close gives back what all connections have shared. The dialer can be used again.
func (d *Dialer) Close() { d.quic.close() }

// Opener makes a function that opens connections for one user that are HTTP/1.1 only until the target agrees to another
// protocol: WebSockets. It takes URLs of scheme http and https.
func (d *Dialer) Opener() func(ctx context.Context, u *url.URL) (net.Conn, error) {
	o := d.opener()
	return func(ctx context.Context, u *url.URL) (net.Conn, error) {
		to := originOf(u)
		if to.scheme == "https" {
			return o.dialTLS(ctx, "tcp", to.addr)
		}
		c, err := o.tunnel(ctx, to)
		if err != nil {
			return nil, err
		}
		return c, nil
	}
}

// Opened returns what it cost to open a connection of an [Dialer.Opener], in DNS, TCP and TLS, and what it is.
func Opened(c net.Conn) (Timing, *Connection) {
	opened := openedConn(c)
	if opened == nil {
		return Timing{}, nil
	}
	return Timing{DNS: opened.dns, TCP: opened.tcp, TLS: opened.tls}, &opened.info
}

// netHTTP is HTTP/1.1 by net/http.
func (o *opener) netHTTP(conns int) *netHTTP {
	t := o.transport(conns)
	return &netHTTP{rt: t, idle: t.CloseIdleConnections, proxy: o.proxyOf, once: true}
}

// transport makes connections of HTTP/1.1, as Artillery does; at most conns to one host at a time, 0 for no limit.
func (o *opener) transport(conns int) *http.Transport {
	return &http.Transport{
		Proxy:                  o.forwardProxy,
		DialContext:            o.dial,
		DialTLSContext:         o.dialTLS,
		DisableCompression:     true, // accept-encoding and decoding are ours
		MaxConnsPerHost:        conns,
		MaxIdleConnsPerHost:    max(conns, 100),
		MaxResponseHeaderBytes: maxHeader,
	}
}

// dial opens a connection for plain HTTP/1.1. With a forward proxy addr is the proxy's.
func (o *opener) dial(ctx context.Context, _, addr string) (net.Conn, error) {
	proxy, err := o.proxyOf(origin{"http", addr})
	if err != nil {
		return nil, err
	}
	if proxy != nil && proxy.Scheme == "http" {
		proxy = nil // the requests themselves tell it where to go
	}
	c, err := o.through(ctx, proxy, addr)
	if forward := o.forward.Load(); err != nil && forward != nil && *forward == addr {
		return nil, &ProxyError{Proxy: addr, Err: err}
	}
	if err != nil {
		return nil, err
	}
	return c, nil
}

// dialTLS opens a connection for HTTP/1.1 or HTTP/2 over TLS.
func (o *opener) dialTLS(ctx context.Context, _, addr string) (net.Conn, error) {
	c, err := o.tunnel(ctx, origin{"https", addr})
	if err != nil {
		return nil, err
	}
	config, err := o.tlsFor(addr)
	if err != nil {
		return nil, err
	}
	shook := time.Now()
	secure := tls.Client(c, config)
	if err := secure.HandshakeContext(ctx); err != nil {
		_ = c.Close()
		return nil, o.handshakeError(err, config)
	}
	c.tls = time.Since(shook)
	state := secure.ConnectionState()
	c.info.secured(&state)
	if o.isHTTP2() {
		c.info.Protocol = "2"
		if state.NegotiatedProtocol != "h2" {
			_ = c.Close()
			return nil, &ProtocolError{o.network.Protocol, notSpoken}
		}
	}
	return secure, nil
}

// notSpoken is the Reason of a ProtocolError when the server answers in another protocol, or does not know ours.
const notSpoken = "the server does not speak it"

// handshakeError tells a server that does not speak the protocol from one that refuses for another reason, and of two
// things that are wrong with a certificate the one that node looks at first: who has signed it, and then its name.
func (o *opener) handshakeError(err error, config *tls.Config) error {
	var versions *quic.VersionNegotiationError
	if strings.Contains(err.Error(), "tls: no application protocol") || errors.As(err, &versions) {
		return &ProtocolError{o.network.Protocol, notSpoken}
	}
	var host x509.HostnameError
	var verification *tls.CertificateVerificationError
	if errors.As(err, &host) && errors.As(err, &verification) {
		chain := verification.UnverifiedCertificates
		options := x509.VerifyOptions{Roots: config.RootCAs, Intermediates: x509.NewCertPool()}
		for _, c := range chain[1:] {
			options.Intermediates.AddCert(c)
		}
		if _, unsigned := chain[0].Verify(options); unsigned != nil {
			err = &tls.CertificateVerificationError{UnverifiedCertificates: chain, Err: unsigned}
		}
	}
	return &errname.HandshakeError{Err: err}
}

// tlsFor is the configuration for one connection.
func (o *opener) tlsFor(addr string) (*tls.Config, error) {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, fmt.Errorf("read the address %s: %w", addr, err)
	}
	config := o.tls.Clone()
	if config.ServerName == "" {
		config.ServerName = host
	}
	config.ClientSessionCache = o.sessions
	return config, nil
}

// tunnel opens a connection on which nobody but the origin listens, through a proxy if there is one.
func (o *opener) tunnel(ctx context.Context, to origin) (*timedConn, error) {
	proxy, err := o.proxyOf(to)
	if err != nil {
		return nil, err
	}
	return o.through(ctx, proxy, to.addr)
}

// through opens a connection to addr, straight when proxy is nil.
func (d *Dialer) through(ctx context.Context, proxy *url.URL, addr string) (*timedConn, error) {
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	c := &timedConn{began: time.Now(), info: Connection{Protocol: "1.1"}}
	var asked time.Time
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		DNSStart: func(httptrace.DNSStartInfo) { asked = time.Now() },
		DNSDone:  func(httptrace.DNSDoneInfo) { c.dns = time.Since(asked) },
	})
	conn, err := d.connect(ctx, proxy, addr)
	if err != nil {
		return nil, err
	}
	c.Conn, c.tcp = conn, time.Since(c.began)-c.dns
	c.info.Remote = conn.RemoteAddr().String()
	return c, nil
}

func (d *Dialer) connect(ctx context.Context, proxy *url.URL, addr string) (net.Conn, error) {
	if d.network.UnixSocket != "" {
		var unix net.Dialer
		return unix.DialContext(ctx, "unix", d.network.UnixSocket)
	}
	switch {
	case proxy == nil:
		return d.tcp(ctx, addr)
	case proxy.Scheme == "http":
		return d.connectMethod(ctx, proxy, addr)
	default:
		return d.socks(ctx, proxy, addr)
	}
}

// tcp opens a connection to where the routes send addr: to the first of their addresses that accepts one.
func (d *Dialer) tcp(ctx context.Context, addr string) (conn net.Conn, err error) {
	for _, candidate := range route(d.network.Routes, addr) {
		if conn, err = d.tcpTo(ctx, candidate); err == nil {
			return conn, nil
		}
	}
	return nil, err
}

func (d *Dialer) tcpTo(ctx context.Context, addr string) (net.Conn, error) {
	if d.network.Dial != nil {
		return d.network.Dial(ctx, "tcp", addr)
	}
	var plain net.Dialer
	if local, ok := d.localAddr(); ok {
		plain.LocalAddr = net.TCPAddrFromAddrPort(netip.AddrPortFrom(local, 0))
		plain.Control = portAtConnect
	}
	conn, err := plain.DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	if tcp, ok := conn.(*net.TCPConn); ok && d.network.Reset {
		if err := tcp.SetLinger(0); err != nil {
			_ = conn.Close()
			return nil, fmt.Errorf("make a connection to %s close with a reset: %w", addr, err)
		}
	}
	return conn, nil
}

// localAddr is the source address whose turn it is.
func (d *Dialer) localAddr() (addr netip.Addr, ok bool) {
	n := uint64(len(d.network.LocalAddrs))
	if n == 0 {
		return netip.Addr{}, false
	}
	return d.network.LocalAddrs[d.turn.Add(1)%n], true
}
