package door_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/VictoriaMetrics/metrics"
	spb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"

	"edgescope/edge"
	"edgescope/ingest/otlp/otlptest"
	"edgescope/internal/access"
)

// TestHTTPAnswers is the table of the specification: request against status and body.
func TestHTTPAnswers(t *testing.T) {
	f := func(path string, body []byte, headers string, wantStatus int, wantBody string) {
		t.Helper()
		sink := &otlptest.Recorder{}
		resp := otlptest.Post(newDoor(t, sink).Handler(), path, body, strings.Split(headers, "|")...)
		got := otlptest.ReadAll(t, resp.Body)
		if resp.StatusCode != wantStatus || !strings.Contains(got, wantBody) || wantBody == "" && got != "" {
			t.Errorf("%s %s: %d %q, want %d %q", path, headers, resp.StatusCode, got, wantStatus, wantBody)
		}
		if ok := wantStatus == http.StatusOK && len(body) > 20 &&
			!strings.Contains(got, "1 of 1"); ok != (sink.Calls == 1) {
			t.Errorf("%s %s: the sink was called %d times", path, headers, sink.Calls)
		}
	}
	f("/v1/traces", otlptest.GoodJSON, otlptest.AsJSON, 200, `{}`)
	f("/v1/traces", otlptest.GoodJSON, "Content-Type: APPLICATION/JSON; charset=utf-8", 200, `{}`)
	f("/v1/traces", otlptest.GoodProto, otlptest.AsProtobuf, 200, ``)
	f("/v1/traces", otlptest.GoodProto, "Content-Type: application/protobuf", 200, ``)
	f("/v1/traces", otlptest.Zipped(t, otlptest.GoodJSON), otlptest.AsJSON+"|Content-Encoding: gzip", 200, `{}`)
	f("/v1/traces", otlptest.Zipped(t, otlptest.GoodJSON), otlptest.AsJSON+"|Content-Encoding: GZIP", 200, `{}`)
	f("/v1/traces", otlptest.ZstdOf(t, otlptest.GoodProto), otlptest.AsProtobuf+"|Content-Encoding: zstd", 200, ``)
	f("/v1/traces", otlptest.GoodJSON, otlptest.AsJSON+"|Content-Encoding: identity", 200, `{}`)
	f("/v1/traces", nil, otlptest.AsJSON, 200, `{}`)
	f("/v1/traces", nil, otlptest.AsProtobuf, 200, ``)
	f("/v1/traces", nil, otlptest.AsProtobuf+"|Content-Encoding: gzip", 200, ``)
	f("/v1/traces", otlptest.GoodJSON, "X: no content type", 200, `{}`)
	f("/v1/traces", otlptest.GoodProto, "X: no content type", 200, ``)
	f("/v1/traces", otlptest.GoodJSON, "Content-Type: text/plain;charset=UTF-8", 200, `{}`)
	f("/v1/traces", otlptest.GoodProto, "Content-Type: application/octet-stream", 200, ``)
	f("/v1/traces///", otlptest.GoodJSON, otlptest.AsJSON, 200, `{}`)
	f("/v1/traces/v1/traces", otlptest.GoodJSON, otlptest.AsJSON, 200, `{}`)
	f("/behind/a/prefix/v1/traces", otlptest.GoodJSON, otlptest.AsJSON, 200, `{}`)
	f("/", otlptest.GoodJSON, otlptest.AsJSON, 200, `{}`)
	f("/any", otlptest.GoodJSON, "Content-Type: text/plain", 200, `{}`)
	f("/otlp/traces", otlptest.GoodProto, otlptest.AsProtobuf, 200, ``)
	logs, points := []byte(otlptest.LogDocument(`{"body":{"stringValue":"x"}}`)),
		[]byte(otlptest.MetricDocument(otlptest.Gauge("m", otlptest.Number(1, "1"))))
	f("/v1/logs", logs, otlptest.AsJSON, 200, `{}`)
	f("/v1/logs/", otlptest.Zipped(t, otlptest.UsualLogs(2)), otlptest.AsProtobuf+"|Content-Encoding: gzip", 200, ``)
	f("/v1/logs/v1/logs", logs, "Content-Type: text/plain", 200, `{}`)
	f("/v1/logs", nil, otlptest.AsProtobuf, 200, ``)
	f("/any/prefix", logs, otlptest.AsJSON, 200, `{}`)
	f("/logs", otlptest.UsualLogs(1), otlptest.AsProtobuf, 200, ``)
	f("/v1/logs", logs[:40], otlptest.AsJSON, 400, `cut off`)
	f("/v1/logs", []byte(`{"resourceLogs":[{"scopeLogs":[{"logRecords":[5]}]}]}`), otlptest.AsJSON, 200,
		`{"partialSuccess":{"rejectedLogRecords":"1","errorMessage":"1 of 1 log records rejected: log record 0: entry is `+
			`no object"}}`)
	f("/v1/metrics", points, otlptest.AsJSON, 200, `{}`)
	f("/v1/metrics", otlptest.ZstdOf(t, otlptest.UsualMetrics(4, 2, otlptest.EndTime)),
		otlptest.AsProtobuf+"|Content-Encoding: zstd", 200, ``)
	f("/v1/metrics", nil, otlptest.AsJSON, 200, `{}`)
	f("/", points, "Content-Type: text/plain", 200, `{}`)
	f("/otlp/metrics", otlptest.UsualMetrics(4, 2, otlptest.EndTime), otlptest.AsProtobuf, 200, ``)
	f("/v1/metrics", []byte{0x0a, 0xff, 0x01}, otlptest.AsProtobuf, 400, `body is no valid protobuf`)
	f("/v1/metrics", []byte(otlptest.MetricDocument(otlptest.Gauge("m", `{}`))), otlptest.AsJSON, 200,
		`{"partialSuccess":{"rejectedDataPoints":"1","errorMessage":"1 of 1 data points rejected: data point 0: no value `+
			`that is a number"}}`)

	f("/v1/traces", []byte(`<html>`), otlptest.AsJSON, 400,
		`{"code":3,"message":"body is no valid JSON: want a value at byte 0"}`)
	f("/v1/traces", otlptest.GoodJSON[:50], otlptest.AsJSON, 400, `cut off`)
	f("/v1/traces", otlptest.GoodJSON, otlptest.AsJSON+"|Content-Encoding: gzip", 400, `the body is no valid gzip`)
	f("/v1/traces", otlptest.Zipped(t, otlptest.GoodJSON)[:30], otlptest.AsJSON+"|Content-Encoding: gzip", 400,
		`the body is no valid gzip: unexpected EOF`)
	f("/v1/traces", otlptest.GoodJSON, otlptest.AsJSON+"|Content-Encoding: zstd", 400, `the body is no valid zstd`)
	f("/v1/traces", otlptest.GoodJSON, otlptest.AsJSON+"|Content-Encoding: lzma", 415,
		`content encoding must be one of gzip, deflate, zstd`)
	f("/v1/traces", []byte(`hello`), "Content-Type: text/html", 415,
		`content type must be application/json or application/x-protobuf`)
	f("/", []byte(`[{"eventTimestamp":1,"outcome":"ok"}]`), otlptest.AsJSON, 415,
		`{"code":12,"message":"tail events are not accepted here"}`)
	f("/", []byte(`[{"spanContext":{},"sequence":0}]`), otlptest.AsJSON, 415, `tail events`)
	f("/", []byte(`{"eventTimestamp":1}`), otlptest.AsJSON, 415, `tail events`)
	f("/", []byte(`{"schemaVersion":1,"dataset":[97]}`), "X: workerd sends no content type", 415,
		`data points of workerd`)
	f("/", []byte(`{"schemaVersion":1,"dataset":"a"}`), otlptest.AsJSON, 400, `no OTLP, data point or tail event`)
	f("/", []byte(`[]`), otlptest.AsJSON, 400, `no OTLP`)
	f("/", []byte(`x`), otlptest.AsJSON, 400, `no OTLP`)
	f("/", nil, otlptest.AsJSON, 400, `no OTLP`)
	f("/otlp", otlptest.GoodProto, otlptest.AsProtobuf, 400, `no OTLP, data point or tail event`)
	f("/v1/datapoints/x", []byte(`[]`), otlptest.AsJSON, 400, `no OTLP`)
}

