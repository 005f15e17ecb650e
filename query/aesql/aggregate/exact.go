package aggregate

import (
	"math"
	"math/big"
)

// exact is a sum of floats without any error: value is the float nearest to the true sum, whatever the order in which
// the parts came. While two floats hold the sum, as they do for numbers of one measure, there is no more to it;
// otherwise all bits are kept.
//
// Infinity and NaN are as in IEEE 754: NaN if there is one, or both infinities.
type exact struct {
	high, low  float64 // high is the nearest float to the sum, low the rest
	all        *allBits
	nan        bool
	plus, less bool // there was an infinity, or minus infinity
}

// twoSum returns the sum of two floats and its error, exactly (Knuth). It has no product that a compiler could fuse.
func twoSum(a, b float64) (sum, rest float64) {
	sum = a + b
	bb := sum - a
	return sum, (a - (sum - bb)) + (b - bb)
}

func (s *exact) add(x float64) {
	sum, rest := twoSum(s.high, x)
	low, lost := twoSum(s.low, rest)
	if s.all == nil && lost == 0 { // not so if anything is infinite or NaN
		s.high, s.low = twoSum(sum, low)
		return
	}
	s.addSlow(x)
}

func (s *exact) addSlow(x float64) {
	switch {
	case math.IsNaN(x):
		s.nan = true
	case math.IsInf(x, 1):
		s.plus = true
	case math.IsInf(x, -1):
		s.less = true
	default:
		s.widen()
		s.all.add(x)
	}
}

// widen keeps all bits from now on.
func (s *exact) widen() {
	if s.all != nil {
		return
	}
	s.all = new(allBits)
	s.all.add(s.high)
	s.all.add(s.low)
	s.high, s.low = 0, 0
}

func (s *exact) merge(o *exact) {
	s.nan, s.plus, s.less = s.nan || o.nan, s.plus || o.plus, s.less || o.less
	if o.all != nil {
		s.widen()
		s.all.merge(o.all)
		return
	}
	s.add(o.high)
	s.add(o.low)
}

// value returns the float nearest to the sum.
func (s *exact) value() float64 {
	switch {
	case s.nan || s.plus && s.less:
		return math.NaN()
	case s.plus:
		return math.Inf(1)
	case s.less:
		return math.Inf(-1)
	case s.all != nil:
		return s.all.value()
	}
	return s.high
}

func (s *exact) size() int {
	if s.all != nil {
		return 40 + 8*limbs + 8
	}
	return 40
}

// A float is a whole number of 2^-1074, which is the lowest bit of the first limb. Limbs have 32 bits and room for 2^28
// additions before carries are due; the largest float and 2^64 of them end in limb 68.
const (
	limbs     = 69
	limbBits  = 32
	lowest    = -1074
	maxAdds   = 1 << 28
	mantissa  = 52
	exponents = 0x7ff
)

// allBits is a sum of finite floats with all its bits.
type allBits struct {
	limb [limbs]int64
	adds int
}

func (a *allBits) add(x float64) {
	word := math.Float64bits(x)
	m, e := int64(word&(1<<mantissa-1)), int(word>>mantissa&exponents)
	if e > 0 { // not subnormal: there is one bit more
		m |= 1 << mantissa
		e--
	}
	if x < 0 {
		m = -m
	}
	at, shift := e/limbBits, e%limbBits
	// m has 53 bits; its lower 31 and upper 22 are shifted by at most 31 each.
	const half = 31
	low, high := m&(1<<half-1), m>>half
	a.put(at, low<<shift)
	at, shift = (e+half)/limbBits, (e+half)%limbBits
	a.put(at, high<<shift)
	if a.adds++; a.adds == maxAdds {
		a.carry()
	}
}

// put adds a number of less than 64 bits at a limb.
func (a *allBits) put(at int, n int64) {
	a.limb[at] += n & (1<<limbBits - 1)
	a.limb[at+1] += n >> limbBits
}

// carry makes all limbs but the last 0 to 2^32-1.
func (a *allBits) carry() {
	for i := range limbs - 1 {
		a.limb[i+1] += a.limb[i] >> limbBits
		a.limb[i] &= 1<<limbBits - 1
	}
	a.adds = 0
}

func (a *allBits) merge(o *allBits) {
	a.carry()
	o.carry()
	for i, n := range o.limb {
		a.limb[i] += n
	}
}

// value returns the nearest float.
func (a *allBits) value() float64 {
	a.carry()
	sum := big.NewInt(a.limb[limbs-1])
	for i := limbs - 2; i >= 0; i-- {
		sum.Lsh(sum, limbBits)
		sum.Add(sum, big.NewInt(a.limb[i]))
	}
	f := new(big.Float).SetInt(sum)
	v, _ := f.SetMantExp(f, lowest).Float64()
	return v
}
