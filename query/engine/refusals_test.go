package engine_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"edgescope/edge"
	"edgescope/query"
)

func TestRefusalsOfARange(t *testing.T) {
	w := newWorld(t)
	at := w.Now.Add(-10 * time.Minute)
	w.refuse(tenant, at, refusedTotal{edge.MetricRefusedRequests, "malformed", "curl at 10.0.0.1", 3})
	w.refuse(tenant, at.Add(10*time.Second),
		refusedTotal{edge.MetricRefusedRequests, "malformed", "curl at 10.0.0.1", 4})
	w.refuse(tenant, at,
		refusedTotal{
			edge.MetricRefusedRequests, "malformed", "curl at 10.0.0.1", 2,
		}) // an older total of the same window
	w.refuse(tenant, at.Add(-40*time.Minute), refusedTotal{edge.MetricRefusedRequests, "busy", "wget at 10.0.0.1", 1})
	w.refuse(tenant, at, refusedTotal{edge.MetricRefusedRecords, "not an object", "shop", 50})
	w.refuse(tenant, w.Now.Add(-10*time.Second), refusedTotal{edge.MetricChangedValues, "time ahead", "shop", 9})
	w.refuse(tenant, w.Now.Add(-3*time.Hour),
		refusedTotal{edge.MetricRefusedRequests, "malformed", "before the range", 1})
	w.refuse(8, at, refusedTotal{edge.MetricRefusedRequests, "malformed", "of another tenant", 1})

	ask := func(text string) *query.Refusals {
		t.Helper()
		answer, err := w.engine.Refusals(t.Context(), tenant, w.Ask(text))
		if err != nil {
			t.Fatal(err)
		}
		return answer
	}
	answer := ask("range=1h&region=FRA")
	if answer.Requests != 8 || answer.Records != 50 || answer.Values != 9 || answer.More != 0 {
		t.Errorf("%v requests, %v records, %v values, %d more", answer.Requests, answer.Records, answer.Values,
			answer.More)
	}
	step := time.Duration(answer.Step) * time.Second
	stepOf := func(at time.Time) time.Time { return at.Truncate(step).Add(step) }
	want := []query.Refusal{
		{
			What: "request", Reason: "malformed", Sender: "curl at 10.0.0.1", Count: 7,
			Last: stepOf(at.Add(10 * time.Second)), Example: "malformed was told to curl at 10.0.0.1",
		},
		{
			What: "request", Reason: "busy", Sender: "wget at 10.0.0.1", Count: 1, Last: stepOf(at.Add(-40 * time.Minute)),
			Example: "busy was told to wget at 10.0.0.1",
		},
		{What: "record", Reason: "not an object", Sender: "shop", Count: 50, Last: stepOf(at)},
		{What: "value", Reason: "time ahead", Sender: "shop", Count: 9, Last: w.Now},
	}
	if diff := cmp.Diff(want, answer.Refusals); diff != "" {
		t.Error(diff)
	}
	if answer = ask("range=1h&limit=1"); len(answer.Refusals) != 1 || answer.More != 3 || answer.Requests != 8 {
		t.Errorf("with a limit: %d listed, %d more, %v requests", len(answer.Refusals), answer.More, answer.Requests)
	}
	if answer = ask("range=5m"); answer.Requests != 0 || len(answer.Refusals) != 1 {
		t.Errorf("five minutes: %+v", answer.Refusals)
	}
	if answer, err := w.engine.Refusals(t.Context(), 9, w.Ask("range=1h")); err != nil || len(answer.Refusals) != 0 {
		t.Errorf("a tenant without any: %+v, %v", answer, err)
	}
	_, client := w.serve()
	if answer, err := client.Refusals(t.Context(), w.Ask("range=1h")); err != nil || answer.Records != 50 {
		t.Errorf("over the API: %+v, %v", answer, err)
	}
}
