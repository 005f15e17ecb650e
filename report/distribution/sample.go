package distribution

import (
	"maps"
	"math"
	"math/rand/v2"
	"slices"
)

// Sample draws the values of several runs anew, block by block. It holds the counts of every block over the buckets
// that any of them has. It is for one goroutine.
type Sample struct {
	values []float64 // ms, of the buckets
	runs   [][][]cellCount
	sum    []uint64
}

type cellCount struct {
	cell int
	n    uint64
}

// NewSample takes runs, each as its blocks; a block without a value is none.
func NewSample(runs ...[]Counts) *Sample {
	s := &Sample{}
	cells := map[int]int{}
	for _, blocks := range runs {
		for _, counts := range blocks {
			for _, c := range counts {
				cells[c.Index] = 0
			}
		}
	}
	for i, index := range slices.Sorted(maps.Keys(cells)) {
		cells[index] = i
		s.values = append(s.values, float64(bucketMiddle(index))/1e6)
	}
	for _, blocks := range runs {
		s.runs = append(s.runs, cellsOf(blocks, cells))
	}
	s.sum = make([]uint64, len(s.values))
	return s
}

func cellsOf(blocks []Counts, cells map[int]int) (out [][]cellCount) {
	for _, counts := range blocks {
		var block []cellCount
		for _, c := range counts {
			block = append(block, cellCount{cells[c.Index], c.N})
		}
		if len(block) > 0 {
			out = append(out, block)
		}
	}
	return out
}

// Quantiles are rising quantiles (0..1), in milliseconds, of the runs as they are (random nil) or of runs and blocks
// drawn with replacement.
func (s *Sample) Quantiles(qs []float64, random *rand.Rand) []float64 {
	clear(s.sum)
	for i := range s.runs {
		blocks := s.runs[i]
		if random != nil {
			blocks = s.runs[random.IntN(len(s.runs))]
		}
		for j := range blocks {
			block := blocks[j]
			if random != nil {
				block = blocks[random.IntN(len(blocks))]
			}
			for _, c := range block {
				s.sum[c.cell] += c.n
			}
		}
	}
	return s.read(qs)
}

// read takes rising quantiles from the sum.
func (s *Sample) read(qs []float64) []float64 {
	var all uint64
	for _, n := range s.sum {
		all += n
	}
	out := make([]float64, 0, len(qs))
	var seen uint64
	for i, n := range s.sum {
		seen += n
		for len(out) < len(qs) && seen >= uint64(math.Ceil(qs[len(out)]*float64(all))) {
			out = append(out, s.values[i])
		}
	}
	return out
}
