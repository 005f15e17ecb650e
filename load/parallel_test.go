package load_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"edgescope/load"
	"edgescope/load/loadtest"
)

// length is how long the only user of a run lived.
func length(t *testing.T, events []load.Event) time.Duration {
	t.Helper()
	for _, e := range events {
		if end, ok := e.(*load.UserEnd); ok {
			return end.Length
		}
	}
	t.Fatal("no user ended")
	return 0
}

func TestParallelStepsOverlapUpToTheLimit(t *testing.T) {
	f := func(steps string, want time.Duration) {
		t.Helper()
		synctest.Test(t, func(t *testing.T) {
			p := loadtest.Plan(t, loadtest.Target, "scenarios: [{flow: [{"+steps+"}, {get: /after}]}]")
			events, err := record(t.Context(), t, p, load.Options{RoundTripper: &target{delay: 500 * time.Millisecond}})
			if err != nil {
				t.Fatal(err)
			}
			if got := length(t, events) - 500*time.Millisecond; got != want {
				t.Errorf("%s took %v, want %v", steps, got, want)
			}
		})
	}
	f("parallel: [{get: /a}, {get: /b}, {get: /c}]", 500*time.Millisecond)
	f("parallel: [{get: /a}, {get: /b}, {get: /c}], limit: 2", time.Second)
	f("parallel: [{get: /a}, {get: /b}, {get: /c}], limit: 1", 1500*time.Millisecond)
	f("parallel: [{loop: [{get: /a}], count: 3}, {think: 2}]", 2*time.Second)
	f("parallel: [{parallel: [{get: /a}, {get: /b}]}, {get: /c}]", 500*time.Millisecond)
	f("parallel: []", 0)
}

func TestParallelFailureEndsTheUserAfterTheOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := loadtest.Plan(t, loadtest.Target, `
scenarios:
  - flow:
      - parallel:
          - get: {url: /bad, capture: {json: $.nope, as: x}}
          - loop: [{get: {url: /slow}}]
            count: 2
          - get: {url: /never}
        limit: 2
      - get: {url: /after}`)
		tg := &target{delay: 100 * time.Millisecond, respond: func(*http.Request) (int, string) { return 200, "{}" }}
		events, err := record(t.Context(), t, p, load.Options{RoundTripper: tg})
		if err != nil {
			t.Fatal(err)
		}
		want := []string{"GET /bad", "GET /slow", "GET /slow"}
		slices.Sort(tg.seen)
		if diff := cmp.Diff(want, tg.seen); diff != "" {
			t.Errorf("requests (-want +got):\n%s", diff)
		}
		if n := loadtest.Tell(events); n["failed: Failed capture or match"] != 1 || n["completed"] != 0 {
			t.Errorf("the user did not fail once: %v", n)
		}
	})
}

// TestParallelBranchesShareVariablesButNotCounters: what one captures the others and later steps see, while each loop
// counts for itself.
func TestParallelBranchesShareVariablesButNotCounters(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := loadtest.Plan(t, loadtest.Target, `
scenarios:
  - flow:
      - parallel:
          - loop: [{get: {url: "/a/{{ $loopCount }}", capture: {json: $.n, as: n}}}]
            count: 2
          - loop: [{get: {url: "/b/{{ $loopCount }}"}}]
            count: "5-7"
      - get: {url: "/end/{{ n }}/{{ $loopCount }}"}`)
		tg := &target{delay: time.Millisecond, respond: func(*http.Request) (int, string) { return 200, `{"n": 7}` }}
		if _, err := record(t.Context(), t, p, load.Options{RoundTripper: tg}); err != nil {
			t.Fatal(err)
		}
		slices.Sort(tg.seen)
		want := []string{"GET /a/0", "GET /a/1", "GET /b/5", "GET /b/6", "GET /end/7/undefined"}
		if diff := cmp.Diff(want, tg.seen); diff != "" {
			t.Errorf("requests (-want +got):\n%s", diff)
		}
	})
}

// TestParallelDrawsDoNotDependOnTheOrderOfAnswers: each branch has a random stream of its own.
func TestParallelDrawsDoNotDependOnTheOrderOfAnswers(t *testing.T) {
	urls := func(slow string) string {
		var seen []string
		synctest.Test(t, func(t *testing.T) {
			step := func(name string) string {
				return fmt.Sprintf("{loop: [{get: '/%s/{{ $randomNumber(1, 1000000) }}'}], count: 3}", name)
			}
			p := loadtest.Plan(t, loadtest.Target, "scenarios: [{flow: [{parallel: ["+step("a")+", "+step("b")+"]}]}]")
			tg := &target{respond: func(r *http.Request) (int, string) {
				if strings.HasPrefix(r.URL.Path, slow) {
					<-time.After(time.Second)
				}
				return 200, "{}"
			}}
			if _, err := record(t.Context(), t, p, load.Options{RoundTripper: tg, Seed: 5}); err != nil {
				t.Fatal(err)
			}
			slices.Sort(tg.seen)
			seen = tg.seen
		})
		return strings.Join(seen, "\n")
	}
	if a, b := urls("/a"), urls("/b"); a != b {
		t.Errorf("one order of answers gives\n%s\nthe other\n%s", a, b)
	}
}
