package versions

import (
	"math"
	"net/url"
	"strings"
	"testing"
	"time"

	"edgescope/query"
	"edgescope/web/part"
)

func page(t *testing.T, address string) *part.Page {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return &part.Page{URL: u, Now: time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)}
}

func TestThePageIsQuietWhenNothingIsWorse(t *testing.T) {
	f := func(class, text, rest string, verdicts ...string) {
		t.Helper()
		all := make([]query.DeployVerdict, len(verdicts))
		for i, v := range verdicts {
			all[i].Verdict = v
		}
		if state, more := summary(all); state.Class != class || state.Text != text || more != rest {
			t.Errorf("%v: %q %q %q, want %q %q %q", verdicts, state.Class, state.Text, more, class, text, rest)
		}
	}
	f("quiet", "No version served in this range", "")
	f("quiet", "No version is worse", "1 better, 2 without a difference, 1 with too few requests to tell",
		query.VerdictSame, query.VerdictBetter, query.VerdictSame, query.VerdictFew)
	f("quiet", "No version can be judged", "1 with too few requests to tell, 1 too early to tell, 1 with nothing before to compare with",
		query.VerdictFew, query.VerdictEarly, query.VerdictAlone)
	f("bad", "▲ 1 version is worse", "1 better", query.VerdictBetter, query.VerdictWorse)
	f("bad", "▲ 2 versions are worse", "", query.VerdictWorse, query.VerdictWorse)
}

func TestTooFewIsSaidAndNeverZeroOrGreen(t *testing.T) {
	none := query.Figure{Value: query.None(), Low: query.None(), High: query.None(), N: 37}
	few := query.Change{Signal: query.SignalErrors, Verdict: query.VerdictFew, Share: none, Before: none, Difference: none}
	few.Before.N, few.Score, few.Sure = 52, query.None(), 4.5
	d := query.DeployVerdict{Verdict: query.VerdictFew, Signals: []query.Change{few}}
	table := deployTable(page(t, "/versions"), []query.DeployVerdict{d}, 0)
	for i, c := range table.Columns {
		cell := table.Rows[0].Cells[i]
		if c.Key == "errors" && (cell.Text != "too few" || cell.Sub != "n=37" || cell.Class != "badge quiet") {
			t.Errorf("of errors: %+v", cell)
		}
		if c.Key == "slow" && cell.Text != "–" {
			t.Errorf("of a share that is not there: %+v", cell)
		}
	}
	for _, cell := range changeTable([]query.DeployVerdict{d}).Rows[0].Cells {
		if strings.HasPrefix(cell.Text, "0") || strings.Contains(cell.Text, "NaN") || strings.Contains(cell.Class, "ok") {
			t.Errorf("a share of too few has the cell %+v", cell)
		}
	}
}

func TestAnEffectSaysItsUnitAndInterval(t *testing.T) {
	points := query.Figure{Value: -.0104, Low: -.0152, High: .0003}
	percent := query.Figure{Value: .72, Low: .6, High: .85}
	unknown := query.Figure{Value: query.Num(math.NaN())}
	f := func(c query.Change, want string) {
		t.Helper()
		if got := effect(&c); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	f(query.Change{Difference: points}, "−1.0\u00a0points (−1.5 to +0.0)")
	f(query.Change{Difference: points, P95Change: &percent}, "+72\u00a0% (+60 to +85)")
	f(query.Change{Difference: points, P95Change: &unknown}, "−1.0\u00a0points (−1.5 to +0.0)")
}

func TestLinksSayTheVersionAndItsService(t *testing.T) {
	p := page(t, "/versions?range=6h&region=GRU")
	d := query.DeployVerdict{
		Deploy: query.Deploy{Service: "shop", Version: "v 2"}, Verdict: query.VerdictWorse, Text: "worse than v1: errors",
		Routes: []query.RouteChange{{Route: "/a", Signals: []query.Change{{Signal: query.SignalSlow, Verdict: query.VerdictWorse}}}},
	}
	want := "?range=6h&region=GRU&service=shop&version=v+2"
	if got := deployTable(p, []query.DeployVerdict{d}, 0).Rows[0].Cells[0].Href; got != "/versions"+want {
		t.Errorf("the version leads to %s", got)
	}
	if got := routeTable(p, []query.DeployVerdict{d}).Rows[0].Cells[0].Href; got != "/traces?range=6h&region=GRU&route=%2Fa&service=shop&version=v+2" {
		t.Errorf("the route leads to %s", got)
	}
	if one := routeTable(p, []query.DeployVerdict{d, {}}); len(one.Rows) != 1 {
		t.Errorf("%d rows of routes, want one", len(one.Rows))
	}
}

func TestWhatMayStillChangeSaysWhen(t *testing.T) {
	p := page(t, "/versions")
	f := func(d query.DeployVerdict, want string) {
		t.Helper()
		if got := nextCell(p, &d).Text; got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	f(query.DeployVerdict{Final: true}, "none: final")
	f(query.DeployVerdict{Next: p.Now.Add(20 * time.Minute)}, "12:20")
	f(query.DeployVerdict{Next: p.Now.Add(14 * time.Hour)}, "Dec 1 02:00")
}
