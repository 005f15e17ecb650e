package policy_test

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"edgescope/edge/price"
	"edgescope/policy"
)

// example is the file of docs/policy.md.
func example(t testing.TB) []byte {
	t.Helper()
	text, err := os.ReadFile("../docs/policy.md")
	if err != nil {
		t.Fatal(err)
	}
	_, after, _ := strings.Cut(string(text), "```yaml\n")
	src, _, ok := strings.Cut(after, "```\n")
	if !ok {
		t.Fatal("docs/policy.md has no example")
	}
	return []byte(src)
}

func parse(t testing.TB, src string) *policy.Policy {
	t.Helper()
	p, problems := policy.Parse("p.yml", []byte(src))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	return p
}

// TestPoliciesOfTheRepositoryAreRead holds that every other policy that people are shown is one.
func TestPoliciesOfTheRepositoryAreRead(t *testing.T) {
	readme, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, after, _ := strings.Cut(string(readme), "# collector --policy policy.yml\n")
	src, _, ok := strings.Cut(after, "```\n")
	if !ok {
		t.Fatal("the README has no policy")
	}
	if p := parse(t, src); len(p.SLOs) != 2 || len(p.Notify.Receivers) != 1 {
		t.Errorf("got %d SLOs and %d receivers, want 2 and 1", len(p.SLOs), len(p.Notify.Receivers))
	}
	for _, file := range []string{"../deploy/policy.yml", "../e2e/demo/policy.yml"} {
		if p, err := policy.Read(file); err != nil || len(p.SLOs) == 0 {
			t.Errorf("%s: %v", file, err)
		}
	}
}

func TestTheExampleOfTheDocsIsRead(t *testing.T) {
	p := parse(t, string(example(t)))
	want := &policy.Policy{
		Path: "p.yml",
		Prices: []policy.Price{{Plan: price.Plan{
			Platform: "cloudflare.workers", Name: "Enterprise", Base: 500, Meters: []price.Meter{
				{Of: price.Requests, Included: 100e6, Per: 1e6, Price: .2},
				{Of: price.CPU, Included: 300e6, Per: 1e6, Price: .015, Tiers: []price.Tier{{Above: 1e9, Price: .012}}},
			}, Source: price.Source{Page: "contract 4711", AsOf: "2026-11"},
		}}},
		Accounts: []policy.Account{
			{Platform: "cloudflare.workers", Plan: "Paid", Budget: 200, Factor: 1},
			{
				Platform: "aws_lambda", Plan: "x86", Budget: 120, Factor: 1, Services: []string{"api", "mail"},
				Invoices: []policy.Invoice{{Month: time.Date(2026, 10, 1, 0, 0, 0, 0, time.UTC), Amount: 45.4}},
			},
		},
		Loads: []policy.Load{
			{Platform: "cloudflare.workers", Plan: "Paid", CPU: 7 * time.Millisecond},
			{Platform: "aws_lambda", Plan: "x86", MemoryGB: 1, Duration: 150 * time.Millisecond},
		},
		Limits: []policy.Limit{{Service: "shop", Plan: "Paid", CPU: 50 * time.Millisecond}},
		Memory: []policy.Memory{{Service: "api", GB: 1}, {Service: "mail", GB: .5}},
		SLOs: []policy.SLO{
			{Name: "shop answers", Service: "shop", SLI: policy.SLIAvailability, Target: 99.9, Period: 720 * time.Hour},
			{
				Name: "shop is fast", Service: "shop", SLI: policy.SLILatency, Target: 95, Period: 720 * time.Hour,
				Threshold: 200 * time.Millisecond, By: []string{"route"},
			},
		},
		Residency: []policy.Zone{
			{Name: "EU", Countries: []string{"DE", "FR", "IT"}, Regions: []string{"eu-west-1", "eu-central-1"}},
		},
		Routing: policy.Routing{MSPerUSD: 10},
		Notify: policy.Notify{
			Wait: 30 * time.Second, Interval: 5 * time.Minute, Repeat: 4 * time.Hour, Receivers: []policy.Receiver{
				{Name: "on call", Alertmanagers: []string{"http://127.0.0.1:9093"}},
				{Name: "acme", Tenant: "acme", Webhook: policy.Secret{Text: "https://acme.example.com/alerts"}},
			},
		},
	}
	if diff := cmp.Diff(want, p, cmpopts.IgnoreUnexported(policy.Policy{}, policy.Account{}, policy.Load{})); diff != "" {
		t.Error(diff)
	}
	if err := p.KnownTenants([]string{"acme"}); err != nil {
		t.Error(err)
	}
	if err := p.KnownTenants([]string{"acne"}); err == nil || !strings.Contains(err.Error(),
		`:47:28: no tenant of --tokens is called "acme" (did you mean "acne"?)`) {
		t.Errorf("an unknown tenant: %v", err)
	}
}

