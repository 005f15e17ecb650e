package templates_test

import (
	"testing"

	"edgescope/internal/tree"
	"edgescope/scenarios/templates"
	"edgescope/scenarios/value"
)

func TestPlainScalars(t *testing.T) {
	f := func(yaml, want string) {
		t.Helper()
		n, problems := tree.Parse("s.yml", []byte("v: "+yaml))
		if len(problems) > 0 {
			t.Fatalf("%s: %v", yaml, problems)
		}
		if got := string(value.AppendJSON(nil, templates.Of(n.Get("v")))); got != want {
			t.Errorf("%s: got %s, want %s", yaml, got, want)
		}
	}
	// Booleans and null: YAML 1.2's, though numbers are 1.1's.
	f("true", "true")
	f("TRUE", "true")
	f("False", "false")
	f("tRue", `"tRue"`)
	f("yes", `"yes"`)
	f("on", `"on"`)
	f("", "null")
	f("~", "null")
	f("NULL", "null")
	f("nil", `"nil"`)
	// Whole numbers.
	f("010", "8")
	f("-010", "-8")
	f("08", `"08"`)
	f("0x1F", "31")
	f("0b101", "5")
	f("0o17", `"0o17"`)
	f("1_000", "1000")
	f("+7", "7")
	f("-0", "0")
	f("12345678901234567890", "12345678901234567890")
	f("1:30", "90")
	f("1:30:05.5", "5405.5")
	f("-1:30", "-90")
	// Fractions.
	f("1.50", "1.50")
	f(".5", "0.5")
	f("1.", "1")
	f("1e3", "1e3")
	f("+1.5e-3", "0.0015")
	f("1.2.3", `"1.2.3"`)
	f("5s", `"5s"`)
	f("'010'", `"010"`)
	f(`"true"`, `"true"`)
	f("!!str 5", `"5"`)
	f("|\n  5\n", `"5\n"`)
	// Dates are moments.
	f("2026-11-20", `"2026-11-20T00:00:00.000Z"`)
	f("2026-11-20T10:00:00+02:00", `"2026-11-20T08:00:00.000Z"`)
	f("2026-11-20 10:00:00.5", `"2026-11-20T10:00:00.500Z"`)
	// Anchors, aliases, merge keys.
	f("{a: &x {k: 1, l: 2}, b: *x}", `{"a":{"k":1,"l":2},"b":{"k":1,"l":2}}`)
	f("{a: &x {k: 1, l: 2}, b: {<<: *x, k: 3}}", `{"a":{"k":1,"l":2},"b":{"k":3,"l":2}}`)
	f("{<<: [{a: 1}, {a: 2, b: 2}]}", `{"a":1,"b":2}`)
}
