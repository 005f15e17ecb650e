package value

import (
	"encoding/json"
	"math"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf16"
)

// Undefined is the value of what has none.
type Undefined struct{}

// operation compiles a binary operator.
func (l *lexer) operation(op string, a, b Expression) (Expression, error) {
	switch op {
	case "or", "||":
		return func(v Env) any {
			if x := a(v); Truthy(x) {
				return x
			}
			return b(v)
		}, nil
	case "and", "&&":
		return func(v Env) any {
			if x := a(v); !Truthy(x) {
				return x
			}
			return b(v)
		}, nil
	case "==", "!=":
		return func(v Env) any { return looseEqual(a(v), b(v)) == (op == "==") }, nil
	case "===", "!==":
		return func(v Env) any { return strictEqual(a(v), b(v)) == (op == "===") }, nil
	case "~=":
		return func(v Env) any { return matchText(a(v), b(v)) }, nil
	case "<", "<=", ">", ">=":
		return func(v Env) any { return Compare(op, a(v), b(v)) }, nil
	case "+":
		return func(v Env) any { return add(a(v), b(v)) }, nil
	}
	f := arithmetic(op)
	return func(v Env) any { return f(Number(a(v)), Number(b(v))) }, nil
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

// Operand turns a script value into a value of an expression.
func Operand(v any, ok bool) any {
	if !ok {
		return Undefined{}
	}
	if n, isNumber := v.(json.Number); isNumber {
		return Number(n)
	}
	return v
}

// Truthy is JavaScript's notion of true.
func Truthy(v any) bool {
	switch v := v.(type) {
	case nil, Undefined:
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

// Number is JavaScript's Number(v).
func Number(v any) float64 {
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
		return TextNumber(string(v))
	case string:
		return TextNumber(v)
	case Bytes:
		return TextNumber(v.Text())
	}
	return math.NaN()
}

// TextNumber is JavaScript's Number of a text; only decimal numbers are read, all else is NaN.
func TextNumber(s string) float64 {
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

// Text is how a value reads inside a text.
func Text(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case Bytes:
		return v.Text()
	case Undefined:
		return "undefined"
	case float64:
		return string(FormatNumber(v))
	}
	return string(AppendJSON(nil, v))
}

func strictEqual(a, b any) bool {
	return !IsCompound(a) && !IsCompound(b) && a == b // objects are never the same one
}

func isNothing(v any) bool {
	switch v.(type) {
	case nil, Undefined:
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
	if IsCompound(a) || IsCompound(b) {
		return IsCompound(a) != IsCompound(b) && Text(a) == Text(b)
	}
	return Number(a) == Number(b)
}

// IsCompound tells what is an object in JavaScript: lists, objects and buffers.
func IsCompound(v any) bool {
	switch v.(type) {
	case []any, *Object, Bytes:
		return true
	}
	return false
}

// Compare applies <, <=, > or >= as JavaScript does: two texts by their characters, all else as numbers.
func Compare(op string, a, b any) bool {
	x, isText := a.(string)
	y, areTexts := b.(string)
	if isText && areTexts {
		return ordered(op, strings.Compare(x, y))
	}
	f, g := Number(a), Number(b)
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
	if x || y || IsCompound(a) || IsCompound(b) {
		return Text(a) + Text(b)
	}
	return Number(a) + Number(b)
}

// matchText is false for a pattern that is no regular expression.
func matchText(text, pattern any) bool {
	re, err := regexp.Compile(Text(pattern))
	return err == nil && re.MatchString(Text(text))
}

// FormatNumber writes a number as JavaScript does: null if it is none.
func FormatNumber(f float64) json.Number {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return "null" // JSON.stringify(NaN)
	}
	if a := math.Abs(f); a >= 1e21 || a != 0 && a < 1e-6 {
		s := strconv.FormatFloat(f, 'e', -1, 64)
		mantissa, exp, _ := strings.Cut(s, "e")
		return json.Number(mantissa + "e" + exp[:1] + strings.TrimLeft(exp[1:], "0"))
	}
	return json.Number(strconv.FormatFloat(f+0, 'f', -1, 64))
}

// Int is a whole number as a value.
func Int(i int) json.Number { return json.Number(strconv.Itoa(i)) }

// Length counts the elements of a list, the characters of a text and the bytes of a buffer; nothing else has a length.
func Length(v any) (int, bool) {
	switch v := v.(type) {
	case []any:
		return len(v), true
	case Bytes:
		return len(v), true
	case string:
		return utf16Length(v), true
	}
	return 0, false
}

func utf16Length(s string) int {
	n := 0
	for _, r := range s {
		n += max(utf16.RuneLen(r), 1)
	}
	return n
}
