package analyticsengine

import (
	"math"
	"strconv"
	"strings"

	"edgescope/edge"
)

// The names of columns, "index1" to "double20".
var (
	indexNames  = columnNames("index")
	blobNames   = columnNames("blob")
	doubleNames = columnNames("double")
)

func columnNames(prefix string) (names [maxColumns]string) {
	for i := range names {
		names[i] = prefix + strconv.Itoa(i+1)
	}
	return names
}

const keySampleInterval = "_sample_interval"

// event makes the event of a point: its columns as attributes, and what they mean in the layout of its dataset; without
// one, in the layout that the point is certainly in. doubtful is a point that may be in one.
func (p *point) event(dataset string, layout *Layout, source string, arrival int64) (e edge.Event, doubtful bool) {
	e = edge.Event{Kind: edge.KindDataPoint, Dataset: dataset, Time: arrival}
	e.Facts.Source = source
	if p.timed {
		e.Time = p.time
	}
	e.Attrs = make([]edge.Attr, 0, len(p.indexes)+len(p.blobs)+len(p.doubles)+1+layout.extra())
	e.Attrs = appendColumns(e.Attrs, indexNames[:], p.indexes)
	e.Attrs = appendColumns(e.Attrs, blobNames[:], p.blobs)
	e.Attrs = appendColumns(e.Attrs, doubleNames[:], p.doubles)
	e.Attrs = append(e.Attrs, edge.Attr{Key: keySampleInterval, Value: p.interval})
	if layout != nil {
		layout.apply(p, &e)
		return e, false
	}
	read, doubtful := p.guess()
	if read != nil {
		read(p, &e)
	}
	return e, doubtful
}

func appendColumns(attrs []edge.Attr, names, values []string) []edge.Attr {
	for i, v := range values {
		if v != "" {
			attrs = append(attrs, edge.Attr{Key: names[i], Value: v})
		}
	}
	return attrs
}

// widerAny reads the wider shape, that of an error too.
func (p *point) widerAny(e *edge.Event) {
	if strings.HasPrefix(p.index(0), errorPrefix) {
		p.widerError(e)
		return
	}
	p.wider(e)
}

// wider reads the shape indexes [operation, region, status], doubles [latencyMs, count], blobs [isoTime], and in blob4
// the cache status, which stands there in our own layout too.
func (p *point) wider(e *edge.Event) {
	f := &e.Facts
	f.Invocation = true
	f.Operation = p.index(0)
	setRegion(f, p.index(1))
	setStatus(f, p.index(2))
	setDuration(e, p.double(0))
	setCount(f, p.double(1))
	setCache(f, p.blob(3))
	p.setTime(e, p.blob(0))
}

// setCache takes a cache status in the words of any cache; normalize.Normalizer knows them.
func setCache(f *edge.Facts, status string) {
	if status != "" {
		f.CacheStatus, f.CacheSource = status, blobNames[3]
	}
}

const errorPrefix = "error:"

// widerError reads what an error handler writes in the same shape: indexes [error:operation, type, region], doubles
// [count], blobs [message, stack]. It has no duration.
func (p *point) widerError(e *edge.Event) {
	f := &e.Facts
	f.Invocation = true
	f.Operation = strings.TrimPrefix(p.index(0), errorPrefix)
	f.ErrorType = p.index(1)
	setRegion(f, p.index(2))
	f.Outcome = edge.OutcomeError
	f.Status, f.StatusInferred = 500, true
	setCount(f, p.double(0))
	e.Attrs = appendColumns(e.Attrs, []string{edge.KeyExceptionMessage, "exception.stacktrace"},
		[]string{p.blob(0), p.blob(1)})
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// edgeLayout reads our own layout: indexes [operation], blobs [region, status, isoTime, cacheStatus, route], doubles
// [latencyMs, count, cold, cpuMs].
func (p *point) edgeLayout(e *edge.Event) {
	f := &e.Facts
	f.Invocation = true
	f.Operation = p.index(0)
	setRegion(f, p.blob(0))
	setStatus(f, p.blob(1))
	p.setTime(e, p.blob(2))
	setCache(f, p.blob(3))
	f.Route = p.blob(4)
	setDuration(e, p.double(0))
	setCount(f, p.double(1))
	setCold(f, p.double(2))
	// A CPU time of 0 is that of a function that can't measure it, or of a column that was not written.
	if nanos, ok := nanoseconds(p.double(3), milli); ok && nanos > 0 {
		f.CPUTime, f.HasCPU = nanos, true
	}
}

func (p *point) index(i int) string  { return at(p.indexes, i) }
func (p *point) blob(i int) string   { return at(p.blobs, i) }
func (p *point) double(i int) string { return at(p.doubles, i) }

func at(column []string, i int) string {
	if i >= len(column) {
		return ""
	}
	return column[i]
}

// setTime takes the time that stands in a column, unless the point has its own.
func (p *point) setTime(e *edge.Event, iso string) {
	if nanos, ok := isoTime(iso); ok && !p.timed {
		e.Time = nanos
	}
}

// setRegion takes a region; three capitals are the airport code of a PoP too.
func setRegion(f *edge.Facts, region string) {
	if region == "" || strings.EqualFold(region, "unknown") {
		return
	}
	f.Region = region
	if len(region) == 3 && isCapital(region[0]) && isCapital(region[1]) && isCapital(region[2]) {
		f.Colo = region
	}
}

func isCapital(c byte) bool { return 'A' <= c && c <= 'Z' }

// setStatus takes an HTTP status, or a word: ok and success are good, every other is an error. An absent one says
// nothing.
func setStatus(f *edge.Facts, status string) {
	if status == "" {
		return
	}
	f.Outcome = edge.OutcomeOK
	if n, err := strconv.ParseFloat(status, 64); err == nil {
		if n < 100 || n > 599 || n != math.Trunc(n) {
			f.Outcome = ""
			return
		}
		if f.Status = int(n); f.Status >= 500 {
			f.Outcome = edge.OutcomeError
		}
		return
	}
	f.Status, f.StatusInferred = 200, true
	if !strings.EqualFold(status, "ok") && !strings.EqualFold(status, "success") {
		f.Status, f.Outcome = 500, edge.OutcomeError
	}
}

func setDuration(e *edge.Event, ms string) {
	if nanos, ok := nanoseconds(ms, milli); ok {
		e.Duration, e.HasDuration = nanos, true
	}
}

func setCount(f *edge.Facts, count string) {
	if n, err := strconv.ParseFloat(count, 64); err == nil && n > 0 && !math.IsInf(n, 0) {
		f.Count, f.HasCount = n, true
	}
}

func setCold(f *edge.Facts, flag string) {
	n, err := strconv.ParseFloat(flag, 64)
	if err != nil {
		return
	}
	switch n {
	case 1:
		f.ColdStart, f.ColdStartSource = edge.True, coldByAttribute
	case 0:
		f.ColdStart, f.ColdStartSource = edge.False, coldByAttribute
	}
}

// coldByAttribute is the edge.coldstart.source of a cold start that the sender itself told.
const coldByAttribute = "attribute"

// milli is the number of nanoseconds in a millisecond.
const milli = 1e6

// nanoseconds reads a number of units; a negative or infinite one is none.
func nanoseconds(s string, unit float64) (int64, bool) {
	n, err := strconv.ParseFloat(s, 64)
	if err != nil || math.IsNaN(n) || n < 0 || n*unit >= math.MaxInt64 {
		return 0, false
	}
	return int64(math.Round(n * unit)), true
}
