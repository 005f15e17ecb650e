package analyticsengine_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"edgescope/edge"
	"edgescope/ingest/analyticsengine"
	"edgescope/ingest/refusals"
	"edgescope/internal/access"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

func gzipped(t testing.TB, s string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write([]byte(s)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func zstded(t testing.TB, s string) []byte {
	t.Helper()
	w, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1))
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	return w.EncodeAll([]byte(s), nil)
}

func TestRefusals(t *testing.T) {
	rc := newReceiver(t, newRecorder())
	f := func(method, path, encoding string, body []byte, status, code int, message string) {
		t.Helper()
		r := httptest.NewRequest(method, path, bytes.NewReader(body))
		r.Header.Set("Content-Encoding", encoding)
		w := httptest.NewRecorder()
		rc.ServeHTTP(w, r)
		a := read(t, w)
		if w.Code != status || a.Code != code || !strings.Contains(a.Message, message) {
			t.Errorf("%s %s (%s): %d %s, want %d, code %d, %q", method, path, encoding, w.Code, w.Body, status, code,
				message)
		}
		if got := w.Header().Get("Content-Type"); got != "application/json" {
			t.Errorf("%s %s: content type %q", method, path, got)
		}
		if allow := w.Header().Get("Allow"); (status == http.StatusMethodNotAllowed) != (allow == "POST") {
			t.Errorf("%s %s: Allow %q", method, path, allow)
		}
	}
	one := []byte("{}")
	f(http.MethodGet, "/v1/datapoints/d", "", nil, 405, 12, "want POST")
	f(http.MethodPut, "/v1/datapoints/d", "", one, 405, 12, "want POST")
	f(http.MethodPost, "/v1/datapoints/", "", one, 400, 3, "want POST /v1/datapoints/{dataset}")
	f(http.MethodPost, "/v1/datapoints/a%20b", "", one, 400, 3, "dataset that matches")
	f(http.MethodPost, "/v1/datapoints/"+strings.Repeat("x", 65), "", one, 400, 3, "dataset that matches")
	f(http.MethodPost, "/v1/datapoints/d/e", "", one, 400, 3, "want POST /v1/datapoints/{dataset}")
	f(http.MethodPost, "/v1/datapoints/d", "br", one, 415, 12, "content encoding must be one of gzip, deflate, zstd")
	f(http.MethodPost, "/v1/datapoints/d", "gzip, gzip, gzip", one, 415, 12,
		"content encoding must be one of gzip, deflate, zstd")
	f(http.MethodPost, "/v1/datapoints/d", "gzip", one, 400, 3, "the body is no valid gzip")
	f(http.MethodPost, "/v1/datapoints/d", "gzip", gzipped(t, strings.Repeat("x", 1000))[:20], 400, 3,
		"the body is no valid gzip: unexpected EOF")
	f(http.MethodPost, "/v1/datapoints/d", "zstd", one, 400, 3, "the body is no valid zstd")
}

func TestEncodings(t *testing.T) {
	const body = `{"indexes":["a"]}`
	for encoding, b := range map[string][]byte{
		"": []byte(body), "identity": []byte(body), "gzip": gzipped(t, body), "GZIP": gzipped(t, body),
		"x-gzip": gzipped(t, body), "zstd": zstded(t, body),
	} {
		sink := newRecorder()
		w := post(newReceiver(t, sink), "/v1/datapoints/d/", bytes.NewReader(b), "Content-Encoding", encoding,
			"Content-Type", "image/png")
		if w.Code != http.StatusOK || len(sink.events) != 1 || sink.events[0].Dataset != "d" ||
			w.Body.String() != `{"accepted":1,"rejected":0}` {
			t.Errorf("%q: %d %s, %d events", encoding, w.Code, w.Body, len(sink.events))
		}
	}
}

