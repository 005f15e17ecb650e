package grammar_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"edgescope/query/aesql/grammar"
)

func TestTheTreeOfAStatement(t *testing.T) {
	const text = "SELECT a, sum(b) AS s FROM t WHERE NOT c IN ('x') AND d BETWEEN -1 AND 2 GROUP BY a ORDER BY s DESC LIMIT 5"
	got, err := grammar.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	limit := uint64(5)
	want := &grammar.Statement{Text: text, Select: &grammar.Select{
		Items: []grammar.Item{
			{Expr: &grammar.Column{At: 7, Name: "a"}},
			{Expr: &grammar.Call{At: 10, Name: "sum", Args: []grammar.Expr{&grammar.Column{At: 14, Name: "b"}}}, Alias: "s"},
		},
		From: &grammar.Source{At: 27, Table: "t"},
		Where: &grammar.Binary{
			At: 50, Op: grammar.And,
			Left: &grammar.Unary{At: 35, Op: grammar.Not, X: &grammar.In{
				At: 41, X: &grammar.Column{At: 39, Name: "c"},
				List: []grammar.Expr{&grammar.Literal{At: 45, Kind: grammar.String, Text: "x"}},
			}},
			Right: &grammar.Between{
				At: 56, X: &grammar.Column{At: 54, Name: "d"},
				Low: &grammar.Unary{At: 64, Op: grammar.Minus, X: &grammar.Literal{
					At: 65, Kind: grammar.Number, Text: "1",
				}},
				High: &grammar.Literal{At: 71, Kind: grammar.Number, Text: "2"},
			},
		},
		GroupBy: []grammar.Expr{&grammar.Column{At: 82, Name: "a"}},
		OrderBy: []grammar.Order{{Expr: &grammar.Column{At: 93, Name: "s"}, Desc: true}},
		Limit:   &limit,
	}}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

// TestPositions: an error in a node is told where its operator or its name stands, in characters of its line.
func TestPositions(t *testing.T) {
	f := func(text, want string) {
		t.Helper()
		s, err := grammar.Parse("SELECT 'é',\n " + text)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		var told *grammar.Error
		if err := s.Errorf(s.Select.Items[1].Expr.Pos(), "here: %d", 1); !errors.As(err, &told) || err.Error() != want {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
	f("blob1", "2:2: here: 1")
	f("42", "2:2: here: 1")
	f("'é'", "2:2: here: 1")
	f("INTERVAL '1' DAY", "2:2: here: 1")
	f("f(x)", "2:2: here: 1")
	f("f(1)(x)", "2:2: here: 1")
	f("a + b", "2:4: here: 1")
	f("'éé' = b", "2:7: here: 1")
	f("- b", "2:2: here: 1")
	f("NOT b", "2:2: here: 1")
	f("b IN (1)", "2:4: here: 1")
	f("b NOT BETWEEN 1 AND 2", "2:4: here: 1")
	f("b IS NULL", "2:4: here: 1")
	f("(a, b)", "2:2: here: 1")
	f("extract(DAY FROM t)", "2:2: here: 1")
	f("position(a IN b)", "2:2: here: 1")
}

func TestUnitsHaveNames(t *testing.T) {
	f := func(u grammar.Unit, want string) {
		t.Helper()
		if u.String() != want {
			t.Errorf("unit %d is %s, want %s", u, u, want)
		}
	}
	f(grammar.Millisecond, "MILLISECOND")
	f(grammar.Second, "SECOND")
	f(grammar.Week, "WEEK")
	f(grammar.Quarter, "QUARTER")
	f(grammar.Year, "YEAR")
	f(0, "no unit")
}
