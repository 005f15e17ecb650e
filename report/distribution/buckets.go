package distribution

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// Buckets are a Histogram as a report file keeps it, so that runs can be added and compared by their distributions and
// never by averaged percentiles. Times are nanoseconds.
type Buckets struct {
	Sum    float64       `json:"sum_ns"`
	Min    time.Duration `json:"min_ns"`
	Max    time.Duration `json:"max_ns"`
	Counts Counts        `json:"counts"`
}

// Counts are the buckets that hold something, by rising index of Layout. Their text is "index:count index:count".
type Counts []Count

// Count is how many values fell into one bucket.
type Count struct {
	Index int
	N     uint64
}

// maxCount keeps sums of counts within what a float64 and a uint64 hold exactly, whatever a file says.
const maxCount = 1 << 48

// MarshalText implements encoding.TextMarshaler.
func (c Counts) MarshalText() ([]byte, error) {
	var text []byte
	for i, one := range c {
		if i > 0 {
			text = append(text, ' ')
		}
		text = strconv.AppendInt(text, int64(one.Index), 10)
		text = append(text, ':')
		text = strconv.AppendUint(text, one.N, 10)
	}
	return text, nil
}

// UnmarshalText implements encoding.TextUnmarshaler. It refuses indexes that do not rise or are not of the layout, and
// counts of 0.
func (c *Counts) UnmarshalText(text []byte) error {
	*c = nil
	last := -1
	for field := range strings.FieldsSeq(string(text)) {
		index, n, ok := strings.Cut(field, ":")
		i, err := strconv.Atoi(index)
		count, err2 := strconv.ParseUint(n, 10, 64)
		if !ok || err != nil || err2 != nil || i <= last || i >= bucketCount || count == 0 || count > maxCount {
			return fmt.Errorf("bucket %q: want index:count with a rising index below %d and a count of at least 1",
				field, bucketCount)
		}
		*c, last = append(*c, Count{Index: i, N: count}), i
	}
	return nil
}

// Total is how many values there are.
func (c Counts) Total() (n uint64) {
	for _, one := range c {
		n += one.N
	}
	return n
}

// Buckets is what a file keeps of the histogram; Add takes it back.
func (h *Histogram) Buckets() Buckets {
	b := Buckets{Sum: h.sum, Min: h.min, Max: h.max}
	if h.counts == nil {
		return b
	}
	for i, n := range h.counts {
		if n > 0 {
			b.Counts = append(b.Counts, Count{Index: i, N: n})
		}
	}
	return b
}

// Add adds what a file kept, exactly as Merge adds the histogram that it was.
func (h *Histogram) Add(b Buckets) {
	n := b.Counts.Total()
	if n == 0 {
		return
	}
	if h.counts == nil {
		h.counts = new([bucketCount]uint64)
		h.min = b.Min
	}
	for _, one := range b.Counts {
		h.counts[one.Index] += one.N
	}
	h.count += n
	h.sum += b.Sum
	h.min, h.max = min(h.min, b.Min), max(h.max, b.Max)
}

// Check refuses figures that no histogram has.
func (b *Buckets) Check() error {
	if math.IsNaN(b.Sum) || math.IsInf(b.Sum, 0) || b.Sum < 0 || b.Min < 0 || b.Max < b.Min {
		return fmt.Errorf("sum %v ns, min %v, max %v: want 0 <= min <= max and a sum of at least 0", b.Sum, b.Min,
			b.Max)
	}
	return nil
}

// AllBuckets is what a file keeps of several histograms.
func AllBuckets(m map[string]*Histogram) map[string]Buckets {
	out := make(map[string]Buckets, len(m))
	for name, h := range m {
		out[name] = h.Buckets()
	}
	return out
}
