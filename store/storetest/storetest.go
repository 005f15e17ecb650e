// Package storetest holds the contract of package store as tests, which every implementation must pass.
package storetest

import (
	"cmp"
	"context"
	"io"
	"net/http"
	"slices"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"edgescope/edge"
	"edgescope/store"
)

// Store is what is tested.
type Store interface {
	store.Writer
	store.Reader
	// Flush makes everything written visible to questions (not durable).
	Flush()
	// Prometheus serves the Prometheus query API (paths below /api/v1/) with the tenant enforced. It answers reading
	// paths only, 404 for others.
	Prometheus(tenant edge.Tenant) http.Handler
	// WriteMetrics appends the store's own metrics in Prometheus text.
	WriteMetrics(w io.Writer)
	// Close makes everything durable. The store can't be used afterwards.
	Close() error
}

// Open opens the store under test. Called again after Close it opens the same data. It ends the test when it can't.
type Open func(t *testing.T) Store

// Run runs the contract. It has one store open at a time, and closes it in the end. Every test keeps to tenants of its
// own, so the store may hold other data.
func Run(t *testing.T, open Open) {
	s := &suite{open: open, store: open(t), now: time.Now().UTC().Truncate(time.Minute)}
	t.Cleanup(func() {
		if err := s.store.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	for _, c := range []struct {
		name string
		test func(*testing.T, *suite)
	}{
		{"RowsRenderAsWritten", rowsRenderAsWritten},
		{"AbsentRegionIsFoundAsEmpty", absentRegion},
		{"CallerMemoryIsFreeAfterWrite", callerMemory},
		{"EventsOfSeveralDaysAndKinds", severalDaysAndKinds},
		{"SeveralKindsAnswerAsOneTable", severalKinds},
		{"SubqueriesAskTheSameKinds", subqueriesOfKinds},
		{"OnlyNamedKindsAreAsked", someKinds},
		{"RowsHaveHalfOpenRange", rowsRange},
		{"TextCannotWidenRange", textCannotWidenRange},
		{"ExtraFiltersAreAnded", extraFilters},
		{"HiddenFieldsAreAbsent", hiddenFields},
		{"BadQueriesSaySo", badQueries},
		{"EmitErrorEndsQuestion", emitError},
		{"CancelledContextEndsQuestions", cancelled},
		{"EmitIsNeverConcurrent", emitSerial},
		{"TenantsAreIsolatedInRows", rowTenants},
		{"TenantsAreIsolatedInSeries", seriesTenants},
		{"TenantsAreIsolatedInPrometheus", prometheusTenants},
		{"PrometheusOnlyReads", prometheusOnlyReads},
		{"PrometheusIsOfOneOrigin", prometheusIsOfOneOrigin},
		{"GreatestSampleWins", greatestSample},
		{"WrittenBecomesVisible", becomesVisible},
		{"SeriesAlignToStep", seriesSteps},
		{"SeriesIdentityIsReused", seriesIdentity},
		{"TotalsAddUpBuckets", totalsBuckets},
		{"TotalsAreOfOneTenant", totalsTenants},
		{"TotalsCountTheGreatestSample", totalsGreatest},
		{"TotalsRefuseBadQuestions", totalsRefuse},
		{"CheckRefusesWhatWouldBeDropped", checkRefuses},
		{"MetricsAreText", metricsText},
		{"ConcurrentUse", concurrentUse},
		{"ReopenKeepsEverything", reopenKeeps}, // replaces the store: last
	} {
		t.Run(c.name, func(t *testing.T) { c.test(t, s) })
	}
}

// suite is what the tests share.
type suite struct {
	open  Open
	store Store
	// now is a full minute: the time of everything written, give or take.
	now time.Time
}

var tenants atomic.Uint32

// tenant returns one that no other test uses.
func (s *suite) tenant() edge.Tenant { return edge.Tenant(1000 + tenants.Add(1)) }

// span is a plain span of a service that ends at t.
func span(service, name string, t time.Time) edge.Event {
	return edge.Event{
		Kind: edge.KindSpan, Time: t.UnixNano(), Name: name, SpanKind: edge.SpanServer,
		Duration: int64(5 * time.Millisecond), HasDuration: true,
		Facts: edge.Facts{Service: service, Region: "FRA", Weight: 1},
	}
}

func (s *suite) write(t *testing.T, tenant edge.Tenant, events ...edge.Event) {
	t.Helper()
	for i := range events {
		if err := s.store.Check(&events[i]); err != nil {
			t.Fatalf("check event %d: %v", i, err)
		}
	}
	if err := s.store.WriteEvents(t.Context(), tenant, events); err != nil {
		t.Fatalf("write events: %v", err)
	}
	s.store.Flush()
}

func (s *suite) writeSamples(t *testing.T, tenant edge.Tenant, samples ...edge.Sample) {
	t.Helper()
	if err := s.store.WriteSamples(t.Context(), tenant, samples); err != nil {
		t.Fatalf("write samples: %v", err)
	}
	s.store.Flush()
}

// question asks a text over the whole day around now.
func (s *suite) question(tenant edge.Tenant, kind edge.Kind, text string) store.RowsQuestion {
	return store.RowsQuestion{
		Tenant: tenant, Kind: kind, LogsQL: text, From: s.now.Add(-12 * time.Hour),
		To: s.now.Add(12 * time.Hour),
	}
}

// rows returns the rows of a question as maps, sorted by time and name, without the engine's own columns.
func (s *suite) rows(t *testing.T, q store.RowsQuestion) []map[string]string {
	t.Helper()
	var rows []map[string]string
	err := s.store.Rows(t.Context(), q, func(r store.Row) error {
		m := make(map[string]string, len(r))
		for _, f := range r {
			if f.Name != "_stream" && f.Name != "_stream_id" {
				m[clone(f.Name)] = clone(f.Value)
			}
		}
		rows = append(rows, m)
		return nil
	})
	if err != nil {
		t.Fatalf("question %q: %v", q.LogsQL, err)
	}
	slices.SortFunc(rows, func(a, b map[string]string) int {
		return cmp.Or(cmp.Compare(number(a["_time"]), number(b["_time"])), cmp.Compare(a["name"], b["name"]))
	})
	return rows
}

// names returns the names of the rows of a question.
func (s *suite) names(t *testing.T, q store.RowsQuestion) []string {
	t.Helper()
	names := []string{}
	for _, r := range s.rows(t, q) {
		names = append(names, r["name"])
	}
	return names
}

func clone(text string) string { return string([]byte(text)) }

func number(text string) int64 {
	n, _ := strconv.ParseInt(text, 10, 64)
	return n
}

func newSeries(labels ...string) *edge.Series {
	s := new(edge.Series)
	for i := 0; i < len(labels); i += 2 {
		s.Labels = append(s.Labels, edge.Attr{Key: labels[i], Value: labels[i+1]})
	}
	return s
}

// ask evaluates a text at one moment and returns its series.
func (s *suite) ask(t *testing.T, tenant edge.Tenant, text string, at time.Time) []store.Series {
	t.Helper()
	got, err := s.store.Series(t.Context(), store.SeriesQuestion{Tenant: tenant, MetricsQL: text, To: at})
	if err != nil {
		t.Fatalf("question %q: %v", text, err)
	}
	return got
}

func withCancel(t *testing.T) (context.Context, context.CancelFunc) {
	t.Helper()
	return context.WithCancel(t.Context())
}
