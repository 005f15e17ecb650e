package http1

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"

	"golang.org/x/net/http/httpguts"
)

// Head is the head of an answer. It may be that of several answers, of all whose heads were the same bytes: neither it
// nor its header may be changed.
type Head struct {
	Status int
	Header http.Header

	raw    []byte    // the bytes that were parsed; nil if some were not at hand, or they mean nothing elsewhere
	toHEAD bool      // it answers a HEAD, so no body follows
	length int64     // of the body, if it is fixed
	body   io.Reader // of an answer whose length is not told beforehand; nil for a fixed one
	close  bool      // the server does not keep the connection
}

// Memo remembers the heads of the last answers to requests of one kind, in order not to parse the same bytes again and
// again. The zero value is ready; it is safe for concurrent use.
type Memo struct {
	heads [remembered]atomic.Pointer[Head]
	next  atomic.Uint32
}

// remembered is how many heads a Memo has: a few lengths of the body, or a few servers behind one name.
const remembered = 4

// recall returns the remembered head with which the bytes begin. A head ends with an empty line, so its bytes are
// followed by the body whatever that is.
func (m *Memo) recall(buffered []byte, toHEAD bool) *Head {
	if m == nil {
		return nil
	}
	for i := range m.heads {
		h := m.heads[i].Load()
		if h == nil {
			return nil
		}
		if h.toHEAD == toHEAD && bytes.HasPrefix(buffered, h.raw) {
			return h
		}
	}
	return nil
}

func (m *Memo) keep(h *Head) {
	if m != nil && h.raw != nil {
		m.heads[(m.next.Add(1)-1)%remembered].Store(h)
	}
}

// head reads heads up to the first that is final (RFC 9110, section 15.2) and tells whether provisional ones came
// before. 101 is final: nobody asked for another protocol, so what follows is taken for a body.
func (c *conn) head(r *Request) (h *Head, provisional bool, err error) {
	for {
		buffered, _ := c.br.Peek(c.br.Buffered()) // what is there is never refused
		if h = r.memo.recall(buffered, r.head); h != nil {
			_, err = c.br.Discard(len(h.raw))
			return h, provisional, err
		}
		if !strings.HasPrefix(protocol, string(buffered[:min(len(buffered), len(protocol))])) {
			return nil, provisional, &MalformedError{"HPE_INVALID_CONSTANT", "it does not begin with HTTP/"}
		}
		reads := c.reads
		res, err := http.ReadResponse(c.br, r.answered()) //nolint:bodyclose // it is read by who asked
		if err != nil {
			return nil, provisional, err
		}
		if err := ValidFields(res.Header); err != nil {
			return nil, provisional, err
		}
		if res.StatusCode >= 200 || res.StatusCode == http.StatusSwitchingProtocols || res.StatusCode < 100 {
			h = newHead(res, r.head)
			if c.reads == reads && h.body == nil {
				h.raw = bytes.Clone(buffered[:len(buffered)-c.br.Buffered()])
			}
			h.switched(c)
			r.memo.keep(h)
			return h, provisional, nil
		}
		provisional = true
		c.limit = c.pool.options.MaxHeader
	}
}

// protocol begins each answer of HTTP/1 (RFC 9112, section 2.3).
const protocol = "HTTP/"

// MalformedError tells of an answer that http.ReadResponse takes and node's parser does not.
type MalformedError struct{ name, reason string }

func (e *MalformedError) Error() string { return "malformed answer: " + e.reason }

// ErrorName is what node's parser calls the error.
func (e *MalformedError) ErrorName() string { return e.name }

// ValidFields refuses, as node does, names of headers that are no tokens and values with control characters. The error
// is a *MalformedError.
func ValidFields(header http.Header) error {
	for name, values := range header {
		if !httpguts.ValidHeaderFieldName(name) {
			return &MalformedError{"HPE_INVALID_HEADER_TOKEN", fmt.Sprintf("%q is no name of a header", name)}
		}
		for _, v := range values {
			if !httpguts.ValidHeaderFieldValue(v) {
				return &MalformedError{"HPE_INVALID_HEADER_TOKEN", "the header " + name + " has control characters"}
			}
		}
	}
	return nil
}

func newHead(res *http.Response, toHEAD bool) *Head {
	h := &Head{Status: res.StatusCode, Header: res.Header, toHEAD: toHEAD, close: res.Close || res.StatusCode < 200}
	switch {
	case res.Body == http.NoBody || toHEAD:
	case len(res.TransferEncoding) > 0 || res.ContentLength < 0:
		h.body = res.Body
	default:
		h.length = res.ContentLength
	}
	return h
}

// switched makes all that follows a 101 its body, as net/http does if the answer names the new protocol's upgrade.
func (h *Head) switched(c *conn) {
	if h.Status != http.StatusSwitchingProtocols || h.Header.Get("Upgrade") == "" {
		return
	}
	if httpguts.HeaderValuesContainsToken(h.Header["Connection"], "Upgrade") {
		h.body, h.raw = c.br, nil
	}
}

// answered is what http.ReadResponse must know of the request.
func (r *Request) answered() *http.Request {
	if r.head {
		return answersHEAD
	}
	return nil
}
