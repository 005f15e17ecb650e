package aesql_test

import (
	"context"
	"encoding/json"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"edgescope/query/aesql"
	"edgescope/query/aesql/aggregate"
	"edgescope/query/aesql/function"
	"edgescope/store"
)

// fewRows gives some data points, odd ones among them.
func fewRows(_ context.Context, q store.RowsQuestion, emit func(store.Row) error) error {
	if strings.Contains(q.LogsQL, "stats ") {
		return emit(store.Row{})
	}
	for i, values := range [][]string{
		{"1", "Oslo", "-0"}, {"1.5", "", "NaN"}, {"100", "it's\t\\ é", "1e300"}, {"", "12", ""}, {"x", "\xff", "9223372036854775807"},
	} {
		row := store.Row{{Name: "_time", Value: strconv.FormatInt(1_700_000_000_000_000_000+int64(i), 10)}}
		for j, name := range []string{"_sample_interval", "blob1", "double1"} {
			if values[j] != "" {
				row = append(row, store.Field{Name: name, Value: values[j]})
			}
		}
		if err := emit(row); err != nil {
			return err
		}
	}
	return nil
}

// FuzzAsk: whatever is asked, the answer is one in the format that it says, or an error that is the asker's.
func FuzzAsk(f *testing.F) {
	for _, name := range []string{"documented", "users", "altinity", "mistakes"} {
		for _, one := range cases(f, read(f, name+".json")) {
			text := strings.NewReplacer("temperatures", "t", "site_hits", "t", "api_calls", "t").Replace(fill(one.Query))
			f.Add(text)
		}
	}
	f.Fuzz(func(t *testing.T, text string) {
		h := aesql.New(&fake{tables: []string{"t"}, rows: fewRows}, aesql.Options{})
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, path, strings.NewReader(text))
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		switch kind := w.Header().Get("Content-Type"); {
		case w.Code == http.StatusUnprocessableEntity && strings.HasPrefix(kind, "text/plain"):
		case w.Code != http.StatusOK:
			t.Fatalf("%q: %d %s", text, w.Code, w.Body)
		case kind == "application/json" && !json.Valid(w.Body.Bytes()):
			t.Fatalf("%q: %s", text, w.Body)
		}
	})
}

// TestAnyArgumentsOfAnyFunction: a function that gets what it can't take says so.
func TestAnyArgumentsOfAnyFunction(t *testing.T) {
	arguments := []string{
		"double1", "blob1", "timestamp", "_sample_interval", "0", "1", "-1", "255", "18446744073709551615", "2.5", "1e300",
		"nan", "-inf", "''", "'x'", "'2026-01-01 00:00:00'", "'Europe/Lisbon'", "'%Y'", "now()", "today()",
		"toDateTime64(timestamp, 3)", "INTERVAL '1' MONTH", "INTERVAL -9223372036854775808 DAY", "NULL", "true", "[1, 2]",
		"['a']", "[]", "(1, 'a')", "nullIf(double1, 1)", "double1 > 1", "toInt64(-9223372036854775808)", "*", "x -> x",
	}
	var calls []string
	for _, f := range function.Functions() {
		if !f.Operator {
			calls = append(calls, f.Name)
		}
	}
	plain := len(calls)
	for _, a := range aggregate.Aggregates() {
		calls = append(calls, a.Name, a.Name+"(0.5)", a.Name+"(3)", a.Name+"(-1)", a.Name+"('x')")
	}
	operators := []string{
		"+", "-", "*", "/", "%", "=", "!=", "<", ">=", "AND", "OR", "LIKE", "NOT ILIKE", "IN (1, 'x') AND", "BETWEEN 1 AND",
		"IS NULL OR", "NOT IN ('x') =",
	}
	r := rand.New(rand.NewPCG(1, 7))
	h := aesql.New(&fake{tables: []string{"t"}, rows: fewRows}, aesql.Options{})
	answered := map[string]bool{}
	for i := range 40 * len(calls) {
		call := calls[i%len(calls)]
		var list []string
		for range r.IntN(4) {
			list = append(list, arguments[r.IntN(len(arguments))])
		}
		distinct := ""
		if i%len(calls) >= plain && r.IntN(4) == 0 {
			distinct = "DISTINCT "
		}
		expression := call + "(" + distinct + strings.Join(list, ", ") + ")"
		if len(list) > 1 && r.IntN(3) == 0 {
			expression = list[0] + " " + operators[r.IntN(len(operators))] + " " + list[1]
		}
		query := "SELECT " + expression + " AS v FROM t" +
			[]string{"", " GROUP BY blob1", " ORDER BY v", " WHERE double1 != 0 FORMAT TabSeparated"}[r.IntN(4)]
		w := request(t, h, "POST "+path, query)
		switch {
		case w.Code == http.StatusOK:
			answered[call] = true
		case w.Code != http.StatusUnprocessableEntity:
			t.Errorf("%s\n%d %s", query, w.Code, w.Body)
		}
	}
	if len(answered) < len(calls)/3 {
		t.Errorf("%d of %d are answered at all", len(answered), len(calls))
	}
}
