package load_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"edgescope/load"
	"edgescope/load/loadtest"
	"edgescope/load/timer"
	"edgescope/scenarios/plan"
	"edgescope/scenarios/processor/worker"
)

func TestMain(m *testing.M) {
	worker.Serve()
	goleak.VerifyTestMain(m, goleak.IgnoreCurrent())
}

// target answers with text/plain and what respond says, after a delay.
type target struct {
	delay   time.Duration
	respond func(r *http.Request) (status int, body string)

	mu   sync.Mutex
	seen []string
}

func (tg *target) RoundTrip(r *http.Request) (*http.Response, error) {
	tg.mu.Lock()
	tg.seen = append(tg.seen, r.Method+" "+r.URL.Path)
	tg.mu.Unlock()
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	if tg.delay > 0 {
		select {
		case <-time.After(tg.delay):
		case <-r.Context().Done():
			return nil, r.Context().Err()
		}
	}
	status, body := http.StatusOK, "ok"
	if tg.respond != nil {
		status, body = tg.respond(r)
	}
	return &http.Response{
		StatusCode: status, Header: http.Header{"Content-Type": {"application/json"}},
		Body: io.NopCloser(strings.NewReader(body)), Request: r,
	}, nil
}

// record runs a plan against a fake target on a fake clock and returns all events.
func record(ctx context.Context, t *testing.T, p *plan.Plan, o load.Options) ([]load.Event, error) {
	t.Helper()
	if o.Wait == nil {
		o.Wait = timer.Sleep
	}
	runner, err := load.New(p, o)
	if err != nil {
		t.Fatal(err)
	}
	var events []load.Event
	err = runner.Run(ctx, func(e load.Event) { events = append(events, e) })
	return events, err
}

func TestRunMakesEveryArrivalAtItsTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := loadtest.Plan(t, loadtest.Target, `
config:
  phases:
    - {duration: 20, arrivalRate: 10}
    - {duration: 20, arrivalRate: 10, rampTo: 30}
    - {pause: 10}
    - {duration: 10, arrivalCount: 30}
    - {duration: 20, mean: 10, amplitude: 9, period: 5}
scenarios:
  - name: flow
    flow:
      - get: {url: /first}
      - think: 2
      - get: {url: /second}
`)
		start := time.Now()
		events, err := record(t.Context(), t, p, load.Options{RoundTripper: &target{delay: 5 * time.Millisecond}})
		if err != nil {
			t.Fatal(err)
		}
		if took := time.Since(start); took < 82*time.Second || took > 83*time.Second {
			t.Errorf("the run took %v, want 80 s of arrivals and the 2 s of the last user", took)
		}
		arrivals := 200 + 400 + 30 + 200
		want := map[string]int{
			"phases": 5, "created flow": arrivals, "completed": arrivals, "requests": 2 * arrivals,
			"code 200": 2 * arrivals,
		}
		if diff := cmp.Diff(want, loadtest.Tell(events)); diff != "" {
			t.Errorf("events (-want +got):\n%s", diff)
		}
		sched := load.NewSchedule(p.Phases, 0)
		for _, r := range loadtest.Results(events) {
			if r.Attack != "flow/GET /first" {
				continue
			}
			if at, _ := sched.At(r.Seq); r.Timestamp.Sub(start) != at {
				t.Errorf("request %d has intended start %v, want %v", r.Seq, r.Timestamp.Sub(start), at)
			}
			if r.Latency != r.Response() || r.Latency < 5*time.Millisecond {
				t.Errorf("request %d: latency %v, response time %v: want them equal and at least the target's 5 ms",
					r.Seq, r.Latency, r.Response())
			}
		}
	})
}

// A generator that sleeps too long starts what was due meanwhile at once, and tells of each by how much it was late.
func TestLatenessIsFromTheIntendedTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		slept := false
		wait := func(ctx context.Context, d time.Duration) error {
			if !slept && time.Since(start)+d >= 500*time.Millisecond {
				slept = true
				d += 105 * time.Millisecond
			}
			return timer.Sleep(ctx, d)
		}
		p := loadtest.Plan(t, loadtest.Target, "config: {phases: [{duration: 1, arrivalRate: 100}]}\nscenarios: "+
			"[{flow: [{get: /}]}]")
		events, err := record(t.Context(), t, p, load.Options{RoundTripper: &target{}, Wait: wait})
		if err != nil {
			t.Fatal(err)
		}
		late := map[time.Duration]time.Duration{} // by intended time
		for _, e := range events {
			if u, ok := e.(*load.UserStart); ok && u.Lag > 0 {
				late[u.At.Add(-u.Lag).Sub(start)] = u.Lag
			}
		}
		want := map[time.Duration]time.Duration{}
		for due := 500 * time.Millisecond; due <= 600*time.Millisecond; due += 10 * time.Millisecond {
			want[due] = 605*time.Millisecond - due
		}
		if diff := cmp.Diff(want, late); diff != "" {
			t.Errorf("late users by their intended time (-want +got):\n%s", diff)
		}
		var inLatency time.Duration
		for _, r := range loadtest.Results(events) {
			inLatency += r.Latency
		}
		if want := (105 + 5) / 2 * 11 * time.Millisecond; inLatency != want {
			t.Errorf("the latencies, of answers that take no time, add up to %v, want %v", inLatency, want)
		}
	})
}

