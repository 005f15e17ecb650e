package limits_test

import (
	"strconv"
	"strings"
	"testing"

	"edgescope/edge"
	"edgescope/edge/platform"
	"edgescope/policy"
	"edgescope/query"
	"edgescope/query/limits"
	"edgescope/query/money"
	"edgescope/query/querytest"
)

// TestTenantsHaveLimitsOfTheirOwn holds that neither what another tenant does nor what its policy says is in an answer of
// one Room, which remembers trends.
func TestTenantsHaveLimitsOfTheirOwn(t *testing.T) {
	w := querytest.New(t)
	serve(w, 200, edge.Facts{Service: "shop", Platform: platform.CloudflareWorkers, HasCPU: true, CPUTime: 9e6}, nil)
	other := querytest.Tenant + 1
	var events []edge.Event
	for range 150 {
		events = append(events, w.Invocation(w.Now.Add(-1e12), 1e6, edge.Facts{
			Service: "theirs", Platform: platform.CloudflareWorkers, HasCPU: true, CPUTime: 1e6,
		}))
	}
	w.Write(other, events...)
	p, problems := policy.Parse("policy.yml", []byte("limits: [{platform: cloudflare.workers, plan: Free, tenant: a}]"))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	x := limits.New(limits.Options{
		Read: w.Read, Problem: func() string { return "policy.yml:3:1: no" }, Policy: func(tenant edge.Tenant) *policy.Policy {
			return p.For(map[edge.Tenant]string{querytest.Tenant: "a", other: "b"}[tenant])
		},
	})
	for tenant, want := range map[edge.Tenant]string{querytest.Tenant: "shop", other: "theirs", 99: ""} {
		for range 2 {
			l, err := x.Limits(t.Context(), tenant, w.Ask("range=1h"))
			if err != nil {
				t.Fatal(err)
			}
			var names []string
			for _, s := range l.Services {
				if s.Service == "" {
					continue // of the account
				}
				names = append(names, s.Service)
				if said := tenant == querytest.Tenant; s.Said != said || said != (len(s.Plans) == 1) {
					t.Errorf("tenant %d: the policy says the plan: %t, %d plans", tenant, s.Said, len(s.Plans))
				}
			}
			if got := strings.Join(names, " "); got != want || l.Services == nil || l.Empty != (want == "") || l.Problem == "" {
				t.Errorf("tenant %d has %q, want %q; empty %t, problem %q", tenant, got, want, l.Empty, l.Problem)
			}
		}
	}
}

// TestStatesBeginAtTheirParts holds the bounds of docs/judgement.md: from a half, four fifths and all of a limit on. The
// greatest of fewer than 1,000 values is known exactly.
func TestStatesBeginAtTheirParts(t *testing.T) {
	w := querytest.New(t)
	const limit = 128 << 20
	of := map[int64]string{
		limit/2 - 1: money.BudgetOK, limit / 2: money.BudgetWatch, limit * 4 / 5: money.BudgetWatch,
		limit*4/5 + 1: money.BudgetTight, limit - 1: money.BudgetTight, limit: money.BudgetOver,
	}
	for most := range of {
		serve(w, 150, edge.Facts{Service: strconv.FormatInt(most, 10), Platform: platform.CloudflareWorkers, HasMemory: true},
			func(i int, f *edge.Facts) { f.Memory = most - int64(i%2) })
	}
	l := ask(t, w, room(t, w, ""), "range=1h")
	for most, want := range of {
		b := budget(t, l, strconv.FormatInt(most, 10), "Paid", money.BudgetMemory)
		if b.State != want || b.Used.Value != query.Num(most) || b.Limit != limit {
			t.Errorf("%d bytes are %v of %v: %s, want %s", most, b.Used.Value, b.Limit, b.State, want)
		}
	}
}

// TestSampledEventsCountAsReceived holds that few events with great weights stay few, and that what they stand for is in
// the numbers of requests.
func TestSampledEventsCountAsReceived(t *testing.T) {
	w := querytest.New(t)
	serve(w, 60, edge.Facts{
		Service: "shop", Platform: platform.Fastly, HasCPU: true, CPUTime: 60e6, Weight: 1000,
	}, nil)
	l := ask(t, w, room(t, w, ""), "range=1h")
	b := budget(t, l, "shop", "Compute", money.BudgetCPU)
	if b.State != money.BudgetFew || b.Used.N != 60 || !l.Estimated {
		t.Errorf("60 events of weight 1,000: %s of n=%v, estimated %t; want few of 60", b.State, b.Used.N, l.Estimated)
	}
	if b.Over != query.Num(1) {
		t.Errorf("%v of them are above 50 ms, want all", b.Over)
	}
}

func TestUnknownPlatformsAreNamed(t *testing.T) {
	w := querytest.New(t)
	serve(w, 10, edge.Facts{Service: "a", Platform: "my_own"}, nil)
	serve(w, 10, edge.Facts{Service: "b"}, nil)
	l := ask(t, w, room(t, w, ""), "range=1h")
	if len(l.Services) != 0 || len(l.Unknown) != 2 || l.Unknown[0] != "my_own" || l.Unknown[1] != query.Unknown {
		t.Errorf("unknown are %q, services %+v", l.Unknown, l.Services)
	}
}
