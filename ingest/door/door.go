// Package door is what the ports for telemetry do before a receiver reads a request: CORS, what is at the root, the
// state of health over gRPC, and what is said to who knocks at the wrong port.
package door

import (
	"io"
	"net/http"

	"edgescope/ingest/grpcwire"
)

// Receiver takes what is for it and refuses the rest in a way that its senders read; otlp.Receiver does.
type Receiver interface {
	Handler() http.Handler
	GRPC() http.Handler
	Refuse(w http.ResponseWriter, r *http.Request, status int, reason, msg string)
}

// Options describe a port. Receiver is required.
type Options struct {
	Receiver Receiver
	// Here says what the port is for; Elsewhere where a request belongs that is not for it, "" when that is not known.
	Here      func() string
	Elsewhere func(*http.Request) string
}

// Ingest returns the handler of the ingest port: a text at its root, a hint for calls of gRPC, and the receiver.
func Ingest(o Options) http.Handler {
	receive := o.Receiver.Handler()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case grpcwire.Is(r):
			o.Receiver.Refuse(w, r, http.StatusNotFound, "elsewhere", o.Elsewhere(r))
		case r.URL.Path == "/" && looks(r):
			greet(w, o.Here())
		default:
			receive.ServeHTTP(w, r)
		}
	})
}

// GRPC returns the handler of the gRPC port: calls of OTLP, those of health, and a hint for who speaks plain HTTP.
func GRPC(o Options, health *Health) http.Handler {
	call := o.Receiver.GRPC()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case grpcwire.Is(r) && health.serves(r.URL.Path):
			health.ServeHTTP(w, r)
		case grpcwire.Is(r):
			call.ServeHTTP(w, r)
		case r.URL.Path == "/" && looks(r):
			greet(w, o.Here())
		default:
			msg := o.Elsewhere(r)
			if msg == "" {
				msg = "this port speaks gRPC, which is HTTP/2 with the content type application/grpc"
			}
			o.Receiver.Refuse(w, r, http.StatusUnsupportedMediaType, "elsewhere", msg)
		}
	})
}

func looks(r *http.Request) bool { return r.Method == http.MethodGet || r.Method == http.MethodHead }

func greet(w http.ResponseWriter, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	// The client may be gone: there is nobody left to tell.
	_, _ = io.WriteString(w, text)
}
