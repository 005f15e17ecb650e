package chart

import (
	"math"
	"strconv"
	"time"
)

// scale maps values to heights: the greatest value to 0, the least to the height of the plot.
type scale struct {
	low, high, height float64
	log               bool
}

func (s scale) y(v float64) float64 {
	low, high := s.low, s.high
	if s.log {
		low, high, v = math.Log(low), math.Log(high), math.Log(math.Max(v, s.low))
	}
	if high <= low {
		return s.height
	}
	return s.height * (1 - (v-low)/(high-low))
}

// ticks returns at most count+1 round values that cover low..high, with a step of 1, 2, 2.5 or 5 times a power of ten.
func ticks(low, high float64, count int) []float64 {
	if !(high > low) || count < 1 {
		return []float64{low}
	}
	step := niceStep((high - low) / float64(count))
	first := math.Floor(low/step+1e-9) * step
	var at []float64
	for i := 0; ; i++ {
		v := first + float64(i)*step
		at = append(at, v)
		if v >= high-step*1e-9 {
			return at
		}
	}
}

func niceStep(raw float64) float64 {
	power := math.Pow(10, math.Floor(math.Log10(raw)))
	for _, m := range [...]float64{1, 2, 2.5, 5, 10} {
		if m*power >= raw*(1-1e-9) {
			return m * power
		}
	}
	return 10 * power
}

// timeSteps are the distances between labels of a time axis.
var timeSteps = [...]time.Duration{
	time.Second, 2 * time.Second, 5 * time.Second, 10 * time.Second, 15 * time.Second, 30 * time.Second,
	time.Minute, 2 * time.Minute, 5 * time.Minute, 10 * time.Minute, 15 * time.Minute, 30 * time.Minute,
	time.Hour, 2 * time.Hour, 3 * time.Hour, 6 * time.Hour, 12 * time.Hour,
	24 * time.Hour, 48 * time.Hour, 7 * 24 * time.Hour, 28 * 24 * time.Hour, 84 * 24 * time.Hour,
}

// timeTicks returns at most 9 round moments of the frame in UTC, 7 when they have seconds.
func timeTicks(f Frame) []Tick {
	length := f.To().Sub(f.From)
	if length <= 0 {
		return nil
	}
	step := timeStep(length)
	layout := "15:04"
	switch {
	case step < time.Minute:
		layout = "15:04:05"
	case step >= 24*time.Hour:
		layout = "Jan 2"
	case length > 26*time.Hour:
		layout = "Jan 2 15:04"
	}
	var out []Tick
	for t := f.From.UTC().Truncate(step); t.Before(f.To()); t = t.Add(step) {
		if at := f.at(t); at >= 0 {
			out = append(out, Tick{at, t.Format(layout)})
		}
	}
	return out
}

// timeStep is the distance between labels that a stretch of time has room for.
func timeStep(length time.Duration) time.Duration {
	for _, s := range timeSteps {
		room := time.Duration(8)
		if s < time.Minute {
			room = 6 // labels with seconds are wider
		}
		if length/s <= room {
			return s
		}
	}
	return timeSteps[len(timeSteps)-1]
}

// Elapsed returns labels for the time since the start of a frame: 0 s, 30 s; 0, 5 min; 0, 0.5 h; 0, 2 h.
func Elapsed(f Frame) []Tick {
	length := f.To().Sub(f.From)
	if length <= 0 {
		return nil
	}
	step := timeStep(length)
	unit, name := time.Second, "s"
	switch {
	case step >= 30*time.Minute: // 3.5 h: there is no room for 210 min
		unit, name = time.Hour, "h"
	case step >= time.Minute:
		unit, name = time.Minute, "min"
	}
	var out []Tick
	for t := time.Duration(0); t < length; t += step {
		out = append(out, Tick{float64(t) / float64(length), strconv.FormatFloat(float64(t)/float64(unit), 'f', -1, 64) + nbsp + name})
	}
	return out
}

// point is a vertex of a decimated line, in buckets and in the value's unit.
type point struct{ x, v float64 }

// decimate returns at most about limit points that keep every minimum and maximum: runs of buckets shrink to their
// least and greatest value, in the order in which they came. Gaps stay gaps (a point with a NaN value).
func decimate(values []float64, limit int) []point {
	group := 1
	if len(values) > limit && limit >= 2 {
		group = (2*len(values) + limit - 1) / limit
	}
	out := make([]point, 0, min(len(values), limit+2))
	for from := 0; from < len(values); from += group {
		out = appendExtremes(out, values, from, min(from+group, len(values)))
	}
	return out
}

func appendExtremes(out []point, values []float64, from, to int) []point {
	low, high := -1, -1
	for i := from; i < to; i++ {
		if math.IsNaN(values[i]) || math.IsInf(values[i], 0) {
			continue
		}
		if low < 0 || values[i] < values[low] {
			low = i
		}
		if high < 0 || values[i] > values[high] {
			high = i
		}
	}
	switch {
	case low < 0:
		return append(out, point{float64(from), math.NaN()})
	case low == high:
		return append(out, point{float64(low), values[low]})
	case low < high:
		return append(out, point{float64(low), values[low]}, point{float64(high), values[high]})
	default:
		return append(out, point{float64(high), values[high]}, point{float64(low), values[low]})
	}
}
