package part

import (
	"testing"

	"edgescope/query"
)

func TestARowIsJudgedByItsNormAndTheTargets(t *testing.T) {
	f := func(targets Targets, ratio, errors, p95, samples query.Num, want State) {
		t.Helper()
		r := query.Row{Ratio: ratio, Stats: query.Stats{ErrorRatio: errors, P95: p95, Samples: samples}}
		if got := RowState(targets, &r); got != want {
			t.Errorf("ratio %v, errors %v, p95 %v, n %v: %+v, want %+v", ratio, errors, p95, samples, got, want)
		}
	}
	none := query.None()
	f(Targets{}, 1, 0, 50, 100, State{"ok", "✓ ok"})
	f(Targets{}, 1.25, 0, 50, 100, State{"warn", "! +25\u00a0%"})
	f(Targets{}, 1.64, 0, 50, 100, State{"bad", "✕ +64\u00a0%"})
	f(Targets{}, none, 0, 50, 100, State{"quiet", "· no norm yet"})
	f(Targets{}, 2, 0, 50, 19, State{"quiet", "· few samples"})
	f(Targets{P95: 40}, 1, 0, 50, 100, State{"bad", "✕ over 40\u00a0ms"})
	f(Targets{ErrorRatio: .001}, 1, .0014, 50, 100, State{"warn", "! burn 1.40×"})
	f(Targets{ErrorRatio: .001}, 2, .0062, 50, 100, State{"bad", "✕ burn 6.20×"})
	f(Targets{ErrorRatio: .001}, 1, none, 50, 100, State{"ok", "✓ ok"})
	if got := RowState(Targets{}, &query.Row{Silent: 299}); got != (State{"bad", "✕ silent 4\u00a0min"}) {
		t.Errorf("a silent region: %+v", got)
	}
}
