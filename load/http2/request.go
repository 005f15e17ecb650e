package http2

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

	"golang.org/x/net/http/httpguts"
	"golang.org/x/net/http2/hpack"
)

// Request is a request as it is sent. It is not changed once made and may be sent any number of times, by several
// goroutines at once.
type Request struct {
	scheme, addr string
	pseudo       []hpack.HeaderField // but :path
	path         string              // "" for CONNECT
	fields       []hpack.HeaderField // but content-length
	length       string              // content-length; "" for none
	body         []byte
	head         bool // the method is HEAD
	shared       bool
}

// NewRequest takes a request apart; r's own Body and ContentLength mean nothing here, and body is kept. shared tells
// that many exchanges send this very request. Fields that are about a connection of HTTP/1.1 are left out (RFC 9113,
// section 8.2.2). It refuses what no header can hold.
func NewRequest(r *http.Request, body []byte, shared bool) (*Request, error) {
	host, err := authority(r)
	if err != nil {
		return nil, err
	}
	if err := valid(r); err != nil {
		return nil, err
	}
	q := &Request{
		scheme: r.URL.Scheme, addr: address(r.URL), body: body, head: r.Method == http.MethodHead, shared: shared,
	}
	all := make([]hpack.HeaderField, 0, len(r.Header)+4)
	all = append(all, hpack.HeaderField{Name: ":method", Value: r.Method}, hpack.HeaderField{Name: ":authority", Value: host})
	if r.Method != http.MethodConnect {
		q.path = r.URL.RequestURI()
		all = append(all, hpack.HeaderField{Name: ":scheme", Value: q.scheme})
	}
	q.pseudo, q.fields = all, all[len(all):]
	if len(body) > 0 || r.Method == http.MethodPost || r.Method == http.MethodPut || r.Method == http.MethodPatch {
		q.length = strconv.Itoa(len(body))
	}
	q.add(r.Header)
	return q, nil
}

// add adds the fields of a header in the order of their names.
func (q *Request) add(h http.Header) {
	if _, ok := h["User-Agent"]; !ok {
		q.fields = append(q.fields, hpack.HeaderField{Name: "user-agent", Value: "Go-http-client/2.0"})
	}
	var few [16]string
	names := few[:0]
	for name := range h {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		lower := strings.ToLower(name)
		for i, v := range h[name] {
			if dropped(lower, v, i) {
				continue
			}
			q.fields = append(q.fields, hpack.HeaderField{Name: lower, Value: textproto.TrimString(v)})
		}
	}
}

// dropped tells the fields that are not sent, or not as they stand.
func dropped(name, value string, i int) bool {
	switch name {
	case "host", "content-length", "trailer", "transfer-encoding", "connection", "proxy-connection", "keep-alive",
		"upgrade", "http2-settings":
		return true
	case "te":
		return !strings.EqualFold(value, "trailers")
	case "user-agent":
		return value == "" || i > 0
	default:
		return false
	}
}

// authority is what :authority says.
func authority(r *http.Request) (string, error) {
	host := r.Host
	if host == "" {
		host = r.URL.Host
	}
	host, err := httpguts.PunycodeHostPort(host)
	if err == nil && !httpguts.ValidHostHeader(host) {
		err = fmt.Errorf("http2: invalid Host header %q", host)
	}
	return host, err
}

// valid refuses what would not be the same on its way; the words are those of net/http.
func valid(r *http.Request) error {
	switch u := r.URL; {
	case u.Scheme != "http" && u.Scheme != "https":
		return fmt.Errorf("unsupported protocol scheme %q", u.Scheme)
	case u.Hostname() == "":
		return errors.New("http: no Host in request URL")
	// A method is a token, as the name of a field is.
	case !httpguts.ValidHeaderFieldName(r.Method):
		return fmt.Errorf("net/http: invalid method %q", r.Method)
	case u.Opaque != "" || strings.ContainsFunc(u.RequestURI(), isControl):
		return errors.New("net/http: can't write control character in Request.URL")
	}
	for name, values := range r.Header {
		if !httpguts.ValidHeaderFieldName(name) {
			return fmt.Errorf("net/http: invalid header field name %q", name)
		}
		if !slices.ContainsFunc(values, func(v string) bool { return !httpguts.ValidHeaderFieldValue(v) }) {
			continue
		}
		return fmt.Errorf("net/http: invalid header field value for %q", name)
	}
	return nil
}

func isControl(r rune) bool { return r < ' ' || r == 0x7f }

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
