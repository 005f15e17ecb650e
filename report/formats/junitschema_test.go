package formats_test

import (
	"bytes"
	"os/exec"
	"strings"
	"testing"

	"edgescope/report"
	"edgescope/report/formats"
	"edgescope/report/reporttest"
)

// xmllint holds a report against testdata/junit.xsd, the schema that valid has in Go.
func xmllint(t *testing.T, text []byte) {
	t.Helper()
	tool, err := exec.LookPath("xmllint")
	if err != nil {
		t.Skipf("the schema itself is not asked, only our own check of its rules: %v (Debian: libxml2-utils)", err)
	}
	c := exec.CommandContext(t.Context(), tool, "--noout", "--nonet", "--schema", "testdata/junit.xsd", "-")
	c.Stdin = bytes.NewReader(text)
	if out, err := c.CombinedOutput(); err != nil {
		t.Errorf("%v: %s\n%s", err, out, text)
	}
}

func TestJUnitIsValidByTheSchema(t *testing.T) {
	f := func(what string, change func(*report.Report)) {
		t.Run(what, func(t *testing.T) {
			r := reporttest.ShopReport(t)
			change(r)
			var buf bytes.Buffer
			if err := formats.JUnit(&buf, r); err != nil {
				t.Fatal(err)
			}
			xmllint(t, buf.Bytes())
		})
	}
	f("as it is", func(*report.Report) {})
	f("nothing was judged", func(r *report.Report) { r.Edgescope.Checks, r.Edgescope.Run.Expectations = nil, nil })
	f("a check stands twice", func(r *report.Report) {
		r.Edgescope.Checks = append(r.Edgescope.Checks,
			r.Edgescope.Checks...)
	})
	f("not valid", func(r *report.Report) {
		r.Edgescope.Run.Verdict, r.Edgescope.Health.Valid, r.Edgescope.Health.Problems = "invalid", false,
			[]string{"\x00<late>", "]]>"}
	})
	f("interrupted", func(r *report.Report) {
		r.Edgescope.Run.Verdict, r.Edgescope.Run.Reason = "interrupted",
			"a signal"
	})
	f("worse", func(r *report.Report) {
		r.Edgescope.Comparison = &report.Comparison{
			Verdict: report.Worse,
			Changes: []report.Change{{Metric: "response_time p95", Verdict: report.Worse}},
		}
	})
}

// What the schema refuses: a faulty report must not slip through it.
func TestTheSchemaFindsFaults(t *testing.T) {
	tool, err := exec.LookPath("xmllint")
	if err != nil {
		t.Skip(err)
	}
	for _, text := range []string{
		`<testsuites><testsuite tests="1"/></testsuites>`,
		`<testsuites><testsuite name="a" tests="1"><testcase name="x"/></testsuite></testsuites>`,
		`<testsuites><testsuite name="a" tests="-1"/></testsuites>`,
		`<testsuites><testsuite name="a" tests="2"><testcase name="x" classname="c"/><testcase name="x" ` +
			`classname="c"/></testsuite></testsuites>`,
		`<testsuites><testsuite name="a" tests="1"><testcase name="x" classname="c"><failure message="m"/><error ` +
			`message="m"/></testcase></testsuite></testsuites>`,
		`<testsuites><testsuite name="a" tests="1" timestamp="yesterday"/></testsuites>`,
	} {
		c := exec.CommandContext(t.Context(), tool, "--noout", "--nonet", "--schema", "testdata/junit.xsd", "-")
		c.Stdin = strings.NewReader(text)
		if out, err := c.CombinedOutput(); err == nil {
			t.Errorf("%s passes: %s", text, out)
		}
	}
}
