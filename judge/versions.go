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
)

// Pair is what two versions did with one route in one block.
type Pair struct{ A, B Share }

// Comparison is how a share differs between two versions.
type Comparison struct {
	// Enough tells whether there are enough events in all blocks; without, the rest means nothing.
	Enough bool
	// Difference is the share under B less that under A, with the same mix of routes.
	Difference float64
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
	switch deviation := math.Sqrt(square / (Blocks - 1)); {
	case deviation > 1e-12:
		c.T = c.Difference / (deviation / math.Sqrt(Blocks))
	case math.Abs(c.Difference) > 1e-12: // the same in all blocks
		c.T = math.Copysign(math.Inf(1), c.Difference)
	}
	c.Sure = math.Abs(c.T) >= surely
	return c
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
