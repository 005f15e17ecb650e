package otlp_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/encoding"
	"google.golang.org/grpc/mem"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"edgescope/edge"
	"edgescope/ingest/otlp"
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

// dial starts a gRPC server with the receiver and answers a client of it; both end with the test.
func dial(t *testing.T, r *otlp.Receiver, options ...grpc.ServerOption) *grpc.ClientConn {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := grpc.NewServer(append(r.ServerOptions(), options...)...)
	r.Register(server)
	served := make(chan error)
	go func() { served <- server.Serve(listener) }()
	conn, err := grpc.NewClient(listener.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.ForceCodecV2(bytesCodec{})))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		conn.Close()
		server.Stop()
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
	return conn
}

func export(t *testing.T, conn *grpc.ClientConn, body []byte, options ...grpc.CallOption) (string, error) {
	t.Helper()
	var answer []byte
	err := conn.Invoke(t.Context(), exportMethod, &body, &answer, options...)
	return string(answer), err
}

// TestFixturesOverGRPC sends what real gRPC clients sent, plain and compressed.
func TestFixturesOverGRPC(t *testing.T) {
	for _, f := range loadFixtures(t) {
		if f.Transport != "grpc" {
			continue
		}
		for _, compressor := range []string{"identity", "gzip", "zstd"} {
			t.Run(f.ID+"/"+compressor, func(t *testing.T) {
				sink := &recorder{}
				conn := dial(t, newReceiver(t, sink))
				answer, err := export(t, conn, f.body(t), grpc.UseCompressor(compressor))
				if err != nil || answer != "" {
					t.Fatalf("answer %x, %v; want 0 bytes", answer, err)
				}
				f.checkEvents(t, sink.events)
			})
		}
	}
}

