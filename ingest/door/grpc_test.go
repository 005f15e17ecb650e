package door_test

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/encoding"
	_ "google.golang.org/grpc/encoding/gzip"
	"google.golang.org/grpc/mem"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"edgescope/edge"
	"edgescope/ingest/body"
	"edgescope/ingest/otlp/otlptest"
	"edgescope/internal/access"
)

const exportMethod = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"

// bytesCodec lets a client send and receive bare messages.
type bytesCodec struct{}

func (bytesCodec) Name() string { return "proto" }
func (bytesCodec) Marshal(v any) (mem.BufferSlice, error) {
	return mem.BufferSlice{mem.SliceBuffer(*v.(*[]byte))}, nil
}

func (bytesCodec) Unmarshal(data mem.BufferSlice, v any) error {
	*v.(*[]byte) = data.Materialize()
	return nil
}

var _ encoding.CodecV2 = bytesCodec{}

// init gives the clients zstd, where gRPC wants compressors to be registered.
func init() { encoding.RegisterCompressor(zstdCompressor{}) }

type zstdCompressor struct{}

func (zstdCompressor) Name() string { return "zstd" }
func (zstdCompressor) Compress(w io.Writer) (io.WriteCloser, error) {
	return zstd.NewWriter(w, zstd.WithEncoderConcurrency(1))
}
func (zstdCompressor) Decompress(r io.Reader) (io.Reader, error) { return zstd.NewReader(r) }

// connect serves the receiver over HTTP/2 without TLS and returns a client of it; both end with the test.
func connect(t *testing.T, d testDoor) *grpc.ClientConn {
	t.Helper()
	conn, err := grpc.NewClient(serveGRPC(t, d.GRPC()), grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.ForceCodecV2(bytesCodec{})))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

func serveGRPC(t *testing.T, h http.Handler) (addr string) {
	t.Helper()
	server := httptest.NewUnstartedServer(h)
	server.Config.Protocols = new(http.Protocols)
	server.Config.Protocols.SetUnencryptedHTTP2(true)
	server.Start()
	t.Cleanup(server.Close)
	return server.Listener.Addr().String()
}

func export(t *testing.T, conn *grpc.ClientConn, body []byte, options ...grpc.CallOption) (string, error) {
	t.Helper()
	var answer []byte
	err := conn.Invoke(t.Context(), exportMethod, &body, &answer, options...)
	return string(answer), err
}

// TestFixturesOverGRPC sends what real gRPC clients sent, plain and compressed.
func TestFixturesOverGRPC(t *testing.T) {
	for _, f := range otlptest.LoadFixtures(t) {
		if f.Transport != "grpc" {
			continue
		}
		for _, compressor := range []string{"identity", "gzip", "zstd"} {
			t.Run(f.ID+"/"+compressor, func(t *testing.T) {
				sink := &otlptest.Recorder{}
				conn := connect(t, newDoor(t, sink))
				answer, err := export(t, conn, f.Sent(t), grpc.UseCompressor(compressor))
				if err != nil || answer != "" {
					t.Fatalf("answer %x, %v; want 0 bytes", answer, err)
				}
				f.CheckEvents(t, sink.Got)
			})
		}
	}
}

func TestGRPCAnswers(t *testing.T) {
	f := func(sink *otlptest.Recorder, body []byte, wantCode codes.Code, wantText string) *status.Status {
		t.Helper()
		answer, err := export(t, connect(t, newDoor(t, sink)), body)
		st := status.Convert(err)
		if st.Code() != wantCode || !strings.Contains(answer+st.Message(), wantText) {
			t.Errorf("got %q, %v; want %v %q", answer, err, wantCode, wantText)
		}
		return st
	}
	retryIn := func(st *status.Status, want time.Duration) {
		t.Helper()
		for _, d := range st.Details() {
			if info, ok := d.(*errdetails.RetryInfo); ok && info.RetryDelay.AsDuration() == want {
				return
			}
		}
		t.Errorf("%v has details %v, want RetryInfo of %v", st, st.Details(), want)
	}
	f(&otlptest.Recorder{}, otlptest.GoodProto, codes.OK, "")
	f(&otlptest.Recorder{}, nil, codes.OK, "")
	f(&otlptest.Recorder{}, otlptest.Request(otlptest.GoodSpan().Bytes(1, "short"), otlptest.GoodSpan()), codes.OK,
		"1 of 2 spans rejected: span 0: no valid trace id")
	st := f(&otlptest.Recorder{}, []byte{0x0a, 0xff, 0x01}, codes.InvalidArgument, "body is no valid protobuf")
	if len(st.Details()) != 1 {
		t.Errorf("details %v, want BadRequest", st.Details())
	}
	st = f(otlptest.Failing(&edge.UnavailableError{Busy: true, Reason: "queue is full", RetryAfter: 3 * time.Second}),
		otlptest.GoodProto, codes.ResourceExhausted, "queue is full")
	retryIn(st, 3*time.Second)
	st = f(otlptest.Failing(&edge.UnavailableError{Reason: "stopping"}), otlptest.GoodProto, codes.Unavailable,
		"stopping")
	retryIn(st, time.Second)
	f(otlptest.Failing(errors.New("secret path")), otlptest.GoodProto, codes.Internal, "internal error")
	f(otlptest.Failing(status.Error(codes.NotFound, "another server's")), otlptest.GoodProto, codes.Internal,
		"internal error")
}

