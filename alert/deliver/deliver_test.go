package deliver_test

import (
	"encoding/json"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/VictoriaMetrics/metrics"
	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"edgescope/alert/deliver"
	"edgescope/internal/labels"
	"edgescope/internal/run/runtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m, goleak.IgnoreCurrent()) }

// inbox is a receiver on loopback. It must be made outside of a bubble of synctest: the clock there stands while a
// request is on its way, and goes on when it was answered.
type inbox struct {
	url string

	mu     sync.Mutex
	bodies [][]byte
	heads  []http.Header
	// answer, when it is not nil, answers in place of 200.
	answer func(w http.ResponseWriter, n int)
}

func newInbox(t *testing.T) *inbox {
	t.Helper()
	in := &inbox{}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		in.mu.Lock()
		defer in.mu.Unlock()
		in.bodies, in.heads = append(in.bodies, body), append(in.heads, r.Header)
		if in.answer != nil {
			in.answer(w, len(in.bodies))
		}
	}))
	t.Cleanup(s.Close)
	in.url = s.URL
	return in
}

// got returns how many requests came.
func (in *inbox) got() int {
	in.mu.Lock()
	defer in.mu.Unlock()
	return len(in.bodies)
}

// all returns the bodies that came.
func (in *inbox) all() [][]byte {
	in.mu.Lock()
	defer in.mu.Unlock()
	return slices.Clone(in.bodies)
}

// head returns the headers of a request.
func (in *inbox) head(i int) http.Header {
	in.mu.Lock()
	defer in.mu.Unlock()
	return in.heads[i]
}

func (in *inbox) answers(f func(w http.ResponseWriter, n int)) {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.answer = f
}

// told is what a notification says.
type told struct {
	Status             string
	NotificationReason string `json:"notification_reason"`
	GroupKey           string
	Alerts             []struct {
		Status       string
		Labels       map[string]string
		StartsAt     time.Time
		EndsAt       time.Time
		GeneratorURL string
	}
}

// last returns the newest notification as "reason: status alert=status ...".
func (in *inbox) last(t *testing.T) string {
	t.Helper()
	in.mu.Lock()
	defer in.mu.Unlock()
	if len(in.bodies) == 0 {
		return ""
	}
	var m told
	if err := json.Unmarshal(in.bodies[len(in.bodies)-1], &m); err != nil {
		t.Fatal(err)
	}
	words := []string{m.NotificationReason + ": " + m.Status}
	for _, a := range m.Alerts {
		words = append(words, a.Labels["n"]+"="+a.Status)
	}
	return strings.Join(words, " ")
}

// address makes an address of a URL.
func address(url string) deliver.Address {
	return deliver.Address{Shown: url, Request: func() (string, http.Header, error) { return url + "/secret", nil, nil }}
}

func webhook(in *inbox) deliver.Receiver {
	return deliver.Receiver{
		Name: "ops", Webhook: true, Addresses: []deliver.Address{address(in.url)}, Wait: 30 * time.Second,
		Interval: 5 * time.Minute, Repeat: 4 * time.Hour, ExternalURL: "https://edge.example",
	}
}

// open starts deliveries that end with the test, or before by stop.
func open(t *testing.T, path string, receivers ...deliver.Receiver) (d *deliver.Deliverer, stop func()) {
	t.Helper()
	d, err := deliver.Open(deliver.Options{
		Path: path, Now: time.Now, Logger: slog.New(slog.DiscardHandler), Metrics: metrics.NewSet(),
	})
	if err != nil {
		t.Fatal(err)
	}
	d.Configure(receivers)
	return d, sync.OnceFunc(d.Stop)
}

// named makes an alert of a service that fires.
func named(n string, starts time.Time) deliver.Alert {
	return deliver.Alert{
		Labels: map[string]string{"alertname": "EdgeErrors", "service_name": "shop", "n": n}, StartsAt: starts,
		Every: time.Minute,
	}
}

func ended(a deliver.Alert, at time.Time) deliver.Alert {
	a.EndsAt = at
	return a
}

