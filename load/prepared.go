package load

import (
	"net/http"
	"net/url"
	"slices"

	"edgescope/load/network"
	"edgescope/scenarios"
)

// prepared is a rendered message in the form in which it is sent. Users that render the same message share it: it is
// read-only.
type prepared struct {
	method, address string // as rendered
	fields          []scenarios.Field
	gzip            bool

	url    *url.URL
	text   string // the URL as results have it
	header http.Header
	wire   network.Rendered // of a message without a body
}

// prepare is the message of a step, taken from the last user's if it is the same.
func (u *user) prepare(req *scenarios.Request, s *sequence) (*prepared, error) {
	m := &u.message
	last := s.lastPrepared()
	if last != nil && last.is(m, req.Gzip) {
		return last, nil
	}
	p := &prepared{method: m.Method, address: m.URL, fields: slices.Clone(m.Header), gzip: req.Gzip}
	if last != nil && last.address == m.URL {
		p.url, p.text = last.url, last.text
	} else {
		target, err := url.Parse(m.URL)
		if err != nil {
			return nil, scenarios.UserError("Invalid URL - " + m.URL)
		}
		p.url, p.text = target, target.String()
	}
	p.header = make(http.Header, len(m.Header)+2)
	for _, f := range m.Header {
		p.header.Set(f.Name, f.Value)
	}
	if p.header["User-Agent"] == nil {
		p.header.Set("User-Agent", u.options.UserAgent)
	}
	if req.Gzip && p.header["Accept-Encoding"] == nil {
		p.header.Set("Accept-Encoding", network.AcceptEncoding)
	}
	if s != nil {
		s.prepared.Store(p)
	}
	return p, nil
}

func (s *sequence) lastPrepared() *prepared {
	if s == nil {
		return nil
	}
	return s.prepared.Load()
}

func (p *prepared) is(m *scenarios.Message, gzip bool) bool {
	return p.method == m.Method && p.address == m.URL && p.gzip == gzip && slices.Equal(p.fields, m.Header)
}
