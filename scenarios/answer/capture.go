package answer

import (
	"bytes"
	"errors"

	"github.com/PuerkitoBio/goquery"

	"edgescope/scenarios/jsonpath"
	"edgescope/scenarios/plan"
	"edgescope/scenarios/regex"
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

// source finds a value in an answer. The error is [errNone] if there is none, beside "" where Artillery stores that for a
// capture that is not strict: of headers and patterns. Any other error ends the user.
type source interface {
	find(s *value.Scope, r *plan.Response) (any, error)
	readsBody() bool
}

var errNone = errors.New("there is no such value")

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

func (p picking) from(s *value.Scope, matches []any) (any, error) {
	if len(matches) == 0 {
		return nil, errNone
	}
	switch p.how {
	case pickAll:
		return matches, nil
	case pickLast:
		return matches[len(matches)-1], nil
	case pickRandom:
		return matches[s.Rand().IntN(len(matches))], nil
	}
	i := p.index
	if i < 0 {
		i += len(matches)
	}
	if i < 0 || i >= len(matches) {
		return nil, errNone
	}
	return matches[i], nil
}

type jsonSource struct {
	path     *jsonpath.Path
	template *templates.Template // set instead of path if the path holds variables
	pick     picking
}

func (j *jsonSource) readsBody() bool { return true }

func (j *jsonSource) find(s *value.Scope, r *plan.Response) (any, error) {
	v, ok := r.JSON()
	if !ok {
		return nil, errNone
	}
	path := j.path
	if j.template != nil {
		var err error
		if path, err = jsonpath.Compile(j.template.Text(s)); err != nil {
			return nil, errNone
		}
	}
	matches, err := path.All(v)
	if errors.Is(err, jsonpath.ErrTimeout) || errors.Is(err, regex.ErrTimeout) || errors.Is(err, regex.ErrTooLong) {
		return nil, value.UserError(err.Error())
	}
	if err != nil {
		return nil, errNone // a filter that throws finds nothing, as in Artillery
	}
	return j.pick.from(s, matches)
}

type headerSource struct{ name *templates.Template }

func (h *headerSource) readsBody() bool { return false }

func (h *headerSource) find(s *value.Scope, r *plan.Response) (any, error) {
	text, ok := r.Head(h.name.Text(s))
	if !ok {
		return "", errNone
	}
	return text, nil
}

type regexpSource struct {
	re    *regex.Regexp
	group int
	pick  picking
}

func (x *regexpSource) readsBody() bool { return true }

func (x *regexpSource) find(s *value.Scope, r *plan.Response) (any, error) {
	n := -1
	if x.pick == (picking{}) {
		n = 1
	}
	found, err := x.re.Find(string(r.Body), n)
	if err != nil {
		return nil, value.UserError(err.Error())
	}
	if len(found) == 0 {
		return "", errNone
	}
	matches := make([]any, len(found))
	for i := range found {
		matches[i], _ = found[i].Text(x.group)
	}
	return x.pick.from(s, matches)
}

type selectorSource struct {
	matcher goquery.Matcher
	attr    string // "": the element's text
	pick    picking
}

func (c *selectorSource) readsBody() bool { return true }

func (c *selectorSource) find(s *value.Scope, r *plan.Response) (any, error) {
	doc, err := goquery.NewDocumentFromReader(bytes.NewReader(r.Body))
	if err != nil {
		return nil, errNone
	}
	var matches []any
	for _, el := range doc.FindMatcher(c.matcher).EachIter() {
		if c.attr == "" {
			matches = append(matches, el.Text())
		} else if v, ok := el.Attr(c.attr); ok {
			matches = append(matches, v)
		}
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
func (m *match) same(s *value.Scope, r *plan.Response) (bool, error) {
	got, err := m.from.find(s, r)
	none := errors.Is(err, errNone)
	if err != nil && !none {
		return false, err
	}
	want, defined := m.value.Eval(s)
	if none || !defined {
		return none != defined, nil
	}
	if value.IsCompound(got) || value.IsCompound(want) {
		return value.IsCompound(got) && value.IsCompound(want) && value.Text(got) == value.Text(want), nil
	}
	return value.Operand(got, true) == value.Operand(want, true), nil
}

// Capture stores what the script captures of an answer. If a strict capture or match fails, nothing is stored and the
// error is [plan.ErrCapture]: the user ends there, as with a search that takes too long. A capture fails if there is no
// value or it is ""; 0, false and null are values. One that is not strict leaves "" if that is what it found, and after
// a header or a pattern that was not there; after anything else its variable is undefined.
func (w *Wants) Capture(s *value.Scope, res *plan.Response) error {
	found := make([]any, len(w.captures)) // [value.Undefined] for a failed one
	var failed error
	for i := range w.captures {
		c := &w.captures[i]
		v, err := c.from.find(s, res)
		switch {
		case err != nil && !errors.Is(err, errNone):
			return err
		case err != nil || v == "":
			if v != "" {
				v = value.Undefined{}
			}
			if c.strict {
				failed = plan.ErrCapture
			}
		}
		found[i] = v
	}
	for i := range w.matches {
		same, err := w.matches[i].same(s, res)
		if err != nil {
			return err
		}
		if !same && w.matches[i].strict {
			failed = plan.ErrCapture
		}
	}
	if failed != nil {
		return failed
	}
	for i := range w.captures {
		as := &w.captures[i].as
		if _, none := found[i].(value.Undefined); none {
			s.Drop(as)
		} else {
			s.Store(as, found[i])
		}
	}
	return nil
}

// Forget makes undefined what the script would have captured.
func (w *Wants) Forget(s *value.Scope) {
	for i := range w.captures {
		s.Drop(&w.captures[i].as)
	}
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

func (x *xpathSource) find(s *value.Scope, r *plan.Response) (any, error) {
	contentType, _ := r.Head("Content-Type")
	var matches []any
	for _, text := range x.path.Texts(r.Body, contentType) {
		matches = append(matches, text)
	}
	return x.pick.from(s, matches)
}
