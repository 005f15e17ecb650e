package labels_test

import (
	"encoding/json"
	"testing"

	"edgescope/internal/labels"
)

// The first value is that of Prometheus' own test (common/model/labelset_test.go).
func TestTheFingerprintIsThatOfPrometheus(t *testing.T) {
	f := func(set map[string]string, want uint64) {
		t.Helper()
		if got := labels.Fingerprint(set); got != want {
			t.Errorf("%v: got %d, want %d", set, got, want)
		}
	}
	f(map[string]string{"name": "garland, briggs", "fear": "love is not enough"}, 5799056148416392346)
	f(nil, 14695981039346656037) // nothing is hashed
}

func TestMatchers(t *testing.T) {
	set := map[string]string{"service_name": "checkout", "severity": "page", "odd": `a "b"`}
	f := func(text string, want bool) {
		t.Helper()
		m, err := labels.Parse(text)
		if err != nil || m.Matches(set) != want {
			t.Errorf("%s: %v, error %v, want %t", text, m.Matches(set), err, want)
			return
		}
		again, err := labels.Parse(m.String())
		if err != nil || again.Matches(set) != want {
			t.Errorf("%s is written as %s, which reads as %v, %v", text, m, again, err)
		}
	}
	f(`service_name="checkout"`, true)
	f(`service_name=checkout`, true)
	f(` service_name = "checkout" `, true)
	f(`service_name="check"`, false)
	f(`service_name!="checkout"`, false)
	f(`service_name!="other"`, true)
	f(`service_name=~"check.*|other"`, true)
	f(`service_name=~"check"`, false) // the whole value
	f(`service_name=~"check|checkout"`, true)
	f(`service_name!~"check"`, true)
	f(`service_name!~"check.+"`, false)
	f(`missing=""`, true)
	f(`missing!=""`, false)
	f(`odd="a \"b\""`, true)
	f(`odd=a "b"`, true)
	for _, text := range []string{"", "a", `="b"`, `a=~"("`, `a="b`, `1a="b"`, `a==`, `{a="b"}`} {
		if m, err := labels.Parse(text); err == nil && text != "a==" {
			t.Errorf("%q is taken as %s", text, m)
		}
	}
}

func TestMatchersAreOneConditionAndJSON(t *testing.T) {
	var all labels.Matchers
	if err := json.Unmarshal([]byte(`["severity=\"page\"","service_name=~\"a|b\""]`), &all); err != nil {
		t.Fatal(err)
	}
	if !all.Matches(map[string]string{"severity": "page", "service_name": "b"}) ||
		all.Matches(map[string]string{"severity": "page", "service_name": "c"}) {
		t.Errorf("%s does not choose as it says", all)
	}
	if got, want := all.String(), `{severity="page", service_name=~"a|b"}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if err := all.Choosy(); err != nil {
		t.Error(err)
	}
	for _, text := range []string{`[]`, `["a!=\"b\""]`, `["a=~\".*\""]`, `["a=\"\""]`} {
		var wide labels.Matchers
		if err := json.Unmarshal([]byte(text), &wide); err != nil || wide.Choosy() == nil {
			t.Errorf("%s chooses everything and is taken (%v)", text, err)
		}
	}
	if got, want := labels.String(map[string]string{"b": "2", "a": `x"y`}), `{a="x\"y", b="2"}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func FuzzParse(f *testing.F) {
	f.Add(`a=~"b|c"`)
	f.Add(`a!= "\""`)
	f.Fuzz(func(t *testing.T, text string) {
		m, err := labels.Parse(text)
		if err != nil {
			return
		}
		again, err := labels.Parse(m.String())
		if err != nil || again.String() != m.String() {
			t.Errorf("%q is written as %s, which reads as %v, %v", text, m, again, err)
		}
	})
}
