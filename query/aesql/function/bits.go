package function

import (
	"fmt"
	"math/bits"

	"edgescope/query/aesql/value"
)

// bitwise are the functions of bits. They work in the wider type of their arguments, so small literals have 8 bits:
// bitRotateLeft(128, 1) is 1. Floats lose their fraction and are Int64.
var bitwise = []*Function{
	bitFunction("bitAnd", "a, b", 2, bindBits(func(_ value.Type, x, y uint64) uint64 { return x & y })),
	bitFunction("bitOr", "a, b", 2, bindBits(func(_ value.Type, x, y uint64) uint64 { return x | y })),
	bitFunction("bitXor", "a, b", 2, bindBits(func(_ value.Type, x, y uint64) uint64 { return x ^ y })),
	bitFunction("bitNot", "a", 1, bindBits(func(_ value.Type, x, _ uint64) uint64 { return ^x })),
	bitFunction("bitShiftLeft", "a, n", 2, bindMove(shiftLeft)),
	bitFunction("bitShiftRight", "a, n", 2, bindMove(shiftRight)),
	bitFunction("bitRotateLeft", "a, n", 2, bindMove(func(t value.Type, x, n uint64) uint64 { return rotate(t, x, int(n)) })),
	bitFunction("bitRotateRight", "a, n", 2, bindMove(func(t value.Type, x, n uint64) uint64 { return rotate(t, x, -int(n)) })),
	bitCounter("bitTest", "a, n", 2, bindBitTest),
	bitCounter("bitCount", "a", 1, bindBitCount),
	bitCounter("bitHammingDistance", "a, b", 2, bindHamming),
}

func bitFunction(name, args string, count int, bind func(call) (Bound, error)) *Function {
	return &Function{Name: name, Args: args, Result: "the wider type", Cloudflare: true, least: count, most: count, bind: bind}
}

func bitCounter(name, args string, count int, bind func(call) (Bound, error)) *Function {
	f := bitFunction(name, args, count, bind)
	f.Result = "UInt8"
	return f
}

// bitType returns the type in which the arguments' bits are taken.
func (c call) bitType() value.Type {
	signed, width := false, 1
	for _, a := range c.args {
		signed = signed || a.Type.Signed() || a.Type.Floating()
		width = max(width, a.Type.Width())
	}
	return value.IntegerOf(signed, width)
}

// fit returns the bits of a number of type t: cut to its width, and as many ones or zeros before as its sign says.
func fit(t value.Type, x uint64) uint64 {
	cut := 64 - 8*t.Width()
	if t.Signed() {
		return uint64(int64(x<<cut) >> cut)
	}
	return x << cut >> cut
}

// low returns the bits of a number of type t without those that its sign puts before.
func low(t value.Type, x uint64) uint64 {
	cut := 64 - 8*t.Width()
	return x << cut >> cut
}

// pair returns the bits of one or two arguments.
func (c call) pair() func(args []value.Value) (x, y uint64, err error) {
	first := c.whole(0)
	second := func(value.Value) (int64, error) { return 0, nil }
	if len(c.args) > 1 {
		second = c.whole(1)
	}
	return func(args []value.Value) (x, y uint64, err error) {
		a, err := first(args[0])
		if err != nil {
			return 0, 0, err
		}
		b, err := second(args[len(args)-1])
		return uint64(a), uint64(b), err
	}
}

// bindBits applies op in the type of the arguments, cut to its width.
func bindBits(op func(t value.Type, x, y uint64) uint64) func(call) (Bound, error) {
	return func(c call) (Bound, error) {
		if err := c.integersFrom(0); err != nil {
			return Bound{}, err
		}
		t, pair := c.bitType(), c.pair()
		return Bound{Type: t, Eval: func(args []value.Value) (value.Value, error) {
			x, y, err := pair(args)
			return value.Uint(fit(t, op(t, x, y))), err
		}}, nil
	}
}

// bindMove is bindBits for a number of places, which must not be negative.
func bindMove(op func(t value.Type, x, n uint64) uint64) func(call) (Bound, error) {
	return func(c call) (Bound, error) {
		b, err := bindBits(op)(c)
		if err != nil {
			return b, err
		}
		eval, unsigned, n := b.Eval, c.args[1].Type.Unsigned(), c.whole(1)
		if unsigned {
			return b, nil
		}
		b.Eval = func(args []value.Value) (value.Value, error) {
			if places, err := n(args[1]); err != nil || places < 0 {
				return value.Value{}, negativePlaces(c.name, places, err)
			}
			return eval(args)
		}
		return b, nil
	}
}

func negativePlaces(name string, n int64, err error) error {
	if err != nil {
		return err
	}
	return fmt.Errorf("%s by %d: the number of places must not be negative", name, n)
}

func shiftLeft(t value.Type, x, n uint64) uint64 {
	if n >= uint64(8*t.Width()) {
		return 0
	}
	return x << n
}

func shiftRight(t value.Type, x, n uint64) uint64 {
	if t.Signed() {
		return uint64(int64(fit(t, x)) >> min(n, 63))
	}
	if n >= uint64(8*t.Width()) {
		return 0
	}
	return fit(t, x) >> n
}

func rotate(t value.Type, x uint64, n int) uint64 {
	switch t.Width() {
	case 1:
		return uint64(bits.RotateLeft8(uint8(x), n))
	case 2:
		return uint64(bits.RotateLeft16(uint16(x), n))
	case 4:
		return uint64(bits.RotateLeft32(uint32(x), n))
	}
	return bits.RotateLeft64(x, n)
}

// bindBitTest is the n-th bit from the right, counted from 0; there are no ones beyond the width.
func bindBitTest(c call) (Bound, error) {
	if err := c.integersFrom(0); err != nil {
		return Bound{}, err
	}
	a, pair := c.args[0].Type, c.pair()
	if a.Floating() {
		a = value.Of(value.Int64)
	}
	return Bound{Type: value.Of(value.UInt8), Eval: func(args []value.Value) (value.Value, error) {
		x, n, err := pair(args)
		return value.Bool(n < 64 && low(a, x)>>n&1 == 1), err
	}}, nil
}

// bindBitCount counts ones; of a float those of its 64 bits in memory (ClickHouse).
func bindBitCount(c call) (Bound, error) {
	if err := c.numbers(); err != nil {
		return Bound{}, err
	}
	t := c.args[0].Type
	return Bound{Type: value.Of(value.UInt8), Eval: func(args []value.Value) (value.Value, error) {
		return value.Int(int64(bits.OnesCount64(low(t, args[0].Bits)))), nil
	}}, nil
}

// bindHamming counts the places at which the bits of two numbers differ.
func bindHamming(c call) (Bound, error) {
	if err := c.integersFrom(0); err != nil {
		return Bound{}, err
	}
	t, pair := c.bitType(), c.pair()
	return Bound{Type: value.Of(value.UInt8), Eval: func(args []value.Value) (value.Value, error) {
		x, y, err := pair(args)
		return value.Int(int64(bits.OnesCount64(low(t, x^y)))), err
	}}, nil
}
