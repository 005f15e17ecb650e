package scenarios

import (
	"encoding/json"
	"math"
	"regexp"
	"strconv"
	"strings"
)

// operation compiles a binary operator.
func (l *lexer) operation(op string, a, b expression) (expression, error) {
	switch op {
	case "or", "||":
		return func(v env) any {
			if x := a(v); truthy(x) {
				return x
			}
			return b(v)
		}, nil
	case "and", "&&":
		return func(v env) any {
			if x := a(v); !truthy(x) {
				return x
			}
			return b(v)
		}, nil
	case "==", "!=":
		return func(v env) any { return looseEqual(a(v), b(v)) == (op == "==") }, nil
	case "===", "!==":
		return func(v env) any { return strictEqual(a(v), b(v)) == (op == "===") }, nil
	case "~=":
		return func(v env) any { return matchText(a(v), b(v)) }, nil
	case "<", "<=", ">", ">=":
		return func(v env) any { return compare(op, a(v), b(v)) }, nil
	case "+":
		return func(v env) any { return add(a(v), b(v)) }, nil
	}
	f := arithmetic(op)
	return func(v env) any { return f(number(a(v)), number(b(v))) }, nil
}

func arithmetic(op string) func(a, b float64) float64 {
	switch op {
	case "-":
		return func(a, b float64) float64 { return a - b }
	case "*":
		return func(a, b float64) float64 { return a * b }
	case "/":
		return func(a, b float64) float64 { return a / b }
	case "%":
		return math.Mod
	case "^":
		return math.Pow
	}
	panic("BUG: operator " + op + " has no meaning")
}

// operandOf turns a script value into a value of an expression.
func operandOf(v any, ok bool) any {
	if !ok {
		return undefined{}
	}
	if n, isNumber := v.(json.Number); isNumber {
		return number(n)
	}
	return v
}

// truthy is JavaScript's notion of true.
func truthy(v any) bool {
	switch v := v.(type) {
	case nil, undefined:
		return false
	case bool:
		return v
	case float64:
		return v != 0 && !math.IsNaN(v)
	case string:
		return v != ""
	}
	return true
}

// number is JavaScript's Number(v).
func number(v any) float64 {
	switch v := v.(type) {
	case nil:
		return 0
	case bool:
		if v {
			return 1
		}
		return 0
	case float64:
		return v
	case json.Number:
		return textNumber(string(v))
	case string:
		return textNumber(v)
	}
	return math.NaN()
}

func textNumber(s string) float64 {
	s = strings.TrimSpace(s)
	if s == "" {
		return 0
	}
	if strings.Trim(s, "+-.0123456789eE") != "" || strings.Trim(s, "+-.eE") == "" {
		return math.NaN() // ParseFloat knows more than decimals
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil && !math.IsInf(f, 0) {
		return math.NaN()
	}
	return f
}

// textOf is how a value reads inside a text.
func textOf(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case undefined:
		return "undefined"
	case float64:
		return string(formatNumber(v))
	}
	return string(appendJSON(nil, v))
}

func strictEqual(a, b any) bool {
	switch a.(type) {
	case []any, *Object:
		return false // other objects are never the same one
	}
	switch b.(type) {
	case []any, *Object:
		return false
	}
	return a == b
}

func isNothing(v any) bool {
	switch v.(type) {
	case nil, undefined:
		return true
	}
	return false
}

// looseEqual is JavaScript's ==.
func looseEqual(a, b any) bool {
	if isNothing(a) || isNothing(b) {
		return isNothing(a) && isNothing(b)
	}
	x, isText := a.(string)
	y, areTexts := b.(string)
	if isText && areTexts {
		return x == y
	}
	if isCompound(a) || isCompound(b) {
		return isCompound(a) != isCompound(b) && textOf(a) == textOf(b)
	}
	return number(a) == number(b)
}

func isCompound(v any) bool {
	switch v.(type) {
	case []any, *Object:
		return true
	}
	return false
}

func compare(op string, a, b any) bool {
	x, isText := a.(string)
	y, areTexts := b.(string)
	if isText && areTexts {
		return ordered(op, strings.Compare(x, y))
	}
	f, g := number(a), number(b)
	switch {
	case math.IsNaN(f) || math.IsNaN(g):
		return false
	case f < g:
		return ordered(op, -1)
	case f > g:
		return ordered(op, 1)
	}
	return ordered(op, 0)
}

func ordered(op string, sign int) bool {
	switch op {
	case "<":
		return sign < 0
	case "<=":
		return sign <= 0
	case ">":
		return sign > 0
	}
	return sign >= 0
}

func add(a, b any) any {
	_, x := a.(string)
	_, y := b.(string)
	if x || y || isCompound(a) || isCompound(b) {
		return textOf(a) + textOf(b)
	}
	return number(a) + number(b)
}

// matchText is false for a pattern that is no regular expression.
func matchText(text, pattern any) bool {
	re, err := regexp.Compile(textOf(pattern))
	return err == nil && re.MatchString(textOf(text))
}
