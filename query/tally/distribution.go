package tally

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"

	"edgescope/query"
)

// perDecade is the number of buckets per factor of ten in VictoriaMetrics' vmrange histograms: bucket i holds the
// values from 10^(i/18) up to 10^((i+1)/18), a factor of 1.136.
const perDecade = 18

const (
	// lowestBucket holds everything below 1e-9, highestBucket everything from 1e18 on.
	lowestBucket  = -9*perDecade - 1
	highestBucket = 18 * perDecade
)

// Distribution is a distribution over vmrange buckets of seconds. The zero value is empty.
type Distribution struct {
	base   int // the bucket of counts[0]
	counts []float64
}

// ParseRange returns the bucket of a vmrange such as "1.000e-02...1.136e-02".
func ParseRange(s string) (int, bool) {
	low, _, ok := strings.Cut(s, "...")
	if !ok {
		return 0, false
	}
	f, err := strconv.ParseFloat(low, 64)
	if err != nil || f < 0 {
		return 0, false
	}
	if f == 0 {
		return lowestBucket, true
	}
	i := math.Round(math.Log10(f) * perDecade)
	return int(min(max(i, lowestBucket), highestBucket)), true
}

// bounds returns the bucket's two ends in seconds.
func bounds(i int) (low, high float64) {
	if i <= lowestBucket {
		return 0, 1e-9
	}
	return math.Pow(10, float64(i)/perDecade), math.Pow(10, float64(i+1)/perDecade)
}

// EachBucket reads a LogsQL histogram of nanoseconds: [{"vmrange":"1.000e+07...1.136e+07","hits":5}]. Nine decades lie
// between its buckets and those of seconds.
func EachBucket(text string, add func(bucket int, n float64)) error {
	if text == "" {
		return nil
	}
	var buckets []struct {
		VMRange string  `json:"vmrange"`
		Hits    float64 `json:"hits"`
	}
	if err := json.Unmarshal([]byte(text), &buckets); err != nil {
		return err
	}
	for _, b := range buckets {
		i, ok := ParseRange(b.VMRange)
		if !ok {
			return fmt.Errorf("%q is no vmrange", b.VMRange)
		}
		add(max(i-9*perDecade, lowestBucket), b.Hits)
	}
	return nil
}

// Add counts n values in a bucket; a number that is not above 0 adds nothing.
func (h *Distribution) Add(i int, n float64) {
	switch {
	case n <= 0:
		return
	case len(h.counts) == 0:
		h.base = i
	case i < h.base:
		h.counts = append(make([]float64, h.base-i, h.base-i+len(h.counts)), h.counts...)
		h.base = i
	}
	for i-h.base >= len(h.counts) {
		h.counts = append(h.counts, 0)
	}
	h.counts[i-h.base] += n
}

// Merge adds the counts of another distribution.
func (h *Distribution) Merge(o *Distribution) { h.MergeTimes(o, 1) }

// MergeTimes adds the counts of another distribution so many times: to give groups another weight than their numbers.
func (h *Distribution) MergeTimes(o *Distribution, times float64) {
	for i, n := range o.counts {
		h.Add(o.base+i, n*times)
	}
}

// minus takes o's counts away, as when it is a part of h.
func (h *Distribution) minus(o *Distribution) Distribution {
	var out Distribution
	for i, n := range h.counts {
		b := h.base + i
		if j := b - o.base; j >= 0 && j < len(o.counts) {
			n -= o.counts[j]
		}
		out.Add(b, n)
	}
	return out
}

// Total returns how many values there are.
func (h *Distribution) Total() float64 {
	var n float64
	for _, c := range h.counts {
		n += c
	}
	return n
}

// Quantile returns the value in milliseconds below which the part phi of all lies, interpolated inside its bucket.
func (h *Distribution) Quantile(phi float64) query.Num {
	total := h.Total()
	if total == 0 {
		return query.None()
	}
	want, seen, last := phi*total, 0.0, 0
	for i, n := range h.counts {
		if n == 0 {
			continue
		}
		if last = i; seen+n >= want {
			if h.base+i <= lowestBucket {
				return 0 // a whole number of nanoseconds below 1: what a clock of milliseconds makes of short invocations
			}
			low, high := bounds(h.base + i)
			return query.Num(1000 * (low + (high-low)*(want-seen)/n))
		}
		seen += n
	}
	_, high := bounds(h.base + last) // rounding kept seen just below want
	return query.Num(1000 * high)
}

// EdgeNear returns the edge of buckets nearest to the value below which the part phi of all lies: the bucket that ends
// there. It is false of an empty distribution.
func (h *Distribution) EdgeNear(phi float64) (bucket int, ok bool) {
	want, seen := phi*h.Total(), 0.0
	for i, n := range h.counts {
		if n > 0 && seen+n >= want {
			if bucket = h.base + i; want-seen < n/2 && bucket > lowestBucket {
				bucket--
			}
			return bucket, true
		}
		seen += n
	}
	return 0, false
}

// highestRange is the last bucket below the one without an end, which rollups have.
const highestRange = 6*perDecade - 1

// RangesAbove returns the vmranges of all buckets above one, as rollups write them, and where they begin, in
// milliseconds.
func RangesAbove(bucket int) (ranges []string, from float64) {
	text := func(i int) string { return fmt.Sprintf("%.3e", math.Pow(10, float64(i)/perDecade)) }
	for i := max(bucket+1, -9*perDecade); i <= highestRange; i++ {
		ranges = append(ranges, text(i)+"..."+text(i+1))
	}
	_, high := bounds(bucket)
	return append(ranges, text(highestRange+1)+"...+Inf"), 1000 * high
}

// Above returns how many values are greater than a number of milliseconds, interpolated inside its bucket.
func (h *Distribution) Above(ms float64) float64 {
	var n float64
	for i, c := range h.counts {
		low, high := bounds(h.base + i)
		part := (high - ms/1000) / (high - low)
		n += c * min(max(part, 0), 1)
	}
	return n
}

// Edge returns the edge of buckets nearest to the quantile phi, in milliseconds: how many values are above it is known,
// not interpolated. Absent without values.
func (h *Distribution) Edge(phi float64) query.Num {
	bucket, ok := h.EdgeNear(phi)
	if !ok {
		return query.None()
	}
	_, high := bounds(bucket)
	return query.Num(1000 * high)
}

// Histogram returns the buckets, in milliseconds, from the first to the last that has a count in h or in same: two
// distributions that are shown above each other get the same ones. Those between zero and the shortest duration above
// it are left out: there are hundreds.
func (h *Distribution) Histogram(same *Distribution) query.Histogram {
	all := Distribution{}
	all.Merge(h)
	all.Merge(same)
	out := query.Histogram{Buckets: []query.Bucket{}}
	for i, n := range all.counts {
		if n == 0 && len(out.Buckets) == 1 && out.Buckets[0].Low == 0 {
			continue
		}
		low, high := bounds(all.base + i)
		b := query.Bucket{Low: query.Num(low * 1000), High: query.Num(high * 1000)}
		if j := all.base + i - h.base; j >= 0 && j < len(h.counts) {
			b.Count = query.Num(h.counts[j])
		}
		out.Buckets = append(out.Buckets, b)
	}
	return out
}
