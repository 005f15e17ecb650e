package alert_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"edgescope/alert"
	"edgescope/alert/rules"
	"edgescope/edge"
	"edgescope/internal/labels"
	"edgescope/policy"
	"edgescope/query"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m, goleak.IgnoreCurrent()) }

// world is all that alerts ask and tell.
type world struct {
	t   *testing.T
	dir string

	mu       sync.Mutex
	series   map[string][]alert.Sample // by expression
	fails    map[string]error
	asked    []time.Time
	findings []query.Finding
	groups   []rules.Group
	tenants  []alert.Tenant
	notify   policy.Notify
}

func newWorld(t *testing.T) *world {
	t.Helper()
	return &world{
		t: t, dir: t.TempDir(), series: map[string][]alert.Sample{}, fails: map[string]error{}, tenants: []alert.Tenant{{}},
	}
}

func (w *world) locked(f func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	f()
}

// gives sets what an expression gives: one series for each service, with its value.
func (w *world) gives(expr string, services map[string]float64) {
	w.locked(func() {
		w.series[expr] = nil
		for name, value := range services {
			w.series[expr] = append(w.series[expr], alert.Sample{
				Labels: map[string]string{"__name__": "x", "service_name": name}, Value: value,
			})
		}
	})
}

func (w *world) evaluate(_ context.Context, _ edge.Tenant, expr string, at time.Time) ([]alert.Sample, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.asked = append(w.asked, at)
	var out []alert.Sample
	for _, s := range w.series[expr] {
		out = append(out, alert.Sample{Labels: maps.Clone(s.Labels), Value: s.Value})
	}
	return out, w.fails[expr]
}

