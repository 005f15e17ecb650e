package report_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"edgescope/edge"
	"edgescope/load"
	"edgescope/load/network"
	"edgescope/report"
	"edgescope/report/reporttest"
	"edgescope/scenarios/processor"
)

// Handshakes and messages that are waited for are requests of their own kind: none of Artillery's figures of HTTP has
// them, and all of ours.
func TestWebSocketsAreCountedBesideRequests(t *testing.T) {
	s := reporttest.New(t, "config: {phases: [{duration: 4, arrivalRate: 1}]}\nscenarios: [{name: chat, engine: ws, flow: "+
		"[{connect: /room}, {send: x}]}]")
	socket := func(kind load.Kind, code uint16, failure string, took float64) {
		r := s.Request(s.Start.Add(time.Second), "chat/connect /room", "/room", code, took)
		r.Kind, r.Failure, r.Timing = kind, failure, network.Timing{TTFB: reporttest.MS(took)}
		r.Latency = r.TTFB
		if kind == load.KindMessage {
			r.Attack, r.Endpoint, r.Reused = "chat/ask", "ask", true
		}
		s.Summary.Add(r)
	}
	socket(load.KindConnect, 101, "", 10)
	socket(load.KindMessage, 101, "", 2)
	socket(load.KindMessage, 101, "", 4)
	socket(load.KindMessage, 0, "response timeout", 50)
	socket(load.KindConnect, 403, "Unexpected server response: 403", 5)
	s.Summary.Add(&load.Metric{At: s.Start.Add(2 * time.Second), Metric: processor.Metric{
		Kind: processor.Counter, Name: "websocket.messages_sent", Value: 3,
	}})
	s.Summary.Close()
	total := s.Summary.Aggregate()
	want := map[string]int64{
		"vusers.failed": 0, "websocket.messages_sent": 3, "edgescope.websocket.requests": 5,
		"edgescope.websocket.responses": 4, "edgescope.websocket.codes.101": 1, "edgescope.websocket.codes.403": 1,
		"edgescope.websocket-by-endpoint./room.codes.101": 1, "edgescope.websocket-by-endpoint./room.codes.403": 1,
		"edgescope.websocket-by-endpoint./room.errors.Unexpected server response: 403": 1,
		"edgescope.websocket-by-endpoint.ask.errors.response timeout":                  1,
	}
	if diff := cmp.Diff(want, total.Counters); diff != "" {
		t.Errorf("counters (-want +got):\n%s", diff)
	}
	counts := map[string]uint64{}
	for _, name := range []string{
		"edgescope.response_time", "edgescope.response_time.cold", "edgescope.response_time.warm",
		"edgescope.websocket.connect_time", "edgescope.websocket.answer_time", "http.response_time",
	} {
		counts[name] = total.Summaries[name].Count
	}
	if diff := cmp.Diff(map[string]uint64{
		"edgescope.response_time": 3, "edgescope.response_time.cold": 1, "edgescope.response_time.warm": 2,
		"edgescope.websocket.connect_time": 1, "edgescope.websocket.answer_time": 2, "http.response_time": 0,
	}, counts); diff != "" {
		t.Errorf("distributions (-want +got):\n%s", diff)
	}
	if max := total.Summaries["edgescope.websocket.answer_time"].Max; max != 4 {
		t.Errorf("the longest answer took %v ms, want 4", max)
	}
	if rate := total.Rates["websocket.send_rate"]; rate <= 0 || total.Rates["http.request_rate"] != 0 {
		t.Errorf("rates %v", total.Rates)
	}
	run := s.Summary.Run(report.RunInfo{}, s.Ended(), nil)
	if run.Requests != 5 || run.Responses != 4 || run.Codes["101"] != 1 || run.Codes["403"] != 1 || run.Rate <= 0 {
		t.Errorf("the run has %d requests, %d answers, %v/s, codes %v", run.Requests, run.Responses, run.Rate, run.Codes)
	}
}

// A run of WebSockets that nobody answered could not run, as one of requests.
func TestNoWebSocketAnswered(t *testing.T) {
	s := reporttest.New(t, "config: {phases: [{duration: 1, arrivalRate: 1}]}\nscenarios: [{engine: ws, flow: [{send: x}]}]")
	r := s.Request(s.Start, "0/connect /", "/", 0, 1)
	r.Kind, r.Failure = load.KindConnect, "ECONNREFUSED"
	s.Summary.Add(&load.UserStart{At: s.Start})
	s.Summary.Add(r)
	s.Summary.Add(&load.UserEnd{At: s.Start, Err: "ECONNREFUSED"})
	s.Summary.Close()
	if v := s.Summary.Judge(report.Outcome{}); v.Word != edge.VerdictError || v.ExitCode != report.ExitError {
		t.Errorf("got %s, %d: %s", v.Word, v.ExitCode, v.Reason)
	}
}
