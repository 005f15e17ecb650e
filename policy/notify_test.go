package policy_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"edgescope/policy"
)

func TestReceiversSayWhoTheyAreToldBy(t *testing.T) {
	p, problems := policy.Parse("p.yml", []byte(`
notify:
  dashboard: https://edge.example.com
  receivers:
    - name: pager
      match: ['severity="page"', 'service_name=~"shop|cart"']
      webhook: {file: /run/secrets/hook}
      bearer: {env: PAGER_TOKEN}
      headers: {x-team: edge, X-Key: {file: key}}
    - {name: am, alertmanagers: [http://am:9093], user: edge, password: {file: pass}}
`))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	if got := p.For("shop").Notify.Dashboard; got != "https://edge.example.com" {
		t.Errorf("the dashboard of a tenant is at %q", got)
	}
	pager, am := p.Notify.Receivers[0], p.Notify.Receivers[1]
	page := map[string]string{"severity": "page", "service_name": "cart"}
	if !pager.Match.Matches(page) || pager.Match.Matches(map[string]string{"severity": "page"}) || !am.Match.Matches(nil) {
		t.Errorf("the pager is told of %s, the other of %s", pager.Match, am.Match)
	}
	if pager.Webhook.File != "/run/secrets/hook" || pager.Bearer.Env != "PAGER_TOKEN" ||
		pager.Headers["X-Team"].Text != "edge" || pager.Headers["X-Key"].File != "key" || am.Password.File != "pass" {
		t.Errorf("read as %+v and %+v", pager, am)
	}
}

func TestWhatIsWrongWithReceiversIsToldWithoutSecrets(t *testing.T) {
	f := func(receiver, want string) {
		t.Helper()
		_, problems := policy.Parse("p.yml", []byte("notify: {receivers: [{name: a, "+receiver+"}]}"))
		if got := problems.Error(); got != want {
			t.Errorf("%s\n got %s\nwant %s", receiver, got, want)
		}
	}
	hook := `webhook: "https://a.example/x"`
	f(hook, "")
	f(hook+", bearer: s3cret", "p.yml:1:72: a secret is not written here: say where it is, as {file: PATH} or {env: NAME}")
	f(hook+", user: a, password: s3cret", "p.yml:1:83: a secret is not written here: say where it is, as {file: PATH} or {env: NAME}")
	f(hook+", bearer: {file: a, env: b}", "p.yml:1:72: a secret is either in a file or in env")
	f(hook+", bearer: {}", "p.yml:1:72: a secret is either in a file or in env")
	f(hook+", user: a", "p.yml:1:22: user and password sign in together: give both or none")
	f(hook+", bearer: {env: A}, user: a, password: {env: B}", "p.yml:1:72: sign in with bearer, or with user and password, not with both")
	f(`webhook: "s3cret"`, "p.yml:1:41: webhook is no URL: want one such as https://alerts.example.com/hook")
	f(hook+", match: [severity]", `p.yml:1:72: "severity" is no matcher: write name="value", or with !=, =~ or !~`)
	f(hook+", headers: {Authorization: x}", "p.yml:1:74: sign in with bearer, or with user and password")
	f(hook+", headers: {content-type: x}", "p.yml:1:74: header Content-Type is not yours to set")
	f(hook+`, headers: {X-A: "a\nb"}`, "p.yml:1:79: a header is one line")
	f(hook+`, headers: {"a b": c}`, `p.yml:1:74: "a b" is no name of a header`)
	f(hook+"}], interval: 5m, repeat: 1m, wait: 1s} #", "p.yml:1:88: repeat 1m0s is less than interval 5m0s, at which alerts "+
		"are looked at")
}

func TestSecretsAreReadAnew(t *testing.T) {
	file := filepath.Join(t.TempDir(), "secret")
	env := func(name string) string { return map[string]string{"A": " from-env "}[name] }
	f := func(s policy.Secret, want, wrong string) {
		t.Helper()
		got, err := s.Read(env)
		if got != want || (err == nil) != (wrong == "") || err != nil && !strings.Contains(err.Error(), wrong) {
			t.Errorf("%+v: got %q, %v, want %q, %q", s, got, err, want, wrong)
		}
	}
	f(policy.Secret{}, "", "")
	f(policy.Secret{Text: "a"}, "a", "")
	f(policy.Secret{Env: "A"}, "from-env", "")
	f(policy.Secret{Env: "B"}, "", "the environment has no B")
	f(policy.Secret{File: file}, "", "no such file")
	for _, text := range []string{"one\n", "two"} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		f(policy.Secret{File: file}, strings.TrimSpace(text), "")
	}
	if err := os.WriteFile(file, []byte("\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	f(policy.Secret{File: file}, "", "is empty")
}
