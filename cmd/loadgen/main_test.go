package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	vegeta "github.com/tsenart/vegeta/v12/lib"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"loadgen": main})
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
			"report": cmdReport, "vegeta": cmdVegeta, "served": cmdServed,
		},
	})
}

// target is a small edge function that counts what it is asked.
type target struct {
	*httptest.Server
	requests atomic.Int64
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
	tg.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		tg.requests.Add(1)
		mux.ServeHTTP(w, r)
	}))
	return tg
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
		if err := decode(&r); err == io.EOF {
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
	if got := ts.Value("target").(*target).requests.Load(); fmt.Sprint(got) != args[0] {
		ts.Fatalf("the target served %d requests, want %s", got, args[0])
	}
}
