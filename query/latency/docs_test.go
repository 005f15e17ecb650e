package latency_test

import (
	"testing"
	"time"

	"edgescope/edge"
	"edgescope/query"
	"edgescope/query/latency"
	"edgescope/query/querytest"
)

// TestExamplesOfTheDocumentHold asks the examples of docs/api.md.
func TestExamplesOfTheDocumentHold(t *testing.T) {
	w := querytest.New(t)
	one := times{network: 110, init: 120, origin: 140, cpu: 25, wait: 25}
	var events []edge.Event
	for i := range 60 {
		f := one.facts()
		e := w.Invocation(w.Now.Add(-time.Duration(i)*time.Second), ms(one.edge()), f)
		events = append(events, client(w, &e, one.all(), runID), e)
		f.Service, f.HasRTT, f.ClientRTT = "parts", true, int64(ms(30))
		events = append(events, w.Invocation(w.Now.Add(-time.Duration(i)*time.Second), ms(one.edge()), f))
	}
	events = append(events, summary(t, w, edge.Run{
		ID: runID, Started: w.Now.Add(-2 * time.Minute), Ended: w.Now, Updated: w.Now,
	}))
	w.Write(querytest.Tenant, events...)
	answers := latency.New(w.Read, latency.Options{}).Answers()
	w.Examples(t, "../../docs/api.md", answers, query.PathLatency, query.PathLatency+"/")
}
