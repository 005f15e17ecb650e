package scenarios

import (
	"bytes"
	"net/http"
	"regexp"
	"strings"

	"github.com/PuerkitoBio/goquery"
)

// Response is the answer to a request, as captures and expectations see it.
// Body is decoded (no content-encoding). The JSON in it is parsed at most once,
// so a Response is passed by pointer and belongs to one goroutine.
type Response struct {
	Status int
	Header http.Header
	Body   []byte
	// CacheStatus is what the headers say of the cache, in the words of the
	// cacheStatus expectation; "" if they say nothing.
	CacheStatus string

	parsed bool
	isJSON bool
	value  any
}

// JSON returns the body as a script value, false if it is no JSON.
func (r *Response) JSON() (any, bool) {
	if !r.parsed {
		v, err := parseJSON(r.Body)
		r.value, r.isJSON, r.parsed = v, err == nil, true
	}
	return r.value, r.isJSON
}

// header returns the values of a header, joined by ", ", and whether there is
// one. The name's case does not matter.
func (r *Response) header(name string) (string, bool) {
	values := r.Header.Values(name)
	return strings.Join(values, ", "), len(values) > 0
}

// capture takes a value out of an answer and stores it under a path.
type capture struct {
	as     varPath
	strict bool
	from   source
}

// source finds a value in an answer. It is false if there is none.
type source interface {
	find(s *Scope, r *Response) (any, bool)
	readsBody() bool
}

// picking is which of several matches is taken.
type picking struct {
	how   pickHow
	index int
}

type pickHow int

const (
	pickIndex pickHow = iota // the zero value takes the first
	pickLast
	pickRandom
	pickAll
)

func (p picking) from(s *Scope, matches []any) (any, bool) {
	if p.how == pickAll {
		return matches, true
	}
	if len(matches) == 0 {
		return nil, false
	}
	switch p.how {
	case pickLast:
		return matches[len(matches)-1], true
	case pickRandom:
		return matches[s.rand.IntN(len(matches))], true
	}
	i := p.index
	if i < 0 {
		i += len(matches)
	}
	if i < 0 || i >= len(matches) {
		return nil, false
	}
	return matches[i], true
}

type jsonSource struct {
	path     *jsonPath
	template *Template // set instead of path if the path holds variables
	pick     picking
}

func (j *jsonSource) readsBody() bool { return true }

func (j *jsonSource) find(s *Scope, r *Response) (any, bool) {
	v, ok := r.JSON()
	if !ok {
		return nil, false
	}
	path := j.path
	if j.template != nil {
		var err error
		if path, err = compilePath(j.template.Text(s)); err != nil {
			return nil, false
		}
	}
	matches := path.all(v)
	if j.pick.how == pickAll && len(matches) == 0 {
		return nil, false
	}
	return j.pick.from(s, matches)
}

type headerSource struct{ name *Template }

func (h *headerSource) readsBody() bool { return false }

func (h *headerSource) find(s *Scope, r *Response) (any, bool) {
	return r.header(h.name.Text(s))
}

type regexpSource struct {
	re    *regexp.Regexp
	group int
	name  string // a named group, instead of group
	pick  picking
}

func (x *regexpSource) readsBody() bool { return true }

func (x *regexpSource) find(s *Scope, r *Response) (any, bool) {
	group := x.group
	if x.name != "" {
		group = x.re.SubexpIndex(x.name)
	}
	n := -1
	if x.pick == (picking{}) {
		n = 1
	}
	var matches []any
	for _, m := range x.re.FindAllSubmatch(r.Body, n) {
		matches = append(matches, string(m[group]))
	}
	if len(matches) == 0 {
		return nil, false
	}
	return x.pick.from(s, matches)
}

type selectorSource struct {
	matcher goquery.Matcher
	attr    string // "": the element's text
	pick    picking
}

func (c *selectorSource) readsBody() bool { return true }

