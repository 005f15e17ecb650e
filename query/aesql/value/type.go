// Package value has the values of Analytics Engine SQL: their types by ClickHouse's names, how they compare, become
// text, and change from one type to another.
package value

import (
	"strconv"
	"strings"
	"time"
)

// Kind is what a type is without its parameters.
type Kind uint8

// Kinds in the order of ClickHouse's documentation. The value of each stands in Value.Bits, if nothing else is said.
const (
	Nothing    Kind = iota // of the literal NULL
	UInt8                  //
	UInt16                 //
	UInt32                 //
	UInt64                 //
	Int8                   // two's complement over all 64 bits, as every Int
	Int16                  //
	Int32                  //
	Int64                  //
	Float64                // math.Float64bits
	Weight                 // the sample interval: UInt32 by name, yet a float64, since a data point may say 1.5
	WeightSum              // a sum of sample intervals: UInt64 by name, a float64 inside
	String                 // Value.Text
	Date                   // days since 1970-01-01
	DateTime               // seconds since 1970, 0 to MaxDateTime
	DateTime64             // 10^-Scale seconds since 1970
	Interval               // how many of Type.Unit
	Array                  // Value.Items
	Tuple                  // Value.Items
)

// Unit is the unit of an interval.
type Unit uint8

// Units from the smallest to the largest.
const (
	Millisecond Unit = iota
	Second
	Minute
	Hour
	Day
	Week
	Month
	Quarter
	Year
)

// Type is the static type of an expression.
type Type struct {
	Kind     Kind
	Nullable bool           // a value may be NULL: only where nullif, NULL and the like are at work
	Scale    uint8          // DateTime64: decimal places, 0 to 9
	Unit     Unit           // Interval
	Zone     *time.Location // DateTime, DateTime64: where its clock hangs, if the question names a place; nil is UTC
	Elems    []Type         // Array: one; Tuple: each
}

// Of returns the type of a kind that has no parameters.
func Of(k Kind) Type { return Type{Kind: k} }

// ArrayOf returns the type of arrays of a type.
func ArrayOf(elem Type) Type { return Type{Kind: Array, Elems: []Type{elem}} }

// DateTimeIn returns the type of times on the clock of a place, nil for UTC.
func DateTimeIn(zone *time.Location) Type { return Type{Kind: DateTime, Zone: zone} }

// Elem returns the type of an array's elements.
func (t Type) Elem() Type { return t.Elems[0] }

// Null returns the type that is t or NULL.
func (t Type) Null() Type {
	t.Nullable = true
	return t
}

// NotNull returns the type without NULL.
func (t Type) NotNull() Type {
	t.Nullable = false
	return t
}

// Location returns where the type's clock hangs, never nil.
func (t Type) Location() *time.Location {
	if t.Zone == nil {
		return time.UTC
	}
	return t.Zone
}

// kindNames are ClickHouse's names of kinds. The sample interval is UInt32 in Analytics Engine.
var kindNames = [...]string{
	Nothing: "Nothing",
	UInt8:   "UInt8", UInt16: "UInt16", UInt32: "UInt32", UInt64: "UInt64",
	Int8: "Int8", Int16: "Int16", Int32: "Int32", Int64: "Int64",
	Float64: "Float64", Weight: "UInt32", WeightSum: "UInt64",
	String: "String", Date: "Date", DateTime: "DateTime", DateTime64: "DateTime64", Interval: "Interval",
	Array: "Array", Tuple: "Tuple",
}

var unitNames = [...]string{
	Millisecond: "Millisecond", Second: "Second", Minute: "Minute", Hour: "Hour", Day: "Day", Week: "Week",
	Month: "Month", Quarter: "Quarter", Year: "Year",
}

// String returns the unit's name, as in IntervalDay.
func (u Unit) String() string { return unitNames[u] }

// UnitByName returns the unit of a name in any case, in the singular or plural: DAY, hours.
func UnitByName(name string) (Unit, bool) {
	for u, n := range unitNames {
		if strings.EqualFold(name, n) || strings.EqualFold(name, n+"s") {
			return Unit(u), true
		}
	}
	return 0, false
}

// String returns the type's name as ClickHouse writes it and as it stands in an answer's meta: DateTime,
// DateTime('Europe/Lisbon'), Array(String), Nullable(Float64).
func (t Type) String() string {
	if t.Nullable {
		return "Nullable(" + t.NotNull().String() + ")"
	}
	name := kindNames[t.Kind]
	switch t.Kind {
	case DateTime:
		if t.Zone != nil {
			return name + "('" + t.Zone.String() + "')"
		}
	case DateTime64:
		name += "(" + strconv.Itoa(int(t.Scale))
		if t.Zone != nil {
			name += ", '" + t.Zone.String() + "'"
		}
		return name + ")"
	case Interval:
		return name + t.Unit.String()
	case Array, Tuple:
		names := make([]string, len(t.Elems))
		for i, e := range t.Elems {
			names[i] = e.String()
		}
		return name + "(" + strings.Join(names, ", ") + ")"
	}
	return name
}

// Equal tells whether two types are the same in all their parts.
func (t Type) Equal(o Type) bool { return t.String() == o.String() && t.Kind == o.Kind }

// Unsigned tells whether values are unsigned integers.
func (t Type) Unsigned() bool { return t.Kind >= UInt8 && t.Kind <= UInt64 }

// Signed tells whether values are signed integers.
func (t Type) Signed() bool { return t.Kind >= Int8 && t.Kind <= Int64 }

// Integer tells whether values are integers.
func (t Type) Integer() bool { return t.Kind >= UInt8 && t.Kind <= Int64 }

// Floating tells whether values are float64 inside: Float64, and sample intervals with their sums.
func (t Type) Floating() bool { return t.Kind >= Float64 && t.Kind <= WeightSum }

// Numeric tells whether values are integers or floats.
func (t Type) Numeric() bool { return t.Kind >= UInt8 && t.Kind <= WeightSum }

// Temporal tells whether values are dates or times.
func (t Type) Temporal() bool { return t.Kind >= Date && t.Kind <= DateTime64 }

// Width returns the bytes of a number: 1, 2, 4 or 8; of anything else 0.
func (t Type) Width() int {
	switch {
	case t.Integer():
		return 1 << ((t.Kind - UInt8) % 4)
	case t.Floating():
		return 8
	}
	return 0
}

// IntegerOf returns the integer type of a width in bytes, of which what is no width of an integer takes the next, and
// what is above 8 is 8.
func IntegerOf(signed bool, width int) Type {
	first := UInt8
	if signed {
		first = Int8
	}
	for i := range Kind(3) {
		if width <= 1<<i {
			return Of(first + i)
		}
	}
	return Of(first + 3)
}

// TypeOfUint returns the smallest unsigned type that holds n: the type of the literal n.
func TypeOfUint(n uint64) Type {
	for _, k := range []Kind{UInt8, UInt16, UInt32} {
		if n>>(8*Of(k).Width()) == 0 {
			return Of(k)
		}
	}
	return Of(UInt64)
}

// TypeOfInt returns the smallest signed type that holds n: the type of the literal of a negative n.
func TypeOfInt(n int64) Type {
	for _, k := range []Kind{Int8, Int16, Int32} {
		if shift := 64 - 8*Of(k).Width(); n<<shift>>shift == n {
			return Of(k)
		}
	}
	return Of(Int64)
}