// TestBodyLimit holds for the length that is announced, for what is sent, and for what a small body becomes.
func TestBodyLimit(t *testing.T) {
	const limit = 1000
	small := limits(limit, 1<<20)
	f := func(status int, body []byte, length int64, encoding string) {
		t.Helper()
		r := httptest.NewRequest(http.MethodPost, "/v1/datapoints/d", bytes.NewReader(body))
		r.ContentLength = length
		r.Header.Set("Content-Encoding", encoding)
		w := httptest.NewRecorder()
		sink := newRecorder()
		newReceiver(t, sink, small).ServeHTTP(w, r)
		if w.Code != status {
			t.Errorf("%d bytes, length %d, encoding %q: %d %s, want %d", len(body), length, encoding, w.Code, w.Body,
				status)
		}
		if status == http.StatusRequestEntityTooLarge && (len(sink.events) != 0 || read(t, w).Code != 8) {
			t.Errorf("encoding %q: %d events of a body that is too large, answer %s", encoding, len(sink.events),
				w.Body)
		}
	}
	pad := func(n int) string { return "{}" + strings.Repeat(" ", n-2) }
	f(200, []byte(pad(limit)), limit, "")
	f(413, []byte(pad(limit+1)), limit+1, "")
	f(413, []byte(pad(limit+1)), -1, "")
	f(413, []byte("{}"), limit+1, "")
	f(200, gzipped(t, pad(limit)), -1, "gzip")
	f(413, gzipped(t, pad(limit+1)), -1, "gzip")
	f(413, gzipped(t, pad(1<<20)), -1, "gzip")
	f(200, zstded(t, pad(limit)), -1, "zstd")
	f(413, zstded(t, pad(limit+1)), -1, "zstd")
	f(413, zstded(t, pad(4<<20)), -1, "zstd")
}

func TestPointsOfOneRequestAreBounded(t *testing.T) {
	sink := newRecorder()
	rc := newReceiver(t, sink, limits(1<<20, 32<<20))
	const most = 12_000 // of 2 KiB each, in three quarters of 32 MiB
	f := func(n, status int) {
		t.Helper()
		sink.events = nil
		w := post(rc, "/v1/datapoints/d", strings.NewReader(strings.Repeat("{}\n", n)))
		if w.Code != status || status == http.StatusOK && len(sink.events) != n || status != http.StatusOK &&
			len(sink.events) != 0 {
			t.Errorf("%d points: %d %s, %d events, want %d", n, w.Code, w.Body, len(sink.events), status)
		}
	}
	f(most+1000, http.StatusRequestEntityTooLarge)
	f(most, http.StatusOK)
	f(most, http.StatusOK) // the first has given back what it took
}

// stalled is a body that sends some bytes, says so, and breaks when it is let go.
type stalled struct {
	left           int
	reached, leave chan struct{}
}

func (s *stalled) Read(p []byte) (int, error) {
	if s.left == 0 {
		s.reached <- struct{}{}
		<-s.leave
		return 0, io.ErrUnexpectedEOF
	}
	n := min(len(p), s.left)
	s.left -= n
	return n, nil
}

func TestRequestsInFlightAreBounded(t *testing.T) {
	const size, fit = 6 << 20, 3 // of 24 MiB, in memory of 8 MiB each
	rc := newReceiver(t, newRecorder(), limits(8<<20, 39<<20))
	reached, leave, status := make(chan struct{}), make(chan struct{}), make(chan int, fit)
	var all sync.WaitGroup
	for range fit {
		all.Go(func() { status <- post(rc, "/v1/datapoints/d", &stalled{size, reached, leave}).Code })
		<-reached
	}
	w := post(rc, "/v1/datapoints/d", strings.NewReader(strings.Repeat(" ", size)))
	if w.Code != http.StatusTooManyRequests || w.Header().Get("Retry-After") != "1" {
		t.Errorf("with three large requests in work a fourth gets %d %s, Retry-After %q", w.Code, w.Body,
			w.Header().Get("Retry-After"))
	}
	close(leave)
	all.Wait()
	for range fit {
		if code := <-status; code != http.StatusBadRequest {
			t.Errorf("a body that breaks off gets %d, want 400", code)
		}
	}
	if w := post(rc, "/v1/datapoints/d", strings.NewReader("{}")); w.Code != http.StatusOK {
		t.Errorf("after them: %d %s, want 200", w.Code, w.Body)
	}
}

func TestSinkErrors(t *testing.T) {
	f := func(err error, status, code int, retryAfter, message string) {
		t.Helper()
		var log bytes.Buffer
		sink := newRecorder()
		sink.err = err
		rc := newReceiver(t, sink, func(o *options) { o.door.Logger = slog.New(slog.NewTextHandler(&log, nil)) })
		w := post(rc, "/v1/datapoints/d", strings.NewReader("{}"))
		a := read(t, w)
		if w.Code != status || a.Code != code || a.Message != message || w.Header().Get("Retry-After") != retryAfter {
			t.Errorf("%v: %d %s, Retry-After %q, want %d, code %d, %q, %q", err, w.Code, w.Body,
				w.Header().Get("Retry-After"), status, code, message, retryAfter)
		}
		if logged := log.Len() > 0; logged != (status == http.StatusInternalServerError) {
			t.Errorf("%v: log %q", err, log.String())
		}
	}
	f(&edge.UnavailableError{Busy: true, Reason: "queue full", RetryAfter: 1500 * time.Millisecond}, 429, 8, "2",
		"queue full; retry after 1.5s")
	f(&edge.UnavailableError{Reason: "disk nearly full", RetryAfter: 10 * time.Second}, 503, 14, "10",
		"disk nearly full; retry after 10s")
	f(&edge.UnavailableError{Reason: "stopping"}, 503, 14, "1", "stopping; retry after 0s")
	f(errors.New("secret detail"), 500, 13, "", "internal error")
}

