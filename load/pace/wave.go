package pace

import (
	"math"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"
)

// Wave is vegeta's sine curve. Its arrivals are where the integral of the rate, which vegeta documents at SinePacer,
// reaches 1, 2, 3 and so on. vegeta's own Pace looks for these times with five guesses; when the amplitude is near the
// mean they miss by whole hits, or go astray (a mean of 10, an amplitude of 9.9 and a period of 20 s end in a flood).
// So they are solved for here, to the nanosecond.
type Wave struct {
	mean, amplitude, period float64 // in arrivals per second, and seconds
	total                   uint64
	length                  time.Duration
	curve                   vegeta.SinePacer
}

// NewWave makes a wave that goes up from its mean first. The mean and the period are above 0, the amplitude is less
// than the mean.
func NewWave(mean, amplitude float64, period, length time.Duration) *Wave {
	const million = 1e6 // vegeta counts whole hits per length of time: a millionth of one per second is fine enough
	rate := func(perSecond float64) vegeta.Rate {
		return vegeta.Rate{Freq: int(math.Round(perSecond * million)), Per: million * time.Second}
	}
	w := &Wave{
		mean: mean, amplitude: amplitude, period: period.Seconds(), length: length,
		curve: vegeta.SinePacer{Period: period, Mean: rate(mean), Amp: rate(amplitude)},
	}
	w.total = uint64(w.hits(length.Seconds()) + 1e-6) // one that comes at the very end is among them
	return w
}

// hits is how many arrivals there are in the first t seconds, as a fraction.
func (w *Wave) hits(t float64) float64 {
	return w.mean*t + w.swing()*(1-math.Cos(2*math.Pi*t/w.period))
}

// swing is by how many hits, and twice that, the curve is ahead of the mean at most.
func (w *Wave) swing() float64 { return w.amplitude * w.period / (2 * math.Pi) }

// Count implements [Pace].
func (w *Wave) Count() uint64 { return w.total }

// At implements [Pace], by Newton's method between bounds that close in on the time. The curve is never behind the mean,
// and ahead of it by at most twice its swing.
func (w *Wave) At(i uint64) time.Duration {
	want := float64(i + 1)
	low, high := max(want-2*w.swing(), 0)/w.mean, want/w.mean
	t := (low + high) / 2
	for range 64 { // bisection alone would need less
		sin, cos := math.Sincos(2 * math.Pi * t / w.period)
		missing := want - w.mean*t - w.swing()*(1-cos)
		step := missing / (w.mean + w.amplitude*sin)
		if math.Abs(step) < 0.5e-9 {
			break
		}
		if missing > 0 {
			low = t
		} else {
			high = t
		}
		if t += step; t <= low || t >= high {
			t = (low + high) / 2
		}
	}
	return min(time.Duration(math.Round(t*1e9)), w.length)
}

// Before implements [Pace]: what the integral says, made true to At.
func (w *Wave) Before(t time.Duration) uint64 {
	n := min(uint64(max(w.hits(max(t, 0).Seconds()), 0)), w.total)
	for n > 0 && w.At(n-1) >= t {
		n--
	}
	for n < w.total && w.At(n) < t {
		n++
	}
	return n
}

// Rate implements [Pace].
func (w *Wave) Rate(t time.Duration) float64 { return w.curve.Rate(t) }

// Ends implements [Pace].
func (w *Wave) Ends() (first, last float64) { return w.mean - w.amplitude, w.mean + w.amplitude }

// Period is how long the wave takes to come round.
func (w *Wave) Period() time.Duration { return w.curve.Period }
