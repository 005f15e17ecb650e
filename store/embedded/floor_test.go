package embedded_test

import (
	"cmp"
	"context"
	"encoding/binary"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/VictoriaMetrics/VictoriaLogs/lib/logstorage"

	"edgescope/edge"
	"edgescope/ingest/normalize"
	"edgescope/ingest/otlp"
	"edgescope/store"
	"edgescope/store/embedded"
)

// BenchmarkAgainstFloor compares the store with the floor: the engine given the rows of each request as they come, in
// process, without log, totals or HTTP. Both decode and normalise the same requests of 50 spans, in turn, on one core;
// closing is included.
//
//	go test ./store/embedded -run '^$' -bench AgainstFloor -benchtime 3x -cpu 1
func BenchmarkAgainstFloor(b *testing.B) {
	const spans = 300_000
	requests := dump(b, spans)
	var floor, ours time.Duration
	for b.Loop() {
		floor += cpuOf(b, func() { throughEngine(b, requests) })
		ours += cpuOf(b, func() { throughStore(b, requests) })
	}
	millions := float64(b.N) * spans / 1e6
	b.ReportMetric(floor.Seconds()/millions, "floor-cpu-s/Mspans")
	b.ReportMetric(ours.Seconds()/millions, "cpu-s/Mspans")
	b.ReportMetric(float64(ours)/float64(floor), "of-the-floor")
}

func cpuOf(b *testing.B, f func()) time.Duration {
	b.Helper()
	before := cpuTime(b)
	f()
	return cpuTime(b) - before
}

// sink normalises what was decoded and passes it on.
type sink struct {
	normalizer *normalize.Normalizer
	take       func([]edge.Event) error
}

func (s *sink) Events(_ context.Context, batch *edge.Batch) error {
	s.normalizer.Normalize(batch.Events)
	return s.take(batch.Events)
}

// decode gives take the events of each request.
func decode(b *testing.B, requests [][]byte, take func([]edge.Event) error) {
	b.Helper()
	r, err := otlp.New(otlp.Options{
		Sink:   &sink{normalize.New(normalize.Options{}), take},
		Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		b.Fatal(err)
	}
	for _, body := range requests {
		taken, err := r.Take(b.Context(), otlp.Request{Signal: otlp.Traces, Encoding: otlp.Protobuf, Body: body})
		if err != nil {
			b.Fatal(err)
		}
		taken.Release()
	}
}

func throughStore(b *testing.B, requests [][]byte) {
	b.Helper()
	s, err := embedded.Open(b.Context(), options(b.TempDir()))
	if err != nil {
		b.Fatal(err)
	}
	decode(b, requests, func(events []edge.Event) error { return s.WriteEvents(b.Context(), 0, events) })
	if err := s.Close(); err != nil {
		b.Fatal(err)
	}
}

func throughEngine(b *testing.B, requests [][]byte) {
	b.Helper()
	const day = 24 * time.Hour
	engine := logstorage.MustOpenStorage(filepath.Join(b.TempDir(), "spans"), &logstorage.StorageConfig{
		Retention: 30 * day, FutureRetention: day, FlushInterval: 5 * time.Second,
	})
	var renderer store.RowRenderer
	var fields []logstorage.Field
	rows := logstorage.GetLogRows([]string{edge.KeyServiceName, edge.KeyRegion}, nil, nil, nil, "")
	decode(b, requests, func(events []edge.Event) error {
		for i := range events {
			row, _ := renderer.Render(&events[i])
			fields = fields[:0]
			for _, f := range row {
				fields = append(fields, logstorage.Field(f))
			}
			rows.MustAdd(logstorage.TenantID{}, events[i].Time, fields, -1)
		}
		engine.MustAddRows(rows)
		rows.ResetKeepSettings()
		return nil
	})
	logstorage.PutLogRows(rows)
	engine.MustClose()
}

// dump returns requests as functions send them, 50 spans each, from the load source.
func dump(b *testing.B, spans int) (requests [][]byte) {
	b.Helper()
	source := filepath.Join(cmp.Or(os.Getenv("EDGESCOPE_SHARED"), "../../../shared"), "bench", "otlpload")
	if _, err := os.Stat(source); err != nil {
		b.Skipf("the load source is not here (EDGESCOPE_SHARED names its folder): %v", err)
	}
	file := filepath.Join(b.TempDir(), "requests")
	run := exec.CommandContext(b.Context(), "go", "run", "-C", source, ".", "-dump", file, "-n", strconv.Itoa(spans))
	if out, err := run.CombinedOutput(); err != nil {
		b.Fatalf("otlpload: %v\n%s", err, out)
	}
	all, err := os.ReadFile(file)
	if err != nil {
		b.Fatal(err)
	}
	for len(all) > 0 {
		n := binary.LittleEndian.Uint32(all)
		requests = append(requests, all[4:4+n])
		all = all[4+n:]
	}
	if want := spans / 50; len(requests) != want {
		b.Fatalf("otlpload wrote %d requests, want %d", len(requests), want)
	}
	return requests
}
