package network

import (
	"context"
	"errors"
	"net"
	"net/http"
	"syscall"
)

// http2Carrier is an HTTP/2 connection of net/http.
type http2Carrier struct {
	*http.ClientConn
	conn *tellingConn
}

func (c http2Carrier) room(active int) (room, dead bool) {
	// What is available does not count requests that are on their way to the connection: the active ones do.
	if available := c.Available(); available > 0 {
		return available+c.InFlight() > active, false
	}
	return false, active == 0 || c.Err() != nil
}

func (c http2Carrier) close() { _ = c.Close() }

// RoundTrip tells a server that answers in HTTP/1.1, or that refuses us, from a broken one.
func (c http2Carrier) RoundTrip(req *http.Request) (*http.Response, error) {
	res, err := c.ClientConn.RoundTrip(req)
	if err == nil || req.Context().Err() != nil {
		return res, err
	}
	if c.conn.http1.Load() {
		return nil, &ProtocolError{H2C, notSpoken}
	}
	if c.Err() != nil || errors.Is(err, syscall.EPIPE) || errors.Is(err, syscall.ECONNRESET) {
		err = c.conn.explain(err)
	}
	return nil, err
}

// openHTTP2 opens a connection and speaks HTTP/2 on it. dialTLS has settled by ALPN that the server does as well.
func (o *opener) openHTTP2(ctx context.Context, to origin) (*session, error) {
	opened, err := o.dialFor(ctx, to)
	if err != nil {
		return nil, err
	}
	var protocols http.Protocols
	protocols.SetUnencryptedHTTP2(true)
	conn := telling(opened)
	// To this transport the connection is a plain one, whatever is below: TLS is done.
	t := &http.Transport{
		DialContext:            func(context.Context, string, string) (net.Conn, error) { return conn, nil },
		Protocols:              &protocols,
		DisableCompression:     true,
		MaxResponseHeaderBytes: maxHeader,
	}
	client, err := t.NewClientConn(ctx, "http", to.addr)
	if err != nil {
		_ = conn.Close()
		return nil, err
	}
	return &session{carrier: http2Carrier{client, conn}, conn: opened}, nil
}

// dialFor opens what HTTP/2 is to be spoken on.
func (o *opener) dialFor(ctx context.Context, to origin) (net.Conn, error) {
	if to.scheme == "https" {
		return o.dialTLS(ctx, "tcp", to.addr)
	}
	if err := o.network.Protocol.ForPlain(); err != nil {
		return nil, err
	}
	conn, err := o.tunnel(ctx, to)
	if err != nil {
		return nil, err
	}
	conn.info.Protocol = "2"
	return conn, nil
}