// start begins alerts over the world. The returned function stops them, if the test does not end before.
func (w *world) start(t *testing.T) (a *alert.Alerts, stop func()) {
	t.Helper()
	a, err := alert.New(alert.Options{
		Evaluate: w.evaluate, Dir: w.dir, Logger: slog.New(slog.DiscardHandler),
		Findings: func(context.Context, edge.Tenant, query.Question) ([]query.Finding, error) {
			w.mu.Lock()
			defer w.mu.Unlock()
			return slices.Clone(w.findings), nil
		},
		Tenants: func() []alert.Tenant {
			w.mu.Lock()
			defer w.mu.Unlock()
			return slices.Clone(w.tenants)
		},
		Groups: func() []rules.Group {
			w.mu.Lock()
			defer w.mu.Unlock()
			return slices.Clone(w.groups)
		},
		Notify: func() policy.Notify {
			w.mu.Lock()
			defer w.mu.Unlock()
			return w.notify
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	return a, sync.OnceFunc(func() {
		if err := a.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
}

// answer asks for the alerts of a tenant.
func answer(t *testing.T, a *alert.Alerts, tenant edge.Tenant, keys map[string][]string) *query.Alerts {
	t.Helper()
	q, err := query.Parse(keys, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	got, err := a.Answers().All[query.PathAlerts](t.Context(), query.Request{Tenant: tenant, Question: q})
	if err != nil {
		t.Fatal(err)
	}
	return got.(*query.Alerts)
}

// states writes alerts as "name service=state", sorted.
func states(a *query.Alerts) string {
	var out []string
	for _, one := range slices.Concat(a.Firing, a.Pending) {
		out = append(out, fmt.Sprintf("%s %s=%s", one.Name, one.Labels["service_name"], one.State))
	}
	slices.Sort(out)
	return strings.Join(out, ", ")
}

// expect holds the states at a time after the beginning.
func expect(t *testing.T, a *alert.Alerts, at time.Time, want string) {
	t.Helper()
	time.Sleep(time.Until(at))
	synctest.Wait()
	if got := states(answer(t, a, 0, nil)); got != want {
		t.Errorf("at %s: %s; want %s", at.Format("15:04:05"), got, want)
	}
}

func group(rule ...rules.Rule) []rules.Group {
	return []rules.Group{{Name: "g", Interval: time.Minute, Rules: rule}}
}

func TestTheStatesOfAnAlert(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.groups = group(rules.Rule{
			Alert: "A", Expr: "a", For: 2 * time.Minute, KeepFiringFor: 3 * time.Minute,
			Labels:      map[string]string{"severity": "page"},
			Annotations: map[string]string{"summary": "{{ $labels.service_name }} is at {{ $value }}"},
		})
		begin := time.Now()
		a, stop := w.start(t)
		defer stop()
		min := func(n float64) time.Time { return begin.Add(time.Duration(n * float64(time.Minute))) }
		expect(t, a, min(.5), "")
		w.gives("a", map[string]float64{"shop": 7, "cart": 8})
		expect(t, a, min(1.5), "A cart=pending, A shop=pending")
		w.gives("a", map[string]float64{"shop": 9})
		expect(t, a, min(2.5), "A shop=pending")
		expect(t, a, min(3.5), "A shop=firing")
		got := answer(t, a, 0, nil).Firing[0]
		if got.Summary != "shop is at 9" || got.Value != 9 || !got.Since.Equal(min(1)) || !got.Fired.Equal(min(3)) ||
			got.Severity != "page" || got.Labels["__name__"] != "" {
			t.Errorf("the alert is %+v", got)
		}
		w.gives("a", nil)
		expect(t, a, min(6.5), "A shop=firing") // kept from 4 to 7
		w.gives("a", map[string]float64{"shop": 9})
		expect(t, a, min(7.5), "A shop=firing")
		w.gives("a", nil)
		expect(t, a, min(10.5), "A shop=firing")
		expect(t, a, min(11.5), "")
		past := answer(t, a, 0, nil).Past
		if len(past) != 1 || !past[0].Fired.Equal(min(3)) || !past[0].Resolved.Equal(min(11)) || past[0].State != "resolved" {
			t.Errorf("the past is %+v", past)
		}
		w.gives("a", map[string]float64{"shop": 9})
		expect(t, a, min(12.5), "A shop=pending")
		w.locked(func() {
			for i, at := range w.asked {
				if at.Truncate(time.Minute) != at || at.After(begin.Add(time.Duration(i-1)*time.Minute)) {
					t.Errorf("question %d was about %s", i, at)
				}
			}
		})
	})
}

func TestAFailingQuestionKeepsTheStateAndIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.groups = group(rules.Rule{Alert: "A", Expr: "a"}, rules.Rule{Alert: "B", Expr: "b"})
		w.groups[0].Limit = 1
		begin := time.Now()
		a, stop := w.start(t)
		defer stop()
		at := func(n float64) time.Time { return begin.Add(time.Duration(n * float64(time.Minute))) }
		w.gives("a", map[string]float64{"shop": 1})
		w.gives("b", map[string]float64{"shop": 1})
		expect(t, a, at(1.5), "A shop=firing, B shop=firing")
		w.locked(func() { w.fails["a"] = errors.New("the store is gone") })
		w.gives("b", map[string]float64{"cart": 1, "news": 1}) // more than the limit
		expect(t, a, at(2.5), "A shop=firing, B shop=firing")
		expect(t, a, at(3.5), "A shop=firing, B shop=firing, EdgeRuleFailing =firing, EdgeRuleFailing =firing")
		got := answer(t, a, 0, nil)
		if p := got.Rules[0].Problem + "|" + got.Rules[1].Problem; p != "the store is gone|gives 2 alerts, and the group's limit is 1" {
			t.Errorf("the rules that fail say %s", p)
		}
		if !got.Rules[0].Since.Equal(at(2)) {
			t.Errorf("it fails since %s, want %s", got.Rules[0].Since, at(2))
		}
		w.locked(func() { w.fails["a"] = nil })
		w.gives("b", nil)
		expect(t, a, at(5.5), "A shop=firing")
	})
}

func TestWhatTwoRulesGiveIsAnError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.groups = group(rules.Rule{Alert: "A", Expr: "a"}, rules.Rule{Alert: "A", Expr: "b"})
		w.gives("a", map[string]float64{"shop": 1})
		w.gives("b", map[string]float64{"shop": 2, "cart": 2})
		begin := time.Now()
		a, stop := w.start(t)
		defer stop()
		expect(t, a, begin.Add(time.Second), "A cart=firing, A shop=firing")
		if got := answer(t, a, 0, nil).Rules[0].Problem; !strings.Contains(got, `another rule of group "g" gives`) {
			t.Errorf("the second rule says %q", got)
		}
	})
}

func TestTemplatesThatFailAreSaid(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.groups = group(rules.Rule{
			Alert: "A", Expr: "a", Annotations: map[string]string{"summary": "{{ humanize $labels.service_name }}"},
		})
		w.gives("a", map[string]float64{"shop": 1})
		begin := time.Now()
		a, stop := w.start(t)
		defer stop()
		expect(t, a, begin.Add(time.Second), "A shop=firing")
		got := answer(t, a, 0, nil)
		if !strings.Contains(got.Firing[0].Summary, `"shop" is no number`) ||
			!strings.Contains(got.Rules[0].Problem, `summary: template: `) {
			t.Errorf("the summary is %q, the problem %q", got.Firing[0].Summary, got.Rules[0].Problem)
		}
	})
}

