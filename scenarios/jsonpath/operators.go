package jsonpath

import (
	"math"
	"slices"

	"github.com/grafana/sobek/ast"
	"github.com/grafana/sobek/token"

	"edgescope/scenarios/value"
)

func (c *filterCompiler) binary(n *ast.BinaryExpression) eval {
	a, b := c.compile(n.Left), c.compile(n.Right)
	switch n.Operator {
	case token.LOGICAL_OR:
		return short(a, b, truthy)
	case token.LOGICAL_AND:
		return short(a, b, func(v any) bool { return !truthy(v) })
	case token.COALESCE:
		return short(a, b, func(v any) bool { return !value.IsNothing(v) })
	case token.IN:
		return both(a, b, func(_ *scene, x, y any) (any, error) { return has(y, x) })
	case token.PLUS:
		return both(a, b, func(s *scene, x, y any) (any, error) { return s.meter.text(value.Add(x, y)) })
	}
	f := operators[n.Operator]
	if f == nil {
		return c.refuse(n.Left.Idx1(), "a filter has no operator %s", n.Operator)
	}
	return both(a, b, func(_ *scene, x, y any) (any, error) { return f(x, y), nil })
}

func short(a, b eval, decided func(any) bool) eval {
	return func(s *scene) (any, error) {
		v, err := a(s)
		if err != nil || decided(v) {
			return v, err
		}
		return b(s)
	}
}

func both(a, b eval, f func(s *scene, x, y any) (any, error)) eval {
	return func(s *scene) (any, error) {
		x, err := a(s)
		if err != nil {
			return nil, err
		}
		y, err := b(s)
		if err == nil && (value.IsCompound(x) || value.IsCompound(y)) {
			err = s.meter.check() // it may have to be written as a text
		}
		if err != nil {
			return nil, err
		}
		return f(s, x, y)
	}
}

// operators that only compute with their operands.
var operators = map[token.Token]func(x, y any) any{
	token.EQUAL:            func(x, y any) any { return value.LooseEqual(x, y) },
	token.NOT_EQUAL:        func(x, y any) any { return !value.LooseEqual(x, y) },
	token.STRICT_EQUAL:     func(x, y any) any { return value.StrictEqual(x, y) },
	token.STRICT_NOT_EQUAL: func(x, y any) any { return !value.StrictEqual(x, y) },
	token.LESS:             func(x, y any) any { return value.Compare("<", x, y) },
	token.LESS_OR_EQUAL:    func(x, y any) any { return value.Compare("<=", x, y) },
	token.GREATER:          func(x, y any) any { return value.Compare(">", x, y) },
	token.GREATER_OR_EQUAL: func(x, y any) any { return value.Compare(">=", x, y) },

	token.MINUS:     func(x, y any) any { return value.Number(x) - value.Number(y) },
	token.MULTIPLY:  func(x, y any) any { return value.Number(x) * value.Number(y) },
	token.SLASH:     func(x, y any) any { return value.Number(x) / value.Number(y) },
	token.REMAINDER: func(x, y any) any { return math.Mod(value.Number(x), value.Number(y)) },
	token.EXPONENT:  func(x, y any) any { return math.Pow(value.Number(x), value.Number(y)) },

	token.AND:          func(x, y any) any { return float64(int32Of(x) & int32Of(y)) },
	token.OR:           func(x, y any) any { return float64(int32Of(x) | int32Of(y)) },
	token.EXCLUSIVE_OR: func(x, y any) any { return float64(int32Of(x) ^ int32Of(y)) },
	token.SHIFT_LEFT:   func(x, y any) any { return float64(int32Of(x) << (uint32(int32Of(y)) & 31)) },
	token.SHIFT_RIGHT:  func(x, y any) any { return float64(int32Of(x) >> (uint32(int32Of(y)) & 31)) },
	token.UNSIGNED_SHIFT_RIGHT: func(x, y any) any {
		return float64(uint32(int32Of(x)) >> (uint32(int32Of(y)) & 31))
	},
}

// int32Of is ToInt32 (ECMA-262, 7.1.6).
func int32Of(v any) int32 {
	f := math.Trunc(value.Number(v))
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return 0
	}
	f = math.Mod(f, 1<<32)
	if f < 0 {
		f += 1 << 32
	}
	return int32(uint32(f)) //nolint:gosec // wraps on purpose
}

// has is the operator in.
func has(container, key any) (any, error) {
	name := value.ToString(key)
	switch v := container.(type) {
	case *value.Object, []any:
		_, ok := value.Inside(v, []string{name})
		return ok, nil
	}
	return nil, typeError("Cannot use 'in' operator to search for '" + name + "' in " + value.ToString(container))
}

// memberOf reads a member: of its own, a method, or nothing.
func memberOf(of, name eval) eval {
	return both(of, name, func(_ *scene, container, name any) (any, error) {
		key := value.ToString(name)
		if value.IsNothing(container) {
			return nil, typeError("Cannot read properties of " + value.ToString(container) + " (reading '" + key + "')")
		}
		if v, ok := value.Inside(container, []string{key}); ok {
			return value.Operand(v, true), nil
		}
		if re, ok := container.(*pattern); ok {
			return re.member(key)
		}
		if f := methodOf(container, key); f != nil {
			return &method{container, f}, nil
		}
		if slices.Contains(blocked, key) {
			return nil, typeError("Cannot read properties of " + value.ToString(container) + " (reading '" + key + "')")
		}
		return value.Undefined{}, nil
	})
}

// blocked are the members that lead out of an expression.
var blocked = []string{
	"constructor", "__proto__", "__defineGetter__", "__defineSetter__", "__lookupGetter__", "__lookupSetter__",
}

// method is a function with what it is a member of.
type method struct {
	of any
	f  function
}

// String is what a function reads as.
func (*method) String() string { return "function () { [native code] }" }

// function is what a method does.
type function func(s *scene, of any, args arguments) (any, error)

func (c *filterCompiler) call(n *ast.CallExpression) eval {
	callee := c.compile(n.Callee)
	args := make([]eval, len(n.ArgumentList))
	for i, a := range n.ArgumentList {
		args[i] = c.compile(a)
	}
	return func(s *scene) (any, error) {
		f, err := callee(s)
		if err != nil {
			return nil, err
		}
		given, err := values(s, args)
		if err != nil {
			return nil, err
		}
		m, ok := f.(*method)
		if !ok {
			return nil, typeError(value.ToString(f) + " is not a function")
		}
		if err := s.meter.check(); err != nil {
			return nil, err
		}
		v, err := m.f(s, m.of, given)
		if err != nil {
			return nil, err
		}
		return s.meter.text(v)
	}
}