func TestGRPCTakesLogsAndMetrics(t *testing.T) {
	sink := &otlptest.Recorder{}
	conn := connect(t, newDoor(t, sink))
	f := func(service string, body []byte, wantText string) {
		t.Helper()
		var answer []byte
		err := conn.Invoke(t.Context(), "/opentelemetry.proto.collector."+service+"/Export", &body, &answer)
		if err != nil || !strings.Contains(string(answer), wantText) || wantText == "" && len(answer) != 0 {
			t.Errorf("%s: %q, %v; want %q", service, answer, err, wantText)
		}
	}
	f("logs.v1.LogsService", otlptest.UsualLogs(3), "")
	f("logs.v1.LogsService", nil, "")
	f("metrics.v1.MetricsService", otlptest.UsualMetrics(4, 2, otlptest.EndTime), "")
	nan := otlptest.PB(nil).Msg(1, otlptest.PB(nil).Msg(2, otlptest.PB(nil).Msg(2,
		otlptest.PB(nil).Bytes(1, "m").Msg(5, otlptest.PB(nil).Msg(1, otlptest.PB(nil))))))
	f("metrics.v1.MetricsService", nan, string(otlptest.PB(nil).Varint(1, 1))+"\x12")
	f("metrics.v1.MetricsService", nan, "1 of 1 data points rejected: data point 0: no value that is a number")
	if len(sink.Got) != 3 || len(sink.GotSamples) == 0 {
		t.Errorf("%d log records and %d samples taken", len(sink.Got), len(sink.GotSamples))
	}
}

func TestGRPCLimits(t *testing.T) {
	big := otlptest.Request(otlptest.GoodSpan().Msg(9, otlptest.KeyValue("k",
		otlptest.AnyString(strings.Repeat("x", 5<<20)))))
	if _, err := export(t, connect(t, newDoor(t, &otlptest.Recorder{})), big); err != nil {
		t.Errorf("a message of 5 MiB: %v", err)
	}
	small := connect(t, newDoor(t, &otlptest.Recorder{}, limits(1<<20, 64<<20)))
	for _, compressor := range []string{"identity", "gzip", "zstd"} {
		_, err := export(t, small, big, grpc.UseCompressor(compressor))
		if st := status.Convert(err); st.Code() != codes.ResourceExhausted || len(st.Details()) != 0 {
			t.Errorf("%s: %v with %v, want RESOURCE_EXHAUSTED without RetryInfo", compressor, err, st.Details())
		}
	}
}

func TestGRPCAdmission(t *testing.T) {
	sink := &otlptest.Recorder{}
	d := newDoor(t, sink, func(o *options) {
		o.door.Admit = func(_ context.Context, authorization string) (*access.Grant, error) {
			if authorization != "Bearer good" {
				return nil, &access.DeniedError{Forbidden: authorization != "", Reason: "no"}
			}
			return &access.Grant{Tenant: 7}, nil
		}
	})
	conn := connect(t, d)
	f := func(token string, want codes.Code) {
		t.Helper()
		ctx := t.Context()
		if token != "" {
			ctx = metadata.AppendToOutgoingContext(ctx, "authorization", token)
		}
		body, answer := []byte(otlptest.GoodProto), []byte(nil)
		if err := conn.Invoke(ctx, exportMethod, &body, &answer); status.Code(err) != want {
			t.Errorf("%q: %v, want %v", token, err, want)
		}
	}
	f("", codes.Unauthenticated)
	f("Bearer bad", codes.PermissionDenied)
	f("Bearer good", codes.OK)
	if len(sink.Tenants) != 1 || sink.Tenants[0] != 7 {
		t.Errorf("tenants %v, want 7 once", sink.Tenants)
	}
}

func TestOtherServicesOverGRPC(t *testing.T) {
	conn := connect(t, newDoor(t, &otlptest.Recorder{}))
	body, answer := []byte{}, []byte(nil)
	err := conn.Invoke(t.Context(), "/opentelemetry.proto.collector.profiles.v1development.ProfilesService/Export",
		&body, &answer)
	if status.Code(err) != codes.Unimplemented {
		t.Errorf("profiles: %v, want UNIMPLEMENTED", err)
	}
}

// TestGRPCOnTheHTTPPortIsRefused: a client that dials the wrong port gets an answer, not silence.
func TestGRPCOnTheHTTPPortIsRefused(t *testing.T) {
	resp := otlptest.Post(newDoor(t, &otlptest.Recorder{}).Handler(), exportMethod,
		[]byte("\x00\x00\x00\x00\x02\x0a\x00"), "Content-Type: application/grpc")
	if resp.StatusCode != http.StatusBadRequest {
		t.Errorf("status %d, want 400", resp.StatusCode)
	}
}