func TestProtobufErrorsAreAStatus(t *testing.T) {
	resp := otlptest.Post(newDoor(t, &otlptest.Recorder{}).Handler(), "/v1/traces", []byte{0x0a, 0xff, 0x01, 0x02},
		otlptest.AsProtobuf)
	var st spb.Status
	if err := proto.Unmarshal([]byte(otlptest.ReadAll(t, resp.Body)), &st); err != nil {
		t.Fatal(err)
	}
	const want = "body is no valid protobuf: length 255 of field 1 is more than the 1 bytes left in its message at " +
		"byte 3"
	if resp.StatusCode != 400 || st.Code != int32(codes.InvalidArgument) || st.Message != want || len(st.Details) != 1 {
		t.Errorf("%d %v, want %q with details", resp.StatusCode, &st, want)
	}
	if got := resp.Header.Get("Content-Type"); got != "application/x-protobuf" {
		t.Errorf("content type %q", got)
	}
}

func TestMethodsOtherThanPost(t *testing.T) {
	h := newDoor(t, &otlptest.Recorder{}).Handler()
	for _, method := range []string{
		http.MethodGet, http.MethodHead, http.MethodPut, http.MethodDelete,
		http.MethodOptions,
	} {
		resp := otlptest.Send(h, method, "/v1/traces", nil)
		if resp.StatusCode != http.StatusMethodNotAllowed || resp.Header.Get("Allow") != "POST" {
			t.Errorf("%s: %d, Allow %q", method, resp.StatusCode, resp.Header.Get("Allow"))
		}
	}
}

