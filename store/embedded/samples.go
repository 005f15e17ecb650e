package embedded

import (
	"bytes"
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/VictoriaMetrics/VictoriaMetrics/app/vmstorage"
	"github.com/VictoriaMetrics/VictoriaMetrics/lib/decimal"
	"github.com/VictoriaMetrics/VictoriaMetrics/lib/encoding"
	"github.com/VictoriaMetrics/VictoriaMetrics/lib/prompb"
	"github.com/VictoriaMetrics/VictoriaMetrics/lib/storage"

	"edgescope/edge"
	"edgescope/store"
)

// maxFutureSamples is how far ahead of the clock the metrics engine takes samples (its flag futureRetention).
const maxFutureSamples = 48 * time.Hour

// sampleBuffer is the memory that WriteSamples reuses.
type sampleBuffer struct {
	rows   []storage.MetricRow
	labels []prompb.Label
	// prefix is the encoded label edge_tenant with which every Series.Raw of the tenant starts.
	prefix []byte
	tenant edge.Tenant
}

// WriteSamples implements store.Writer. Samples are taken also while the store is read-only, until half of the reserve
// is gone: those that come then are of what was acknowledged before. Samples outside the retention, or more than 48 h
// ahead of the clock, are left out and counted (edgescope_store_dropped_samples_total).
func (s *Store) WriteSamples(ctx context.Context, tenant edge.Tenant, samples []edge.Sample) error {
	if err := s.mayWrite(ctx); err != nil {
		return err
	}
	defer s.leave()
	s.samplesMu.Lock()
	defer s.samplesMu.Unlock()

	now := time.Now()
	oldest := now.Add(-s.opts.RetentionSamples).UnixMilli()
	newest := now.Add(maxFutureSamples).UnixMilli()
	b := &s.samples
	b.start(tenant)
	for i := range samples {
		sample := &samples[i]
		if sample.Time < oldest || sample.Time > newest {
			s.droppedSamples.Add(1)
			continue
		}
		b.rows = append(b.rows, storage.MetricRow{
			MetricNameRaw: b.raw(sample.Series), Timestamp: sample.Time,
			Value: sample.Value,
		})
	}
	if err := vmstorage.VMInsertAPI.WriteRows(b.rows); err != nil {
		return fmt.Errorf("%w: %w", store.ErrReadOnly, err) // the only error that it has
	}
	return nil
}

// ShowSamples makes the samples that were written visible to questions. By itself the engine does that within about
// four seconds.
func (s *Store) ShowSamples() {
	if s.enter() != nil {
		return
	}
	defer s.leave()
	flushMetrics()
}

func (b *sampleBuffer) start(tenant edge.Tenant) {
	clear(b.rows)
	b.rows = b.rows[:0]
	if b.prefix != nil && b.tenant == tenant {
		return
	}
	b.tenant = tenant
	b.prefix = storage.MarshalMetricNameRaw(nil, []prompb.Label{{Name: edge.LabelTenant, Value: formatTenant(tenant)}})
}

// raw returns the engine's encoding of a series and keeps it in the series. It starts with the tenant, so that a series
// that is written for another tenant is encoded again.
func (b *sampleBuffer) raw(s *edge.Series) []byte {
	if bytes.HasPrefix(s.Raw, b.prefix) {
		return s.Raw
	}
	b.labels = b.labels[:0]
	for i := range s.Labels {
		if l := &s.Labels[i]; l.Key != edge.LabelTenant {
			b.labels = append(b.labels, prompb.Label{Name: l.Key, Value: l.Value})
		}
	}
	s.Raw = storage.MarshalMetricNameRaw(append(s.Raw[:0], b.prefix...), b.labels)
	return s.Raw
}

func formatTenant(t edge.Tenant) string { return strconv.FormatUint(uint64(t), 10) }

// maxNativeRows is how many samples a block of the native format holds (lib/storage, maxRowsPerBlock).
const maxNativeRows = 8 << 10

// AppendNative appends samples in the engine's own format, which /api/v1/import/native of VictoriaMetrics and vmctl read:
// blocks, each with the name of its series. In front of all blocks stands AppendNativeRange.
func (*Store) AppendNative(dst []byte, s *store.Samples) []byte {
	var name storage.MetricName
	for _, label := range s.Labels {
		if label.Key == edge.LabelName {
			name.MetricGroup = []byte(label.Value)
		} else {
			name.AddTag(label.Key, label.Value)
		}
	}
	named := name.Marshal(nil)
	for from := 0; from < len(s.Times); from += maxNativeRows {
		to := min(len(s.Times), from+maxNativeRows)
		values, scale := decimal.AppendFloatToDecimal(nil, s.Values[from:to])
		var block storage.Block
		block.Init(&storage.TSID{}, s.Times[from:to], values, scale, 64)
		portable := block.MarshalPortable(nil)
		dst = append(encoding.MarshalUint32(dst, uint32(len(named))), named...)
		dst = append(encoding.MarshalUint32(dst, uint32(len(portable))), portable...)
	}
	return dst
}

// AppendNativeRange appends the beginning of the native format: the time of the samples that follow, From <= time <= To.
func (*Store) AppendNativeRange(dst []byte, from, to time.Time) []byte {
	return encoding.MarshalInt64(encoding.MarshalInt64(dst, from.UnixMilli()), to.UnixMilli())
}
