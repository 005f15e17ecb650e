// Package network is how requests reach their target: over which protocol, to which address, through which proxy, from
// which address and with which TLS sessions. One client stands for all of it.
package network

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
)

// Protocol is the HTTP that a run speaks, as config.http.version of a script spells it. There is no falling back: a
// server that does not speak it fails the requests with *ProtocolError.
type Protocol string

// The protocols. HTTP2 and HTTP3 are for https:// URLs only; H2C is HTTP/2 with prior knowledge for http:// URLs, and
// HTTP/2 over TLS for https:// ones.
const (
	HTTP1 Protocol = "1.1"
	HTTP2 Protocol = "2"
	H2C   Protocol = "h2c"
	HTTP3 Protocol = "3"
)

// Name is how people call the protocol: HTTP/2.
func (p Protocol) Name() string {
	switch p {
	case HTTP2, H2C:
		return "HTTP/2"
	case HTTP3:
		return "HTTP/3"
	default:
		return "HTTP/1.1"
	}
}

// ForPlain refuses http:// URLs, unless the protocol is spoken without TLS.
func (p Protocol) ForPlain() error {
	switch p {
	case HTTP2:
		return &ProtocolError{p, "needs an https:// URL; h2c is for http:// ones"}
	case HTTP3:
		return &ProtocolError{p, "needs an https:// URL"}
	default:
		return nil
	}
}

// ProtocolError tells that a target cannot be spoken to in the protocol of the run.
type ProtocolError struct {
	Protocol Protocol
	Reason   string
}

func (e *ProtocolError) Error() string { return e.Protocol.Name() + ": " + e.Reason }

// ErrorName is the error's name as a counter has it.
func (e *ProtocolError) ErrorName() string { return e.Error() }

// Sessions says who takes up whose TLS sessions on a new connection.
type Sessions string

// The ways of session resumption. SessionsUser is the default: a user takes up its own sessions, as one browser does;
// what SessionsShared makes of each new connection but the first is a returning visitor, and SessionsNone makes all
// handshakes full ones.
const (
	SessionsUser   Sessions = "user"
	SessionsShared Sessions = "shared"
	SessionsNone   Sessions = "none"
)

// Options say how requests get to their targets. The zero value is the straight way.
type Options struct {
	// Protocol is what connections speak; "": HTTP1.
	Protocol Protocol
	// Routes send connections elsewhere: the first that matches is taken. Certificates are verified for the host of the
	// URL all the same.
	Routes []Route
	// UnixSocket, if not "", is the path to which all connections are opened.
	UnixSocket string
	// Proxy tells through which proxy a URL is reached, nil for none; nil: no proxies. See [ProxyFrom]. It must be safe
	// for concurrent use.
	Proxy func(*url.URL) (*url.URL, error)
	// LocalAddrs are the source addresses of connections, in turn; empty: the system chooses. Each has ports of its
	// own.
	LocalAddrs []netip.Addr
	// Reset closes connections with a reset (SO_LINGER 0): their ports are free at once, and the server sees ECONNRESET
	// where it would have seen an end.
	Reset bool
	// Sessions says who takes up whose TLS sessions; "": SessionsUser.
	Sessions Sessions
	// Dial replaces the system's TCP: for tests.
	Dial func(ctx context.Context, network, addr string) (net.Conn, error)
}

// validate refuses what contradicts itself.
func (o *Options) validate() error {
	var errs []error
	if o.UnixSocket != "" && o.Protocol == HTTP3 {
		errs = append(errs, errors.New("HTTP/3 runs over UDP, not over a unix socket"))
	}
	if o.UnixSocket != "" && len(o.LocalAddrs) > 0 {
		errs = append(errs, errors.New("a connection to a unix socket has no local address"))
	}
	if o.UnixSocket != "" && len(o.Routes) > 0 {
		errs = append(errs, errors.New("all connections go to the unix socket: routes have no meaning"))
	}
	switch o.Protocol {
	case "", HTTP1, HTTP2, H2C, HTTP3:
	default:
		errs = append(errs, fmt.Errorf("protocol %q is unknown, want 1.1, 2, h2c or 3", o.Protocol))
	}
	switch o.Sessions {
	case "", SessionsUser, SessionsShared, SessionsNone:
	default:
		errs = append(errs, fmt.Errorf("TLS sessions %q are unknown, want user, shared or none", o.Sessions))
	}
	return errors.Join(errs...)
}

// Connection says over what a request went. All requests of one connection share it: it must not be changed.
type Connection struct {
	// Protocol is the version of HTTP as network.protocol.version of OpenTelemetry's semantic conventions spells it:
	// "1.1", "2" or "3".
	Protocol string
	// TLS is the version of TLS: "1.2", "1.3"; "" without.
	TLS string
	// Resumed tells whether the TLS handshake took up a session of an earlier connection.
	Resumed bool
	// Remote is the address that answered: host:port, or the path of a unix socket; with a proxy it is that of the
	// proxy.
	Remote string
}

// secured notes what a handshake has agreed on.
func (c *Connection) secured(state *tls.ConnectionState) {
	c.Resumed = state.DidResume
	switch state.Version {
	case tls.VersionTLS12:
		c.TLS = "1.2"
	case tls.VersionTLS13:
		c.TLS = "1.3"
	default:
		c.TLS = tls.VersionName(state.Version)
	}
}
