package wal

import (
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"edgescope/edge"
	"edgescope/store"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const testUUID = "0af76519-16cd-43dd-8448-eb211c80319c"

func open(t *testing.T, dir string, change ...func(*Options)) *Log {
	t.Helper()
	l, err := tryOpen(dir, change...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l
}

func tryOpen(dir string, change ...func(*Options)) (*Log, error) {
	o := Options{Dir: dir, Collector: testUUID, Epoch: 1, SegmentSize: 1 << 16}
	for _, f := range change {
		f(&o)
	}
	return Open(o)
}

func named(name string) *edge.Batch {
	b := &edge.Batch{Tenant: 3, Events: alike(2), Body: edge.BodyHash{1, 2}}
	for i := range b.Events {
		b.Events[i].Name = name
	}
	return b
}

func add(t *testing.T, l *Log, names ...string) {
	t.Helper()
	for _, name := range names {
		if err := l.Append(t.Context(), named(name)); err != nil {
			t.Fatal(err)
		}
	}
}

func closed(t *testing.T, l *Log) {
	t.Helper()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
}

// replayed returns the names of the batches that a log gives back.
func replayed(t *testing.T, l *Log) string {
	t.Helper()
	var names []string
	last := uint64(0)
	err := l.Replay(t.Context(), func(s store.LogSpan) (func(*edge.Batch) error, error) {
		return func(b *edge.Batch) error {
			if b.Record.Seq <= last || b.Record.Seq < s.First || b.Record.Seq > s.Last || b.Record.Log != s.Log {
				t.Errorf("record %+v after %d in a segment %+v", b.Record, last, s)
			}
			if b.Tenant != 3 || b.Body != (edge.BodyHash{1, 2}) || len(b.Events) != 2 {
				t.Errorf("record %d: got %+v", b.Record.Seq, b)
			}
			last = b.Record.Seq
			names = append(names, strings.Clone(b.Events[0].Name))
			return nil
		}, nil
	})
	if err != nil {
		t.Error(err)
	}
	return strings.Join(names, " ")
}

func segmentFiles(t *testing.T, dir string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*"+segmentSuffix))
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func TestWhatWasTakenComesBack(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir)
	b := named("a")
	if err := l.Append(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	if want := (edge.Record{Log: testUUID + "-1", Seq: 1}); b.Record != want || b.Arrival == 0 {
		t.Errorf("got record %+v, arrival %d; want %+v", b.Record, b.Arrival, want)
	}
	add(t, l, "b", "c")
	closed(t, l)
	if err := l.Append(t.Context(), named("d")); !errors.Is(err, ErrClosed) {
		t.Errorf("after Close: got %v", err)
	}

	l = open(t, dir, func(o *Options) { o.Epoch = 2 })
	if got := replayed(t, l); got != "a b c" {
		t.Errorf("replayed %q, want \"a b c\"", got)
	}
	b = named("d")
	if err := l.Append(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	if want := (edge.Record{Log: testUUID + "-2", Seq: 4}); b.Record != want {
		t.Errorf("the next process: got record %+v, want %+v", b.Record, want)
	}
	closed(t, l)
	if got := replayed(t, open(t, dir)); got != "a b c d" {
		t.Errorf("replayed %q, want \"a b c d\"", got)
	}
}

// killedLog returns what a process leaves behind when it is killed: a preallocated segment with the records a, b and c,
// and where the last one begins.
func killedLog(t *testing.T) (data []byte, lastRecord int) {
	t.Helper()
	dir := t.TempDir()
	l := open(t, dir)
	add(t, l, "a", "b", "c")
	data, err := os.ReadFile(segmentFiles(t, dir)[0])
	if err != nil {
		t.Fatal(err)
	}
	closed(t, l)
	header, err := readSegmentHeader(data)
	if err != nil {
		t.Fatal(err)
	}
	found := scanSegment(data, header.salt, func(*recordHeader, []byte) {})
	return data, found.records[2].from
}

type recordHeader = header // a variable has its name

func TestTornTailIsCutAtEveryByte(t *testing.T) {
	data, last := killedLog(t)
	header, _ := readSegmentHeader(data)
	end := scanSegment(data, header.salt, func(*recordHeader, []byte) {}).end
	flips := 0
	lastHeader, err := readHeader(data[last:], header.salt)
	if err != nil {
		t.Fatal(err)
	}
	whole := last + headerSize + int(lastHeader.length) // behind it is padding
	check := func(what string, at int, torn []byte) {
		t.Helper()
		want := "a b"
		if at >= whole {
			want = "a b c"
		}
		if slices.Equal(torn, data) {
			return // the byte was a zero
		}
		dir := t.TempDir()
		if err := os.WriteFile(segmentPath(dir, 1), torn, 0o600); err != nil {
			t.Fatal(err)
		}
		l := open(t, dir)
		got := replayed(t, l)
		if got != want {
			t.Fatalf("%s byte %d: replayed %q, want %q", what, at, got, want)
		}
		if flips%16 == 0 { // and the log goes on
			add(t, l, "d")
			closed(t, l)
			if again := replayed(t, open(t, dir)); again != got+" d" {
				t.Fatalf("%s byte %d: then replayed %q, want %q", what, at, again, got+" d")
			}
		}
		closed(t, l)
		if _, err := os.Stat(filepath.Join(dir, "quarantine")); !errors.Is(err, fs.ErrNotExist) {
			t.Fatalf("%s byte %d: a torn tail is no damage", what, at)
		}
	}
	for at := last; at < end; at++ {
		torn := slices.Clone(data)
		clear(torn[at:])
		check("zeros from", at, torn)
		check("cut at", at, data[:at])
		torn = slices.Clone(data)
		torn[at] ^= 0x10
		check("flipped", at, torn)
		flips++
	}
	if flips < 200 {
		t.Errorf("only %d bytes were tried", flips)
	}
}

func TestDamagedSegmentIsSetAsideAndTheRestReplayed(t *testing.T) {
	f := func(name string, damage func(data []byte) []byte, want string) {
		t.Helper()
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			l := open(t, dir)
			add(t, l, "a", "b", "c")
			closed(t, l)
			l = open(t, dir)
			add(t, l, "d")
			closed(t, l)
			path := segmentFiles(t, dir)[0]
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			damaged := damage(slices.Clone(data))
			if err := os.WriteFile(path, damaged, 0o600); err != nil {
				t.Fatal(err)
			}
			if _, err := tryOpen(dir, func(o *Options) { o.RefuseDamage = true }); err == nil ||
				!strings.Contains(err.Error(), "offset") {
				t.Errorf("RefuseDamage: got %v, want an error with the offset", err)
			}
			var log strings.Builder
			l = open(t, dir, func(o *Options) { o.Logger = slog.New(slog.NewTextHandler(&log, nil)) })
			if got := replayed(t, l); got != want {
				t.Errorf("replayed %q, want %q", got, want)
			}
			if text := log.String(); !strings.Contains(text, "level=ERROR") ||
				!strings.Contains(text, filepath.Base(path)) || !strings.Contains(text, "offset=") {
				t.Errorf("the log does not tell loudly where: %s", text)
			}
			kept, err := os.ReadFile(filepath.Join(dir, "quarantine", filepath.Base(path)))
			if err != nil || !slices.Equal(kept, damaged) {
				t.Errorf("quarantine: %d bytes, %v; want the damaged segment as it was", len(kept), err)
			}
			closed(t, l)
			if got := replayed(t, open(t, dir, func(o *Options) { o.RefuseDamage = true })); got != want {
				t.Errorf("the next start: replayed %q, want %q without damage", got, want)
			}
		})
	}
	second := func(data []byte) int {
		h, _ := readSegmentHeader(data)
		return scanSegment(data, h.salt, func(*recordHeader, []byte) {}).records[1].from
	}
	f("a payload in the middle", func(data []byte) []byte { data[second(data)+headerSize+5] ^= 1; return data },
		"a c d")
	f("a length in the middle", func(data []byte) []byte { data[second(data)+5] ^= 0x7f; return data }, "a c d")
	f("a page of zeros", func(data []byte) []byte { clear(data[second(data)+8 : second(data)+64]); return data },
		"a c d")
	f("the first copy of the header and a record", func(data []byte) []byte {
		data[3] ^= 1
		data[second(data)+headerSize] ^= 1
		return data
	}, "a c d")
	f("both copies of the header", func(data []byte) []byte { clear(data[:segmentStart]); return data }, "d")
	f("the end of a segment that is not the last", func(data []byte) []byte { return data[:len(data)-9] }, "a b d")
	f("nothing but its name is left", func([]byte) []byte { return nil }, "d")
}

// TestForgedRecordIsNone puts the bytes of a whole record, made without knowing the segment's number, where a tear
// leaves them.
func TestForgedRecordIsNone(t *testing.T) {
	data, last := killedLog(t)
	h := header{seq: 99}
	b := named("forged")
	h.describe(b)
	payload := new(encoder).batch(b)
	h.length, h.checksum = uint32(len(payload)), checksum(12345, payload)
	forged := appendRecord(nil, &h, 12345, payload)
	clear(data[last:])
	copy(data[last+80:], forged)
	dir := t.TempDir()
	if err := os.WriteFile(segmentPath(dir, 1), data, 0o600); err != nil {
		t.Fatal(err)
	}
	if got := replayed(t, open(t, dir)); got != "a b" {
		t.Errorf("replayed %q, want \"a b\"", got)
	}
}

func TestAnotherCollectorsLogIsRefused(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir)
	add(t, l, "a")
	closed(t, l)
	_, err := tryOpen(dir, func(o *Options) { o.Collector = "11111111-16cd-43dd-8448-eb211c80319c" })
	if err == nil || !strings.Contains(err.Error(), "another collector") {
		t.Errorf("got %v", err)
	}
}

func TestLargeBatchHasASegmentOfItsOwn(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir)
	add(t, l, "a", strings.Repeat("x", 300_000), "b")
	closed(t, l)
	if got := replayed(t, open(t, dir)); len(got) != 300_004 {
		t.Errorf("replayed %d bytes of names, want 300,004", len(got))
	}
}
