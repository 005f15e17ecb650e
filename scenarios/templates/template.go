// Package templates compiles the texts and values of a script, in which {{ variables }} and {{ $functions() }} stand,
// and renders them for a user.
package templates

import (
	"fmt"
	"slices"
	"strings"

	"edgescope/scenarios/value"
)

// Template is a text with {{ variables }} and {{ $functions() }}, compiled once and rendered per request. A template is
// safe for concurrent use.
type Template struct {
	source string
	parts  []part
}

// part is literal text, or, with expr set, something to look up.
type part struct {
	literal string
	expr    expr
}

// expr is what stands between braces.
type expr interface {
	value(s *value.Scope) (any, bool)
	appendText(dst []byte, s *value.Scope) []byte
}

// Constants says what a name means whose value is known when a script is loaded. The last result says whether the name
// is one of these; defined is false if it stands for nothing.
type Constants func(name string) (v any, defined, known bool)

// Compile parses a text. {{ closes at the first }}, {{{ at }}}; braces that never close are text.
func Compile(source string, known Constants) (*Template, error) {
	t := &Template{source: source}
	rest := source
	for rest != "" {
		literal, inside, after := cutBraces(rest)
		if literal != "" {
			t.parts = append(t.parts, part{literal: literal})
		}
		if rest = after; inside == "" {
			continue
		}
		e, err := compileExpr(strings.TrimSpace(inside), known)
		if err != nil {
			return nil, err
		}
		t.parts = append(t.parts, part{expr: e})
	}
	return t, nil
}

// Name is a name in a template, as it is written: a variable with its path, $env.X. Braces is how many {{ stand before
// its own in the text.
type Name struct {
	Text   string
	Braces int
}

// Names lists what a text looks up by name; calls of functions are none.
func Names(source string) []Name {
	var names []Name
	for rest := source; rest != ""; {
		literal, inside, after := cutBraces(rest)
		if text := strings.TrimSpace(inside); text != "" && !strings.HasSuffix(text, ")") {
			at := len(source) - len(rest) + len(literal)
			names = append(names, Name{text, strings.Count(source[:at], "{{")})
		}
		rest = after
	}
	return names
}

// cutBraces splits s at its first template; inside is "" if there is none.
func cutBraces(s string) (literal, inside, after string) {
	for from := 0; ; {
		at := strings.Index(s[from:], "{{")
		if at < 0 {
			return s, "", ""
		}
		at += from
		if strings.HasPrefix(s[at:], "{{{") {
			if end := strings.Index(s[at:], "}}}"); end > 3 {
				return s[:at], s[at+3 : at+end], s[at+end+3:]
			}
			from = at + 1
			continue
		}
		end := strings.Index(s[at:], "}}")
		if end < 0 {
			return s, "", ""
		}
		if strings.TrimSpace(s[at+2:at+end]) != "" {
			return s[:at], s[at+2 : at+end], s[at+end+2:]
		}
		from = at + end + 2
	}
}

// Literal is a template of a text in which braces mean nothing.
func Literal(s string) *Template {
	t := &Template{source: s}
	if s != "" {
		t.parts = []part{{literal: s}}
	}
	return t
}

// Around is a template with a text before and one after it.
func Around(before string, t *Template, after string) *Template {
	parts := slices.Concat([]part{{literal: before}}, t.parts, []part{{literal: after}})
	return &Template{source: before + t.source + after, parts: parts}
}

// Draws tells whether something in the template has another value each time.
func (t *Template) Draws() bool {
	return slices.ContainsFunc(t.parts, func(p part) bool { return drawn(p.expr) })
}

// Unknown counts the names in the template that the user does not know.
func (t *Template) Unknown(s *value.Scope) int {
	n := 0
	for _, p := range t.parts {
		if p.expr == nil {
			continue
		}
		if _, ok := p.expr.value(s); !ok {
			n++
		}
	}
	return n
}

// String returns the template as it stands in the script.
func (t *Template) String() string { return t.source }

// Static returns the text of a template that holds nothing to look up.
func (t *Template) Static() (string, bool) {
	switch {
	case len(t.parts) == 0:
		return "", true
	case len(t.parts) == 1 && t.parts[0].expr == nil:
		return t.parts[0].literal, true
	}
	return "", false
}

// Value renders the template. A template that is one variable keeps the variable's type (see [value.Scope] for the
// types); all else is text. It is false for a single variable that is not defined.
func (t *Template) Value(s *value.Scope) (any, bool) {
	if len(t.parts) == 1 && t.parts[0].expr != nil {
		return t.parts[0].expr.value(s)
	}
	return t.Text(s), true
}

// Text renders the template as text: numbers plain, objects and lists as compact JSON, what is not defined as
// "undefined".
func (t *Template) Text(s *value.Scope) string {
	if text, ok := t.Static(); ok {
		return text
	}
	return string(t.AppendText(nil, s))
}

// AppendText appends what [Template.Text] returns.
func (t *Template) AppendText(dst []byte, s *value.Scope) []byte {
	for i := range t.parts {
		if p := &t.parts[i]; p.expr == nil {
			dst = append(dst, p.literal...)
		} else {
			dst = p.expr.appendText(dst, s)
		}
	}
	return dst
}

func appendValueText(dst []byte, v any, ok bool) []byte {
	if !ok {
		return append(dst, "undefined"...)
	}
	if s, isText := v.(string); isText {
		return append(dst, s...)
	}
	return value.AppendJSON(dst, v)
}

type variableExpr struct{ path value.Path }

func (e *variableExpr) value(s *value.Scope) (any, bool) { return s.Lookup(&e.path) }
func (e *variableExpr) appendText(dst []byte, s *value.Scope) []byte {
	v, ok := s.Lookup(&e.path)
	return appendValueText(dst, v, ok)
}

type constantExpr struct {
	v       any
	defined bool
}

func (e *constantExpr) value(*value.Scope) (any, bool) { return e.v, e.defined }
func (e *constantExpr) appendText(dst []byte, _ *value.Scope) []byte {
	return appendValueText(dst, e.v, e.defined)
}

func compileExpr(inside string, known Constants) (expr, error) {
	if open := strings.IndexByte(inside, '('); open >= 0 && strings.HasSuffix(inside, ")") {
		return compileCall(strings.TrimSpace(inside[:open]), inside[open+1:len(inside)-1])
	}
	if inside == "$uuid" {
		return uuidExpr{}, nil
	}
	if inside == "$randomNumber" || inside == "$randomString" {
		return nil, fmt.Errorf("%s is a function, write {{ %s() }}", inside, inside)
	}
	path, err := value.ParsePath(inside)
	if err != nil {
		return nil, err
	}
	if known != nil {
		if v, defined, ok := known(inside); ok {
			return &constantExpr{v, defined}, nil
		}
	}
	return &variableExpr{path}, nil
}
