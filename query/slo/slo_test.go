package slo_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"edgescope/edge"
	"edgescope/policy"
	"edgescope/query"
	"edgescope/query/querytest"
	"edgescope/query/slo"
	"edgescope/store"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m, goleak.IgnoreCurrent()) }

// room makes a room over a world whose policy is a text.
func room(t testing.TB, w *querytest.World, text string) *slo.Room {
	t.Helper()
	p, problems := policy.Parse("policy.yml", []byte(text))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	return slo.New(slo.Options{Read: w.Read, Policy: func(edge.Tenant) *policy.Policy { return p.For("") }})
}

// fired are the values that the rules of a room give at the time up to which it judges, by "severity slo labels".
func fired(t testing.TB, w *querytest.World, x *slo.Room) map[string]float64 {
	t.Helper()
	groups, err := x.Rules(t.Context(), querytest.Tenant, "")
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]float64{}
	for i := range groups {
		at := w.Now.Add(-groups[i].Delay()).Truncate(10 * time.Second)
		for _, r := range groups[i].Rules {
			series, err := w.Store.Series(t.Context(), store.SeriesQuestion{
				Tenant: querytest.Tenant, MetricsQL: r.Expr, From: at, To: at, Step: time.Minute,
			})
			if err != nil {
				t.Fatalf("%s: %v", r.Expr, err)
			}
			for _, s := range series {
				if v := s.Values[0]; !math.IsNaN(v) {
					out[strings.Join([]string{
						r.Labels["severity"], r.Labels["slo"], s.Label(edge.LabelService), s.Label(edge.LabelRoute),
						s.Label(edge.LabelRegion), s.Label(edge.LabelVersion),
					}, "|")] = v
				}
			}
		}
	}
	return out
}

// told are the burns of the promises of which the answer says that somebody is told, as fired gives them.
func told(a *query.SLO) map[string]float64 {
	out := map[string]float64{}
	for i := range a.Objectives {
		for _, p := range a.Objectives[i].Promises {
			for _, b := range p.Burns {
				key := strings.Join([]string{b.Severity, a.Objectives[i].Name, p.Service, p.Route, p.Region, p.Version}, "|")
				if _, known := out[key]; b.Tells && !known {
					out[key] = float64(b.InLong)
				}
			}
		}
	}
	return out
}

func ask(t testing.TB, w *querytest.World, x *slo.Room, question string) *query.SLO {
	t.Helper()
	a, err := x.SLO(t.Context(), querytest.Tenant, w.Ask(question))
	if err != nil {
		t.Fatal(err)
	}
	return a
}

const everyKind = `slos:
  - {name: up, sli: availability, target: 99.9}
  - {name: up-week, service: shop, sli: availability, target: 99, period: 7d}
  - {name: up-routes, sli: availability, target: 99.5, by: [route]}
  - {name: up-versions, sli: availability, target: 99.5, by: [route, version]}
  - {name: up-regions, service: shop, sli: availability, target: 99.5, by: [region]}
  - {name: fast, sli: latency, target: 95, threshold: 200ms}
  - {name: fast-regions, sli: latency, target: 95, threshold: 1.5s, by: [region]}
  - {name: instant, service: shop, sli: latency, target: 90, threshold: 300us}
  - {name: warm, sli: warm, target: 97}
  - {name: hit, sli: hit, target: 85, by: [route]}
  - {name: low, sli: availability, target: 60}
`

// TestTheAnswerAgreesWithTheRules holds that the rules, as the engine evaluates them, give exactly the promises of which
// the answer says that somebody is told, with the burn that it shows: of all SLIs, by all that they can be by, weighted
// and not, of every source, in data that comes and goes.
func TestTheAnswerAgreesWithTheRules(t *testing.T) {
	w := querytest.New(t)
	r := rand.New(rand.NewPCG(1, 2))
	pick := func(of ...string) string { return of[r.IntN(len(of))] }
	for i := range 250 {
		ago := time.Duration(math.Exp(r.Float64()*math.Log(80*3600))) * time.Second
		length := time.Duration(r.Float64() * float64(ago))
		line := fmt.Sprintf("%d -%s..-%s service=%s region=%s route=/%s version=%s outcome=%s ms=%s cache=%s cold=%s",
			1+r.IntN(60), ago, ago-length, pick("shop", "shop", "img"), pick("FRA", "IAD"), pick("a", "b"), pick("v1", "v2"),
			pick("ok", "ok", "ok", "error", "canceled", "timeout"), pick("10", "0.1", "190,2000", "0", "250"),
			pick("hit", "miss", "", "expired", "bypass", "stale"), pick("true", "false", "false", ""))
		switch i % 10 {
		case 0:
			line += " weight=40"
		case 1:
			line = strings.Replace(line, "service=shop", "service=points", 1) + " signal=datapoint"
		case 2:
			line = strings.Replace(line, "service=shop", "service=tails", 1) + " signal=tail"
		case 3:
			line += " signal=tail" // of a service that sends spans: counted once
		}
		if err := w.Load(line); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
	}
	x := room(t, w, everyKind)
	got, want := told(ask(t, w, x, "")), fired(t, w, x)
	bySLO := map[string]bool{}
	for key, v := range want {
		if math.Abs(got[key]-v) > 1e-9*v {
			t.Errorf("%s: the rule gives %v, the answer %v", key, v, got[key])
		}
		bySLO[strings.Split(key, "|")[1]] = true
	}
	for key, v := range got {
		if _, ok := want[key]; !ok {
			t.Errorf("%s: the answer tells of %v, the rule of nothing", key, v)
		}
	}
	t.Logf("%d alerts of %d SLOs: %v", len(want), len(bySLO), bySLO)
	if len(bySLO) < 9 {
		t.Errorf("only of %v there is anything to tell", bySLO)
	}
}
