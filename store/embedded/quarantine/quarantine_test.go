package quarantine_test

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"edgescope/store/embedded/quarantine"
)

// stock is a data directory with one part of each kind, as the engines leave it.
const (
	events      = "spans/partitions/20261129/datadb/18ECCFD753AFECAF"
	eventIndex  = "spans/partitions/20261129/indexdb/18ECCFD7537E80E0"
	samples     = "metrics/data/small/2026_11/18ECCFD6F58450E6"
	sampleIndex = "metrics/data/indexdb/2026_11/18ECCFD781EE1456"
)

func stock(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for part, from := range map[string]string{
		events: "events", eventIndex: "eventindex", samples: "samples",
		sampleIndex: "sampleindex",
	} {
		if err := os.CopyFS(filepath.Join(dir, part), os.DirFS(filepath.Join("../parts/testdata", from))); err != nil {
			t.Fatal(err)
		}
		list := `["` + filepath.Base(part) + `"]`
		if part == samples {
			list = `{"Small":["` + filepath.Base(part) + `"],"Big":[]}`
		}
		write(t, filepath.Join(dir, filepath.Dir(part), "parts.json"), list)
	}
	write(t, filepath.Join(dir, "metrics/cache/curr"), "cached")
	return dir
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// opened looks through a directory and returns what was logged.
func opened(t *testing.T, dir string, change ...func(*quarantine.Options)) (*quarantine.Ward, string) {
	t.Helper()
	var log strings.Builder
	o := quarantine.Options{
		Dir: dir, Kinds: []string{"spans"}, Epoch: 7,
		Logger: slog.New(slog.NewTextHandler(&log, nil)),
	}
	for _, f := range change {
		f(&o)
	}
	w, err := quarantine.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return w, log.String()
}

// aside returns what is in the quarantine, as paths.
func aside(t *testing.T, dir string) (paths []string) {
	t.Helper()
	items, err := quarantine.List(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range items {
		paths = append(paths, i.Path)
		if i.Reason == "" || i.At.IsZero() {
			t.Errorf("%+v tells no reason or time", i)
		}
	}
	return paths
}

// change flips a bit in the middle of a file and leaves its times, as a disk does.
func change(t *testing.T, path string) {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	b[len(b)/2] ^= 1
	write(t, path, string(b))
	if err := os.Chtimes(path, time.Time{}, info.ModTime()); err != nil {
		t.Fatal(err)
	}
}

func TestWhatIsSoundStays(t *testing.T) {
	dir := stock(t)
	w, told := opened(t, dir)
	if !strings.Contains(told, "caches") { // nobody vouched for them
		t.Errorf("told %q, want to hear of the caches", told)
	}
	write(t, filepath.Join(dir, "metrics/cache/curr"), "cached")
	if err := w.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, told := opened(t, dir); told != "" || len(aside(t, dir)) > 0 {
		t.Errorf("told %q, set aside %v", told, aside(t, dir))
	}
	for _, path := range []string{events, eventIndex, samples, sampleIndex, "metrics/cache/curr"} {
		if _, err := os.Stat(filepath.Join(dir, path)); err != nil {
			t.Error(err)
		}
	}
}

// TestADamagedPartIsSetAsideWithItsReason: the list does not name it any more, and it is told once.
func TestADamagedPartIsSetAsideWithItsReason(t *testing.T) {
	for _, part := range []string{events, eventIndex, samples, sampleIndex} {
		dir := stock(t)
		if err := os.Truncate(filepath.Join(dir, part, "index.bin"), 10); err != nil {
			t.Fatal(err)
		}
		w, told := opened(t, dir)
		if strings.Count(told, "set aside") != 1 || !strings.Contains(told, part) ||
			!strings.Contains(told, "index.bin") || !strings.Contains(told, "rows=") {
			t.Errorf("%s: told %q, want part, file and rows once", part, told)
		}
		if got := aside(t, dir); !slices.Equal(got, []string{part}) {
			t.Errorf("%s: set aside %v", part, got)
		}
		if f := w.Figures(); f.Items != 1 || f.Rows == 0 || f.Damaged != 0 {
			t.Errorf("%s: figures are %+v", part, f)
		}
		kept := filepath.Join(dir, quarantine.Folder, strings.ReplaceAll(part, "/", "-")+".7", "metadata.json")
		if _, err := os.Stat(kept); err != nil {
			t.Errorf("%s: %v", part, err)
		}
		list, err := os.ReadFile(filepath.Join(dir, filepath.Dir(part), "parts.json"))
		if err != nil || strings.Contains(string(list), filepath.Base(part)) {
			t.Errorf("%s: the list is %s, %v", part, list, err)
		}
		if _, told := opened(t, dir); strings.Contains(told, "set aside") {
			t.Errorf("%s: told again: %q", part, told)
		}
	}
}

// TestSealsTellABitThatChanged: a disk changes bits without changing times. That is looked for when there is reason to.
func TestSealsTellABitThatChanged(t *testing.T) {
	distrust := func(o *quarantine.Options) { o.Distrust = true }
	f := func(name string, damage func(t *testing.T, file string), with func(*quarantine.Options), wantAside bool) {
		t.Helper()
		dir := stock(t)
		opened(t, dir)
		damage(t, filepath.Join(dir, events, "bloom.bin0")) // no other file has bits that may be anything
		_, told := opened(t, dir, with)
		if got := len(aside(t, dir)) == 1; got != wantAside {
			t.Errorf("%s: set aside is %v, want %v; told %q", name, got, wantAside, told)
		}
	}
	same := func(*quarantine.Options) {}
	f("a bit changed, nothing else", change, same, false)
	f("a bit changed, and nothing is trusted", change, distrust, true)
	f("a bit changed, after a panic", change, func(o *quarantine.Options) { o.Crash = "panic: BUG" }, true)
	f("written to", func(t *testing.T, file string) {
		t.Helper()
		change(t, file)
		if err := os.Chtimes(file, time.Time{}, time.Now().Add(time.Hour)); err != nil {
			t.Fatal(err)
		}
	}, same, true)
	f("touched", func(t *testing.T, file string) {
		t.Helper()
		if err := os.Chtimes(file, time.Time{}, time.Now().Add(time.Hour)); err != nil {
			t.Fatal(err)
		}
	}, same, false)
	f("grown", func(t *testing.T, file string) {
		t.Helper()
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		write(t, file, string(b)+"garbage")
	}, same, false)
}

// TestAPanicThatNamesAPartCostsNoMoreThanThat: it must not end the next process too.
func TestAPanicThatNamesAPartCostsNoMoreThanThat(t *testing.T) {
	f := func(name, crash string, sealed, wantAside bool) {
		t.Helper()
		dir := stock(t)
		if sealed {
			opened(t, dir)
		}
		crash = strings.ReplaceAll(crash, "PART", filepath.Join(dir, events))
		opened(t, dir, func(o *quarantine.Options) { o.Crash = crash })
		if got := slices.Contains(aside(t, dir), events); got != wantAside {
			t.Errorf("%s: set aside is %v, want %v", name, got, wantAside)
		}
	}
	f("named", "panic: FATAL: PART/index.bin: cannot read\n\ngoroutine 1", false, true)
	f("named in the stack alone", "panic: BUG\n\ngoroutine 1 PART/index.bin", false, false)
	f("named and known to be as it was written", "panic: FATAL: PART/index.bin: cannot read\n\ngoroutine 1", true,
		false)
	f("no more descriptors", "panic: FATAL: cannot open PART/index.bin: too many open files\n\ngoroutine 1", false,
		false)
}

// TestWhatIsTooMuchIsReadLater: a start does not wait for gigabytes. What is found then goes at the next start.
func TestWhatIsTooMuchIsReadLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := stock(t)
		change(t, filepath.Join(dir, events, "index.bin"))
		w, told := opened(t, dir, func(o *quarantine.Options) { o.CheckAtMost = 1 })
		if strings.Contains(told, "set aside") {
			t.Errorf("told %q", told)
		}
		ctx, cancel := context.WithCancel(t.Context())
		go w.Run(ctx, time.Second)
		time.Sleep(1500 * time.Millisecond)
		cancel()
		synctest.Wait()
		if f := w.Figures(); f.Damaged != 1 {
			t.Errorf("figures are %+v, want a damaged part", f)
		}
		opened(t, dir, func(o *quarantine.Options) { o.CheckAtMost = 1 })
		if got := aside(t, dir); !slices.Equal(got, []string{events}) {
			t.Errorf("set aside %v", got)
		}
	})
}

