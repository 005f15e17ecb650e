package app_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"edgescope/cmd/collector/collectortest"
	"edgescope/internal/run"
)

// TestAPolicyThatIsWrongRefusesToStart: with the place of all that is wrong, as a wrong command line does.
func TestAPolicyThatIsWrongRefusesToStart(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	f := func(want []string, args ...string) {
		t.Helper()
		c, err := collectortest.New(t.TempDir(), args...)
		if err != nil {
			t.Fatal(err)
		}
		err = c.Start(t.Context())
		var code *run.CodeError
		if !errors.As(err, &code) || code.Code != 2 {
			t.Fatalf("%v: got %v, want exit code 2", args, err)
		}
		for _, part := range want {
			if !strings.Contains(err.Error(), part) {
				t.Errorf("%v: %v says nothing of %q", args, err, part)
			}
		}
	}
	f([]string{"--policy", "policy.yml:1:1"}, "--policy", write("policy.yml", "memmory: []\n"))
	f([]string{"--policy", "no such file"}, "--policy", filepath.Join(dir, "missing.yml"))
	f([]string{"--policy", `"acme"`, "--tokens"}, "--policy",
		write("tenant.yml", "memory:\n- {service: shop, tenant: acme, size: 128MB}\n"))
	f([]string{"--rules", `tenants.yml:2:3: group "g": no tenant of --tokens is called "acme"`}, "--rules",
		write("tenants.yml", "groups:\n- name: g\n  tenant: acme\n  rules: []\n"))
	f([]string{"--rules", `built.yml:2:3: group "edgescope" is built in`}, "--rules",
		write("built.yml", "groups:\n- name: edgescope\n  rules: []\n"))
	f([]string{"--rules", "rules.yml:4:"}, "--rules", write("rules.yml",
		"groups:\n- name: g\n  rules:\n  - {alert: A, expr: 'sum('}\n"))
	f([]string{"--rules", "none-*.yml"}, "--rules", filepath.Join(dir, "none-*.yml"))
	// A text that doubles itself is refused before a parser takes the memory.
	doubling := strings.Builder{}
	doubling.WriteString("WITH (a = x + x")
	for c := 'a'; c < 'z'; c++ {
		fmt.Fprintf(&doubling, ", %[2]c = %[1]c + %[1]c", c, c+1)
	}
	f([]string{"--rules", "doubling.yml:4:"}, "--rules", write("doubling.yml",
		"groups:\n- name: g\n  rules:\n  - {alert: A, expr: '"+doubling.String()+") z'}\n"))
}
