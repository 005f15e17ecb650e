package aesql_test

import (
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"

	"edgescope/query/aesql/aggregate"
	"edgescope/query/aesql/function"
)

// docs is docs/sql.md, before and behind the heading of what is beyond Cloudflare.
func docs(t *testing.T) (cloudflare, beyond string) {
	t.Helper()
	text, err := os.ReadFile("../../docs/sql.md")
	if err != nil {
		t.Fatal(err)
	}
	cloudflare, beyond, ok := strings.Cut(string(text), "### Beyond Cloudflare")
	if !ok {
		t.Fatal("docs/sql.md has no heading Beyond Cloudflare")
	}
	return cloudflare, beyond
}

func TestQueriesOfTheDocsAreAnswered(t *testing.T) {
	cloudflare, beyond := docs(t)
	blocks := strings.Split(cloudflare+beyond, "```sql\n")[1:]
	if len(blocks) == 0 {
		t.Fatal("docs/sql.md has no queries")
	}
	c := collector(t, "--aesql-strict")
	for _, block := range blocks {
		query, _, _ := strings.Cut(block, "```")
		if status, body := ask(t, c, query); status != http.StatusOK || strings.Contains(body, `"rows":0`) {
			t.Errorf("%s\n%d %s", query, status, body)
		}
	}
}

// TestFunctionsAreInTheDocs: each stands where it belongs. Those of one family may stand there for one another.
func TestFunctionsAreInTheDocs(t *testing.T) {
	families := []string{
		"toInt16", "toInt32", "toIntervalMillisecond", "toIntervalSecond", "toIntervalMinute", "toIntervalHour",
		"toIntervalWeek", "toIntervalMonth", "toIntervalQuarter", "toIntervalYear",
	}
	cloudflare, beyond := docs(t)
	f := func(name string, theirs bool) {
		t.Helper()
		text := beyond
		if theirs {
			text = cloudflare
		}
		if slices.Contains(families, name) || strings.HasSuffix(name, "OrZero") || strings.HasSuffix(name, "OrNull") {
			return
		}
		if !strings.Contains(text, "`"+name+"(") && !strings.Contains(text, "`"+name+"`") {
			t.Errorf("docs/sql.md does not have %s, of Cloudflare: %t", name, theirs)
		}
	}
	for _, fn := range function.Functions() {
		if !fn.Operator {
			f(fn.Name, fn.Cloudflare)
		}
	}
	for _, a := range aggregate.Aggregates() {
		f(a.Name, a.Cloudflare)
	}
}
