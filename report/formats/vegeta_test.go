package formats_test

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"
	vegeta "github.com/tsenart/vegeta/v12/lib"

	"edgescope/report/formats"
	"edgescope/report/reporttest"
)

func TestVegetaReadsOurResults(t *testing.T) {
	s := reporttest.ShopRun(t)
	var buf bytes.Buffer
	w := formats.NewVegetaWriter(&buf)
	for _, e := range s.Events {
		w.Event(e)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	var m vegeta.Metrics
	decode := vegeta.NewDecoder(&buf)
	for {
		var r vegeta.Result
		if decode(&r) != nil {
			break
		}
		m.Add(&r)
	}
	m.Close()
	want := map[string]int{"200": 24, "201": 22, "500": 1, "0": 1}
	if diff := cmp.Diff(want, m.StatusCodes); diff != "" || m.Requests != 48 {
		t.Errorf("vegeta reads %d requests, codes (-want +got):\n%s", m.Requests, diff)
	}
}
