package scenarios

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
)

// Template is a text with {{ variables }} and {{ $functions() }}, compiled once
// and rendered per request. A template is safe for concurrent use.
type Template struct {
	source string
	parts  []templatePart
}

// templatePart is literal text, or, with expr set, something to look up.
type templatePart struct {
	literal string
	expr    templateExpr
}

// templateExpr is what stands between braces.
type templateExpr interface {
	value(s *Scope) (any, bool)
	appendText(dst []byte, s *Scope) []byte
}

// constants answers for names whose value is known when a script is loaded.
// The last result says whether the name is one of these.
type constants func(name string) (value any, defined, known bool)

// compileTemplate parses a text. {{ closes at the first }}, {{{ at }}}; braces
// that never close are text.
func compileTemplate(source string, known constants) (*Template, error) {
	t := &Template{source: source}
	rest := source
	for rest != "" {
		literal, inside, after := cutBraces(rest)
		if literal != "" {
			t.parts = append(t.parts, templatePart{literal: literal})
		}
		if rest = after; inside == "" {
			continue
		}
		e, err := compileTemplateExpr(strings.TrimSpace(inside), known)
		if err != nil {
			return nil, err
		}
		t.parts = append(t.parts, templatePart{expr: e})
	}
	return t, nil
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

// literalTemplate is a template without braces.
func literalTemplate(s string) *Template {
	t := &Template{source: s}
	if s != "" {
		t.parts = []templatePart{{literal: s}}
	}
	return t
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

// Value renders the template. A template that is one variable keeps the
// variable's type (see [Scope] for the types); all else is text. It is false
// for a single variable that is not defined.
func (t *Template) Value(s *Scope) (any, bool) {
	if len(t.parts) == 1 && t.parts[0].expr != nil {
		return t.parts[0].expr.value(s)
	}
	return t.Text(s), true
}

// Text renders the template as text: numbers plain, objects and lists as
// compact JSON, what is not defined as "undefined".
func (t *Template) Text(s *Scope) string {
	if text, ok := t.Static(); ok {
		return text
	}
	return string(t.AppendText(nil, s))
}

// AppendText appends what [Template.Text] returns.
func (t *Template) AppendText(dst []byte, s *Scope) []byte {
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
	return appendJSON(dst, v)
}

type variableExpr struct{ path varPath }

func (e *variableExpr) value(s *Scope) (any, bool) { return s.lookup(&e.path) }
func (e *variableExpr) appendText(dst []byte, s *Scope) []byte {
	v, ok := s.lookup(&e.path)
	return appendValueText(dst, v, ok)
}

type constantExpr struct {
	v       any
	defined bool
}

func (e *constantExpr) value(*Scope) (any, bool) { return e.v, e.defined }
func (e *constantExpr) appendText(dst []byte, _ *Scope) []byte {
	return appendValueText(dst, e.v, e.defined)
}

type uuidExpr struct{}

func (uuidExpr) value(s *Scope) (any, bool)             { return s.UUID(), true }
func (uuidExpr) appendText(dst []byte, s *Scope) []byte { return append(dst, s.UUID()...) }

// drawn tells an expression that has another value each time.
func drawn(e templateExpr) bool {
	switch e.(type) {
	case uuidExpr, *randomNumberExpr, *randomStringExpr:
		return true
	}
	return false
}

// randomNumberExpr draws a whole number, both ends included. Its value is a
// text, as in Artillery.
type randomNumberExpr struct{ from, to float64 }

func (e *randomNumberExpr) value(s *Scope) (any, bool) { return string(e.appendText(nil, s)), true }
func (e *randomNumberExpr) appendText(dst []byte, s *Scope) []byte {
	n := math.Floor(s.rand.Float64()*(e.to-e.from+1) + e.from)
	n = min(n, e.to) // rounding may reach one too many in a very wide range
	return strconv.AppendFloat(dst, n, 'f', -1, 64)
}

type randomStringExpr struct{ n int }

const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

func (e *randomStringExpr) value(s *Scope) (any, bool) { return string(e.appendText(nil, s)), true }
func (e *randomStringExpr) appendText(dst []byte, s *Scope) []byte {
	for range e.n {
		dst = append(dst, letters[s.rand.IntN(len(letters))])
	}
	return dst
}

func compileTemplateExpr(inside string, known constants) (templateExpr, error) {
	if open := strings.IndexByte(inside, '('); open >= 0 && strings.HasSuffix(inside, ")") {
		return compileCall(strings.TrimSpace(inside[:open]), inside[open+1:len(inside)-1])
	}
	if inside == "$uuid" {
		return uuidExpr{}, nil
	}
	if inside == "$randomNumber" || inside == "$randomString" {
		return nil, fmt.Errorf("%s is a function, write {{ %s() }}", inside, inside)
	}
	path, err := parseVarPath(inside)
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

var templateFunctions = []string{"$randomNumber", "$randomString", "$uuid"}

func compileCall(name, arguments string) (templateExpr, error) {
	args := callArguments(arguments)
	switch name {
	case "$randomNumber":
		return compileRandomNumber(args)
	case "$randomString":
		return compileRandomString(args)
	case "$uuid":
		return uuidExpr{}, nil
	}
	if strings.HasPrefix(name, "$fake") {
		return nil, fmt.Errorf("function %s belongs to the fake-data plugin, which is not available", name)
	}
	return nil, fmt.Errorf("there is no template function %q%s", name, suggest(name, templateFunctions))
}

// callArguments splits at commas and takes quotes off.
func callArguments(s string) []string {
	if strings.TrimSpace(s) == "" {
		return nil
	}
	args := strings.Split(s, ",")
	for i, a := range args {
		a = strings.TrimSpace(a)
		if n := len(a); n >= 2 && (a[0] == '\'' || a[0] == '"') && a[n-1] == a[0] {
			a = a[1 : n-1]
		}
		args[i] = a
	}
	return args
}

// maxExact is the greatest whole number up to which float64 has all of them.
const maxExact = 1 << 53

func compileRandomNumber(args []string) (templateExpr, error) {
	if len(args) != 2 {
		return nil, errors.New("$randomNumber takes two numbers, the ends of the range, as in $randomNumber(1, 100)")
	}
	from, to := textNumber(args[0]), textNumber(args[1])
	if args[0] == "" || args[1] == "" || !(math.Abs(from) <= maxExact && math.Abs(to) <= maxExact) {
		return nil, fmt.Errorf("$randomNumber(%s) takes two numbers", strings.Join(args, ", "))
	}
	if from > to {
		return nil, fmt.Errorf("$randomNumber(%s): the first number is greater than the second", strings.Join(args, ", "))
	}
	return &randomNumberExpr{from, to}, nil
}

func compileRandomString(args []string) (templateExpr, error) {
	n := 10.0
	if len(args) > 0 {
		n = textNumber(args[0])
	}
	if len(args) > 1 || !(n >= 0 && n <= 1e6) || n != math.Floor(n) {
		return nil, errors.New("$randomString takes a length of 0 to 1000000, as in $randomString(10)")
	}
	return &randomStringExpr{int(n)}, nil
}

// newUUID makes a version 4 UUID (RFC 9562, section 5.4) from a random stream.
func newUUID(r *rand.Rand) string {
	hi, lo := r.Uint64(), r.Uint64()
	hi = hi&^0xf000 | 0x4000
	lo = lo&^(3<<62) | 2<<62
	return fmt.Sprintf("%08x-%04x-%04x-%04x-%012x", hi>>32, hi>>16&0xffff, hi&0xffff, lo>>48, lo&0xffffffffffff)
}