func TestMaxVusersDropsAndCounts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := loadtest.Plan(t, loadtest.Target, `
config: {phases: [{duration: 1, arrivalRate: 20, maxVusers: 5}]}
scenarios: [{flow: [{think: 2}, {get: {url: /}}]}]
`)
		events, err := record(t.Context(), t, p, load.Options{RoundTripper: &target{}})
		if err != nil {
			t.Fatal(err)
		}
		want := map[string]int{"phases": 1, "created 0": 5, "completed": 5, "skipped": 15, "requests": 5, "code 200": 5}
		if diff := cmp.Diff(want, loadtest.Tell(events)); diff != "" {
			t.Errorf("events (-want +got):\n%s", diff)
		}
	})
}

func TestTimeoutIsToTheHeadersAndEndsTheUser(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := loadtest.Plan(t, loadtest.Target, `
config: {phases: [{duration: 1, arrivalCount: 1}], http: {timeout: 3}}
scenarios: [{flow: [{get: {url: /slow}}, {get: {url: /never}}]}]
`)
		tg := &target{delay: time.Minute}
		events, err := record(t.Context(), t, p, load.Options{RoundTripper: tg})
		if err != nil {
			t.Fatal(err)
		}
		want := map[string]int{"phases": 1, "created 0": 1, "requests": 1, "code 0": 1, "failed: ETIMEDOUT": 1}
		if diff := cmp.Diff(want, loadtest.Tell(events)); diff != "" {
			t.Errorf("events (-want +got):\n%s", diff)
		}
		if got := loadtest.Results(events)[0].Latency; got != 3*time.Second {
			t.Errorf("the request was given up after %v, want 3s", got)
		}
	})
}

func TestInterruptionCutsUsersOffAndCountsWhatWasSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := loadtest.Plan(t, loadtest.Target, `
config: {phases: [{duration: 60, arrivalRate: 1}]}
scenarios: [{flow: [{get: {url: /}}, {think: 100}]}]
`)
		ctx, cancel := context.WithCancelCause(t.Context())
		stop := errors.New("stop")
		time.AfterFunc(10*time.Second+500*time.Millisecond, func() { cancel(stop) })
		events, err := record(ctx, t, p, load.Options{RoundTripper: &target{delay: time.Second}})
		if !errors.Is(err, stop) {
			t.Errorf("Run answers %v, want the cause of the interruption", err)
		}
		want := map[string]int{
			"phases": 1, "created 0": 10, "requests": 10, "code 200": 9, "code 0": 1,
			"requests cut": 1, "users cut": 10,
		}
		if diff := cmp.Diff(want, loadtest.Tell(events)); diff != "" {
			t.Errorf("events (-want +got):\n%s", diff)
		}
	})
}

func TestStopEndsUsersBetweenSteps(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := loadtest.Plan(t, loadtest.Target, `
config: {phases: [{duration: 1ms, arrivalCount: 3}]}
scenarios: [{flow: [{loop: [{get: {url: /}}], count: -1}]}]
`)
		events, err := record(t.Context(), t, p, load.Options{
			RoundTripper: &target{delay: 300 * time.Millisecond},
			Stop:         time.Second,
		})
		if err != nil {
			t.Fatal(err)
		}
		want := map[string]int{"phases": 1, "created 0": 3, "completed": 3, "requests": 12, "code 200": 12}
		if diff := cmp.Diff(want, loadtest.Tell(events)); diff != "" {
			t.Errorf("events (-want +got):\n%s", diff)
		}
	})
}

