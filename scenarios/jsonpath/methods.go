package jsonpath

import (
	"math"
	"slices"
	"strconv"
	"strings"

	"edgescope/scenarios/value"
)

// arguments are those of a call. What is not given is undefined.
type arguments []any

func (a arguments) at(i int) any {
	if i < len(a) {
		return a[i]
	}
	return value.Undefined{}
}

func (a arguments) given(i int) bool {
	_, missing := a.at(i).(value.Undefined)
	return !missing
}

func (a arguments) text(i int) string { return value.ToString(a.at(i)) }

// whole is an argument as a whole number; missing stands for one that is not given.
func (a arguments) whole(i int, missing float64) float64 {
	if !a.given(i) {
		return missing
	}
	f := math.Trunc(value.Number(a.at(i)))
	if math.IsNaN(f) {
		return 0
	}
	return f
}

// place is an index argument within a length; a negative one counts from the end.
func (a arguments) place(i, length int, missing float64) int {
	f := a.whole(i, missing)
	if f < 0 {
		f = max(f+float64(length), 0)
	}
	return int(min(f, float64(length)))
}

// methodOf finds a method by the type of what it is called of, nil if there is none.
func methodOf(v any, name string) function {
	var f function
	switch v.(type) {
	case string:
		f = textMethods()[name]
	case []any:
		f = listMethods[name]
	case float64:
		f = numberMethods[name]
	case *pattern:
		f = patternMethods[name]
	}
	if f == nil {
		f = anyMethods[name]
	}
	return f
}

var anyMethods = map[string]function{
	"toString":       func(_ *scene, of any, _ arguments) (any, error) { return value.ToString(of), nil },
	"toLocaleString": func(_ *scene, of any, _ arguments) (any, error) { return value.ToString(of), nil },
	"valueOf":        func(_ *scene, of any, _ arguments) (any, error) { return of, nil },
	"hasOwnProperty": func(_ *scene, of any, args arguments) (any, error) {
		_, ok := value.Inside(of, []string{args.text(0)})
		return ok, nil
	},
}

var numberMethods = map[string]function{
	"toFixed": func(_ *scene, of any, args arguments) (any, error) {
		f, digits := value.Number(of), args.whole(0, 0)
		if digits < 0 || digits > 100 {
			return nil, typeError("RangeError: toFixed() digits argument must be between 0 and 100")
		}
		if math.Abs(f) >= 1e21 || math.IsNaN(f) {
			return value.ToString(f), nil
		}
		return strconv.FormatFloat(f, 'f', int(digits), 64), nil
	},
	"toString": func(_ *scene, of any, args arguments) (any, error) {
		f, radix := value.Number(of), args.whole(0, 10)
		switch {
		case radix < 2 || radix > 36:
			return nil, typeError("RangeError: toString() radix must be between 2 and 36")
		case radix == 10 || f != math.Trunc(f) || math.Abs(f) > 1<<53:
			return value.ToString(f), nil
		}
		return strconv.FormatInt(int64(f), int(radix)), nil
	},
}

var listMethods = map[string]function{
	"at": func(_ *scene, of any, args arguments) (any, error) {
		list := elements(of)
		i := args.whole(0, 0)
		if i < 0 {
			i += float64(len(list))
		}
		if i < 0 || i >= float64(len(list)) {
			return value.Undefined{}, nil
		}
		return value.Operand(list[int(i)], true), nil
	},
	"concat": func(_ *scene, of any, args arguments) (any, error) {
		out := slices.Clone(elements(of))
		for _, a := range args {
			if more, ok := a.([]any); ok {
				out = append(out, more...)
			} else {
				out = append(out, a)
			}
		}
		return out, nil
	},
	"includes": func(_ *scene, of any, args arguments) (any, error) {
		nan := func(v any) bool { f, ok := v.(float64); return ok && math.IsNaN(f) }
		want := args.at(0)
		list := elements(of)
		return slices.ContainsFunc(list[args.place(1, len(list), 0):], func(v any) bool {
			v = value.Operand(v, true)
			return value.StrictEqual(v, want) || nan(v) && nan(want)
		}), nil
	},
	"indexOf": func(_ *scene, of any, args arguments) (any, error) {
		list := elements(of)
		from := args.place(1, len(list), 0)
		for i, v := range list[from:] {
			if value.StrictEqual(value.Operand(v, true), args.at(0)) {
				return float64(from + i), nil
			}
		}
		return -1.0, nil
	},
	"lastIndexOf": func(_ *scene, of any, args arguments) (any, error) {
		for i, v := range slices.Backward(elements(of)) {
			if value.StrictEqual(value.Operand(v, true), args.at(0)) {
				return float64(i), nil
			}
		}
		return -1.0, nil
	},
	"join": func(s *scene, of any, args arguments) (any, error) {
		sep := ","
		if args.given(0) {
			sep = args.text(0)
		}
		list := elements(of)
		if err := s.meter.room(len(list), len(sep)); err != nil {
			return nil, err
		}
		parts := make([]string, len(list))
		for i, v := range list {
			if !value.IsNothing(v) {
				parts[i] = value.ToString(v)
			}
		}
		return strings.Join(parts, sep), nil
	},
	"slice": func(_ *scene, of any, args arguments) (any, error) {
		list := elements(of)
		from, to := args.place(0, len(list), 0), args.place(1, len(list), math.Inf(1))
		return slices.Clone(list[from:max(from, to)]), nil
	},
	"reverse": func(_ *scene, of any, _ arguments) (any, error) {
		list := slices.Clone(elements(of))
		slices.Reverse(list)
		return list, nil
	},
	"flat": func(s *scene, of any, args arguments) (any, error) {
		return flat(s, nil, elements(of), args.whole(0, 1))
	},
}

func elements(of any) []any {
	list, _ := of.([]any)
	return list
}

func flat(s *scene, out, list []any, depth float64) ([]any, error) {
	for _, v := range list {
		inner, ok := v.([]any)
		if !ok || depth < 1 {
			out = append(out, v)
			continue
		}
		var err error
		if out, err = flat(s, out, inner, depth-1); err != nil {
			return nil, err
		}
	}
	return out, s.meter.check()
}
