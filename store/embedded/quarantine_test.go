package embedded_test

import (
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"edgescope/edge"
	"edgescope/store"
)

// TestDamagedPartsAreSetAside damages each file that the engines read when they open, one at a time; the end-to-end
// tests damage everything, in every way. The store opens all the same, tells loudly, and shows what is left.
func TestDamagedPartsAreSetAside(t *testing.T) {
	whole := t.TempDir()
	now := time.Now().UTC()
	s := mustOpen(t, options(whole))
	write := func(tenant edge.Tenant) {
		t.Helper()
		e := edge.Event{Kind: edge.KindSpan, Time: now.UnixNano(), Name: "a", Facts: edge.Facts{Service: "shop"}}
		other := e
		other.Name = "another" // a column whose values differ has a place of its own
		if err := s.WriteEvents(t.Context(), tenant, []edge.Event{e, other}); err != nil {
			t.Fatal(err)
		}
		series := &edge.Series{Labels: []edge.Attr{{Key: edge.LabelName, Value: "m"}}}
		if err := s.WriteSamples(t.Context(), tenant, []edge.Sample{{
			Series: series, Time: now.UnixMilli(),
			Value: 1,
		}}); err != nil {
			t.Fatal(err)
		}
	}
	write(1)
	mustClose(t, s)

	damages := map[string]func([]byte) []byte{
		"cut": func(b []byte) []byte { return b[:len(b)/2] },
		"noise": func(b []byte) []byte {
			for i := range b {
				b[i] ^= 0x5a
			}
			return b
		},
	}
	for _, pattern := range []string{
		"spans/partitions/*/datadb/*/metadata.json", "spans/partitions/*/datadb/*/metaindex.bin",
		"spans/partitions/*/datadb/*/column_names.bin", "spans/partitions/*/datadb/*/column_idxs.bin",
		"spans/partitions/*/datadb/parts.json",
		"spans/partitions/*/indexdb/*/metadata.json", "spans/partitions/*/indexdb/*/metaindex.bin",
		"spans/partitions/*/indexdb/parts.json",
		"metrics/data/small/*/*/metadata.json", "metrics/data/small/*/*/metaindex.bin",
		"metrics/data/small/*/parts.json",
		"metrics/data/indexdb/*/*/metadata.json", "metrics/data/indexdb/*/*/metaindex.bin",
		"metrics/data/indexdb/*/parts.json",
	} {
		for how, damage := range damages {
			dir := t.TempDir()
			if err := os.CopyFS(dir, os.DirFS(whole)); err != nil {
				t.Fatal(err)
			}
			files, err := filepath.Glob(filepath.Join(dir, pattern))
			if err != nil || len(files) == 0 {
				t.Fatalf("no file %s: %v", pattern, err)
			}
			good, err := os.ReadFile(files[0])
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(files[0], damage(slices.Clone(good)), 0o600); err != nil {
				t.Fatal(err)
			}
			var log strings.Builder
			o := options(dir)
			o.Logger = slog.New(slog.NewTextHandler(&log, nil))
			s = mustOpen(t, o)
			if !strings.Contains(log.String(), "damaged") || !strings.Contains(log.String(), filepath.Dir(files[0])) {
				t.Errorf("%s, %s: the log does not tell: %s", pattern, how, log.String())
			}
			write(2)
			s.Flush()
			if n := countSpans(t, s, 2, now); n == 0 {
				t.Errorf("%s, %s: what is written afterwards is not found", pattern, how)
			}
			mustClose(t, s)
			if kept, err := os.ReadDir(filepath.Join(dir, "quarantine")); err != nil || len(kept) == 0 {
				t.Errorf("%s, %s: quarantine holds nothing: %v", pattern, how, err)
			}
		}
	}
}

func countSpans(t *testing.T, s store.Reader, tenant edge.Tenant, now time.Time) int {
	t.Helper()
	n := 0
	q := store.RowsQuestion{
		Tenant: tenant, Kind: edge.KindSpan, LogsQL: "*", From: now.Add(-time.Hour),
		To: now.Add(time.Hour),
	}
	if err := s.Rows(t.Context(), q, func(store.Row) error { n++; return nil }); err != nil {
		t.Fatal(err)
	}
	return n
}