func TestSeedFixesTheLoad(t *testing.T) {
	run := func(seed uint64) (list []string) {
		synctest.Test(t, func(t *testing.T) {
			p := loadtest.Plan(t, loadtest.Target, `
config: {phases: [{duration: 5, arrivalRate: 20, mode: poisson}]}
scenarios:
  - {name: a, weight: 3, flow: [{get: {url: "/a/{{ $randomNumber(1,1000) }}"}}]}
  - {name: b, flow: [{get: {url: "/b/{{ $randomString(8) }}"}}]}
`)
			start := time.Now()
			events, err := record(t.Context(), t, p, load.Options{RoundTripper: &target{}, Seed: seed})
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range loadtest.Results(events) {
				list = append(list, r.Timestamp.Sub(start).String()+" "+r.URL)
			}
		})
		return list
	}
	one := run(5)
	if diff := cmp.Diff(one, run(5)); diff != "" {
		t.Errorf("the same seed makes another load:\n%s", diff)
	}
	if cmp.Equal(one, run(6)) {
		t.Error("another seed makes the same load")
	}
}

func TestBeforeAndAfterRunOnceOutsideTheCounters(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := loadtest.Plan(t, loadtest.Target, `
config: {phases: [{duration: 1, arrivalCount: 2}]}
before: {flow: [{post: {url: /token, capture: {json: $.token, as: tok}}}]}
after: {flow: [{delete: {url: "/token/{{ tok }}"}}]}
scenarios: [{flow: [{get: {url: "/use/{{ tok }}"}}]}]
`)
		tg := &target{respond: func(*http.Request) (int, string) { return http.StatusOK, `{"token": "t7"}` }}
		events, err := record(t.Context(), t, p, load.Options{RoundTripper: tg})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]string{"POST /token", "GET /use/t7", "GET /use/t7", "DELETE /token/t7"},
			tg.seen); diff != "" {
			t.Errorf("requests (-want +got):\n%s", diff)
		}
		if n := loadtest.Tell(events)["requests"]; n != 2 {
			t.Errorf("%d requests were counted, want the users' 2", n)
		}
	})
}

func TestFailedBeforeStartsNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := loadtest.Plan(t, loadtest.Target, `
config: {phases: [{duration: 1, arrivalCount: 2}]}
before: {flow: [{post: {url: /token, capture: {json: $.nothing, as: tok}}}]}
scenarios: [{flow: [{get: {url: /use}}]}]
`)
		events, err := record(t.Context(), t, p, load.Options{
			RoundTripper: &target{respond: func(*http.Request) (int, string) { return 200, "{}" }},
		})
		var flow *load.FlowError
		if !errors.As(err, &flow) || flow.Flow != "before" {
			t.Errorf("Run returned %v, want a *FlowError of before", err)
		}
		if want := "the script's before flow failed: Failed capture or match"; err.Error() != want {
			t.Errorf("%q, want %q", err, want)
		}
		if len(events) != 0 {
			t.Errorf("%d events, want none", len(events))
		}
	})
}

func TestRegionsShareTheUsers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := loadtest.Plan(t, loadtest.Target, `
config:
  regions: {FRA: "http://fra.test", IAD: "http://iad.test"}
  phases: [{duration: 1, arrivalCount: 10}]
scenarios: [{flow: [{get: {url: /}}]}]
`)
		events, err := record(t.Context(), t, p, load.Options{RoundTripper: &target{}})
		if err != nil {
			t.Fatal(err)
		}
		got := map[string]int{}
		for _, r := range loadtest.Results(events) {
			got[r.Region+" "+r.URL]++
		}
		if diff := cmp.Diff(map[string]int{"FRA http://fra.test/": 5, "IAD http://iad.test/": 5}, got); diff != "" {
			t.Errorf("requests by region (-want +got):\n%s", diff)
		}
	})
}

func TestFailedExpectationsAreJudgedAlthoughACaptureFailed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := loadtest.Plan(t, loadtest.Target, `
config: {phases: [{duration: 1, arrivalCount: 1}]}
scenarios: [{flow: [{get: {url: /, capture: {json: $.no, as: x}, expect: [{statusCode: 201}, {contentType: json}]}}]}]
`)
		events, err := record(t.Context(), t, p, load.Options{
			RoundTripper: &target{respond: func(*http.Request) (int, string) { return 200, "{}" }},
		})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, o := range loadtest.Results(events)[0].Outcomes {
			got = append(got, fmt.Sprint(o.Type, " ", o.OK))
		}
		if diff := cmp.Diff([]string{"statusCode false", "contentType true"}, got); diff != "" {
			t.Errorf("outcomes (-want +got):\n%s", diff)
		}
		if n := loadtest.Tell(events)["failed: Failed capture or match"]; n != 1 {
			t.Errorf("%d users failed by the capture, want 1", n)
		}
	})
}