func TestAWebhookIsToldAsAlertmanagerDoes(t *testing.T) {
	in, path := newInbox(t), filepath.Join(t.TempDir(), "told.json")
	synctest.Test(t, func(t *testing.T) {
		d, stop := open(t, path, webhook(in))
		defer stop()
		begin := time.Now()
		at := func(after time.Duration, want int, last string) {
			t.Helper()
			time.Sleep(time.Until(begin.Add(after)))
			synctest.Wait()
			if got := in.got(); got != want || last != in.last(t) {
				t.Errorf("after %s: %d notifications, the last %q; want %d, %q", after, got, in.last(t), want, last)
			}
		}
		a, b, c := named("a", begin), named("b", begin.Add(10*time.Second)), named("c", begin.Add(time.Minute))
		d.Tell("", []deliver.Alert{a})
		at(10*time.Second, 0, "")
		d.Tell("", []deliver.Alert{a, b})
		at(29*time.Second, 0, "")
		at(31*time.Second, 1, "first notification: firing a=firing b=firing")
		at(time.Minute, 1, "first notification: firing a=firing b=firing")
		d.Tell("", []deliver.Alert{a, b, c})
		at(5*time.Minute+29*time.Second, 1, "first notification: firing a=firing b=firing")
		at(5*time.Minute+31*time.Second, 2, "new alerts added: firing a=firing b=firing c=firing")
		d.Tell("", []deliver.Alert{ended(a, time.Now()), b, c})
		at(10*time.Minute+31*time.Second, 3, "some alerts resolved: firing a=resolved b=firing c=firing")
		at(15*time.Minute+31*time.Second, 3, "some alerts resolved: firing a=resolved b=firing c=firing")
		d.Tell("", []deliver.Alert{b, c})
		at(4*time.Hour+9*time.Minute, 3, "some alerts resolved: firing a=resolved b=firing c=firing")
		at(4*time.Hour+16*time.Minute, 4, "repeat interval elapsed: firing b=firing c=firing")
		d.Tell("", []deliver.Alert{ended(b, time.Now()), ended(c, time.Now())})
		at(4*time.Hour+21*time.Minute, 5, "all alerts resolved: resolved b=resolved c=resolved")
		at(12*time.Hour, 5, "all alerts resolved: resolved b=resolved c=resolved")
		again := named("b", time.Now())
		d.Tell("", []deliver.Alert{again})
		at(12*time.Hour+31*time.Second, 6, "first notification: firing b=firing")
	})
}

func TestWhatEndsBeforeItIsToldIsNotTold(t *testing.T) {
	in, path := newInbox(t), filepath.Join(t.TempDir(), "told.json")
	synctest.Test(t, func(t *testing.T) {
		d, stop := open(t, path, webhook(in))
		defer stop()
		a := named("a", time.Now())
		d.Tell("", []deliver.Alert{a})
		time.Sleep(20 * time.Second)
		d.Tell("", []deliver.Alert{ended(a, time.Now())})
		time.Sleep(time.Hour)
		if got := in.got(); got != 0 {
			t.Errorf("%d notifications of an alert that lasted 20 s, want none", got)
		}
	})
}

func TestGroupsAreByAlertAndService(t *testing.T) {
	in, path := newInbox(t), filepath.Join(t.TempDir(), "told.json")
	synctest.Test(t, func(t *testing.T) {
		d, stop := open(t, path, webhook(in))
		defer stop()
		a, b, c := named("a", time.Now()), named("b", time.Now()), named("c", time.Now())
		b.Labels["service_name"] = "cart"
		c.Labels = map[string]string{"alertname": "EdgeErrors"}
		d.Tell("", []deliver.Alert{a, b, c})
		time.Sleep(time.Minute)
		var keys []string
		for _, body := range in.all() {
			var m told
			if err := json.Unmarshal(body, &m); err != nil {
				t.Fatal(err)
			}
			keys = append(keys, m.GroupKey)
		}
		slices.Sort(keys)
		want := []string{
			`{}:{alertname="EdgeErrors", service_name="cart"}`, `{}:{alertname="EdgeErrors", service_name="shop"}`,
			`{}:{alertname="EdgeErrors"}`,
		}
		if d := cmp.Diff(want, keys); d != "" {
			t.Errorf("groups (-want +got):\n%s", d)
		}
	})
}

