package load_test

import (
	"context"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"edgescope/load"
	"edgescope/load/loadtest"
)

// headered is a target whose answers have a header.
type headered struct {
	target
	header http.Header
}

func (h *headered) RoundTrip(r *http.Request) (*http.Response, error) {
	res, err := h.target.RoundTrip(r)
	if err == nil {
		res.Header = h.header
	}
	return res, err
}

func TestServerTimingOfTheAnswer(t *testing.T) {
	f := func(want time.Duration, has bool, values ...string) {
		t.Helper()
		synctest.Test(t, func(t *testing.T) {
			events, err := record(context.Background(), t, loadtest.Plan(t, loadtest.Target,
				"scenarios: [{flow: [{get: /}]}]"),
				load.Options{RoundTripper: &headered{header: http.Header{"Server-Timing": values}}})
			if err != nil {
				t.Fatal(err)
			}
			if r := loadtest.Results(events)[0]; r.ServerTotal != want || r.HasServerTotal != has {
				t.Errorf("%q: %v, %v; want %v, %v", values, r.ServerTotal, r.HasServerTotal, want, has)
			}
		})
	}
	f(12500*time.Microsecond, true, "total;dur=12.5")
	f(3*time.Millisecond, true, "cpu;dur=1, Total; desc=\"all\"; dur=\"3\"")
	f(0, true, "db;dur=9", "total;dur=0")
	f(0, false, "total", "cpu;dur=4")
	f(0, false, "total;dur=-1", "total;dur=x")
	f(0, false)
}