// The gap is the time between the last evaluation before the end of a program and the first after its start.
func TestWaitingGoesOnAfterARestart(t *testing.T) {
	f := func(gap time.Duration, want string) {
		t.Helper()
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t)
			w.groups = group(rules.Rule{Alert: "A", Expr: "a", For: 10 * time.Minute}, rules.Rule{Alert: "B", Expr: "b"})
			w.gives("a", map[string]float64{"shop": 1})
			w.gives("b", map[string]float64{"shop": 1})
			begin := time.Now()
			a, stop := w.start(t)
			expect(t, a, begin.Add(4*time.Minute+time.Second), "A shop=pending, B shop=firing")
			stop()
			time.Sleep(time.Until(begin.Add(4*time.Minute + gap)))
			a, stop = w.start(t)
			defer stop()
			expect(t, a, begin.Add(12*time.Minute+time.Second), want)
			if got := answer(t, a, 0, nil).Firing; !got[len(got)-1].Fired.Equal(begin) && !got[0].Fired.Equal(begin) {
				t.Errorf("with a gap of %s what fired fires since %s", gap, got[0].Fired)
			}
		})
	}
	f(2*time.Minute, "A shop=firing, B shop=firing")
	f(7*time.Minute, "A shop=firing, B shop=firing")
	f(8*time.Minute, "A shop=pending, B shop=firing")
}

func TestFindingsAreAlerts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		begin := time.Now()
		since := begin.Add(-7 * time.Minute)
		w.findings = []query.Finding{
			{Kind: query.KindSilence, Severity: "bad", Subject: "GRU is silent", Service: "shop", Region: "GRU", Since: since},
			{Kind: query.KindSLO, Severity: "bad", Subject: "told by its rules", Service: "shop"},
		}
		a, stop := w.start(t)
		defer stop()
		expect(t, a, begin.Add(time.Second), "EdgeSilent shop=firing")
		got := answer(t, a, 0, nil).Firing[0]
		if !got.Since.Equal(since) || !got.Fired.Equal(begin) || got.Summary != "GRU is silent" || got.Value.OK() ||
			!strings.HasPrefix(got.Link, "/regions?region=GRU&service=shop&from=") {
			t.Errorf("the alert is %+v", got)
		}
		w.locked(func() { w.findings = nil })
		expect(t, a, begin.Add(10*time.Minute), "EdgeSilent shop=firing") // it may come back
		expect(t, a, begin.Add(12*time.Minute), "")
	})
}

func TestTenantsHaveTheirOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.tenants = []alert.Tenant{{Tenant: 1, Name: "shop"}, {Tenant: 2, Name: "news"}}
		w.groups = []rules.Group{
			{Name: "all", Interval: time.Minute, Rules: []rules.Rule{{Alert: "A", Expr: "a"}}},
			{Name: "one", Interval: time.Minute, Tenant: "news", Rules: []rules.Rule{{Alert: "B", Expr: "a"}}},
		}
		w.gives("a", map[string]float64{"x": 1})
		a, stop := w.start(t)
		defer stop()
		synctest.Wait()
		shop, news := answer(t, a, 1, nil), answer(t, a, 2, nil)
		if states(shop) != "A x=firing" || states(news) != "A x=firing, B x=firing" {
			t.Errorf("shop has %s, news %s", states(shop), states(news))
		}
		if got := shop.Firing[0].Labels["edge_tenant"]; got != "shop" || len(shop.Rules) != 2 || len(news.Rules) != 3 {
			t.Errorf("shop's alert is of %q; %d and %d rules", got, len(shop.Rules), len(news.Rules))
		}
	})
}

func TestARuleThatIsTakenOutEndsItsAlerts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.groups = group(rules.Rule{Alert: "A", Expr: "a"}, rules.Rule{Alert: "B", Expr: "a", For: time.Hour})
		w.gives("a", map[string]float64{"shop": 1})
		begin := time.Now()
		a, stop := w.start(t)
		defer stop()
		expect(t, a, begin.Add(time.Second), "A shop=firing, B shop=pending")
		w.locked(func() { w.groups[0].Rules[0].Expr = "a+0" }) // the same alert, asked otherwise
		w.gives("a+0", map[string]float64{"shop": 1})
		a.Reload()
		expect(t, a, begin.Add(2*time.Second), "A shop=firing, B shop=pending")
		w.locked(func() { w.groups = nil })
		a.Reload()
		expect(t, a, begin.Add(3*time.Second), "")
		if past := answer(t, a, 0, nil).Past; len(past) != 1 || past[0].Name != "A" {
			t.Errorf("the past is %+v", past)
		}
	})
}

