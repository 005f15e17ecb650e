package judge

import "math"

// Blocks is into how many equal parts the time in which two versions serve side by side is cut: each part is one
// observation of their difference.
const Blocks = 10

const (
	// leastInBlock is how many events of each version a block needs.
	leastInBlock = 100
	// surely is the t of nine degrees of freedom above which one of nine tests (three looks at three shares) comes by
	// chance in 1 % of all comparisons: the 1-.01/9 quantile.
	surely = 4.23
	// byChance is the part of comparisons in which a test may be wrong.
	byChance = 0.01
	// t95 is how many standard errors on both sides leave 5 %.
	t95 = 2.262157162798205
)

// Pair is what two versions did with one route in one block.
type Pair struct{ A, B Share }

// Comparison is how a share differs between two versions.
type Comparison struct {
	// Enough tells whether there are enough events in all blocks; without, the rest means nothing.
	Enough bool
	// Difference is the share under B less that under A, with the same mix of routes; Low and High bound it with 95 %.
	Difference, Low, High float64
	// T is the difference over its standard error. Sure tells that it is not by chance.
	T    float64
	Sure bool
}

// Compare compares two versions by the blocks of their common time, each with the pairs of its routes. In a block the
// routes' differences are averaged, each weighted by nA nB/(nA+nB), so that a version that serves other routes is not
// taken for a better or a worse one (the weights of Mantel and Haenszel).
func Compare(blocks [Blocks][]Pair) Comparison {
	c := Comparison{Enough: true}
	var ds [Blocks]float64
	for i, routes := range blocks {
		d, ok := difference(routes)
		if !ok {
			return Comparison{}
		}
		ds[i] = d
		c.Difference += d / Blocks
	}
	square := 0.0
	for _, d := range ds {
		square += (d - c.Difference) * (d - c.Difference)
	}
	stderr := math.Sqrt(square / (Blocks - 1) / Blocks)
	c.Low, c.High = c.Difference-t95*stderr, c.Difference+t95*stderr
	switch {
	case stderr > 1e-12:
		c.T = c.Difference / stderr
	case math.Abs(c.Difference) > 1e-12: // the same in all blocks
		c.T = math.Copysign(math.Inf(1), c.Difference)
	}
	c.Sure = math.Abs(c.T) >= surely
	return c
}

// SureAmong returns the T from which a comparison is sure where so many tests are made of the same versions: that which
// one of them exceeds by chance in 1 % of all cases (Bonferroni). It is 4.23 of nine, and of one and less what one has.
func SureAmong(tests int) float64 {
	p := byChance / float64(max(1, tests))
	low, high := 0.0, 1e6
	for high-low > 1e-9*high {
		if t := (low + high) / 2; aboveT9(t) > p {
			low = t
		} else {
			high = t
		}
	}
	return high
}

// aboveT9 returns the part of Student's t distribution of nine degrees of freedom that is above t (Abramowitz and
// Stegun, Handbook of Mathematical Functions, 26.7.3).
func aboveT9(t float64) float64 {
	angle := math.Atan(t / 3)
	sin, cos := math.Sincos(angle)
	c2 := cos * cos
	within := 2 / math.Pi * (angle + sin*cos*(1+c2*(2./3+c2*(2./3*4/5+c2*2/3*4/5*6/7))))
	return max(0, 1-within) / 2
}

// difference is that of one block; it fails with too few events on either side.
func difference(routes []Pair) (d float64, ok bool) {
	var a, b, weights float64
	for _, r := range routes {
		a, b = a+r.A.N, b+r.B.N
		if r.A.N > 0 && r.B.N > 0 {
			w := r.A.N * r.B.N / (r.A.N + r.B.N)
			d += w * (r.B.Ratio() - r.A.Ratio())
			weights += w
		}
	}
	if a < leastInBlock || b < leastInBlock || weights == 0 {
		return 0, false
	}
	return d / weights, true
}