// TestAStartThatIsNotWantedSetsNothingAside: what was not read to the end is not damaged.
func TestAStartThatIsNotWantedSetsNothingAside(t *testing.T) {
	dir := stock(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := quarantine.Open(ctx, quarantine.Options{
		Dir: dir, Kinds: []string{"spans"},
		Logger: slog.New(slog.DiscardHandler),
	}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want the error of the context", err)
	}
	if got := aside(t, dir); len(got) > 0 {
		t.Errorf("set aside %v", got)
	}
}

// TestNewPartsAreSealedWhileTheStoreRuns: an engine merges parts and lists the new one.
func TestNewPartsAreSealedWhileTheStoreRuns(t *testing.T) {
	dir := stock(t)
	w, _ := opened(t, dir)
	merged := filepath.Join(filepath.Dir(events), "18ECCFD753AFFFFF")
	if err := os.Rename(filepath.Join(dir, events), filepath.Join(dir, merged)); err != nil {
		t.Fatal(err)
	}
	list := filepath.Join(dir, filepath.Dir(events), "parts.json")
	write(t, list, `["18ECCFD753AFFFFF"]`)
	if err := os.Chtimes(list, time.Time{}, time.Now().Add(time.Second)); err != nil {
		t.Fatal(err)
	}
	w.Seal(t.Context())
	change(t, filepath.Join(dir, merged, "bloom.bin0"))
	opened(t, dir, func(o *quarantine.Options) { o.Distrust = true })
	if got := aside(t, dir); !slices.Equal(got, []string{merged}) {
		t.Errorf("set aside %v, want the part that was sealed and changed", got)
	}
}

// TestListsAreMadeAnew: what a list does not name, an engine removes.
func TestListsAreMadeAnew(t *testing.T) {
	f := func(name, text string) {
		t.Helper()
		dir := stock(t)
		lists := map[string]string{events: text, samples: strings.Replace(`{"Small":LIST,"Big":[]}`, "LIST", text, 1)}
		for part, text := range lists {
			write(t, filepath.Join(dir, filepath.Dir(part), "parts.json"), text)
		}
		opened(t, dir)
		for part := range lists {
			if b, err := os.ReadFile(filepath.Join(dir, filepath.Dir(part), "parts.json")); err != nil ||
				!strings.Contains(string(b), filepath.Base(part)) {
				t.Errorf("%s: the list of %s is %s, %v", name, part, b, err)
			}
		}
		if got := aside(t, dir); len(got) != 2 {
			t.Errorf("%s: set aside %v, want both lists", name, got)
		}
	}
	f("nothing", ``)
	f("half", `["18ECCFD753`)
	f("another name", `["18ECCFD753AFECAE"]`)
	f("a name of another folder", `["../../../x"]`)
	f("the same name twice", `["18ECCFD753AFECAF","18ECCFD753AFECAF"]`)
	f("another shape", `{"a":1}`)
	f("more than a list", `["18ECCFD753AFECAF"]]`)
}

// TestWhatIsNoPartIsSetAsideToo: the engines end the process over a name or a kind of file as well.
func TestWhatIsNoPartIsSetAsideToo(t *testing.T) {
	f := func(path string, prepare func(path string) error) {
		t.Helper()
		dir := stock(t)
		at := filepath.Join(dir, path)
		if err := os.RemoveAll(at); err != nil {
			t.Fatal(err)
		}
		if err := prepare(at); err != nil {
			t.Fatal(err)
		}
		_, told := opened(t, dir)
		if got := aside(t, dir); !slices.Contains(got, path) || !strings.Contains(told, path) {
			t.Errorf("%s: set aside %v, told %q", path, got, told)
		}
		if _, told = opened(t, dir); strings.Contains(told, "set aside") {
			t.Errorf("%s: told again: %q", path, told)
		}
	}
	file := func(path string) error { return os.WriteFile(path, []byte("x"), 0o600) }
	folder := func(path string) error { return os.MkdirAll(path, 0o750) }
	for _, path := range []string{
		"metrics", "metrics/data", "metrics/data/small", "metrics/data/small/2026_11", "metrics/metadata",
		"metrics/snapshots",
		"metrics/cache", "spans", "spans/partitions", "spans/partitions/20261129", "spans/partitions/20261129/datadb",
		"spans/partitions/20261129/indexdb",
	} {
		f(path, file)
	}
	f("metrics/flock.lock", folder)
	f("spans/flock.lock", folder)
	f("metrics/metadata/minTimestampForCompositeIndex", folder)
	f("spans/delete_tasks.json", file)
	f("spans/partitions/yesterday", folder)
	f("metrics/data/big/2026-11", folder)
	f("spans/partitions/20261129/indexdb", func(string) error { return nil }) // missing
}
