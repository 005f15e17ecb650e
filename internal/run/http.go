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
	"runtime/debug"
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

// Unwrap returns the error behind the answer.
func (e *HTTPError) Unwrap() error { return e.Err }

// Handle turns a handler that returns an error into an http.Handler. An HTTPError gives status and JSON body; any other
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
		answerJSON(w, answer.Code, answer.Msg)
	})
}

func answerJSON(w http.ResponseWriter, code int, msg string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	// The client may be gone: there is nobody left to tell.
	_ = json.NewEncoder(w).Encode(map[string]string{"error": msg})
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
	// Conns bounds the connections of all listeners of the program; nil is a bound of its own, of MaxConns. MaxConns
	// bounds those of this listener, 0 means 4,096.
	Conns    *Conns
	MaxConns int
	// Failed answers a request whose handler has panicked before it wrote anything; nil answers 500 with a JSON error.
	Failed http.HandlerFunc
	// ReadTimeout bounds reading a whole request, 0 means 1 minute; WriteTimeout bounds writing an answer, 0 means 2
	// minutes. A handler that streams sets its own deadline with http.ResponseController.
	ReadTimeout, WriteTimeout time.Duration
}

// Server is a running HTTP listener.
type Server struct {
	o    ServerOptions
	http *http.Server
	addr net.Addr
	wg   sync.WaitGroup
	err  error
}

const (
	// maxStreams bounds the requests of one HTTP/2 connection at a time, and maxUnread the bytes of all of them that
	// came and were not read yet.
	maxStreams = 128
	maxUnread  = 1 << 20
	// lastWords is how long a client may take to send the rest of a body that its handler did not want.
	lastWords = 2 * time.Second
)

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

// Serve binds an address and serves HTTP on it until Stop: HTTP/1.1, and HTTP/2 by ALPN or, without TLS, by prior
// knowledge. A panic of the handler is logged with its stack and answered; http.ErrAbortHandler cuts the connection, as
// in net/http.
func Serve(ctx context.Context, o ServerOptions) (*Server, error) {
	l, err := Listen(ctx, o.Log, o.Name, o.Addr)
	if err != nil {
		return nil, err
	}
	if o.Conns == nil {
		o.Conns = NewConns(o.Log, 0)
	}
	s := &Server{o: o, addr: l.Addr()}
	s.http = &http.Server{
		Handler:           http.HandlerFunc(s.handle),
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       orDefault(o.ReadTimeout, time.Minute),
		WriteTimeout:      orDefault(o.WriteTimeout, 2*time.Minute),
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    32 << 10, // a token may have 16 KiB
		ErrorLog:          slog.NewLogLogger(o.Log.Handler(), slog.LevelDebug),
		TLSConfig:         o.TLS,
		Protocols:         new(http.Protocols),
		HTTP2: &http.HTTP2Config{
			MaxConcurrentStreams: maxStreams, MaxReceiveBufferPerConnection: maxUnread,
			MaxReceiveBufferPerStream: maxUnread / 4,
		},
		ConnState:   connState,
		ConnContext: connContext,
	}
	s.http.Protocols.SetHTTP1(true)
	s.http.Protocols.SetHTTP2(true)
	s.http.Protocols.SetUnencryptedHTTP2(true)
	l = o.Conns.listen(l, o.Name, cmp.Or(o.MaxConns, 4096), o.TLS != nil)
	serve := s.http.Serve
	if o.TLS != nil {
		// the configuration has the certificate
		serve = func(l net.Listener) error { return s.http.ServeTLS(l, "", "") }
	}
	s.wg.Go(func() {
		if err := serve(l); !errors.Is(err, http.ErrServerClosed) {
			s.err = err
			o.Log.Error("listener failed", slog.String("name", o.Name), slog.Any("error", err))
		}
	})
	return s, nil
}

// handle serves a request, and notes for the bound of connections how far it is.
func (s *Server) handle(w http.ResponseWriter, r *http.Request) {
	status := NewStatusWriter(w)
	defer s.recovered(status, r)
	c, _ := r.Context().Value(connKey{}).(*conn)
	if r.ContentLength == 0 {
		c.note(1, 0)
		defer c.note(-1, 0)
		s.o.Handler.ServeHTTP(status, r)
		return
	}
	b := &incoming{ReadCloser: r.Body, conn: c}
	r.Body = b
	c.note(1, 1)
	defer func() {
		b.end()
		c.note(-1, 0)
	}()
	s.o.Handler.ServeHTTP(status, r)
	if !b.read {
		// net/http reads on, to use the connection again. Where this can't be set the timeout for all of the request
		// holds.
		_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(lastWords))
	}
}

// recovered answers a request whose handler has panicked. It is deferred itself: only so does recover work.
func (s *Server) recovered(w *StatusWriter, r *http.Request) {
	v := recover()
	if v == nil {
		return
	}
	if err, ok := v.(error); ok && errors.Is(err, http.ErrAbortHandler) {
		panic(http.ErrAbortHandler)
	}
	s.o.Log.Error("a handler has panicked", slog.String("name", s.o.Name), slog.String("method", r.Method),
		slog.String("path", r.URL.Path),
		slog.Any("panic", v), slog.String("stack", string(debug.Stack())))
	if w.Began() {
		panic(http.ErrAbortHandler) // half an answer must not look like a whole one
	}
	for _, name := range []string{"Content-Length", "Content-Encoding", "ETag", "Last-Modified", "Cache-Control"} {
		w.Header().Del(name) // they were of another answer
	}
	if s.o.Failed != nil {
		s.o.Failed(w, r)
		return
	}
	answerJSON(w, http.StatusInternalServerError, "internal error")
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

// StatusWriter passes an answer on and remembers its status code.
type StatusWriter struct {
	http.ResponseWriter
	code  int
	began bool
}

// NewStatusWriter returns the writer itself if it is one, or makes one of an answer that has not begun.
func NewStatusWriter(w http.ResponseWriter) *StatusWriter {
	if s, ok := w.(*StatusWriter); ok {
		return s
	}
	return &StatusWriter{ResponseWriter: w, code: http.StatusOK}
}

// Code returns the status code: 200 until a handler writes another one.
func (w *StatusWriter) Code() int { return w.code }

// Began tells whether something of the answer was written.
func (w *StatusWriter) Began() bool { return w.began }

// WriteHeader passes the code on.
func (w *StatusWriter) WriteHeader(code int) {
	if code >= http.StatusOK { // what comes before is no answer yet
		w.code, w.began = code, true
	}
	w.ResponseWriter.WriteHeader(code)
}

// Write passes a part of the body on.
func (w *StatusWriter) Write(p []byte) (int, error) {
	w.began = true
	return w.ResponseWriter.Write(p)
}

// FlushError sends what was written, for http.ResponseController.
func (w *StatusWriter) FlushError() error {
	w.began = true
	return http.NewResponseController(w.ResponseWriter).Flush()
}

// Unwrap lets http.ResponseController reach the connection.
func (w *StatusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
