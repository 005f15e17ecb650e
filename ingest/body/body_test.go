package body_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zlib"
	"github.com/klauspost/compress/zstd"

	"edgescope/edge"
	"edgescope/ingest/body"
)

func gzipOf(t testing.TB, b []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	_, err := z.Write(b)
	if err := errors.Join(err, z.Close()); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func zstdOf(t testing.TB, b []byte, options ...zstd.EOption) []byte {
	t.Helper()
	z, err := zstd.NewWriter(nil, options...)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	return z.EncodeAll(b, nil)
}

// zlibOf and flateOf are the two formats that are sent as deflate.
func zlibOf(t testing.TB, b []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	z := zlib.NewWriter(&out)
	_, err := z.Write(b)
	if err := errors.Join(err, z.Close()); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func flateOf(t testing.TB, b []byte, level int) []byte {
	t.Helper()
	var out bytes.Buffer
	z, err := flate.NewWriter(&out, level)
	if err != nil {
		t.Fatal(err)
	}
	_, err = z.Write(b)
	if err := errors.Join(err, z.Close()); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// reader returns a reader of bodies of up to 1 MiB, with a budget of 8 MiB.
func reader() (*body.Reader, *body.Budget) {
	budget := body.NewBudget(8 << 20)
	return body.NewReader(body.Options{Budget: budget, MaxBody: 1 << 20}), budget
}

// outcome says of an error what a sender is told.
func outcome(err error) string {
	var large *body.TooLargeError
	var broken *body.BrokenError
	var busy *edge.UnavailableError
	switch {
	case err == nil:
		return "taken"
	case errors.As(err, &large):
		return "too large"
	case errors.As(err, &broken):
		return "broken " + broken.Encoding
	case errors.As(err, &busy) && busy.Busy:
		return "busy"
	case errors.As(err, &busy):
		return "later"
	case errors.Is(err, body.ErrEncoding):
		return "encoding"
	}
	return err.Error()
}

func TestBodiesAreReadWithinTheirBounds(t *testing.T) {
	r, budget := reader()
	f := func(name string, sent []byte, length int64, encoding string, plain []byte, want string) {
		t.Helper()
		for _, from := range []io.Reader{
			bytes.NewReader(sent), iotest.HalfReader(bytes.NewReader(sent)),
			iotest.DataErrReader(bytes.NewReader(sent)),
		} {
			b, err := r.Read(t.Context(), body.Source{From: from, Length: length, Encoding: encoding})
			if got := outcome(err); got != want {
				t.Errorf("%s: %s (%v), want %s", name, got, err, want)
			}
			if err == nil {
				if !bytes.Equal(b.Bytes(), plain) || b.Sent != len(sent) || b.Hash == (edge.BodyHash{}) {
					t.Errorf("%s: %d bytes of %d sent, hash %x", name, len(b.Bytes()), b.Sent, b.Hash)
				}
				if held := b.Share.Held(); held < int64(len(plain)) || held != budget.Used() {
					t.Errorf("%s: the share holds %d, %d are used, of a body of %d bytes", name, held, budget.Used(),
						len(plain))
				}
				b.Release()
			}
			if used := budget.Used(); used != 0 {
				t.Fatalf("%s: %d bytes are still taken", name, used)
			}
		}
	}
	const limit = 1 << 20
	random := make([]byte, limit+1)
	if _, err := rand.Read(random); err != nil {
		t.Fatal(err)
	}
	whole, over := random[:limit], random
	small := []byte("one small body")
	f("small", small, int64(len(small)), "", small, "taken")
	f("small, chunked", small, -1, "Identity", small, "taken")
	f("empty", nil, 0, "", nil, "taken")
	f("empty gzip", nil, 0, "gzip", nil, "taken")
	f("whole", whole, limit, "", whole, "taken")
	f("whole, chunked", whole, -1, "", whole, "taken")
	f("one more, promised", over, limit+1, "", nil, "too large")
	f("one more, chunked", over, -1, "", nil, "too large")
	f("one more than promised", over, limit, "", nil, "too large")
	// What random bytes are compressed to is larger than the limit by itself; zeros show that the limit holds behind it
	// too.
	zeros := make([]byte, limit+1)
	f("gzip", gzipOf(t, zeros[:limit]), -1, "GZIP", zeros[:limit], "taken")
	f("gzip of one more", gzipOf(t, zeros), -1, "gzip", nil, "too large")
	f("gzip in two members", append(gzipOf(t, small), gzipOf(t, small)...), -1, "gzip",
		append(bytes.Clone(small), small...), "taken")
	f("gzip bomb", gzipOf(t, make([]byte, 64<<20)), -1, " gzip ", nil, "too large")
	f("gzip cut off", gzipOf(t, whole)[:1000], -1, "gzip", nil, "broken gzip")
	f("no gzip", small, -1, "gzip", nil, "broken gzip")
	f("gzip and then more", append(gzipOf(t, small), "more"...), -1, "gzip", nil, "broken gzip")
	f("zstd", zstdOf(t, zeros[:limit]), -1, "zstd", zeros[:limit], "taken")
	f("zstd bomb", zstdOf(t, make([]byte, 64<<20)), -1, "zstd", nil, "too large")
	f("zstd of a window that is too large", zstdOf(t, append(bytes.Clone(whole), make([]byte, 17<<20)...),
		zstd.WithWindowSize(16<<20)), -1, "zstd", nil, "too large")
	f("zstd cut off", zstdOf(t, whole[:1000])[:900], -1, "zstd", nil, "broken zstd")
	f("no zstd", small, -1, "zstd", nil, "broken zstd")
	f("zlib", zlibOf(t, zeros[:limit]), -1, "deflate", zeros[:limit], "taken")
	f("zlib of one more", zlibOf(t, zeros), -1, "Deflate", nil, "too large")
	f("zlib bomb", zlibOf(t, make([]byte, 64<<20)), -1, "deflate", nil, "too large")
	f("zlib cut off", zlibOf(t, whole[:1000])[:900], -1, "deflate", nil, "broken deflate")
	f("zlib without its checksum", zlibOf(t, small)[:len(zlibOf(t, small))-4], -1, "deflate", nil, "broken deflate")
	f("zlib and then more", append(zlibOf(t, small), "more"...), -1, "deflate", nil, "broken deflate")
	for _, level := range []int{flate.NoCompression, flate.BestSpeed, flate.BestCompression, flate.HuffmanOnly} {
		f("bare deflate", flateOf(t, zeros[:limit-1000], level), -1, "deflate", zeros[:limit-1000], "taken")
	}
	f("bare deflate bomb", flateOf(t, make([]byte, 64<<20), flate.BestSpeed), -1, "deflate", nil, "too large")
	f("bare deflate cut off", flateOf(t, small, flate.BestSpeed)[:5], -1, "deflate", nil, "broken deflate")
	f("no deflate", small, -1, "deflate", nil, "broken deflate")
	f("brotli", small, -1, "br", nil, "encoding")
	twice := gzipOf(t, zlibOf(t, small))
	f("two encodings", twice, -1, "deflate, gzip", small, "taken")
	f("two encodings and identity", twice, -1, "deflate,identity, gzip,", small, "taken")
	f("two encodings in the wrong order", twice, -1, "gzip, deflate", nil, "broken deflate")
	f("a bomb in a bomb", gzipOf(t, gzipOf(t, make([]byte, 64<<20))), -1, "gzip, gzip", nil, "too large")
	f("three encodings", gzipOf(t, twice), -1, "deflate, gzip, gzip", nil, "encoding")
	f("a list with brotli", small, -1, "gzip, br", nil, "encoding")
}

// TestHashesTellBodiesApart: a body is known again, by a later process with the same key too.
func TestHashesTellBodiesApart(t *testing.T) {
	hash := func(key, sent string) edge.BodyHash {
		t.Helper()
		r := body.NewReader(body.Options{Budget: body.NewBudget(8 << 20), MaxBody: 1 << 20, Key: key})
		b, err := r.Read(t.Context(), body.Source{From: strings.NewReader(sent), Length: -1})
		if err != nil {
			t.Fatal(err)
		}
		defer b.Release()
		return b.Hash
	}
	if first, again := hash("a", "body"), hash("a", "body"); first != again {
		t.Error("the same body is not known again")
	}
	seen := map[edge.BodyHash]string{}
	for _, sent := range []string{
		"", "body", "bodz", "body\x00", strings.Repeat("x", 5000),
		strings.Repeat("x", 5001),
	} {
		for _, key := range []string{"", "a"} {
			h := hash(key, sent)
			if before, ok := seen[h]; ok {
				t.Errorf("%q with the key %q has the hash of %s", sent, key, before)
			}
			seen[h] = key + "/" + sent
		}
	}
}

// TestHashesAreOfContent: a retry that is compressed anew, at another level or time, by another codec or not at all, is
// the same body.
func TestHashesAreOfContent(t *testing.T) {
	r, _ := reader()
	plain := bytes.Repeat([]byte("one span after another "), 500)
	hash := func(sent []byte, encoding string) edge.BodyHash {
		t.Helper()
		b, err := r.Read(t.Context(), body.Source{From: bytes.NewReader(sent), Length: -1, Encoding: encoding})
		if err != nil {
			t.Fatal(err)
		}
		defer b.Release()
		return b.Hash
	}
	want := hash(plain, "")
	stamped := gzipOf(t, plain)
	stamped[4]++ // the time of RFC 1952 section 2.3.1
	for name, got := range map[string]edge.BodyHash{
		"gzip": hash(gzipOf(t, plain), "gzip"), "gzip at another time": hash(stamped, "gzip"),
		"zstd":                  hash(zstdOf(t, plain), "zstd"),
		"zstd at another level": hash(zstdOf(t, plain, zstd.WithEncoderLevel(zstd.SpeedBestCompression)), "zstd"),
	} {
		if got != want {
			t.Errorf("%s: hash %x, plain %x", name, got, want)
		}
	}
}

func TestTransfersThatEndBadly(t *testing.T) {
	r, budget := reader()
	f := func(err error, want string) {
		t.Helper()
		from := io.MultiReader(strings.NewReader("the first half"), iotest.ErrReader(err))
		if _, err := r.Read(t.Context(), body.Source{From: from, Length: -1}); outcome(err) != want {
			t.Errorf("%v: %s, want %s", err, outcome(err), want)
		}
		if used := budget.Used(); used != 0 {
			t.Errorf("%v: %d bytes are still taken", err, used)
		}
	}
	f(io.ErrUnexpectedEOF, "broken ")
	f(&net.OpError{Op: "read", Err: context.DeadlineExceeded}, "later")
}

// TestRoomIsLookedForFirst: a body that says how long it is, and has no room, is refused without being read.
func TestRoomIsLookedForFirst(t *testing.T) {
	r, budget := reader()
	others := budget.Share(1)
	if err := others.Take(budget.Largest()); err != nil {
		t.Fatal(err)
	}
	untouched := iotest.ErrReader(errors.New("it was read"))
	if _, err := r.Read(t.Context(), body.Source{From: untouched, Length: 1 << 20, Tenant: 1}); outcome(err) != "busy" {
		t.Errorf("full: %v, want busy", err)
	}
	if budget.Refused() != 1 {
		t.Errorf("%d refused, want 1", budget.Refused())
	}
	others.Release()
	b, err := r.Read(t.Context(), body.Source{From: strings.NewReader("x"), Length: 1, Tenant: 1})
	if err != nil {
		t.Fatalf("after it was emptied: %v", err)
	}
	b.Release()
}

// TestPromisesHoldNothing: a sender that promises a long body and sends none takes the smallest buffers only.
func TestPromisesHoldNothing(t *testing.T) {
	r, budget := reader()
	begun, finish := make(chan struct{}), make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		b, err := r.Read(t.Context(), body.Source{From: &slow{begun, finish}, Length: 1 << 20})
		if err != nil {
			t.Error(err)
			return
		}
		b.Release()
	})
	<-begun
	if used := budget.Used(); used > 80<<10 {
		t.Errorf("%d bytes are taken by a promise, want at most 80 KiB", used)
	}
	close(finish)
	wg.Wait()
}

// slow is a body of which nothing comes until finish is closed.
type slow struct{ begun, finish chan struct{} }

func (s *slow) Read([]byte) (int, error) {
	close(s.begun)
	<-s.finish
	return 0, io.EOF
}

// TestManyAtATime holds the budget against requests that come and go at the same time.
func TestManyAtATime(t *testing.T) {
	r, budget := reader()
	plain := bytes.Repeat([]byte("a span of an edge function "), 30_000)
	sent := map[string][]byte{
		"": plain, "gzip": gzipOf(t, plain), "deflate": zlibOf(t, plain),
		"zstd": zstdOf(t, plain),
	}
	var wg sync.WaitGroup
	for g := range 16 {
		wg.Go(func() {
			for range 8 {
				for encoding, bytesSent := range sent {
					b, err := r.Read(t.Context(), body.Source{
						Tenant: edge.Tenant(g % 3),
						From:   bytes.NewReader(bytesSent), Length: -1, Encoding: encoding,
					})
					if got := outcome(err); got != "taken" && got != "busy" {
						t.Error(err)
					}
					if err != nil {
						continue
					}
					if !bytes.Equal(b.Bytes(), plain) {
						t.Error("a body holds the bytes of another one")
					}
					b.Release()
				}
			}
		})
	}
	wg.Wait()
	if budget.Used() != 0 || budget.Peak() > 8<<20 {
		t.Errorf("%d bytes are still taken, the peak was %d of %d", budget.Used(), budget.Peak(), 8<<20)
	}
}

// TestOnlySomeAreAtWork: beyond the places requests wait, as long as their clients do.
func TestOnlySomeAreAtWork(t *testing.T) {
	r, _ := reader()
	read := func() *body.Body {
		t.Helper()
		b, err := r.Read(t.Context(), body.Source{From: strings.NewReader("x"), Length: 1})
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	var atWork []*body.Body
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	for {
		b := read()
		if err := b.Work(gone); err != nil {
			if !errors.Is(err, context.Canceled) {
				t.Error(err)
			}
			b.Release()
			break
		}
		atWork = append(atWork, b)
	}
	if len(atWork) != 16 {
		t.Errorf("%d are at work, want 16", len(atWork))
	}
	next := read()
	turn := make(chan error)
	go func() { turn <- next.Work(t.Context()) }()
	for _, b := range atWork {
		b.Release()
	}
	if err := <-turn; err != nil {
		t.Error(err)
	}
	next.Release()
}

// TestALongQueueIsBusy: one more than may wait is told to come again, and who leaves gives up its place.
func TestALongQueueIsBusy(t *testing.T) {
	budget := body.NewBudget(64 << 20)
	r := body.NewReader(body.Options{Budget: budget, MaxBody: 1 << 20})
	const atWork, waiting = 16, 1024
	ctx, leave := context.WithCancel(t.Context())
	defer leave()
	work := func() (*body.Body, error) {
		b, err := r.Read(context.WithoutCancel(ctx), body.Source{From: strings.NewReader("x"), Length: 1})
		if err != nil {
			return nil, err
		}
		if err = b.Work(ctx); err != nil {
			b.Release()
		}
		return b, err
	}
	var held []*body.Body
	for range atWork {
		b, err := work()
		if err != nil {
			t.Fatal(err)
		}
		held = append(held, b)
	}
	turns := make(chan error)
	for range waiting + 1 {
		go func() {
			_, err := work()
			turns <- err
		}()
	}
	var busy *edge.UnavailableError
	if err := <-turns; !errors.As(err, &busy) || !busy.Busy || busy.RetryAfter < time.Second {
		t.Errorf("one too many: got %v, want busy", err)
	}
	leave()
	for range waiting {
		if err := <-turns; !errors.Is(err, context.Canceled) {
			t.Errorf("who waits and leaves: got %v", err)
		}
	}
	for _, b := range held {
		b.Release()
	}
	if budget.Used() != 0 {
		t.Errorf("%d bytes are still taken", budget.Used())
	}
}

func TestReadingAllocatesNothing(t *testing.T) {
	r, _ := reader()
	plain := bytes.Repeat([]byte("a span of an edge function "), 1000)
	for encoding, sent := range map[string][]byte{
		"": plain, "gzip": gzipOf(t, plain), "deflate": zlibOf(t, plain),
		"zstd": zstdOf(t, plain),
	} {
		var from bytes.Reader
		got := testing.AllocsPerRun(100, func() {
			from.Reset(sent)
			b, err := r.Read(context.Background(), body.Source{
				From: &from, Length: int64(len(sent)),
				Encoding: encoding,
			})
			if err != nil {
				t.Fatal(err)
			}
			b.Release()
		})
		if got > 2 && !raceEnabled { // a collection may empty the pools once in a while
			t.Errorf("%q: %v allocations a body", encoding, got)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte("plain"), byte(0))
	f.Add(gzipOf(f, []byte("some text")), byte(1))
	f.Add(zstdOf(f, []byte("some text")), byte(2))
	f.Add(gzipOf(f, make([]byte, 2<<20)), byte(1))
	f.Add(zlibOf(f, []byte("some text")), byte(3))
	f.Add(flateOf(f, []byte("some text"), flate.BestSpeed), byte(3))
	f.Add(gzipOf(f, zlibOf(f, []byte("some text"))), byte(4))
	r, budget := reader()
	f.Fuzz(func(t *testing.T, sent []byte, encoding byte) {
		b, err := r.Read(t.Context(), body.Source{
			From: bytes.NewReader(sent), Length: -1,
			Encoding: []string{"", "gzip", "zstd", "deflate", "deflate, gzip"}[encoding%5],
		})
		if err == nil {
			if len(b.Bytes()) > 1<<20 {
				t.Errorf("%d bytes are more than the limit", len(b.Bytes()))
			}
			b.Release()
		}
		if budget.Used() != 0 {
			t.Errorf("%d bytes are still taken", budget.Used())
		}
	})
}

// TestCompressionThatNobodySaysIsTold: such a body is not taken for what it seems to be.
func TestCompressionThatNobodySaysIsTold(t *testing.T) {
	r := body.NewReader(body.Options{Budget: body.NewBudget(64 << 20), MaxBody: 1 << 20})
	f := func(name, encoding string, sent []byte, want string) {
		t.Helper()
		b, err := r.Read(t.Context(), body.Source{
			From: bytes.NewReader(sent), Length: int64(len(sent)),
			Encoding: encoding,
		})
		if err == nil {
			b.Release()
		}
		var broken *body.BrokenError
		if (want == "") != (err == nil) || want != "" && (!errors.As(err, &broken) ||
			!strings.Contains(err.Error(), want)) {
			t.Errorf("%s: got %v, want %q", name, err, want)
		}
	}
	text := []byte(`{"resourceSpans":[]}`)
	f("gzip", "", gzipOf(t, text), "Content-Encoding: gzip")
	f("zstd", "identity", zstdOf(t, text), "Content-Encoding: zstd")
	f("gzip in gzip", "gzip", gzipOf(t, gzipOf(t, text)), "Content-Encoding: gzip")
	f("gzip that is said", "gzip", gzipOf(t, text), "")
	f("two bytes of it", "", []byte("\x1f\x8b"), "")
	f("text", "", text, "")
}
