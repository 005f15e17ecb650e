package ingest

import (
	"fmt"

	"github.com/VictoriaMetrics/metrics"

	"edgescope/edge"
)

// counters are what /metrics says of the pipeline.
type counters struct {
	set                            *metrics.Set
	events                         [edge.KindDataPoint + 1]*metrics.Counter
	invocations, batches, rejected *metrics.Counter
	// repeated counts the spans that were kept before.
	repeated *metrics.Counter
}

func newCounters(set *metrics.Set) counters {
	c := counters{
		set:         set,
		invocations: set.GetOrCreateCounter("edgescope_ingest_invocations_total"),
		batches:     set.GetOrCreateCounter("edgescope_ingest_batches_total"),
		rejected:    set.GetOrCreateCounter("edgescope_ingest_rejected_total"),
		repeated:    set.GetOrCreateCounter("edgescope_ingest_repeated_spans_total"),
	}
	for kind := range c.events {
		c.events[kind] = set.GetOrCreateCounter(fmt.Sprintf("edgescope_ingest_events_total{kind=%q}", edge.Kind(kind)))
	}
	return c
}

func (c *counters) taken(b *edge.Batch) {
	var kinds [len(c.events)]int
	invocations := 0
	for i := range b.Events {
		kinds[b.Events[i].Kind]++
		if b.Events[i].Facts.Invocation {
			invocations++
		}
	}
	for kind, n := range kinds {
		c.events[kind].Add(n)
	}
	c.invocations.Add(invocations)
	c.batches.Inc()
	c.rejected.Add(b.RejectedCount)
	for reason, n := range b.Warnings {
		c.add(fmt.Sprintf("edgescope_ingest_salvaged_total{reason=%q}", reason), n)
	}
}

func (c *counters) replayed(b *edge.Batch, missing int) {
	c.add("edgescope_wal_replayed_records_total", 1)
	c.add("edgescope_wal_replayed_rows_total", len(b.Events))
	c.add("edgescope_wal_replayed_samples_total", len(b.Samples))
	c.add("edgescope_wal_replayed_missing_rows_total", missing)
}

func (c *counters) refused(reason string) {
	c.add(fmt.Sprintf("edgescope_ingest_refused_batches_total{reason=%q}", reason), 1)
}

func (c *counters) add(name string, n int) { c.set.GetOrCreateCounter(name).Add(n) }

// observe adds gauges of what the rollup holds.
func (p *Pipeline) observe() {
	gauge := func(name string, value func() int) {
		p.o.Metrics.GetOrCreateGauge(name, func() float64 { return float64(value()) })
	}
	gauge("edgescope_ingest_batches", func() int { return int(p.inside.Load()) })
	gauge("edgescope_ingest_known_bodies", p.retries.len)
	gauge("edgescope_ingest_known_span_keys", p.spans.Len)
	gauge("edgescope_rollup_keys", func() int { return p.o.Rollup.Stats().Keys })
	gauge("edgescope_rollup_cells", func() int { return p.o.Rollup.Stats().Cells })
	gauge("edgescope_rollup_bytes", func() int { return int(p.o.Rollup.Stats().Bytes) })
	gauge("edgescope_rollup_unwritten_cells", func() int { return p.o.Rollup.Stats().Unwritten })
}