func (c *selectorSource) find(s *Scope, r *Response) (any, bool) {
	doc, err := goquery.NewDocumentFromReader(bytes.NewReader(r.Body))
	if err != nil {
		return nil, false
	}
	var matches []any
	for _, el := range doc.FindMatcher(c.matcher).EachIter() {
		if c.attr == "" {
			matches = append(matches, el.Text())
		} else if v, ok := el.Attr(c.attr); ok {
			matches = append(matches, v)
		}
	}
	if len(matches) == 0 {
		return nil, false
	}
	return c.pick.from(s, matches)
}

// match is the old check of one JSON value; a mismatch is a failed capture.
type match struct {
	from   source
	value  valueTemplate
	strict bool
}

// same compares a found value with the wanted one: same type, same value.
func (m *match) same(s *Scope, r *Response) bool {
	got, ok := m.from.find(s, r)
	want, defined := m.value.eval(s)
	if !ok || !defined {
		return ok == defined
	}
	if isCompound(got) || isCompound(want) {
		return isCompound(got) && isCompound(want) && textOf(got) == textOf(want)
	}
	return operandOf(got, true) == operandOf(want, true)
}

// Capture stores what the script captures of an answer. If a strict capture or
// match fails, nothing is stored and the error is [ErrCapture]: the user ends
// there. A capture fails if there is no value or it is ""; 0, false and null
// are values. A failed capture that is not strict leaves its variable undefined.
func (r *Request) Capture(s *Scope, res *Response) error {
	failed := false
	found := make([]any, len(r.captures))
	has := make([]bool, len(r.captures))
	for i := range r.captures {
		c := &r.captures[i]
		v, ok := c.from.find(s, res)
		if v == "" {
			ok = false
		}
		found[i], has[i] = v, ok
		failed = failed || !ok && c.strict
	}
	for i := range r.matches {
		m := &r.matches[i]
		failed = failed || m.strict && !m.same(s, res)
	}
	if failed {
		return ErrCapture
	}
	for i := range r.captures {
		if as := &r.captures[i].as; has[i] {
			s.store(as, found[i])
		} else {
			s.drop(as)
		}
	}
	return nil
}

// drop makes a variable undefined, whatever it was before.
func (s *Scope) drop(p *varPath) {
	if len(p.rest) == 0 {
		delete(s.vars, p.name)
		if _, shared := s.base[p.name]; !shared {
			return
		}
		s.vars[p.name] = undefined{}
		return
	}
	if v, ok := s.variable(p.name); ok {
		s.vars[p.name] = without(v, p.rest)
	}
}

// without returns a copy of v that lacks what stands at path.
func without(v any, path []string) any {
	o, ok := v.(*Object)
	if !ok || o.find(path[0]) < 0 {
		return v
	}
	members := make([]member, 0, len(o.members))
	for _, m := range o.members {
		if m.key == path[0] {
			if len(path) == 1 {
				continue
			}
			m.value = without(m.value, path[1:])
		}
		members = append(members, m)
	}
	return newObject(members)
}

// NeedsBody says whether a capture, match or expectation of the request reads
// the body; if not, it need not be kept.
func (r *Request) NeedsBody() bool {
	for i := range r.captures {
		if r.captures[i].from.readsBody() {
			return true
		}
	}
	for i := range r.expect {
		if r.expect[i].readsBody {
			return true
		}
	}
	return len(r.matches) > 0 || len(r.AfterResponse) > 0
}

// xpathSource finds texts in XML or HTML.
type xpathSource struct {
	path *xpath
	pick picking
}

func (x *xpathSource) readsBody() bool { return true }

func (x *xpathSource) find(s *Scope, r *Response) (any, bool) {
	contentType, _ := r.header("Content-Type")
	root, err := readTree(r.Body, contentType)
	if err != nil {
		return nil, false
	}
	matches := x.path.all(root)
	if len(matches) == 0 {
		return nil, false
	}
	return x.pick.from(s, matches)
}
