package load

import (
	"fmt"
	"strconv"
	"strings"
)

// Segment is the part of a run that one of several processes takes: arrivals Index, Index+Count, Index+2*Count and so on of
// the whole schedule. Since everything random follows from the seed and the number of the arrival, the union of all segments
// is exactly the whole run.
type Segment struct {
	Index int `json:"index"` // from 0
	Count int `json:"count"` // of segments, at least 1
}

// ParseSegment reads "i/n" with i from 0 to n-1.
func ParseSegment(text string) (Segment, error) {
	index, count, ok := strings.Cut(text, "/")
	i, err := strconv.Atoi(index)
	n, err2 := strconv.Atoi(count)
	if !ok || err != nil || err2 != nil || n < 1 || n > 10_000 || i < 0 || i >= n {
		return Segment{}, fmt.Errorf("%q: want i/n with i from 0 to n-1, such as 0/4 for the first of four", text)
	}
	return Segment{Index: i, Count: n}, nil
}

// String is "i/n".
func (s Segment) String() string { return fmt.Sprintf("%d/%d", s.Index, s.Count) }

// has tells whether arrival k is of the segment; nil takes all.
func (s *Segment) has(k uint64) bool {
	return s == nil || k%uint64(s.Count) == uint64(s.Index)
}

// Share is how many of the arrivals 0 to n-1 are of the segment; nil takes all.
func (s *Segment) Share(n uint64) uint64 {
	if s == nil {
		return n
	}
	count, index := uint64(s.Count), uint64(s.Index)
	return (n + count - 1 - index) / count
}
