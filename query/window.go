package query

import (
	"time"

	"edgescope/edge"
)

// window is a range of time cut into buckets of one length: from and to are multiples of step.
type window struct {
	from, to time.Time
	step     time.Duration
}

// steps are the lengths of buckets that answers use, in rising order.
var steps = []time.Duration{
	10 * time.Second, 30 * time.Second, time.Minute, 5 * time.Minute, 15 * time.Minute, 30 * time.Minute,
	time.Hour, 2 * time.Hour, 6 * time.Hour, day, 7 * day,
}

const (
	// lineBuckets is the greatest number of buckets of a line: a chart shows no more detail.
	lineBuckets = 120
	// cellBuckets is the greatest number of buckets where every region has a cell for each: few, because there are hundreds
	// of regions.
	cellBuckets = 30
)

// windowOf aligns a range outwards to the shortest step that needs no more than that many buckets.
func windowOf(from, to time.Time, buckets int) window {
	step := stepOf(to.Sub(from), buckets)
	return window{from: floor(from, step), to: ceil(to, step), step: step}
}

// stepOf answers the shortest step of which no more than that many buckets cover a length.
func stepOf(length time.Duration, buckets int) time.Duration {
	for _, s := range steps {
		if length <= s*time.Duration(buckets) {
			return s
		}
	}
	return steps[len(steps)-1]
}

// whole is the same range as one bucket.
func (w window) whole() window { return window{w.from, w.to, w.to.Sub(w.from)} }

// before is the window of the same length that ends where this one begins.
func (w window) before() window {
	return window{w.from.Add(w.from.Sub(w.to)), w.from, w.step}
}

// buckets answers how many buckets the window has.
func (w window) buckets() int { return int(w.to.Sub(w.from) / w.step) }

// index answers the bucket of a time, -1 outside.
func (w window) index(t time.Time) int {
	if t.Before(w.from) || !t.Before(w.to) {
		return -1
	}
	return int(t.Sub(w.from) / w.step)
}

// seconds answers how much of the window had passed at now, at least a second.
func (w window) seconds(now time.Time) float64 {
	to := w.to
	if now.Before(to) {
		to = now
	}
	return max(1, to.Sub(w.from).Seconds())
}

// floor and ceil count steps from 1970-01-01T00:00:00Z, as rollups do; time.Truncate counts from the year 1.
func floor(t time.Time, step time.Duration) time.Time {
	n, s := t.UnixNano(), int64(step)
	return time.Unix(0, n-(n%s+s)%s).UTC()
}

func ceil(t time.Time, step time.Duration) time.Time {
	down := floor(t, step)
	if down.Equal(t) {
		return down
	}
	return down.Add(step)
}

// tile is a piece of a window that rollups of one width cover exactly.
type tile struct {
	width    edge.Width
	from, to time.Time
}

// onePiece is how many samples of a series cost about as much as asking for the series once more (4 us to 10 ns, measured).
const onePiece = 400

// tiles cuts a window of one bucket into few pieces. A window that one width covers exactly with few samples is one piece: a
// question costs most for each series that it touches. A longer one has coarse rollups in its middle and finer ones at its
// ends. All sums over the pieces add up to the sum over the window.
func (w window) tiles() []tile {
	width := coarsest(func(width time.Duration) bool {
		return floor(w.from, width).Equal(w.from) && floor(w.to, width).Equal(w.to)
	})
	if w.to.Sub(w.from) <= onePiece*time.Duration(width.Seconds)*time.Second {
		return []tile{{width, w.from, w.to}}
	}
	return tilesOf(w.from, w.to, len(edge.Widths)-1)
}

func tilesOf(from, to time.Time, level int) []tile {
	if !from.Before(to) {
		return nil
	}
	width := edge.Widths[level]
	step := time.Duration(width.Seconds) * time.Second
	if level == 0 {
		return []tile{{width, floor(from, step), ceil(to, step)}}
	}
	first, last := ceil(from, step), floor(to, step)
	if !first.Before(last) {
		return tilesOf(from, to, level-1)
	}
	tiles := tilesOf(from, first, level-1)
	tiles = append(tiles, tile{width, first, last})
	return append(tiles, tilesOf(last, to, level-1)...)
}

// widthOf answers the coarsest rollup width that divides a step.
func widthOf(step time.Duration) edge.Width {
	return coarsest(func(width time.Duration) bool { return step%width == 0 })
}

// coarsest answers the widest windows that fit, the narrowest if none do.
func coarsest(fits func(width time.Duration) bool) edge.Width {
	width := edge.Widths[0]
	for _, w := range edge.Widths {
		if fits(time.Duration(w.Seconds) * time.Second) {
			width = w
		}
	}
	return width
}
