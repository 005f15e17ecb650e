package errname

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"time"

	"github.com/quic-go/quic-go"
	"github.com/quic-go/quic-go/http3"
)

// HandshakeError is an error of a TLS handshake, which node calls EPROTO unless it is one of a certificate or of the
// connection.
type HandshakeError struct{ Err error }

func (e *HandshakeError) Error() string { return "TLS handshake: " + e.Err.Error() }

func (e *HandshakeError) Unwrap() error { return e.Err }

// ErrorName is the name of the error as a handshake meets it.
func (e *HandshakeError) ErrorName() string {
	for _, nameOf := range []func(error) string{
		ownName, timeoutName, idleName, dnsName, certificateName, systemName,
	} {
		if name := nameOf(e.Err); name != "" {
			return name
		}
	}
	var transport *quic.TransportError
	if name := brokenName(e.Err); name != "" && !errors.As(e.Err, &transport) { // of which each is a net.ErrClosed
		return name
	}
	return "EPROTO"
}

// certificateName names what is wrong with a server's certificate, in the words of OpenSSL.
func certificateName(err error) string {
	var unknown x509.UnknownAuthorityError
	var invalid x509.CertificateInvalidError
	var host x509.HostnameError
	var critical x509.UnhandledCriticalExtension
	var roots x509.SystemRootsError
	var weak x509.InsecureAlgorithmError
	var other *tls.CertificateVerificationError
	switch {
	case errors.As(err, &unknown):
		return unknownName(err, unknown.Cert)
	case errors.As(err, &invalid):
		return invalidName(&invalid)
	case errors.As(err, &host):
		return "ERR_TLS_CERT_ALTNAME_INVALID"
	case errors.As(err, &critical):
		return "UNHANDLED_CRITICAL_EXTENSION"
	case errors.As(err, &roots):
		return "UNABLE_TO_GET_ISSUER_CERT_LOCALLY"
	case errors.As(err, &weak):
		return "CERT_SIGNATURE_FAILURE"
	case errors.As(err, &other):
		return "CERT_REJECTED"
	default:
		return ""
	}
}

// unknownName tells the ways in which nobody known has signed a certificate: it signs itself, another one of the chain
// does, it came alone, or its chain leads nowhere.
func unknownName(err error, cert *x509.Certificate) string {
	var chain []*x509.Certificate
	var verification *tls.CertificateVerificationError
	if errors.As(err, &verification) {
		chain = verification.UnverifiedCertificates
	}
	if len(chain) == 0 && cert != nil {
		chain = []*x509.Certificate{cert}
	}
	for i, c := range chain {
		if !bytes.Equal(c.RawIssuer, c.RawSubject) {
			continue
		}
		if i == 0 {
			return "DEPTH_ZERO_SELF_SIGNED_CERT"
		}
		return "SELF_SIGNED_CERT_IN_CHAIN"
	}
	if len(chain) > 1 {
		return "UNABLE_TO_GET_ISSUER_CERT_LOCALLY"
	}
	return "UNABLE_TO_VERIFY_LEAF_SIGNATURE"
}

func invalidName(err *x509.CertificateInvalidError) string {
	switch err.Reason {
	case x509.Expired:
		if err.Cert != nil && time.Now().Before(err.Cert.NotBefore) {
			return "CERT_NOT_YET_VALID"
		}
		return "CERT_HAS_EXPIRED"
	case x509.NotAuthorizedToSign:
		return "INVALID_CA"
	case x509.TooManyIntermediates:
		return "PATH_LENGTH_EXCEEDED"
	case x509.IncompatibleUsage:
		return "INVALID_PURPOSE"
	default:
		return "CERT_REJECTED"
	}
}

