package value

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode/utf16"
)

// Env says what a name in an expression stands for: a value of an expression, [Undefined] if nothing.
type Env interface{ Name(name string) any }

// Expression is a compiled expression. Its value is nil (null), [Undefined], bool, float64, string, [Bytes], []any or
// *[Object], or an error if it cannot be evaluated. Operators compare and convert as JavaScript's do.
type Expression func(Env) any

// NameByte tells the bytes that plain names are made of.
func NameByte(c byte) bool {
	return c == '_' || c == '$' || c == '.' || c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z' || c >= 0x80
}

// Undefined is the value of what has none.
type Undefined struct{}

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
	case []any:
		return TextNumber(ToString(v))
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

// Decimal is a text that is a decimal number as one: "007" is 7. Digits that JSON writes alike are kept, however many
// they are.
func Decimal(text string) (json.Number, bool) {
	if text != "" && NumberLength(text) == len(text) && !strings.ContainsAny(text, "eE") {
		return json.Number(text), true
	}
	f := TextNumber(text)
	if strings.TrimSpace(text) == "" || math.IsNaN(f) {
		return "", false
	}
	return FormatNumber(f), true
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

// StrictEqual is JavaScript's ===. A list, object or buffer equals itself only.
func StrictEqual(a, b any) bool {
	switch x := a.(type) {
	case []any:
		y, ok := b.([]any)
		return ok && len(x) == len(y) && len(x) > 0 && &x[0] == &y[0]
	case Bytes:
		return false
	}
	if _, isList := b.([]any); isList {
		return false
	}
	return a == b
}

// IsNothing tells null and undefined.
func IsNothing(v any) bool {
	switch v.(type) {
	case nil, Undefined:
		return true
	}
	return false
}

// LooseEqual is JavaScript's ==.
func LooseEqual(a, b any) bool {
	if IsNothing(a) || IsNothing(b) {
		return IsNothing(a) && IsNothing(b)
	}
	if IsCompound(a) && IsCompound(b) {
		return StrictEqual(a, b)
	}
	a, b = primitive(a), primitive(b)
	x, isText := a.(string)
	y, areTexts := b.(string)
	if isText && areTexts {
		return x == y
	}
	return Number(a) == Number(b)
}

// primitive is what an object counts as in operators: the text that it is in JavaScript.
func primitive(v any) any {
	if IsCompound(v) {
		return ToString(v)
	}
	return v
}

// ToString is JavaScript's String(v): a list is its elements with commas, an object "[object Object]".
func ToString(v any) string {
	switch v := v.(type) {
	case nil:
		return "null"
	case float64:
		return numberText(v)
	case json.Number:
		return numberText(TextNumber(string(v)))
	case []any:
		parts := make([]string, len(v))
		for i, e := range v {
			if !IsNothing(e) {
				parts[i] = ToString(e)
			}
		}
		return strings.Join(parts, ",")
	case *Object:
		return "[object Object]"
	case fmt.Stringer: // of who computes with values of its own
		return v.String()
	}
	return Text(v)
}

func numberText(f float64) string {
	switch {
	case math.IsNaN(f):
		return "NaN"
	case math.IsInf(f, 1):
		return "Infinity"
	case math.IsInf(f, -1):
		return "-Infinity"
	}
	return string(FormatNumber(f))
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
	a, b = primitive(a), primitive(b)
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

// Add is JavaScript's +: texts are joined, numbers added.
func Add(a, b any) any {
	a, b = primitive(a), primitive(b)
	_, x := a.(string)
	_, y := b.(string)
	if x || y {
		return ToString(a) + ToString(b)
	}
	return Number(a) + Number(b)
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
