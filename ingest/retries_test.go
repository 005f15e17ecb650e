package ingest

import (
	"encoding/binary"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"edgescope/edge"
)

// known returns a batch that was acknowledged a while ago, with the reasons for which events were rejected.
func known(n uint64, ago time.Duration, reasons ...string) *edge.Batch {
	b := &edge.Batch{Arrival: time.Now().Add(-ago).UnixNano()}
	binary.LittleEndian.PutUint64(b.Body[:], n)
	for i, reason := range reasons {
		b.Reject(i, reason)
	}
	return b
}

func TestRetriesSurviveTheirState(t *testing.T) {
	r := newRetries()
	r.replay(known(1, 20*time.Minute)) // too old to be kept
	r.replay(known(2, 10*time.Minute, "too old", "too large"))
	r.replay(known(3, time.Minute))
	again := newRetries()
	rest, err := again.restore(append(r.appendState(nil), "what follows"...))
	if err != nil || string(rest) != "what follows" {
		t.Fatalf("got rest %q, %v", rest, err)
	}
	if again.len() != 2 {
		t.Errorf("%d bodies are known, want 2", again.len())
	}
	for n, want := range map[uint64][]edge.Rejection{2: {
		{Index: 0, Reason: "too old"},
		{Index: 1, Reason: "too large"},
	}, 3: nil} {
		b := known(n, 0, "what this time is rejected")
		if repeated, err := again.enter(t.Context(), b); !repeated || err != nil {
			t.Errorf("body %d: got %v %v, want a repeat", n, repeated, err)
		}
		if diff := cmp.Diff(want, append([]edge.Rejection(nil), b.Rejected...)); diff != "" ||
			b.RejectedCount != len(want) {
			t.Errorf("body %d: %d rejected %s", n, b.RejectedCount, diff)
		}
	}
}

func TestRetriesAreBounded(t *testing.T) {
	r := newRetries()
	r.most = 5000
	for n := range uint64(r.most + 1000) {
		r.replay(known(n, 0))
	}
	if r.len() != r.most || len(r.order)-r.head != r.most || len(r.order) > 2*r.most+1 {
		t.Errorf("%d bodies are known, %d in order of %d; want %d", r.len(), len(r.order)-r.head, len(r.order), r.most)
	}
	if repeated, _ := r.enter(t.Context(), known(999, 0)); repeated {
		t.Error("the oldest is still known")
	}
	if repeated, _ := r.enter(t.Context(), known(1000, 0)); !repeated {
		t.Error("one of the newest is forgotten")
	}

	r = newRetries()
	reason := strings.Repeat("x", 100_000)
	for n := range uint64(500) {
		r.replay(known(n, 0, reason))
	}
	if r.bytes > maxVerdictBytes || r.len() < 50 {
		t.Errorf("%d bodies with %d bytes of reasons are kept, want at most %d bytes", r.len(), r.bytes,
			maxVerdictBytes)
	}
}

func FuzzRestoreState(f *testing.F) {
	r := newRetries()
	r.replay(known(2, 0, "too old", "too large"))
	r.replay(known(3, 0))
	f.Add(r.appendState(nil))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, data []byte) {
		in := newRetries()
		rest, err := in.restore(data)
		if err == nil && len(rest) > len(data) {
			t.Errorf("%d bytes are left of %d", len(rest), len(data))
		}
		if in.bytes < 0 || in.len() > len(data) {
			t.Errorf("%d bodies, %d bytes out of %d", in.len(), in.bytes, len(data))
		}
	})
}
