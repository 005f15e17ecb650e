package http1

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"

	"golang.org/x/net/http/httpguts"
)

// ErrUnsupported is the error for a request that this package leaves to net/http.
var ErrUnsupported = errors.New("left to net/http")

// Request is a request as it goes over the wire. It is not changed once made and may be sent any number of times, by several
// goroutines at once.
type Request struct {
	scheme, addr string
	wire         []byte // head and body
	head         bool   // the method is HEAD
	idempotent   bool
	close        bool // the connection is not to be kept
	memo         *Memo
}

// NewRequest renders r with body, which r itself does not have. Answers are looked up in memo, which may be nil and should be
// shared by requests that are answered alike. It refuses, with ErrUnsupported, what net/http has rules of its own for: methods,
// hosts and header fields that are not well-formed or not ASCII, and requests with Expect, Upgrade or the method CONNECT.
func NewRequest(r *http.Request, memo *Memo) (*Request, error) {
	if err := supported(r); err != nil {
		return nil, err
	}
	var wire bytes.Buffer
	if err := r.Write(&wire); err != nil {
		return nil, fmt.Errorf("render %s %s: %w", r.Method, r.URL, err)
	}
	return &Request{
		scheme: r.URL.Scheme, addr: address(r.URL), wire: wire.Bytes(), head: r.Method == http.MethodHead,
		idempotent: idempotent(r), close: httpguts.HeaderValuesContainsToken(r.Header["Connection"], "close"), memo: memo,
	}, nil
}

func supported(r *http.Request) error {
	switch u := r.URL; {
	case u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || u.Opaque != "":
		return fmt.Errorf("URL %s: %w", u, ErrUnsupported)
	case !isASCII(u.Host) || strings.Contains(u.Host, "%") || !isASCII(r.Host) || !httpguts.ValidHostHeader(r.Host):
		return fmt.Errorf("host %q: %w", r.Host, ErrUnsupported)
	case !httpguts.ValidHeaderFieldName(r.Method) || r.Method == http.MethodConnect: // a method is a token, as a field name is
		return fmt.Errorf("method %q: %w", r.Method, ErrUnsupported)
	}
	for name, values := range r.Header {
		if !httpguts.ValidHeaderFieldName(name) || name == "Expect" || name == "Upgrade" {
			return fmt.Errorf("header %q: %w", name, ErrUnsupported)
		}
		for _, v := range values {
			if !httpguts.ValidHeaderFieldValue(v) {
				return fmt.Errorf("value of header %q: %w", name, ErrUnsupported)
			}
		}
	}
	return nil
}

func isASCII(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r >= 0x80 }) < 0
}

// address is where a URL leads: host:port.
func address(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = "80"
		if u.Scheme == "https" {
			port = "443"
		}
	}
	return net.JoinHostPort(u.Hostname(), port)
}

// idempotent tells whether a request may be sent again without asking (RFC 9110, section 9.2.2; the header fields are those
// of net/http).
func idempotent(r *http.Request) bool {
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodTrace:
		return true
	}
	return len(r.Header["Idempotency-Key"]) > 0 || len(r.Header["X-Idempotency-Key"]) > 0
}
