// Package redirect says where an answer sends a request on to, as got does it for Artillery, and which of its headers do
// not go with it.
package redirect

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"edgescope/scenarios/address"
)

// Most is how many redirects of one request are followed (got's maxRedirects).
const Most = 10

// Error is why a redirect is not followed. Its text is the name under which it is counted.
type Error string

// What is wrong with a redirect.
const (
	ErrTooMany     Error = "ERR_TOO_MANY_REDIRECTS"
	ErrInvalidURL  Error = "ERR_INVALID_URL"
	ErrUnsupported Error = "ERR_UNSUPPORTED_PROTOCOL"
)

func (e Error) Error() string { return string(e) }

// ErrorName is the error's name as a counter has it.
func (e Error) ErrorName() string { return string(e) }

// Request is a request that may be sent on. Its Header is not changed.
type Request struct {
	Method string
	URL    *url.URL
	Header http.Header
	Body   []byte
}

// Follow is the request to which an answer of this status and Location sends r on to, nil if it does not. A 303 makes it
// a GET; nothing else changes the method. Credentials stay with the origin that they were meant for: Authorization,
// Cookie, Proxy-Authorization and the headers in marked, whose names are canonical (http.CanonicalHeaderKey). From https
// to http goes nothing but what says nothing of the user.
func (r *Request) Follow(status int, location string, marked []string) (*Request, error) {
	if location == "" || !slices.Contains(statuses, status) {
		return nil, nil
	}
	to, err := address.Resolve(r.URL.String(), location)
	switch {
	case errors.Is(err, address.ErrScheme):
		return nil, ErrUnsupported
	case err != nil:
		return nil, ErrInvalidURL
	}
	target, err := url.Parse(to.URL)
	if err != nil {
		return nil, ErrInvalidURL
	}
	next := &Request{Method: r.Method, URL: target, Header: r.Header.Clone(), Body: r.Body}
	if status == http.StatusSeeOther && r.Method != http.MethodHead {
		next.Method, next.Body = http.MethodGet, nil
		next.Header.Del("Content-Length")
	}
	next.strip(r.URL, marked)
	if to.Authorization != "" {
		next.Header.Set("Authorization", to.Authorization)
	}
	return next, nil
}

// statuses are those that got follows if there is a Location.
var statuses = []int{300, 301, 302, 303, 304, 307, 308}

// strip takes away what is not for the new origin.
func (r *Request) strip(from *url.URL, marked []string) {
	switch {
	case from.Scheme == "https" && r.URL.Scheme == "http":
		for name := range r.Header {
			if !slices.Contains(harmless, name) && !strings.HasPrefix(name, "Accept") || slices.Contains(marked, name) {
				delete(r.Header, name)
			}
		}
	case sameOrigin(from, r.URL):
		return
	default:
		for _, name := range slices.Concat(credentials, marked) {
			delete(r.Header, name)
		}
	}
}

// credentials are the headers that are always for one origin only. Host names it.
var credentials = []string{"Authorization", "Cookie", "Proxy-Authorization", "Host"}

// harmless are the headers, beside Accept and its like, that say nothing of who sends them.
var harmless = []string{
	"User-Agent", "Content-Type", "Content-Encoding", "Content-Language", "Cache-Control", "Pragma", "Range",
	"If-Modified-Since", "If-Unmodified-Since", "If-None-Match", "If-Match", "Connection", "Te", "Dnt",
	"Upgrade-Insecure-Requests",
}

// sameOrigin tells whether what was meant for one URL is meant for another: host and port are the same, or both have the
// port of their scheme and http became https.
func sameOrigin(from, to *url.URL) bool {
	return strings.EqualFold(from.Hostname(), to.Hostname()) && port(from) == port(to) &&
		(from.Scheme == to.Scheme || to.Scheme == "https")
}

// port is the port of a URL, "" for that of its scheme.
func port(u *url.URL) string {
	p := u.Port()
	if u.Scheme == "http" && p == "80" || u.Scheme == "https" && p == "443" {
		return ""
	}
	return p
}