func TestSinkRejectionsAreTold(t *testing.T) {
	sink := newRecorder()
	sink.reject = 2
	w := post(newReceiver(t, sink), "/v1/datapoints/d", strings.NewReader(`[{},7,{},{}]`))
	if want := `{"accepted":2,"rejected":2,"errors":[{"index":1,"error":"not an object"},{"index":2,` +
		`"error":"too old"}]}`; w.Code != 200 || w.Body.String() != want {
		t.Errorf("%d %s, want 200 %s", w.Code, w.Body, want)
	}
	sink = newRecorder()
	sink.reject = 0
	if w := post(newReceiver(t, sink), "/v1/datapoints/d", strings.NewReader(`{}`)); w.Code != 400 {
		t.Errorf("nothing accepted: %d %s, want 400", w.Code, w.Body)
	}
}

func TestNothingToTakeDoesNotReachTheSink(t *testing.T) {
	for _, body := range []string{"", "[]", "[7]", "nope"} {
		sink := newRecorder()
		post(newReceiver(t, sink), "/v1/datapoints/d", strings.NewReader(body))
		if sink.calls != 0 {
			t.Errorf("%q: the sink got a batch of nothing", body)
		}
	}
}

func TestTenantAndReuse(t *testing.T) {
	sink := newRecorder()
	rc := newReceiver(t, sink, func(o *options) {
		o.door.Admit = func(_ context.Context, authorization string) (*access.Grant, error) {
			if authorization != "" {
				return &access.Grant{Tenant: 7}, nil
			}
			return &access.Grant{}, nil
		}
	})
	post(rc, "/v1/datapoints/d?strict=1", strings.NewReader(`[{"timestamp":"?","indexes":["a"]},8]`), "Authorization",
		"x")
	if sink.tenant != 7 || len(sink.warnings) != 1 {
		t.Errorf("tenant %d, warnings %v", sink.tenant, sink.warnings)
	}
	w := post(rc, "/v1/datapoints/e", strings.NewReader(`{"indexes":["`+strings.Repeat("y", 97)+`"]}`))
	if sink.tenant != 0 || len(sink.warnings) != 1 || sink.warnings[analyticsengine.WarnOverLimit] != 1 ||
		w.Body.String() != `{"accepted":1,"rejected":0}` {
		t.Errorf("the next request: tenant %d, warnings %v, answer %s", sink.tenant, sink.warnings, w.Body)
	}
	if got := sink.events[1]; got.Dataset != "e" || got.Index != 0 {
		t.Errorf("the next request: event %+v", got)
	}
}

// TestAdmission holds that who may not send is told so before the body is read, by workerd's binding too.
func TestAdmission(t *testing.T) {
	f := func(refusal error, wantStatus int, want answer, wantHeader string) {
		t.Helper()
		sink := newRecorder()
		port := newReceiver(t, sink, func(o *options) {
			o.door.Admit = func(context.Context, string) (*access.Grant, error) { return nil, refusal }
		})
		for _, path := range []string{"/v1/datapoints/d", "/"} {
			w := post(port, path, iotest.ErrReader(errors.New("the body was read")))
			got := read(t, w)
			header := w.Header().Get("WWW-Authenticate") + w.Header().Get("Retry-After")
			if d := cmp.Diff(want, got); d != "" || w.Code != wantStatus || header != wantHeader {
				t.Errorf("%s, %v: status %d, header %q, want %d and %q\n%s", path, refusal, w.Code, header, wantStatus,
					wantHeader, d)
			}
		}
		if sink.calls != 0 {
			t.Errorf("%v: the sink got %d batches", refusal, sink.calls)
		}
	}
	f(&access.DeniedError{Reason: "who?"}, 401, answer{Code: 16, Message: "who?"}, "Bearer")
	f(&access.DeniedError{Forbidden: true, Reason: "not there"}, 403, answer{Code: 7, Message: "not there"}, "")
	f(&edge.UnavailableError{Busy: true, Reason: "too fast", RetryAfter: 7 * time.Second}, 429,
		answer{Code: 8, Message: "too fast; retry after 7s"}, "7")
}

