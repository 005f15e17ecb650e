package gate

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"edgescope/edge"
	"edgescope/store"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// bounds are those of a gate for two questions; its questions may claim 300 bytes.
func bounds() Options {
	return Options{AtOnce: 2, Waiting: 2, Patience: time.Second, Duration: time.Minute, Memory: 400}
}

// asked is a question in a test: it runs until it is told to end.
type asked struct {
	outcome atomic.Pointer[outcome]
}

type outcome struct {
	ctx   context.Context //nolint:containedctx // of the question
	err   error
	leave func()
}

// ask enters in a goroutine of its own.
func ask(ctx context.Context, g *Gate, tenant edge.Tenant) *asked {
	a := &asked{}
	go func() {
		ctx, leave, err := g.enter(ctx, asker{tenant: tenant})
		a.outcome.Store(&outcome{ctx, err, leave})
	}()
	synctest.Wait()
	return a
}

func (a *asked) runs() bool           { return a.outcome.Load() != nil && a.outcome.Load().leave != nil }
func (a *asked) leave()               { a.outcome.Load().leave() }
func (a *asked) err() error           { return a.outcome.Load().err }
func (a *asked) ctx() context.Context { return a.outcome.Load().ctx }

func refusal(t *testing.T, err error, status int) *RefusedError {
	t.Helper()
	var refused *RefusedError
	if !errors.As(err, &refused) || refused.Status != status {
		t.Fatalf("got %v, want a refusal with status %d", err, status)
	}
	return refused
}

func TestSoManyRunAndSoManyWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := New(bounds())
		defer g.Stop(t.Context())
		first, second := ask(t.Context(), g, 0), ask(t.Context(), g, 0)
		third, fourth := ask(t.Context(), g, 0), ask(t.Context(), g, 0)
		if !first.runs() || !second.runs() || third.runs() || fourth.runs() {
			t.Fatal("two must run and two wait")
		}
		over := ask(t.Context(), g, 0)
		if refused := refusal(t, over.err(), 503); refused.RetryAfter != time.Second {
			t.Errorf("ask again after %s, want the patience of those who wait", refused.RetryAfter)
		}
		first.leave()
		synctest.Wait()
		if !third.runs() || fourth.runs() {
			t.Error("who waited longest must run when one leaves")
		}
		time.Sleep(time.Second)
		synctest.Wait()
		refusal(t, fourth.err(), 503)
		second.leave()
		third.leave()
	})
}

func TestATenantThatAsksMuchDoesNotKeepOthersOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := New(bounds())
		defer g.Stop(t.Context())
		greedy := []*asked{
			ask(t.Context(), g, 1), ask(t.Context(), g, 1), ask(t.Context(), g, 1), ask(t.Context(), g, 1),
		}
		refusal(t, ask(t.Context(), g, 1).err(), 503)
		other := ask(t.Context(), g, 2)
		refusal(t, greedy[3].err(), 503) // its place is taken
		greedy[0].leave()
		synctest.Wait()
		if !other.runs() || greedy[2].runs() {
			t.Error("the tenant that has none running comes first")
		}
		for _, a := range []*asked{greedy[1], other, greedy[2]} {
			synctest.Wait()
			a.leave()
		}
	})
}

func TestManyWhoAskMuchDoNotKeepOthersOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := bounds()
		o.AtOnce, o.Waiting = 4, 5
		g := New(o)
		defer g.Stop(t.Context())
		var entered []*asked
		for _, tenant := range []edge.Tenant{1, 1, 2, 2, 1, 1, 1, 2, 2} { // four run, five wait
			entered = append(entered, ask(t.Context(), g, tenant))
		}
		third := ask(t.Context(), g, 3)
		refusal(t, entered[6].err(), 503)             // the newest of who has most waiting
		refusal(t, ask(t.Context(), g, 3).err(), 503) // two of each of the others wait: nobody has too many
		if n := g.refused[reasonBusy].Get(); n != 2 {
			t.Errorf("%d counted as refused, want 2", n)
		}
		for i, a := range []*asked{entered[4], entered[5], entered[7], entered[8], third} {
			if a.outcome.Load() != nil {
				t.Errorf("waiter %d does not wait: %v", i, a.err())
			}
		}
		for _, a := range append(entered, third) {
			if synctest.Wait(); a.runs() {
				a.leave()
			}
		}
		if g.free != 300 || len(g.running)+len(g.turns) != 0 {
			t.Errorf("%d bytes free, %d run, %d wait in the end", g.free, len(g.running), len(g.turns))
		}
	})
}

