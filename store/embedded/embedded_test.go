package embedded_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"edgescope/edge"
	"edgescope/store"
	"edgescope/store/embedded"
	"edgescope/store/storetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m, goleak.IgnoreCurrent()) }

func options(dir string) embedded.Options {
	return embedded.Options{Dir: dir, MemoryLimit: 256 << 20}
}

func mustOpen(t *testing.T, o embedded.Options) *embedded.Store {
	t.Helper()
	s, err := embedded.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { mustClose(t, s) })
	return s
}

func mustClose(t *testing.T, s *embedded.Store) {
	t.Helper()
	if err := s.Close(); err != nil {
		t.Errorf("close: %v", err)
	}
}

func TestContract(t *testing.T) {
	dir := t.TempDir()
	storetest.Run(t, func(t *testing.T) storetest.Store {
		s, err := embedded.Open(t.Context(), options(dir))
		if err != nil {
			t.Fatal(err)
		}
		return s
	})
}

func TestIdentityKeepsCollectorAndCountsEpochs(t *testing.T) {
	dir := t.TempDir()
	s := mustOpen(t, options(dir))
	first, epoch := s.Identity()
	if len(first) != 36 || epoch != 1 {
		t.Errorf("identity of a new directory is %q, %d, want a UUID and 1", first, epoch)
	}
	mustClose(t, s)
	s = mustOpen(t, options(dir))
	again, epoch := s.Identity()
	if again != first || epoch != 2 {
		t.Errorf("identity after reopening is %q, %d, want %q and 2", again, epoch, first)
	}
	mustClose(t, s)
	other := mustOpen(t, options(t.TempDir()))
	if uuid, _ := other.Identity(); uuid == first {
		t.Error("two directories have one UUID")
	}
}

func TestSecondOpenIsRefused(t *testing.T) {
	dir := t.TempDir()
	s := mustOpen(t, options(dir))
	for _, d := range []string{dir, t.TempDir()} {
		if _, err := embedded.Open(t.Context(), options(d)); !errors.Is(err, store.ErrInUse) {
			t.Errorf("second Open of %s: error is %v, want ErrInUse", d, err)
		}
	}
	mustClose(t, s)
	mustClose(t, s) // a second Close is harmless
	mustOpen(t, options(dir))
}

func TestStartIsFast(t *testing.T) {
	dir := t.TempDir()
	mustClose(t, mustOpen(t, options(dir)))
	began := time.Now()
	mustOpen(t, options(dir))
	if took := time.Since(began); took > time.Second {
		t.Errorf("reopening took %s, want less than 1s", took)
	}
}

