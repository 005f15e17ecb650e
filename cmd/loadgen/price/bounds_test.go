package price_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"edgescope/cmd/loadgen/price"
	"edgescope/internal/run"
	"edgescope/report"
	"edgescope/report/sums"
	"edgescope/scenarios"
	"edgescope/scenarios/plan"
)

// script loads a script whose scenarios are a text.
func script(t *testing.T, flow string) *plan.Plan {
	t.Helper()
	path := filepath.Join(t.TempDir(), "s.yml")
	text := "config: {target: 'http://a.example', phases: [{arrivalCount: 10, duration: 1}]}\nscenarios: [" + flow + "]"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	loaded, err := scenarios.Load(scenarios.Options{
		Files: []string{path}, ReadFile: os.ReadFile, Env: func(string) (string, bool) { return "", false },
	})
	if err != nil {
		t.Fatal(err)
	}
	return loaded
}

// opened is what flags make of a policy's text, "" for none.
func opened(t *testing.T, text, target string, args ...string) (*price.Pricer, error) {
	t.Helper()
	if text != "" {
		path := filepath.Join(t.TempDir(), "policy.yml")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		args = append(args, "--policy", path)
	}
	var flags price.Flags
	f := run.NewFlags("test", "")
	flags.Register(f)
	if _, err := f.Parse(args, func(string) (string, bool) { return "", false }, &bytes.Buffer{}); err != nil {
		t.Fatal(err)
	}
	return flags.Open(target)
}

// TestBadPricesAreBadUsage holds that each mistake says what is wrong and what would be right.
func TestBadPricesAreBadUsage(t *testing.T) {
	f := func(name, text string, want []string, args ...string) {
		t.Helper()
		p, err := opened(t, text, "http://shop.example:8080/a", args...)
		var usage *run.CodeError
		if p != nil || !errors.As(err, &usage) || usage.Code != 2 {
			t.Fatalf("%s: %v, %v; want bad usage", name, p, err)
		}
		for _, w := range want {
			if !strings.Contains(err.Error(), w) {
				t.Errorf("%s: %q lacks %q", name, err, w)
			}
		}
	}
	const workers = "load: [{target: other.example, platform: cloudflare.workers, plan: Paid}]"
	f("no load of the target", workers, []string{"shop.example:8080", "--plan", "{platform:"})
	f("a plan that is misspelt", "", []string{`"cloudflare.workers Piad"`, "cloudflare.workers Paid", "aws_lambda x86"},
		"--plan", "cloudflare.workers Piad")
	f("a platform alone", "", []string{"cloudflare.workers Paid"}, "--plan", "cloudflare.workers")
	f("a file that is not there", "", []string{"nowhere.yml"}, "--policy", "nowhere.yml")
	f("a mistake in the file", "load: [{platform: cloudflare.workers, plan: Paid, cpu: seven}]", []string{"policy.yml:1:"})
	f("an unknown plan in the file", "load: [{platform: cloudflare.workers, plan: Piad}]", []string{"policy.yml:1:", "Paid"})
}

