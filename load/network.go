package load

import "crypto/tls"

// Connection says over what a request went. All requests of one connection share it: it must not be changed.
type Connection struct {
	// Protocol is the version of HTTP as network.protocol.version of OpenTelemetry's semantic conventions spells it: "1.1",
	// "2" or "3".
	Protocol string
	// TLS is the version of TLS: "1.2", "1.3"; "" without.
	TLS string
	// Resumed tells whether the TLS handshake took up a session of an earlier connection.
	Resumed bool
	// Remote is the address that answered: host:port, or the path of a unix socket; with a proxy it is that of the proxy.
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
