package report

import (
	"time"

	"edgescope/load"
	"edgescope/report/distribution"
)

// lane is where all results of a window go that count under the same names: the names are put together once, and a further
// result costs no look-up in a map. What a result counts under is decided in newLane alone.
type lane struct {
	names   []string // of the counters that each result raises by one
	results int64    // since the last fold
	retries int64
	bytes   int64
	records []record
	apdex   time.Duration // threshold; 0: not counted
}

// record is a distribution and which of a result's times go into it.
type record struct {
	into *distribution.Histogram
	what what
}

// what is one of the times of a result.
type what int

const (
	waited what = iota // as Artillery has it: whole milliseconds
	response
	service
	ttfb
	connWait
	body
	dns
	tcp
	tlsTime
	total
	serverTotal
	whats
)

// timesOf are the times of a result, by what they are.
func timesOf(r *load.Result) (times [whats]time.Duration) {
	times[waited] = r.Waited.Round(time.Millisecond)
	times[response], times[service], times[ttfb] = r.Response(), r.Service(), r.TTFB
	times[connWait], times[body] = r.ConnWait, r.Download
	times[dns], times[tcp], times[tlsTime] = r.DNS, r.TCP, r.TLS
	times[total], times[serverTotal] = times[response]-r.Lag-r.ConnWait, r.ServerTotal
	return times
}

// laneKey is what the names of a result depend on.
type laneKey struct {
	endpoint, name, cache, failure string
	code                           uint16
	final, cut, reused, cold       bool
	encrypted, serverTotal         bool
}

func (s *Summary) laneKey(r *load.Result) laneKey {
	key := laneKey{
		endpoint: r.Endpoint, name: r.Name, cache: r.CacheStatus, code: r.Code,
		final: r.Final, cut: r.Cut, reused: r.Reused, cold: r.ColdStart != nil && *r.ColdStart,
		encrypted: r.TLS > 0, serverTotal: r.HasServerTotal,
	}
	if r.Failure != "" {
		key.failure = s.errorName(r.Failure)
	}
	return key
}

// lane finds the lane of a result.
func (s *Summary) lane(w *tally, r *load.Result) *lane {
	key := s.laneKey(r)
	if w.last != nil && w.lastKey == key {
		return w.last
	}
	l := w.lanes[key]
	if l == nil {
		l = s.newLane(w, r, key.failure)
		w.lanes[key] = l
	}
	w.last, w.lastKey = l, key
	return l
}

// newLane says under which names a result counts.
func (s *Summary) newLane(w *tally, r *load.Result, failure string) *lane {
	l := &lane{names: []string{"http.requests"}}
	if r.Answered() {
		s.answered(w, l, r)
	}
	if r.Cut {
		l.count("edgescope.http.cut")
	}
	s.endpoint(w, l, r, failure)
	return l
}

func (l *lane) count(name string) { l.names = append(l.names, name) }

func (l *lane) record(w *tally, name string, of what) {
	l.records = append(l.records, record{w.histogram(name), of})
}

// add adds a result, which ended at so many Unix milliseconds.
func (l *lane) add(w *tally, r *load.Result, ms int64) {
	w.counted.add(ms)
	l.results++
	l.retries += int64(r.Retries)
	if !r.Answered() {
		return
	}
	l.bytes += r.Decoded
	w.recorded.add(ms)
	times := timesOf(r)
	for i := range l.records {
		l.records[i].into.Record(times[l.records[i].what])
	}
	if l.apdex > 0 {
		w.counters[apdexName(times[response]-r.Lag, l.apdex)]++
	}
}

func apdexName(took, threshold time.Duration) string {
	switch {
	case took <= threshold:
		return "apdex.satisfied"
	case took <= 4*threshold:
		return "apdex.tolerated"
	default:
		return "apdex.frustrated"
	}
}

// fold moves what lanes have counted into the counters.
func (t *tally) fold() {
	for _, l := range t.lanes {
		for _, name := range l.names {
			t.counters[name] += l.results
		}
		t.raise("http.requests", l.retries)
		t.raise("edgescope.http.retries", l.retries)
		t.raise("http.downloaded_bytes", l.bytes)
		l.results, l.retries, l.bytes = 0, 0, 0
	}
}

func (t *tally) raise(name string, by int64) {
	if by > 0 {
		t.counters[name] += by
	}
}
