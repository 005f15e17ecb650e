package execute_test

import (
	"strings"
	"testing"
)

// pairs is what Grafana's plug-in Altinity makes of $columns, by the minute.
const pairs = "(SELECT t, groupArray((key, n)) AS list FROM (SELECT toUInt32(timestamp) * 1000 AS t, index1 AS key, " +
	"sum(double1) AS n FROM weather GROUP BY t, key ORDER BY t, key) GROUP BY t ORDER BY t)"

func TestLambdas(t *testing.T) {
	w := weather(t)
	w.want("SELECT arrayMap(x -> x * 2, [1, 2, 3])", "[2,4,6]")
	w.want("SELECT arrayMap((x, y) -> x - y, [1, 2], [10, 20])", "[-9,-18]")
	w.want("SELECT arrayMap(x -> concat(x, blob1), ['a', 'b']) FROM weather WHERE index1 = 'b' LIMIT 1", "['aQuito','bQuito']")
	w.want("SELECT arrayMap(x -> arrayMap(y -> x * y, [1, 2]), [10, 20])", "[[10,20],[20,40]]")
	w.want("SELECT arrayMap(x -> arrayMap(x -> x + 1, [x]), [10, 20])", "[[11],[21]]")
	w.want("SELECT arrayMap(x -> x, [])", "[]")
	w.want("SELECT 5 AS x, arrayMap(x -> x + 1, [1])", "5 [2]")
	w.want("SELECT blob1 AS b, arrayMap(blob1 -> concat(blob1, b), ['x']) FROM weather WHERE index1 = 'c'", " ['x']")
	w.want("SELECT arrayMap(p -> p.1, list) FROM "+pairs+" LIMIT 1", "['a']")
	w.want("SELECT arrayMap(x -> x / count(), groupArray(double1)) FROM weather WHERE index1 = 'b' ", "[-1.25,5]")
}

// $rateColumns divides by the time since the row before, which is one for all elements of a row.
func TestRowsBeforeInLambdas(t *testing.T) {
	w := weather(t)
	rows := "(SELECT number AS t, [(1, number), (2, number * 2)] AS list FROM " +
		"(SELECT round(double1) AS number FROM weather WHERE double1 != 0 GROUP BY number ORDER BY number))"
	w.want("SELECT t, arrayMap(a -> (a.1, a.2 / runningDifference(t)), list) FROM "+rows,
		"-2 [(1,-inf),(2,-inf)]; 5 [(1,0.7142857142857143),(2,1.4285714285714286)]; 10 [(1,2),(2,4)]")
}

// A difference to the row before is asked for in every row, also where if leaves it out.
func TestRowsBeforeInConditions(t *testing.T) {
	w := weather(t)
	rows := "(SELECT double1 AS x FROM weather WHERE double1 != 0 GROUP BY x ORDER BY x)"
	w.want("SELECT x, if(x = 5, -1, runningDifference(x)) AS d FROM "+rows, "-2.5 0; 5 -1; 10 5")
	w.want("SELECT x, x = 5 OR runningDifference(x) > 5 AS d FROM "+rows, "-2.5 0; 5 1; 10 0")
}

func TestLambdasAreRefusedWhereTheyCantStand(t *testing.T) {
	w := weather(t)
	f := func(text, part string) {
		t.Helper()
		if a, err := w.ask(t.Context(), text); err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("%s: %v, error %v, want one with %q", text, a, err, part)
		}
	}
	f("SELECT concat(x -> x, 'a')", "stand first in arrayMap only")
	f("SELECT arrayMap([1], x -> x)", "stand first in arrayMap only")
	f("SELECT arrayMap([1], 1)", "arrayMap takes a lambda first: arrayMap(x -> x * 2, array)")
	f("SELECT arrayMap(x -> x)", "the lambda has 1 parameters for 0 arrays")
	f("SELECT arrayMap((x, y) -> x, [1])", "the lambda has 2 parameters for 1 arrays")
	f("SELECT arrayMap(x -> x, 5)", "arrayMap: argument 2 is UInt8: an array is needed")
	f("SELECT arrayMap(x -> y, [1])", "unable to find type of column: y")
	f("SELECT arrayMap(x -> x, [1]) + x", "unable to find type of column: x")
	f("SELECT arrayMap(x -> runningDifference(x), [1])", "can't look at an element of an array")
	f("SELECT arrayMap((x, y) -> x, [1], [1, 2])", "the arrays have 1 and 2 elements")
	f("SELECT arrayMap(x -> intDiv(1, x), [0])", "division by zero")
	f("SELECT arrayMap(x -> x, x -> x)", "stand first in arrayMap only")
	f("SELECT arrayMap()", "arrayMap takes a lambda first")
}
