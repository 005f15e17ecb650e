package aesql_test

import (
	"net/http"
	"strings"
	"testing"
)

// TestMistakes asks what people write by mistake, or for ClickHouse: testdata/mistakes.json says what they are told. What
// is answered here and refused by Cloudflare is refused with --aesql-strict, and nothing else is.
func TestMistakes(t *testing.T) {
	all := cases(t, read(t, "mistakes.json"))
	t.Run("lenient", func(t *testing.T) {
		c := collector(t)
		for _, one := range all {
			t.Run(one.Name, func(t *testing.T) { one.run(t, c) })
		}
	})
	t.Run("strict", func(t *testing.T) {
		c := collector(t, "--aesql-strict")
		for _, one := range all {
			want, text := http.StatusOK, one.Strict
			if one.Status != 0 || one.Strict != "" {
				want = http.StatusUnprocessableEntity
			}
			status, body := ask(t, c, one.Query)
			if status != want || !strings.Contains(body, text) {
				t.Errorf("%s\ngot %d %s\nwant %d %s", one.Query, status, body, want, text)
			}
		}
	})
}