func TestAQuestionEndsWithItsClientAndAtItsTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := New(bounds())
		defer g.Stop(t.Context())
		client, gone := context.WithCancel(t.Context())
		a, b := ask(client, g, 0), ask(t.Context(), g, 0)
		waiting, left := context.WithCancel(t.Context())
		c := ask(waiting, g, 0)
		left()
		synctest.Wait()
		if !errors.Is(c.err(), context.Canceled) || len(g.turns) != 0 {
			t.Errorf("a client leaves the queue: %v, %d wait", c.err(), len(g.turns))
		}
		gone()
		if synctest.Wait(); !errors.Is(Explain(a.ctx(), a.ctx().Err()), context.Canceled) {
			t.Errorf("the client left: %v", Explain(a.ctx(), a.ctx().Err()))
		}
		a.leave()
		time.Sleep(time.Minute + 1)
		if refused := refusal(t, Explain(b.ctx(), b.ctx().Err()), 503); !strings.Contains(refused.Reason, "1m0s") {
			t.Errorf("reason %q does not say the time", refused.Reason)
		}
		b.leave()
	})
}

// need asks for memory in a goroutine of its own. The function that it returns tells what came of it.
func need(a *asked, least, most int64) func() error {
	answer := make(chan error, 1)
	go func() { answer <- Need(a.ctx(), least, most) }()
	return func() error {
		synctest.Wait()
		select {
		case err := <-answer:
			return err
		default:
			return errors.New("it waits")
		}
	}
}

func TestMemoryIsGivenInTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := bounds()
		o.AtOnce = 5
		g := New(o)
		defer g.Stop(t.Context())
		a, b, c, d := ask(t.Context(), g, 0), ask(t.Context(), g, 0), ask(t.Context(), g, 0), ask(t.Context(), g, 0)
		if err := need(a, 0, 150)(); err != nil {
			t.Fatal(err)
		}
		if err := need(a, 0, 100)(); err != nil || g.free != 150 {
			t.Errorf("less than before: %v, %d bytes free, want 150", err, g.free)
		}
		if err := need(b, 140, 1000)(); err != nil || g.free != 0 { // half of what there is
			t.Errorf("the second: %v, %d bytes free, want 0", err, g.free)
		}
		b.leave()
		b = ask(t.Context(), g, 0)
		waits := need(b, 151, 151)
		if err := waits(); err == nil {
			t.Error("more than there is was given")
		}
		if err := need(c, 0, 20)(); err != nil {
			t.Errorf("what there is room for: %v", err)
		}
		refusal(t, need(d, 301, 301)(), 422)
		refusal(t, Hold(c.ctx(), 141), 422)
		if err := Hold(c.ctx(), 30); err != nil {
			t.Error(err)
		}
		refusal(t, need(c, 0, 149)(), 503) // it holds some: it must not wait
		a.leave()
		if err := waits(); err != nil || g.free != 109 { // 10 of the 30 are in a part of its own
			t.Errorf("who waited: %v, %d bytes free, want 109", err, g.free)
		}
		c.leave()
		late := need(d, 150, 150)
		time.Sleep(time.Second)
		if refused := refusal(t, late(), 503); refused.RetryAfter == 0 {
			t.Error("the same may be asked again, which is not said")
		}
		b.leave()
		d.leave()
		if g.free != 300 {
			t.Errorf("%d bytes free in the end, want 300", g.free)
		}
	})
}