// hook is a webhook on loopback, made outside of a bubble.
type hook struct {
	url string

	mu  sync.Mutex
	got []string
}

func newHook(t *testing.T) *hook {
	t.Helper()
	h := &hook{}
	s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		var m struct {
			Status string
			Alerts []struct {
				Status       string
				Labels       map[string]string
				GeneratorURL string
			}
		}
		if err := json.NewDecoder(r.Body).Decode(&m); err != nil {
			t.Error(err)
		}
		var words []string
		for _, a := range m.Alerts {
			words = append(words, a.Labels["alertname"]+" "+a.Labels["severity"]+"="+a.Status)
			if !strings.HasPrefix(a.GeneratorURL, "https://edge.example/") {
				t.Errorf("the link is %q", a.GeneratorURL)
			}
		}
		h.mu.Lock()
		defer h.mu.Unlock()
		h.got = append(h.got, strings.Join(words, ", "))
	}))
	t.Cleanup(s.Close)
	h.url = s.URL
	return h
}

func (h *hook) told() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.got)
}

func (h *hook) notify() policy.Notify {
	return policy.Notify{
		Dashboard: "https://edge.example/", Receivers: []policy.Receiver{{Name: "ops", Webhook: policy.Secret{Text: h.url}}},
	}
}

func same(t *testing.T, got []string, want ...string) {
	t.Helper()
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("told (-want +got):\n%s", d)
	}
}

// The program ends without a word between the moment that an alert fires and the one that somebody is told: kill -9 does
// no more, since the state is on disk before anything is handed on.
func TestWhatFiredBeforeACrashIsToldOnceAfterIt(t *testing.T) {
	h := newHook(t)
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.notify = h.notify()
		own, err := labels.Parse("alertname=A")
		if err != nil {
			t.Fatal(err)
		}
		w.notify.Receivers[0].Match = labels.Matchers{own}
		w.groups = group(rules.Rule{Alert: "A", Expr: "a"})
		w.gives("a", map[string]float64{"shop": 1})
		begin := time.Now()
		_, stop := w.start(t)
		time.Sleep(10 * time.Second)
		stop()
		same(t, h.told())
		w.locked(func() { w.fails["a"] = errors.New("the store is not there yet") })
		time.Sleep(time.Minute)
		for range 3 {
			_, stop = w.start(t)
			time.Sleep(time.Minute)
			stop()
			same(t, h.told(), "A =firing")
		}
		w.locked(func() { w.fails["a"] = nil })
		_, stop = w.start(t)
		defer stop()
		time.Sleep(time.Until(begin.Add(4 * time.Hour)))
		same(t, h.told(), "A =firing")
		time.Sleep(10 * time.Minute)
		same(t, h.told(), "A =firing", "A =firing")
		w.gives("a", nil)
		time.Sleep(10 * time.Minute)
		same(t, h.told(), "A =firing", "A =firing", "A =resolved")
	})
}

func TestAPageMutesTheTicketsOfItsPromise(t *testing.T) {
	h := newHook(t)
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.notify = h.notify()
		rule := func(name, severity, slo, expr string) rules.Rule {
			return rules.Rule{Alert: name, Expr: expr, Labels: map[string]string{"severity": severity, "slo": slo}}
		}
		w.groups = group(rule("A", "page", "s", "a"), rule("B", "ticket", "s", "b"), rule("C", "ticket", "other", "b"))
		w.gives("a", map[string]float64{"shop": 1})
		w.gives("b", map[string]float64{"shop": 1})
		a, stop := w.start(t)
		defer stop()
		time.Sleep(time.Minute)
		got := h.told()
		slices.Sort(got)
		same(t, got, "A page=firing", "C ticket=firing")
		if muted := answer(t, a, 0, nil).Firing[1].Muted + answer(t, a, 0, nil).Firing[2].Muted; muted != "an alert of the same promise pages" {
			t.Errorf("muted because %q", muted)
		}
		w.gives("a", nil)
		time.Sleep(10 * time.Minute)
		if got := h.told(); !slices.Contains(got, "B ticket=firing") {
			t.Errorf("when the page ended the ticket was not told: %q", got)
		}
	})
}

