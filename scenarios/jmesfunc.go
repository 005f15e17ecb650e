package scenarios

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
)

// jmesFunction is a function of the specification and the kinds of its arguments; a kind of & is an expression.
type jmesFunction struct {
	kinds []string
	many  bool // the last kind may repeat
	call  func(args []jmesArg) (any, error)
}

// jmesArg is an argument: a value, or an expression.
type jmesArg struct {
	value any
	each  jmes
}

func (a jmesArg) list() []any    { list, _ := a.value.([]any); return list }
func (a jmesArg) text() string   { s, _ := a.value.(string); return s }
func (a jmesArg) num() float64   { return number(a.value) }
func (a jmesArg) object() Object { o, _ := a.value.(*Object); return *o }

// jmesKind is the name of a value's type.
func jmesKind(v any) string {
	switch v.(type) {
	case nil:
		return "null"
	case bool:
		return "boolean"
	case json.Number:
		return "number"
	case string:
		return "string"
	case []any:
		return "array"
	}
	return "object"
}

// fits tells whether a value is of a kind: one or several types, or a list of one.
func fits(v any, kind string) bool {
	for k := range strings.SplitSeq(kind, "|") {
		element, isList := strings.CutSuffix(k, "[]")
		list, given := v.([]any)
		switch {
		case k == "any" || jmesKind(v) == k:
			return true
		case isList && given && !slices.ContainsFunc(list, func(e any) bool { return jmesKind(e) != element }):
			return true
		}
	}
	return false
}

// call reads the arguments of a function.
func (p *jmesParser) call(name string) (jmes, error) {
	f, known := jmesFunctions[name]
	if !known {
		return nil, fmt.Errorf("there is no function %q", name)
	}
	var args []jmes
	for !p.take(")") {
		if len(args) > 0 {
			if err := p.want(","); err != nil {
				return nil, err
			}
		}
		isExpression := p.take("&")
		if wanted := f.kind(len(args)) == "&"; wanted != isExpression {
			return nil, fmt.Errorf("argument %d of %s: an expression begins with &", len(args)+1, name)
		}
		e, err := p.expression(0)
		if err != nil {
			return nil, err
		}
		args = append(args, e)
	}
	if len(args) < len(f.kinds) || len(args) > len(f.kinds) && !f.many {
		return nil, fmt.Errorf("%s takes %d arguments, not %d", name, len(f.kinds), len(args))
	}
	return f.apply(name, args), nil
}

func (f *jmesFunction) kind(i int) string { return f.kinds[min(i, len(f.kinds)-1)] }

func (f *jmesFunction) apply(name string, args []jmes) jmes {
	return func(v any) (any, error) {
		given := make([]jmesArg, len(args))
		for i, e := range args {
			if f.kind(i) == "&" {
				given[i].each = e
				continue
			}
			x, err := e(v)
			if err != nil {
				return nil, err
			}
			if !fits(x, f.kind(i)) {
				return nil, fmt.Errorf("%s: argument %d must be %s, not %s", name, i+1, f.kind(i), jmesKind(x))
			}
			given[i].value = x
		}
		return f.call(given)
	}
}

// pure is a function that cannot fail.
func pure(f func(a []jmesArg) any, kinds ...string) *jmesFunction {
	return &jmesFunction{kinds: kinds, call: func(a []jmesArg) (any, error) { return f(a), nil }}
}

func numeric(f func(float64) float64) *jmesFunction {
	return pure(func(a []jmesArg) any { return formatNumber(f(a[0].num())) }, "number")
}

var jmesFunctions = map[string]*jmesFunction{
	"abs":   numeric(math.Abs),
	"ceil":  numeric(math.Ceil),
	"floor": numeric(math.Floor),
	"avg": pure(func(a []jmesArg) any {
		if len(a[0].list()) == 0 {
			return nil
		}
		return formatNumber(jmesSum(a[0].list()) / float64(len(a[0].list())))
	}, "number[]"),
	"sum":         pure(func(a []jmesArg) any { return formatNumber(jmesSum(a[0].list())) }, "number[]"),
	"contains":    pure(jmesContains, "array|string", "any"),
	"starts_with": pure(func(a []jmesArg) any { return strings.HasPrefix(a[0].text(), a[1].text()) }, "string", "string"),
	"ends_with":   pure(func(a []jmesArg) any { return strings.HasSuffix(a[0].text(), a[1].text()) }, "string", "string"),
	"join": pure(func(a []jmesArg) any {
		texts := make([]string, len(a[1].list()))
		for i, e := range a[1].list() {
			texts[i] = textOf(e)
		}
		return strings.Join(texts, a[0].text())
	}, "string", "string[]"),
	"keys": pure(func(a []jmesArg) any {
		list := []any{}
		for _, m := range a[0].object().members {
			list = append(list, m.key)
		}
		return list
	}, "object"),
	"values":    pure(func(a []jmesArg) any { list, _ := jmesValues(a[0].value); return list }, "object"),
	"length":    pure(jmesLength, "string|array|object"),
	"type":      pure(func(a []jmesArg) any { return jmesKind(a[0].value) }, "any"),
	"to_string": pure(func(a []jmesArg) any { return textOf(a[0].value) }, "any"),
	"to_number": pure(jmesToNumber, "any"),
	"to_array": pure(func(a []jmesArg) any {
		if list, ok := a[0].value.([]any); ok {
			return list
		}
		return []any{a[0].value}
	}, "any"),
	"reverse": pure(jmesReverse, "string|array"),
	"sort": pure(func(a []jmesArg) any {
		list := slices.Clone(a[0].list())
		slices.SortStableFunc(list, jmesOrder)
		return list
	}, "number[]|string[]"),
	"max":      pure(func(a []jmesArg) any { return jmesBest(a[0].list(), 1) }, "number[]|string[]"),
	"min":      pure(func(a []jmesArg) any { return jmesBest(a[0].list(), -1) }, "number[]|string[]"),
	"sort_by":  {kinds: []string{"array", "&"}, call: jmesSortBy},
	"max_by":   {kinds: []string{"array", "&"}, call: func(a []jmesArg) (any, error) { return jmesBestBy(a, 1) }},
	"min_by":   {kinds: []string{"array", "&"}, call: func(a []jmesArg) (any, error) { return jmesBestBy(a, -1) }},
	"map":      {kinds: []string{"&", "array"}, call: jmesMap},
	"merge":    {kinds: []string{"object"}, many: true, call: jmesMerge},
	"not_null": {kinds: []string{"any"}, many: true, call: jmesNotNull},
}

