package deploys_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"edgescope/query"
	"edgescope/query/deploys"
	"edgescope/query/querytest"
	"edgescope/query/tables"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m, goleak.IgnoreCurrent()) }

const (
	fastA = "route=/a ms=10,12,15,20,11,13,16,30 cold=false cache=hit "
	fastB = "route=/b ms=40,45,60,50,42,48,61,80 cold=false cache=miss "
	slowB = "route=/b ms=60,75,90,80,62,78,91,120 cold=false cache=miss "
)

// load makes a world of these lines, each "N FROM..TO key=value ...".
func load(t *testing.T, lines ...string) (*querytest.World, *deploys.Room) {
	t.Helper()
	w := querytest.New(t)
	for _, line := range lines {
		if err := w.Load(line); err != nil {
			t.Fatal(err)
		}
	}
	return w, deploys.New(w.Read)
}

// sideBySide is v2 beside v1 for so long, slower on /b.
func sideBySide(t *testing.T, since string) (*querytest.World, *deploys.Room) {
	t.Helper()
	return load(t,
		"3000 -300m..-"+since+" version=v1 "+fastA, "3000 -300m..-"+since+" version=v1 "+fastB,
		"9000 -"+since+"..0m version=v1 "+fastA, "9000 -"+since+"..0m version=v1 "+fastB,
		"9000 -"+since+"..0m version=v2 "+fastA, "9000 -"+since+"..0m version=v2 "+slowB)
}

func TestASlowerRouteIsNamed(t *testing.T) {
	w, room := sideBySide(t, "80m")
	a, err := room.Deploys(t.Context(), querytest.Tenant, w.Ask("range=6h"))
	if err != nil || len(a.Deploys) != 2 {
		t.Fatalf("%v: %+v", err, a)
	}
	v := a.Deploys[0]
	if v.Version != "v2" || v.Against != "v1" || v.Verdict != query.VerdictWorse || !v.Final || v.Provisional ||
		v.Method != query.MethodSideBySide || v.To.Sub(v.From) != time.Hour {
		t.Errorf("%+v", v)
	}
	if len(v.Routes) != 1 || v.Routes[0].Route != "/b" || v.RouteCount != 2 || !strings.HasSuffix(v.Text, "on /b") {
		t.Errorf("%s: %+v", v.Text, v.Routes)
	}
	if first := a.Deploys[1]; first.Verdict != query.VerdictAlone || first.Against != "" {
		t.Errorf("the first version: %+v", first)
	}
	found, err := room.Findings(t.Context(), querytest.Tenant, w.Ask("range=1h"))
	if err != nil || len(found) != 1 || found[0].Kind != query.KindRegression || found[0].Version != "v2" ||
		found[0].Route != "/b" || !found[0].Since.Equal(v.Began) {
		t.Errorf("%v: findings %+v", err, found)
	}
}

// TestAVerdictComesByAndBy looks at the same versions as time passes.
func TestAVerdictComesByAndBy(t *testing.T) {
	w, room := sideBySide(t, "80m")
	end := w.Now
	f := func(after time.Duration, verdict string, provisional, final bool) {
		t.Helper()
		w.Now = end.Add(after - 80*time.Minute)
		a, err := room.Deploy(t.Context(), querytest.Tenant, "v2", w.Ask("range=6h&service=shop"))
		if err != nil {
			t.Fatal(err)
		}
		v := a.Deploy
		if v.Verdict != verdict || v.Provisional != provisional || v.Final != final || v.Final != v.Next.IsZero() {
			t.Errorf("after %s: %s, provisional %t, final %t, next %s: %s", after, v.Verdict, v.Provisional, v.Final, v.Next, v.Text)
		}
	}
	f(2*time.Minute, query.VerdictEarly, false, false)
	f(12*time.Minute, query.VerdictWorse, true, false)
	f(26*time.Minute, query.VerdictWorse, false, false)
	f(62*time.Minute, query.VerdictWorse, true, false)
	f(76*time.Minute, query.VerdictWorse, false, true)
}

// TestAVersionIsComparedWithAnother holds that the filter by a version does not hold for the one compared with.
func TestAVersionIsComparedWithAnother(t *testing.T) {
	w, _ := load(t, "300 -50m..0m version=v1 "+fastA, "200 -50m..0m version=v2 "+fastA)
	a, err := w.Read.Begin(querytest.Tenant, w.Ask("range=1h&version=v2&cmp=v:v1"))
	if err != nil {
		t.Fatal(err)
	}
	before, err := a.TableBefore(t.Context(), a.Whole(tables.WithEvents))
	if err != nil || before.Total().Events != 300 {
		t.Errorf("%v: compared with %v events, want the 300 of v1", err, before.Total().Events)
	}
}

