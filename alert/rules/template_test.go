package rules_test

import (
	"math"
	"strings"
	"testing"

	"edgescope/alert/rules"
)

// The values are those of Prometheus' own tests (template_test.go) where it has them.
func TestTemplatesAreThoseOfPrometheus(t *testing.T) {
	f := func(text string, value float64, want string) {
		t.Helper()
		got, err := rules.Expand(text, rules.Values{
			Labels: map[string]string{"instance": "a.b:9090", "service_name": "shop"}, Value: value,
			ExternalURL: "https://edge.example",
		})
		if err != nil || got != want {
			t.Errorf("%s with %v: got %q, %v, want %q", text, value, got, err, want)
		}
	}
	f("no template", 1, "no template")
	f("{{ $value }} of {{ $labels.service_name }}", .25, "0.25 of shop")
	f("{{ .Value }} of {{ .Labels.service_name }}", .25, "0.25 of shop")
	f("{{ $labels.missing }}|{{ $externalLabels.x }}|{{ $externalURL }}", 0, "||https://edge.example")
	f(`{{ printf "%.2f" $value }}`, math.Pi, "3.14")
	f("{{ humanize $value }}", 1234567, "1.235M")
	f("{{ humanize $value }}", .0012, "1.2m")
	f("{{ humanize $value }}", 0, "0")
	f("{{ humanize $value }}", math.NaN(), "NaN")
	f("{{ humanize1024 $value }}", 1048576, "1Mi")
	f("{{ humanize1024 $value }}", -138, "-138")
	f("{{ $value | humanizePercentage }}", .0512, "5.12%")
	f("{{ $value | humanizeDuration }}", 0, "0s")
	f("{{ $value | humanizeDuration }}", .1, "100ms")
	f("{{ $value | humanizeDuration }}", .0001, "100us")
	f("{{ $value | humanizeDuration }}", 12.345, "12.35s")
	f("{{ $value | humanizeDuration }}", 60, "1m 0s")
	f("{{ $value | humanizeDuration }}", 3600, "1h 0m 0s")
	f("{{ $value | humanizeDuration }}", 86400*12+3600*2+60*3+4, "12d 2h 3m 4s")
	f("{{ $value | humanizeDuration }}", -90, "-1m 30s")
	f("{{ $value | humanizeDuration }}", math.Inf(1), "+Inf")
	f("{{ $value | humanizeTimestamp }}", 1435065584.128, "2015-06-23 13:19:44.128 +0000 UTC")
	f("{{ (toTime $value).Year }} {{ toDuration 90 }}", 0, "1970 1m30s")
	f(`{{ parseDuration "1h2m10ms" }}`, 0, "3720.01")
	f(`{{ "a b" | title }} {{ toUpper "x" }} {{ toLower "Y" }}`, 0, "A B X y")
	f(`{{ reReplaceAll "(a)b" "x$1" "ab" }} {{ match "a.*" "abc" }}`, 0, "xa true")
	f("{{ stripPort $labels.instance }} {{ stripDomain $labels.instance }} {{ stripDomain `10.0.0.1:80` }}", 0,
		"a.b a:9090 10.0.0.1:80")
	f("{{ range $name, $v := $labels }}{{ $name }}={{ $v }} {{ end }}", 0, "instance=a.b:9090 service_name=shop ")
	f(`{{ if gt $value 3.0 }}much{{ else }}little{{ end }}{{ with $labels.x }}x{{ end }}`, 4, "much")
	f("{{ with args 1 2 }}{{ .arg0 }}{{ .arg1 }}{{ end }}{{ safeHtml `<b>` }}{{ queryEscape `a b` }}", 0, "12<b>a+b")
}

func TestTemplatesEnd(t *testing.T) {
	f := func(text, want string) {
		t.Helper()
		err := rules.CheckTemplate(text)
		if err == nil {
			_, err = rules.Expand(text, rules.Values{Labels: map[string]string{"a": "b"}})
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", text, err, want)
		}
	}
	f("{{ range 1000000000 }}{{ end }}", "a loop can go over $labels alone, once")
	f("{{ range $labels }}{{ range $labels }}{{ end }}{{ end }}", "a loop can go over $labels alone, once")
	f("{{ if 1 }}{{ range 10 }}{{ end }}{{ end }}", "a loop can go over $labels alone, once")
	f(`{{ define "a" }}{{ template "a" }}{{ end }}{{ template "a" }}`, "a template can't define others")
	f(`{{ template "a" }}`, "a template can't call others")
	f(`{{ printf "%100000d" 1 }}`, "gives more than 16384 bytes")
	f(`{{ reReplaceAll "" (printf "%100000d" 1) (printf "%100000d" 1) }}`, "gives more than 16384 bytes")
	f(`{{ humanize "x" }}`, `"x" is no number`)
	f(`{{ match "(" "x" }}`, "missing closing )")
	f(`{{ reReplaceAll "(" "x" "y" }}`, "missing closing )")
	f("{{ toTime 1e300 }}", "is no time")
	f("{{ toDuration 1e300 }}", "is no length of time")
	f("{{ nothing }}", `function "nothing" not defined`)
}

func FuzzExpand(f *testing.F) {
	f.Add("{{ $value | humanizeDuration }} {{ $labels.a }}", 1.5)
	f.Add("{{ range $k, $v := $labels }}{{ $k | title }}{{ end }}{{ toTime $value }}", 1e18)
	f.Fuzz(func(t *testing.T, text string, value float64) {
		got, err := rules.Expand(text, rules.Values{Labels: map[string]string{"a": "b"}, Value: value})
		if err == nil && strings.Contains(text, "{{") && len(got) > 16<<10 {
			t.Errorf("%d bytes", len(got))
		}
	})
}