// TestWhichLoadHolds holds that a load of the target comes before those of any, that --plan takes what the policy knows of
// a request on that plan, and that a policy's own prices count.
func TestWhichLoadHolds(t *testing.T) {
	r := report.New()
	r.Aggregate.Counters = map[string]int64{sums.Requests: 1_000_000}
	f := func(name, text, target, want string, args ...string) {
		t.Helper()
		p, err := opened(t, text, target, args...)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		var got []string
		for _, price := range p.OfReport(r) {
			got = append(got, price.Platform+" "+price.Plan+" "+price.Amount())
		}
		if strings.Join(got, "; ") != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	const two = `load:
- {platform: cloudflare.workers, plan: Paid, cpu: 10ms}
- {platform: cloudfront, plan: Functions}
- {target: "h.example:8443", platform: fastly, plan: Compute, cpu: 10ms}
`
	f("of any target, all of them", two, "http://h.example/", "cloudflare.workers Paid 0.50 USD; cloudfront Functions 0.10 USD")
	f("of the target", two, "https://h.example:8443/x", "fastly Compute 1.00 USD")
	f("a plan that the policy knows", two, "http://h.example/", "cloudflare.workers Paid 0.50 USD", "--plan", "cloudflare.workers Paid")
	f("a plan that it does not", two, "http://h.example/", "aws_lambda arm at least 0.20 USD", "--plan", "aws_lambda arm")
	f("without a policy", "", "http://h.example/", "cloudfront Functions 0.10 USD", "--plan", "cloudfront Functions")
	f("prices of its own", "prices: [{platform: own, plan: metal, month: 99, meters: [{of: requests, per: 1000, price: 0.5}], "+
		"as_of: 2026-01, source: mine}]\nload: [{platform: own, plan: metal}]", "http://h.example/", "own metal 500.00 USD")
}

// TestNothingWasSent holds that a run without requests costs nothing, and has no bound that is not a number.
func TestNothingWasSent(t *testing.T) {
	p := open(t, "load: [{platform: cloudflare.workers, plan: Paid}, {platform: aws_lambda, plan: x86, memory: 1GB, duration: 1s}]",
		"http://h")
	for _, price := range p.OfReport(report.New()) {
		if price.Requests != 0 || price.Low != 0 || price.High != nil && *price.High != 0 {
			t.Errorf("%s: %s of %d requests", price.On(), price.Amount(), price.Requests)
		}
	}
	var out bytes.Buffer
	p.Tell(&out, script(t, "{flow: [{get: {url: /}}]}"), 0, 1)
	if text := out.String(); !strings.Contains(text, "0 requests, about 0 a user") || strings.Contains(text, "NaN") {
		t.Errorf("no users: %q", text)
	}
}

// TestWhatIsToldIsSafeAndComplete holds that unknown parts and old prices are told, and that a policy cannot command the
// terminal.
func TestWhatIsToldIsSafeAndComplete(t *testing.T) {
	p := open(t, `prices: [{platform: own, plan: metal, month: 1, meters: [{of: cpu_ms, per: 1000, price: 1}], as_of: 2020-01, source: "a\u001b[2Jb"}]
load: [{platform: own, plan: metal}]`, "http://h")
	var out bytes.Buffer
	p.Tell(&out, script(t, "{flow: [{get: {url: /}}]}"), 10, 1)
	text := out.String()
	for _, want := range []string{"own metal", "at least 0.00 USD", "names no CPU time", "prices of 2020-01", "older than a year"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q lacks %q", text, want)
		}
	}
	if strings.Contains(text, "\x1b") {
		t.Errorf("%q has a command for the terminal", text)
	}
}

// TestManyUsersAreEstimated holds that a script that sends at random is told of a million users as of those that are
// walked, equally each time, and that a loop without an end ends.
func TestManyUsersAreEstimated(t *testing.T) {
	p := open(t, "load: [{platform: cloudfront, plan: Functions}]", "http://h")
	tell := func(flow string, users, seed uint64) string {
		var out bytes.Buffer
		p.Tell(&out, script(t, flow), users, seed)
		first, _, _ := strings.Cut(strings.TrimSpace(out.String()), "\n")
		return first
	}
	one := "{flow: [{get: {url: /}}]}"
	if got := tell(one, 3_000_000, 1); !strings.Contains(got, "3,000,000 requests, about 1 a user") {
		t.Errorf("%q", got)
	}
	mixed := "{weight: 3, " + one[1:] + ", {weight: 1, flow: [{loop: [{get: {url: /}}], count: 5}]}"
	first := tell(mixed, 1_000_000, 7)
	if first != tell(mixed, 1_000_000, 7) {
		t.Error("the same seed tells another number")
	}
	if !strings.Contains(first, "about 1.9") && !strings.Contains(first, "about 2") { // 3/4 + 5/4 on average
		t.Errorf("%q, want about 2 a user", first)
	}
	endless := tell("{flow: [{loop: [{think: 1}], count: 100000000}, {get: {url: /}}]}", 2, 1)
	if !strings.Contains(endless, "as far as loops") {
		t.Errorf("an endless loop: %q", endless)
	}
}
