package run_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"runtime/pprof"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"edgescope/internal/run"
	"edgescope/internal/run/runtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestStackStopsInReverseOrderOnce(t *testing.T) {
	var s run.Stack
	var order []string
	for _, name := range []string{"store", "pipeline", "listener"} {
		s.Push(name, func(context.Context) error {
			order = append(order, name)
			if name == "pipeline" {
				return errors.New("queue was not empty")
			}
			return nil
		})
	}
	err := s.Stop(t.Context())
	if err == nil || err.Error() != "stop pipeline: queue was not empty" {
		t.Errorf("got %v", err)
	}
	if err := s.Stop(t.Context()); err != nil {
		t.Errorf("second stop: got %v, want nil", err)
	}
	if d := cmp.Diff([]string{"listener", "pipeline", "store"}, order); d != "" {
		t.Errorf("order (-want +got):\n%s", d)
	}
}

func TestExitCodeHangsOnTheError(t *testing.T) {
	f := func(err error, want int, text string) {
		t.Helper()
		var out strings.Builder
		if got := run.ExitCode("prog", &out, err); got != want || out.String() != text {
			t.Errorf("%v: got %d %q, want %d %q", err, got, out.String(), want, text)
		}
	}
	f(nil, 0, "")
	f(run.ErrHelp, 0, "")
	f(errors.New("boom"), 1, "prog: boom\n")
	f(fmt.Errorf("open: %w", run.Usage("no such flag")), 2, "prog: open: no such flag\n")
	f(&run.CodeError{Code: 21}, 21, "")
}

func TestHandlerErrorsBecomeAnswers(t *testing.T) {
	f := func(err error, code int, body, logged string) {
		t.Helper()
		var log bytes.Buffer
		h := run.Handle(slog.New(slog.NewTextHandler(&log, nil)),
			func(http.ResponseWriter, *http.Request) error { return err })
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/x", nil))
		if w.Code != code || strings.TrimSpace(w.Body.String()) != body || !strings.Contains(log.String(), logged) ||
			logged == "" && log.Len() > 0 {
			t.Errorf("%v: got %d %s, logged %q", err, w.Code, w.Body, log.String())
		}
	}
	f(nil, 200, "", "")
	f(&run.HTTPError{Code: 400, Msg: "bad range"}, 400, `{"error":"bad range"}`, "")
	f(&run.HTTPError{Code: 503, Msg: "store is busy", Err: errors.New("queue of 64 full")}, 503,
		`{"error":"store is busy"}`, "queue of 64 full")
	f(errors.New("secret path /etc"), 500, `{"error":"internal error"}`, "secret path /etc")
}

func TestServerTellsItsAddressAndStops(t *testing.T) {
	var log bytes.Buffer
	s, err := run.Serve(t.Context(), run.ServerOptions{
		Name: "web", Addr: "127.0.0.1:0", Log: slog.New(slog.NewTextHandler(&log, nil)),
		Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "hello") }),
	})
	if err != nil {
		t.Fatal(err)
	}
	if want := "listening name=web addr=" + s.Addr(); !strings.Contains(log.String(), want) {
		t.Errorf("log %q lacks %q", log.String(), want)
	}
	res, err := http.Get("http://" + s.Addr())
	if err != nil {
		t.Fatal(err)
	}
	body, _ := io.ReadAll(res.Body)
	res.Body.Close()
	http.DefaultClient.CloseIdleConnections()
	if string(body) != "hello" {
		t.Errorf("got %q", body)
	}
	if err := s.Stop(t.Context()); err != nil {
		t.Error(err)
	}
	if _, err := http.Get("http://" + s.Addr()); err == nil {
		t.Error("still answers after Stop")
	}
}

func TestTakenAddressIsAnError(t *testing.T) {
	log := slog.New(slog.DiscardHandler)
	s, err := run.Serve(t.Context(), run.ServerOptions{
		Name: "a", Addr: "127.0.0.1:0", Log: log,
		Handler: http.NotFoundHandler(),
	})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Stop(t.Context())
	_, err = run.Serve(t.Context(), run.ServerOptions{
		Name: "query", Addr: s.Addr(), Log: log,
		Handler: http.NotFoundHandler(),
	})
	if err == nil || !strings.Contains(err.Error(), "listen for query on "+s.Addr()) {
		t.Errorf("got %v", err)
	}
}

