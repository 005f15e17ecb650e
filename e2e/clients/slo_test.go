package clients_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

const vmalertTool = vmalert + "-tool"

// exportRules runs collector rules export with a policy and returns the file of rules.
func exportRules(t *testing.T, policy string, args ...string) (file string) {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "policy.yml"), []byte(policy), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), filepath.Join(bin, "collector"),
		append(append([]string{"rules", "export"}, args...), "--policy", filepath.Join(dir, "policy.yml"))...)
	cmd.Stderr = logOf(t, "collector")
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	file = filepath.Join(dir, "rules.yml")
	if err := os.WriteFile(file, out, 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// rollups are the totals of a service as vmalert-tool takes them: of windows of 10 s, of 5 minutes and of an hour. good
// and bad return how many of the requests of the window of 10 s that begins then.
func rollups(length time.Duration, good, bad func(at time.Duration) int) string {
	var text strings.Builder
	for _, width := range []struct {
		suffix string
		length time.Duration
	}{{"", 10 * time.Second}, {":5m", 5 * time.Minute}, {":1h", time.Hour}} {
		for _, of := range []struct {
			series string
			count  func(time.Duration) int
		}{
			{"edge_service_requests%s{service_name=\"shop\",edge_signal=\"span\",edge_outcome=\"ok\"}", good},
			{"edge_service_requests%s{service_name=\"shop\",edge_signal=\"span\",edge_outcome=\"error\"}", bad},
			{
				"edge_service_events%s{service_name=\"shop\",edge_signal=\"span\"}",
				func(at time.Duration) int { return good(at) + bad(at) },
			},
		} {
			fmt.Fprintf(&text, "      - series: '"+of.series+"'\n        values: '", width.suffix)
			for at := time.Duration(0); at < length; at += 10 * time.Second {
				n, value := 0, "_"
				if at%width.length == 0 {
					for in := time.Duration(0); in < width.length && at+in < length; in += 10 * time.Second {
						n += of.count(at + in)
					}
				}
				if n > 0 {
					value = strconv.Itoa(n)
				}
				text.WriteString(value + " ")
			}
			text.WriteString("'\n")
		}
	}
	return text.String()
}

// TestExportedRulesInVMAlertTool runs the rules of a promise of 99.9 % by vmalert's own unit tests: 100 requests each
// 10 s of which 5 % are bad from the sixth hour on are told of when 1.44 % of the last hour were bad, 17.3 minutes
// later; one error of a quiet hour is not told of, though it is 1.7 %, and five are.
func TestExportedRulesInVMAlertTool(t *testing.T) {
	t.Parallel()
	tool := filepath.Join(bin, "vmalert-tool")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", tool, vmalertTool).CombinedOutput(); err != nil {
		t.Skipf("build vmalert-tool: %v: %s", err, out)
	}
	rules := exportRules(t, "slos: [{name: works, service: shop, sli: availability, target: 99.9}]\n")
	// The tool compares all texts of an alert; the rules are looked at here, not their words.
	text := regexp.MustCompile(`(?m)^        annotations:\n(          .*\n)+`).ReplaceAllString(string(readFile(t, rules)), "")
	if err := os.WriteFile(rules, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	constant := func(n int) func(time.Duration) int { return func(time.Duration) int { return n } }
	from := func(start time.Duration, before, after int) func(time.Duration) int {
		return func(at time.Duration) int {
			if at < start {
				return before
			}
			return after
		}
	}
	perMinute := func(at time.Duration) int { return map[bool]int{true: 1}[at%time.Minute == 0] }
	errorsAt := func(start, end time.Duration) func(time.Duration) int {
		return func(at time.Duration) int { return map[bool]int{true: 1}[at >= start && at < end] }
	}
	// Young services have tickets early: of a day that has seven hours, half an hour is a larger part.
	const (
		labels = "slo: works, sli: availability, service_name: shop"
		quiet  = "[]"
		page   = "[{exp_labels: {severity: page, " + labels + "}}]"
		ticket = "[{exp_labels: {severity: ticket, " + labels + "}}]"
		both   = "[{exp_labels: {severity: page, " + labels + "}}, {exp_labels: {severity: ticket, " + labels + "}}]"
	)
	var tests strings.Builder
	f := func(name, series string, want ...string) {
		fmt.Fprintf(&tests, "  - name: %s\n    interval: 10s\n    input_series:\n%s    alert_rule_test:\n", name, series)
		for i := 0; i < len(want); i += 2 {
			fmt.Fprintf(&tests, "      - {eval_time: %s, groupname: slo works, alertname: EdgeErrorBudgetBurn, exp_alerts: %s}\n",
				want[i], want[i+1])
		}
	}
	const hours = 6 * time.Hour
	onlyShort := rollups(90*time.Minute, from(time.Hour, 100, 95), from(time.Hour, 0, 5))
	onlyShort, _, _ = strings.Cut(onlyShort, "      - series: 'edge_service_requests:5m")
	f("five percent from minute 60", onlyShort, "59m", quiet, "76m", quiet, "79m", page)
	f("after six good hours", rollups(hours+30*time.Minute, from(hours, 100, 95), from(hours, 0, 5)),
		"359m", quiet, "376m", ticket, "379m", both)
	f("one error of a quiet hour", rollups(2*time.Hour, perMinute, errorsAt(time.Hour, time.Hour+10*time.Second)),
		"61m", quiet, "64m", quiet, "90m", quiet)
	f("five errors of a quiet hour", rollups(2*time.Hour, perMinute, errorsAt(time.Hour, time.Hour+50*time.Second)),
		"59m", quiet, "61m", both)
	f("all is well", rollups(2*time.Hour, constant(100), constant(0)), "59m", quiet, "119m", quiet)
	file := filepath.Join(t.TempDir(), "test.yml")
	text = fmt.Sprintf("rule_files: [%s]\nevaluation_interval: 1m\ntests:\n%s", rules, tests.String())
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), tool, "unittest", "--files="+file)
	cmd.Dir = t.TempDir()
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("vmalert-tool: %v\n%s", err, out)
	}
}
