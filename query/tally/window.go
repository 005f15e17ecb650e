package tally

import (
	"time"

	"edgescope/edge"
	"edgescope/query"
)

// Window is a range of time cut into buckets of one length: from and to are multiples of step.
type Window struct {
	From, To time.Time
	Step     time.Duration
}

// steps are the lengths of buckets that answers use, in rising order.
var steps = []time.Duration{
	10 * time.Second, 30 * time.Second, time.Minute, 5 * time.Minute, 15 * time.Minute, 30 * time.Minute,
	time.Hour, 2 * time.Hour, 6 * time.Hour, query.Day, 7 * query.Day,
}

const (
	// LineBuckets is the greatest number of buckets of a line: a chart shows no more detail.
	LineBuckets = 120
	// CellBuckets is the greatest number of buckets where every region has a cell for each: few, because there are
	// hundreds of regions.
	CellBuckets = 30
)

// WindowOf aligns a range outwards to the shortest step that needs no more than that many buckets.
func WindowOf(from, to time.Time, buckets int) Window {
	step := StepOf(to.Sub(from), buckets)
	return Window{From: Floor(from, step), To: Ceil(to, step), Step: step}
}

// StepOf returns the shortest step of which no more than that many buckets cover a length.
func StepOf(length time.Duration, buckets int) time.Duration {
	for _, s := range steps {
		if length <= s*time.Duration(buckets) {
			return s
		}
	}
	return steps[len(steps)-1]
}

// Whole is the same range as one bucket.
func (w Window) Whole() Window { return Window{w.From, w.To, w.To.Sub(w.From)} }

// Before is the window of the same length that ends where this one begins.
func (w Window) Before() Window {
	return Window{w.From.Add(w.From.Sub(w.To)), w.From, w.Step}
}

// Buckets returns how many buckets the window has.
func (w Window) Buckets() int { return int(w.To.Sub(w.From) / w.Step) }

// Index returns the bucket of a time, -1 outside.
func (w Window) Index(t time.Time) int {
	if t.Before(w.From) || !t.Before(w.To) {
		return -1
	}
	return int(t.Sub(w.From) / w.Step)
}

// Seconds returns how much of the window had passed at now, at least a second.
func (w Window) Seconds(now time.Time) float64 {
	to := w.To
	if now.Before(to) {
		to = now
	}
	return max(1, to.Sub(w.From).Seconds())
}

// Floor returns the start of the step that holds a time. Steps count from 1970-01-01T00:00:00Z, as those of rollups do;
// time.Truncate counts from the year 1.
func Floor(t time.Time, step time.Duration) time.Time {
	n, s := t.UnixNano(), int64(step)
	return time.Unix(0, n-(n%s+s)%s).UTC()
}

// Ceil returns the end of the step that holds a time, which itself is one if a step begins with it.
func Ceil(t time.Time, step time.Duration) time.Time {
	down := Floor(t, step)
	if down.Equal(t) {
		return down
	}
	return down.Add(step)
}

// Tile is a piece of a window that rollups of one width cover exactly.
type Tile struct {
	Width    edge.Width
	From, To time.Time
}

// onePiece is how many samples of a series cost about as much as asking for the series once more (4 us to 10 ns,
// measured).
const onePiece = 400

// Tiles cuts a window of one bucket into few pieces. A window that one width covers exactly with few samples is one
// piece: a question costs most for each series that it touches. A longer one has coarse rollups in its middle and finer
// ones at its ends. All sums over the pieces add up to the sum over the window.
func (w Window) Tiles() []Tile {
	width := coarsest(func(width time.Duration) bool {
		return Floor(w.From, width).Equal(w.From) && Floor(w.To, width).Equal(w.To)
	})
	if w.To.Sub(w.From) <= onePiece*time.Duration(width.Seconds)*time.Second {
		return []Tile{{width, w.From, w.To}}
	}
	return tilesOf(w.From, w.To, len(edge.Widths)-1)
}

func tilesOf(from, to time.Time, level int) []Tile {
	if !from.Before(to) {
		return nil
	}
	width := edge.Widths[level]
	step := time.Duration(width.Seconds) * time.Second
	if level == 0 {
		return []Tile{{width, Floor(from, step), Ceil(to, step)}}
	}
	first, last := Ceil(from, step), Floor(to, step)
	if !first.Before(last) {
		return tilesOf(from, to, level-1)
	}
	tiles := tilesOf(from, first, level-1)
	tiles = append(tiles, Tile{width, first, last})
	return append(tiles, tilesOf(last, to, level-1)...)
}

// WidthOf returns the coarsest rollup width that divides a step.
func WidthOf(step time.Duration) edge.Width {
	return coarsest(func(width time.Duration) bool { return step%width == 0 })
}

// coarsest returns the widest windows that fit, the narrowest if none do.
func coarsest(fits func(width time.Duration) bool) edge.Width {
	width := edge.Widths[0]
	for _, w := range edge.Widths {
		if fits(time.Duration(w.Seconds) * time.Second) {
			width = w
		}
	}
	return width
}
