package explain_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"edgescope/edge"
	"edgescope/query"
	"edgescope/query/explain"
	"edgescope/query/querytest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m, goleak.IgnoreCurrent()) }

// planted writes n invocations of the last hour, and as many of each of three hours of the week before: one in fifty is
// an error and, in the last hour, those that match more; those that match also take six times as long.
func planted(w *querytest.World, seed uint64, n int, matches func(*edge.Event) bool) {
	w.T.Helper()
	r := rand.New(rand.NewPCG(seed, 3)) //nolint:gosec // the same ones each time
	for _, ago := range []time.Duration{80 * time.Hour, 30 * time.Hour, 5 * time.Hour, time.Hour} {
		events := make([]edge.Event, n)
		for i := range events {
			region := fmt.Sprintf("R%02d", int(20*r.Float64()*r.Float64()))
			f := edge.Facts{
				Service: "shop", Region: region, Colo: region, Route: fmt.Sprintf("/r%d", int(12*r.Float64()*r.Float64())),
				Version: fmt.Sprintf("v%d", r.IntN(3)), Country: fmt.Sprintf("C%02d", r.IntN(20)),
				ColdStart: edge.False, CacheStatus: []string{edge.CacheHit, edge.CacheMiss, ""}[r.IntN(3)], Status: 200,
			}
			when := w.Now.Add(-ago + time.Duration(float64(time.Hour)*float64(i)/float64(n)))
			e := w.Invocation(when, time.Duration(float64(10*time.Millisecond)*(0.5+r.Float64())), f)
			e.Attrs = []edge.Attr{
				{Key: "customer.plan", Value: []string{"free", "silver", "gold"}[r.IntN(3)]},
				{Key: "customer.id", Value: strconv.Itoa(r.IntN(1e6))},
			}
			bad := 0.02
			if ago == time.Hour && matches(&e) {
				bad, e.Duration = 0.5, 6*e.Duration
			}
			if r.Float64() < bad {
				e.Facts.Outcome, e.Facts.Status, e.Facts.ErrorType = edge.OutcomeError, 503, "TypeError"
			}
			events[i] = e
		}
		w.Write(querytest.Tenant, events...)
	}
}

func ask(w *querytest.World, text string) *query.Explanation {
	w.T.Helper()
	a, err := explain.New(w.Read).Explain(context.Background(), querytest.Tenant, w.Ask(text))
	if err != nil {
		w.T.Fatal(err)
	}
	return a
}

// firstOf is what an answer names first, "" when it names nothing.
func firstOf(a *query.Explanation) string {
	if len(a.Causes) == 0 {
		return ""
	}
	var is []string
	for _, s := range a.Causes[0].Is {
		is = append(is, s.Key+"="+s.Value)
	}
	return strings.Join(is, " ")
}

// TestCausesAreFoundInAStore plants what the bad ones share, and holds that it is named of errors and of slow ones, that
// the link leads to just those, and that nothing is named where nothing is planted.
func TestCausesAreFoundInAStore(t *testing.T) {
	for seed, c := range []struct {
		name, want string
		matches    func(e *edge.Event) bool
	}{
		{"a region", "cloud.region=R03", func(e *edge.Event) bool { return e.Facts.Region == "R03" }},
		{"an attribute", "customer.plan=gold", func(e *edge.Event) bool { return e.Attr("customer.plan") == "gold" }},
		{"a pair", "cloud.region=R01 http.route=/r1", func(e *edge.Event) bool {
			return e.Facts.Region == "R01" && e.Facts.Route == "/r1"
		}},
		{"nothing", "", func(*edge.Event) bool { return false }},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := querytest.New(t)
			planted(w, uint64(seed), 3000, c.matches)
			for _, bad := range []string{query.BadErrors, query.BadSlow} {
				a := ask(w, "range=1h&bad="+bad)
				if got := firstOf(a); got != c.want {
					t.Errorf("%s: got %q, want %q: %s", bad, got, c.want, a.Text)
				}
				if a.Looked < 2800 || a.Looked != a.Of && a.Looked > 1.1*a.Of || a.Stretches != nil {
					t.Errorf("%s: looked at %v of %v in %v", bad, a.Looked, a.Of, a.Stretches)
				}
			}
			if c.want == "" {
				return
			}
			a := ask(w, "range=1h")
			if a.Bad == "" || a.Why == "" || firstOf(a) != c.want {
				t.Errorf("chosen: %q because %q: %q", a.Bad, a.Why, firstOf(a))
			}
			a = ask(w, "range=1h&bad=errors")
			v, err := url.ParseQuery(a.Causes[0].Query)
			if err != nil {
				t.Fatal(err)
			}
			v.Set("bad", "errors")
			v.Set("range", "1h")
			again := ask(w, v.Encode()) // the filters of the link select those bad ones and no others
			if again.LookedBad != a.Causes[0].Bad || again.Looked != again.LookedBad {
				t.Errorf("the link leads to %v, of which %v are bad, want %v", again.Looked, again.LookedBad, a.Causes[0].Bad)
			}
		})
	}
}

