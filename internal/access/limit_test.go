package access

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"edgescope/edge"
)

// clock is a time that a test moves.
type clock struct{ at time.Time }

func newClock() *clock                { return &clock{time.Date(2026, 8, 1, 12, 0, 0, 0, time.UTC)} }
func (c *clock) now() time.Time       { return c.at }
func (c *clock) pass(d time.Duration) { c.at = c.at.Add(d) }

func TestTheAverageOfARateHolds(t *testing.T) {
	c := newClock()
	l := newLimiter(Limit{EventsPerSecond: 100, Burst: 10 * time.Second}, c.now())
	sent := 0
	for range 3600 {
		for l.room(c.now()) == nil {
			l.spend(c.now(), 0, 250)
			sent += 250
		}
		c.pass(time.Second)
	}
	if want := 3600*100 + 1000; sent < want-250 || sent > want+250 {
		t.Errorf("an hour at 100/s with a burst of 1000 took %d events, want %d", sent, want)
	}
}

func TestARateTellsWhenToComeBack(t *testing.T) {
	f := func(l Limit, bytes, events float64, want time.Duration) {
		t.Helper()
		c := newClock()
		lim := newLimiter(l, c.now())
		lim.spend(c.now(), bytes, events)
		err := lim.room(c.now())
		if want == 0 {
			if err != nil {
				t.Errorf("%+v after %v bytes and %v events: got %v, want room", l, bytes, events, err)
			}
			return
		}
		var later *edge.UnavailableError
		if !errors.As(err, &later) || !later.Busy || later.RetryAfter != want {
			t.Errorf("%+v after %v bytes and %v events: got %v, want %s", l, bytes, events, err, want)
			return
		}
		c.pass(want)
		if err := lim.room(c.now()); err != nil {
			t.Errorf("%+v after waiting as told: %v", l, err)
		}
	}
	perSecond := Limit{BytesPerSecond: 1000, EventsPerSecond: 10, Burst: 10 * time.Second}
	f(perSecond, 10_000, 100, 0)
	f(perSecond, 10_001, 0, time.Second)
	f(perSecond, 10_500, 0, time.Second)
	f(perSecond, 12_500, 0, 3*time.Second)
	f(perSecond, 0, 145, 5*time.Second)
	f(perSecond, 12_500, 145, 5*time.Second)
	f(Limit{BytesPerSecond: 1000}, 9999, 1e9, 0) // a burst of 10 s, events have no bound
	f(Limit{EventsPerSecond: 1}, 1e12, 10, 0)
	f(Limit{}, 1e12, 1e12, 0)
	f(Limit{EventsPerSecond: 0.01, Burst: time.Second}, 0, 1, 99*time.Second)
}

func TestAClockThatGoesBackGivesNothing(t *testing.T) {
	c := newClock()
	l := newLimiter(Limit{EventsPerSecond: 1, Burst: time.Second}, c.now())
	l.spend(c.now(), 0, 2)
	c.pass(-time.Hour)
	if l.room(c.now()) == nil {
		t.Error("got room an hour before the limit was reached")
	}
}

const limited = `
tenants:
  - {id: 1, name: shop, limit: {bytes_per_second: 100, burst: 1s}}
  - {id: 2, name: news}
tokens:
  - {token: ` + shopWriter + `, tenant: shop, scopes: [write]}
  - {token: ` + shopReader + `, tenant: shop, scopes: [write, read]}
  - {token: ` + newsAll + `, tenant: news, scopes: [write]}
`

func TestARateIsOfTheTenantAndOutlivesAReload(t *testing.T) {
	c := newClock()
	g := open(t, limited, Options{Now: c.now})
	admit := func(token string, scope Scope, want string) {
		t.Helper()
		if got := outcome(g.Admit(t.Context(), "Bearer "+token, scope)); got != want {
			t.Errorf("%s: got %s, want %s", token, got, want)
		}
	}
	ctx := Begin(t.Context())
	if _, err := g.Admit(ctx, "Bearer "+shopWriter, Write); err != nil {
		t.Fatal(err)
	}
	Spend(ctx, 500, 0)
	admit(shopWriter, Write, "429")
	admit(shopReader, Write, "429") // another token of the same tenant
	admit(shopReader, Read, "shop") // asking has no rate
	admit(newsAll, Write, "news")

	write(t, g.o.Tokens, limited+"\n# changed\n")
	if changed, err := g.Reload(t.Context()); !changed || err != nil {
		t.Fatal(changed, err)
	}
	admit(shopWriter, Write, "429")
	c.pass(5 * time.Second)
	admit(shopWriter, Write, "shop")
}

func TestMeterCountsWhatIsReadOfABody(t *testing.T) {
	c := newClock()
	g := open(t, limited, Options{Now: c.now})
	var read []byte
	h := Meter(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if _, err := g.Admit(r.Context(), r.Header.Get("Authorization"), Write); err != nil {
			t.Error(err)
		}
		read, _ = io.ReadAll(r.Body)
	}))
	send := func(token string, size int) {
		r := httptest.NewRequest(http.MethodPost, "/v1/traces", strings.NewReader(strings.Repeat("x", size)))
		r.Header.Set("Authorization", "Bearer "+token)
		h.ServeHTTP(httptest.NewRecorder(), r)
		if len(read) != size {
			t.Errorf("read %d bytes, want %d", len(read), size)
		}
	}
	send(newsAll, 1000)
	send(shopWriter, 100)
	if got := outcome(g.Admit(t.Context(), "Bearer "+shopWriter, Write)); got != "shop" {
		t.Errorf("after 100 of 100 bytes: got %s", got)
	}
	send(shopWriter, 2)
	if got := outcome(g.Admit(t.Context(), "Bearer "+shopWriter, Write)); got != "429" {
		t.Errorf("after 101 of 100 bytes: got %s", got)
	}
}
