package engine_test

import (
	"fmt"
	"testing"
	"time"

	"edgescope/edge"
	"edgescope/query"
)

// TestARegionThatStopsIsSilent has four regions: one sends on, one stopped five minutes ago, one so seldom sends that
// five minutes say nothing, and one has been silent for longer than is looked at.
func TestARegionThatStopsIsSilent(t *testing.T) {
	w := newWorld(t)
	var events []edge.Event
	send := func(region string, from, to, every time.Duration) {
		for ago := from; ago >= to; ago -= every {
			events = append(events,
				w.Invocation(w.Now.Add(-ago), time.Millisecond,
					edge.Facts{Service: "shop", Region: region, Colo: region}))
		}
	}
	send("FRA", 50*time.Minute, time.Second, time.Second)
	send("IAD", 50*time.Minute, 5*time.Minute, 5*time.Second)
	send("GRU", 50*time.Minute, 5*time.Minute, 5*time.Minute)
	send("SIN", 50*time.Minute, 40*time.Minute, 5*time.Second)
	w.Write(tenant, events...)
	f := func(ask string, want map[string]string) {
		t.Helper()
		got, err := w.engine.Regions(t.Context(), tenant, w.Ask(ask))
		if err != nil {
			t.Fatal(err)
		}
		for i := range got.Regions {
			r := &got.Regions[i]
			text := ""
			if r.Silent.OK() {
				text = fmt.Sprint((time.Duration(r.Silent) * time.Second).Truncate(20 * time.Second))
			}
			if text != want[r.Name] {
				t.Errorf("%s: %s is silent for %q, want %q", ask, r.Name, text, want[r.Name])
			}
		}
	}
	f("range=1h", map[string]string{"IAD": "4m40s", "SIN": "30m0s"})
	f("range=1h&region=IAD", nil) // of those asked about, all are silent
	f("from="+w.Now.Add(-time.Hour).Format(time.RFC3339)+"&to="+w.Now.Format(time.RFC3339), nil)

	o, err := w.engine.Overview(t.Context(), tenant, w.Ask("range=1h"))
	if err != nil {
		t.Fatal(err)
	}
	want := query.Finding{
		Kind:     query.KindSilence,
		Severity: "bad", Subject: "IAD is silent",
		Text: "IAD has sent nothing for 4m, while other regions do", Region: "IAD",
		Since: w.Now.Add(-5*time.Minute + 10*time.Second).Truncate(10 * time.Second),
	}
	if o.Finding == nil || *o.Finding != want {
		t.Errorf("the finding is %+v, want %+v", o.Finding, want)
	}
}
