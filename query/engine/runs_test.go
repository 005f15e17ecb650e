package engine_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"edgescope/edge"
	"edgescope/query"
)

// run writes a summary of a load run, as loadgen sends it.
func (w *world) run(r edge.Run) {
	body, err := json.Marshal(r)
	if err != nil {
		w.T.Fatal(err)
	}
	e := w.Invocation(r.Updated, time.Second, edge.Facts{Service: edge.RunService})
	e.Facts.Invocation, e.Name = false, edge.RunSpan
	e.Attrs = []edge.Attr{
		{Key: edge.RunAttr, Value: string(body)},
		{Key: edge.RunIDAttr, Value: r.ID},
		{Key: edge.RunNameAttr, Value: r.Name},
		{Key: edge.RunVerdictAttr, Value: r.Verdict},
	}
	w.Write(tenant, e)
}

func TestRuns(t *testing.T) {
	w := newWorld(t)
	id := func(n int) string { return fmt.Sprintf("%032x", n) }
	at := func(m int) time.Time { return w.Now.Add(-time.Duration(m) * time.Minute) }
	w.run(edge.Run{
		ID: id(1), Name: "guide", Started: at(200), Ended: at(190), Updated: at(190),
		Verdict: edge.VerdictPassed, Response: edge.RunQuantiles{Count: 9, P95: 100},
	})
	w.run(edge.Run{
		ID: id(2), Name: "guide", Started: at(150), Ended: at(140), Updated: at(140),
		Verdict: edge.VerdictFailed, Response: edge.RunQuantiles{Count: 9, P95: 300},
	})
	w.run(edge.Run{
		ID: id(3), Name: "other", Started: at(100), Ended: at(90), Updated: at(90), Verdict: edge.VerdictPassed,
	})
	w.run(edge.Run{
		ID: id(4), Name: "guide", Started: at(20), Updated: at(15), Verdict: edge.VerdictRunning, Requests: 1,
	})
	w.run(edge.Run{
		ID: id(4), Name: "guide", Started: at(20), Ended: at(10), Updated: at(10), Verdict: edge.VerdictPassed,
		Requests: 2,
		Response: edge.RunQuantiles{Count: 9, P95: 150}, Points: []edge.RunPoint{{At: 0, Width: 10, Requests: 2}},
	})

	// Two requests of the run reach service shop, which also serves somebody else; service idle is not reached.
	for i := range 2 {
		client := w.Invocation(at(15).Add(time.Duration(i)*time.Second), 30*time.Millisecond,
			edge.Facts{Service: edge.RunService})
		client.Facts.Invocation, client.SpanKind = false, edge.SpanClient
		client.Attrs = []edge.Attr{{Key: edge.RunIDAttr, Value: id(4)}}
		server := w.Invocation(at(15).Add(time.Duration(i)*time.Second), 20*time.Millisecond,
			edge.Facts{Service: "shop", Region: "FRA", ColdStart: edge.True})
		server.TraceID, server.ParentID = client.TraceID, client.SpanID
		w.Write(tenant, client, server)
	}
	w.Write(tenant, w.Invocation(at(14), 20*time.Millisecond, edge.Facts{Service: "shop", Region: "IAD"}))
	w.Write(tenant, w.Invocation(at(14), 20*time.Millisecond, edge.Facts{Service: "idle", Region: "IAD"}))
	w.Write(tenant, w.Invocation(at(30), 20*time.Millisecond, edge.Facts{Service: "shop", Region: "IAD"}))

	list, err := w.engine.Runs(t.Context(), tenant, w.Ask(""))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, r := range list.Runs {
		got = append(got,
			fmt.Sprintf("%s %s base %.4s %.2f", r.ID[28:], r.Verdict, r.Base[max(0, len(r.Base)-4):],
				float64(r.P95Change)))
	}
	want := []string{
		"0004 passed base 0001 0.50", "0003 passed base  NaN", "0002 failed base 0001 2.00", "0001 passed base  NaN",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("runs: %s", diff)
	}

	d, err := w.engine.Run(t.Context(), tenant, id(4), w.Ask(""))
	if err != nil {
		t.Fatal(err)
	}
	if d.Run.Requests != 2 || len(d.Run.Points) != 1 || d.Base == nil || d.Base.ID != id(1) || len(d.History) != 2 {
		t.Errorf("run: %+v", d)
	}
	if diff := cmp.Diff([]string{"shop"}, d.Services); diff != "" {
		t.Errorf("services: %s", diff)
	}
	if d.Edge.Requests != 3 || d.Edge.Cold != 2 || len(d.EdgeRegions) != 2 || len(d.EdgeLines) != 4 ||
		len(d.Traces) != 2 {
		t.Errorf("edge: %v requests, %v cold, %d regions, %d lines, %d traces; want 3, 2, 2, 4, 2",
			d.Edge.Requests, d.Edge.Cold, len(d.EdgeRegions), len(d.EdgeLines), len(d.Traces))
	}
	if d, err = w.engine.Run(t.Context(), tenant, id(4), w.Ask("base="+id(2))); err != nil || d.Base.ID != id(2) {
		t.Errorf("base: %v, %v", d, err)
	}
	var p *query.ParamError
	if _, err = w.engine.Run(t.Context(), tenant, id(4), w.Ask("base=nobody")); !errors.As(err, &p) || p.Key != "base" {
		t.Errorf("unknown base: %v", err)
	}
	if _, err = w.engine.Run(t.Context(), tenant, id(9), w.Ask("")); !errors.Is(err, query.ErrNotFound) {
		t.Errorf("unknown run: %v, want ErrNotFound", err)
	}
}
