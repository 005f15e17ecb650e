package app

import (
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	vegeta "github.com/tsenart/vegeta/v12/lib"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"

	"edgescope/edge"
	"edgescope/internal/run"
	"edgescope/scenarios/processor/worker"
)

func TestMain(m *testing.M) {
	worker.Serve()
	testscript.Main(m, map[string]func(){"loadgen": program})
}

// program is loadgen as a process of its own.
func program() {
	os.Exit(run.Main("loadgen", run.Process{
		Args: os.Args[1:], LookupEnv: os.LookupEnv, Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr,
	}, Main))
}

func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata",
		Setup: func(e *testscript.Env) error {
			server := newTarget()
			e.Defer(server.Close)
			e.Setenv("TARGET", server.URL)
			refused, err := closedAddress()
			e.Setenv("REFUSED", refused)
			// What a script means must not depend on how busy the machine is that tests it.
			e.Setenv("EDGESCOPE_LAG_LIMIT", "1h")
			e.Values["target"] = server
			return err
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"report": cmdReport, "vegeta": cmdVegeta, "served": cmdServed, "until-served": cmdUntilServed,
			"collected": cmdCollected, "run-summary": cmdRunSummary, "compared": cmdCompared,
			"soon": cmdSoon, "same-counters": cmdSameCounters,
		},
	})
}

// target is a small edge function that counts what it is asked, and a collector that keeps the spans it gets.
type target struct {
	*httptest.Server
	requests atomic.Int64

	mu    sync.Mutex
	spans []ptrace.Span
}

func newTarget() *target {
	tg := &target{}
	mux := http.NewServeMux()
	mux.HandleFunc("/task", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, `{"taskId": "t%d"}`, tg.requests.Load())
	})
	mux.HandleFunc("/status/{id}", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, `{"id": %q, "trace": %q}`, r.PathValue("id"), r.Header.Get("Traceparent"))
	})
	mux.HandleFunc("/code/{code}", func(w http.ResponseWriter, r *http.Request) {
		code, _ := strconv.Atoi(r.PathValue("code"))
		w.WriteHeader(code)
	})
	mux.HandleFunc("/cache/{status}", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Cache-Status", r.PathValue("status"))
	})
	tg.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/v1/traces" {
			tg.collect(w, r)
			return
		}
		tg.requests.Add(1)
		mux.ServeHTTP(w, r)
	}))
	return tg
}

func (tg *target) collect(w http.ResponseWriter, r *http.Request) {
	body := io.Reader(r.Body)
	if r.Header.Get("Content-Encoding") == "gzip" {
		body, _ = gzip.NewReader(r.Body)
	}
	text, _ := io.ReadAll(body)
	request := ptraceotlp.NewExportRequest()
	if err := request.UnmarshalProto(text); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	tg.mu.Lock()
	defer tg.mu.Unlock()
	for _, resource := range request.Traces().ResourceSpans().All() {
		for _, scope := range resource.ScopeSpans().All() {
			for _, span := range scope.Spans().All() {
				tg.spans = append(tg.spans, span)
			}
		}
	}
	w.Header().Set("Content-Type", "application/x-protobuf")
}

func closedAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return "http://" + l.Addr().String(), l.Close()
}

// cmdReport: report FILE NAME VALUE compares a counter of the aggregate, or "summary.figure" of a distribution.
func cmdReport(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 3 {
		ts.Fatalf("usage: report FILE NAME VALUE")
	}
	var r struct {
		Aggregate struct {
			Counters  map[string]float64
			Summaries map[string]map[string]float64
		}
	}
	ts.Check(json.Unmarshal([]byte(ts.ReadFile(args[0])), &r))
	got, ok := r.Aggregate.Counters[args[1]]
	if dot := strings.LastIndexByte(args[1], '.'); !ok && dot > 0 {
		got, ok = r.Aggregate.Summaries[args[1][:dot]][args[1][dot+1:]], true
	}
	want, err := strconv.ParseFloat(args[2], 64)
	ts.Check(err)
	if same := ok && got == want; same == neg {
		ts.Fatalf("%s is %v, want %s (not: %v)", args[1], got, args[2], neg)
	}
}

