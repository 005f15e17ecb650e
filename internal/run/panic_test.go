package run_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"edgescope/internal/run"
)

// TestAPanicIsLoggedOnceAndAnswered holds what a client and the log see of a handler that panics, over both versions of
// HTTP.
func TestAPanicIsLoggedOnceAndAnswered(t *testing.T) {
	for version, configure := range map[string]func(*http.Protocols){
		"HTTP/1.1": func(p *http.Protocols) { p.SetHTTP1(true) },
		"HTTP/2":   func(p *http.Protocols) { p.SetUnencryptedHTTP2(true) },
	} {
		f := func(name string, h http.HandlerFunc, failed http.HandlerFunc, want, logged string) {
			t.Run(version+" "+name, func(t *testing.T) {
				var log bytes.Buffer
				s, err := run.Serve(t.Context(), run.ServerOptions{
					Name: "test", Addr: "127.0.0.1:0", Log: slog.New(slog.NewTextHandler(&log, nil)), Handler: h,
					Failed: failed,
				})
				if err != nil {
					t.Fatal(err)
				}
				transport := &http.Transport{Protocols: new(http.Protocols)}
				configure(transport.Protocols)
				got := "cut"
				if res, err := (&http.Client{Transport: transport}).Get("http://" + s.Addr() +
					"/some/path"); err == nil {
					body, err := io.ReadAll(res.Body)
					res.Body.Close()
					if err == nil {
						got = fmt.Sprint(res.StatusCode, " ", strings.TrimSpace(string(body)))
					}
				}
				transport.CloseIdleConnections()
				if err := s.Stop(t.Context()); err != nil {
					t.Error(err)
				}
				if got != want {
					t.Errorf("the client sees %q, want %q", got, want)
				}
				_, after, _ := strings.Cut(log.String(), "listening")
				if n := strings.Count(after, "level=ERROR"); (n == 1) != (logged != "") || n > 1 ||
					!strings.Contains(after, logged) {
					t.Errorf("logged %d errors, want %q once:\n%s", n, logged, after)
				}
				if logged != "" && !strings.Contains(after, "panic_test.go") {
					t.Errorf("the log has no stack:\n%s", after)
				}
			})
		}
		f("before anything is written", func(http.ResponseWriter, *http.Request) { panic("index out of range") },
			nil, `500 {"error":"internal error"}`, "index out of range")
		f("with an answer of its own", func(http.ResponseWriter, *http.Request) { panic(errors.New("oh")) },
			func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "ours", http.StatusTeapot) }, "418 ours",
			"path=/some/path")
		f("after half an answer", func(w http.ResponseWriter, _ *http.Request) {
			io.WriteString(w, "half")
			panic("no more")
		}, nil, "cut", "no more")
		f("that means to cut", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, nil, "cut", "")
	}
}
