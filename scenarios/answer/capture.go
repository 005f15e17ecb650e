package answer

import (
	"bytes"
	"regexp"

	"github.com/PuerkitoBio/goquery"

	"edgescope/scenarios/jsonpath"
	"edgescope/scenarios/plan"
	"edgescope/scenarios/templates"
	"edgescope/scenarios/value"
	"edgescope/scenarios/xpath"
)

// capture takes a value out of an answer and stores it under a path.
type capture struct {
	as     value.Path
	strict bool
	from   source
}

// source finds a value in an answer. It is false if there is none.
type source interface {
	find(s *value.Scope, r *plan.Response) (any, bool)
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

func (p picking) from(s *value.Scope, matches []any) (any, bool) {
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
		return matches[s.Rand().IntN(len(matches))], true
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
	path     *jsonpath.Path
	template *templates.Template // set instead of path if the path holds variables
	pick     picking
}

func (j *jsonSource) readsBody() bool { return true }

func (j *jsonSource) find(s *value.Scope, r *plan.Response) (any, bool) {
	v, ok := r.JSON()
	if !ok {
		return nil, false
	}
	path := j.path
	if j.template != nil {
		var err error
		if path, err = jsonpath.Compile(j.template.Text(s)); err != nil {
			return nil, false
		}
	}
	matches := path.All(v)
	if j.pick.how == pickAll && len(matches) == 0 {
		return nil, false
	}
	return j.pick.from(s, matches)
}

type headerSource struct{ name *templates.Template }

func (h *headerSource) readsBody() bool { return false }

func (h *headerSource) find(s *value.Scope, r *plan.Response) (any, bool) {
	return r.Head(h.name.Text(s))
}

type regexpSource struct {
	re    *regexp.Regexp
	group int
	name  string // a named group, instead of group
	pick  picking
}

func (x *regexpSource) readsBody() bool { return true }

func (x *regexpSource) find(s *value.Scope, r *plan.Response) (any, bool) {
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

func (c *selectorSource) find(s *value.Scope, r *plan.Response) (any, bool) {
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
	value  templates.Value
	strict bool
}

// same compares a found value with the wanted one: same type, same value.
func (m *match) same(s *value.Scope, r *plan.Response) bool {
	got, ok := m.from.find(s, r)
	want, defined := m.value.Eval(s)
	if !ok || !defined {
		return ok == defined
	}
	if value.IsCompound(got) || value.IsCompound(want) {
		return value.IsCompound(got) && value.IsCompound(want) && value.Text(got) == value.Text(want)
	}
	return value.Operand(got, true) == value.Operand(want, true)
}

// Capture stores what the script captures of an answer. If a strict capture or match fails, nothing is stored and the
// error is [plan.ErrCapture]: the user ends there. A capture fails if there is no value or it is ""; 0, false and null
// are values. A failed capture that is not strict leaves its variable undefined.
func (w *Wants) Capture(s *value.Scope, res *plan.Response) error {
	failed := false
	found := make([]any, len(w.captures))
	has := make([]bool, len(w.captures))
	for i := range w.captures {
		c := &w.captures[i]
		v, ok := c.from.find(s, res)
		if v == "" {
			ok = false
		}
		found[i], has[i] = v, ok
		failed = failed || !ok && c.strict
	}
	for i := range w.matches {
		m := &w.matches[i]
		failed = failed || m.strict && !m.same(s, res)
	}
	if failed {
		return plan.ErrCapture
	}
	for i := range w.captures {
		if as := &w.captures[i].as; has[i] {
			s.Store(as, found[i])
		} else {
			s.Drop(as)
		}
	}
	return nil
}

// NeedsBody says whether a capture, match or expectation reads the body; if not, it need not be kept.
func (w *Wants) NeedsBody() bool {
	for i := range w.captures {
		if w.captures[i].from.readsBody() {
			return true
		}
	}
	for i := range w.expect {
		if w.expect[i].readsBody {
			return true
		}
	}
	return len(w.matches) > 0
}

// xpathSource finds texts in XML or HTML.
type xpathSource struct {
	path *xpath.Path
	pick picking
}

func (x *xpathSource) readsBody() bool { return true }

func (x *xpathSource) find(s *value.Scope, r *plan.Response) (any, bool) {
	contentType, _ := r.Head("Content-Type")
	var matches []any
	for _, text := range x.path.Texts(r.Body, contentType) {
		matches = append(matches, text)
	}
	if len(matches) == 0 {
		return nil, false
	}
	return x.pick.from(s, matches)
}
