package errname_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"regexp"
	"syscall"
	"testing"
	"time"

	"github.com/quic-go/quic-go"
	"github.com/quic-go/quic-go/http3"

	"edgescope/load/errname"
)

type named struct{ error }

func (named) ErrorName() string { return "OWN" }

func f(t *testing.T, err error, want string) {
	t.Helper()
	if got := errname.Of(err); got != want {
		t.Errorf("%v is %q, want %q", err, got, want)
	}
	if got := errname.Of(fmt.Errorf("send: %w", err)); got != want {
		t.Errorf("%v, wrapped, is %q, want %q", err, got, want)
	}
}

func TestConnections(t *testing.T) {
	op := func(e error) error { return &net.OpError{Op: "dial", Err: os.NewSyscallError("connect", e)} }
	f(t, op(syscall.ECONNREFUSED), "ECONNREFUSED")
	f(t, op(syscall.EADDRNOTAVAIL), "EADDRNOTAVAIL")
	f(t, op(syscall.EMFILE), "EMFILE")
	f(t, op(syscall.ECONNRESET), "ECONNRESET")
	f(t, op(syscall.EPIPE), "EPIPE")
	f(t, op(syscall.ENETUNREACH), "ENETUNREACH")
	f(t, op(syscall.EHOSTUNREACH), "EHOSTUNREACH")
	f(t, op(syscall.ETIMEDOUT), "ETIMEDOUT")
	f(t, op(syscall.Errno(250)), "UNKNOWN")
	f(t, io.ErrUnexpectedEOF, "ECONNRESET")
	f(t, io.EOF, "ECONNRESET")
	f(t, net.ErrClosed, "ECONNRESET")
	f(t, errors.New("http: server closed idle connection"), "ECONNRESET")
	f(t, &net.DNSError{IsNotFound: true}, "ENOTFOUND")
	f(t, &net.DNSError{IsTemporary: true}, "EAI_AGAIN")
	f(t, &net.OpError{Op: "dial", Err: &net.AddrError{Err: "invalid port"}}, "ERR_INVALID_URL")
	f(t, &url.Error{Op: "parse", Err: errors.New("no")}, "ERR_INVALID_URL")
	f(t, &net.OpError{Op: "dial", Err: os.ErrDeadlineExceeded}, "ETIMEDOUT")
	f(t, context.DeadlineExceeded, "ETIMEDOUT")
	f(t, context.Canceled, "ECONNABORTED")
	f(t, named{io.EOF}, "OWN")
	f(t, errors.New("something else"), "UNKNOWN")
}

func TestCertificates(t *testing.T) {
	self := &x509.Certificate{RawIssuer: []byte("a"), RawSubject: []byte("a")}
	leaf := &x509.Certificate{RawIssuer: []byte("a"), RawSubject: []byte("b")}
	between := &x509.Certificate{RawIssuer: []byte("c"), RawSubject: []byte("a")}
	unknown := func(chain ...*x509.Certificate) error {
		return &tls.CertificateVerificationError{
			UnverifiedCertificates: chain, Err: x509.UnknownAuthorityError{Cert: chain[0]},
		}
	}
	f(t, unknown(self), "DEPTH_ZERO_SELF_SIGNED_CERT")
	f(t, unknown(leaf, self), "SELF_SIGNED_CERT_IN_CHAIN")
	f(t, unknown(leaf, between), "UNABLE_TO_GET_ISSUER_CERT_LOCALLY")
	f(t, unknown(leaf), "UNABLE_TO_VERIFY_LEAF_SIGNATURE")
	f(t, x509.UnknownAuthorityError{Cert: leaf}, "UNABLE_TO_VERIFY_LEAF_SIGNATURE")
	f(t, x509.UnknownAuthorityError{}, "UNABLE_TO_VERIFY_LEAF_SIGNATURE")
	invalid := func(reason x509.InvalidReason, from time.Time) error {
		return x509.CertificateInvalidError{Reason: reason, Cert: &x509.Certificate{NotBefore: from}}
	}
	f(t, invalid(x509.Expired, time.Now().Add(-time.Hour)), "CERT_HAS_EXPIRED")
	f(t, invalid(x509.Expired, time.Now().Add(time.Hour)), "CERT_NOT_YET_VALID")
	f(t, invalid(x509.NotAuthorizedToSign, time.Time{}), "INVALID_CA")
	f(t, invalid(x509.TooManyIntermediates, time.Time{}), "PATH_LENGTH_EXCEEDED")
	f(t, invalid(x509.IncompatibleUsage, time.Time{}), "INVALID_PURPOSE")
	f(t, invalid(x509.NameMismatch, time.Time{}), "CERT_REJECTED")
	f(t, x509.HostnameError{Certificate: leaf, Host: "x"}, "ERR_TLS_CERT_ALTNAME_INVALID")
	f(t, x509.UnhandledCriticalExtension{}, "UNHANDLED_CRITICAL_EXTENSION")
	f(t, x509.SystemRootsError{}, "UNABLE_TO_GET_ISSUER_CERT_LOCALLY")
	f(t, x509.InsecureAlgorithmError(1), "CERT_SIGNATURE_FAILURE")
	f(t, &tls.CertificateVerificationError{Err: errors.New("no")}, "CERT_REJECTED")
}

