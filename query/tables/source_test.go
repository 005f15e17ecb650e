package tables

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"edgescope/edge"
)

func TestSourcesPutSpansFirst(t *testing.T) {
	var s sources
	for _, x := range []struct{ service, signal string }{
		{"both", edge.SignalDataPoint},
		{"both", edge.SignalSpan},
		{"point", edge.SignalDataPoint},
		{"tail", edge.SignalTail},
		{"tail", edge.SignalDataPoint},
		{"tail", edge.SignalLog},
		{"log", edge.SignalDataPoint},
		{"log", edge.SignalLog},
	} {
		s.see(int(groupRequests), x.service, x.signal)
	}
	want := []string{
		`edge_signal="span"`, `edge_signal="tail",service_name=~"tail"`, `edge_signal="log",service_name=~"log"`,
		`edge_signal="datapoint",service_name=~"point"`,
	}
	if diff := cmp.Diff(want, s.alternatives(groupRequests)); diff != "" {
		t.Error(diff)
	}
	if got := s.alternatives(groupCPU); got != nil {
		t.Errorf("no service has CPU times, but they are asked: %v", got)
	}
}
