package formats

import (
	"strings"
	"testing"

	"edgescope/load"
	"edgescope/report"
	"edgescope/scenarios/plan"
)

// TestNothingFromOutsideIsObeyed: what a script logs, and the names that it and the target give, end up in no CI's
// commands and move no cursor, whatever form a report has.
func TestNothingFromOutsideIsObeyed(t *testing.T) {
	const evil = "x\n::error::pwned\x1b[2J ##vso[task.complete]\u202e"
	var console strings.Builder
	c := &Console{Out: &console, Expect: "pretty"}
	c.Event(&load.Line{Text: evil})
	result := &load.Result{Outcomes: []plan.Outcome{{Type: "equals", Want: evil, Got: evil}}}
	result.Method, result.URL = "GET", evil
	c.Event(result)
	r := &report.Report{}
	r.Edgescope.Run.Name, r.Edgescope.Run.Reason, r.Edgescope.Run.Verdict = evil, evil, "failed"
	r.Edgescope.Run.Warnings = []string{evil}
	texts := map[string]string{"console": console.String()}
	for name, write := range map[string]func(*strings.Builder) error{
		"junit":       func(b *strings.Builder) error { return JUnit(b, r) },
		"html":        func(b *strings.Builder) error { return HTML(b, r) },
		"markdown":    func(b *strings.Builder) error { return Markdown(b, r) },
		"annotations": func(b *strings.Builder) error { return Annotations(b, r) },
	} {
		var b strings.Builder
		if err := write(&b); err != nil {
			t.Fatal(err)
		}
		texts[name] = b.String()
	}
	for name, text := range texts {
		if strings.ContainsAny(text, "\x1b\u202e") {
			t.Errorf("%s holds what is obeyed:\n%q", name, text)
		}
		if !strings.Contains(text, "pwned") {
			t.Errorf("%s does not say what was told", name)
		}
	}
	for line := range strings.SplitSeq(texts["console"]+texts["annotations"], "\n") {
		if strings.HasPrefix(line, "::error::") || strings.Contains(texts["console"], "##vso[") {
			t.Errorf("a command: %q", line)
		}
	}
}