// cmdVegeta: vegeta FILE REQUESTS SUCCESS reads the results with vegeta's own decoder and metrics.
func cmdVegeta(ts *testscript.TestScript, _ bool, args []string) {
	f, err := os.Open(ts.MkAbs(args[0]))
	ts.Check(err)
	defer f.Close()
	decode := vegeta.NewDecoder(f)
	var m vegeta.Metrics
	for {
		var r vegeta.Result
		if err := decode(&r); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			ts.Fatalf("decode %s: %v", args[0], err)
		}
		if r.Timestamp.Before(time.Now().Add(-time.Minute)) || r.Method == "" || r.URL == "" || r.Attack == "" {
			ts.Fatalf("incomplete result: %+v", r)
		}
		m.Add(&r)
	}
	m.Close()
	if got := fmt.Sprint(m.Requests, " ", m.Success); got != args[1]+" "+args[2] {
		ts.Fatalf("vegeta says %s requests and success, want %s %s", got, args[1], args[2])
	}
}

// cmdServed: served N compares what the target counted.
func cmdServed(ts *testscript.TestScript, _ bool, args []string) {
	if got := ts.Value("target").(*target).requests.Load(); strconv.FormatInt(got, 10) != args[0] {
		ts.Fatalf("the target served %d requests, want %s", got, args[0])
	}
}

// cmdUntilServed: until-served N waits until the target has counted so many.
func cmdUntilServed(ts *testscript.TestScript, _ bool, args []string) {
	want, err := strconv.ParseInt(args[0], 10, 64)
	ts.Check(err)
	poll := time.NewTicker(5 * time.Millisecond)
	defer poll.Stop()
	deadline := time.After(30 * time.Second)
	for ts.Value("target").(*target).requests.Load() < want {
		select {
		case <-poll.C:
		case <-deadline:
			ts.Fatalf("the target served fewer than %d requests in 30 s", want)
		}
	}
}

func spansNamed(ts *testscript.TestScript, name string) []ptrace.Span {
	tg := ts.Value("target").(*target)
	tg.mu.Lock()
	defer tg.mu.Unlock()
	var named []ptrace.Span
	for _, span := range tg.spans {
		if span.Name() == name {
			named = append(named, span)
		}
	}
	return named
}

// cmdCollected: collected NAME N compares how many spans of a name arrived.
func cmdCollected(ts *testscript.TestScript, _ bool, args []string) {
	if got := len(spansNamed(ts, args[0])); strconv.Itoa(got) != args[1] {
		ts.Fatalf("%d spans %q arrived, want %s", got, args[0], args[1])
	}
}

// cmdRunSummary: run-summary NAME VERDICT COMMIT REQUESTS looks at the newest summary; client spans must name its run.
func cmdRunSummary(ts *testscript.TestScript, _ bool, args []string) {
	var newest edge.Run
	for _, span := range spansNamed(ts, edge.RunSpan) {
		text, _ := span.Attributes().Get(edge.RunAttr)
		var r edge.Run
		ts.Check(json.Unmarshal([]byte(text.Str()), &r))
		if span.TraceID().String() != r.ID {
			ts.Fatalf("the run's span has trace %s, want its id %s", span.TraceID(), r.ID)
		}
		if r.Updated.After(newest.Updated) {
			newest = r
		}
	}
	if got := fmt.Sprint([]any{newest.Name, newest.Verdict, newest.Commit, newest.Requests}); got != fmt.Sprint(args) {
		ts.Fatalf("the newest summary says %s, want %s", got, args)
	}
	for _, span := range spansNamed(ts, "GET /status/1") {
		if id, _ := span.Attributes().Get(edge.RunIDAttr); id.Str() != newest.ID {
			ts.Fatalf("a client span is of run %q, want %q", id.Str(), newest.ID)
		}
	}
}
