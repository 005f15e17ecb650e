package http1

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/textproto"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/http/httpguts"
)

// ErrUnsupported is the error for a request that this package leaves to net/http.
var ErrUnsupported = errors.New("left to net/http")

// Request is a request as it goes over the wire. It is not changed once made and may be sent any number of times, by
// several goroutines at once.
type Request struct {
	scheme, addr string
	wire         []byte // head and body
	head         bool   // the method is HEAD
	close        bool   // the connection is not to be kept
	memo         *Memo
}

// NewRequest renders r with body, as http.Request.Write does; r's own Body and ContentLength mean nothing here. Answers
// are looked up in memo, which may be nil and should be shared by requests that are answered alike. It refuses, with
// ErrUnsupported, what net/http has rules of its own for: methods, hosts and header fields that are not well-formed or
// not ASCII, and requests with Expect, Upgrade or the method CONNECT.
func NewRequest(r *http.Request, body []byte, memo *Memo) (*Request, error) {
	uri := r.URL.RequestURI()
	if err := supported(r, uri); err != nil {
		return nil, err
	}
	return &Request{
		scheme: r.URL.Scheme, addr: address(r.URL), wire: render(r, uri, body), head: r.Method == http.MethodHead,
		memo:  memo,
		close: httpguts.HeaderValuesContainsToken(r.Header["Connection"], "close"),
	}, nil
}

func supported(r *http.Request, uri string) error {
	switch u := r.URL; {
	case strings.ContainsFunc(uri, isControl):
		return fmt.Errorf("URL %q: %w", u, ErrUnsupported)
	case u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || u.Opaque != "":
		return fmt.Errorf("URL %s: %w", u, ErrUnsupported)
	case !plainHost(u.Host):
		return fmt.Errorf("host %q: %w", u.Host, ErrUnsupported)
	case !plainHost(r.Host) || !httpguts.ValidHostHeader(r.Host):
		return fmt.Errorf("host %q: %w", r.Host, ErrUnsupported)
	// A method is a token, as the name of a field is.
	case !httpguts.ValidHeaderFieldName(r.Method) || r.Method == http.MethodConnect:
		return fmt.Errorf("method %q: %w", r.Method, ErrUnsupported)
	}
	return supportedFields(r.Header)
}

func supportedFields(h http.Header) error {
	for name, values := range h {
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

// plainHost tells a host that goes over the wire as it stands: neither Punycode nor the zone of an IPv6 address is
// called for.
func plainHost(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r >= utf8.RuneSelf || r == '%' })
}

func isControl(r rune) bool { return r < ' ' || r == 0x7f }

// render writes what http.Request.Write writes, byte for byte (a test compares them), in a fifth of its time.
func render(r *http.Request, uri string, body []byte) []byte {
	size := len(r.Method) + len(uri) + len(r.Host) + len(body) + 96
	for name, values := range r.Header {
		for _, v := range values {
			size += len(name) + len(v) + 4
		}
	}
	b := make([]byte, 0, size)
	b = append(append(append(append(b, r.Method...), ' '), uri...), " HTTP/1.1\r\n"...)
	b = appendField(b, "Host", r.Host)
	if agent, ok := r.Header["User-Agent"]; !ok {
		b = appendField(b, "User-Agent", "Go-http-client/1.1")
	} else if len(agent) > 0 && agent[0] != "" {
		b = appendField(b, "User-Agent", agent[0])
	}
	if len(body) > 0 || r.Method == http.MethodPost || r.Method == http.MethodPut || r.Method == http.MethodPatch {
		b = strconv.AppendInt(append(b, "Content-Length: "...), int64(len(body)), 10)
		b = append(b, "\r\n"...)
	}
	var few [16]string
	names := few[:0]
	for name := range r.Header {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		b = appendFields(b, name, r.Header[name])
	}
	return append(append(b, "\r\n"...), body...)
}

func appendFields(b []byte, name string, values []string) []byte {
	switch name {
	case "Host", "User-Agent", "Content-Length", "Transfer-Encoding", "Trailer": // ours to say
		return b
	}
	for _, v := range values {
		b = appendField(b, name, v)
	}
	return b
}

func appendField(b []byte, name, value string) []byte {
	b = append(append(b, name...), ": "...)
	return append(append(b, textproto.TrimString(value)...), "\r\n"...)
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