func TestNothingIsToldTwiceAfterARestart(t *testing.T) {
	in, path := newInbox(t), filepath.Join(t.TempDir(), "told.json")
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		a := named("a", begin)
		f := func(until time.Duration, alert deliver.Alert, want int) {
			t.Helper()
			d, stop := open(t, path, webhook(in))
			defer stop()
			d.Tell("", []deliver.Alert{alert})
			time.Sleep(time.Until(begin.Add(until)))
			synctest.Wait()
			if got := in.got(); got != want {
				t.Errorf("after %s: %d notifications, want %d", until, got, want)
			}
		}
		f(20*time.Second, a, 0) // ended before the group was told: as after kill -9
		f(40*time.Second, a, 1)
		f(50*time.Second, a, 1)
		f(3*time.Hour, a, 1)
		f(3*time.Hour+time.Minute, a, 1)
		f(4*time.Hour+10*time.Minute, a, 2)
		f(5*time.Hour, ended(a, begin.Add(4*time.Hour+11*time.Minute)), 3)
		f(6*time.Hour, ended(a, begin.Add(4*time.Hour+11*time.Minute)), 3)
	})
}

func TestFailuresAreTriedAgain(t *testing.T) {
	f := func(name string, answer func(w http.ResponseWriter, n int), tries map[time.Duration]int, problem string) {
		t.Helper()
		in, path := newInbox(t), filepath.Join(t.TempDir(), "told.json")
		in.answers(answer)
		synctest.Test(t, func(t *testing.T) {
			d, stop := open(t, path, webhook(in))
			defer stop()
			begin := time.Now()
			d.Tell("", []deliver.Alert{named("a", begin)})
			for _, after := range slices.Sorted(func(yield func(time.Duration) bool) {
				for after := range tries {
					if !yield(after) {
						return
					}
				}
			}) {
				time.Sleep(time.Until(begin.Add(30*time.Second + after)))
				synctest.Wait()
				if got, want := in.got(), tries[after]; got != want {
					t.Errorf("%s: %s after the first try: %d tries, want %d", name, after, got, want)
				}
				if after == time.Millisecond && d.States()[0].Problem != problem {
					t.Errorf("%s: the problem is %q, want %q", name, d.States()[0].Problem, problem)
				}
			}
			if s := d.States()[0]; s.Problem != "" || s.Waiting != 0 || s.Sent != 1 || !s.Since.IsZero() {
				t.Errorf("%s: at last the state is %+v", name, s)
			}
		})
	}
	until := func(good, status int, header ...string) func(w http.ResponseWriter, n int) {
		return func(w http.ResponseWriter, n int) {
			if n < good {
				if len(header) > 0 {
					w.Header().Set(header[0], header[1])
				}
				w.WriteHeader(status)
				_, _ = io.WriteString(w, "no room\nsecond line")
			}
		}
	}
	ms := time.Millisecond
	f("500", until(5, 500), map[time.Duration]int{
		ms: 1, time.Second + ms: 2, 3*time.Second + ms: 3, 7*time.Second + ms: 4, 14 * time.Second: 4, 15*time.Second + ms: 5, time.Hour: 5,
	}, "answers 500 Internal Server Error: no room")
	f("429 with Retry-After", until(2, 429, "Retry-After", "120"), map[time.Duration]int{
		ms: 1, 119 * time.Second: 1, 121 * time.Second: 2, time.Hour: 2,
	}, "answers 429 Too Many Requests: no room")
	f("429 with too long a Retry-After", until(2, 429, "Retry-After", "86400"), map[time.Duration]int{
		ms: 1, 14 * time.Minute: 1, 16 * time.Minute: 2,
	}, "answers 429 Too Many Requests: no room")
	f("400", until(2, 400), map[time.Duration]int{ms: 1, 4 * time.Minute: 1, 6 * time.Minute: 2, time.Hour: 2},
		"answers 400 Bad Request: no room")
	f("redirect", until(2, 302, "Location", "https://elsewhere.example/"), map[time.Duration]int{
		ms: 1, 4 * time.Minute: 1, 6 * time.Minute: 2,
	}, "answers 302 Found, a redirect, which is not followed: write the address that it leads to")
}

