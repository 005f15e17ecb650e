package pbwire

import "math"

// Double reads a double.
func (f *Message) Double() float64 { return math.Float64frombits(f.Fixed64()) }

// List64 reads a repeated field of 64-bit values, packed or one by one. A packed list that occurs again replaces the
// one before, as in the OpenTelemetry Collector; one value more is added.
func (f *Message) List64(list []float64, number func(uint64) float64) []float64 {
	if f.Typ != WireBytes {
		return append(list, number(f.Fixed64()))
	}
	list = list[:0]
	m := f.Message()
	for m.Pos < len(m.B) && m.Err == nil {
		list = append(list, number(m.take64()))
	}
	f.Err = m.Err
	return list
}

// ListVarint reads a repeated field of base-128 numbers, as list64 does.
func (f *Message) ListVarint(list []float64) []float64 {
	if f.Typ != WireBytes {
		return append(list, float64(f.Varint()))
	}
	list = list[:0]
	m := f.Message()
	for m.Pos < len(m.B) && m.Err == nil {
		list = append(list, float64(m.uvarint()))
	}
	f.Err = m.Err
	return list
}

// Zigzag32 decodes a sint32.
func Zigzag32(n uint64) int32 {
	u := uint32(n) // the field has 32 bits
	return int32(u>>1) ^ -int32(u&1)
}
