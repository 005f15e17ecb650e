package execute_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"edgescope/query/aesql/execute"
	"edgescope/query/aesql/grammar"
	"edgescope/query/aesql/plan"
	"edgescope/query/aesql/value"
	"edgescope/store"
)

// known asks a table whose rows are known: a text, a number and the number of the row. There is no store.
type known struct {
	t    testing.TB
	rows [][]value.Value
	o    execute.Options
}

func newKnown(t testing.TB, rows ...[]any) *known {
	k := &known{t: t, o: execute.Options{Now: time.Unix(1_800_000_000, 0)}}
	for i, r := range rows {
		k.rows = append(k.rows, []value.Value{value.Text(r[0].(string)), value.Float(r[1].(float64)), value.Int(int64(i))})
	}
	return k
}

func (k *known) ask(ctx context.Context, text string) (string, error) {
	k.t.Helper()
	s, err := grammar.Parse(text)
	if err != nil {
		k.t.Fatal(err)
	}
	q, err := plan.Build(s, plan.Options{Now: k.o.Now, Virtual: map[string]plan.Virtual{"t": {
		Columns: []plan.Column{
			{Name: "s", Type: value.Of(value.String)},
			{Name: "f", Type: value.Of(value.Float64)},
			{Name: "i", Type: value.Of(value.Int64)},
		},
		Rows: k.rows,
	}}})
	if err != nil {
		k.t.Fatalf("%s: %v", text, err)
	}
	var rows []string
	err = execute.Run(ctx, nil, q, k.o, func(row []value.Value) error {
		texts := make([]string, len(row))
		for i, v := range row {
			texts[i] = string(q.Columns[i].Type.AppendText(nil, v))
		}
		rows = append(rows, strings.Join(texts, " "))
		return nil
	})
	return strings.Join(rows, "; "), err
}

func (k *known) want(text, want string) {
	k.t.Helper()
	if got, err := k.ask(context.Background(), text); err != nil || got != want {
		k.t.Errorf("%s:\n got %s, %v\nwant %s", text, got, err, want)
	}
}

func TestRowsThatAreKnownAreAsked(t *testing.T) {
	k := newKnown(t, []any{"b", 2.0}, []any{"a", math.NaN()}, []any{"b", -1.0}, []any{"", 0.0}, []any{"a", math.Copysign(0, -1)})
	k.want("SELECT s, f FROM t", "b 2; a nan; b -1;  0; a -0")
	k.want("SELECT f, count() AS n FROM t GROUP BY f ORDER BY n DESC, f LIMIT 2", "0 2; -1 1")
	k.want("SELECT s, count() FROM t GROUP BY s", "b 2; a 2;  1") // in the order in which groups were found
	k.want("SELECT s, f FROM t ORDER BY f DESC, s", "b 2;  0; a -0; b -1; a nan")
	k.want("SELECT s, i FROM t ORDER BY s", " 3; a 1; a 4; b 0; b 2") // equal ones stay in their order
	k.want("SELECT s, i FROM t ORDER BY s DESC", "b 0; b 2; a 1; a 4;  3")
	k.want("SELECT first_value(f), last_value(s) FROM t WHERE s != ''", "2 a")
	k.want("SELECT first_value(s) FROM t ORDER BY i DESC", "a")
	k.want("SELECT s FROM t WHERE f > 0 LIMIT 1", "b")
	k.want("SELECT runningDifference(i) AS d FROM t WHERE i != 2 ORDER BY i DESC", "0; -1; -2; -1")
	k.want("SELECT count() FROM (SELECT DISTINCT s FROM t) WHERE s IN ('a', 'b')", "2")
	k.want("SELECT s FROM (SELECT s, i FROM t ORDER BY i DESC LIMIT 3) ORDER BY i LIMIT 1", "b")
	k.want("SELECT sum(f) FROM t WHERE s = 'nobody' GROUP BY s", "")
	k.want("SELECT sum(f), count() FROM t WHERE s = 'nobody'", "0 0")
	k.want("SELECT groupArray(i) FROM (SELECT i FROM t ORDER BY i DESC)", "[4,3,2,1,0]")
}

