package templates

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"edgescope/internal/near"
	"edgescope/scenarios/value"
)

type uuidExpr struct{}

func (uuidExpr) value(s *value.Scope) (any, bool)             { return s.UUID(), true }
func (uuidExpr) appendText(dst []byte, s *value.Scope) []byte { return append(dst, s.UUID()...) }

// drawn tells an expression that has another value each time.
func drawn(e expr) bool {
	switch e.(type) {
	case uuidExpr, *randomNumberExpr, *randomStringExpr:
		return true
	}
	return false
}

// randomNumberExpr draws a whole number, both ends included. Its value is a text, as in Artillery.
type randomNumberExpr struct{ from, to float64 }

func (e *randomNumberExpr) value(s *value.Scope) (any, bool) {
	return string(e.appendText(nil, s)), true
}

func (e *randomNumberExpr) appendText(dst []byte, s *value.Scope) []byte {
	n := math.Floor(s.Rand().Float64()*(e.to-e.from+1) + e.from)
	n = min(n, e.to) // rounding may reach one too many in a very wide range
	return strconv.AppendFloat(dst, n, 'f', -1, 64)
}

type randomStringExpr struct{ n int }

const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

func (e *randomStringExpr) value(s *value.Scope) (any, bool) {
	return string(e.appendText(nil, s)), true
}

func (e *randomStringExpr) appendText(dst []byte, s *value.Scope) []byte {
	for range e.n {
		dst = append(dst, letters[s.Rand().IntN(len(letters))])
	}
	return dst
}

var functions = []string{"$randomNumber", "$randomString", "$uuid"}

func compileCall(name, arguments string) (expr, error) {
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
	return nil, fmt.Errorf("there is no template function %q%s", name, near.Hint(name, functions...))
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

func compileRandomNumber(args []string) (expr, error) {
	if len(args) != 2 {
		return nil, errors.New("$randomNumber takes two numbers, the ends of the range, as in $randomNumber(1, 100)")
	}
	from, to := value.TextNumber(args[0]), value.TextNumber(args[1])
	if args[0] == "" || args[1] == "" || !(math.Abs(from) <= maxExact && math.Abs(to) <= maxExact) {
		return nil, fmt.Errorf("$randomNumber(%s) takes two numbers", strings.Join(args, ", "))
	}
	if from > to {
		return nil, fmt.Errorf("$randomNumber(%s): the first number is greater than the second", strings.Join(args, ", "))
	}
	return &randomNumberExpr{from, to}, nil
}

func compileRandomString(args []string) (expr, error) {
	n := 10.0
	if len(args) > 0 {
		n = value.TextNumber(args[0])
	}
	if len(args) > 1 || !(n >= 0 && n <= 1e6) || n != math.Floor(n) {
		return nil, errors.New("$randomString takes a length of 0 to 1000000, as in $randomString(10)")
	}
	return &randomStringExpr{int(n)}, nil
}
