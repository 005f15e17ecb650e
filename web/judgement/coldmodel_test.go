package judgement

import (
	"bytes"
	"net/url"
	"strings"
	"testing"

	"edgescope/query"
	"edgescope/web/part"
)

func unknownFigure() query.Figure {
	return query.Figure{Value: query.None(), Low: query.None(), High: query.None(), N: query.None(), Origin: query.OriginModel}
}

// unlearnt is a service of which lifetimes are not known.
func unlearnt(state string) query.ColdModel {
	u := unknownFigure()
	return query.ColdModel{
		Service: "shop", State: state, Reason: "because", Known: query.None(), Share: u, Tau10: u, Tau50: u, Tau90: u,
		Causes: query.ColdCauses{Deploy: u, Idle: u, Burst: u},
	}
}

func shownText(t *testing.T, m query.ColdModel) string {
	t.Helper()
	p := &part.Page{URL: &url.URL{Path: "/cold-starts/model"}}
	var b bytes.Buffer
	c := NewColdModel(p, &query.ColdModels{Services: []query.ColdModel{m}})
	if err := c.Body.Render(t.Context(), &b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestUnknownIsNeitherZeroNorGreen holds what the page shows of services without lifetimes.
func TestUnknownIsNeitherZeroNorGreen(t *testing.T) {
	for state, word := range map[string]string{
		query.ColdPrior: "published figures", query.ColdFew: "too few", query.ColdUntold: "not told",
		query.ColdSampled: "sampled", query.ColdAlways: "every start is new",
	} {
		html := shownText(t, unlearnt(state))
		if !strings.Contains(html, word) || !strings.Contains(html, "because") {
			t.Errorf("%s does not say %q and why", state, word)
		}
		for _, bad := range []string{"finding ok", "0\u00a0%", "NaN", `class="bar"`} {
			if strings.Contains(html, bad) {
				t.Errorf("%s shows %q", state, bad)
			}
		}
	}
}

// TestCausesAreOneBar holds that the bar says what its causes add up to, and is not drawn when one is unknown.
func TestCausesAreOneBar(t *testing.T) {
	m := unlearnt(query.ColdLearned)
	m.Share.Value, m.Causes.Deploy.Value, m.Causes.Idle.Value = .09, .01, .05
	if bar, text, _ := causesBar(&m); bar != "" || text != "" {
		t.Errorf("a bar with an unknown cause: %s", text)
	}
	m.Causes.Burst.Value = .03
	bar, text, legend := causesBar(&m)
	if want := "1\u00a0% new versions + 5\u00a0% idle + 3\u00a0% bursts = 9\u00a0% measured"; text != want || len(legend) != 3 {
		t.Errorf("got %q, want %q", text, want)
	}
	if strings.Count(bar, "<title>") != 3 {
		t.Errorf("the bar is %s", bar)
	}
}

func TestAPublishedRangeIsShownAsOne(t *testing.T) {
	f := unknownFigure()
	f.Low, f.High = .009, .021
	if c := sureCell(f, percent); c.Text != "0.90–2.10\u00a0%" || c.Raw != "" {
		t.Errorf("got %+v", c)
	}
	if c := sureCell(unknownFigure(), percent); c.Text != "unknown" || c.Raw != "" {
		t.Errorf("got %+v", c)
	}
	f = query.Figure{Value: 90, Low: 60, High: 300}
	if c := sureCell(f, secondsText); c.Text != "90\u00a0s" || c.Sub != "60\u00a0s–5\u00a0min" {
		t.Errorf("got %+v", c)
	}
}

// TestWithoutMemoryThereIsNoMoney holds that a missing price says what is missing.
func TestWithoutMemoryThereIsNoMoney(t *testing.T) {
	m := unlearnt(query.ColdLearned)
	none := query.None()
	m.Reserved = &query.Reserved{
		Plan: "x", AsOf: "2024", Old: true, Reason: "memory is not known", Load: 2, Peak: 3, Options: []query.Reserve{{
			Residual: .01, Instances: 6, Cold: query.Figure{Value: .009}, Cost: query.Figure{Value: none}, Change: none, Avoided: 10,
			Each: none,
		}},
	}
	table, sub, note := keptTable(&m)
	cells := table.Rows[0].Cells
	if cells[1].Text != "6" || cells[4].Text != "–" || cells[6].Text != "–" || !strings.Contains(note, "memory is not known") {
		t.Errorf("got %+v, %s", cells, note)
	}
	if !strings.Contains(sub, "older than a year") {
		t.Errorf("an old list is not told: %s", sub)
	}
	m.KeepWarm = &query.KeepWarm{Every: 600, Places: 1, Cost: query.Figure{Value: none}, Reason: "memory is not known"}
	if text := pingText(m.KeepWarm); !strings.Contains(text, "no cost: memory is not known") {
		t.Error(text)
	}
}
