package scenarios

import "encoding/json"

func jmesSlice(v any, bounds [3]*int) ([]any, bool) {
	list, ok := v.([]any)
	if !ok {
		return nil, false
	}
	n, step := len(list), 1
	if bounds[2] != nil {
		step = *bounds[2]
	}
	low, high := 0, n // of indexes, for either direction
	from, to := 0, n
	if step < 0 {
		low, high = -1, n-1
		from, to = n-1, -1
	}
	bound := func(p *int, missing int) int {
		if p == nil {
			return missing
		}
		i := *p
		if i < 0 {
			i += n
		}
		return min(max(i, low), high)
	}
	out := []any{}
	to = bound(bounds[1], to)
	for i := bound(bounds[0], from); step > 0 && i < to || step < 0 && i > to; i += step {
		out = append(out, list[i])
	}
	return out, true
}

func jmesHash(keys []string, values []jmes) jmes {
	return func(v any) (any, error) {
		if v == nil {
			return nil, nil //nolint:nilnil // null is a value
		}
		o := &Object{}
		for i, key := range keys {
			x, err := values[i](v)
			if err != nil {
				return nil, err
			}
			o.put(key, x)
		}
		return o, nil
	}
}

func (e jmes) then(right jmes) jmes {
	return func(v any) (any, error) {
		x, err := e(v)
		if err != nil {
			return nil, err
		}
		return right(x)
	}
}

func jmesField(name string) jmes {
	return func(v any) (any, error) {
		if o, ok := v.(*Object); ok {
			member, _ := o.Get(name)
			return member, nil
		}
		return nil, nil //nolint:nilnil // null is a value
	}
}

func jmesElements(v any) ([]any, bool) { list, ok := v.([]any); return list, ok }

func jmesValues(v any) ([]any, bool) {
	o, ok := v.(*Object)
	if !ok {
		return nil, false
	}
	list := make([]any, len(o.members))
	for i, m := range o.members {
		list[i] = m.value
	}
	return list, true
}

// jmesFlat merges the lists in a list into it, one level.
func jmesFlat(left jmes) jmes {
	return func(v any) (any, error) {
		x, err := left(v)
		list, ok := x.([]any)
		if err != nil || !ok {
			return nil, err
		}
		out := []any{}
		for _, e := range list {
			if inner, ok := e.([]any); ok {
				out = append(out, inner...)
			} else {
				out = append(out, e)
			}
		}
		return out, nil
	}
}

// jmesTruth: null, false and all that is empty are false; 0 is true.
func jmesTruth(v any) bool {
	switch v := v.(type) {
	case nil:
		return false
	case bool:
		return v
	case string:
		return v != ""
	case []any:
		return len(v) > 0
	case *Object:
		return len(v.members) > 0
	}
	return true
}

func jmesLogic(op string, left, right jmes) jmes {
	return func(v any) (any, error) {
		x, err := left(v)
		if err != nil || jmesTruth(x) == (op == "||") {
			return x, err
		}
		return right(v)
	}
}

func jmesComparison(op string, left, right jmes) jmes {
	return func(v any) (any, error) {
		x, err := left(v)
		if err != nil {
			return nil, err
		}
		y, err := right(v)
		if err != nil {
			return nil, err
		}
		switch op {
		case "==":
			return jmesEqual(x, y), nil
		case "!=":
			return !jmesEqual(x, y), nil
		}
		a, isNumber := x.(json.Number)
		b, areNumbers := y.(json.Number)
		if !isNumber || !areNumbers {
			return nil, nil //nolint:nilnil // order is of numbers only, all else is null
		}
		return compare(op, number(a), number(b)), nil
	}
}

// jmesEqual compares by value; objects whatever the order of their keys.
func jmesEqual(a, b any) bool {
	switch a := a.(type) {
	case json.Number:
		b, ok := b.(json.Number)
		return ok && number(a) == number(b)
	case []any:
		b, ok := b.([]any)
		if !ok || len(a) != len(b) {
			return false
		}
		for i := range a {
			if !jmesEqual(a[i], b[i]) {
				return false
			}
		}
		return true
	case *Object:
		b, ok := b.(*Object)
		if !ok || len(a.members) != len(b.members) {
			return false
		}
		for _, m := range a.members {
			if other, has := b.Get(m.key); !has || !jmesEqual(m.value, other) {
				return false
			}
		}
		return true
	}
	if isCompound(b) {
		return false
	}
	return a == b
}