// TestTheFirstRowsAreThoseOfASort compares ORDER BY with LIMIT and OFFSET, which keeps few rows, with a sort of all.
func TestTheFirstRowsAreThoseOfASort(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 60 {
		n := r.IntN(6000)
		rows := make([][]any, n)
		for i := range rows {
			rows[i] = []any{string(rune('a' + r.IntN(5))), float64(r.IntN(50))}
		}
		k := newKnown(t, rows...)
		limit, offset := r.IntN(1500), r.IntN(1500)
		order := make([]int, n)
		for i := range order {
			order[i] = i
		}
		slices.SortStableFunc(order, func(a, b int) int {
			return cmp.Or(-cmp.Compare(rows[a][1].(float64), rows[b][1].(float64)),
				strings.Compare(rows[a][0].(string), rows[b][0].(string)))
		})
		var want []string
		for _, i := range order[min(offset, n):min(offset+limit, n)] {
			want = append(want, strconv.Itoa(i))
		}
		k.want(fmt.Sprintf("SELECT i FROM t ORDER BY f DESC, s LIMIT %d OFFSET %d", limit, offset), strings.Join(want, "; "))
	}
}

// TestMemoryIsGivenBack when rows turn out not to be among the first: a question needs as much as it answers.
func TestMemoryIsGivenBack(t *testing.T) {
	rows := make([][]any, 50_000)
	for i := range rows {
		rows[i] = []any{strings.Repeat("x", 100), float64(-i)}
	}
	k := newKnown(t, rows...)
	k.o = execute.Within(k.o, 3<<20)
	k.want("SELECT i FROM t ORDER BY f LIMIT 1", "49999") // each is before all others so far
	k.want("SELECT count() FROM (SELECT s, f FROM t ORDER BY f LIMIT 2000)", "2000")
	if _, err := k.ask(context.Background(), "SELECT i FROM t ORDER BY f"); !errors.Is(err, store.ErrTooMuch) {
		t.Errorf("50,000 rows within 3 MiB: %v", err)
	}
	// One after the other, each within the bound.
	one := "SELECT max(n) FROM (SELECT f, count() AS n FROM (SELECT f FROM t ORDER BY f LIMIT 2000) GROUP BY f)"
	k.want(one, "1")
}

func TestGroupsAreBounded(t *testing.T) {
	rows := make([][]any, 1001)
	for i := range rows {
		rows[i] = []any{"x", float64(i)}
	}
	k := newKnown(t, rows...)
	k.o = execute.AtMost(k.o, 1000)
	k.want("SELECT count() FROM (SELECT f, count() FROM t WHERE i > 0 GROUP BY f)", "1000")
	_, err := k.ask(context.Background(), "SELECT f, count() FROM t GROUP BY f")
	if !errors.Is(err, store.ErrTooMuch) || !strings.Contains(err.Error(), "more than 1000 groups: filter") {
		t.Errorf("got %v", err)
	}
}

func TestAnErrorOfWhoTakesTheRowsEndsTheQuestion(t *testing.T) {
	k := newKnown(t, []any{"a", 1.0}, []any{"b", 2.0})
	gone := errors.New("the client is gone")
	for _, text := range []string{
		"SELECT s FROM t", "SELECT s FROM t ORDER BY s", "SELECT s, count() FROM t GROUP BY s",
		"SELECT s FROM (SELECT s FROM t LIMIT 2)",
	} {
		s, err := grammar.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		q, err := plan.Build(s, plan.Options{Virtual: map[string]plan.Virtual{"t": {
			Columns: []plan.Column{
				{Name: "s", Type: value.Of(value.String)},
				{Name: "f", Type: value.Of(value.Float64)},
				{Name: "i", Type: value.Of(value.Int64)},
			},
			Rows: k.rows,
		}}})
		if err != nil {
			t.Fatal(err)
		}
		calls := 0
		err = execute.Run(context.Background(), nil, q, k.o, func([]value.Value) error {
			calls++
			return gone
		})
		if !errors.Is(err, gone) || calls != 1 {
			t.Errorf("%s: %v after %d rows", text, err, calls)
		}
	}
}

func TestWhatIsKeptAlreadyEndsWithTheQuestionToo(t *testing.T) {
	rows := make([][]any, 5000)
	for i := range rows {
		rows[i] = []any{"x", float64(i)}
	}
	k := newKnown(t, rows...)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	for _, text := range []string{"SELECT f FROM t ORDER BY f", "SELECT f, count() FROM t GROUP BY f"} {
		if got, err := k.ask(ctx, text); !errors.Is(err, context.Canceled) || got != "" {
			t.Errorf("%s: %d bytes, %v", text, len(got), err)
		}
	}
}
