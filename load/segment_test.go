package load_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"edgescope/load"
	"edgescope/load/loadtest"
	"edgescope/scenarios"
)

func TestParseSegment(t *testing.T) {
	f := func(text, want string) {
		t.Helper()
		s, err := load.ParseSegment(text)
		got := s.String()
		if err != nil {
			got = "refused"
		}
		if got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
	f("0/1", "0/1")
	f("3/4", "3/4")
	for _, bad := range []string{"", "1", "4/4", "-1/4", "0/0", "a/b", "1/4/2", "1/99999999"} {
		f(bad, "refused")
	}
}

func TestSharesAddUp(t *testing.T) {
	for _, count := range []int{1, 2, 3, 7} {
		for n := range uint64(30) {
			var sum uint64
			for i := range count {
				sum += (&load.Segment{Index: i, Count: count}).Share(n)
			}
			if sum != n {
				t.Errorf("the shares of %d in %d segments add up to %d", n, count, sum)
			}
		}
	}
	if got := (*load.Segment)(nil).Share(5); got != 5 {
		t.Errorf("without segments the share of 5 is %d", got)
	}
}

// What depends on the arrival: its time, the scenario that its weight chose, the rows of its payloads in both orders,
// and random text.
const divided = `
config:
  phases:
    - {duration: 4, arrivalRate: 3, rampTo: 12}
    - {duration: 5, arrivalRate: 6, mode: poisson}
    - {pause: 1}
    - {duration: 3, arrivalCount: 10}
    - {duration: 4, mean: 5, amplitude: 4, period: 3}
  variables: {colour: [red, green, blue]}
  payload:
    - {path: rows.csv, fields: [a], order: sequence}
    - {path: rows.csv, fields: [b]}
scenarios:
  - name: often
    weight: 3
    flow: [{get: {url: "/often/{{ a }}/{{ b }}/{{ colour }}/{{ $randomString(8) }}/{{ $uuid }}"}}]
  - {name: rare, weight: 1, flow: [{get: {url: "/rare/{{ a }}/{{ b }}"}}]}
`

// arrivals are the requests of a run, each with the second and place of its arrival.
func arrivals(t *testing.T, segment *load.Segment, startAt time.Duration) (list []string) {
	t.Helper()
	p, err := scenarios.Load(scenarios.Options{
		Files: []string{"test.yml"}, Target: "http://target.test", Seed: 1,
		ReadFile: func(name string) ([]byte, error) {
			if strings.HasSuffix(name, ".csv") {
				return []byte("r1\nr2\nr3\nr4\nr5\nr6\nr7\n"), nil
			}
			return []byte(divided), nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		o := load.Options{RoundTripper: &target{delay: 20 * time.Millisecond}, Seed: 42, Segment: segment}
		start := time.Now()
		if startAt > 0 {
			start = start.Add(startAt)
			o.StartAt = start
		}
		events, err := record(t.Context(), t, p, o)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range loadtest.Results(events) {
			list = append(list, fmt.Sprint(r.Timestamp.Sub(start), " ", r.URL))
		}
	})
	slices.Sort(list)
	return list
}

func TestUnionOfSegmentsIsTheWholeRun(t *testing.T) {
	whole := arrivals(t, nil, 0)
	if len(whole) < 60 {
		t.Fatalf("%d arrivals are too few for a test", len(whole))
	}
	for _, count := range []int{1, 2, 3, 5} {
		var union []string
		for i := range count {
			part := arrivals(t, &load.Segment{Index: i, Count: count}, time.Duration(i)*time.Minute)
			if len(part) < len(whole)/count-1 || len(part) > len(whole)/count+1 {
				t.Errorf("segment %d/%d has %d of %d arrivals", i, count, len(part), len(whole))
			}
			union = append(union, part...)
		}
		slices.Sort(union)
		if !slices.Equal(whole, union) {
			t.Errorf("%d segments make other arrivals than one process", count)
		}
	}
}

func TestMissedStartSendsNothing(t *testing.T) {
	f := func(late time.Duration, wantRequests int) {
		t.Helper()
		synctest.Test(t, func(t *testing.T) {
			tg := &target{}
			p := loadtest.Plan(t, loadtest.Target, "config: {phases: [{duration: 2, arrivalCount: 3}]}\nscenarios: "+
				"[{flow: [{get: {url: /}}]}]")
			_, err := record(t.Context(), t, p, load.Options{RoundTripper: tg, StartAt: time.Now().Add(-late)})
			var missed *load.StartError
			if isMissed := errors.As(err, &missed); isMissed != (wantRequests == 0) || len(tg.seen) != wantRequests {
				t.Errorf("%v late: %d requests, %v; want %d", late, len(tg.seen), err, wantRequests)
			}
			if missed != nil && !strings.Contains(err.Error(), "was missed by 1.1s (limit 1s): nothing was sent") {
				t.Errorf("%q does not say by how much", err)
			}
		})
	}
	f(-time.Hour, 3)
	f(900*time.Millisecond, 3)
	f(1100*time.Millisecond, 0)
}

// TestSegmentsShareTheBoundOfUsers: maxVusers is a bound of the whole run.
func TestSegmentsShareTheBoundOfUsers(t *testing.T) {
	skipped := 0
	for i := range 2 {
		synctest.Test(t, func(t *testing.T) {
			p := loadtest.Plan(t, loadtest.Target, "config: {phases: [{duration: 1, arrivalRate: 20, maxVusers: "+
				"5}]}\nscenarios: [{flow: [{get: {url: /}}]}]")
			events, err := record(t.Context(), t, p, load.Options{
				RoundTripper: &target{delay: 2 * time.Second}, Segment: &load.Segment{Index: i, Count: 2},
			})
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range events {
				if _, ok := e.(*load.Skip); ok {
					skipped++
				}
			}
		})
	}
	if skipped != 15 {
		t.Errorf("%d of 20 arrivals were skipped, want 15: 5 users may be alive", skipped)
	}
}

func TestAbortStopsArrivalsAndLetsUsersEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		abort := make(chan struct{})
		requests := 0
		tg := &target{respond: func(*http.Request) (int, string) {
			if requests++; requests == 3 {
				close(abort)
			}
			return 200, ""
		}}
		p := loadtest.Plan(t, loadtest.Target, "config: {phases: [{duration: 100, arrivalRate: 1}]}\nscenarios: "+
			"[{flow: [{get: {url: /a}}, {think: 20}, {get: {url: /b}}]}]")
		events, err := record(t.Context(), t, p, load.Options{RoundTripper: tg, Abort: abort})
		if err != nil {
			t.Errorf("an aborted run ended with %v", err)
		}
		started, completed := 0, 0
		for _, e := range events {
			switch e := e.(type) {
			case *load.UserStart:
				started++
			case *load.UserEnd:
				if e.Err == "" && !e.Cut {
					completed++
				}
			}
		}
		if started != 3 || completed != 3 {
			t.Errorf("%d users started and %d completed, want 3 and 3", started, completed)
		}
	})
}

// On the real clock and timer: a run that is given up does not wait for the end of a pause of its schedule.
func TestAbortEndsAPauseAtOnce(t *testing.T) {
	p := loadtest.Plan(t, loadtest.Target, "config: {phases: [{duration: 1ms, arrivalCount: 1}, {pause: 1h}, "+
		"{duration: 1ms, arrivalCount: 1}]}\nscenarios: [{flow: [{get: /}]}]")
	abort := make(chan struct{})
	runner, err := load.New(p, load.Options{RoundTripper: &target{}, Abort: abort})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	users := 0
	err = runner.Run(ctx, func(e load.Event) {
		if _, ok := e.(*load.UserStart); ok {
			users++
			close(abort)
		}
	})
	if users != 1 || err != nil {
		t.Errorf("%d users, error %v; want one and none", users, err)
	}
}