// holdsLabel looks for the stage label in the profiles of a push, which are gzipped inside a multipart body.
func holdsLabel(p runtest.Profile) bool {
	body := p.Body
	for i := 0; i+1 < len(body); i++ {
		if body[i] != 0x1f || body[i+1] != 0x8b {
			continue
		}
		if z, err := gzip.NewReader(bytes.NewReader(body[i:])); err == nil {
			z.Multistream(false)
			if text, _ := io.ReadAll(z); bytes.Contains(text, []byte("normalise")) {
				return true
			}
		}
	}
	return bytes.Contains(body, []byte("normalise"))
}

func TestOwnTracesAndProfilesReachTheirServers(t *testing.T) {
	rec := &runtest.Recorder{}
	server := httptest.NewServer(rec)
	defer server.Close()
	stop, err := run.StartTelemetry(t.Context(), "edgescope-test", run.TelemetryOptions{
		OTLPEndpoint: server.URL, PyroscopeURL: server.URL, UploadEvery: 200 * time.Millisecond,
	}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /regions/{code}", func(http.ResponseWriter, *http.Request) {})
	req := httptest.NewRequest(http.MethodGet, "/regions/FRA", nil)
	req.Header.Set("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
	run.Traced("web", mux).ServeHTTP(httptest.NewRecorder(), req)

	deadline := time.Now().Add(20 * time.Second)
	for work := 0; time.Now().Before(deadline); work++ {
		pprof.Do(t.Context(), pprof.Labels("stage", "normalise"), func(context.Context) { burn(20 * time.Millisecond) })
		if slices.ContainsFunc(rec.Profiles(), holdsLabel) {
			break
		}
	}
	if err := stop(context.Background()); err != nil {
		t.Error(err)
	}
	if d := cmp.Diff([]runtest.Span{{
		Service: "edgescope-test", Name: "GET /regions/{code}",
		Parent: "b7ad6b7169203331",
	}}, rec.Spans()); d != "" {
		t.Errorf("spans (-want +got):\n%s", d)
	}
	profiles := rec.Profiles()
	if !slices.ContainsFunc(profiles, func(p runtest.Profile) bool {
		return strings.HasPrefix(p.Application,
			"edgescope-test")
	}) {
		t.Errorf("none of %d profiles is of edgescope-test", len(profiles))
	}
	if !slices.ContainsFunc(profiles, holdsLabel) {
		t.Error("no CPU profile with the label of its stage arrived")
	}
}

// burn keeps the CPU busy, so that a CPU profile has something to show.
func burn(d time.Duration) {
	for end := time.Now().Add(d); time.Now().Before(end); {
		_, _ = json.Marshal(map[string]int{"a": 1, "b": 2})
	}
}

func TestTelemetryRefusesWhatIsNoURL(t *testing.T) {
	for _, o := range []run.TelemetryOptions{{OTLPEndpoint: "localhost:4318"}, {PyroscopeURL: "ftp://x"}} {
		if _, err := run.StartTelemetry(t.Context(), "x", o, slog.New(slog.DiscardHandler)); err == nil ||
			!strings.Contains(err.Error(), "want a URL") {
			t.Errorf("%+v: got %v", o, err)
		}
	}
}

func TestStatusWriterRemembersTheCode(t *testing.T) {
	f := func(h http.HandlerFunc, want int) {
		t.Helper()
		answer := httptest.NewRecorder()
		w := run.NewStatusWriter(answer)
		h(w, httptest.NewRequest(http.MethodGet, "/", nil))
		if w.Code() != want || answer.Code != want {
			t.Errorf("remembers %d, sends %d, want %d", w.Code(), answer.Code, want)
		}
	}
	f(func(http.ResponseWriter, *http.Request) {}, http.StatusOK)
	f(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "ok") }, http.StatusOK)
	f(func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "no", http.StatusTeapot) }, http.StatusTeapot)
}