// TestAComparisonWithNothingIsSaid asks for a version that served before the range only.
func TestAComparisonWithNothingIsSaid(t *testing.T) {
	w, _ := load(t, "300 -5h..-3h version=v1 "+fastA, "200 -50m..0m version=v2 "+fastA)
	for text, want := range map[string]int{"range=1h&version=v2&cmp=v:v1": 1, "range=6h&version=v2&cmp=v:v1": 0, "range=1h": 0} {
		a, err := w.Read.Begin(querytest.Tenant, w.Ask(text))
		if err != nil {
			t.Fatal(err)
		}
		about, err := a.About(t.Context())
		if err != nil || len(about.Notes) != want || want == 1 && !strings.Contains(about.Notes[0], "version v1 did not serve") {
			t.Errorf("%s: %v, notes %q", text, err, about.Notes)
		}
	}
}

func TestTooFewIsSaid(t *testing.T) {
	w, room := load(t, "300 -300m..-80m version=v1 "+fastA, "90 -80m..0m version=v1 "+fastA, "90 -80m..0m version=v2 "+fastA)
	a, err := room.Deploy(t.Context(), querytest.Tenant, "v2", w.Ask("range=6h"))
	if err != nil {
		t.Fatal(err)
	}
	if v := a.Deploy; v.Verdict != query.VerdictFew || v.Final || !strings.Contains(v.Text, "too few") ||
		!strings.Contains(v.Signals[1].Text, "(n=6") {
		t.Errorf("%s %s: %+v", v.Verdict, v.Text, v.Signals[1])
	}
}

// instant is five days of v1, as much each day, and a switch to v2 75 minutes ago.
func instant(t *testing.T, after string) (*querytest.World, *deploys.Room) {
	t.Helper()
	var lines []string
	for day := 5; day >= 1; day-- {
		at := time.Duration(day) * query.Day
		from, to := (-at - 4*time.Hour).String(), (-at + 3*time.Hour).String()
		lines = append(lines, "21000 "+from+".."+to+" version=v1 "+fastA, "21000 "+from+".."+to+" version=v1 "+fastB)
	}
	lines = append(lines, "3000 -4h..-75m version=v1 "+fastA, "3000 -4h..-75m version=v1 "+fastB,
		"4000 -75m..0m version=v2 "+fastA, "4000 -75m..0m version=v2 "+after)
	return load(t, lines...)
}

func TestAnInstantSwitchIsJudgedByTheNorm(t *testing.T) {
	for after, want := range map[string]string{slowB: query.VerdictWorse, fastB: query.VerdictSame} {
		t.Run(want, func(t *testing.T) {
			w, room := instant(t, after)
			a, err := room.Deploy(t.Context(), querytest.Tenant, "v2", w.Ask("range=6h"))
			if err != nil {
				t.Fatal(err)
			}
			v := a.Deploy
			if v.Verdict != want || v.Method != query.MethodNorm || v.Against != "v1" {
				t.Errorf("%s by %s: %s, notes %q", v.Verdict, v.Method, v.Text, v.Notes)
			}
			if len(v.Routes) != 2 || (v.Routes[0].Route == "/b" && v.Routes[0].Verdict == want) != (want == query.VerdictWorse) {
				t.Errorf("routes %+v", v.Routes)
			}
		})
	}
}

func TestQuestionsThatCannotBeAnswered(t *testing.T) {
	w, room := load(t, "30 -2h..0m version=v1 service=a", "30 -2h..0m version=v1 service=b")
	ask := func(version, text string) error {
		_, err := room.Deploy(t.Context(), querytest.Tenant, version, w.Ask(text))
		return err
	}
	var param *query.ParamError
	if err := ask("v1", "range=1h"); !errors.As(err, &param) || param.Key != query.KeyService ||
		!strings.Contains(param.Reason, "a, b") {
		t.Errorf("of two services: %v", err)
	}
	if err := ask("v1", "range=1h&service=a"); err != nil {
		t.Errorf("of one service: %v", err)
	}
	for _, version := range []string{"v2", ""} {
		if err := ask(version, "range=1h"); !errors.Is(err, query.ErrNotFound) {
			t.Errorf("version %q: %v", version, err)
		}
	}
	for _, against := range []string{"v1", "v0"} {
		if err := ask("v1", "range=1h&service=a&cmp=v:"+against); !errors.As(err, &param) || param.Key != query.KeyCompare {
			t.Errorf("against %s: %v", against, err)
		}
	}
}

func TestExamplesOfTheDocumentHold(t *testing.T) {
	w, room := sideBySide(t, "80m")
	w.Examples(t, "../../docs/api.md", room.Answers(), query.PathDeploys, query.PathDeploys+"/")
}
