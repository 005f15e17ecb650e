package grammar_test

import (
	"errors"
	"strings"
	"testing"

	"edgescope/query/aesql/grammar"
)

func TestNamesOfExpressions(t *testing.T) {
	f := func(text, want string) {
		t.Helper()
		if got := grammar.Name(expression(t, text), nil); got != want {
			t.Errorf("%s\n got %s\nwant %s", text, got, want)
		}
	}
	f("COUNT( )", "count()")
	f("MAX(double3)", "max(double3)")
	f("SUM(_sample_interval*double1)/SUM(_sample_interval)", "sum(_sample_interval * double1) / sum(_sample_interval)")
	f("quantileWeighted(0.99,double1,_sample_interval)", "quantileweighted(0.99, double1, _sample_interval)")
	f("topK(3)(DISTINCT x)", "topk(3)(DISTINCT x)")
	f("((a)) + (b * c) - (d - e)", "a + b * c - (d - e)")
	f("(a or b) and not (c and d)", "(a OR b) AND NOT (c AND d)")
	f("(not a) = 1", "(NOT a) = 1")
	f("- (- 1) - (-(a + b))", "-(-1) - -(a + b)")
	f("a <> 'it''s'", `a != 'it\'s'`)
	f("a not in (1,2) and (b between 1 and 2) = true", "a NOT IN (1, 2) AND b BETWEEN 1 AND 2 = true")
	f("(a is not null) is null", "a IS NOT NULL IS NULL")
	f("1 = (a between 1 and 2)", "1 = (a BETWEEN 1 AND 2)")
	f("(a like 'x') not like 'y'", "a LIKE 'x' NOT LIKE 'y'")
	f("`a b`.c + \"plain\"", "`a b.c` + plain")
	f("now() - interval 1 day", "now() - INTERVAL '1' DAY")
	f("x.1", "tupleelement(x, 1)")
	f("f(x -> (x = 1))", "f((x) -> x = 1)")
	if got := grammar.Name(expression(t, "TOHOUR(t)"), func(string) string { return "toHour" }); got != "toHour(t)" {
		t.Error(got)
	}
}

// FuzzParse holds three rules: errors tell a place within the text; what is parsed is found again in its printed form;
// and two spellings of one expression have one name.
func FuzzParse(f *testing.F) {
	for _, text := range []string{
		"SELECT 1", "SHOW TABLES FORMAT JSON;", "SELECT a, b AS c FROM t WHERE a > 1 AND NOT b LIKE 'x\\%' GROUP BY c HAVING n",
		"SELECT -(-1) - - 2 * 3 % (4 - 5)", "SELECT x NOT BETWEEN 1 AND 2 + 3 OR y NOT IN ('a', 'b')",
		"SELECT position(':' IN s)-1, extract(DAY FROM t), count(DISTINCT x), q(0.5)(a,b)", "SELECT a.1, (1, 2), [], f((x, y) -> x.1)",
		"SELECT * FROM (SELECT 1 LIMIT ALL OFFSET 3) x ORDER BY a DESC -- c\n/* d */ FORMAT TabSeparated",
		"SELECT \"a b\".c IS NOT NULL, INTERVAL '-1' DAYS, true, NULL, .5, 1.e-3", "SELECT CASE", "SELECT ‘", "SELECT '\\",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s, err := grammar.Parse(text)
		var told *grammar.Error
		if errors.As(err, &told) {
			if told.Line < 1 || told.Line > strings.Count(text, "\n")+1 || told.Column < 1 || told.Column > len(text)+1 {
				t.Fatalf("%q: error at %d:%d", text, told.Line, told.Column)
			}
			return
		}
		if err != nil {
			t.Fatalf("%q: %v is no *grammar.Error", text, err)
		}
		if s.Select == nil {
			return
		}
		for _, item := range s.Select.Items {
			if _, star := item.Expr.(*grammar.Star); star {
				continue
			}
			keep := func(name string) string { return name }
			name := grammar.Name(item.Expr, keep)
			if len(name) > grammar.MaxText-7 {
				continue
			}
			again, err := grammar.Parse("SELECT " + name)
			var deep *grammar.Error
			if errors.As(err, &deep) && strings.Contains(deep.Text, "more than") {
				continue // names of special forms have parentheses of their own
			}
			if err != nil {
				t.Fatalf("%q is printed as %q: %v", text, name, err)
			}
			if got := grammar.Name(again.Select.Items[0].Expr, keep); got != name {
				t.Fatalf("%q is printed as %q, and that as %q", text, name, got)
			}
		}
	})
}
