package otlp

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"

	"edgescope/edge"
	"edgescope/ingest/body"
)

// methods are the gRPC methods of OTLP, by their paths.
var methods = map[string]signal{
	"/opentelemetry.proto.collector.trace.v1.TraceService/Export":     signalTraces,
	"/opentelemetry.proto.collector.logs.v1.LogsService/Export":       signalLogs,
	"/opentelemetry.proto.collector.metrics.v1.MetricsService/Export": signalMetrics,
}

// prefixLen is the length of what stands before a message: a byte that tells whether it is compressed, and its length.
const prefixLen = 5

// GRPC serves OTLP over gRPC: a server of HTTP/2 hosts it (github.com/grpc/grpc, PROTOCOL-HTTP2.md). All methods take one message
// and give one, so a call is a request of HTTP with a prefix and trailers; that way both transports are read by one piece,
// which looks for room before it reads a message and takes it as the message comes.
func (r *Receiver) GRPC() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if req.ProtoMajor != 2 || !strings.HasPrefix(req.Header.Get("Content-Type"), "application/grpc") {
			http.Error(w, "this port speaks gRPC; OTLP over HTTP has a port of its own, 4318 by default", http.StatusUnsupportedMediaType)
			return
		}
		h := w.Header()
		h.Set("Content-Type", "application/grpc")
		h["Date"] = nil // gRPC has no use for it, and it costs a search of the header table
		res, err := r.call(req.Context(), req)
		if err != nil {
			r.failCall(w, req, err)
			return
		}
		r.count.request("grpc", codes.OK.String())
		message := appendProtoResult(make([]byte, prefixLen, 64), res)
		binary.BigEndian.PutUint32(message[1:], uint32(len(message)-prefixLen))
		w.Write(message)
		h.Set(http.TrailerPrefix+"Grpc-Status", "0")
	})
}

// callError is a refusal that only gRPC knows.
type callError struct{ refusal }

func (c *callError) Error() string { return c.msg }

func refuseCall(code codes.Code, reason, format string, args ...any) error {
	return &callError{refusal{code: code, msg: fmt.Sprintf(format, args...), reason: reason}}
}

// call takes the message of a request.
func (r *Receiver) call(ctx context.Context, req *http.Request) (Result, error) {
	sig, ok := methods[req.URL.Path]
	if !ok || req.Method != http.MethodPost {
		return Result{}, refuseCall(codes.Unimplemented, "method", "unknown method %s", req.URL.Path)
	}
	ctx, cancel, err := deadline(ctx, req.Header.Get("Grpc-Timeout"))
	if err != nil {
		return Result{}, err
	}
	defer cancel()
	tenant, err := r.admit(req)
	if err != nil {
		f := refuseSender(err)
		return Result{}, &callError{f}
	}
	b, err := r.message(ctx, req, tenant)
	if err != nil {
		return Result{}, err
	}
	defer b.Release()
	return r.take(ctx, request{tenant, sig, Protobuf, b.Bytes(), b.Hash, &b.Share, req})
}

// message reads the one message of a call.
func (r *Receiver) message(ctx context.Context, req *http.Request, tenant edge.Tenant) (*body.Body, error) {
	var prefix [prefixLen]byte
	if _, err := io.ReadFull(req.Body, prefix[:]); err != nil {
		return nil, fmt.Errorf("read the prefix of a message: %w", body.Transfer(err))
	}
	src := body.Source{Tenant: tenant, Length: int64(binary.BigEndian.Uint32(prefix[1:]))}
	src.From = &exactly{from: req.Body, left: src.Length}
	if prefix[0]&1 != 0 {
		src.Encoding = req.Header.Get("Grpc-Encoding")
		if src.Encoding == "" || src.Encoding == "identity" {
			return nil, refuseCall(codes.Internal, "malformed", "a message is compressed and grpc-encoding does not say how")
		}
	}
	b, err := r.read(ctx, src)
	if errors.Is(err, body.ErrEncoding) {
		return nil, refuseCall(codes.Unimplemented, "encoding", "grpc-encoding must be identity, gzip, deflate or zstd")
	}
	if err != nil {
		return nil, err
	}
	if n, _ := io.ReadFull(req.Body, prefix[:1]); n > 0 { // the end of what was sent, or of the connection
		b.Release()
		return nil, refuseCall(codes.Unimplemented, "malformed", "a call takes one message")
	}
	return b, nil
}