func TestOneThatIsDownHoldsUpNoOther(t *testing.T) {
	in, gone, path := newInbox(t), httptest.NewServer(http.NotFoundHandler()), filepath.Join(t.TempDir(), "told.json")
	gone.Close()
	synctest.Test(t, func(t *testing.T) {
		down := deliver.Receiver{Name: "down", Addresses: []deliver.Address{address(gone.URL)}}
		d, stop := open(t, path, down, webhook(in))
		defer stop()
		d.Tell("", []deliver.Alert{named("a", time.Now())})
		time.Sleep(time.Hour)
		if got := in.got(); got != 1 {
			t.Errorf("the one that answers was told %d times, want once", got)
		}
		s := d.States()[0]
		if s.Receiver != "down" || s.Waiting != 1 || s.Sent != 0 || s.Since.IsZero() || s.Retry.Before(time.Now()) {
			t.Errorf("the one that is down is in state %+v", s)
		}
		if s.Failed < 15 || s.Failed > 25 { // 1, 2, 4 ... 256 s, then each 5 minutes
			t.Errorf("%d tries in an hour", s.Failed)
		}
		if !strings.Contains(s.Problem, "refused") || strings.Contains(s.Problem, "secret") {
			t.Errorf("the problem is %q", s.Problem)
		}
	})
}

// A certificate of an authority that nobody named is refused, with the way out and without the path.
func TestAnUnknownAuthorityIsNotTrusted(t *testing.T) {
	asked := httptest.NewUnstartedServer(http.NotFoundHandler())
	asked.Config.ErrorLog = log.New(io.Discard, "", 0)
	asked.StartTLS()
	defer asked.Close()
	secret := asked.URL + "/hooks/secret"
	d, stop := open(t, filepath.Join(t.TempDir(), "told.json"), deliver.Receiver{
		Name: "tls", Webhook: true, Addresses: []deliver.Address{address(secret)},
	})
	defer stop()
	got := d.Test(t.Context(), "", named("a", time.Now()))
	if len(got) != 1 || !strings.Contains(got[0].Problem, "SSL_CERT_FILE") || strings.Contains(got[0].Problem, "secret") {
		t.Errorf("%+v", got)
	}
}

// A request that no answer comes to ends by itself. Its clock is the real one: a bubble's stands while one waits for the
// network.
func TestASlowReceiverIsGivenUpAndTriedAgain(t *testing.T) {
	in := newInbox(t)
	over := make(chan struct{})
	slow := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		select {
		case <-over:
		case <-r.Context().Done():
		}
	}))
	t.Cleanup(slow.Close)
	t.Cleanup(func() { close(over) })
	d, err := deliver.Open(deliver.Options{
		Path: filepath.Join(t.TempDir(), "told.json"), Now: time.Now, Logger: slog.New(slog.DiscardHandler),
		Metrics: metrics.NewSet(), Patience: 50 * time.Millisecond,
	})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Stop()
	quick := webhook(in)
	quick.Wait = 0
	d.Configure([]deliver.Receiver{{Name: "slow", Addresses: []deliver.Address{address(slow.URL)}}, quick})
	d.Tell("", []deliver.Alert{named("a", time.Now())})
	runtest.Eventually(t, func() string { return fmt.Sprintf("%d notifications, states %+v", in.got(), d.States()) },
		func() bool { return in.got() > 0 && d.States()[1].Problem != "" })
	if s := d.States()[1]; s.Problem != "no answer within 50ms" || s.Waiting != 1 {
		t.Errorf("the slow one is in state %+v", s)
	}
}