// TestWhatIsWrongIsTold holds each message with its place.
func TestWhatIsWrongIsTold(t *testing.T) {
	f := func(src, want string) {
		t.Helper()
		_, problems := policy.Parse("p.yml", []byte(src))
		if got := problems.Error(); got != want {
			t.Errorf("%s\ngot:\n%s\nwant:\n%s", src, got, want)
		}
	}
	f("prizes: []", `p.yml:1:1: unknown key "prizes" of a policy (did you mean "prices"?): want accounts, limits, load, memory, `+
		`notify, prices, residency, routing, slos`)
	f("memory: {a: 1GB, a: 2GB}", `p.yml:1:18: key "a" is given twice`)
	f("memory: {a: 1TB}", `p.yml:1:13: want an amount of memory above 0, up to 1024GB, such as 128MB, 1.5GB or a number of GB, not "1TB"`)
	f("memory: [{service: a, size: 1}, {service: a, size: 2}]",
		"p.yml:1:43: the memory of a is there twice: first at p.yml:1:20")
	f("memory: 5", "p.yml:1:9: want services with their memory, such as {shop: 512MB}, not 5")
	f("accounts: [{platform: cloudflare_workers, plan: Paid}]", `p.yml:1:12: there are no prices of platform "cloudflare_workers" `+
		`(did you mean "cloudflare.workers"?): want one of cloudflare.workers, aws_lambda, cloudfront, fastly, vercel, deno, `+
		`netlify, gcp_cloud_run, azure.functions, or a price list in prices`)
	f("accounts: [{platform: cloudflare.workers, plan: Piad}]", `p.yml:1:12: there are no prices of plan "Piad" of `+
		`cloudflare.workers (did you mean "Paid"?): want one of Paid, or a price list in prices`)
	f("accounts: [{platform: fastly, plan: Compute, budget: 45 EUR}]", `p.yml:1:54: want an amount in US dollars from 0 on, `+
		`such as 0.30 or "0.30 USD" (all prices are in one currency, that of the lists), not "45 EUR"`)
	f("accounts: [{platform: fastly, plan: Compute}, {platform: fastly, plan: Compute}]",
		"p.yml:1:58: an account of fastly for all services is there twice: first at p.yml:1:23")
	f("accounts: [{platform: fastly, plan: Compute, services: [a]}, {platform: fastly, plan: Compute, services: [b, a]}]",
		"p.yml:1:106: service a of fastly in an account is there twice: first at p.yml:1:56")
	f("accounts: [{platform: fastly, plan: Compute, invoices: [{month: a, amount: 1}, {month: b, amount: 1}]}]",
		`p.yml:1:65: want a month such as 2026-10, not "a"`+"\n"+`p.yml:1:88: want a month such as 2026-10, not "b"`)
	f("accounts: [{platform: fastly, plan: Compute, invoices: [{month: 2026-13, amount: 1}]}]",
		`p.yml:1:65: want a month such as 2026-10, not "2026-13"`)
	list := "prices: [{platform: p, plan: q, as_of: 2026, source: s, meters: [%s]}]"
	f(fmt.Sprintf(list, "{of: requests, per: 1e6, price: -1}"), `p.yml:1:98: want an amount in US dollars from 0 on, such as 0.30 or `+
		`"0.30 USD" (all prices are in one currency, that of the lists), not -1`)
	f(fmt.Sprintf(list, "{of: requests, per: 1e6}"), "p.yml:1:66: a meter needs price")
	f(fmt.Sprintf(list, "{of: egress, per: 0, price: 1}"), `p.yml:1:71: unknown value "egress": want one of requests, cpu_ms, gb_s, vcpu_s`+
		"\np.yml:1:84: want a number above 0, not 0")
	f(fmt.Sprintf(list, "{of: gb_s, per: 1, price: 1, tiers: [{above: 2, price: 1}, {above: 1, price: 1}]}"),
		"p.yml:1:133: tiers begin one above the other: want more than 2, not 1")
	f(fmt.Sprintf(list, "{of: gb_s, per: 1, price: 1}, {of: gb_s, per: 1, price: 1}"),
		"p.yml:1:101: the meter gb_s is there twice: first at p.yml:1:71")
	f("prices: [{platform: p, plan: q, meters: [], as_of: May}]", "p.yml:1:10: a price list needs source\n"+
		`p.yml:1:52: want the date of the list as 2026, 2026-05 or 2026-05-31, not "May"`)
	f("slos: [{name: a, sli: latency, target: 100}]", "p.yml:1:8: an SLO of latency needs threshold, such as 200ms\n"+
		"p.yml:1:40: want a share in percent above 0 and below 100, such as 99.9, not 100")
	f("slos: [{name: a, sli: warm, target: 99, threshold: 5, period: 30}]", "p.yml:1:52: want a length of time above 0 with a unit, "+
		"such as 200ms, 90s, 5m, 4h, 30d or 2w, not 5\np.yml:1:52: threshold is for an SLO of latency, this is one of warm\n"+
		"p.yml:1:63: want a length of time above 0 with a unit, such as 200ms, 90s, 5m, 4h, 30d or 2w, not 30")
	f("slos: [{name: a, sli: hit, target: 85, by: [route, region], period: 36h}]", "p.yml:1:52: regions are not counted together "+
		"with routes and versions: write two SLOs\np.yml:1:69: want a period of whole days, from 3d, the longest window in which a "+
		"burn is looked for, to 366d")
	f("slos: [{name: a, sli: latency, target: 85, threshold: 2d, by: [route, route], source: spans}]",
		"p.yml:1:55: want a threshold from 1µs to 24h0m0s\np.yml:1:71: \"route\" is there twice\n"+
			"p.yml:1:87: unknown value \"spans\" (did you mean \"span\"?): want one of span, tail, log, datapoint")
	f("residency: {EU: {countries: [de], regions: []}}", `p.yml:1:30: want a country as two capitals, such as DE, not "de"`+
		"\np.yml:1:44: zone EU allows no region: nobody could be served")
	f("notify: {receivers: [{name: a, webhook: here}, {name: a}]}",
		"p.yml:1:41: webhook is no URL: want one such as https://alerts.example.com/hook\np.yml:1:48: a receiver needs either webhook or alertmanagers\n"+
			"p.yml:1:55: the receiver a is there twice: first at p.yml:1:29")
	f("limits: [{plan: Paid}]", "p.yml:1:10: limits need a service or a platform")
	f("limits: [{platform: cloudflare.workers, plan: Piad}]",
		`p.yml:1:47: there are no limits of plan "Piad" (did you mean "Paid"?): want one of Free; Paid`)
	f("limits: [{platform: fly, plan: Hobby}]", `p.yml:1:32: there are no limits of plans of platform "fly": `+
		`name its figures (cpu, wall, memory ...) instead of a plan`)
	f("limits: {a: 1}", "p.yml:1:9: want a list of limits, not an object")
	f("load: [{target: http://x/, platform: fastly, plan: Compute}]", `p.yml:1:17: want the host of a target, such as `+
		`shop.example.com or 127.0.0.1:8787, not "http://x/"`)
	f("slos:", "p.yml:1:1: slos has no value: write one, or leave the key out")
	f("[]", "p.yml:1:1: want a policy as an object of accounts, limits, load, memory, notify, prices, residency, routing, slos, "+
		"not a list")
}

