package part

import (
	"testing"

	"edgescope/query"
)

// standing is one with a share of slow invocations of 14 % where 5 % are usual.
func standing(state string, z query.Num) *query.Standing {
	return &query.Standing{State: state, Signals: []query.Signal{
		{Name: query.SignalErrors, State: query.StandingNormal, Norm: .001, Share: query.Figure{Value: .002, N: 900}},
		{
			Name: query.SignalSlow, State: state, Norm: .05, Swing: .15, Z: z,
			Share: query.Figure{Value: .14, N: 37},
		},
	}}
}

func TestARowIsJudgedByItsNormAndTheTargets(t *testing.T) {
	f := func(targets Targets, state string, errors, p95, samples query.Num, want State) {
		t.Helper()
		r := query.Row{
			Standing: standing(state, 3), Stats: query.Stats{ErrorRatio: errors, P95: p95, Samples: samples},
			Silent: query.None(),
		}
		if got := RowState(targets, &r); got != want {
			t.Errorf("%s, errors %v, p95 %v, n %v: %+v, want %+v", state, errors, p95, samples, got, want)
		}
	}
	none := query.None()
	f(Targets{}, query.StandingNormal, 0, 50, 100, State{"ok", "✓ ok"})
	f(Targets{}, query.StandingMarked, 0, 50, 100, State{"warn", "! slow 14\u00a0%"})
	f(Targets{}, query.StandingAlert, 0, 50, 100, State{"bad", "✕ slow 14\u00a0%"})
	f(Targets{}, query.StandingLearning, 0, 50, 100, State{"quiet", "· no norm yet"})
	f(Targets{}, query.StandingFew, 0, 50, 100, State{"quiet", "· too few (n=37)"})
	f(Targets{}, query.StandingAlert, 0, 50, 19, State{"quiet", "· few samples"})
	f(Targets{P95: 40}, query.StandingNormal, 0, 50, 100, State{"bad", "✕ over 40\u00a0ms"})
	f(Targets{ErrorRatio: .001}, query.StandingNormal, .0014, 50, 100, State{"warn", "! burn 1.40×"})
	f(Targets{ErrorRatio: .001}, query.StandingAlert, .0062, 50, 100, State{"bad", "✕ burn 6.20×"})
	f(Targets{ErrorRatio: .001}, query.StandingNormal, none, 50, 100, State{"ok", "✓ ok"})
	if got := RowState(Targets{}, &query.Row{}); got != (State{"quiet", "· few samples"}) {
		t.Errorf("of nothing: %+v", got)
	}
	for seconds, want := range map[query.Num]string{
		299: "4\u00a0min", 1800: "≥ 30\u00a0min", 5400: "90\u00a0min", 86400: "> 1\u00a0day",
	} {
		if got := RowState(Targets{}, &query.Row{Silent: seconds}); got != (State{"bad", "✕ silent " + want}) {
			t.Errorf("silent for %v s: %+v", seconds, got)
		}
	}
}

func TestWhatIsUsualIsShownBesideTheShare(t *testing.T) {
	c := Columns(page(t, "/")).Usual()
	r := query.Row{Standing: standing(query.StandingNormal, 1)}
	if cell := c.Cell(&r); cell.Text != "14\u00a0%" || cell.Sub != "· 5\u00a0% ±15\u00a0%" {
		t.Errorf("%+v", cell)
	}
	if cell := c.Cell(&query.Row{}); cell.Text != "–" {
		t.Errorf("without a norm: %+v", cell)
	}
}
