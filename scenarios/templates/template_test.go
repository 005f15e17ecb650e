package templates_test

import (
	"testing"

	"edgescope/scenarios/templates"
	"edgescope/scenarios/value"
)

func FuzzTemplate(f *testing.F) {
	for _, s := range []string{"a {{ b }} {{{ c.d[0]['x'] }}}", "{{ $randomNumber(-5, 1.5) }}", "{{ $randomString(3) " +
		"}}{{ $uuid }}", "{{{{ a }}}}", "{{", "{{}}"} {
		f.Add(s)
	}
	shared := map[string]any{"b": "x", "c": &value.Object{}}
	f.Fuzz(func(t *testing.T, s string) {
		tpl, err := templates.Compile(s, nil)
		if err != nil {
			return
		}
		scope := value.NewScope(shared, 1, 1)
		if text, static := tpl.Static(); static && text != s {
			t.Errorf("%q has no template in it, but renders as %q", s, text)
		}
		if len(s) < 1000 {
			tpl.Value(scope)
			tpl.Text(scope)
		}
	})
}