// TestColdStartsAndMissesAreExplained holds that only those count of which it is known.
func TestColdStartsAndMissesAreExplained(t *testing.T) {
	w := querytest.New(t)
	for _, line := range []string{
		"380 -50m..-10m region=FRA route=/a cold=false cache=hit",
		"20 -50m..-10m region=FRA route=/a cold=true cache=hit",
		"20 -50m..-10m region=FRA route=/a cold=false cache=miss",
		"80 -50m..-10m region=GRU route=/a cold=true cache=hit",
		"80 -50m..-10m region=GRU route=/a cold=false cache=expired",
		"300 -50m..-10m region=SIN route=/b cache=bypass",
	} {
		if err := w.Load(line); err != nil {
			t.Fatal(err)
		}
	}
	for bad, text := range map[string]string{
		query.BadCold: "80 of 100 cold starts are GRU, 28 % of traffic.",
		query.BadMiss: "80 of 100 misses are GRU, 28 % of traffic.",
	} {
		a := ask(w, "range=1h&bad="+bad)
		if a.Text != text || a.Looked != 580 || len(a.Notes) != 1 || !strings.Contains(a.Notes[0], "300 requests are left out") {
			t.Errorf("%s: %q of %v, noted %q", bad, a.Text, a.Looked, a.Notes)
		}
	}
}

// TestManyAreReadInStretches holds that of a long range pieces are read where the bad ones are, that it is said, and
// that the cause is found in them.
func TestManyAreReadInStretches(t *testing.T) {
	w := querytest.New(t)
	if err := w.Load("60000 -60m..-2m region=FRA route=/a ms=10,20,30"); err != nil {
		t.Fatal(err)
	}
	if err := w.Load("400 -20m..-15m region=GRU route=/a outcome=error status=500"); err != nil {
		t.Fatal(err)
	}
	if err := w.Load("400 -60m..-2m region=GRU route=/a"); err != nil {
		t.Fatal(err)
	}
	a := ask(w, "range=1h&bad=errors")
	if len(a.Stretches) == 0 || a.Looked > 50_000 || a.Looked < 20_000 || a.Of < 60_000 {
		t.Fatalf("looked at %v of %v in %v", a.Looked, a.Of, a.Stretches)
	}
	first, last := a.Stretches[0], a.Stretches[len(a.Stretches)-1]
	if first.From.After(w.Now.Add(-20*time.Minute)) || last.To.Before(w.Now.Add(-15*time.Minute)) || a.LookedBad < 390 {
		t.Errorf("looked from %v to %v at %v errors: they are 20 to 15 minutes old", first.From, last.To, a.LookedBad)
	}
	if firstOf(a) != "cloud.region=GRU" {
		t.Errorf("got %q: %s", firstOf(a), a.Text)
	}
}

// TestWeightsAreForDisplayOnly holds that an event that stands for many counts once where it is judged, and with its
// weight where a part of traffic is told.
func TestWeightsAreForDisplayOnly(t *testing.T) {
	w := querytest.New(t)
	for _, line := range []string{
		"300 -50m..-10m region=FRA route=/a weight=9", "60 -50m..-10m region=GRU route=/a outcome=error weight=1",
		"40 -50m..-10m region=GRU route=/a weight=6",
	} {
		if err := w.Load(line); err != nil {
			t.Fatal(err)
		}
	}
	a := ask(w, "range=1h&bad=errors")
	if len(a.Causes) == 0 || !a.Estimated {
		t.Fatalf("got %+v", a)
	}
	c := a.Causes[0]
	if c.N != 100 || c.Bad != 60 || c.Part.Value != 0.1 || c.Part.N != 400 {
		t.Errorf("n %v, bad %v, part %+v", c.N, c.Bad, c.Part)
	}
}

func TestSharesAreAFindingsSentence(t *testing.T) {
	w := querytest.New(t)
	for _, line := range []string{
		"300 -50m..-10m region=GRU route=/a", "60 -50m..-10m region=GRU route=/cart outcome=error",
		"40 -50m..-10m region=GRU route=/cart", "900 -50m..-10m region=FRA route=/a",
	} {
		if err := w.Load(line); err != nil {
			t.Fatal(err)
		}
	}
	room := explain.New(w.Read)
	got, err := room.Shares(t.Context(), querytest.Tenant, w.Ask("range=1h&region=GRU&bad=errors"))
	if want := "60 of 60 errors are on /cart, 25 % of traffic"; got != want || err != nil {
		t.Errorf("got %q, %v, want %q", got, err, want)
	}
	if got, err = room.Shares(t.Context(), querytest.Tenant, w.Ask("range=1h&region=FRA&bad=errors")); got != "" || err != nil {
		t.Errorf("of a region without errors: %q, %v", got, err)
	}
}

func TestAnEmptyStoreHasTooFew(t *testing.T) {
	a := ask(querytest.New(t), "range=1h")
	if a.Verdict != query.ExplainedFew || !a.Empty || len(a.Causes) != 0 {
		t.Errorf("got %+v", a)
	}
}

func TestExamplesOfTheDocumentHold(t *testing.T) {
	w := querytest.New(t)
	for _, line := range []string{
		"300 -125m..-65m region=GRU route=/api/cart", "900 -60m..-2m region=FRA route=/", "40 -60m..-2m region=GRU route=/",
		"60 -60m..-2m region=GRU route=/api/cart outcome=error status=503",
	} {
		if err := w.Load(line); err != nil {
			t.Fatal(err)
		}
	}
	w.Examples(t, "../../docs/api.md", explain.New(w.Read).Answers(), query.PathExplain)
}
