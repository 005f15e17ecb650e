package app_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"edgescope/cmd/collector/app"
	"edgescope/cmd/collector/collectortest"
	"edgescope/internal/run"
	"edgescope/internal/run/runtest"
)

// exportRules runs collector rules export.
func exportRules(t *testing.T, args ...string) (out string, err error) {
	t.Helper()
	p := collectortest.Process(&runtest.Log{}, append([]string{"rules", "export"}, args...)...)
	var stdout bytes.Buffer
	p.Stdout = &stdout
	err = app.Main(t.Context(), p)
	return stdout.String(), err
}

// TestTheRulesThatWeShipAreExported holds that deploy/vmalert/exported.yml is what the collector prints of
// deploy/policy.yml: collector rules export --policy deploy/policy.yml.
func TestTheRulesThatWeShipAreExported(t *testing.T) {
	got, err := exportRules(t, "--policy", "../../../deploy/policy.yml")
	if err != nil {
		t.Fatal(err)
	}
	shipped, err := os.ReadFile("../../../deploy/vmalert/exported.yml")
	if err != nil {
		t.Fatal(err)
	}
	if _, want, _ := strings.Cut(string(shipped), "\n"); got != want {
		t.Errorf("deploy/vmalert/exported.yml differs from what is exported: write it anew. Exported:\n%s", got)
	}
}

func TestRulesOfFilesAreExportedToo(t *testing.T) {
	got, err := exportRules(t, "prometheus", "--rules", "../../../deploy/vmalert/metrics.yml")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"alert: EdgeSilent", "alert: EdgeRegionSlow", "query_offset: 1m\n"} {
		if !strings.Contains(got, want) {
			t.Errorf("the export lacks %q:\n%s", want, got)
		}
	}
	if strings.Contains(got, "eval_delay") || strings.Contains(got, "EdgeErrorBudgetBurn") {
		t.Errorf("Prometheus has no eval_delay, and nothing is promised:\n%s", got)
	}
}

func TestAnExportThatCannotBeIsRefused(t *testing.T) {
	bad := filepath.Join(t.TempDir(), "policy.yml")
	if err := os.WriteFile(bad, []byte("slos:\n  - {name: a, sli: availability, target: 120}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	f := func(want string, args ...string) {
		t.Helper()
		err := app.Main(t.Context(), collectortest.Process(&runtest.Log{}, args...))
		var code *run.CodeError
		if !errors.As(err, &code) || code.Code != 2 || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: %v, want exit code 2 and %q", args, err, want)
		}
	}
	f("policy.yml:2:42: want a share in percent", "rules", "export", "--policy", bad)
	f(`unknown dialect "vmalerts" (did you mean "vmalert"?)`, "rules", "export", "vmalerts")
	f("collector rules export --policy FILE", "rules")
	f("collector rules export --policy FILE", "rules", "import")
	f(`unexpected argument "twice"`, "rules", "export", "vmalert", "twice")
}