// TestHandshakes: what is no certificate's and no connection's fault is EPROTO there.
func TestHandshakes(t *testing.T) {
	handshake := func(err error) error { return &errname.HandshakeError{Err: err} }
	alert := &net.OpError{Op: "remote error", Err: tls.AlertError(40)}
	f(t, handshake(alert), "EPROTO")
	f(t, alert, "ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE")
	f(t, handshake(errors.New("tls: server chose an unconfigured cipher suite")), "EPROTO")
	f(t, handshake(tls.RecordHeaderError{}), "EPROTO")
	f(t, tls.RecordHeaderError{}, "EPROTO")
	f(t, handshake(io.EOF), "ECONNRESET")
	f(t, handshake(syscall.ECONNRESET), "ECONNRESET")
	f(t, handshake(context.DeadlineExceeded), "ETIMEDOUT")
	f(t, handshake(named{io.EOF}), "OWN")
	f(t, handshake(x509.CertificateInvalidError{Reason: x509.Expired}), "CERT_HAS_EXPIRED")
	f(t, handshake(&quic.IdleTimeoutError{}), "ETIMEDOUT")
	f(t, handshake(&quic.TransportError{ErrorCode: 0x100 + 40}), "EPROTO")
	for code := range 256 {
		name := errname.Of(tls.AlertError(code))
		text := errname.Of(&net.OpError{Op: "remote error", Err: errors.New(tls.AlertError(code).Error())})
		if name != text || !sound.MatchString(name) {
			t.Errorf("alert %d is %q by its code and %q by its text", code, name, text)
		}
	}
}

func TestProtocols(t *testing.T) {
	f(t, &quic.TransportError{ErrorCode: quic.FlowControlError}, "QUIC_FLOW_CONTROL_ERROR")
	f(t, &quic.TransportError{ErrorCode: 99999}, "QUIC_UNKNOWN_ERROR")
	f(t, &quic.TransportError{ErrorCode: 0x100 + 116}, "ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED")
	f(t, &quic.ApplicationError{ErrorCode: 0x102}, "H3_INTERNAL_ERROR")
	f(t, &quic.StreamError{ErrorCode: 0x10b}, "H3_REQUEST_REJECTED")
	f(t, &quic.StreamError{ErrorCode: 99999}, "H3_UNKNOWN_ERROR")
	f(t, &http3.Error{ErrorCode: http3.ErrCodeMessageError, ErrorMessage: "of the server's"}, "H3_MESSAGE_ERROR")
	f(t, &quic.StatelessResetError{}, "ECONNRESET")
	f(t, &quic.HandshakeTimeoutError{}, "ETIMEDOUT")
	f(t, errors.New("http3: something of its own"), "H3_GENERAL_PROTOCOL_ERROR")
	if !errname.Malformed(errors.New(`malformed HTTP version "HTTP/x"`)) || errname.Malformed(io.EOF) {
		t.Error("what is malformed is told from what has ended")
	}
}

// sound is how a name looks: no blanks, no numbers of a server's, nothing of a sentence.
var sound = regexp.MustCompile(`^[A-Z][A-Z0-9_]{2,60}$`)

// FuzzNames: whatever an error says, the name is one of few, whose form is that of node's.
func FuzzNames(f *testing.F) {
	for _, text := range []string{
		`net/http: HTTP/1.x transport connection broken: malformed HTTP response "x"`, "http3: frame too large",
		`unsupported transfer encoding: "foo"`, "invalid byte in chunk length", "tls: unknown", "",
	} {
		f.Add(text, uint64(3))
	}
	f.Fuzz(func(t *testing.T, text string, code uint64) {
		for _, err := range []error{
			errors.New(text), fmt.Errorf("%s: %w", text, io.EOF), &net.OpError{Op: text, Err: errors.New(text)},
			&net.OpError{Op: "remote error", Err: errors.New(text)}, &errname.HandshakeError{Err: errors.New(text)},
			syscall.Errno(code % 1000), tls.AlertError(code),
			&http3.Error{ErrorMessage: text},
			&quic.ApplicationError{ErrorCode: quic.ApplicationErrorCode(code), ErrorMessage: text},
			&quic.StreamError{ErrorCode: quic.StreamErrorCode(code)}, &net.DNSError{Err: text},
			&quic.TransportError{ErrorCode: quic.TransportErrorCode(code), ErrorMessage: text},
		} {
			if name := errname.Of(err); !sound.MatchString(name) {
				t.Errorf("%T %v is %q", err, err, name)
			}
		}
	})
}

// TestMeaningsSayWhoseFaultItIs, and all that an error tells where its name leaves much open.
func TestMeaningsSayWhoseFaultItIs(t *testing.T) {
	f := func(name, from, text, want string) {
		t.Helper()
		if got := errname.Meaning(name, from, text); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	f("ECONNREFUSED", "the proxy 127.0.0.1:1", "connection refused", "nothing listens at the proxy 127.0.0.1:1")
	f("ECONNREFUSED", "", "", "")
	f("EPROTO", "https://a.test", "protocol version",
		"https://a.test and loadgen did not agree on TLS, or it does not speak TLS: protocol version")
	f("EPROTO", "https://a.test", "", "https://a.test and loadgen did not agree on TLS, or it does not speak TLS")
	f("HPE_INVALID_VERSION", "http://a.test", "x", "what http://a.test answers is not HTTP/1.1 as it should be: x")
	f("HPE_HEADER_OVERFLOW", "http://a.test", "x", "the headers of http://a.test are too long")
	f("proxy answered CONNECT with 502", "the proxy p:1", "x", "the proxy p:1 does not open a way to the target")
	f("proxy answered CONNECT with 407", "the proxy p:1", "x", "the proxy p:1 wants a user and a password, or others")
	f("CERT_HAS_EXPIRED", "https://a.test", "x",
		"the certificate of https://a.test has expired (-k skips the check)")
	f("ERR_SSL_TLSV1_ALERT_UNKNOWN_CA", "https://a.test", "unknown ca",
		"https://a.test has refused the connection, or the client's certificate: unknown ca")
	f("something of a script's", "http://a.test", "x", "")
}
