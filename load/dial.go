package load

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptrace"
	"time"

	"edgescope/scenarios"
)

// timedConn is a connection that knows what it cost to open. net/http may open a connection for one request and use it for
// another, so the times belong to the connection and not to the request that asked for it.
type timedConn struct {
	net.Conn
	began         time.Time
	dns, tcp, tls time.Duration
	info          Connection
}

// openedConn is what dial or dialTLS have opened; nil for a connection of somebody else.
func openedConn(c net.Conn) *timedConn {
	if secure, ok := c.(*tls.Conn); ok {
		c = secure.NetConn()
	}
	timed, _ := c.(*timedConn)
	return timed
}

const dialTimeout = 30 * time.Second

type dialer struct {
	net net.Dialer
	tls *tls.Config
}

func newDialer(o scenarios.TLS) (*dialer, error) {
	config := &tls.Config{InsecureSkipVerify: o.Insecure, NextProtos: []string{"http/1.1"}}
	if len(o.CA) > 0 {
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(o.CA) {
			return nil, errors.New("config.tls.ca holds no PEM certificate")
		}
	}
	if len(o.Cert) > 0 || len(o.Key) > 0 {
		pair, err := tls.X509KeyPair(o.Cert, o.Key)
		if err != nil {
			return nil, fmt.Errorf("config.tls.cert and config.tls.key: %w", err)
		}
		config.Certificates = []tls.Certificate{pair}
	}
	return &dialer{net: net.Dialer{Timeout: dialTimeout}, tls: config}, nil
}

func (d *dialer) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	c, err := d.open(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	return c, nil
}

func (d *dialer) open(ctx context.Context, network, addr string) (*timedConn, error) {
	c := &timedConn{began: time.Now()}
	var asked time.Time
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		DNSStart: func(httptrace.DNSStartInfo) { asked = time.Now() },
		DNSDone:  func(httptrace.DNSDoneInfo) { c.dns = time.Since(asked) },
	})
	conn, err := d.net.DialContext(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	c.Conn, c.tcp = conn, time.Since(c.began)-c.dns
	c.info = Connection{Protocol: "1.1", Remote: conn.RemoteAddr().String()}
	return c, nil
}

func (d *dialer) dialTLS(ctx context.Context, network, addr string) (net.Conn, error) {
	c, err := d.open(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, fmt.Errorf("read the address %s: %w", addr, err)
	}
	config := d.tls.Clone()
	config.ServerName = host
	shook := time.Now()
	secure := tls.Client(c, config)
	if err := secure.HandshakeContext(ctx); err != nil {
		_ = c.Close()
		return nil, err
	}
	c.tls = time.Since(shook)
	state := secure.ConnectionState()
	c.info.secured(&state)
	return secure, nil
}

// engine makes the connections of one user, or those that all users share: at most conns to one host at a time, 0 for no
// limit.
func (d *dialer) engine(conns int) engine {
	t := d.transport(conns)
	return &netHTTP{rt: t, idle: t.CloseIdleConnections}
}

// transport makes connections of HTTP/1.1, as Artillery does; at most conns to one host at a time, 0 for no limit.
func (d *dialer) transport(conns int) *http.Transport {
	return &http.Transport{
		DialContext:            d.dial,
		DialTLSContext:         d.dialTLS,
		DisableCompression:     true, // accept-encoding and decoding are ours
		MaxConnsPerHost:        conns,
		MaxIdleConnsPerHost:    max(conns, 100),
		MaxResponseHeaderBytes: 1 << 20,
	}
}
