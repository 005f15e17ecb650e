package door

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"google.golang.org/grpc/codes"

	"edgescope/edge"
	"edgescope/ingest/body"
	"edgescope/ingest/otlp"
)

// methods are the gRPC methods of OTLP, by their paths.
var methods = map[string]otlp.Signal{
	"/opentelemetry.proto.collector.trace.v1.TraceService/Export":     otlp.Traces,
	"/opentelemetry.proto.collector.logs.v1.LogsService/Export":       otlp.Logs,
	"/opentelemetry.proto.collector.metrics.v1.MetricsService/Export": otlp.Metrics,
}

// Services are the names of the services that the gRPC port serves, in order.
func Services() []string {
	var names []string
	for path := range methods {
		names = append(names, strings.TrimSuffix(strings.TrimPrefix(path, "/"), "/Export"))
	}
	slices.Sort(names)
	return names
}

// serveCall serves calls of OTLP over gRPC (isCall): a server of HTTP/2 hosts it (github.com/grpc/grpc,
// PROTOCOL-HTTP2.md). All methods take one message and give one, so a call is a request of HTTP with a prefix and
// trailers; that way both transports are read by one piece, which looks for room before it reads a message and takes it
// as the message comes.
func (d *Door) serveCall(w http.ResponseWriter, req *http.Request) {
	beginAnswer(w)
	res, err := d.call(req.Context(), req)
	if err != nil {
		d.failCall(w, req, err)
		return
	}
	d.count("grpc", codes.OK.String())
	if err := sendMessage(w, res.AppendProto(make([]byte, prefixLen, 64))); err != nil {
		return // the client is gone; what it sent is kept
	}
	endCall(w)
}

// refuseCall is a refusal that only gRPC knows.
func refuseCall(code codes.Code, reason, format string, args ...any) error {
	return &refusalError{refusal{code: code, msg: fmt.Sprintf(format, args...), reason: reason}}
}

// call takes the message of a request.
func (d *Door) call(ctx context.Context, req *http.Request) (otlp.Result, error) {
	signal, ok := methods[req.URL.Path]
	if !ok || req.Method != http.MethodPost {
		return otlp.Result{}, refuseCall(codes.Unimplemented, "method", "unknown method %s%s", req.URL.Path,
			d.elsewhere(req, "; "))
	}
	ctx, cancel, err := deadline(ctx, req.Header.Get("Grpc-Timeout"))
	if err != nil {
		return otlp.Result{}, err
	}
	defer cancel()
	grant, err := d.o.Admit(ctx, req.Header.Get("Authorization"))
	if err != nil {
		return otlp.Result{}, &refusalError{refuseSender(err)}
	}
	b, err := d.message(ctx, req, grant.Tenant)
	if err != nil {
		return otlp.Result{}, err
	}
	defer b.Release()
	taken, err := d.o.OTLP.Take(ctx, otlp.Request{
		Tenant: grant.Tenant, Signal: signal, Encoding: otlp.Protobuf, Body: b.Bytes(), Hash: b.Hash, Share: &b.Share,
	})
	if err != nil {
		return otlp.Result{}, err
	}
	defer taken.Release()
	d.o.Refusals.Batch(req, taken.Batch)
	return taken.Result, nil
}

// message reads the one message of a call.
func (d *Door) message(ctx context.Context, req *http.Request, tenant edge.Tenant) (*body.Body, error) {
	var prefix [prefixLen]byte
	if _, err := io.ReadFull(req.Body, prefix[:]); err != nil {
		return nil, fmt.Errorf("read the prefix of a message: %w", body.Transfer(err))
	}
	src := body.Source{Tenant: tenant, Length: int64(binary.BigEndian.Uint32(prefix[1:]))}
	src.From = &exactly{from: req.Body, left: src.Length}
	if prefix[0]&1 != 0 {
		src.Encoding = req.Header.Get("Grpc-Encoding")
		if src.Encoding == "" || src.Encoding == "identity" {
			return nil, refuseCall(codes.Internal, "malformed",
				"a message is compressed and grpc-encoding does not say how")
		}
	}
	b, err := d.read(ctx, src)
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

// failCall ends a call with a status.
func (d *Door) failCall(w http.ResponseWriter, req *http.Request, err error) {
	f := refuse(err)
	if f.code == codes.Unimplemented {
		w.Header().Set("Grpc-Accept-Encoding", "identity,gzip,deflate,zstd")
	}
	f.log(d.o.Logger, "grpc")
	d.o.Refusals.Request(req, f.reason, f.msg)
	d.count("grpc", f.code.String())
	endWithStatus(w, f.status())
}

// timeoutUnits are those of the header grpc-timeout.
var timeoutUnits = map[byte]time.Duration{
	'H': time.Hour, 'M': time.Minute, 'S': time.Second, 'm': time.Millisecond, 'u': time.Microsecond,
	'n': time.Nanosecond,
}

// deadline returns the context of a call that ends when its client gives up, as the header grpc-timeout says.
func deadline(ctx context.Context, text string) (context.Context, context.CancelFunc, error) {
	if text == "" {
		return ctx, func() {}, nil
	}
	last := len(text) - 1
	n, err := strconv.ParseUint(text[:last], 10, 64)
	unit, ok := timeoutUnits[text[last]]
	if err != nil || !ok || last > 8 { // at most 8 digits
		return nil, nil, refuseCall(codes.Internal, "malformed",
			"grpc-timeout %q: want up to 8 digits and one of H M S m u n", text)
	}
	if n > uint64(time.Hour/unit)*24 {
		return ctx, func() {}, nil // longer than any request
	}
	ctx, cancel := context.WithTimeout(ctx, time.Duration(n)*unit)
	return ctx, cancel, nil
}