func TestWhatIsTooMuchIsDroppedAndCounted(t *testing.T) {
	in, path := newInbox(t), filepath.Join(t.TempDir(), "told.json")
	synctest.Test(t, func(t *testing.T) {
		d, stop := open(t, path, deliver.Receiver{Name: "am", Addresses: []deliver.Address{address(in.url)}})
		defer stop()
		var all []deliver.Alert
		for i := range 1200 {
			all = append(all, named(strconv.Itoa(i), time.Now().Add(-time.Duration(i)*time.Second)))
		}
		d.Tell("", all)
		synctest.Wait()
		d.Tell("", all)
		synctest.Wait()
		seen := map[string]bool{}
		for _, body := range in.all() {
			var list []struct{ Labels map[string]string }
			if err := json.Unmarshal(body, &list); err != nil {
				t.Fatal(err)
			}
			for _, a := range list {
				seen[a.Labels["n"]] = true
			}
		}
		if s := d.States()[0]; s.Dropped != 200 || len(seen) != 1000 || !seen["1199"] || seen["0"] {
			t.Errorf("%d dropped and %d told, the oldest %t, the youngest %t", s.Dropped, len(seen), seen["1199"], seen["0"])
		}
	})
}

func TestAnAlertmanagerIsToldAtEachEvaluation(t *testing.T) {
	one, two, path := newInbox(t), newInbox(t), filepath.Join(t.TempDir(), "told.json")
	synctest.Test(t, func(t *testing.T) {
		d, stop := open(t, path, deliver.Receiver{
			Name: "am", Addresses: []deliver.Address{address(one.url), address(two.url)},
		})
		defer stop()
		begin := time.Now()
		a := named("a", begin)
		d.Tell("", []deliver.Alert{a})
		synctest.Wait()
		for range 10 { // evaluations of other rules
			time.Sleep(time.Second)
			d.Tell("", []deliver.Alert{a})
		}
		synctest.Wait()
		for i, in := range []*inbox{one, two} {
			if got := in.got(); got != 1 {
				t.Fatalf("Alertmanager %d was told %d times in 10 s, want once", i, got)
			}
		}
		type posted struct {
			Labels           map[string]string
			StartsAt, EndsAt time.Time
		}
		check := func(n int, ends time.Time) {
			t.Helper()
			synctest.Wait()
			if one.got() != n || two.got() != n {
				t.Fatalf("told %d and %d times, want %d", one.got(), two.got(), n)
			}
			var list []posted
			if err := json.Unmarshal(two.all()[n-1], &list); err != nil {
				t.Fatal(err)
			}
			want := []posted{{a.Labels, begin.UTC(), ends.UTC()}}
			if d := cmp.Diff(want, list); d != "" {
				t.Errorf("request %d (-want +got):\n%s", n, d)
			}
		}
		check(1, begin.Add(4*time.Minute))
		time.Sleep(time.Until(begin.Add(time.Minute + time.Millisecond)))
		check(2, begin.Add(5*time.Minute))
		end := time.Now()
		d.Tell("", []deliver.Alert{ended(a, end)})
		check(3, end)
		time.Sleep(time.Minute + time.Millisecond)
		check(4, end)
		d.Tell("", nil)
		time.Sleep(time.Hour)
		check(4, end)
	})
}

