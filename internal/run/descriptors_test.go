package run

import (
	"log/slog"
	"strings"
	"testing"
	"time"
)

// TestConnectionsGetHalfOfWhatTheRestLeaves holds the bound against a limit, what is open and what may be opened.
func TestConnectionsGetHalfOfWhatTheRestLeaves(t *testing.T) {
	f := func(limit, open, files, want int) {
		t.Helper()
		conns := NewConns(slog.New(slog.DiscardHandler), 0)
		d := Descriptors{
			Conns: conns, Most: 1000, Files: func() int { return files },
			limit: func() int { return limit }, open: func() int { return open },
		}
		d.adjust(time.Now())
		if conns.most != want {
			t.Errorf("limit %d, open %d, files %d: at most %d connections, want %d", limit, open, files, conns.most,
				want)
		}
	}
	f(0, 20, 0, 1000)       // no limit
	f(1<<20, 20, 0, 1000)   // a limit that does not matter
	f(256, 20, 0, 112)      // what programs need anyway is theirs
	f(256, 100, 0, 78)      // what is open
	f(256, 100, 150, 37)    // what may be opened, if that is more
	f(4096, 3000, 100, 548) // and all that grows
	f(256, 250, 0, 16)      // never none at all
}

func TestALimitThatIsTooSmallIsToldBeforeAnythingListens(t *testing.T) {
	d := Descriptors{
		Conns: NewConns(slog.New(slog.DiscardHandler), 0), Most: 1000, Files: func() int { return 200 },
		Log:   slog.New(slog.DiscardHandler),
		limit: func() int { return 256 }, open: func() int { return 20 },
	}
	stop, err := d.Hold(t.Context())
	if err == nil {
		_ = stop(t.Context())
		t.Fatal("it is accepted")
	}
	for _, want := range []string{"is 256", "may need 232", "ulimit -n 592"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q lacks %q", err, want)
		}
	}
}

func TestTheSystemTellsItsDescriptors(t *testing.T) {
	if limit := descriptorLimit(); limit != 0 && limit < openDescriptors() {
		t.Errorf("%d of %d descriptors are open", openDescriptors(), limit)
	}
}