// exactly reads as many bytes as were promised; fewer are an error.
type exactly struct {
	from io.Reader
	left int64
}

func (e *exactly) Read(p []byte) (int, error) {
	if e.left == 0 {
		return 0, io.EOF
	}
	n, err := e.from.Read(p[:min(int64(len(p)), e.left)])
	e.left -= int64(n)
	if errors.Is(err, io.EOF) {
		if e.left > 0 {
			return n, io.ErrUnexpectedEOF
		}
		err = nil
	}
	return n, err
}

// failCall ends a call with a status. The headers go first and by themselves: clients differ in what they make of a status
// among headers when a length is there too.
func (r *Receiver) failCall(w http.ResponseWriter, req *http.Request, err error) {
	f := refuse(err)
	if own := (*callError)(nil); errors.As(err, &own) {
		f = own.refusal
	}
	if f.code == codes.Unimplemented {
		w.Header().Set("Grpc-Accept-Encoding", "identity,gzip,deflate,zstd")
	}
	f.log(r.o.Logger, "grpc")
	r.o.Refusals.Request(req, f.reason, f.msg)
	r.count.request("grpc", f.code.String())
	// A client that went away needs no status.
	_ = http.NewResponseController(w).Flush()
	h := w.Header()
	h.Set(http.TrailerPrefix+"Grpc-Status", strconv.Itoa(int(f.code)))
	h.Set(http.TrailerPrefix+"Grpc-Message", percentEncoded(f.msg))
	st := f.status().Proto()
	if len(st.GetDetails()) == 0 {
		return
	}
	if details, err := proto.Marshal(st); err == nil { // code and message alone say it too
		h.Set(http.TrailerPrefix+"Grpc-Status-Details-Bin", base64.RawStdEncoding.EncodeToString(details))
	}
}

// percentEncoded writes a message as the header grpc-message has it.
func percentEncoded(s string) string {
	const hex = "0123456789ABCDEF"
	var out strings.Builder
	for i := range len(s) {
		if c := s[i]; c >= ' ' && c <= '~' && c != '%' {
			out.WriteByte(c)
		} else {
			out.Write([]byte{'%', hex[c>>4], hex[c&15]})
		}
	}
	return out.String()
}

// timeoutUnits are those of the header grpc-timeout.
var timeoutUnits = map[byte]time.Duration{
	'H': time.Hour, 'M': time.Minute, 'S': time.Second, 'm': time.Millisecond, 'u': time.Microsecond, 'n': time.Nanosecond,
}

// deadline answers the context of a call that ends when its client gives up, as the header grpc-timeout says.
func deadline(ctx context.Context, text string) (context.Context, context.CancelFunc, error) {
	if text == "" {
		return ctx, func() {}, nil
	}
	last := len(text) - 1
	n, err := strconv.ParseUint(text[:last], 10, 64)
	unit, ok := timeoutUnits[text[last]]
	if err != nil || !ok || last > 8 { // at most 8 digits
		return nil, nil, refuseCall(codes.Internal, "malformed", "grpc-timeout %q: want up to 8 digits and one of H M S m u n", text)
	}
	if n > uint64(time.Hour/unit)*24 {
		return ctx, func() {}, nil // longer than any request
	}
	ctx, cancel := context.WithTimeout(ctx, time.Duration(n)*unit)
	return ctx, cancel, nil
}

// admit asks whose data a request brings. The header is the same for both transports.
func (r *Receiver) admit(req *http.Request) (edge.Tenant, error) {
	if r.o.Admit == nil {
		return 0, nil
	}
	return r.o.Admit(req.Context(), req.Header.Get("Authorization"))
}
