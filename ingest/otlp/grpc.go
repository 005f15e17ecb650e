package otlp

import (
	"context"
	"io"
	"sync"

	"github.com/klauspost/compress/zstd"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/encoding"
	_ "google.golang.org/grpc/encoding/gzip" // OTLP: a server must understand gzip
	protocodec "google.golang.org/grpc/encoding/proto"
	"google.golang.org/grpc/mem"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"edgescope/edge"
)

// maxStreams bounds the requests of one connection at a time.
const maxStreams = 128

// services are the gRPC services of OTLP.
var services = [...]struct {
	signal signal
	name   string
}{
	{signalTraces, "opentelemetry.proto.collector.trace.v1.TraceService"},
	{signalLogs, "opentelemetry.proto.collector.logs.v1.LogsService"},
	{signalMetrics, "opentelemetry.proto.collector.metrics.v1.MetricsService"},
}

// ServerOptions are what a gRPC server needs to host the receiver: messages are handed over as bytes, so that one decoder with
// one set of rules serves both transports. Messages of other services keep the usual codec.
func (r *Receiver) ServerOptions() []grpc.ServerOption {
	return []grpc.ServerOption{
		grpc.ForceServerCodecV2(codec{encoding.GetCodecV2(protocodec.Name)}),
		grpc.MaxRecvMsgSize(int(r.o.MaxBody)),
		grpc.MaxConcurrentStreams(maxStreams),
	}
}

// Register adds the services of traces, logs and metrics to a server that was made with ServerOptions. The server answers
// UNIMPLEMENTED for any other, such as that of profiles.
func (r *Receiver) Register(s grpc.ServiceRegistrar) {
	for _, service := range services {
		s.RegisterService(&grpc.ServiceDesc{
			ServiceName: service.name,
			HandlerType: (*exporter)(nil),
			Methods:     []grpc.MethodDesc{{MethodName: "Export", Handler: exportHandler("/" + service.name + "/Export")}},
		}, &door{r, service.signal})
	}
}

// exporter is a service of one method, as grpc wants to be told.
type exporter interface {
	export(ctx context.Context, dec func(any) error) (any, error)
}

// door is where the requests of one signal come in.
type door struct {
	*Receiver
	signal signal
}

func exportHandler(method string) grpc.MethodHandler {
	return func(srv any, ctx context.Context, dec func(any) error, interceptor grpc.UnaryServerInterceptor) (any, error) {
		e := srv.(exporter)
		if interceptor == nil {
			return e.export(ctx, dec)
		}
		// The message is read inside, after admission: interceptors see no request.
		info := &grpc.UnaryServerInfo{Server: srv, FullMethod: method}
		return interceptor(ctx, nil, info, func(ctx context.Context, _ any) (any, error) { return e.export(ctx, dec) })
	}
}

// export answers one request. dec reads the message: a refusal before costs no body.
func (r *door) export(ctx context.Context, dec func(any) error) (any, error) {
	tenant, err := r.admit(ctx, authorization(ctx))
	if err == nil && !r.budget.take(0) {
		err = errBusy
	}
	if err != nil {
		return nil, r.refuseCall(err)
	}
	var m message
	if err := dec(&m); err != nil { // a status of grpc's own: the message is too large or can't be decompressed
		r.count.request("grpc", status.Code(err).String())
		return nil, err
	}
	defer m.buf.Free()
	res, err := r.exportBody(ctx, tenant, m.buf.ReadOnlyData())
	if err != nil {
		return nil, r.refuseCall(err)
	}
	r.count.request("grpc", codes.OK.String())
	return reply(appendProtoResult(nil, res)), nil
}

func (r *door) exportBody(ctx context.Context, tenant edge.Tenant, body []byte) (Result, error) {
	size := int64(len(body))
	r.count.received.Add(len(body))
	if !r.budget.take(size) {
		return Result{}, errBusy
	}
	defer r.budget.give(size)
	return r.take(ctx, request{tenant, r.signal, Protobuf, body, hashOf(body)})
}

func (r *Receiver) refuseCall(err error) error {
	f := refuse(err)
	f.log(r.o.Logger, "grpc")
	r.count.request("grpc", f.code.String())
	return f.status().Err()
}

// admit asks whose data a request brings.
func (r *Receiver) admit(ctx context.Context, authorization string) (edge.Tenant, error) {
	if r.o.Admit == nil {
		return 0, nil
	}
	return r.o.Admit(ctx, authorization)
}

func authorization(ctx context.Context) string {
	if v := metadata.ValueFromIncomingContext(ctx, "authorization"); len(v) > 0 {
		return v[0]
	}
	return ""
}

// message is a request as it came, reply an answer as it goes.
type (
	message struct{ buf mem.Buffer }
	reply   []byte
)

// codec hands messages and replies over as they are, and everything else to the codec of protobuf.
type codec struct{ encoding.CodecV2 }

// Marshal gives the bytes of a reply away without a copy.
func (c codec) Marshal(v any) (mem.BufferSlice, error) {
	if b, ok := v.(reply); ok {
		return mem.BufferSlice{mem.SliceBuffer(b)}, nil
	}
	return c.CodecV2.Marshal(v)
}

// Unmarshal keeps a message's bytes; whoever made the message frees them.
func (c codec) Unmarshal(data mem.BufferSlice, v any) error {
	if m, ok := v.(*message); ok {
		m.buf = data.MaterializeToBuffer(mem.DefaultBufferPool())
		return nil
	}
	return c.CodecV2.Unmarshal(data, v)
}

// init is where gRPC wants compressors to be registered; it has gzip only.
func init() { encoding.RegisterCompressor(new(zstdCompressor)) }

// zstdCompressor is zstd for gRPC, with pools.
type zstdCompressor struct{ readers, writers sync.Pool }

// Name is the value of grpc-encoding.
func (*zstdCompressor) Name() string { return "zstd" }

// Decompress answers a reader that gives itself back when it is closed.
func (c *zstdCompressor) Decompress(src io.Reader) (io.Reader, error) {
	z, _ := c.readers.Get().(*zstdReader)
	if z == nil {
		dec, err := newZstdReader()
		if err != nil {
			return nil, err
		}
		z = &zstdReader{Decoder: dec, pool: &c.readers}
	}
	return z, z.Reset(src)
}

// Compress answers a writer that gives itself back when it is closed.
func (c *zstdCompressor) Compress(dst io.Writer) (io.WriteCloser, error) {
	z, _ := c.writers.Get().(*zstdWriter)
	if z == nil {
		enc, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithEncoderLevel(zstd.SpeedFastest))
		if err != nil {
			return nil, err
		}
		z = &zstdWriter{Encoder: enc, pool: &c.writers}
	}
	z.Reset(dst)
	return z, nil
}

type zstdReader struct {
	*zstd.Decoder
	pool *sync.Pool
}

// Close gives the reader back.
func (z *zstdReader) Close() error {
	err := z.Reset(nil)
	z.pool.Put(z)
	return err
}

type zstdWriter struct {
	*zstd.Encoder
	pool *sync.Pool
}

// Close ends the frame and gives the writer back.
func (z *zstdWriter) Close() error {
	defer z.pool.Put(z)
	return z.Encoder.Close()
}