func TestUnusableDirectories(t *testing.T) {
	write := func(name, text string) func(*testing.T, string) {
		return func(t *testing.T, dir string) {
			t.Helper()
			if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	f := func(prepare func(*testing.T, string), change func(*embedded.Options), is error, says string) {
		t.Helper()
		o := options(t.TempDir())
		prepare(t, o.Dir)
		change(&o)
		s, err := embedded.Open(t.Context(), o)
		if err == nil {
			mustClose(t, s)
		}
		if err == nil || is != nil && !errors.Is(err, is) || !strings.Contains(err.Error(), says) {
			t.Errorf("error is %v, want %v with %q", err, is, says)
		}
	}
	nothing := func(*testing.T, string) {}
	same := func(*embedded.Options) {}
	f(write("FORMAT", `{"row":3,"rollup":1,"wal":2}`), same, store.ErrNewerFormat, "rows are in format 3")
	f(write("FORMAT", `{"row":1,"rollup":1,"wal":9}`), same, store.ErrNewerFormat, "write-ahead log are in format 9")
	f(write("FORMAT", `{"row":1}`), same, nil, "format 0 of rollups is unknown")
	f(write("FORMAT", `not json`), same, nil, "FORMAT")
	f(write("spans", ""), same, nil, "no FORMAT file")
	f(write("identity.json", "{"), same, nil, "identity.json")
	f(nothing, func(o *embedded.Options) { o.Dir = filepath.Join("/dev/null", "x") }, nil, "/dev/null")
	f(nothing, func(o *embedded.Options) { o.Dir = "" }, nil, "no data directory")
	f(nothing, func(o *embedded.Options) { o.RetentionEvents = time.Hour }, nil, "retention of events")
	f(nothing, func(o *embedded.Options) { o.RetentionSamples = time.Hour }, nil, "retention of samples")
	f(nothing, func(o *embedded.Options) { o.FlushInterval = time.Millisecond }, nil, "flush interval")
	f(nothing, func(o *embedded.Options) { o.MemoryLimit = 1 }, nil, "memory limit")
	f(nothing, func(o *embedded.Options) { o.MemoryLimit = 1 << 60 }, nil, "memory limit")
	f(nothing, func(o *embedded.Options) { o.MaxDisk = -1 }, nil, "negative")
	f(nothing, func(o *embedded.Options) { o.FreeSpace = func(string) (uint64, error) { return 1 << 20, nil } }, nil,
		"only 1 MiB")
	f(nothing, func(o *embedded.Options) {
		o.FreeSpace = func(string) (uint64, error) { return 0, errors.New("no such device") }
	}, nil, "no such device")

	mustOpen(t, options(t.TempDir())) // none of them left the process marked
}

func TestRefusedSamplesAreCounted(t *testing.T) {
	s := mustOpen(t, options(t.TempDir()))
	id := &edge.Series{Labels: []edge.Attr{{Key: "__name__", Value: "bounds"}}}
	old, ahead := time.Now().Add(-500*24*time.Hour), time.Now().Add(72*time.Hour)
	samples := []edge.Sample{
		{Series: id, Time: old.UnixMilli()},
		{Series: id, Time: ahead.UnixMilli()},
		{Series: id, Time: time.Now().UnixMilli()},
	}
	if err := s.WriteSamples(t.Context(), 0, samples); err != nil {
		t.Fatal(err)
	}
	if got := metric(s, "edgescope_store_dropped_samples_total"); got != "2" {
		t.Errorf("dropped samples are %q, want 2", got)
	}
}

// metric returns the value of a line of WriteMetrics.
func metric(s *embedded.Store, name string) string {
	var b strings.Builder
	s.WriteMetrics(&b)
	for line := range strings.Lines(b.String()) {
		if value, ok := strings.CutPrefix(line, name+" "); ok {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

func TestSeriesEndsWithItsContext(t *testing.T) {
	s := mustOpen(t, options(t.TempDir()))
	ctx, cancel := context.WithCancelCause(t.Context())
	why := errors.New("the page was left")
	cancel(why)
	_, err := s.Series(ctx, store.SeriesQuestion{MetricsQL: "1", To: time.Now()})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error is %v, want context.Canceled", err)
	}
}

func TestSeriesTakeTurns(t *testing.T) {
	s := mustOpen(t, options(t.TempDir()))
	giveBack := embedded.TakeAllTurns(s)
	ctx, cancel := context.WithCancel(t.Context())
	waiting := make(chan error)
	go func() {
		_, err := s.Series(ctx, store.SeriesQuestion{MetricsQL: "1", To: time.Now()})
		waiting <- err
	}()
	cancel()
	if err := <-waiting; !errors.Is(err, context.Canceled) {
		t.Errorf("a question that waits for its turn ends with %v, want context.Canceled", err)
	}
	giveBack()
	for range 50 { // more than there are turns: each is given back
		if _, err := s.Series(t.Context(), store.SeriesQuestion{MetricsQL: "1", To: time.Now()}); err != nil {
			t.Fatal(err)
		}
	}
}

func TestClosedStoreRefusesEverything(t *testing.T) {
	s := mustOpen(t, options(t.TempDir()))
	mustClose(t, s)
	now := time.Now()
	f := func(what string, err error) {
		t.Helper()
		if !errors.Is(err, embedded.ErrClosed) {
			t.Errorf("%s answers %v, want ErrClosed", what, err)
		}
	}
	f("WriteEvents", s.WriteEvents(t.Context(), 0, nil))
	f("WriteSamples", s.WriteSamples(t.Context(), 0, nil))
	f("Rows", s.Rows(t.Context(), store.RowsQuestion{LogsQL: "*", From: now, To: now.Add(1)}, nil))
	_, err := s.Series(t.Context(), store.SeriesQuestion{MetricsQL: "1", To: now})
	f("Series", err)
	s.Flush()
	if got := metric(s, "edgescope_store_read_only"); got != "" {
		t.Errorf("a closed store writes metrics: %q", got)
	}
}

func TestCallsInFlightHoldCloseBack(t *testing.T) {
	s := mustOpen(t, options(t.TempDir()))
	now := time.Now()
	if err := s.WriteEvents(t.Context(), 0, []edge.Event{{Time: now.UnixNano(), Name: "x"}}); err != nil {
		t.Fatal(err)
	}
	s.Flush()
	closed := make(chan error)
	q := store.RowsQuestion{LogsQL: "*", From: now.Add(-time.Second), To: now.Add(time.Second)}
	err := s.Rows(t.Context(), q, func(r store.Row) error {
		go func() { closed <- s.Close() }()
		select {
		case <-closed:
			return errors.New("closed while a question ran")
		case <-time.After(50 * time.Millisecond):
			return nil
		}
	})
	if err != nil {
		t.Error(err)
	}
	if err := <-closed; err != nil {
		t.Error(err)
	}
}