func TestGRPCAnswers(t *testing.T) {
	f := func(sink *recorder, body []byte, wantCode codes.Code, wantText string) *status.Status {
		t.Helper()
		answer, err := export(t, dial(t, newReceiver(t, sink)), body)
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
	f(&recorder{}, goodProto, codes.OK, "")
	f(&recorder{}, nil, codes.OK, "")
	f(&recorder{}, request(goodSpan().bytes(1, "short"), goodSpan()), codes.OK, "1 of 2 spans rejected: span 0: no valid trace id")
	st := f(&recorder{}, []byte{0x0a, 0xff, 0x01}, codes.InvalidArgument, "body is no valid protobuf")
	if len(st.Details()) != 1 {
		t.Errorf("details %v, want BadRequest", st.Details())
	}
	st = f(failing(&edge.UnavailableError{Busy: true, Reason: "queue is full", RetryAfter: 3 * time.Second}), goodProto, codes.ResourceExhausted, "queue is full")
	retryIn(st, 3*time.Second)
	st = f(failing(&edge.UnavailableError{Reason: "stopping"}), goodProto, codes.Unavailable, "stopping")
	retryIn(st, time.Second)
	f(failing(errors.New("secret path")), goodProto, codes.Internal, "internal error")
	f(failing(status.Error(codes.NotFound, "another server's")), goodProto, codes.Internal, "internal error")
}

func TestGRPCTakesLogsAndMetrics(t *testing.T) {
	sink := &recorder{}
	conn := dial(t, newReceiver(t, sink))
	f := func(service string, body []byte, wantText string) {
		t.Helper()
		var answer []byte
		err := conn.Invoke(t.Context(), "/opentelemetry.proto.collector."+service+"/Export", &body, &answer)
		if err != nil || !strings.Contains(string(answer), wantText) || wantText == "" && len(answer) != 0 {
			t.Errorf("%s: %q, %v; want %q", service, answer, err, wantText)
		}
	}
	f("logs.v1.LogsService", usualLogs(3), "")
	f("logs.v1.LogsService", nil, "")
	f("metrics.v1.MetricsService", usualMetrics(4, 2, endTime), "")
	nan := pb(nil).msg(1, pb(nil).msg(2, pb(nil).msg(2, pb(nil).bytes(1, "m").msg(5, pb(nil).msg(1, pb(nil))))))
	f("metrics.v1.MetricsService", nan, string(pb(nil).varint(1, 1))+"\x12")
	f("metrics.v1.MetricsService", nan, "1 of 1 data points rejected: data point 0: no value that is a number")
	if len(sink.events) != 3 || len(sink.samples) == 0 {
		t.Errorf("%d log records and %d samples taken", len(sink.events), len(sink.samples))
	}
}

func TestGRPCLimits(t *testing.T) {
	big := request(goodSpan().msg(9, keyValue("k", anyString(strings.Repeat("x", 5<<20)))))
	if _, err := export(t, dial(t, newReceiver(t, &recorder{})), big); err != nil {
		t.Errorf("a message of 5 MiB: %v", err)
	}
	small := dial(t, newReceiver(t, &recorder{}, func(o *otlp.Options) { o.MaxBody = 1 << 20 }))
	for _, compressor := range []string{"identity", "gzip", "zstd"} {
		_, err := export(t, small, big, grpc.UseCompressor(compressor))
		if st := status.Convert(err); st.Code() != codes.ResourceExhausted || len(st.Details()) != 0 {
			t.Errorf("%s: %v with %v, want RESOURCE_EXHAUSTED without RetryInfo", compressor, err, st.Details())
		}
	}
}

func TestGRPCAdmission(t *testing.T) {
	sink := &recorder{}
	r := newReceiver(t, sink, func(o *otlp.Options) {
		o.Admit = func(_ context.Context, authorization string) (edge.Tenant, error) {
			if authorization != "Bearer good" {
				return 0, &otlp.DeniedError{Forbidden: authorization != "", Reason: "no"}
			}
			return 7, nil
		}
	})
	conn := dial(t, r)
	f := func(token string, want codes.Code) {
		t.Helper()
		ctx := t.Context()
		if token != "" {
			ctx = metadata.AppendToOutgoingContext(ctx, "authorization", token)
		}
		body, answer := []byte(goodProto), []byte(nil)
		if err := conn.Invoke(ctx, exportMethod, &body, &answer); status.Code(err) != want {
			t.Errorf("%q: %v, want %v", token, err, want)
		}
	}
	f("", codes.Unauthenticated)
	f("Bearer bad", codes.PermissionDenied)
	f("Bearer good", codes.OK)
	if len(sink.tenants) != 1 || sink.tenants[0] != 7 {
		t.Errorf("tenants %v, want 7 once", sink.tenants)
	}
}

func TestGRPCInterceptorsAndOtherServices(t *testing.T) {
	var seen string
	conn := dial(t, newReceiver(t, &recorder{}), grpc.UnaryInterceptor(
		func(ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
			seen = info.FullMethod
			return handler(ctx, req)
		}))
	if _, err := export(t, conn, goodProto); err != nil || seen != exportMethod {
		t.Errorf("interceptor saw %q, %v", seen, err)
	}
	body, answer := []byte{}, []byte(nil)
	err := conn.Invoke(t.Context(), "/opentelemetry.proto.collector.profiles.v1development.ProfilesService/Export", &body, &answer)
	if status.Code(err) != codes.Unimplemented {
		t.Errorf("profiles: %v, want UNIMPLEMENTED", err)
	}
}

// TestGRPCOnTheHTTPPortIsRefused: a client that dials the wrong port gets an answer, not silence.
func TestGRPCOnTheHTTPPortIsRefused(t *testing.T) {
	resp := post(newReceiver(t, &recorder{}).Handler(), exportMethod, []byte("\x00\x00\x00\x00\x02\x0a\x00"), "Content-Type: application/grpc")
	if resp.StatusCode != http.StatusBadRequest {
		t.Errorf("status %d, want 400", resp.StatusCode)
	}
}