func TestReceiversAreToldOfTheirOwn(t *testing.T) {
	shop, all, pages, path := newInbox(t), newInbox(t), newInbox(t), filepath.Join(t.TempDir(), "told.json")
	synctest.Test(t, func(t *testing.T) {
		page, err := labels.Parse(`severity="page"`)
		if err != nil {
			t.Fatal(err)
		}
		r := func(name, tenant string, in *inbox, match ...labels.Matcher) deliver.Receiver {
			w := webhook(in)
			w.Name, w.Tenant, w.Match = name, tenant, match
			return w
		}
		d, stop := open(t, path, r("shop", "shop", shop), r("all", "", all), r("pages", "", pages, page))
		defer stop()
		a, b := named("a", time.Now()), named("b", time.Now())
		b.Labels["severity"] = "page"
		d.Tell("shop", []deliver.Alert{a})
		d.Tell("news", []deliver.Alert{b})
		time.Sleep(time.Minute)
		for _, want := range []struct {
			in   *inbox
			last string
		}{
			{shop, "first notification: firing a=firing"},
			{all, "first notification: firing b=firing a=firing"},
			{pages, "first notification: firing b=firing"},
		} {
			last := want.in.last(t)
			if strings.Count(last, "=") == 2 {
				last = "first notification: firing b=firing a=firing" // the order is that of labels
			}
			if last != want.last {
				t.Errorf("told %q, want %q", last, want.last)
			}
		}
	})
}

func TestWhatIsMutedIsNotToldAsResolved(t *testing.T) {
	in, path := newInbox(t), filepath.Join(t.TempDir(), "told.json")
	synctest.Test(t, func(t *testing.T) {
		d, stop := open(t, path, webhook(in))
		defer stop()
		d.Tell("", []deliver.Alert{named("a", time.Now())})
		time.Sleep(time.Minute)
		d.Tell("", nil)
		time.Sleep(8 * time.Hour)
		if got := in.got(); got != 1 {
			t.Errorf("%d notifications, want the first alone", got)
		}
	})
}

func TestAChangedReceiverGoesOnWhereItWas(t *testing.T) {
	in, path := newInbox(t), filepath.Join(t.TempDir(), "told.json")
	synctest.Test(t, func(t *testing.T) {
		r := webhook(in)
		d, stop := open(t, path, r)
		defer stop()
		d.Tell("", []deliver.Alert{named("a", time.Now())})
		time.Sleep(time.Minute)
		r.Version, r.Repeat = "2", time.Hour
		r.Addresses[0].Request = func() (string, http.Header, error) {
			return in.url, http.Header{"Authorization": {"Bearer s3cret"}}, nil
		}
		d.Configure([]deliver.Receiver{r})
		time.Sleep(time.Minute)
		if got := in.got(); got != 1 {
			t.Fatalf("%d notifications after the receiver changed, want 1", got)
		}
		time.Sleep(time.Hour + 5*time.Minute)
		if got := in.got(); got != 2 {
			t.Fatalf("%d notifications after an hour, want 2", got)
		}
		if got := in.head(1).Get("Authorization"); got != "Bearer s3cret" {
			t.Errorf("signed in with %q", got)
		}
		d.Configure(nil)
		if got := d.States(); len(got) != 0 {
			t.Errorf("there are still %+v", got)
		}
	})
}

func TestATestIsToldAtOnce(t *testing.T) {
	hook, am, bad, path := newInbox(t), newInbox(t), newInbox(t), filepath.Join(t.TempDir(), "told.json")
	bad.answers(func(w http.ResponseWriter, _ int) { w.WriteHeader(http.StatusForbidden) })
	d, stop := open(t, path, webhook(hook), deliver.Receiver{
		Name: "am", Addresses: []deliver.Address{address(am.url), address(bad.url)},
	})
	defer stop()
	a := named("a", time.Now())
	a.Labels["edge_test"] = "true"
	problems := map[string]string{}
	for _, r := range d.Test(t.Context(), "", a) {
		problems[r.Address] = r.Problem
	}
	want := map[string]string{hook.url: "", am.url: "", bad.url: "answers 403 Forbidden"}
	if d := cmp.Diff(want, problems); d != "" {
		t.Errorf("results (-want +got):\n%s", d)
	}
	if got := hook.last(t); hook.got() != 2 || got != "all alerts resolved: resolved a=resolved" {
		t.Errorf("the webhook was told %d times, last %q", hook.got(), got)
	}
	if am.got() != 1 {
		t.Errorf("the Alertmanager was told %d times, want once", am.got())
	}
}