// TestLimitHoldsTwice: a body of exactly the limit is good, one more byte is not, and neither is what grows beyond it.
func TestLimitHoldsTwice(t *testing.T) {
	pad := func(n int) []byte {
		return append(bytes.Clone(otlptest.GoodJSON), bytes.Repeat([]byte(" "), n-len(otlptest.GoodJSON))...)
	}
	const limit = 200_000
	f := func(name string, body []byte, chunked bool, want int, headers ...string) {
		t.Helper()
		h := newDoor(t, &otlptest.Recorder{}, limits(limit, 32*limit)).Handler()
		req := httptest.NewRequest(http.MethodPost, "/v1/traces", bytes.NewReader(body))
		if chunked {
			req.ContentLength = -1
		}
		for _, h := range append(headers, otlptest.AsJSON) {
			name, val, _ := strings.Cut(h, ": ")
			req.Header.Set(name, val)
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, req)
		if w.Code != want {
			t.Errorf("%s: %d %s, want %d", name, w.Code, w.Body, want)
		}
	}
	const gz, zs = "Content-Encoding: gzip", "Content-Encoding: zstd"
	f("the limit", pad(limit), false, 200)
	f("one more", pad(limit+1), false, 413)
	f("the limit, chunked", pad(limit), true, 200)
	f("one more, chunked", pad(limit+1), true, 413)
	f("the limit, gzip", otlptest.Zipped(t, pad(limit)), false, 200, gz)
	f("one more, gzip", otlptest.Zipped(t, pad(limit+1)), false, 413, gz)
	f("a gzip bomb", otlptest.Zipped(t, pad(70<<20)), false, 413, gz)
	f("the limit, zstd", otlptest.ZstdOf(t, pad(limit)), false, 200, zs)
	f("a zstd bomb", otlptest.ZstdOf(t, pad(20<<20)), false, 413, zs)
}

func TestSinkErrorsOverHTTP(t *testing.T) {
	f := func(err error, wantStatus int, wantRetry, wantBody string) {
		t.Helper()
		var log bytes.Buffer
		h := newDoor(t, otlptest.Failing(err), func(o *options) {
			o.door.Logger = slog.New(slog.NewTextHandler(&log,
				nil))
		}).Handler()
		resp := otlptest.Post(h, "/v1/traces", otlptest.GoodJSON, otlptest.AsJSON)
		body := otlptest.ReadAll(t, resp.Body)
		if resp.StatusCode != wantStatus || resp.Header.Get("Retry-After") != wantRetry ||
			!strings.Contains(body, wantBody) {
			t.Errorf("%v: %d, Retry-After %q, %s", err, resp.StatusCode, resp.Header.Get("Retry-After"), body)
		}
		if logged, want := strings.Count(log.String(), "level=ERROR"),
			wantStatus/500*(1-len(wantRetry)); logged != max(want, 0) {
			t.Errorf("%v: %d errors logged, want %d", err, logged, want)
		}
	}
	f(&edge.UnavailableError{Busy: true, Reason: "queue is full", RetryAfter: 1500 * time.Millisecond}, 429, "2",
		`{"code":8,"message":"queue is full`)
	f(&edge.UnavailableError{Reason: "disk is nearly full", RetryAfter: time.Second}, 503, "1",
		`{"code":14,"message":"disk is nearly full`)
	f(context.Canceled, 503, "1", `{"code":1,`)
	f(context.DeadlineExceeded, 503, "1", `{"code":4,`)
	f(errors.New("secret path"), 500, "", `{"code":13,"message":"internal error"}`)
}

