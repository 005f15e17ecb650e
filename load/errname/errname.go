// Package errname gives the errors of requests the names under which Artillery counts them, which are node's:
// ECONNREFUSED, ETIMEDOUT, CERT_HAS_EXPIRED, HPE_INVALID_CONSTANT. Counters have these names: none is a text of Go's or
// of a server's, so there are few of them and they mean the same everywhere.
package errname

import (
	"context"
	"errors"
	"io"
	"net"
	"net/url"
	"os"
	"syscall"
)

// Named is an error that knows its name. It must be one of few: it becomes a counter.
type Named interface {
	error
	ErrorName() string
}

// Unknown is the name of an error that has no other one (libuv's for the same).
const Unknown = "UNKNOWN"

// names are the ways to a name, of which the first that finds one counts.
var names = []func(error) string{
	ownName, timeoutName, dnsName, certificateName, alertName, quicName, systemName, textName, brokenName,
}

// Of is the name of an error, Unknown if it has none.
func Of(err error) string {
	for _, nameOf := range names {
		if name := nameOf(err); name != "" {
			return name
		}
	}
	return Unknown
}

func ownName(err error) string {
	var named Named
	if errors.As(err, &named) {
		return named.ErrorName()
	}
	return ""
}

func timeoutName(err error) string {
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, os.ErrDeadlineExceeded) {
		return "ETIMEDOUT"
	}
	return ""
}

// dnsName tells a name that does not exist from one that could not be looked up.
func dnsName(err error) string {
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

// systemNames are the system's errors that a connection meets.
var systemNames = map[syscall.Errno]string{
	syscall.EACCES:          "EACCES",
	syscall.EADDRINUSE:      "EADDRINUSE",
	syscall.EADDRNOTAVAIL:   "EADDRNOTAVAIL",
	syscall.EAFNOSUPPORT:    "EAFNOSUPPORT",
	syscall.EAGAIN:          "EAGAIN",
	syscall.EBADF:           "EBADF",
	syscall.ECONNABORTED:    "ECONNABORTED",
	syscall.ECONNREFUSED:    "ECONNREFUSED",
	syscall.ECONNRESET:      "ECONNRESET",
	syscall.EHOSTDOWN:       "EHOSTDOWN",
	syscall.EHOSTUNREACH:    "EHOSTUNREACH",
	syscall.EINVAL:          "EINVAL",
	syscall.EIO:             "EIO",
	syscall.EISCONN:         "EISCONN",
	syscall.EMFILE:          "EMFILE",
	syscall.EMSGSIZE:        "EMSGSIZE",
	syscall.ENETDOWN:        "ENETDOWN",
	syscall.ENETUNREACH:     "ENETUNREACH",
	syscall.ENFILE:          "ENFILE",
	syscall.ENOBUFS:         "ENOBUFS",
	syscall.ENODEV:          "ENODEV",
	syscall.ENOENT:          "ENOENT", // no such unix socket
	syscall.ENOMEM:          "ENOMEM",
	syscall.ENOPROTOOPT:     "ENOPROTOOPT",
	syscall.ENOTCONN:        "ENOTCONN",
	syscall.ENOTSOCK:        "ENOTSOCK",
	syscall.EPERM:           "EPERM",
	syscall.EPIPE:           "EPIPE",
	syscall.EPROTO:          "EPROTO",
	syscall.EPROTONOSUPPORT: "EPROTONOSUPPORT",
	syscall.EPROTOTYPE:      "EPROTOTYPE",
	syscall.ETIMEDOUT:       "ETIMEDOUT",
}

func systemName(err error) string {
	var errno syscall.Errno
	if errors.As(err, &errno) {
		return systemNames[errno]
	}
	return ""
}

// brokenName names an end that came too early, and URLs that are none.
func brokenName(err error) string {
	var address *url.Error
	var host *net.AddrError
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, net.ErrClosed),
		errors.Is(err, io.ErrClosedPipe):
		return "ECONNRESET"
	case errors.As(err, &host), errors.As(err, &address):
		return "ERR_INVALID_URL"
	case errors.Is(err, context.Canceled):
		return "ECONNABORTED"
	default:
		return ""
	}
}