// TestWhoHoldsLittleIsNotRefused holds that a small answer is made while others have all memory, and that one which would
// fit without them may be asked again.
func TestWhoHoldsLittleIsNotRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := New(bounds()) // of 400 bytes 50 are each question's own, 25 of them for what it holds
		defer g.Stop(t.Context())
		a, b := ask(t.Context(), g, 0), ask(t.Context(), g, 0)
		if err := need(a, 300, 300)(); err != nil {
			t.Fatal(err)
		}
		for _, bytes := range []int64{20, 5} {
			if err := Hold(b.ctx(), bytes); err != nil {
				t.Errorf("a small answer: %v", err)
			}
		}
		if refused := refusal(t, Hold(b.ctx(), 150), 503); refused.RetryAfter == 0 {
			t.Error("the same may be asked again, which is not said")
		}
		refusal(t, Hold(b.ctx(), 151), 422)
		a.leave()
		if err := Hold(b.ctx(), 300); err != nil || g.free != 0 {
			t.Errorf("alone: %v, %d bytes free, want 0", err, g.free)
		}
		refusal(t, Hold(b.ctx(), 1), 422)
		b.leave()
		if g.free != 300 {
			t.Errorf("%d bytes free in the end, want 300", g.free)
		}
	})
}

func TestThePartOfAQuestionThatNeedsNothingIsThere(t *testing.T) {
	if err := errors.Join(Need(t.Context(), 1<<40, 1<<40), Hold(t.Context(), 1<<40)); err != nil {
		t.Errorf("outside of a gate: %v", err)
	}
}

func TestTheLargestEndsWhenTheHeapIsFull(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := bounds()
		o.Heap = 1000
		var live, collections atomic.Uint64
		o.Live = func() (uint64, uint64) { return live.Load(), collections.Load() }
		g := New(o)
		small, large := ask(t.Context(), g, 0), ask(t.Context(), g, 0)
		if err := errors.Join(Need(small.ctx(), 0, 10), Need(large.ctx(), 0, 100)); err != nil {
			t.Fatal(err)
		}
		collections.Store(7)
		live.Store(1001)
		time.Sleep(10 * lookEvery)
		refusal(t, Explain(large.ctx(), large.ctx().Err()), 503)
		if small.ctx().Err() != nil {
			t.Error("the second was ended before a collection told whether the first was enough")
		}
		large.leave()
		collections.Store(9)
		time.Sleep(10 * lookEvery)
		refusal(t, Explain(small.ctx(), small.ctx().Err()), 503)
		small.leave()
		if err := g.Stop(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// serve returns a server whose handler is behind the gate.
func serve(t *testing.T, h http.Handler) *httptest.Server {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s
}

func TestATongueTellsItsRefusals(t *testing.T) {
	o := bounds()
	o.Tenant = func(*http.Request) (edge.Tenant, error) { return 0, errors.New("nobody") }
	g := New(o)
	defer g.Stop(t.Context())
	fail := func(w http.ResponseWriter, r *http.Request, status int, text string) {
		w.WriteHeader(status)
		fmt.Fprint(w, r.URL.Path, " ", text)
	}
	for _, h := range []http.Handler{
		g.Question(Tongue{Name: "x", Fail: fail}, http.NotFoundHandler()),
		g.Follow(Tongue{Name: "x", Fail: fail}, http.NotFoundHandler()),
	} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/x", http.NoBody))
		if w.Code != http.StatusUnauthorized || w.Body.String() != "/x nobody" {
			t.Errorf("got %d %q", w.Code, w.Body)
		}
	}
}

func TestOverHTTP(t *testing.T) {
	o := bounds()
	o.AtOnce, o.Waiting = 1, 1
	g := New(o)
	defer g.Stop(t.Context())
	var once sync.Once
	runs, end := make(chan struct{}), make(chan struct{})
	s := serve(t, g.Question(Tongue{Name: "x"}, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		once.Do(func() { close(runs) })
		<-end
		_, _ = io.Copy(w, r.Body)
	})))
	post := func(body io.Reader) (int, string, http.Header) {
		res, err := http.Post(s.URL, "text/plain", body)
		if err != nil {
			t.Error(err)
			return 0, "", nil
		}
		defer res.Body.Close()
		got, _ := io.ReadAll(res.Body)
		return res.StatusCode, string(got), res.Header
	}
	answered := make(chan string)
	go func() {
		_, body, _ := post(strings.NewReader("the question"))
		answered <- body
	}()
	<-runs
	if code, body, header := post(http.NoBody); code != 503 || header.Get("Retry-After") != "1" ||
		!strings.Contains(body, `"error":"1 questions run`) {
		t.Errorf("while one runs: %d %s %v", code, body, header)
	}
	close(end)
	if body := <-answered; body != "the question" {
		t.Errorf("the handler saw the body %q", body)
	}
	if code, body, _ := post(strings.NewReader(strings.Repeat("x", maxBody+1))); code != 413 {
		t.Errorf("a body beyond the bound: %d %s", code, body)
	}
	if code, body, _ := post(strings.NewReader(strings.Repeat("x", maxBody))); code != 200 || len(body) != maxBody {
		t.Errorf("a body at the bound: %d, %d bytes", code, len(body))
	}
}