func TestTenantsComeFirst(t *testing.T) {
	p := parse(t, `
accounts:
  - {platform: fastly, plan: Compute, budget: 1}
  - {platform: fastly, plan: Own, budget: 2, tenant: acme}
  - {platform: fastly, plan: Compute, budget: 3, services: [shop]}
prices: [{platform: fastly, plan: Own, tenant: acme, meters: [], as_of: 2026-05-01, source: s}]
memory: [{service: a, size: 1}, {service: a, size: 2GB, tenant: acme}]
`)
	f := func(tenant, service string, budget, memory float64, own bool) {
		t.Helper()
		p := p.For(tenant)
		if got := p.AccountOf("fastly", service).Budget; got != budget {
			t.Errorf("%q, %s: budget %v, want %v", tenant, service, got, budget)
		}
		if got := p.MemoryOf("a"); got != memory {
			t.Errorf("%q: memory %v, want %v", tenant, got, memory)
		}
		if got := p.Plan("fastly", "Own") != nil; got != own {
			t.Errorf("%q has the plan: %v, want %v", tenant, got, own)
		}
	}
	f("", "a", 1, 1, false)
	f("acme", "a", 2, 2, true)
	f("acme", "shop", 3, 2, true)
	f("other", "shop", 3, 1, false)
	if p.AccountOf("deno", "a") != nil || !math.IsNaN(p.MemoryOf("b")) {
		t.Error("what nobody said is there")
	}
}

