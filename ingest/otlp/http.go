package otlp

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"

	"google.golang.org/grpc/codes"

	"edgescope/edge"
	"edgescope/ingest/body"
	"edgescope/ingest/grpcwire"
)

// errContentType: neither the content type nor the body tells the encoding.
var errContentType = errors.New("content type must be application/json or application/x-protobuf")

// Handler serves the whole ingest port: POST to /v1/traces, /v1/logs and /v1/metrics (also behind a prefix), /v1/datapoints/{dataset}, and to any other
// path by what the body is. Every answer but a full success is described in a google.rpc.Status of the request's encoding.
func (r *Receiver) Handler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if r.o.DataPoints != nil && strings.HasPrefix(req.URL.Path, "/v1/datapoints/") {
			r.o.DataPoints.ServeHTTP(w, req)
			return
		}
		r.serve(w, req)
	})
}

func (r *Receiver) serve(w http.ResponseWriter, req *http.Request) {
	enc, _ := encodingOfType(req.Header.Get("Content-Type"))
	if req.Method != http.MethodPost {
		w.Header().Set("Allow", "POST")
		r.refuse(w, req, enc, refusal{
			http: http.StatusMethodNotAllowed, code: codes.Unimplemented, msg: "method must be POST" + r.elsewhere(req, "; "), reason: "method",
		})
		return
	}
	tenant, err := r.admit(req)
	if err != nil {
		r.refuse(w, req, enc, refuseSender(err))
		return
	}
	b, err := r.read(req.Context(), body.Of(req, tenant))
	if err != nil {
		f := refuse(err)
		f.msg += r.elsewhere(req, "; ")
		r.refuse(w, req, enc, f)
		return
	}
	defer b.Release()
	r.dispatch(w, req, tenant, b)
}

// read reads a body and waits for its turn.
func (r *Receiver) read(ctx context.Context, src body.Source) (*body.Body, error) {
	b, err := r.o.Bodies.Read(ctx, src)
	if err != nil {
		return nil, err
	}
	r.count.received.Add(b.Sent)
	if n := len(b.Bytes()); n != b.Sent {
		r.count.inflated.Add(n)
	}
	if err := b.Work(ctx); err != nil {
		b.Release()
		return nil, err
	}
	return b, nil
}

// dispatch finds out what a body is and hands it on.
func (r *Receiver) dispatch(w http.ResponseWriter, req *http.Request, tenant edge.Tenant, b *body.Body) {
	found, enc, err := r.identify(req, b.Bytes())
	if err == nil && found.ours() {
		var res Result
		if res, err = r.take(req.Context(), request{tenant, found, enc, b.Bytes(), b.Hash, &b.Share, req}); err == nil {
			r.succeed(w, enc, res)
			return
		}
	}
	where := ""
	if found == signalUnknown {
		where = r.elsewhere(req, "")
	}
	nothing := where != "" && len(trimStart(b.Bytes())) == 0 // which could be anybody's
	if !nothing && !found.ours() && r.o.Workerd != nil && r.o.Workerd(w, req, b) {
		return
	}
	if where != "" {
		r.Refuse(w, req, http.StatusNotFound, "elsewhere", where)
		return
	}
	if err == nil {
		err = &unsupported{signal: found}
	}
	r.refuse(w, req, enc, refuse(err))
}

// identify answers what a body carries and how it is written, from the path, the content type and the body, in this order.
func (r *Receiver) identify(req *http.Request, body []byte) (signal, Encoding, error) {
	contentType := req.Header.Get("Content-Type")
	if named := signalOfPath(req.URL.Path); named != signalUnknown {
		if enc, ok := encodingOfType(contentType); ok {
			return named, enc, nil
		}
		if enc, ok := encodingOfBody(body); ok {
			return named, enc, nil
		}
		return named, JSON, errContentType
	}
	found, enc := sniff(req.URL.Path, contentType, body)
	if found == signalUnknown {
		return found, enc, &MalformedError{
			Encoding: "telemetry", Offset: -1,
			Reason: "no OTLP, data point or tail event, nor Logpush (workers_trace_events, http_requests) or a log drain of Vercel; " +
				"OTLP goes to /v1/traces, /v1/logs and /v1/metrics",
		}
	}
	return found, enc, nil
}

func (r *Receiver) refuse(w http.ResponseWriter, req *http.Request, enc Encoding, f refusal) {
	f.log(r.o.Logger, "http")
	r.o.Refusals.Request(req, f.reason, f.msg)
	r.count.request("http", strconv.Itoa(f.http))
	answerRefusal(w, enc, f)
}

func (r *Receiver) succeed(w http.ResponseWriter, enc Encoding, res Result) {
	r.count.request("http", "200")
	answerResult(w, enc, res)
}

// Refuse answers a request that does not come to a receiver, such as one at the wrong port, as its sender reads it: a
// call of gRPC by its status, any other in the encoding of the request. It is counted and told as other refusals are.
func (r *Receiver) Refuse(w http.ResponseWriter, req *http.Request, status int, reason, msg string) {
	f := refusal{http: status, code: codeOf(status), msg: msg, reason: reason}
	if grpcwire.Is(req) {
		grpcwire.Begin(w)
		r.failCall(w, req, &callError{f})
		return
	}
	enc, _ := encodingOfType(req.Header.Get("Content-Type"))
	r.refuse(w, req, enc, f)
}

// codeOf returns the code of google.rpc that stands for a status of HTTP.
func codeOf(status int) codes.Code {
	switch status {
	case http.StatusBadRequest:
		return codes.InvalidArgument
	case http.StatusForbidden, http.StatusMisdirectedRequest:
		return codes.PermissionDenied
	case http.StatusInternalServerError:
		return codes.Internal
	}
	return codes.Unimplemented
}

// elsewhere returns where a request should have gone, after sep; "" when nobody knows.
func (r *Receiver) elsewhere(req *http.Request, sep string) string {
	if r.o.Elsewhere == nil {
		return ""
	}
	if where := r.o.Elsewhere(req); where != "" {
		return sep + where
	}
	return ""
}