func jmesSum(list []any) float64 {
	sum := 0.0
	for _, e := range list {
		sum += number(e)
	}
	return sum
}

func jmesContains(a []jmesArg) any {
	if text, ok := a[0].value.(string); ok {
		part, isText := a[1].value.(string)
		return isText && strings.Contains(text, part)
	}
	return slices.ContainsFunc(a[0].list(), func(e any) bool { return jmesEqual(e, a[1].value) })
}

func jmesLength(a []jmesArg) any {
	if o, ok := a[0].value.(*Object); ok {
		return jsonInt(len(o.members))
	}
	n, _ := lengthOf(a[0].value)
	return jsonInt(n)
}

func jmesToNumber(a []jmesArg) any {
	switch v := a[0].value.(type) {
	case json.Number:
		return v
	case string:
		if v != "" && numberLength(v) == len(v) {
			return json.Number(v)
		}
	}
	return nil
}

func jmesReverse(a []jmesArg) any {
	if text, ok := a[0].value.(string); ok {
		runes := []rune(text)
		slices.Reverse(runes)
		return string(runes)
	}
	list := slices.Clone(a[0].list())
	slices.Reverse(list)
	return list
}

// jmesOrder compares two numbers or two texts.
func jmesOrder(a, b any) int {
	if x, ok := a.(string); ok {
		y, _ := b.(string)
		return strings.Compare(x, y)
	}
	return cmp.Compare(number(a), number(b))
}

func jmesBest(list []any, sign int) any {
	var best any
	for i, e := range list {
		if i == 0 || jmesOrder(e, best)*sign > 0 {
			best = e
		}
	}
	return best
}

// jmesRanks are the values by which a list is ordered: all numbers or all texts.
func jmesRanks(a []jmesArg) ([]any, error) {
	ranks := make([]any, len(a[0].list()))
	for i, e := range a[0].list() {
		var err error
		if ranks[i], err = a[1].each(e); err != nil {
			return nil, err
		}
	}
	if !fits(ranks, "number[]|string[]") {
		return nil, errors.New("the expression must give numbers only, or strings only")
	}
	return ranks, nil
}

func jmesSortBy(a []jmesArg) (any, error) {
	ranks, err := jmesRanks(a)
	if err != nil {
		return nil, err
	}
	order := make([]int, len(ranks))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, j int) int { return jmesOrder(ranks[i], ranks[j]) })
	sorted := make([]any, len(order))
	for i, from := range order {
		sorted[i] = a[0].list()[from]
	}
	return sorted, nil
}

func jmesBestBy(a []jmesArg, sign int) (any, error) {
	ranks, err := jmesRanks(a)
	if err != nil || len(ranks) == 0 {
		return nil, err
	}
	best := 0
	for i := range ranks {
		if jmesOrder(ranks[i], ranks[best])*sign > 0 {
			best = i
		}
	}
	return a[0].list()[best], nil
}

func jmesMap(a []jmesArg) (any, error) {
	out := make([]any, len(a[1].list()))
	for i, e := range a[1].list() {
		var err error
		if out[i], err = a[0].each(e); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func jmesMerge(a []jmesArg) (any, error) {
	merged := &Object{}
	for _, arg := range a {
		for _, m := range arg.object().members {
			merged.put(m.key, m.value)
		}
	}
	return merged, nil
}

func jmesNotNull(a []jmesArg) (any, error) {
	for _, arg := range a {
		if arg.value != nil {
			return arg.value, nil
		}
	}
	return nil, nil //nolint:nilnil // null is a value
}
