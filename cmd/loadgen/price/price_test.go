package price_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"edgescope/cmd/loadgen/price"
	"edgescope/internal/run"
	"edgescope/report"
	"edgescope/report/sums"
	"edgescope/scenarios"
)

// open makes a Pricer of a policy, and of flags beside it.
func open(t *testing.T, text, target string, more ...string) *price.Pricer {
	t.Helper()
	path := filepath.Join(t.TempDir(), "policy.yml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	var flags price.Flags
	f := run.NewFlags("test", "")
	flags.Register(f)
	none := func(string) (string, bool) { return "", false }
	if _, err := f.Parse(append([]string{"--policy", path}, more...), none, &bytes.Buffer{}); err != nil {
		t.Fatal(err)
	}
	p, err := flags.Open(target)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestARunIsPricedByWhatWasSent holds the range of what the policy does not say, up to what the client waited.
func TestARunIsPricedByWhatWasSent(t *testing.T) {
	r := report.New()
	r.Aggregate.Counters = map[string]int64{sums.Requests: 2_000_000, sums.SocketRequests: 77}
	r.Aggregate.Summaries = map[string]sums.Distribution{
		sums.SeriesService: {Count: 2_000_000, Mean: 100}, sums.SeriesConnect: {Count: 1_000_000},
	}
	f := func(load, want string) {
		t.Helper()
		prices := open(t, "load: [{"+load+"}]", "http://h").OfReport(r)
		if got := prices[0].Amount(); len(prices) != 1 || got != want || prices[0].Requests != 3_000_000 {
			t.Errorf("%s: %q of %d requests, want %q of 3,000,000", load, got, prices[0].Requests, want)
		}
	}
	f("platform: cloudflare.workers, plan: Paid, cpu: 10ms", "1.50 USD")
	f("platform: cloudflare.workers, plan: Paid", "0.90 to 6.90 USD")
	f("platform: cloudflare.workers, plan: Paid, duration: 50ms", "0.90 to 3.90 USD")
	f("platform: aws_lambda, plan: x86, memory: 1GB, duration: 10ms", "1.10 USD")
	f("platform: aws_lambda, plan: x86, memory: 1GB", "0.60 to 5.60 USD")
	f("platform: aws_lambda, plan: x86", "at least 0.60 USD")
	f("platform: cloudfront, plan: Functions", "0.30 USD")
}

func TestNobodyAsked(t *testing.T) {
	var flags price.Flags
	p, err := flags.Open("http://h")
	if p != nil || err != nil || p.OfReport(report.New()) != nil {
		t.Errorf("%v %v", p, err)
	}
	var out bytes.Buffer
	if p.Tell(&out, nil, 1, 1); out.Len() > 0 {
		t.Errorf("it tells %q", &out)
	}
}

// TestUsersAreWalked holds how many requests a script is taken to send.
func TestUsersAreWalked(t *testing.T) {
	f := func(flow, want string) {
		t.Helper()
		path := filepath.Join(t.TempDir(), "s.yml")
		text := "config: {target: 'http://a.example', phases: [{arrivalCount: 1000, duration: 1}]}\nscenarios: [" + flow + "]"
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		script, err := scenarios.Load(scenarios.Options{
			Files: []string{path}, ReadFile: os.ReadFile, Env: func(string) (string, bool) { return "", false },
		})
		if err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		open(t, "load: [{target: a.example, platform: cloudfront, plan: Functions}]", "http://a.example").Tell(&out, script, 1000, 7)
		if !strings.Contains(out.String(), want) {
			t.Errorf("%s: %q, want %q", flow, &out, want)
		}
	}
	f("{flow: [{get: {url: /}}]}", "1,000 requests, about 1 a user\n")
	f("{flow: [{think: 1}]}", "0 requests, about 0 a user\n")
	f("{flow: [{loop: [{get: {url: /}}, {loop: [{get: {url: /}}], count: 3}], count: 2}]}", "8,000 requests, about 8 a user\n")
	f("{flow: [{parallel: [{get: {url: /}}, {get: {url: /b}}]}]}", "2,000 requests, about 2 a user\n")
	f("{flow: [{loop: [{get: {url: '/{{ $loopElement }}'}}], over: [1, 2, 3]}]}", "3,000 requests, about 3 a user\n")
	f("{variables: {n: 4}, flow: [{loop: [{get: {url: /}}], count: '{{ n }}'}]}", "4,000 requests, about 4 a user\n")
	f("{flow: [{get: {url: /, ifTrue: 'x'}}]}", "0 requests")
	f("{engine: ws, flow: [{send: hi}]}", "1,000 requests, about 1 a user\n")
	f("{weight: 3, flow: [{get: {url: /}}]}, {weight: 0, flow: [{loop: [{get: {url: /}}], count: 9}]}",
		"1,000 requests, about 1 a user\n")
	f("{flow: [{loop: [{get: {url: /}}], count: -1}]}", "as far as loops and functions of the script let it be told")
}
