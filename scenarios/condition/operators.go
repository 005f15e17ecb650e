package condition

import (
	"maps"
	"math"
	"math/rand/v2"
	"slices"

	"edgescope/scenarios/regex"
	"edgescope/scenarios/value"
)

// number is a truth as filtrex has it: 1 or 0.
func number(truth bool) float64 {
	if truth {
		return 1
	}
	return 0
}

// operation compiles a binary operator: it converts and compares as JavaScript does, and gives numbers.
func operation(op string, a, b value.Expression) value.Expression {
	switch op {
	case "or":
		return func(v value.Env) any {
			if x := a(v); value.Truthy(x) {
				return value.Number(x)
			}
			return value.Number(b(v))
		}
	case "and":
		return func(v value.Env) any {
			if x := a(v); !value.Truthy(x) {
				return value.Number(x)
			}
			return value.Number(b(v))
		}
	case "in", "not in":
		return func(v value.Env) any { return number(isSubset(a(v), b(v)) == (op == "in")) }
	case "==", "!=":
		return func(v value.Env) any { return number(value.LooseEqual(a(v), b(v)) == (op == "==")) }
	case "~=":
		return func(v value.Env) any { return number(matches(a(v), b(v))) }
	case "<", "<=", ">", ">=":
		return func(v value.Env) any { return number(value.Compare(op, a(v), b(v))) }
	case "+":
		return func(v value.Env) any { return value.Add(a(v), b(v)) }
	}
	f := arithmetic(op)
	return func(v value.Env) any { return f(value.Number(a(v)), value.Number(b(v))) }
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

// isSubset tells whether all of a are among b; what is no list is a list of one.
func isSubset(a, b any) bool {
	among := listOf(b)
	return !slices.ContainsFunc(listOf(a), func(x any) bool {
		x = value.Operand(x, true)
		return !slices.ContainsFunc(among, func(y any) bool { return value.StrictEqual(x, value.Operand(y, true)) })
	})
}

func listOf(v any) []any {
	if list, ok := v.([]any); ok {
		return list
	}
	return []any{v}
}

// mistake is a panic of an expression that cannot be evaluated.
type mistake struct{ err error }

// caught makes the error of a mistake the value of the expression.
func caught(e value.Expression) value.Expression {
	return func(v value.Env) (result any) {
		defer func() {
			switch m := recover().(type) {
			case nil:
			case mistake:
				result = m.err
			default:
				panic(m)
			}
		}()
		return e(v)
	}
}

// matches is the operator ~=: the text has a match of the regular expression.
func matches(text, pattern any) bool {
	re, err := regex.Compile(value.ToString(pattern), "")
	if err != nil {
		panic(mistake{value.UserError("SyntaxError")})
	}
	found, err := re.Matches(value.ToString(text))
	if err != nil {
		panic(mistake{value.UserError(err.Error())})
	}
	return found
}

// least is how many arguments a function takes at least, if not one.
var least = map[string]int{"random": 0, "mod": 2}

// functions are filtrex's, and its later versions' exists, empty and mod.
var functions = map[string]func(v value.Env, args []any) any{
	"abs":    ofNumber(math.Abs),
	"ceil":   ofNumber(math.Ceil),
	"floor":  ofNumber(math.Floor),
	"log":    ofNumber(math.Log),
	"round":  ofNumber(func(f float64) float64 { return math.Floor(f + 0.5) }),
	"sqrt":   ofNumber(math.Sqrt),
	"max":    ofNumbers(math.Inf(-1), math.Max),
	"min":    ofNumbers(math.Inf(1), math.Min),
	"random": func(v value.Env, _ []any) any { return drawn(v) },
	"exists": func(_ value.Env, args []any) any { return number(!value.IsNothing(argument(args, 0))) },
	"empty": func(_ value.Env, args []any) any {
		v := argument(args, 0)
		n, sized := value.Length(v)
		return number(value.IsNothing(v) || sized && n == 0)
	},
	"mod": func(_ value.Env, args []any) any {
		a, b := value.Number(argument(args, 0)), value.Number(argument(args, 1))
		return a - b*math.Floor(a/b)
	},
}

var functionNames = slices.Sorted(maps.Keys(functions))

func argument(args []any, i int) any {
	if i < len(args) {
		return args[i]
	}
	return value.Undefined{}
}

func ofNumber(f func(float64) float64) func(value.Env, []any) any {
	return func(_ value.Env, args []any) any { return f(value.Number(argument(args, 0))) }
}

func ofNumbers(begin float64, f func(a, b float64) float64) func(value.Env, []any) any {
	return func(_ value.Env, args []any) any {
		out := begin
		for _, a := range args {
			out = f(out, value.Number(a))
		}
		return out
	}
}

// drawn is a number from 0 up to 1 of the user's random stream. What has none of its own is not reproducible.
func drawn(v value.Env) float64 {
	if user, ok := v.(interface{ Rand() *rand.Rand }); ok {
		return user.Rand().Float64()
	}
	return rand.Float64() //nolint:gosec // no secret
}
