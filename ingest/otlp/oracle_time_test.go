package otlp_test

import (
	"math"
	"time"

	"edgescope/edge"
	"edgescope/ingest/otlp/otlptest"
)

// oracleUnix reads a time in whatever unit makes it one of this century.
func oracleUnix(t uint64) int64 {
	from, to := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC).Unix(), time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC).Unix()
	for _, each := range []uint64{1e9, 1e6, 1e3, 1} { // units in a second
		if sec := t / each; sec >= uint64(from) && sec < uint64(to) {
			return int64(t * (1e9 / each))
		}
	}
	return int64(min(t, math.MaxInt64))
}

func oracleTimes(start, end uint64) (at, duration int64, has bool) {
	now, s, e := otlptest.Arrival.UnixNano(), oracleUnix(start), oracleUnix(end)
	if s == 0 && e == 0 {
		s, e = now, now
	}
	if s == 0 {
		s = e
	}
	e = max(s, e)
	if e-s > 30*24*3600*1e9 && (s > now || e <= now+10*60*1e9) {
		return e, 0, false
	}
	return e, e - s, true
}

// oracleSkew moves the spans of one resource that lie in the future, and returns by how much each was moved.
func oracleSkew(spans []plain) []int64 {
	now, moved := otlptest.Arrival.UnixNano(), make([]int64, len(spans))
	newest := map[edge.TraceID]int64{}
	for _, p := range spans {
		if p.Time-p.Duration > now {
			newest[p.TraceID] = max(newest[p.TraceID], p.Time)
		}
	}
	clocks := oracleClocks(newest)
	for i := range spans {
		p := &spans[i]
		if last, ok := newest[p.TraceID]; ok && clocks[p.TraceID] > now+10*60*1e9 && last-p.Time < 24*3600*1e9 {
			moved[i] = clocks[p.TraceID] - now
			p.Time -= moved[i]
		}
		if p.Time > now+10*60*1e9 && p.Time-p.Duration <= now {
			p.Time, p.Duration = now, p.Duration-(p.Time-now)
			if p.Duration > 30*24*3600*1e9 {
				p.Duration, p.HasDuration = 0, false
			}
		}
	}
	return moved
}

// oracleClocks returns for each trace the newest moment of those traces that end within a minute before it, newest
// first.
func oracleClocks(newest map[edge.TraceID]int64) map[edge.TraceID]int64 {
	clocks := map[edge.TraceID]int64{}
	for len(clocks) < len(newest) {
		top := int64(math.MinInt64)
		for id, at := range newest {
			if _, done := clocks[id]; !done {
				top = max(top, at)
			}
		}
		for id, at := range newest {
			if _, done := clocks[id]; !done && top-at <= 60*1e9 {
				clocks[id] = top
			}
		}
	}
	return clocks
}
