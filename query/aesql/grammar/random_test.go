package grammar_test

import (
	"errors"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"edgescope/query/aesql/grammar"
)

// maker makes random expressions.
type maker struct{ *rand.Rand }

var operators = []grammar.Op{
	grammar.Or, grammar.And, grammar.Equal, grammar.NotEqual, grammar.Less, grammar.LessEqual, grammar.Greater,
	grammar.GreaterEqual, grammar.Like, grammar.NotLike, grammar.ILike, grammar.NotILike, grammar.Plus, grammar.Minus,
	grammar.Times, grammar.Divide, grammar.Modulo,
}

func (m maker) leaf() grammar.Expr {
	switch m.IntN(6) {
	case 0:
		return &grammar.Literal{Kind: grammar.Number, Text: strconv.Itoa(m.IntN(1000))}
	case 1:
		return &grammar.Literal{Kind: grammar.String, Text: []string{"", "it's", `a\b`, "two\nlines", "é%_"}[m.IntN(5)]}
	case 2:
		return &grammar.Literal{Kind: grammar.Bool, Text: strconv.FormatBool(m.IntN(2) == 0)}
	case 3:
		return &grammar.Interval{N: m.Int64N(9) - 4, Unit: grammar.Second + grammar.Unit(m.IntN(4))}
	case 4:
		return &grammar.Column{Name: []string{"odd name", "1st", "a.b", "tick`s", "back\\slash", "é"}[m.IntN(6)], Quoted: true}
	}
	return &grammar.Column{Name: []string{"blob1", "timestamp", "interval", "_x"}[m.IntN(4)]}
}

func (m maker) list(depth int) (all []grammar.Expr) {
	for range 1 + m.IntN(3) {
		all = append(all, m.expr(depth))
	}
	return all
}

func (m maker) expr(depth int) grammar.Expr {
	if depth == 0 {
		return m.leaf()
	}
	depth--
	switch m.IntN(10) {
	case 0:
		return &grammar.Unary{Op: grammar.Not, X: m.expr(depth)}
	case 1:
		return &grammar.Unary{Op: grammar.Minus, X: m.expr(depth)}
	case 2:
		return &grammar.Between{Not: m.IntN(2) == 0, X: m.expr(depth), Low: m.expr(depth), High: m.expr(depth)}
	case 3:
		return &grammar.In{Not: m.IntN(2) == 0, X: m.expr(depth), List: m.list(depth)}
	case 4:
		return &grammar.IsNull{Not: m.IntN(2) == 0, X: m.expr(depth)}
	case 5:
		c := &grammar.Call{Name: "f", Args: m.list(depth), Distinct: m.IntN(4) == 0}
		if m.IntN(3) == 0 {
			c.Params = m.list(0)
		}
		return c
	case 6:
		return m.leaf()
	}
	return &grammar.Binary{Op: operators[m.IntN(len(operators))], Left: m.expr(depth), Right: m.expr(depth)}
}

func keep(name string) string { return name }

// TestWhatIsPrintedIsReadAsTheSame: no parenthesis is missing, whatever stands in whatever.
func TestWhatIsPrintedIsReadAsTheSame(t *testing.T) {
	m := maker{rand.New(rand.NewPCG(3, 1))}
	for range 5000 {
		e := m.expr(1 + m.IntN(4))
		text := grammar.Name(e, keep)
		s, err := grammar.Parse("SELECT " + text)
		if err != nil {
			t.Fatalf("%s\n%s: %v", shape(e), text, err)
		}
		if got, want := shape(s.Select.Items[0].Expr), shape(e); got != want {
			t.Fatalf("%s\nis read as %s\nwant       %s", text, got, want)
		}
	}
}

