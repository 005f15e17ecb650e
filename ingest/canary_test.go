package ingest_test

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/VictoriaMetrics/metrics"

	"edgescope/edge"
	"edgescope/ingest"
	"edgescope/store"
)

// mirror is a store whose questions see an event some time after it was written, perhaps twice or never.
type mirror struct {
	memory
	after  time.Duration
	times  int
	broken error
	ids    map[string]time.Time
}

func (m *mirror) WriteEvents(ctx context.Context, tenant edge.Tenant, events []edge.Event) error {
	for i := range events {
		m.ids[hex.EncodeToString(events[i].SpanID[:])] = time.Now()
	}
	return m.memory.WriteEvents(ctx, tenant, events)
}

func (m *mirror) Rows(_ context.Context, q store.RowsQuestion, emit func(store.Row) error) error {
	for id, at := range m.ids {
		if !strings.Contains(q.LogsQL, "span_id:="+id) || at.Before(q.From) || !at.Before(q.To) ||
			time.Since(at) < m.after {
			continue
		}
		for range m.times {
			if err := emit(store.Row{{Name: "span_id", Value: id}}); err != nil {
				return err
			}
		}
	}
	return m.broken
}

func TestCanaryTellsAgeAndLoss(t *testing.T) {
	f := func(name string, m *mirror, want ...string) {
		t.Helper()
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m.ids = map[string]time.Time{}
				set := metrics.NewSet()
				p := open(t, &m.memory, func(o *ingest.Options) { o.Store = m })
				c := ingest.OpenCanary(t.Context(), ingest.CanaryOptions{
					Every: 10 * time.Second, Pipeline: p, Reader: m, Patience: 5 * time.Second, Metrics: set,
					Logger: slog.New(slog.DiscardHandler),
				})
				time.Sleep(38 * time.Second) // in the fake time of the test
				var text bytes.Buffer
				set.WritePrometheus(&text)
				for _, line := range want {
					if !strings.Contains(text.String(), line+"\n") {
						t.Errorf("metrics lack %q:\n%s", line, text.String())
					}
				}
				if got := m.total("edge_service_requests"); got != 0 {
					t.Errorf("the canary counts as %v invocations", got)
				}
				if err := errors.Join(c.Close(t.Context()), p.Close(t.Context())); err != nil {
					t.Error(err)
				}
			})
		})
	}
	f("all is well", &mirror{after: time.Second, times: 1}, "edgescope_canary_sent_total 4",
		"edgescope_canary_lost_total 0",
		"edgescope_canary_doubled_total 0", "edgescope_canary_age_seconds 8", "edgescope_canary_visible_seconds_sum 4",
		"edgescope_canary_visible_seconds_count 4")
	f("nothing is found", &mirror{times: 0}, "edgescope_canary_sent_total 4", "edgescope_canary_lost_total 4",
		"edgescope_canary_age_seconds 38")
	f("found twice", &mirror{times: 2}, "edgescope_canary_doubled_total 4", "edgescope_canary_lost_total 0")
	f("no answers", &mirror{broken: errors.New("broken")}, "edgescope_canary_failed_total 4",
		"edgescope_canary_lost_total 0")
	f("not taken", &mirror{memory: memory{fail: store.ErrReadOnly}}, "edgescope_canary_refused_total 4",
		"edgescope_canary_sent_total 0")
}