// TestAGrantIsForItsDatasets: one admission each, whose grant says which datasets may be sent to, whoever names them.
func TestAGrantIsForItsDatasets(t *testing.T) {
	f := func(dataset string, want int) {
		t.Helper()
		sink, admitted := newRecorder(), 0
		port := newReceiver(t, sink, func(o *options) {
			o.door.Admit = func(context.Context, string) (*access.Grant, error) {
				admitted++
				return &access.Grant{Tenant: 7, Datasets: []string{"mine"}}, nil
			}
		})
		direct := post(port, "/v1/datapoints/"+dataset, strings.NewReader("{}"))
		binding := post(port, "/", strings.NewReader(`{"schemaVersion":"0","timestamp":"1","dataset":`+bytesOf(dataset)+`}`))
		if direct.Code != want || binding.Code != want || admitted != 2 {
			t.Errorf("%s: %d %s and %d %s after %d admissions, want %d and one admission each", dataset, direct.Code,
				direct.Body, binding.Code, binding.Body, admitted, want)
		}
		if kept := len(sink.events) == 2 && sink.tenant == 7; kept != (want == http.StatusOK) {
			t.Errorf("%s: %d points of tenant %d", dataset, len(sink.events), sink.tenant)
		}
	}
	f("mine", 200)
	f("theirs", 403)
}

// bytesOf is a text as workerd's binding writes it.
func bytesOf(text string) string {
	numbers := make([]string, len(text))
	for i := range text {
		numbers[i] = strconv.Itoa(int(text[i]))
	}
	return "[" + strings.Join(numbers, ",") + "]"
}

func TestNewRefuses(t *testing.T) {
	if _, err := analyticsengine.New(analyticsengine.Options{}); err == nil {
		t.Error("a receiver without a sink was made")
	}
	bad := analyticsengine.Options{Sink: newRecorder(), Layouts: map[string]analyticsengine.Layout{"a b": {}}}
	if _, err := analyticsengine.New(bad); err == nil {
		t.Error("a receiver with a layout for no possible dataset was made")
	}
}

func TestRefusalsAreRemembered(t *testing.T) {
	remembered := refusals.New(refusals.Options{})
	rc := newReceiver(t, newRecorder(), func(o *options) { o.door.Refusals = remembered })
	post(rc, "/v1/datapoints/", strings.NewReader("{}"))
	post(rc, "/v1/datapoints/d", strings.NewReader("7\n{}"))
	if got := remembered.Example(0, refusals.Requests, "malformed", "somebody at 192.0.2.1"); !strings.Contains(got,
		"want POST /v1/datapoints/{dataset}") {
		t.Errorf("the request: %q", got)
	}
	if got := remembered.Example(0, refusals.Records, "not an object", "somebody at 192.0.2.1"); got == "" {
		t.Errorf("the record: %q", got)
	}
}

// TestClockAhead: what lies in the future by more than a clock is wrong is taken as it arrives, or no page would show
// it for hours.
func TestClockAhead(t *testing.T) {
	f := func(ahead time.Duration, moved bool) {
		t.Helper()
		sink := newRecorder()
		says := arrival.Add(ahead)
		post(newReceiver(t, sink), "/v1/datapoints/d", strings.NewReader(
			`[{"timestamp":`+strconv.FormatInt(says.UnixMilli(), 10)+`,"doubles":[1]},`+
				`{"indexes":["op","FRA","200"],"doubles":[5,1],"blobs":["`+says.Format(time.RFC3339)+`"]}]`))
		want, warned := says, 0
		if moved {
			want, warned = arrival, 2
		}
		for _, e := range sink.events {
			if e.Time != want.UnixNano() {
				t.Errorf("ahead by %s: point %d is of %s, want %s", ahead, e.Index, time.Unix(0, e.Time).UTC(), want)
			}
		}
		if got := sink.warnings["time in the future"]; len(sink.events) != 2 || got != warned {
			t.Errorf("ahead by %s: %d points, %d warnings, want 2 and %d", ahead, len(sink.events), got, warned)
		}
	}
	f(-time.Hour, false)
	f(10*time.Minute, false)
	f(10*time.Minute+time.Second, true)
	f(400*24*time.Hour, true)
}