func TestFollowersAreBoundedAndEndWithTheGate(t *testing.T) {
	o := bounds()
	o.Follows = 1
	g := New(o)
	begun := make(chan struct{})
	s := serve(t, g.Follow(Tongue{Name: "x"}, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f := FollowerOf(r.Context())
		if err := f.Ask(r.Context(), func(ctx context.Context) error { return Need(ctx, 0, 10) }); err != nil {
			t.Error(err)
		}
		f.Writes()
		_ = http.NewResponseController(w).Flush()
		close(begun)
		<-r.Context().Done()
	})))
	first, err := http.Get(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer first.Body.Close()
	<-begun
	second, err := http.Get(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	second.Body.Close()
	if second.StatusCode != 503 || second.Header.Get("Retry-After") == "" {
		t.Errorf("one more follower: %d %v", second.StatusCode, second.Header)
	}
	if err := g.Stop(t.Context()); err != nil {
		t.Error(err)
	}
	if _, err := io.ReadAll(first.Body); err != nil {
		t.Errorf("the follower's answer ends with the gate: %v", err)
	}
}

func TestOneTongueLeavesTurnsToOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := bounds()
		o.AtOnce = 4
		g := New(o)
		defer g.Stop(t.Context())
		var rows []*asked
		for range 4 {
			rows = append(rows, ask(t.Context(), g, 1))
		}
		if !rows[2].runs() || rows[3].runs() {
			t.Fatal("three of four turns are for one asker")
		}
		ctx, leave, err := g.enter(t.Context(), asker{1, "pages"})
		if err != nil || ctx.Err() != nil {
			t.Fatalf("the tenant's pages: %v", err)
		}
		leave()
		if rows[3].runs() {
			t.Error("the fourth turn went to who has three")
		}
		rows[0].leave()
		synctest.Wait()
		for _, a := range rows[1:] {
			if !a.runs() {
				t.Fatal("a turn that is free was not given")
			}
			a.leave()
		}
	})
}

// TestRefuseNamesTheKind: clients of Prometheus' API branch on errorType.
func TestRefuseNamesTheKind(t *testing.T) {
	for status, want := range map[int]string{400: "bad_data", 422: "too_expensive", 503: "unavailable"} {
		w := httptest.NewRecorder()
		Refuse(w, &RefusedError{Status: status, Reason: "why"})
		if w.Code != status || !strings.Contains(w.Body.String(), `"errorType":"`+want+`"`) {
			t.Errorf("%d: %d %s, want the type %s", status, w.Code, w.Body, want)
		}
	}
}

// TestErrorsOfTonguesHaveTheirStatus holds the one map that all tongues answer by.
func TestErrorsOfTonguesHaveTheirStatus(t *testing.T) {
	f := func(err error, want int) {
		t.Helper()
		if got := Status(fmt.Errorf("ask: %w", err)); got != want {
			t.Errorf("%v: status %d, want %d", err, got, want)
		}
	}
	f(&RefusedError{Status: http.StatusServiceUnavailable}, 503)
	f(&RefusedError{Status: http.StatusUnprocessableEntity}, 422)
	f(store.ErrBadQuery, 400)
	f(store.ErrTooMuch, 422)
	f(context.DeadlineExceeded, 503)
	f(context.Canceled, 500)
	f(errors.New("disk"), 500)
}
