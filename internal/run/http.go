package run

import (
	"cmp"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"time"
)

// HTTPError is an error with the answer that it asks for. Msg is sent to the client; Err is logged and never sent.
type HTTPError struct {
	Code int
	Msg  string
	Err  error
}

// Error is both texts.
func (e *HTTPError) Error() string {
	if e.Err == nil {
		return e.Msg
	}
	return e.Msg + ": " + e.Err.Error()
}

// Unwrap answers the error behind the answer.
func (e *HTTPError) Unwrap() error { return e.Err }

// Handle turns a handler that answers an error into an http.Handler. An HTTPError gives status and JSON body; any other
// error is logged and answered as 500 "internal error".
func Handle(log *slog.Logger, h func(http.ResponseWriter, *http.Request) error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		err := h(w, r)
		if err == nil || r.Context().Err() != nil {
			return
		}
		var answer *HTTPError
		if !errors.As(err, &answer) {
			answer = &HTTPError{Code: http.StatusInternalServerError, Msg: "internal error", Err: err}
		}
		if answer.Err != nil {
			log.Error("request failed", slog.String("path", r.URL.Path), slog.Any("error", answer.Err))
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(answer.Code)
		// The client may be gone: there is nobody left to tell.
		_ = json.NewEncoder(w).Encode(map[string]string{"error": answer.Msg})
	})
}

// ServerOptions describe an HTTP listener.
type ServerOptions struct {
	// Name is what the log calls it: ingest, query or web.
	Name    string
	Addr    string
	Handler http.Handler
	Log     *slog.Logger
	// TLS makes the listener speak HTTPS only, also HTTP/2; nil means HTTP.
	TLS *tls.Config
	// Protocols are the versions of HTTP that are spoken, nil means HTTP/1.1, and HTTP/2 with TLS; HTTP2 configures the latter.
	Protocols *http.Protocols
	HTTP2     *http.HTTP2Config
	// MaxConns bounds the connections that are open, 0 means 4,096: one more closes the one that has waited longest for a request.
	MaxConns int
	// ReadTimeout bounds reading a whole request, 0 means 1 minute; WriteTimeout bounds writing an answer, 0 means 2 minutes.
	// A handler that streams sets its own deadline with http.ResponseController.
	ReadTimeout, WriteTimeout time.Duration
}

// Server is a running HTTP listener.
type Server struct {
	http *http.Server
	addr net.Addr
	wg   sync.WaitGroup
	err  error
}

// Listen binds an address and logs the line by which scripts find it: listening name=<name> addr=<host:port>.
func Listen(ctx context.Context, log *slog.Logger, name, addr string) (net.Listener, error) {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("listen for %s on %s: %w", name, addr, err)
	}
	log.Info("listening", slog.String("name", name), slog.String("addr", l.Addr().String()))
	return l, nil
}

// Serve binds an address and serves HTTP on it until Stop.
func Serve(ctx context.Context, o ServerOptions) (*Server, error) {
	l, err := Listen(ctx, o.Log, o.Name, o.Addr)
	if err != nil {
		return nil, err
	}
	s := &Server{addr: l.Addr(), http: &http.Server{
		Handler:           o.Handler,
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       orDefault(o.ReadTimeout, time.Minute),
		WriteTimeout:      orDefault(o.WriteTimeout, 2*time.Minute),
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    32 << 10, // a token may have 16 KiB
		ErrorLog:          slog.NewLogLogger(o.Log.Handler(), slog.LevelDebug),
		TLSConfig:         o.TLS,
		Protocols:         o.Protocols,
		HTTP2:             o.HTTP2,
		ConnState:         newConns(cmp.Or(o.MaxConns, 4096)).state,
	}}
	serve := s.http.Serve
	if o.TLS != nil {
		serve = func(l net.Listener) error { return s.http.ServeTLS(l, "", "") } // the configuration has the certificate
	}
	s.wg.Go(func() {
		if err := serve(l); !errors.Is(err, http.ErrServerClosed) {
			s.err = err
			o.Log.Error("listener failed", slog.String("name", o.Name), slog.Any("error", err))
		}
	})
	return s, nil
}

// Addr is the address that was bound.
func (s *Server) Addr() string { return s.addr.String() }

// Stop takes no new requests and waits for the running ones; when ctx ends first it cuts them.
func (s *Server) Stop(ctx context.Context) error {
	err := s.http.Shutdown(ctx)
	if err != nil {
		err = errors.Join(err, s.http.Close())
	}
	s.wg.Wait()
	return errors.Join(err, s.err)
}

func orDefault(d, def time.Duration) time.Duration {
	if d == 0 {
		return def
	}
	return d
}

// Loopback tells whether an address to listen on can be reached from this machine only.
func Loopback(addr string) bool {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return false
	}
	if host == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}

// StatusWriter passes an answer on and remembers its status code.
type StatusWriter struct {
	http.ResponseWriter
	code int
}

// NewStatusWriter makes one of an answer that has not begun.
func NewStatusWriter(w http.ResponseWriter) *StatusWriter {
	return &StatusWriter{ResponseWriter: w, code: http.StatusOK}
}

// Code answers the status code: 200 until a handler writes another one.
func (w *StatusWriter) Code() int { return w.code }

// WriteHeader passes the code on.
func (w *StatusWriter) WriteHeader(code int) {
	w.code = code
	w.ResponseWriter.WriteHeader(code)
}

// Unwrap lets http.ResponseController reach the connection.
func (w *StatusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
