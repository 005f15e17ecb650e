package judge

import (
	"math"
	"slices"
)

const (
	// leastNormal is the number of events that a bucket of the past needs to count, and leastBuckets how many such
	// buckets make a norm.
	leastNormal  = 20
	leastBuckets = 20
	// leastJudged is the number of events below which a bucket is not judged.
	leastJudged = 50
	// madScale makes of a median absolute deviation the standard deviation of a normal distribution.
	madScale = 1.4826
)

// Norm is what shares of the past were like.
type Norm struct {
	// Middle is the median of their angles (Share.Angle).
	Middle float64
	// Restless is the variance of the angles beyond what counting explains.
	Restless float64
}

// NormOf returns the norm of shares of the past, one for each bucket of time. Buckets with fewer than 20 events do not
// count; with fewer than 20 that do there is no norm.
func NormOf(past []Share) (Norm, bool) {
	angles, noises := make([]float64, 0, len(past)), make([]float64, 0, len(past))
	for _, s := range past {
		if s.N >= leastNormal {
			angles, noises = append(angles, s.Angle()), append(noises, s.Noise())
		}
	}
	if len(angles) < leastBuckets {
		return Norm{}, false
	}
	n := Norm{Middle: median(angles)}
	for i := range angles {
		angles[i] = math.Abs(angles[i] - n.Middle)
	}
	spread := madScale * median(angles)
	n.Restless = max(0, spread*spread-median(noises))
	return n, true
}

// Share returns the share that is normal, 0 to 1.
func (n Norm) Share() float64 {
	half := math.Sin(n.Middle / 2)
	return half * half
}

// Swing returns how far the share swings upwards anyway, by one standard deviation beyond what counting explains, as a
// part of the norm: 0.15 is 15 %.
func (n Norm) Swing() float64 {
	up := Norm{Middle: min(math.Pi, n.Middle+math.Sqrt(n.Restless))}
	return up.Share()/n.Share() - 1
}

// Z returns how many standard deviations a share lies above the norm, those of counting and of restlessness together;
// NaN with fewer than 50 events.
func (n Norm) Z(s Share) float64 {
	if s.N < leastJudged {
		return math.NaN()
	}
	return (s.Angle() - n.Middle) / math.Sqrt(s.Noise()+n.Restless)
}

// Since returns the index of the first bucket after the change: the k that sets the sums of the first k and of the
// others most apart. Buckets without events are skipped; 0 without a change to see.
func Since(buckets []Share) int {
	sum, n := 0.0, 0
	for _, s := range buckets {
		if s.N > 0 {
			sum += s.Angle()
			n++
		}
	}
	if n == 0 {
		return 0
	}
	mean, apart, most, at := sum/float64(n), 0.0, 0.0, 0
	for i, s := range buckets {
		if s.N > 0 {
			apart += s.Angle() - mean
		}
		if d := math.Abs(apart); d > most+1e-12 {
			most, at = d, i+1
		}
	}
	return min(at, len(buckets)-1)
}

// median sorts its argument, which is not empty.
func median(v []float64) float64 {
	slices.Sort(v)
	m := len(v) / 2
	if len(v)%2 == 1 {
		return v[m]
	}
	return (v[m-1] + v[m]) / 2
}
