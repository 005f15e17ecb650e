// Package door is the ingest port, over HTTP and over gRPC: which requests are let in, what their bodies are, who takes
// them apart, and what their senders are told.
package door

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"

	"github.com/VictoriaMetrics/metrics"

	"edgescope/ingest/analyticsengine"
	"edgescope/ingest/body"
	"edgescope/ingest/otlp"
	"edgescope/ingest/refusals"
	"edgescope/ingest/vercel"
	"edgescope/ingest/workers"
	"edgescope/internal/access"
)

// Options describe a Door. OTLP, Bodies and Logger are required.
type Options struct {
	// OTLP, Points, Drains and Tails take bodies apart. What has no receiver is refused.
	OTLP   *otlp.Receiver
	Points *analyticsengine.Receiver
	Drains *vercel.Receiver
	Tails  *workers.Receiver
	// Bodies reads the bodies of all requests and bounds their memory.
	Bodies *body.Reader
	// Admit decides by the value of an Authorization header who may send what, before a body is read. It fails with
	// *access.DeniedError, or with *edge.UnavailableError when the sender exceeds its rate. nil admits everybody as
	// tenant 0.
	Admit func(ctx context.Context, authorization string) (*access.Grant, error)
	// Signed says by whose signature requests are let in that have no token.
	Signed Signed
	// Origins are those of other sites whose pages may send over HTTP, * for any.
	Origins []string
	// Elsewhere returns where a request belongs that is not for the ingest port, as a sentence for its sender; "" when
	// it is not known. nil never knows.
	Elsewhere func(*http.Request) string
	// Refusals remembers what is not taken; nil remembers nothing.
	Refusals *refusals.Recorder
	Metrics  *metrics.Set // nil: counted nowhere
	Logger   *slog.Logger
}

// Door lets telemetry in. It is safe for concurrent use.
type Door struct {
	o                  Options
	received, inflated *metrics.Counter
}

// New makes a Door.
func New(o Options) (*Door, error) {
	if o.OTLP == nil || o.Bodies == nil || o.Logger == nil {
		return nil, errors.New("door: OTLP, Bodies and Logger are required")
	}
	if o.Admit == nil {
		o.Admit = func(context.Context, string) (*access.Grant, error) { return everybody, nil }
	}
	if o.Elsewhere == nil {
		o.Elsewhere = func(*http.Request) string { return "" }
	}
	if o.Metrics == nil {
		o.Metrics = metrics.NewSet()
	}
	return &Door{
		o:        o,
		received: o.Metrics.GetOrCreateCounter("edgescope_otlp_received_bytes_total"),
		inflated: o.Metrics.GetOrCreateCounter("edgescope_otlp_decompressed_bytes_total"),
	}, nil
}

// everybody is the grant of all while nobody has to sign in.
var everybody = &access.Grant{Scopes: access.Write}

// Port is what one of the two ports needs to know of itself.
type Port struct {
	// Hosts are the names under which it may be asked; nil is any.
	Hosts *access.Hosts
	// Here says what the port is for; Elsewhere where a request belongs that is not for it, "" when that is not known.
	Here      func() string
	Elsewhere func(*http.Request) string
}

// HTTP returns the handler of the ingest port: POST to /v1/traces, /v1/logs and /v1/metrics (also behind a prefix), to
// /v1/datapoints/{dataset}, and to any other path by what the body is. There is a text at its root, and a hint for
// calls of gRPC. Every answer to OTLP but a full success is described in a google.rpc.Status of the request's encoding.
func (d *Door) HTTP(p Port) http.Handler {
	inside := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case isCall(r):
			d.Refuse(w, r, http.StatusNotFound, "elsewhere", p.Elsewhere(r))
		case r.URL.Path == "/" && looks(r):
			greet(w, p.Here())
		default:
			d.serve(w, r)
		}
	})
	return d.let(p, d.o.Origins, d.signed(allowOrigins(d.o.Origins, inside)))
}

// GRPC returns the handler of the gRPC port: calls of OTLP, those of health, and a hint for who speaks plain HTTP.
func (d *Door) GRPC(p Port, health *Health) http.Handler {
	return d.let(p, nil, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case isCall(r) && health.serves(r.URL.Path):
			health.ServeHTTP(w, r)
		case isCall(r):
			d.serveCall(w, r)
		case r.URL.Path == "/" && looks(r):
			greet(w, p.Here())
		default:
			msg := p.Elsewhere(r)
			if msg == "" {
				msg = "this port speaks gRPC, which is HTTP/2 with the content type application/grpc"
			}
			d.Refuse(w, r, http.StatusUnsupportedMediaType, "elsewhere", msg)
		}
	}))
}

// let passes on to next what may pass, and counts what each request costs its sender.
func (d *Door) let(p Port, origins []string, next http.Handler) http.Handler {
	if p.Hosts != nil {
		front := &access.Front{
			Hosts: p.Hosts, Origins: origins,
			Refuse: func(w http.ResponseWriter, r *http.Request, f access.Refusal) {
				d.Refuse(w, r, f.Status, f.Reason, f.Message)
			},
		}
		next = front.Wrap(next)
	}
	return access.Meter(next)
}

func looks(r *http.Request) bool { return r.Method == http.MethodGet || r.Method == http.MethodHead }

func greet(w http.ResponseWriter, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	// The client may be gone: there is nobody left to tell.
	_, _ = io.WriteString(w, text)
}

// read reads a body and waits for its turn.
func (d *Door) read(ctx context.Context, src body.Source) (*body.Body, error) {
	b, err := d.o.Bodies.Read(ctx, src)
	if err != nil {
		return nil, err
	}
	d.received.Add(b.Sent)
	if n := len(b.Bytes()); n != b.Sent {
		d.inflated.Add(n)
	}
	if err := b.Work(ctx); err != nil {
		b.Release()
		return nil, err
	}
	return b, nil
}

// count counts a request of OTLP, or of nobody knows what, by what it was answered.
func (d *Door) count(transport, code string) {
	d.o.Metrics.GetOrCreateCounter(`edgescope_otlp_requests_total{transport="` + transport + `",code="` + code +
		`"}`).Inc()
}
