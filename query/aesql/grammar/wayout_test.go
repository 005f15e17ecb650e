package grammar

import (
	"strings"
	"testing"
)

// TestEveryWayOutIsTold: each word and symbol of other dialects, where people write it.
func TestEveryWayOutIsTold(t *testing.T) {
	told := map[string]bool{}
	f := func(name, query string) {
		t.Helper()
		told[name] = true
		_, err := Parse(query)
		if err == nil || !strings.Contains(err.Error(), " is not supported: "+wayOut[name]) {
			t.Errorf("%s: %v, want %s", query, err, wayOut[name])
		}
	}
	f("CASE", "SELECT CASE a WHEN 1 THEN 2 END FROM t")
	f("CASE", "SELECT sum(CASE WHEN a THEN 1 END) FROM t")
	f("CAST", "SELECT cast(a as UInt8) FROM t")
	f("::", "SELECT a::text FROM t")
	f("||", "SELECT a || 'x' FROM t")
	f("&&", "SELECT a FROM t WHERE a && b")
	f("!", "SELECT a FROM t WHERE !a")
	f("&", "SELECT a & 1")
	f("|", "SELECT a | 1")
	f("^", "SELECT a ^ 2")
	f("<<", "SELECT 1 << 2")
	f(">>", "SELECT 1 >> 2")
	f("~", "SELECT a FROM t WHERE a ~ 'x'")
	f("<=>", "SELECT a <=> b")
	f("?", "SELECT a FROM t WHERE a = ?")
	f("?", "SELECT a ? b : c")
	f(":", "SELECT a FROM t WHERE a = :city")
	f("{", "SELECT a FROM t WHERE a = {x:String}")
	f("@", "SELECT a FROM t WHERE a = @x")
	f("DIV", "SELECT a DIV 2")
	f("MOD", "SELECT a MOD 2")
	f("XOR", "SELECT a XOR b")
	f("REGEXP", "SELECT a FROM t WHERE a REGEXP 'x'")
	f("RLIKE", "SELECT a FROM t WHERE a RLIKE 'x'")
	f("GLOB", "SELECT a FROM t WHERE a GLOB 'x'")
	f("EXISTS", "SELECT a FROM t WHERE EXISTS (SELECT 1)")
	f("OVER", "SELECT sum(a) OVER w FROM t")
	f("FILTER", "SELECT sum(a) FILTER (WHERE b) FROM t")
	f("DATE", "SELECT a FROM t WHERE a > DATE '2026-01-01'")
	f("DATE", "SELECT a FROM t WHERE a > TIMESTAMP '2026-01-01'")
	f("WITH", "WITH 1 AS x SELECT x")
	f("UNION", "SELECT 1 UNION SELECT 2")
	f("INTERSECT", "SELECT 1 INTERSECT SELECT 2")
	f("EXCEPT", "SELECT 1 EXCEPT SELECT 2")
	f("JOIN", "SELECT a FROM t JOIN u USING (a)")
	f("INNER", "SELECT a FROM t INNER JOIN u USING (a)")
	f("LEFT", "SELECT a FROM t LEFT JOIN u USING (a)")
	f("RIGHT", "SELECT a FROM t RIGHT JOIN u USING (a)")
	f("FULL", "SELECT a FROM t AS x FULL JOIN u USING (a)")
	f("CROSS", "SELECT a FROM t CROSS JOIN u")
	f("ARRAY", "SELECT a FROM t ARRAY JOIN b")
	f("GLOBAL", "SELECT a FROM t GLOBAL ANY LEFT JOIN u USING (a)")
	f("FINAL", "SELECT a FROM t FINAL")
	f("PREWHERE", "SELECT a FROM t PREWHERE a = 1")
	f("QUALIFY", "SELECT a FROM t QUALIFY a = 1")
	f("WINDOW", "SELECT a FROM t WINDOW w AS ()")
	f("SAMPLE", "SELECT a FROM t SAMPLE 0.1")
	f("SETTINGS", "SELECT a FROM t SETTINGS x = 1")
	f("FETCH", "SELECT a FROM t ORDER BY a FETCH FIRST 3 ROWS ONLY")
	f("TOP", "SELECT TOP 10 a FROM t")
	f("NULLS", "SELECT a FROM t ORDER BY a NULLS FIRST")
	f("COLLATE", "SELECT a FROM t ORDER BY a COLLATE 'en'")
	f("INTO", "SELECT a FROM t INTO OUTFILE 'x'")
	for name := range wayOut {
		if !told[name] {
			t.Errorf("no query has %s", name)
		}
	}
}

// TestWordsOfOtherDialectsAreNames where they can be nothing else.
func TestWordsOfOtherDialectsAreNames(t *testing.T) {
	for _, query := range []string{
		"SELECT date, left, mod, top, sample, final, filter, window FROM t",
		"SELECT blob1 AS date, blob2 AS left, blob3 AS union FROM t GROUP BY date, left",
		"SELECT count() AS full FROM date WHERE filter = 1",
		"SELECT left(blob1, 2), date(x), mod(a, b), exists FROM t",
		`SELECT "case", "from", "limit" FROM "select" ORDER BY "case"`,
	} {
		if _, err := Parse(query); err != nil {
			t.Errorf("%s: %v", query, err)
		}
	}
}
