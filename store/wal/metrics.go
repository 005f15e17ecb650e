package wal

import (
	"log/slog"

	"github.com/VictoriaMetrics/metrics"
)

// counters are what /metrics says of the log.
type counters struct {
	records, bytes, refused *metrics.Counter
	fsync, groups           *metrics.Histogram
}

func newCounters(set *metrics.Set) counters {
	return counters{
		records: set.GetOrCreateCounter("edgescope_wal_records_total"),
		bytes:   set.GetOrCreateCounter("edgescope_wal_written_bytes_total"),
		refused: set.GetOrCreateCounter("edgescope_wal_refused_records_total"),
		fsync:   set.GetOrCreateHistogram("edgescope_wal_fsync_seconds"),
		groups:  set.GetOrCreateHistogram("edgescope_wal_group_records"),
	}
}

func (c *counters) group(records, bytes int) {
	c.records.Add(records)
	c.bytes.Add(bytes)
	c.groups.Update(float64(records))
}

// observe adds gauges of what the log holds.
func (l *Log) observe() {
	gauge := func(name string, value func() float64) {
		l.o.Metrics.GetOrCreateGauge(name, func() float64 {
			l.mu.Lock()
			defer l.mu.Unlock()
			return value()
		})
	}
	gauge("edgescope_wal_bytes", func() float64 { return float64(l.bytes) })
	gauge("edgescope_wal_segments", func() float64 { return float64(len(l.segments)) })
	gauge("edgescope_wal_waiting_bytes", func() float64 { return float64(l.waiting) })
	gauge("edgescope_wal_sequence", func() float64 { return float64(l.seq) })
	gauge("edgescope_wal_lost_records", func() float64 { return float64(l.lost) })
	gauge("edgescope_wal_damaged_segments", func() float64 { return float64(l.damaged) })
}

func errorAttr(err error) slog.Attr { return slog.Any("error", err) }
