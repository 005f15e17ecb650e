package judge

// Monotone returns the non-decreasing values that are nearest to ys by the sum of squares, each weighted: isotonic
// regression by pooling adjacent violators (Ayer et al., An empirical distribution function for sampling with incomplete
// information, 1955). ys and weights have one length; weights are above 0.
func Monotone(ys, weights []float64) []float64 {
	type block struct {
		sum, weight float64
		n           int
	}
	var blocks []block
	for i, y := range ys {
		blocks = append(blocks, block{y * weights[i], weights[i], 1})
		for len(blocks) > 1 {
			last, before := blocks[len(blocks)-1], &blocks[len(blocks)-2]
			if before.sum/before.weight <= last.sum/last.weight {
				break
			}
			*before = block{before.sum + last.sum, before.weight + last.weight, before.n + last.n}
			blocks = blocks[:len(blocks)-1]
		}
	}
	fit := make([]float64, 0, len(ys))
	for _, b := range blocks {
		for range b.n {
			fit = append(fit, b.sum/b.weight)
		}
	}
	return fit
}