// TestSpellingDoesNotMatter: white space, comments and the case of keywords change nothing.
func TestSpellingDoesNotMatter(t *testing.T) {
	words := []string{
		"SELECT", "blob1", "AS", "city", ",", "SUM", "(", "_sample_interval", "*", "double1", ")", "/", "4", "FROM",
		`"my-table"`, "WHERE", "timestamp", ">", "NOW", "(", ")", "-", "INTERVAL", "'7'", "DAY", "AND", "blob2", "NOT",
		"LIKE", "'%x'", "GROUP", "BY", "city", "HAVING", "n", ">=", "10", "ORDER", "BY", "n", "DESC", "LIMIT", "5", "OFFSET",
		"2", "FORMAT", "JSONEachRow", ";",
	}
	keywords := strings.Fields("SELECT AS FROM WHERE INTERVAL DAY AND NOT LIKE GROUP BY HAVING ORDER DESC LIMIT OFFSET FORMAT")
	r := rand.New(rand.NewPCG(5, 8))
	want := ""
	for i := range 300 {
		var b strings.Builder
		for _, w := range words {
			if slices.Contains(keywords, w) && r.IntN(2) == 0 {
				w = strings.ToLower(w)
			}
			b.WriteString(w)
			b.WriteString([]string{" ", "\n", "\t \r\n", " /* , ) ' */ ", " -- ' (\n", "/**/"}[r.IntN(6)])
		}
		s, err := grammar.Parse(b.String())
		if err != nil {
			t.Fatalf("%s: %v", b.String(), err)
		}
		got := printed(s)
		if i == 0 {
			want = got
		}
		if got != want {
			t.Fatalf("%s\nis read as %s\nwant       %s", b.String(), got, want)
		}
	}
}

// printed writes a statement with all that it means.
func printed(s *grammar.Statement) string {
	var b strings.Builder
	q := s.Select
	for _, i := range q.Items {
		b.WriteString(shape(i.Expr) + " as " + i.Alias + ", ")
	}
	b.WriteString("from " + q.From.Table + " where " + shape(q.Where) + " group " + strconv.Itoa(len(q.GroupBy)))
	b.WriteString(" having " + shape(q.Having) + " order " + shape(q.OrderBy[0].Expr) + strconv.FormatBool(q.OrderBy[0].Desc))
	b.WriteString(" limit " + strconv.FormatUint(*q.Limit, 10) + " offset " + strconv.FormatUint(q.Offset, 10))
	return b.String() + " format " + s.Format.Name
}

// TestAnyCutIsToldOrRead: a statement that is cut anywhere, or misses or repeats a token, is read or told with a place,
// and never reads on for ever.
func TestAnyCutIsToldOrRead(t *testing.T) {
	text := "SELECT blob1 AS city, quantileExactWeighted(0.5)(double1, _sample_interval), position('a' IN blob1), " +
		"if(double1 BETWEEN 1 AND 2, -1, 2.5e3) FROM (SELECT * FROM \"t\" WHERE NOT x IN ('a', 'b')) AS s " +
		"WHERE timestamp > now() - INTERVAL '1' DAY GROUP BY city HAVING count(DISTINCT blob2) > 1 ORDER BY 1 DESC, 2 " +
		"LIMIT 3 OFFSET 4 FORMAT JSON;"
	if _, err := grammar.Parse(text); err != nil {
		t.Fatal(err)
	}
	read, told := 0, 0
	check := func(text string) {
		t.Helper()
		_, err := grammar.Parse(text)
		var at *grammar.Error
		switch {
		case err == nil:
			read++
		case !errors.As(err, &at) || at.Line != 1 || at.Column < 1 || at.Column > len(text)+1 || at.Text == "":
			t.Errorf("%s: %v", text, err)
		default:
			told++
		}
	}
	fields := strings.Fields(text)
	for i := range text {
		check(text[:i])
		check(text[i:])
	}
	for i := range fields {
		check(strings.Join(slices.Concat(fields[:i], fields[i+1:]), " "))
		check(strings.Join(slices.Concat(fields[:i], fields[i:i+1], fields[i:]), " "))
		check(strings.Join(slices.Concat(fields[:i], []string{"("}, fields[i:]), " "))
	}
	if read < 10 || told < 500 {
		t.Errorf("%d are read and %d told: the test cuts nothing", read, told)
	}
}