// callRaw sends a body to the gRPC handler as a client of HTTP/2 and returns the trailers, among them what stood in the
// headers.
func callRaw(t *testing.T, addr string, body io.Reader, headers ...string) (int, http.Header) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+addr+exportMethod, body)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/grpc+proto")
	for _, header := range headers {
		name, val, _ := strings.Cut(header, ": ")
		req.Header.Set(name, val)
	}
	transport := &http.Transport{Protocols: new(http.Protocols)}
	transport.Protocols.SetUnencryptedHTTP2(true)
	defer transport.CloseIdleConnections()
	resp, err := transport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	otlptest.ReadAll(t, resp.Body)
	return resp.StatusCode, resp.Trailer
}

// TestGRPCFrames is what a client gets for what no client should send.
func TestGRPCFrames(t *testing.T) {
	sink := &otlptest.Recorder{}
	addr := serveGRPC(t, newDoor(t, sink, limits(1<<20, 64<<20)).GRPC())
	f := func(name, body string, wantCode codes.Code, wantMessage string, headers ...string) {
		t.Helper()
		httpStatus, trailer := callRaw(t, addr, strings.NewReader(body), headers...)
		if httpStatus != http.StatusOK || trailer.Get("Grpc-Status") != strconv.Itoa(int(wantCode)) ||
			!strings.Contains(trailer.Get("Grpc-Message"), wantMessage) {
			t.Errorf("%s: HTTP %d, %v; want %v %q", name, httpStatus, trailer, wantCode, wantMessage)
		}
	}
	prefix := func(flag byte, length uint32) string {
		return string(binary.BigEndian.AppendUint32([]byte{flag}, length))
	}
	message := prefix(0, uint32(len(otlptest.GoodProto))) + string(otlptest.GoodProto)
	f("a good one", message, codes.OK, "")
	f("with time", message, codes.OK, "", "Grpc-Timeout: 20S")
	f("with more time than there is", message, codes.OK, "", "Grpc-Timeout: 99999999H")
	if sink.Calls != 3 {
		t.Errorf("the sink was called %d times, want 3", sink.Calls)
	}
	f("nothing", "", codes.InvalidArgument, "did not come whole")
	f("half a prefix", "\x00\x00", codes.InvalidArgument, "did not come whole")
	f("half a message", message[:len(message)-1], codes.InvalidArgument, "did not come whole")
	f("two messages", message+message, codes.Unimplemented, "a call takes one message")
	f("too long", prefix(0, 1<<20+1), codes.ResourceExhausted, "more than 1048576 bytes")
	f("too long for anything", prefix(0, 1<<32-1), codes.ResourceExhausted, "more than 1048576 bytes")
	f("compressed by nothing", prefix(1, 0), codes.Internal, "grpc-encoding does not say how")
	f("compressed by brotli", prefix(1, 0), codes.Unimplemented,
		"grpc-encoding must be identity, gzip, deflate or zstd", "Grpc-Encoding: br")
	f("not compressed as it says", prefix(1, 3)+"abc", codes.InvalidArgument, "no valid gzip", "Grpc-Encoding: gzip")
	bomb := otlptest.Zipped(t, make([]byte, 64<<20))
	f("a bomb", prefix(1, uint32(len(bomb)))+string(bomb), codes.ResourceExhausted, "more than 1048576 bytes",
		"Grpc-Encoding: gzip")
	for _, timeout := range []string{"S", "1", "-1S", "1x", "999999999S"} {
		f("a timeout of "+timeout, message, codes.Internal, "grpc-timeout", "Grpc-Timeout: "+timeout)
	}
	f("not in ASCII", message, codes.Internal, `"%C3%A4%25"`, "Grpc-Timeout: ä%")
	if sink.Calls != 3 {
		t.Errorf("the sink was called %d times by what can't be taken", sink.Calls-3)
	}
}

// TestGRPCRefusesBeforeTheMessage: neither who may not send nor what has no room is read, and the client is told.
func TestGRPCRefusesBeforeTheMessage(t *testing.T) {
	budget := body.NewBudget(64 << 20)
	others := budget.Share(7)
	if err := others.Take(budget.Largest()); err != nil {
		t.Fatal(err)
	}
	addr := serveGRPC(t, newDoor(t, &otlptest.Recorder{}, func(o *options) {
		o.door.Bodies = body.NewReader(body.Options{Budget: budget, MaxBody: 16 << 20})
		o.door.Admit = func(_ context.Context, authorization string) (*access.Grant, error) {
			if authorization == "" {
				return nil, &access.DeniedError{Reason: "token missing"}
			}
			return &access.Grant{Tenant: 7}, nil
		}
	}).GRPC())
	f := func(want codes.Code, headers ...string) {
		t.Helper()
		unread, send := io.Pipe()
		defer unread.Close()
		go send.Write([]byte{0, 0, 0x80, 0, 0}) // the prefix of 8 MiB, of which nothing comes
		if _, trailer := callRaw(t, addr, unread, headers...); trailer.Get("Grpc-Status") != strconv.Itoa(int(want)) {
			t.Errorf("%v, want %v", trailer, want)
		}
	}
	f(codes.Unauthenticated)
	f(codes.ResourceExhausted, "Authorization: Bearer x")
}