// alerts are OpenSSL's names of what a TLS peer says before it goes (RFC 8446, section 6).
var alerts = map[tls.AlertError]string{
	10:  "SSLV3_ALERT_UNEXPECTED_MESSAGE",
	20:  "SSLV3_ALERT_BAD_RECORD_MAC",
	21:  "TLSV1_ALERT_DECRYPTION_FAILED",
	22:  "TLSV1_ALERT_RECORD_OVERFLOW",
	30:  "SSLV3_ALERT_DECOMPRESSION_FAILURE",
	40:  "SSLV3_ALERT_HANDSHAKE_FAILURE",
	41:  "SSLV3_ALERT_NO_CERTIFICATE",
	42:  "SSLV3_ALERT_BAD_CERTIFICATE",
	43:  "SSLV3_ALERT_UNSUPPORTED_CERTIFICATE",
	44:  "SSLV3_ALERT_CERTIFICATE_REVOKED",
	45:  "SSLV3_ALERT_CERTIFICATE_EXPIRED",
	46:  "SSLV3_ALERT_CERTIFICATE_UNKNOWN",
	47:  "SSLV3_ALERT_ILLEGAL_PARAMETER",
	48:  "TLSV1_ALERT_UNKNOWN_CA",
	49:  "TLSV1_ALERT_ACCESS_DENIED",
	50:  "TLSV1_ALERT_DECODE_ERROR",
	51:  "TLSV1_ALERT_DECRYPT_ERROR",
	70:  "TLSV1_ALERT_PROTOCOL_VERSION",
	71:  "TLSV1_ALERT_INSUFFICIENT_SECURITY",
	80:  "TLSV1_ALERT_INTERNAL_ERROR",
	86:  "TLSV1_ALERT_INAPPROPRIATE_FALLBACK",
	90:  "TLSV1_ALERT_USER_CANCELLED",
	100: "TLSV1_ALERT_NO_RENEGOTIATION",
	109: "TLSV13_ALERT_MISSING_EXTENSION",
	110: "TLSV1_UNSUPPORTED_EXTENSION",
	112: "TLSV1_UNRECOGNIZED_NAME",
	113: "TLSV1_BAD_CERTIFICATE_STATUS_RESPONSE",
	115: "TLSV1_ALERT_UNKNOWN_PSK_IDENTITY",
	116: "TLSV13_ALERT_CERTIFICATE_REQUIRED",
	120: "TLSV1_ALERT_NO_APPLICATION_PROTOCOL",
}

// alertName names an alert that came after the handshake: in TLS 1.3 a server judges the client's certificate only then.
func alertName(err error) string {
	var alert tls.AlertError
	var record tls.RecordHeaderError
	var remote *net.OpError
	switch {
	case errors.As(err, &alert):
		return nameOfAlert(alert)
	case errors.As(err, &remote) && remote.Op == "remote error":
		// Over TCP crypto/tls keeps the alert's type to itself: only its text is that of an AlertError.
		for alert := range alerts {
			if alert.Error() == remote.Err.Error() {
				return nameOfAlert(alert)
			}
		}
		return "EPROTO"
	case errors.As(err, &record):
		return "EPROTO"
	default:
		return ""
	}
}

func nameOfAlert(alert tls.AlertError) string {
	if name := alerts[alert]; name != "" {
		return "ERR_SSL_" + name
	}
	return "EPROTO"
}

// idleName names a QUIC connection on which nothing comes.
func idleName(err error) string {
	var idle *quic.IdleTimeoutError
	var handshake *quic.HandshakeTimeoutError
	if errors.As(err, &idle) || errors.As(err, &handshake) {
		return "ETIMEDOUT"
	}
	return ""
}

// quicName names what QUIC or HTTP/3 has ended a request or its connection for.
func quicName(err error) string {
	var transport *quic.TransportError
	var h3 *http3.Error
	var application *quic.ApplicationError
	var stream *quic.StreamError
	var reset *quic.StatelessResetError
	switch {
	case errors.As(err, &transport) && transport.ErrorCode.IsCryptoError():
		return nameOfAlert(tls.AlertError(transport.ErrorCode & 0xff)) // RFC 9001, section 4.8
	case errors.As(err, &transport):
		return quicCode(transport.ErrorCode)
	case errors.As(err, &h3):
		return http3Code(h3.ErrorCode)
	case errors.As(err, &application):
		return http3Code(http3.ErrCode(application.ErrorCode))
	case errors.As(err, &stream):
		return http3Code(http3.ErrCode(stream.ErrorCode))
	case errors.As(err, &reset):
		return "ECONNRESET"
	default:
		return idleName(err)
	}
}

// quicCode is the name of a code, of which a server may make up its own (RFC 9000, section 20.1).
func quicCode(code quic.TransportErrorCode) string {
	if code > quic.NoViablePathError {
		return "QUIC_UNKNOWN_ERROR"
	}
	return "QUIC_" + code.String()
}

// http3Code is the name of a code (RFC 9114, section 8.1), of which a server may make up its own.
func http3Code(code http3.ErrCode) string {
	switch {
	case code >= http3.ErrCodeNoError && code <= http3.ErrCodeVersionFallback,
		code == http3.ErrCodeDatagramError, code == http3.ErrCodeQPACKDecompressionFailed:
		return code.String()
	default:
		return "H3_UNKNOWN_ERROR"
	}
}
