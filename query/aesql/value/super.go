package value

import "fmt"

// Common returns the least type that holds the values of all types: what if, coalesce and arrays give (ClickHouse's
// least supertype). Integers and floats make Float64; UInt64 and a signed type make Int64, in which what is above 2^63-1
// wraps around.
func Common(types ...Type) (Type, error) {
	sum := Of(Nothing)
	nullable := false
	for _, t := range types {
		nullable = nullable || t.Nullable
		next, ok := common(sum, t.NotNull())
		if !ok {
			return Type{}, fmt.Errorf("no type holds both %s and %s: convert one of them, e.g. with toString(x) or toFloat64(x)",
				sum, t)
		}
		sum = next
	}
	sum.Nullable = nullable || sum.Kind == Nothing
	return sum, nil
}

func common(a, b Type) (Type, bool) {
	switch {
	case a.Kind == Nothing || a.Equal(b):
		return b, true
	case b.Kind == Nothing:
		return a, true
	case a.Numeric() && b.Numeric():
		return commonNumber(a, b), true
	case a.Temporal() && b.Temporal():
		return commonTime(a, b), true
	case a.Kind == b.Kind && len(a.Elems) == len(b.Elems) && len(a.Elems) > 0:
		return commonElems(a, b)
	}
	return Type{}, false
}

func commonNumber(a, b Type) Type {
	switch {
	case a.Floating() || b.Floating():
		return Of(Float64)
	case a.Signed() == b.Signed():
		return IntegerOf(a.Signed(), max(a.Width(), b.Width()))
	case a.Signed():
		return IntegerOf(true, max(a.Width(), 2*b.Width()))
	}
	return IntegerOf(true, max(2*a.Width(), b.Width()))
}

// commonTime returns the finer of two types of time, on the clock of the first that has one.
func commonTime(a, b Type) Type {
	fine := a
	if b.Kind > a.Kind {
		fine = b
	}
	fine.Scale = max(a.Scale, b.Scale)
	if fine.Zone = a.Zone; a.Zone == nil {
		fine.Zone = b.Zone
	}
	return fine
}

func commonElems(a, b Type) (Type, bool) {
	elems := make([]Type, len(a.Elems))
	for i := range elems {
		e, err := Common(a.Elems[i], b.Elems[i])
		if err != nil {
			return Type{}, false
		}
		elems[i] = e
	}
	a.Elems = elems
	return a, true
}
