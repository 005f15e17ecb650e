package series

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"edgescope/edge"
)

// stream is one stream of points: a metric with its labels.
type stream struct {
	name   string
	labels []edge.Attr // sorted, without the name
	// parts are the series: one of a number; count, sum and buckets or quantiles of the others.
	parts []part
	// index finds the part of a bucket of an exponential histogram.
	index map[int64]int
	// layout tells whether a point has the same buckets or quantiles as those before it; relaid that it once had not.
	layout uint64
	relaid bool
	used   int64 // arrival of the last point, Unix nanoseconds
	cost   int   // of each series, in series of usual size
	streamState
}

// streamState is what a point changes in a stream beside its totals.
type streamState struct {
	// start is the last start of a cumulative stream, last the time of the newest point; Unix nanoseconds, 0 before
	// there is one.
	start, last int64
}

// size returns what the series of the stream cost together.
func (s *stream) size() int64 { return int64(len(s.parts) * s.cost) }

// part is one series of a stream.
type part struct {
	series *edge.Series
	partState
}

// partState is what a point changes in a part: the total of what was added to it, or the newest value, and the time of
// the newest sample in Unix milliseconds.
type partState struct {
	total float64
	at    int64
}

// saved is a stream as it was before a point: its parts lie in tenantStreams.parts.
type saved struct {
	s        *stream
	state    streamState
	from, to int
}

// save notes how a stream is, for undo.
func (t *tenantStreams) save(s *stream) {
	from := len(t.parts)
	for i := range s.parts {
		t.parts = append(t.parts, s.parts[i].partState)
	}
	t.saved = append(t.saved, saved{s, s.streamState, from, len(t.parts)})
}

// undo brings all streams, and what was told of targets, back to where they were before the request.
func (t *tenantStreams) undo() {
	for _, b := range slices.Backward(t.saved) {
		b.s.streamState = b.state
		for i := range b.s.parts {
			b.s.parts[i].partState = partState{} // a part that is new
			if b.from+i < b.to {
				b.s.parts[i].partState = t.parts[b.from+i]
			}
		}
	}
	for _, i := range t.seen {
		i.told = i.before
	}
}

// writer writes the samples of one point of a stream.
type writer struct {
	t *tenantStreams
	s *stream
	// at is the time of the samples in Unix milliseconds.
	at int64
	// delta tells that the point says what was added since the one before, so that the samples are totals of ours.
	delta bool
	// grows tells that the numbers of the stream only become greater until they begin again, as counts do.
	grows bool
	// newest tells that no point before this one has a later time.
	newest bool
	// zero is when a counter that begins with this point was 0, in Unix milliseconds: a sample of 0 is written there. 0
	// means that no counter begins, or that nobody knows when it did.
	zero int64
	// all tells that every counter of the stream begins with this point, and not only those that are new.
	all bool
}

// setZero sets zero and all. A counter was 0 one millisecond after the start that its sender tells: at the start itself
// may lie the last sample of whoever counted before.
func (w *writer) setZero(p *Point) {
	if !w.grows {
		return
	}
	if w.s.last != 0 && !w.s.relaid { // a bucket that is new was 0 at the point before
		w.zero = min(w.s.last/int64(time.Millisecond)+1, w.at-1)
	}
	if w.delta {
		w.setZeroOfDelta(p)
	} else {
		w.setZeroOfCumulative(p)
	}
	if w.zero >= w.at {
		w.zero = 0
	}
	w.s.relaid = false
}

func (w *writer) setZeroOfDelta(p *Point) {
	if w.s.last != 0 && !w.s.relaid {
		return
	}
	w.zero, w.all = millis(p.Start)+1, true
	if p.Start == 0 || w.zero >= w.at {
		w.zero = w.at - 1
	}
}

func (w *writer) setZeroOfCumulative(p *Point) {
	start := nanos(p.Start)
	if start <= w.s.start {
		return
	}
	w.zero, w.all = millis(p.Start)+1, true
	if w.s.start == 0 && w.s.last != 0 { // the sender has begun to tell its start
		w.zero = 0
	}
	w.s.start = start
}

// put writes a value to the part i of the stream, which is made with that name and label if it is new.
func (w *writer) put(i int, v float64, suffix string, label edge.Attr) {
	fresh := i >= len(w.s.parts)
	if fresh {
		w.s.parts = append(w.s.parts, part{series: w.s.newSeries(suffix, label)})
		w.t.count.Add(int64(w.s.cost))
	}
	p := &w.s.parts[i]
	if w.delta {
		v += p.total
	}
	if w.zero != 0 && (fresh || w.all) {
		w.t.samples = append(w.t.samples, edge.Sample{Series: p.series, Time: w.zero})
	}
	at := w.at
	if !w.grows && !fresh && at <= p.at {
		if !w.newest {
			if at == p.at {
				return // the newest value of this millisecond is there
			}
		} else if at = p.at; v < p.total {
			// the store keeps the greatest of several values at one time: the last one, if smaller, goes a millisecond
			// on
			at++
		}
	}
	if w.newest {
		p.total, p.at = v, at
	}
	w.t.samples = append(w.t.samples, edge.Sample{Series: p.series, Time: at, Value: v})
}

// known tells whether a part exists, so that its name need not be written again.
func (w *writer) known(i int) bool { return i < len(w.s.parts) }

// putBound writes to a part whose label is a number.
func (w *writer) putBound(i int, v float64, suffix, label string, bound float64) {
	at := edge.Attr{}
	if !w.known(i) {
		at = edge.Attr{Key: label, Value: formatBound(bound)}
	}
	w.put(i, v, suffix, at)
}

// formatBound writes a number as the labels le and quantile hold it.
func formatBound(f float64) string {
	if math.IsInf(f, 1) {
		return "+Inf"
	}
	return strconv.FormatFloat(f, 'f', -1, 64)
}

// newSeries makes the series of a part.
func (s *stream) newSeries(suffix string, label edge.Attr) *edge.Series {
	list := make([]edge.Attr, 0, len(s.labels)+2)
	list = append(list, edge.Attr{Key: edge.LabelName, Value: s.name + suffix})
	list = append(list, s.labels...)
	if label.Key != "" {
		list = append(list, label)
	}
	slices.SortFunc(list, byKey)
	return &edge.Series{Labels: list}
}

func byKey(a, b edge.Attr) int { return strings.Compare(a.Key, b.Key) }