func TestSilencesAndTestsOverHTTP(t *testing.T) {
	h := newHook(t)
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.notify = h.notify()
		w.groups = group(rules.Rule{Alert: "A", Expr: "a", Labels: map[string]string{"severity": "page"}})
		w.gives("a", map[string]float64{"shop": 1})
		a, stop := w.start(t)
		defer stop()
		ask := func(method, path, body string, want int) string {
			t.Helper()
			r := httptest.NewRequestWithContext(t.Context(), method, path, strings.NewReader(body))
			rec := httptest.NewRecorder()
			a.Admin().ServeHTTP(rec, r)
			said, err := io.ReadAll(rec.Body)
			if err != nil || rec.Code != want {
				t.Errorf("%s %s: %d %s, want %d", method, path, rec.Code, said, want)
			}
			return string(said)
		}
		synctest.Wait()
		made := ask("POST", "/admin/alerts/silences",
			`{"matchers": ["service_name=\"shop\""], "for": "2h", "author": "ada", "comment": "moves"}`, 201)
		var one struct{ ID string }
		if err := json.Unmarshal([]byte(made), &one); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Hour)
		same(t, h.told())
		got := answer(t, a, 0, nil)
		if got.Firing[0].Muted != "silence "+one.ID || len(got.Silences) != 1 || got.Silences[0].Mutes != 1 ||
			got.Silences[0].Matchers[0] != `service_name="shop"` || got.Silences[0].State != "active" {
			t.Errorf("muted %q by %+v", got.Firing[0].Muted, got.Silences)
		}
		if list := ask("GET", "/admin/alerts/silences", "", 200); !strings.Contains(list, one.ID) {
			t.Errorf("the list is %s", list)
		}
		ask("DELETE", "/admin/alerts/silences/nothing", "", 404)
		ask("DELETE", "/admin/alerts/silences/"+one.ID, "", 200)
		time.Sleep(time.Minute)
		same(t, h.told(), "A page=firing")

		for body, want := range map[string]string{
			`{}`:                                 "either",
			`{"a"`:                               "is no silence",
			`{"matchers": ["a"], "for": "2h"}`:   "is no matcher",
			`{"matchers": ["a=b"], "fro": "2h"}`: `unknown field \"fro\"`,
			`{"matchers": ["a=b"], "for": "2", "author": "a", "comment": "b"}`:        "is no length of time",
			`{"matchers": ["a=~\".*\""], "for": "2h", "author": "a", "comment": "b"}`: "choose also",
			`{"matchers": ["a=b"], "for": "2h", "author": "a"}`:                       "needs an author and a comment",
			`{"matchers": ["a=b"], "for": "2h", "end": "2030-01-01T00:00:00Z"}`:       "either",
		} {
			if said := ask("POST", "/admin/alerts/silences", body, 400); !strings.Contains(said, want) {
				t.Errorf("%s: %s, want %s", body, said, want)
			}
		}
		foreign := httptest.NewRequestWithContext(t.Context(), "POST", "/admin/alerts/test", http.NoBody)
		foreign.Header.Set("Sec-Fetch-Site", "cross-site")
		rec := httptest.NewRecorder()
		if a.Admin().ServeHTTP(rec, foreign); rec.Code != 403 {
			t.Errorf("a page of others gets %d, want 403", rec.Code)
		}
		if said := ask("POST", "/admin/alerts/test?rule=A", "", 200); !strings.Contains(said, `"edge_test":"true"`) ||
			!strings.Contains(said, `"severity":"page"`) || !strings.Contains(said, `"ok":true`) {
			t.Errorf("the test says %s", said)
		}
		same(t, h.told(), "A page=firing", "A page=firing", "A page=resolved")
		if said := ask("POST", "/admin/alerts/test?rule=EdgeSilnt", "", 404); !strings.Contains(said, `did you mean \"EdgeSilent\"?`) {
			t.Errorf("an unknown rule: %s", said)
		}
		ask("POST", "/admin/alerts/test?rule=EdgeSilent", "", 200)
		ask("POST", "/admin/alerts/test", "", 200)
		ask("POST", "/admin/alerts/test?rules=A", "", 400)
		ask("POST", "/admin/alerts/test?tenant=nobody", "", 400)
		ask("GET", "/admin/alerts/test", "", 405)
	})
}

