package jsonpath

import (
	"errors"
	"fmt"
	"strings"

	"github.com/grafana/sobek/ast"
	"github.com/grafana/sobek/file"
	"github.com/grafana/sobek/parser"
	"github.com/grafana/sobek/token"

	"edgescope/scenarios/regex"
	"edgescope/scenarios/value"
)

// A filter is a JavaScript expression. It is parsed by a JavaScript engine's parser, and walked here, as jsonpath-plus
// does: an expression has no loops and no functions of its own, so that what it may take is known: see meter.

// scene is where an expression is evaluated.
type scene struct {
	w     *walk
	self  spot // @
	at    spot // what holds @
	meter *meter
}

// eval is a compiled expression. Its value is nil (null), [value.Undefined], bool, float64, string, []any,
// [*value.Object], *pattern or *method.
type eval func(*scene) (any, error)

// typeError is a mistake at run time, which ends a query as an exception does.
type typeError string

func (e typeError) Error() string { return string(e) }

// maxFilter is the length of a filter in bytes.
const maxFilter = 10_000

// filterCompiler turns the tree of an expression into functions.
type filterCompiler struct {
	source string // as it is written, with @
	first  error
}

// compileFilter compiles the expression that text is. An error says where in it, in bytes from 0.
func compileFilter(text string) (eval, *filterError) {
	if len(text) > maxFilter {
		return nil, &filterError{0, fmt.Sprintf("a filter has at most %d bytes", maxFilter)}
	}
	// @ becomes the beginning of names, all of one length.
	tree, err := parser.ParseFile(nil, "", "("+withoutAt(text)+"\n)", 0, parser.WithDisableSourceMaps)
	var list parser.ErrorList
	if errors.As(err, &list) && len(list) > 0 {
		at := min(max(list[0].Position.Column-2, 0), len(text))
		return nil, &filterError{at, strings.TrimPrefix(list[0].Message, "SyntaxError: ")}
	} else if err != nil {
		return nil, &filterError{0, err.Error()}
	}
	c := &filterCompiler{source: text}
	var e eval
	if s, ok := tree.Body[0].(*ast.ExpressionStatement); ok && len(tree.Body) == 1 {
		e = c.compile(s.Expression)
	} else {
		c.refuse(2, "a filter is one expression")
	}
	var refused *filterError
	if errors.As(c.first, &refused) {
		return nil, refused
	}
	return e, nil
}

// filterError is what is wrong in a filter and where, in bytes from 0.
type filterError struct {
	at  int
	msg string
}

func (e *filterError) Error() string { return e.msg }

func (c *filterCompiler) refuse(at file.Idx, format string, args ...any) eval {
	if c.first == nil {
		c.first = &filterError{max(int(at)-2, 0), fmt.Sprintf(format, args...)}
	}
	return func(*scene) (any, error) { return value.Undefined{}, nil }
}

// withoutAt writes _ for each @ that does not stand in quotes.
func withoutAt(text string) string {
	out := []byte(text)
	for i := 0; i < len(out); i++ {
		switch out[i] {
		case '@':
			out[i] = '_'
		case '"', '\'':
			if end := closing(text[i:]); end > 0 {
				i += end
			}
		}
	}
	return string(out)
}

// closing is where the quote ends that s begins with, or 0.
func closing(s string) int {
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case s[0]:
			return i
		}
	}
	return 0
}

func (c *filterCompiler) compile(n ast.Expression) eval {
	switch n := n.(type) {
	case *ast.ArrayLiteral:
		return c.list(n.Value)
	case *ast.Identifier:
		return c.name(n)
	case *ast.UnaryExpression:
		return c.unary(n)
	case *ast.BinaryExpression:
		return c.binary(n)
	case *ast.ConditionalExpression:
		return choice(c.compile(n.Test), c.compile(n.Consequent), c.compile(n.Alternate))
	case *ast.DotExpression:
		return memberOf(c.compile(n.Left), constant(n.Identifier.Name.String()))
	case *ast.BracketExpression:
		return memberOf(c.compile(n.Left), c.compile(n.Member))
	case *ast.CallExpression:
		return c.call(n)
	case *ast.OptionalChain:
		return chain(c.compile(n.Expression))
	case *ast.Optional:
		return optional(c.compile(n.Expression))
	}
	return c.literal(n)
}

func (c *filterCompiler) literal(n ast.Expression) eval {
	switch n := n.(type) {
	case *ast.NullLiteral:
		return constant(nil)
	case *ast.BooleanLiteral:
		return constant(n.Value)
	case *ast.NumberLiteral:
		return c.number(n)
	case *ast.StringLiteral:
		return constant(n.Value.String())
	case *ast.RegExpLiteral:
		return c.regexp(n)
	}
	return c.refuse(n.Idx0(), "%s", notAllowed(n))
}

