package judgement

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"edgescope/query"
	"edgescope/web/part"
)

func objectiveOf(promises ...query.Promise) query.Objective {
	return query.Objective{
		Name: "works", SLI: "availability", Target: .999, Period: 30 * 86400, Step: 6 * 3600, Promises: promises,
		Threshold: query.None(), JudgedAt: query.None(),
	}
}

func standing(state string, left query.Num) query.Promise {
	none := query.Figure{Value: query.None(), Low: query.None(), High: query.None(), N: 37}
	p := query.Promise{Service: "shop", State: state, Good: none, Remaining: none, Burn: query.None()}
	p.Remaining.Value = left
	p.Burns = []query.Burn{{Severity: "page", InLong: 21.4, Tells: state == query.PromisePage}}
	return p
}

// TestATileIsGreenOnlyWhereAPromiseIsKnownToHold holds that no data and too few data are said, and never a number.
func TestATileIsGreenOnlyWhereAPromiseIsKnownToHold(t *testing.T) {
	p := &part.Page{URL: &url.URL{Path: "/"}}
	f := func(promise query.Promise, number, note, few, state string) {
		t.Helper()
		tile := SLOTiles(p, &query.SLO{Objectives: []query.Objective{objectiveOf(promise)}})[0]
		if tile.Number != number || !strings.Contains(tile.Note, note) || tile.Few != few || tile.State != state {
			t.Errorf("%s: %q %q %q %q, want %q %q %q %q", promise.State, tile.Number, tile.Note, tile.Few, tile.State,
				number, note, few, state)
		}
	}
	f(standing(query.PromiseNoData, query.None()), "–", "no data", "", "")
	f(standing(query.PromiseFew, .5), "–", "", "too few (n=37)", "")
	f(standing(query.PromiseOK, .5), "50", "", "", "")
	f(standing(query.PromiseOverspent, -.5), "1.50×", "of its budget", "", "bad")
	f(standing(query.PromisePage, .5), "50", "page: burns 21.4×", "", "bad")
	tile := SLOTiles(p, &query.SLO{Objectives: []query.Objective{objectiveOf()}})[0]
	if tile.Number != "–" || !strings.Contains(tile.Note, "no data") {
		t.Errorf("of nothing: %q %q", tile.Number, tile.Note)
	}
}

func TestTheStripTellsTheWorst(t *testing.T) {
	at := time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)
	f := func(class, text string, states ...string) {
		t.Helper()
		o := objectiveOf()
		var all []promise
		for _, state := range states {
			p := standing(state, .5)
			all = append(all, promise{&o, &p})
		}
		if state, more := verdict(all, 1, at); state.Class != class || state.Text != text ||
			!strings.Contains(more, "judged up to 12:00:00 UTC") {
			t.Errorf("%v: %+v %q, want %s %q", states, state, more, class, text)
		}
	}
	f("bad", "works shop burns its budget 21.4× as fast as promised", query.PromisePage, query.PromiseOK)
	f("warn", "works shop has spent its budget", query.PromiseOverspent, query.PromiseOK)
	f("ok", "✓ All promises hold", query.PromiseOK, query.PromiseOK)
	f("quiet", "No burn that anybody is told of", query.PromiseFew, query.PromiseOK)
	f("quiet", "No burn that anybody is told of", query.PromiseNoData, query.PromiseOK)
	f("quiet", "No data")
}

func TestSharesHaveTheDigitsThatTellThemFromAll(t *testing.T) {
	for v, want := range map[query.Num]string{
		.99937: "99.937\u00a0%", .98: "98\u00a0%", .95685: "95.69\u00a0%", -.16: "−16\u00a0%", 1: "100\u00a0%", 0: "0\u00a0%", -22.123: "−2212\u00a0%", -20: "−2000\u00a0%",
	} {
		if got := share(v); got != want {
			t.Errorf("%v: %q, want %q", float64(v), got, want)
		}
	}
}

// TestFiltersThatChooseNothingAreNoLackOfPromises holds that the page proposes a first promise only where there is none.
func TestFiltersThatChooseNothingAreNoLackOfPromises(t *testing.T) {
	f := func(promised int, want string) {
		t.Helper()
		var html strings.Builder
		content := NewSLO(&part.Page{URL: &url.URL{Path: "/slo"}}, &query.SLO{Promised: promised})
		if err := content.Body.Render(t.Context(), &html); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(html.String(), want) {
			t.Errorf("of %d objectives it says %s, want %q", promised, html.String(), want)
		}
	}
	f(0, "Nothing is promised yet")
	f(2, "The policy has 2 objectives")
}
