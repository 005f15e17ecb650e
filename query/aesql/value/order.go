package value

import (
	"cmp"
	"encoding/binary"
	"math"
	"strings"
)

// Compare returns how two values of type t are ordered: -1, 0 or 1. NaN is greater than every number and equal to
// itself, NULL greater than everything, -0 equal to 0. Texts go by bytes; arrays and tuples by the first element that
// differs.
func (t Type) Compare(a, b Value) int {
	switch {
	case a.Null || b.Null:
		return cmp.Compare(truth(a.Null), truth(b.Null))
	case t.Floating():
		return compareFloats(a.Float(), b.Float())
	case t.Unsigned():
		return cmp.Compare(a.Bits, b.Bits)
	case t.Kind == String:
		return strings.Compare(a.Text, b.Text)
	case t.Kind == Array || t.Kind == Tuple:
		return t.compareItems(a.Items(), b.Items())
	}
	return cmp.Compare(a.Int(), b.Int())
}

func compareFloats(a, b float64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return cmp.Compare(truth(math.IsNaN(a)), truth(math.IsNaN(b)))
}

func (t Type) compareItems(a, b []Value) int {
	for i := range min(len(a), len(b)) {
		if c := t.item(i).Compare(a[i], b[i]); c != 0 {
			return c
		}
	}
	return cmp.Compare(len(a), len(b))
}

// item returns the type of the i-th element of an array or tuple.
func (t Type) item(i int) Type {
	if t.Kind == Array {
		return t.Elems[0]
	}
	return t.Elems[i]
}

func truth(b bool) int {
	if b {
		return 1
	}
	return 0
}

// Sort returns how ORDER BY puts two values of type t: NaN and then NULL come last, in whichever direction (ClickHouse's
// NULLS LAST).
func (t Type) Sort(a, b Value, descending bool) int {
	c := t.Compare(a, b)
	if c == 0 || !descending {
		return c
	}
	if a.Null || b.Null || t.Floating() && (math.IsNaN(a.Float()) || math.IsNaN(b.Float())) {
		return c
	}
	return -c
}

// nan is what every NaN is in a key.
var nan = math.Float64bits(math.NaN())

// Key returns the bits that identify a value whose type has its value in Bits (Fixed). 0 and -0 are one value, and so
// are all NaN.
func (t Type) Key(v Value) uint64 {
	if !t.Floating() {
		return v.Bits
	}
	switch f := v.Float(); {
	case f == 0:
		return 0
	case math.IsNaN(f):
		return nan
	}
	return v.Bits
}

// Fixed tells whether values of the type stand in Value.Bits alone, so that Key identifies them.
func (t Type) Fixed() bool { return t.Kind < String && !t.Nullable || t.Temporal() && !t.Nullable }

// AppendKey appends bytes that identify a value of type t: two values have the same bytes where GROUP BY and DISTINCT
// take them for one. No key is the beginning of another of the same type, so that keys of several columns stand behind
// one another.
func (t Type) AppendKey(dst []byte, v Value) []byte {
	if t.Nullable {
		dst = append(dst, byte(truth(v.Null)))
		if v.Null {
			return dst
		}
	}
	switch t.Kind {
	case String:
		dst = binary.AppendUvarint(dst, uint64(len(v.Text)))
		return append(dst, v.Text...)
	case Array, Tuple:
		items := v.Items()
		dst = binary.AppendUvarint(dst, uint64(len(items)))
		for i, item := range items {
			dst = t.item(i).AppendKey(dst, item)
		}
		return dst
	}
	return binary.LittleEndian.AppendUint64(dst, t.Key(v))
}

// Clone returns a value that shares no memory with v's texts.
func (t Type) Clone(v Value) Value {
	switch t.Kind {
	case String:
		v.Text = strings.Clone(v.Text)
	case Array, Tuple:
		items := make([]Value, len(v.Items()))
		for i, item := range v.Items() {
			items[i] = t.item(i).Clone(item)
		}
		v.items = &items
	}
	return v
}

// Size returns the bytes of memory that a value takes, near enough to bound memory by.
func (t Type) Size(v Value) int {
	const itself = 48
	size := itself + len(v.Text)
	for i, item := range v.Items() {
		size += t.item(i).Size(item)
	}
	return size
}