func TestReceiversThatAreDownAreShownWithoutSecrets(t *testing.T) {
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.notify.Receivers = []policy.Receiver{
			{Name: "am", Alertmanagers: []string{gone.URL + "/s3cret/"}, Headers: map[string]policy.Secret{"X-A": {Text: "s3cret"}}},
			{Name: "hook", Webhook: policy.Secret{Env: "HOOK"}},
			{Name: "other", Tenant: "other", Webhook: policy.Secret{Text: gone.URL}},
		}
		w.groups = group(rules.Rule{Alert: "A", Expr: "a"})
		w.gives("a", map[string]float64{"shop": 1})
		a, stop := w.start(t)
		defer stop()
		time.Sleep(time.Minute)
		synctest.Wait()
		got := answer(t, a, 0, nil).Receivers
		if len(got) != 2 || got[0].Name != "am" || got[0].Kind != "alertmanager" || got[0].Waiting != 1 ||
			!strings.Contains(got[0].Problem, "refused") || got[0].Address != gone.URL {
			t.Errorf("receivers %+v", got)
		}
		if got[1].Problem != "read a secret: the environment has no HOOK" || got[1].Address != "the address in $HOOK" {
			t.Errorf("the one whose address is not there: %+v", got[1])
		}
		if text, err := json.Marshal(answer(t, a, 0, nil)); err != nil || strings.Contains(string(text), "s3cret") {
			t.Errorf("an answer tells a secret: %s, %v", text, err)
		}
	})
}

func TestFiltersChooseAlerts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.groups = group(rules.Rule{Alert: "A", Expr: "a"})
		w.gives("a", map[string]float64{"shop": 1, "cart": 1})
		a, stop := w.start(t)
		defer stop()
		synctest.Wait()
		f := func(filter, want string) {
			t.Helper()
			got := answer(t, a, 0, map[string][]string{"service": {filter}})
			if states(got) != want || !slices.Equal(got.Choices.Services, []string{"cart", "shop"}) {
				t.Errorf("service=%s: %s, choices %v; want %s", filter, states(got), got.Choices.Services, want)
			}
		}
		f("shop", "A shop=firing")
		f("-shop", "A cart=firing")
		f("other", "")
		f("unknown", "")
	})
}

func TestATenantThatIsNoMoreHasNoAlerts(t *testing.T) {
	h := newHook(t)
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.notify = h.notify()
		w.tenants = []alert.Tenant{{Tenant: 1, Name: `odd "{name}",\\`}, {Tenant: 2, Name: "news"}}
		w.notify.Receivers[0].Name = `odd "{name}",=\\ü`
		w.groups = group(rules.Rule{Alert: "A", Expr: "a"})
		w.gives("a", map[string]float64{"shop": 1})
		a, stop := w.start(t)
		defer stop()
		time.Sleep(time.Minute)
		same(t, h.told(), "A =firing, A =firing")
		w.locked(func() { w.tenants = w.tenants[1:] })
		a.Reload()
		time.Sleep(5 * time.Hour)
		if got := h.told(); got[len(got)-1] != "A =firing" {
			t.Errorf("told %q, want the alert of the tenant that is left", got)
		}
		if got := answer(t, a, 1, nil); len(got.Firing) != 0 || len(got.Rules) != 0 {
			t.Errorf("the one that is gone has %s", states(got))
		}
	})
}

// The clock of the last run was a year ahead.
func TestAClockThatWasWrongStopsNothing(t *testing.T) {
	w := newWorld(t)
	state := `{"seen": {"0\ng\nfalse": "2099-01-01T00:00:00Z"}}`
	if err := os.WriteFile(filepath.Join(w.dir, "state.json"), []byte(state), 0o600); err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		w.groups = group(rules.Rule{Alert: "A", Expr: "a"})
		w.gives("a", map[string]float64{"shop": 1})
		begin := time.Now()
		a, stop := w.start(t)
		defer stop()
		expect(t, a, begin.Add(time.Second), "A shop=firing")
	})
}

func TestADamagedStateBeginsAnew(t *testing.T) {
	w := newWorld(t)
	for _, name := range []string{"state.json", "told.json", "silences.json"} {
		if err := os.WriteFile(filepath.Join(w.dir, name), []byte(`{"alerts": {"0": {"zz": 1`), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	_, stop := w.start(t)
	stop()
	for _, name := range []string{"state.json", "told.json", "silences.json"} {
		if _, err := os.Stat(filepath.Join(w.dir, name+".damaged")); err != nil {
			t.Error(err)
		}
	}
}