// notAllowed says what a filter has none of.
func notAllowed(n ast.Expression) string {
	switch n.(type) {
	case *ast.AssignExpression:
		return "a filter changes nothing"
	case *ast.FunctionLiteral, *ast.ArrowFunctionLiteral, *ast.ClassLiteral:
		return "a filter has no functions of its own"
	}
	return "a filter holds members, methods, operators and literals only"
}

func constant(v any) eval { return func(*scene) (any, error) { return v, nil } }

func (c *filterCompiler) number(n *ast.NumberLiteral) eval {
	switch v := n.Value.(type) {
	case int64:
		return constant(float64(v))
	case float64:
		return constant(v)
	}
	return c.refuse(n.Idx, "a filter has no numbers such as %s", n.Literal)
}

// regexp reads the literal from the source, in which @ is @.
func (c *filterCompiler) regexp(n *ast.RegExpLiteral) eval {
	from := int(n.Idx) - 2
	re, err := regex.Compile(c.source[from+1:from+1+len(n.Pattern)], n.Flags)
	var syntax *regex.SyntaxError
	if errors.As(err, &syntax) {
		return c.refuse(n.Idx+1+file.Idx(syntax.At), "%s", syntax)
	}
	return constant(&pattern{Regexp: re, flags: n.Flags})
}

func (c *filterCompiler) list(items []ast.Expression) eval {
	parts := make([]eval, len(items))
	for i, item := range items {
		if item == nil {
			return c.refuse(2, "a list has holes")
		}
		parts[i] = c.compile(item)
	}
	return func(s *scene) (any, error) {
		list, err := values(s, parts)
		return list, err
	}
}

func values(s *scene, parts []eval) ([]any, error) {
	list := make([]any, len(parts))
	for i, p := range parts {
		var err error
		if list[i], err = p(s); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// name is one of jsonpath-plus's, or of the few constants. $ is the body, which jsonpath-plus does not have here.
func (c *filterCompiler) name(n *ast.Identifier) eval {
	at, name := int(n.Idx)-2, n.Name.String()
	if at >= 0 && at < len(c.source) && c.source[at] == '@' {
		switch name {
		case "_":
			return func(s *scene) (any, error) { return value.Operand(s.self.v, true), nil }
		case "_property":
			return func(s *scene) (any, error) { return s.self.key(), nil }
		case "_parent":
			return func(s *scene) (any, error) { return s.at.holder(), nil }
		case "_parentProperty":
			return func(s *scene) (any, error) { return s.at.key(), nil }
		case "_root":
			return func(s *scene) (any, error) { return s.w.root, nil }
		case "_path":
			return func(s *scene) (any, error) { return s.at.path() + bracketed(value.ToString(s.self.key())), nil }
		}
		return c.refuse(n.Idx, "@%s is no name, there are @, @property, @parent, @parentProperty, @path and @root", name[1:])
	}
	switch name {
	case "$":
		return func(s *scene) (any, error) { return s.w.root, nil }
	case "undefined":
		return constant(value.Undefined{})
	}
	return c.refuse(n.Idx, "%q is no name in a filter, members begin with @.", name)
}

func choice(test, yes, no eval) eval {
	return func(s *scene) (any, error) {
		v, err := test(s)
		if err != nil {
			return nil, err
		}
		if truthy(v) {
			return yes(s)
		}
		return no(s)
	}
}

// errChain leaves an optional chain whose beginning is nothing.
var errChain = errors.New("nothing")

func chain(e eval) eval {
	return func(s *scene) (any, error) {
		v, err := e(s)
		if errors.Is(err, errChain) {
			return value.Undefined{}, nil
		}
		return v, err
	}
}

func optional(e eval) eval {
	return func(s *scene) (any, error) {
		v, err := e(s)
		if err == nil && value.IsNothing(v) {
			err = errChain
		}
		return v, err
	}
}

func (c *filterCompiler) unary(n *ast.UnaryExpression) eval {
	operand := c.compile(n.Operand)
	var f func(any) any
	switch n.Operator {
	case token.NOT:
		f = func(v any) any { return !truthy(v) }
	case token.MINUS:
		f = func(v any) any { return -value.Number(v) }
	case token.PLUS:
		f = func(v any) any { return value.Number(v) }
	case token.BITWISE_NOT:
		f = func(v any) any { return float64(^int32Of(v)) }
	case token.TYPEOF:
		f = func(v any) any { return typeOf(v) }
	case token.VOID:
		f = func(any) any { return value.Undefined{} }
	default:
		return c.refuse(n.Idx, "a filter changes nothing")
	}
	return func(s *scene) (any, error) {
		v, err := operand(s)
		if err != nil {
			return nil, err
		}
		return f(v), nil
	}
}

func typeOf(v any) string {
	switch v.(type) {
	case value.Undefined:
		return "undefined"
	case bool:
		return "boolean"
	case float64:
		return "number"
	case string:
		return "string"
	case *method:
		return "function"
	}
	return "object"
}

func truthy(v any) bool { return value.Truthy(v) }
