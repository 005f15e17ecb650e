package pace

import (
	"math"
	"math/rand/v2"
	"sync/atomic"
	"time"
)

// Chance are arrivals of a Poisson process whose rate goes in steps. The process has no memory: each block of steps has
// a number of arrivals and places of its own, drawn from the seed and the number of the block when they are asked for.
type Chance struct {
	steps    Steps
	perBlock uint64 // steps
	blocks   uint64
	seed     [2]uint64
	table    table
	total    uint64
	last     atomic.Pointer[block] // the block that was drawn last: arrivals are asked for in their order
}

// block is a drawn block.
type block struct {
	index, first uint64 // first is the number of its first arrival
	times        []time.Duration
}

const (
	// blockArrivals is how many arrivals a block is to have: few enough to draw between two arrivals.
	blockArrivals = 1024
	// maxBlocks bounds the work of counting; longer stretches have larger blocks.
	maxBlocks = 1 << 20
)

// NewChance draws how many arrivals there are. The two seeds fix everything.
func NewChance(s Steps, seed1, seed2 uint64) *Chance {
	c := &Chance{steps: s, seed: [2]uint64{seed1, seed2}}
	most := max(s.From, s.To)
	want := max(blockArrivals, most*s.Length.Seconds()/maxBlocks) // expected arrivals of a block
	if s.From == s.To && most > 0 {
		c.steps.Width = time.Duration(min(want/most*1e9, float64(max(s.Length, 1))))
	}
	c.steps.Width = max(c.steps.Width, 1)
	c.perBlock = max(uint64(want/max(most*c.steps.Width.Seconds(), 1e-9)), 1)
	c.blocks = (c.steps.n() + c.perBlock - 1) / c.perBlock
	c.table, c.total = newTable(c.blocks, c.count)
	return c
}

// random is the stream of a block. Its first numbers are how many arrivals the block has, what follows is their places.
func (c *Chance) random(index uint64) *rand.Rand {
	return rand.New(rand.NewPCG(c.seed[0]^0x9e3779b97f4a7c15*(index+1), c.seed[1])) //nolint:gosec // reproducible on purpose
}

// expected is how many arrivals a block has in the mean.
func (c *Chance) expected(index uint64) float64 {
	sum := 0.0
	for step := index * c.perBlock; step < min((index+1)*c.perBlock, c.steps.n()); step++ {
		_, width := c.steps.stretch(step)
		sum += c.steps.rate(step) * width.Seconds()
	}
	return sum
}

func (c *Chance) count(index uint64) uint64 { return poisson(c.random(index), c.expected(index)) }

// draw makes the arrivals of a block: given their number, they are where the integral of the rate has grown by shares
// that gaps of exponential length cut it into.
func (c *Chance) draw(index uint64) []time.Duration {
	random, expected := c.random(index), c.expected(index)
	n := poisson(random, expected)
	shares := make([]float64, n)
	sum := 0.0
	for i := range shares {
		sum += random.ExpFloat64()
		shares[i] = sum
	}
	sum += random.ExpFloat64()
	times := make([]time.Duration, n)
	step, passed := index*c.perBlock, 0.0 // passed: expected arrivals before the step
	for i, share := range shares {
		at := share / sum * expected
		_, width := c.steps.stretch(step)
		for last := min((index+1)*c.perBlock, c.steps.n()) - 1; step < last; step++ {
			if _, width = c.steps.stretch(step); at < passed+c.steps.rate(step)*width.Seconds() {
				break
			}
			passed += c.steps.rate(step) * width.Seconds()
		}
		start, _ := c.steps.stretch(step)
		if rate := c.steps.rate(step); rate > 0 {
			start += min(time.Duration(max(at-passed, 0)/rate*1e9), max(width-1, 0))
		}
		times[i] = start
	}
	return times
}

// block is one with its arrivals.
func (c *Chance) block(index, first uint64) *block {
	if b := c.last.Load(); b != nil && b.index == index {
		return b
	}
	b := &block{index, first, c.draw(index)}
	c.last.Store(b)
	return b
}

// Count implements [Pace].
func (c *Chance) Count() uint64 { return c.total }

// At implements [Pace].
func (c *Chance) At(i uint64) time.Duration {
	b := c.last.Load()
	if b == nil || i < b.first || i-b.first >= uint64(len(b.times)) {
		b = c.block(c.table.find(i, c.count))
	}
	return b.times[i-b.first]
}

// Before implements [Pace].
func (c *Chance) Before(t time.Duration) uint64 {
	if t <= 0 || c.total == 0 {
		return 0
	}
	index := c.steps.step(t-1) / c.perBlock
	b := c.block(index, c.table.before(index, c.count))
	n := uint64(0)
	for n < uint64(len(b.times)) && b.times[n] < t {
		n++
	}
	return b.first + n
}

// Rate implements [Pace]: the rate that the script asks for.
func (c *Chance) Rate(t time.Duration) float64 { return c.steps.rate(c.steps.step(t)) }

// Ends implements [Pace].
func (c *Chance) Ends() (first, last float64) { return c.steps.From, c.steps.To }

// poisson draws a number of a Poisson distribution. Small means are drawn by their gaps; others by Hörmann's PTRS ("The
// transformed rejection method for generating Poisson random variables", 1993), in a few steps whatever the mean.
func poisson(random *rand.Rand, mean float64) uint64 {
	if mean < 10 {
		n := uint64(0)
		for sum := random.ExpFloat64(); sum < mean; sum += random.ExpFloat64() {
			n++
		}
		return n
	}
	b := 0.931 + 2.53*math.Sqrt(mean)
	a := -0.059 + 0.02483*b
	inverse := 1.1239 + 1.1328/(b-3.4)
	fast := 0.9277 - 3.6224/(b-2)
	for {
		u, v := random.Float64()-0.5, random.Float64()
		us := 0.5 - math.Abs(u)
		k := math.Floor((2*a/us+b)*u + mean + 0.43)
		switch {
		case us >= 0.07 && v <= fast:
			return uint64(k)
		case k < 0, us < 0.013 && v > us:
			continue
		}
		log, _ := math.Lgamma(k + 1)
		if math.Log(v)+math.Log(inverse)-math.Log(a/(us*us)+b) <= k*math.Log(mean)-mean-log {
			return uint64(k)
		}
	}
}
