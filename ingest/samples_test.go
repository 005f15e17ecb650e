package ingest_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/VictoriaMetrics/metrics"

	"edgescope/edge"
	"edgescope/ingest"
	"edgescope/store"
)

func TestSamplesReachTheStoreAsTheyAre(t *testing.T) {
	m, set := &memory{}, metrics.NewSet()
	p := open(t, m, func(o *ingest.Options) { o.Metrics = set })
	series := &edge.Series{Labels: []edge.Attr{{Key: edge.LabelName, Value: "faas_coldstarts_total"}}}
	if err := p.Samples(t.Context(), 3, []edge.Sample{{Series: series, Time: 1000, Value: 4}}); err != nil {
		t.Fatal(err)
	}
	if got := m.totals["__name__=faas_coldstarts_total,"]; got != 4 {
		t.Errorf("the store has %v, want 4", m.totals)
	}
	var text bytes.Buffer
	set.WritePrometheus(&text)
	if !strings.Contains(text.String(), "edgescope_ingest_samples_total 1\n") {
		t.Errorf("one sample is not counted:\n%s", text.String())
	}

	m.fail = store.ErrReadOnly
	var unavailable *edge.UnavailableError
	if err := p.Samples(t.Context(), 3, nil); !errors.As(err, &unavailable) || unavailable.Busy {
		t.Errorf("a read-only store answers %v, want to be told to come again later", err)
	}
	m.fail = nil
	if err := p.Close(t.Context()); err != nil {
		t.Error(err)
	}
}
