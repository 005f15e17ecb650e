package app

import (
	"encoding/json"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/testscript"

	"edgescope/internal/run"
)

// cmdSoon: soon NAME sets a variable to a moment a few seconds ahead, in Unix seconds.
func cmdSoon(ts *testscript.TestScript, _ bool, args []string) {
	ts.Setenv(args[0], strconv.FormatInt(time.Now().Unix()+3, 10))
}

// cmdSameCounters: same-counters A B compares all counters of two reports, and the counts of all distributions.
func cmdSameCounters(ts *testscript.TestScript, _ bool, args []string) {
	read := func(file string) map[string]float64 {
		var r struct {
			Aggregate struct {
				Counters  map[string]float64
				Summaries map[string]struct{ Count float64 }
			}
		}
		ts.Check(json.Unmarshal([]byte(ts.ReadFile(file)), &r))
		for name, d := range r.Aggregate.Summaries {
			r.Aggregate.Counters["count of "+name] = d.Count
		}
		// How late an arrival was depends on the machine.
		delete(r.Aggregate.Counters, "vusers.late")
		return r.Aggregate.Counters
	}
	if diff := cmp.Diff(read(args[0]), read(args[1])); diff != "" {
		ts.Fatalf("counters (-%s +%s):\n%s", args[0], args[1], diff)
	}
}

func TestSegmentFlagsSayWhatWouldBeRight(t *testing.T) {
	f := func(args, want string) {
		t.Helper()
		flags := run.NewFlags("x", "")
		var r runFlags
		r.register(flags)
		_, err := flags.Parse(strings.Fields(args), func(string) (string, bool) { return "", false }, nil)
		if err == nil {
			err = r.segments.parse(flags, &r)
		}
		got := ""
		if err != nil {
			got = err.Error()
		}
		if !strings.Contains(got, want) || (want == "") != (got == "") {
			t.Errorf("%s: %q, want %q", args, got, want)
		}
	}
	f("--segment 0/2 --seed 1 -o x", "")
	f("--start-at 2026-11-20T12:00:00Z", "")
	f("--start-at 1795212610", "")
	f("--start-at tomorrow", "want a time such as")
	f("--segment 2/2 --seed 1 -o x", "want i/n with i from 0 to n-1")
	f("--segment 0/2 -o x", "needs --seed")
	f("--segment 0/2 --seed 1", "needs --output")
	f("--segment 0/2 --seed 1 -o x --baseline y", "do not go together")
}
