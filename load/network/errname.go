package network

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"strings"
	"syscall"

	"github.com/quic-go/quic-go"
	"github.com/quic-go/quic-go/http3"
)

var errTimeout = errors.New("no response headers in time")

// node's names of the errors that a load test meets.
var errnoNames = map[syscall.Errno]string{
	syscall.ECONNREFUSED:  "ECONNREFUSED",
	syscall.ECONNRESET:    "ECONNRESET",
	syscall.ECONNABORTED:  "ECONNABORTED",
	syscall.EPIPE:         "EPIPE",
	syscall.ETIMEDOUT:     "ETIMEDOUT",
	syscall.EADDRNOTAVAIL: "EADDRNOTAVAIL",
	syscall.EADDRINUSE:    "EADDRINUSE",
	syscall.EMFILE:        "EMFILE",
	syscall.ENFILE:        "ENFILE",
	syscall.ENOBUFS:       "ENOBUFS",
	syscall.EHOSTUNREACH:  "EHOSTUNREACH",
	syscall.ENETUNREACH:   "ENETUNREACH",
	syscall.EACCES:        "EACCES",
	syscall.ENOENT:        "ENOENT", // no such unix socket
	syscall.EPERM:         "EPERM",
}

// ErrorName is the name of a request's error in the words of node, as Artillery counts it: ECONNREFUSED, ENOTFOUND,
// EAI_AGAIN, ETIMEDOUT, ECONNRESET, the TLS names, ...; for an error that has none its innermost text.
func ErrorName(err error) string {
	for _, nameOf := range []func(error) string{
		timeoutName, protocolErrorName, dnsErrorName, certificateErrorName, transportErrorName, connectionErrorName,
	} {
		if name := nameOf(err); name != "" {
			return name
		}
	}
	return innermost(err).Error()
}

func timeoutName(err error) string {
	timeouts := []error{errTimeout, context.DeadlineExceeded, os.ErrDeadlineExceeded}
	if slices.ContainsFunc(timeouts, func(timeout error) bool { return errors.Is(err, timeout) }) {
		return "ETIMEDOUT"
	}
	return ""
}

// connectionErrorName names what the system says of a connection, an end that came too early, and a body that cannot be
// decoded.
func connectionErrorName(err error) string {
	var errno syscall.Errno
	if errors.As(err, &errno) && errnoNames[errno] != "" {
		return errnoNames[errno]
	}
	// net/http has no error value for a connection that the server closed while it was idle.
	idle := strings.Contains(err.Error(), "server closed idle connection")
	if idle || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed) {
		return "ECONNRESET"
	}
	if errors.Is(err, errEncoding) {
		return errEncoding.Error()
	}
	return ""
}

// protocolErrorName names the errors of protocols, proxies and QUIC. Their texts would make a name of its own for each
// stream and each message of a server.
func protocolErrorName(err error) string {
	var protocol *ProtocolError
	var proxy *ProxyError
	var named interface{ ErrorName() string }
	var h3 *http3.Error
	var idle *quic.IdleTimeoutError
	var handshake *quic.HandshakeTimeoutError
	var reset *quic.StatelessResetError
	switch {
	case errors.As(err, &protocol):
		return protocol.Error()
	case errors.As(err, &proxy):
		return fmt.Sprintf("proxy answered CONNECT with %d", proxy.Status)
	case errors.As(err, &named):
		return named.ErrorName()
	case errors.As(err, &h3):
		return (&http3.Error{ErrorCode: h3.ErrorCode, Remote: true}).Error()
	case errors.As(err, &idle), errors.As(err, &handshake):
		return "ETIMEDOUT"
	case errors.As(err, &reset):
		return "ECONNRESET"
	default:
		return ""
	}
}

// transportErrorName names what QUIC has closed a connection for. A handshake's alert has the text that it has over
// TCP.
func transportErrorName(err error) string {
	var transport *quic.TransportError
	switch {
	case !errors.As(err, &transport):
		return ""
	case transport.ErrorCode.IsCryptoError():
		return tls.AlertError(transport.ErrorCode & 0xff).Error() // RFC 9001, section 4.8
	default:
		return "QUIC_" + transport.ErrorCode.String()
	}
}

func dnsErrorName(err error) string {
	var dns *net.DNSError
	switch {
	case !errors.As(err, &dns):
		return ""
	case dns.IsNotFound:
		return "ENOTFOUND"
	default:
		return "EAI_AGAIN"
	}
}

func certificateErrorName(err error) string {
	var unknown x509.UnknownAuthorityError
	var invalid x509.CertificateInvalidError
	var host x509.HostnameError
	switch {
	case errors.As(err, &unknown):
		if c := unknown.Cert; c != nil && string(c.RawIssuer) == string(c.RawSubject) {
			return "DEPTH_ZERO_SELF_SIGNED_CERT"
		}
		return "UNABLE_TO_VERIFY_LEAF_SIGNATURE"
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return "CERT_HAS_EXPIRED"
	case errors.As(err, &host):
		return "ERR_TLS_CERT_ALTNAME_INVALID"
	default:
		return ""
	}
}

func innermost(err error) error {
	for {
		next := errors.Unwrap(err)
		if next == nil {
			return err
		}
		err = next
	}
}
