package judge

import "math"

// Bucket is a range of a histogram, above Low and up to High, with so many events.
type Bucket struct{ Low, High, N float64 }

// Exceed returns the part of a histogram's events above x, 0 to 1. On an edge of a bucket it is exact; within one the
// events are taken to be spread evenly, which is wrong by half a bucket's events at most. NaN without events.
func Exceed(buckets []Bucket, x float64) float64 {
	above, all := 0.0, 0.0
	for _, b := range buckets {
		all += b.N
		switch {
		case b.Low >= x:
			above += b.N
		case b.High > x && !math.IsInf(b.High, 1):
			above += b.N * (b.High - x) / (b.High - b.Low)
		case b.High > x: // a bucket without an end
			above += b.N / 2
		}
	}
	return above / all
}

// QuantileRanks returns between which ranks of n sorted values their q-quantile lies with 95 %, from 0 to n.
func QuantileRanks(n int, q float64) (low, high float64) {
	half := z95 * math.Sqrt(float64(n)*q*(1-q))
	return max(0, float64(n)*q-half), min(float64(n), float64(n)*q+half)
}

// UpperQuantile returns the quantile whose value bounds the q-quantile of the distribution behind n values from above,
// with 97.5 %; 1, which is the greatest value, where n is too small.
func UpperQuantile(n int, q float64) float64 {
	if n <= 0 {
		return 1
	}
	return min(1, q+z95*math.Sqrt(q*(1-q)/float64(n)))
}
