package load

import (
	"net/http"
	"net/url"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"edgescope/load/coding"
	"edgescope/load/http1"
	"edgescope/load/network"
	"edgescope/scenarios/plan"
	"edgescope/scenarios/request/encode"
	"edgescope/scenarios/value"
)

// sequence numbers the requests of one vegeta attack. vegeta's plot wants timestamps that rise with the numbers, so
// both are given out under one lock, and a user that started out of order takes the timestamp of the one before it.
type sequence struct {
	attack   string
	memo     http1.Memo // of the heads of its answers
	prepared atomic.Pointer[prepared]
	facts    atomic.Pointer[headFacts]

	mu      sync.Mutex
	next    uint64
	last    time.Time
	results []Result // for the next requests
}

// resultsAtOnce is how many results are given their memory together: that of one alone costs more than to fill it.
const resultsAtOnce = 16

// result begins the result of a request; without a sequence it is in no file.
func (s *sequence) result(intended time.Time) *Result {
	if s == nil {
		return &Result{}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.results) == 0 {
		s.results = make([]Result, resultsAtOnce)
	}
	r := &s.results[0]
	s.results = s.results[1:]
	if intended.After(s.last) {
		s.last = intended
	}
	r.Attack, r.Seq, r.Timestamp = s.attack, s.next, s.last
	s.next++
	return r
}

// prepared is a rendered message in the form in which it is sent. Users that render the same message share it: it is
// read-only.
type prepared struct {
	method, address string // as rendered
	fields          []plan.Field
	gzip, anonymous bool

	url    *url.URL
	text   string // the URL as results have it
	header http.Header
	wire   network.Rendered // of a message without a body
}

// prepare is the message of a step, taken from the last user's if it is the same.
func (u *user) prepare(req *plan.Request, s *sequence) (*prepared, error) {
	m := &u.message
	last := s.lastPrepared()
	if last != nil && last.is(m, u.written.Gzip) {
		return last, nil
	}
	p := &prepared{
		method: m.Method, address: m.URL, fields: slices.Clone(m.Header), gzip: u.written.Gzip, anonymous: m.Anonymous,
	}
	if last != nil && last.address == m.URL {
		p.url, p.text = last.url, last.text
	} else {
		target, err := url.Parse(m.URL)
		if err != nil {
			return nil, value.UserError("Invalid URL - " + m.URL)
		}
		p.url, p.text = target, target.String()
	}
	if err := p.fill(m.Header); err != nil {
		return nil, err
	}
	switch {
	case m.Anonymous:
		p.header["User-Agent"] = nil // net/http would send its own
	case p.header["User-Agent"] == nil:
		p.header.Set("User-Agent", u.options.UserAgent)
	}
	if u.written.Gzip && p.header["Accept-Encoding"] == nil {
		p.header.Set("Accept-Encoding", coding.Accept)
	}
	if s != nil {
		s.prepared.Store(p)
	}
	return p, nil
}

// fill makes the header of fields. The error is a [value.UserError].
func (p *prepared) fill(fields []plan.Field) error {
	p.header = make(http.Header, len(fields)+2)
	for _, f := range fields {
		if err := encode.Name(f.Name); err != nil {
			return err
		}
		line, err := encode.Line(f.Value)
		if err != nil {
			return err
		}
		p.header.Add(f.Name, line)
	}
	return nil
}

func (s *sequence) lastPrepared() *prepared {
	if s == nil {
		return nil
	}
	return s.prepared.Load()
}

func (p *prepared) is(m *plan.Message, gzip bool) bool {
	return p.method == m.Method && p.address == m.URL && p.gzip == gzip && p.anonymous == m.Anonymous && slices.Equal(p.fields, m.Header)
}

// headFacts are the facts of a head that several answers have in common.
type headFacts struct {
	head any
	facts
}

// factsOf reads the facts of an answer, once for all answers of the same head. s may be nil.
func (s *sequence) factsOf(a *network.Answer) *facts {
	if s == nil || a.Head == nil {
		f := readFacts(a.Header)
		return &f
	}
	last := s.facts.Load()
	if last == nil || last.head != a.Head {
		last = &headFacts{a.Head, readFacts(a.Header)}
		s.facts.Store(last)
	}
	return &last.facts
}
