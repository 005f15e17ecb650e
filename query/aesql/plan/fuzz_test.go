package plan_test

import (
	"errors"
	"math"
	"strings"
	"testing"

	"edgescope/query/aesql/grammar"
	"edgescope/query/aesql/plan"
	"edgescope/query/aesql/value"
)

// FuzzBuild holds that whatever parses is planned or refused with its place, that a plan says what its rows are, and
// that its expressions can be evaluated on a row that has them.
func FuzzBuild(f *testing.F) {
	for _, text := range []string{
		"SELECT index1 AS id, SUM(_sample_interval) AS n FROM my_dataset WHERE id = 'x' AND timestamp > NOW() - INTERVAL '7' DAY GROUP BY id",
		"SELECT intDiv(toUInt32(timestamp),300)*300 AS t, blob1 AS city, SUM(_sample_interval*double2)/SUM(_sample_interval) AS a " +
			"FROM WEATHER WHERE timestamp >= NOW() - INTERVAL '1' DAY AND double1 > 0 GROUP BY t, city ORDER BY t, a DESC",
		"SELECT * FROM (SELECT blob1 AS x, count() AS n FROM sql_dev GROUP BY x HAVING n > 1 LIMIT 5) WHERE x LIKE 'a%' ORDER BY 1",
		"SELECT quantileExactWeighted(0.5)(double1, _sample_interval), first_value(blob1) FROM sql_dev ORDER BY timestamp",
		"SELECT a + a AS b, b * 2 AS c, double1 AS a FROM sql_dev WHERE c BETWEEN 1 AND 2 OR NOT blob1 IN ('x', '')",
		"SELECT name FROM system.tables", "SELECT 1", "SELECT if(blob2='f', (double1-32)/1.8, double1) <= 0 FROM sql_dev",
		"SELECT avgIf(double1, blob1 = 'x'), min(double2), count(DISTINCT blob1) FROM sql_dev GROUP BY toHour(timestamp)",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s, err := grammar.Parse(text)
		if err != nil || s.Select == nil {
			t.Skip("no SELECT")
		}
		q, err := plan.Build(s, options())
		var bad *grammar.Error
		if err != nil {
			if !errors.As(err, &bad) || strings.Contains(err.Error(), "BUG") {
				t.Fatalf("%q: %v", text, err)
			}
			return
		}
		check(t, text, q)
	})
}

func check(t *testing.T, text string, q *plan.Query) {
	t.Helper()
	if len(q.Columns) != len(q.Select) || len(q.Columns) == 0 {
		t.Fatalf("%q: %d columns of %d expressions", text, len(q.Columns), len(q.Select))
	}
	row := make([]value.Value, len(q.RowTypes()))
	for i, e := range q.Select {
		if e.Type.Kind != q.Columns[i].Type.Kind {
			t.Fatalf("%q: column %d is %s and %s", text, i, e.Type, q.Columns[i].Type)
		}
		_, _ = e.Eval(row) // such as a division by zero
	}
	for _, k := range q.Order {
		_, _ = k.Eval(row)
	}
	if scan := q.Source.Scan; scan != nil {
		if scan.From < 0 || scan.To > math.MaxUint32+1 || q.Stats != nil && len(q.Stats.Results) != len(q.Group.Aggregates) {
			t.Fatalf("%q: scans [%d, %d), %+v", text, scan.From, scan.To, q.Stats)
		}
		row = make([]value.Value, len(scan.Columns))
	}
	if q.Source.Sub != nil {
		check(t, text, q.Source.Sub)
		row = make([]value.Value, len(q.Source.Sub.Columns)+1)
	}
	if q.Source.Rows != nil {
		row = append(append(row[:0], q.Source.Rows[0]...), value.Int(0))
	}
	for _, w := range q.Where {
		_, _ = w.Eval(row)
	}
	if q.Group == nil {
		return
	}
	for _, k := range q.Group.Keys {
		_, _ = k.Eval(row)
	}
	for _, a := range q.Group.Aggregates {
		args := make([]value.Value, len(a.Args))
		for i, e := range a.Args {
			args[i], _ = e.Eval(row)
		}
		_ = a.New().Add(args)
	}
}