func TestSinkMayReject(t *testing.T) {
	sink := &otlptest.Recorder{Answer: func(_ context.Context, b *edge.Batch) error {
		b.Reject(b.Events[0].Index, "older than retention")
		b.Events = b.Events[1:]
		return nil
	}}
	h := newDoor(t, sink).Handler()
	two := []byte(otlptest.DocumentJSON(otlptest.SpanJSON(`"name":"a"`), otlptest.SpanJSON(`"name":"b"`)))
	resp := otlptest.Post(h, "/v1/traces", two, otlptest.AsJSON)
	if got, want := otlptest.ReadAll(t, resp.Body), `{"partialSuccess":{"rejectedSpans":"1",`+
		`"errorMessage":"1 of 2 spans rejected: span 0: older than retention"}}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	resp = otlptest.Post(h, "/v1/traces", otlptest.Request(otlptest.GoodSpan(), otlptest.GoodSpan()),
		otlptest.AsProtobuf)
	want := otlptest.PB(nil).Msg(1, otlptest.PB(nil).Varint(1, 1).Bytes(2,
		"1 of 2 spans rejected: span 0: older than retention"))
	if got := otlptest.ReadAll(t, resp.Body); got != string(want) {
		t.Errorf("got %x, want %x", got, want)
	}
}

func TestAdmission(t *testing.T) {
	admit := func(_ context.Context, authorization string) (*access.Grant, error) {
		switch authorization {
		case "Bearer good":
			return &access.Grant{Tenant: 7}, nil
		case "Bearer fast":
			return nil, &edge.UnavailableError{Busy: true, Reason: "rate limit", RetryAfter: time.Second}
		case "":
			return nil, &access.DeniedError{Reason: "token missing"}
		}
		return nil, &access.DeniedError{Forbidden: true, Reason: "token may not write traces"}
	}
	sink := &otlptest.Recorder{}
	h := newDoor(t, sink, func(o *options) { o.door.Admit = admit }).Handler()
	f := func(token string, want int, challenge string) {
		t.Helper()
		resp := otlptest.Post(h, "/v1/traces", otlptest.GoodJSON, otlptest.AsJSON, "Authorization: "+token)
		if resp.StatusCode != want || resp.Header.Get("WWW-Authenticate") != challenge {
			t.Errorf("%q: %d, challenge %q; want %d", token, resp.StatusCode, resp.Header.Get("WWW-Authenticate"), want)
		}
	}
	f("", 401, "Bearer")
	f("Bearer bad", 403, "")
	f("Bearer fast", 429, "")
	f("Bearer good", 200, "")
	if len(sink.Tenants) != 1 || sink.Tenants[0] != 7 {
		t.Errorf("tenants %v, want 7 once", sink.Tenants)
	}
}

func TestBytesInFlightAreBounded(t *testing.T) {
	entered, leave := make(chan struct{}), make(chan struct{})
	sink := &otlptest.Recorder{Answer: func(context.Context, *edge.Batch) error {
		close(entered)
		<-leave
		return nil
	}}
	h := newDoor(t, sink, limits(64<<10, 256<<10)).Handler()
	first := make(chan int, 1)
	large := []byte(otlptest.DocumentJSON(otlptest.SpanJSON(`"name":"` + strings.Repeat("x", 30_000) + `"`)))
	go func() { first <- otlptest.Post(h, "/v1/traces", large, otlptest.AsJSON).StatusCode }()
	select {
	case <-entered:
	case code := <-first:
		t.Fatalf("the first request is answered %d before it is stored", code)
	}
	// The first holds most of what one tenant may have: its body, and its row three times.
	resp := otlptest.Post(h, "/v1/traces", large, otlptest.AsJSON)
	if resp.StatusCode != http.StatusTooManyRequests || resp.Header.Get("Retry-After") != "1" {
		t.Errorf("%d, Retry-After %q; want 429", resp.StatusCode, resp.Header.Get("Retry-After"))
	}
	close(leave)
	if got := <-first; got != 200 {
		t.Errorf("first request: %d", got)
	}
	sink.Answer = nil
	if resp := otlptest.Post(h, "/v1/traces", large, otlptest.AsJSON); resp.StatusCode != 200 {
		t.Errorf("%d when there is room again, want 200", resp.StatusCode)
	}
}

func TestASmallLimitLeavesRoomForOneBody(t *testing.T) {
	h := newDoor(t, &otlptest.Recorder{}, limits(1000, 128<<10)).Handler()
	if resp := otlptest.Post(h, "/v1/traces", otlptest.Zipped(t, otlptest.GoodJSON), otlptest.AsJSON,
		"Content-Encoding: gzip"); resp.StatusCode != 200 {
		t.Errorf("status %d, want 200", resp.StatusCode)
	}
}

// TestConnectionSurvivesRefusals sends a refused and a good request over one connection.
func TestConnectionSurvivesRefusals(t *testing.T) {
	sink := &otlptest.Recorder{}
	server := httptest.NewServer(newDoor(t, sink).Handler())
	defer server.Close()
	conn, err := net.Dial("tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	answers := bufio.NewReader(conn)
	for _, header := range []string{"Content-Encoding: lzma", "X-Good: yes", "Content-Encoding: gzip", "X-Good: yes"} {
		req := httptest.NewRequest(http.MethodPost, "/v1/traces", bytes.NewReader(otlptest.GoodJSON))
		name, val, _ := strings.Cut(header, ": ")
		req.Header.Set(name, val)
		req.Header.Set("Content-Type", "application/json")
		if err := req.Write(conn); err != nil {
			t.Fatal(err)
		}
		resp, err := http.ReadResponse(answers, req)
		if err != nil {
			t.Fatalf("%s: %v", header, err)
		}
		otlptest.ReadAll(t, resp.Body)
		if good := name == "X-Good"; good != (resp.StatusCode == 200) {
			t.Errorf("%s: status %d", header, resp.StatusCode)
		}
	}
	if len(sink.Got) != 2 {
		t.Errorf("%d spans taken, want 2", len(sink.Got))
	}
}

func TestBrokenTransferTakesNothing(t *testing.T) {
	sink := &otlptest.Recorder{}
	h := newDoor(t, sink).Handler()
	f := func(err error, want int) {
		t.Helper()
		req := httptest.NewRequest(http.MethodPost, "/v1/traces",
			io.MultiReader(bytes.NewReader(otlptest.GoodJSON), brokenReader{err}))
		req.Header.Set("Content-Type", "application/json")
		w := httptest.NewRecorder()
		h.ServeHTTP(w, req)
		if w.Code != want || sink.Calls != 0 {
			t.Errorf("%v: status %d, want %d; the sink was called %d times", err, w.Code, want, sink.Calls)
		}
	}
	f(io.ErrUnexpectedEOF, 400)
	f(&net.OpError{Op: "read", Err: context.DeadlineExceeded}, 503)
}

type brokenReader struct{ err error }

func (b brokenReader) Read([]byte) (int, error) { return 0, b.err }

func TestRequestsAreCounted(t *testing.T) {
	set := metrics.NewSet()
	h := newDoor(t, &otlptest.Recorder{}, func(o *options) { o.Metrics = set }).Handler()
	otlptest.Post(h, "/v1/traces", otlptest.Request(otlptest.GoodSpan(), otlptest.GoodSpan().Bytes(1, "")),
		otlptest.AsProtobuf)
	otlptest.Post(h, "/v1/traces", []byte("<html>"), otlptest.AsJSON)
	var text bytes.Buffer
	set.WritePrometheus(&text)
	for _, want := range []string{
		"edgescope_otlp_spans_total 1\n", "edgescope_otlp_rejected_spans_total 1\n",
		`edgescope_otlp_requests_total{transport="http",code="200"} 1`,
		`edgescope_otlp_requests_total{transport="http",code="400"} 1`,
	} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("no %q in\n%s", want, text.String())
		}
	}
}
