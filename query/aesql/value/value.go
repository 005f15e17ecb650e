package value

import "math"

// Value is one value. The static type of its expression says how to read it: see the kinds. The Text of a value that a
// row or a function gives may be part of a buffer that lives until the next row: who keeps it clones it (Clone).
type Value struct {
	Text  string
	Bits  uint64
	items *[]Value
	Null  bool
}

// Arg is an argument of a function or aggregate at the time of binding. Const is its value where it is the same for
// all rows.
type Arg struct {
	Type  Type
	Const *Value
}

// MaxDateTime is the last second of a DateTime, 2106-02-07 06:28:15 UTC. What is later becomes it, what is before 1970
// becomes 1970 (ClickHouse's date_time_overflow_behavior saturate).
const MaxDateTime = math.MaxUint32

// Uint returns the value of an unsigned integer.
func Uint(n uint64) Value { return Value{Bits: n} }

// Int returns the value of a signed integer, a Date, a DateTime or an interval.
func Int(n int64) Value { return Value{Bits: uint64(n)} }

// Float returns the value of a Float64, Weight or WeightSum.
func Float(f float64) Value { return Value{Bits: math.Float64bits(f)} }

// Text returns the value of a String.
func Text(s string) Value { return Value{Text: s} }

// Bool returns the UInt8 1 or 0.
func Bool(b bool) Value {
	if b {
		return Value{Bits: 1}
	}
	return Value{}
}

// List returns the value of an Array or Tuple, which keeps the slice.
func List(items []Value) Value { return Value{items: &items} }

// None returns NULL.
func None() Value { return Value{Null: true} }

// Int returns the integer, day, time or number of units that the value is.
func (v Value) Int() int64 { return int64(v.Bits) }

// Float returns the float that a value of a floating type is.
func (v Value) Float() float64 { return math.Float64frombits(v.Bits) }

// Items returns the elements of an Array or Tuple. The caller must not change them.
func (v Value) Items() []Value {
	if v.items == nil {
		return nil
	}
	return *v.items
}

// Number returns the value of a number of kind k as float64, which integers beyond 2^53 are rounded to. A Date, DateTime
// or DateTime64 is its number of days, seconds or ticks.
func (k Kind) Number(v Value) float64 {
	switch {
	case k >= Float64 && k <= WeightSum:
		return v.Float()
	case k == UInt64:
		return float64(v.Bits)
	}
	return float64(v.Int())
}

// Number is Kind.Number.
func (t Type) Number(v Value) float64 { return t.Kind.Number(v) }

// True tells whether a value of kind k counts as true in WHERE, HAVING, AND and if: a number that is not 0 (NaN is
// true). NULL is not true.
func (k Kind) True(v Value) bool {
	if k >= Float64 && k <= WeightSum {
		return !v.Null && v.Float() != 0
	}
	return !v.Null && v.Bits != 0
}

// True is Kind.True.
func (t Type) True(v Value) bool { return t.Kind.True(v) }