func TestOwnPricesComeFirst(t *testing.T) {
	p := parse(t, "prices: [{platform: fastly, plan: Compute, month: 7, meters: [], as_of: 2026-05-01, source: s}]")
	own := p.Plan("fastly", "Compute")
	if own.Base != 7 || own.Source.AsOf != "2026-05-01" || len(p.Plans()) != len(price.Lists) {
		t.Errorf("%+v, %d lists", own, len(p.Plans()))
	}
	if (&policy.Policy{}).Plan("fastly", "Compute").Base != 0 {
		t.Error("the list of the program has changed")
	}
}

func TestLoadsOfATarget(t *testing.T) {
	p := parse(t, "load: [{platform: fastly, plan: Compute}, {platform: deno, plan: Pro, target: a.example}]")
	for host, want := range map[string]string{"a.example": "deno", "b.example": "fastly"} {
		if got := p.LoadsOf(host); len(got) != 1 || got[0].Platform != want {
			t.Errorf("%s: %+v", host, got)
		}
	}
}

func TestAFailedReloadKeepsTheOldPolicy(t *testing.T) {
	path := filepath.Join(t.TempDir(), "policy.yml")
	write := func(src string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(src), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := policy.Open(path, nil); err == nil {
		t.Error("a file that is not there is read")
	}
	write("memory: {a: 1}")
	f, err := policy.Open(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	write("memory: {a: -1}")
	if err := f.Reload(); err == nil || !strings.Contains(f.Problem(), path+":1:13: want an amount of memory") {
		t.Errorf("%v; problem %q", err, f.Problem())
	}
	if got := f.For("").MemoryOf("a"); got != 1 {
		t.Errorf("memory %v, want 1 as before", got)
	}
	write("# all of it is\n\n  # said in comments\n")
	if err := f.Reload(); err != nil || f.Problem() != "" || len(f.Current().Memory) != 0 {
		t.Errorf("%v, %q, %+v", err, f.Problem(), f.Current())
	}
	write(strings.Repeat("#", 1<<20+1))
	if err := f.Reload(); err == nil || !strings.Contains(err.Error(), "more than") {
		t.Errorf("%v", err)
	}
	none, err := policy.Open("", nil)
	if err != nil || none.Reload() != nil || none.Current() == nil {
		t.Errorf("without a file: %v", err)
	}
}

// TestAReloadIsChecked: what only the caller can see is asked at the start and at a reload.
func TestAReloadIsChecked(t *testing.T) {
	path := filepath.Join(t.TempDir(), "policy.yml")
	write := func(src string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(src), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	known := func(p *policy.Policy) error { return p.KnownTenants([]string{"acme"}) }
	write("memory: [{service: a, size: 1GB, tenant: acme}]")
	f, err := policy.Open(path, known)
	if err != nil {
		t.Fatal(err)
	}
	write("memory: [{service: a, size: 2GB, tenant: nobody}]")
	if err := f.Reload(); err == nil || f.Problem() != path+`:1:42: no tenant of --tokens is called "nobody"` {
		t.Errorf("%v; problem %q", err, f.Problem())
	}
	if got := f.For("acme").MemoryOf("a"); got != 1 {
		t.Errorf("memory %v, want 1 as before", got)
	}
	if _, err := policy.Open(path, known); err == nil {
		t.Error("it is opened")
	}
}

func FuzzParse(f *testing.F) {
	f.Add(example(f))
	for _, src := range []string{
		"memory: {a: 1e300GB}", "slos: [{period: 1e9d}]", "prices: [{meters: [{tiers: [{}]}]}]", "accounts: [{services: [[]]}]",
		"residency: {EU: 1, EU2: {countries: [1], regions: {}}}", "notify: {receivers: [{alertmanagers: [1]}]}", "load: [null]",
	} {
		f.Add([]byte(src))
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		p, problems := policy.Parse("p.yml", src)
		if p == nil {
			t.Fatal("no policy")
		}
		for _, problem := range problems {
			if problem.Pos.Line == 0 || problem.Msg == "" {
				t.Errorf("a problem without a place: %+v", problem)
			}
		}
		if len(problems) > 0 {
			return
		}
		for _, plan := range p.Plans() {
			if err := plan.Validate(); err != nil {
				t.Error(err)
			}
		}
		for _, m := range p.Memory {
			if !(m.GB > 0) || math.IsInf(m.GB, 0) {
				t.Errorf("memory %v", m)
			}
		}
		for _, s := range p.SLOs {
			if s.Period <= 0 || s.Target <= 0 || s.Target >= 100 {
				t.Errorf("%+v", s)
			}
		}
	})
}

// TestLimitsOfAService holds which plans a service has: those that its limits or its account name, with the policy's own
// figures before theirs, else all of the platform.
func TestLimitsOfAService(t *testing.T) {
	f := func(src, platform, want string) {
		t.Helper()
		p, problems := policy.Parse("p.yml", []byte(src))
		if len(problems) > 0 {
			t.Fatal(problems)
		}
		plans, said := p.LimitsOf(platform, "shop")
		words := []string{strconv.FormatBool(said)}
		for _, l := range plans {
			words = append(words, fmt.Sprintf("%s %g ms %g MB", l.Name, l.CPUMS, l.MemoryMB))
		}
		if got := strings.Join(words, "; "); got != want {
			t.Errorf("%s on %s:\ngot  %s\nwant %s", src, platform, got, want)
		}
	}
	const workers = "cloudflare.workers"
	f("", workers, "false; Free 10 ms 128 MB; Paid 30000 ms 128 MB")
	f("", "fly", "false")
	f("limits: [{platform: cloudflare.workers, plan: Free}]", workers, "true; Free 10 ms 128 MB")
	f("limits: [{platform: fastly, plan: Compute}]", workers, "false; Free 10 ms 128 MB; Paid 30000 ms 128 MB")
	f("limits: [{platform: cloudflare.workers, plan: Free}, {service: shop, plan: Paid, cpu: 50ms}]", workers,
		"true; Paid 50 ms 128 MB")
	f("limits: [{service: shop, plan: Paid}]", "fastly", "false; Compute 50 ms 128 MB") // a plan of another platform
	f("limits: [{service: other, plan: Paid}]", workers, "false; Free 10 ms 128 MB; Paid 30000 ms 128 MB")
	f("limits: [{platform: fly, cpu: 1s, memory: 256MB}]", "fly", "true; policy 1000 ms 256 MB")
	f("accounts: [{platform: cloudflare.workers, plan: Paid}]", workers, "true; Paid 30000 ms 128 MB")
	f("accounts: [{platform: aws_lambda, plan: '@Edge'}]", "aws_lambda", "true; @Edge viewer 0 ms 128 MB; @Edge origin 0 ms 0 MB")
	f("accounts: [{platform: aws_lambda, plan: x86}]\nmemory: {shop: 1GB}", "aws_lambda", "true; x86 0 ms 1024 MB")
}

func TestRegionsThatNobodyKnowsAreRefused(t *testing.T) {
	read := func(regions string) error {
		path := filepath.Join(t.TempDir(), "p.yml")
		if err := os.WriteFile(path, []byte("residency: {EU: {countries: [DE], regions: "+regions+"}}"), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := policy.Read(path)
		return err
	}
	if err := read(`[eu-west-1, fra1, FRA, europe-west3, westeurope, "Europe (Frankfurt)"]`); err != nil {
		t.Error(err)
	}
	err := read("[eu-west-1, eu-wset]")
	if want := `:1:56: nobody knows the region "eu-wset": want one as its platform names it`; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("got %v, want %s", err, want)
	}
}
