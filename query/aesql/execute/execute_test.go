package execute_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"edgescope/edge"
	"edgescope/query/aesql/execute"
	"edgescope/query/aesql/grammar"
	"edgescope/query/gate"
	"edgescope/store"
)

func TestRowsAreAnswered(t *testing.T) {
	w := weather(t)
	w.want("SELECT blob1, double1, double2, _sample_interval FROM weather",
		" 0 7 1; Oslo 5 0 1; Oslo 5 0 10; Quito -2.5 0 1.5; Quito 10 0 1")
	w.want("SELECT count() FROM weather", "5")
	w.want("SELECT count() FROM weather WHERE blob1 = 'nowhere'", "0")
	w.want("SELECT 1 + 1 AS two", "2")
	w.want("SELECT 1 WHERE 0", "")
	w.want("SELECT index1 FROM weather WHERE blob1 = ''", "c")
	w.want("SELECT index1, double1 FROM weather WHERE double1 >= 0 AND index1 != 'a'", "b 10; c 0")
	w.want("SELECT count() FROM weather WHERE timestamp > now() - INTERVAL '1' HOUR", "3")
	w.want("SELECT count() FROM weather WHERE timestamp >= now() - INTERVAL '1' HOUR", "5")
	w.want("SELECT count() FROM weather WHERE timestamp = now() - INTERVAL '1' HOUR", "2")
	w.want("SELECT DISTINCT blob1 FROM weather", "; Oslo; Quito")
	w.want("SELECT dataset, index1 FROM OTHER WHERE blob1 = 'Rome'", "Other x")
	w.want("SELECT double1 FROM Other", "inf; nan")
}

func TestGroupsAreAnswered(t *testing.T) {
	w := weather(t)
	f := func(text, want string) {
		t.Helper()
		for _, w.scans = range []bool{false, true} {
			w.want(text, want)
		}
	}
	f("SELECT blob1, count(), sum(_sample_interval), avg(double1), min(double1), max(double1) FROM weather GROUP BY blob1",
		" 1 1 0 0 0; Oslo 2 11 5 5 5; Quito 2 2.5 3.75 -2.5 10")
	f("SELECT sum(_sample_interval * double1) / sum(_sample_interval) AS a FROM weather", "4.224137931034483")
	f("SELECT double1, count() AS n FROM weather GROUP BY double1 ORDER BY n DESC, double1", "5 2; -2.5 1; 0 1; 10 1")
	f("SELECT count(DISTINCT blob1), count(DISTINCT index1), count(DISTINCT double1) FROM weather", "3 3 4")
	f("SELECT countIf(blob1 = 'Oslo'), sumIf(double1, blob1 = 'Quito'), avgIf(double1, blob1 = 'Rome') FROM weather",
		"2 7.5 nan")
	f("SELECT count(), sum(double1), avg(double1), min(double1), max(blob1) FROM weather WHERE blob1 = 'Rome'",
		"0 0 nan 0 ")
	f("SELECT count(), sum(double1), min(double1), max(double1) FROM weather WHERE index1 = 'nobody'", "0 0 0 0")
	f("SELECT blob1 FROM weather WHERE blob1 = 'Rome' GROUP BY blob1", "")
	f("SELECT blob1, count() AS n FROM weather GROUP BY blob1 HAVING n > 1 AND max(double1) > 5", "Quito 2")
	f("SELECT blob1, sum(double1), max(double1) FROM Other GROUP BY blob1", "Oslo nan nan; Rome inf inf")
	f("SELECT 1 AS one, 'x' AS x, count() AS n FROM weather GROUP BY one, x", "1 x 5")
	f("SELECT length(blob1) AS l, count() FROM weather GROUP BY l ORDER BY l", "0 1; 4 2; 5 2")
	f("SELECT upper(blob1) AS u, n * 2 AS m, count() AS n FROM weather GROUP BY blob1 ORDER BY u",
		" 2 1; OSLO 4 2; QUITO 4 2")
	f("SELECT max(double1) - min(double1) AS d FROM weather", "12.5")
	f("SELECT any(blob1) = 'Oslo' AS is FROM weather WHERE index1 = 'a'", "1")
}

func TestOrderLimitAndOffset(t *testing.T) {
	w := weather(t)
	w.want("SELECT double1 FROM weather ORDER BY double1 DESC", "10; 5; 5; 0; -2.5")
	w.want("SELECT double1 FROM weather ORDER BY double1 LIMIT 2", "-2.5; 0")
	w.want("SELECT double1 FROM weather ORDER BY double1 LIMIT 2 OFFSET 1", "0; 5")
	w.want("SELECT double1 FROM weather ORDER BY double1 OFFSET 3", "5; 10")
	w.want("SELECT double1 FROM weather ORDER BY double1 LIMIT 9 OFFSET 5", "")
	w.want("SELECT double1 FROM weather ORDER BY double1 LIMIT 0", "")
	w.want("SELECT blob1 FROM weather ORDER BY double1 * -1, blob1 LIMIT 1", "Quito")
	w.want("SELECT double1 FROM Other ORDER BY double1 DESC", "inf; nan")
	w.want("SELECT double1 FROM Other ORDER BY double1", "inf; nan")
	w.want("SELECT blob1, count() AS n FROM weather GROUP BY blob1 ORDER BY n DESC, blob1 DESC LIMIT 2", "Quito 2; Oslo 2")
	for text, n := range map[string]int{
		"SELECT blob1 FROM weather LIMIT 3": 3, "SELECT blob1 FROM weather LIMIT 3 OFFSET 4": 1,
		"SELECT blob1 FROM weather LIMIT 0": 0, "SELECT blob1 FROM weather LIMIT 99": 5,
		"SELECT blob1 FROM weather OFFSET 2": 3, "SELECT blob1 FROM (SELECT blob1 FROM weather LIMIT 4) LIMIT 3": 3,
		"SELECT blob1 FROM (SELECT blob1 FROM weather LIMIT 2) LIMIT 3": 2,
	} {
		if a, err := w.ask(context.Background(), text); err != nil || len(a.rows) != n {
			t.Errorf("%s: %d rows, %v, want %d", text, len(a.rows), err, n)
		}
	}
}

func TestSubqueriesFeedTheOuterOne(t *testing.T) {
	w := weather(t)
	w.want("SELECT sum(n) AS total, max(n) AS top FROM (SELECT blob1 AS city, count() AS n FROM weather GROUP BY city)", "5 2")
	w.want("SELECT * FROM (SELECT blob1 AS c, double1 + 1 AS d FROM weather) WHERE d > 5 AND c = 'Oslo'", "Oslo 6; Oslo 6")
	w.want("SELECT first_value(d) AS a, last_value(d) AS b FROM (SELECT double1 AS d FROM weather ORDER BY d)", "-2.5 10")
	w.want("SELECT x.n FROM (SELECT count() AS n FROM weather) AS x", "5")
	w.want("SELECT max(s) FROM (SELECT s + 1 AS s FROM (SELECT sum(double1) AS s FROM weather GROUP BY blob1))", "11")
	w.want("SELECT count() FROM (SELECT 1)", "1")
}

func TestFirstAndLastValueGoByTime(t *testing.T) {
	w := weather(t)
	w.want("SELECT first_value(index1), last_value(index1) FROM weather", "a c")
	w.want("SELECT first_value(index1) FROM weather ORDER BY timestamp ASC", "a")
	w.want("SELECT last_value(index1) FROM weather ORDER BY timestamp DESC", "a")
	w.want("SELECT first_value(index1) FROM weather ORDER BY double1 DESC", "b")
	w.want("SELECT first_value(_sample_interval) FROM weather", "1") // half a second before the other one
	w.want("SELECT blob1, last_value(double1) AS v FROM weather GROUP BY blob1 ORDER BY blob1, timestamp", " 0; Oslo 5; Quito 10")
	if _, err := w.ask(context.Background(), "SELECT first_value(index1) FROM weather ORDER BY blob1"); err == nil {
		t.Error("texts are no order of rows, and nothing is said")
	}
}

func TestTheStoreIsAskedForAsLittleAsCanBe(t *testing.T) {
	w := weather(t)
	f := func(text string, want ...string) {
		t.Helper()
		w.reads = nil
		if _, err := w.ask(context.Background(), text); err != nil {
			t.Errorf("%s: %v", text, err)
			return
		}
		var got []string
		for _, q := range w.reads {
			got = append(got, q.LogsQL)
		}
		if strings.Join(got, "\n") != strings.Join(want, "\n") {
			t.Errorf("%s: asks\n%s\nwant\n%s", text, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	}
	f("SELECT double1 + double2 AS x FROM weather WHERE blob1 = 'Oslo' AND double1 > 3",
		`{dataset="weather"} "blob1":="Oslo" ("double1":>=2.999999997 or "double1":=Infinity) `+
			`| fields "blob1", "double1", "double2"`)
	f("SELECT count() FROM weather", `{dataset="weather"} | stats by () count() as rows`)
	f("SELECT count() FROM weather WHERE double1 > 5", `{dataset="weather"} ("double1":>=4.999999995 or "double1":=Infinity) | fields "double1"`)
	f("SELECT 1 FROM weather WHERE timestamp < toDateTime(0)")
	f("SELECT blob1, sum(_sample_interval) AS n FROM weather WHERE timestamp > now() - INTERVAL '1' DAY GROUP BY blob1",
		`{dataset="weather"} "_sample_interval":in("NaN","Infinity","-Infinity") | fields "dataset" | limit 1`,
		`{dataset="weather"} | math ("_sample_interval" default 1) as f0 | stats by ("blob1") count() as rows, sum(f0) as f1`)
	w.reads = nil
	if _, err := w.ask(context.Background(), "SELECT blob1 FROM weather WHERE timestamp >= now() - INTERVAL '10' MINUTE AND "+
		"timestamp < now()"); err != nil {
		t.Fatal(err)
	}
	if q := w.reads[0]; !q.To.Equal(w.now) || q.To.Sub(q.From).Minutes() != 10 {
		t.Errorf("asks [%s, %s), want the ten minutes before %s", q.From, q.To, w.now)
	}
}

func TestTheNewestAreFoundBackwards(t *testing.T) {
	w := newWorld(t)
	var events []edge.Event
	for i := range 3000 { // three at each second, of which the last in the batch has the greatest blob
		events = append(events, point("random", w.at(float64(i/3)), "blob1", fmt.Sprintf("%04d", i)))
	}
	w.write(events...)
	w.want("SELECT blob1 FROM random ORDER BY timestamp DESC, blob1 DESC LIMIT 4 OFFSET 1", "0001; 0000; 0005; 0004")
	if len(w.reads) > 2 {
		t.Errorf("%d questions for five rows of two seconds", len(w.reads))
	}
	if from := w.reads[len(w.reads)-1].From; w.now.Sub(from).Minutes() > 1 {
		t.Errorf("reads back to %s for five rows of two seconds before %s", from, w.now)
	}
	w.want("SELECT count() FROM (SELECT blob1 FROM random ORDER BY timestamp DESC LIMIT 2999)", "2999")
	w.want("SELECT blob1 FROM random WHERE blob1 = '2990' ORDER BY timestamp DESC LIMIT 1", "2990")
	w.want("SELECT blob1 FROM random WHERE blob1 = 'x' ORDER BY timestamp DESC LIMIT 1", "")
	w.want("SELECT blob1 FROM random WHERE timestamp < now() - INTERVAL '990' SECOND ORDER BY timestamp DESC, blob1 LIMIT 1",
		"2973")
}

func TestErrorsOfRowsAreToldWithTheirPlace(t *testing.T) {
	w := weather(t)
	_, err := w.ask(context.Background(), "SELECT intDiv(1,\n toUInt8(double1)) FROM weather")
	var bad *grammar.Error
	if !errors.As(err, &bad) || bad.Line != 1 || bad.Column != 8 {
		t.Errorf("got %v", err)
	}
	w.want("SELECT count() FROM weather WHERE double1 != 0 AND intDiv(10, double1) = 2", "2")
}

func TestTooMuchIsRefused(t *testing.T) {
	w := newWorld(t)
	var events []edge.Event
	for i := range 30_000 {
		events = append(events, point("random", w.at(float64(i)), "blob1", strings.Repeat("x", 600), "index1", strconv.Itoa(i)))
	}
	w.write(events...)
	w.memory = 4 << 20
	for _, text := range []string{
		"SELECT index1, blob1, double1 AS d, count() FROM random GROUP BY index1, blob1, d",
		"SELECT blob1 FROM random ORDER BY blob1", "SELECT groupArray(blob1) FROM random",
	} {
		_, err := w.ask(context.Background(), text)
		if !errors.Is(err, store.ErrTooMuch) || !strings.Contains(err.Error(), "filter") {
			t.Errorf("%s: %v", text, err)
		}
	}
	w.want("SELECT count() FROM (SELECT blob1 FROM random ORDER BY blob1 LIMIT 1000)", "1000")
}

func TestAQuestionEndsWithItsContext(t *testing.T) {
	w := weather(t)
	ctx, cancel := context.WithCancel(context.Background())
	n := 0
	w.onRow = func() {
		if n++; n == 2 {
			cancel()
		}
	}
	for _, text := range []string{
		"SELECT blob1 FROM weather", "SELECT count() FROM weather WHERE double1 > -100",
		"SELECT blob1 FROM weather ORDER BY blob1",
	} {
		if _, err := w.ask(ctx, text); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", text, err)
		}
	}
	if n > 3 {
		t.Errorf("%d rows were read of questions that had ended with the second", n)
	}
}

func TestStoredNumbersAreReadAsTheyWereSent(t *testing.T) {
	for _, text := range append([]string{
		"12.", "-", "", "1.2.3", "--1", "abc", "NaN", "Infinity", "-Infinity", "1e400", "123456789012345", "0.00000000000001",
		"999999999999999", "9007199254740993", "1234567.89012345", "-0.3", "3.141592653589793", "00.5",
	}, spelt...) {
		want, err := strconv.ParseFloat(text, 64)
		if err != nil && !errors.Is(err, strconv.ErrRange) {
			want = 0
		}
		if got := execute.Number(text); math.Float64bits(got) != math.Float64bits(want) {
			t.Errorf("%q is %v, want %v", text, got, want)
		}
	}
}

// FuzzNumber holds that a number is read as strconv reads it.
func FuzzNumber(f *testing.F) {
	for _, text := range spelt {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		want, err := strconv.ParseFloat(text, 64)
		if err != nil && !errors.Is(err, strconv.ErrRange) {
			want = 0
		}
		if got := execute.Number(text); math.Float64bits(got) != math.Float64bits(want) {
			t.Errorf("%q is %v, want %v", text, got, want)
		}
	})
}

// TestAGateBoundsWhatAQuestionKeeps holds that the memory of rows and groups is that of the gate.
func TestAGateBoundsWhatAQuestionKeeps(t *testing.T) {
	w := newWorld(t)
	var events []edge.Event
	for i := range 20_000 {
		events = append(events, point("random", w.at(float64(i)), "blob1", strings.Repeat("x", 500), "index1", strconv.Itoa(i)))
	}
	w.write(events...)
	g := gate.New(gate.Options{AtOnce: 2, Memory: 8 << 20, Duration: time.Minute})
	defer func() { _ = g.Stop(context.Background()) }()
	ask := func(text string) (err error) {
		h := g.Question(gate.Tongue{Name: "sql"}, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			_, err = w.ask(r.Context(), text)
			err = gate.Explain(r.Context(), err)
		}))
		h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", http.NoBody))
		return err
	}
	for range 2 { // what a question had is given back
		err := ask("SELECT index1, blob1, lower(blob1) AS l, count() FROM random GROUP BY index1, blob1, l")
		var refused *gate.RefusedError
		if !errors.As(err, &refused) || refused.Status != http.StatusUnprocessableEntity {
			t.Errorf("20,000 groups of 1,000 bytes within 6 MiB: %v", err)
		}
		if err := ask("SELECT index1, blob1 FROM random ORDER BY index1 LIMIT 2000"); err != nil {
			t.Errorf("2,000 rows of 500 bytes: %v", err)
		}
	}
}

func TestAQuestionEndsWithItsTime(t *testing.T) {
	w := newWorld(t)
	var events []edge.Event
	for i := range 2000 {
		events = append(events, point("random", w.at(float64(i)), "double1", strconv.Itoa(i)))
	}
	w.write(events...)
	ctx, cancel := context.WithCancelCause(context.Background())
	n := 0
	w.onRow = func() {
		if n++; n == 100 {
			cancel(context.DeadlineExceeded)
		}
	}
	_, err := w.ask(ctx, "SELECT max(d) FROM (SELECT double1 + 1 AS d FROM random ORDER BY d)")
	if !errors.Is(err, context.Canceled) || n > 200 {
		t.Errorf("%d rows, %v", n, err)
	}
}

// TestWhatTheCollectorKnowsOfAPointCanBeAsked although SELECT * does not show it.
func TestWhatTheCollectorKnowsOfAPointCanBeAsked(t *testing.T) {
	w := newWorld(t)
	fast, slow := point("random", w.at(10), "index2", "FRA"), point("random", w.at(5), "index2", "SIN")
	fast.Facts = edge.Facts{Region: "FRA", Status: 200, Route: "/a", HasCPU: true, CPUTime: 5}
	slow.Facts = edge.Facts{Region: "SIN", Status: 503}
	fast.HasDuration, fast.Duration, slow.HasDuration, slow.Duration = true, 1_000_000, true, 9_000_000
	w.write(fast, slow)
	for _, w.scans = range []bool{false, true} {
		w.want("SELECT cloud.region, `http.route`, http.response.status_code, duration / 1e6 AS ms, index2 FROM random",
			"FRA /a 200 1 FRA; SIN  503 9 SIN")
		w.want("SELECT cloud.region AS r, avg(duration), max(edge.cpu.time) FROM random GROUP BY r",
			"FRA 1000000 5; SIN 9000000 0")
		w.want("SELECT count() FROM random WHERE http.response.status_code >= 500 AND cloud.region = 'SIN'", "1")
	}
}

// TestSumsThatCancelOutAreThoseOfAScan although the store could add them up.
func TestSumsThatCancelOutAreThoseOfAScan(t *testing.T) {
	w := newWorld(t)
	var events []edge.Event
	for i := range 100 {
		events = append(events,
			point("random", w.at(float64(i)), "blob1", "a", "double1", "1e16", "double2", "0.1"),
			point("random", w.at(float64(i)), "blob1", "a", "double1", "-1e16", "double2", "-0.1"),
			point("random", w.at(float64(i)), "blob1", "b", "double1", "1e300", "double2", "1e300"))
	}
	w.write(append(events, point("random", w.at(1), "blob1", "a", "double1", "0.25", "double2", "1e-9"))...)
	f := func(text, want, last string) {
		t.Helper()
		w.reads = nil
		w.want(text, want)
		if got := w.reads[len(w.reads)-1].LogsQL; !strings.Contains(got, last) {
			t.Errorf("%s: the last question is %s, want %s", text, got, last)
		}
	}
	f("SELECT sum(double1) FROM random WHERE blob1 = 'a'", "0.25", "| fields")
	f("SELECT sum(double2), avg(double2 + 0) FROM random WHERE blob1 = 'a'", "1e-9 4.975124378109453e-12", "| fields")
	f("SELECT sum(double1 * double2) FROM random WHERE blob1 = 'b'", "inf", "| fields")
	f("SELECT sum(double2 * 0 + 1) FROM random WHERE blob1 = 'b'", "100", "| stats")
	f("SELECT count(DISTINCT blob1) AS n, toHour(timestamp) * 0 AS h FROM random GROUP BY h", "2 0", "|")
}

// TestAStoreThatCanNotGroupIsScanned because of what it takes in memory, and for no other reason.
func TestAStoreThatCanNotGroupIsScanned(t *testing.T) {
	w := weather(t)
	const text, all = "SELECT blob1, count() AS n FROM weather GROUP BY blob1", " 1; Oslo 2; Quito 2"
	for _, err := range []error{
		fmt.Errorf("stats: %w", store.ErrTooMuch),
		&gate.RefusedError{Status: http.StatusUnprocessableEntity, Reason: "too much at once"},
	} {
		w.fails = map[string]error{"| stats": err}
		w.want(text, all)
	}
	for _, err := range []error{
		errors.New("the disk is gone"), &gate.RefusedError{Status: http.StatusServiceUnavailable, Reason: "others have it"},
	} {
		w.fails = map[string]error{"| stats": err}
		if _, got := w.ask(context.Background(), text); !errors.Is(got, err) {
			t.Errorf("got %v, want %v", got, err)
		}
	}
	w.fails = map[string]error{"| fields": store.ErrTooMuch, "| stats": store.ErrTooMuch}
	if _, err := w.ask(context.Background(), text); !errors.Is(err, store.ErrTooMuch) {
		t.Errorf("got %v", err)
	}
}

// TestLongQuestionsAreAnswered: the store takes what a plan makes of 64 KiB.
func TestLongQuestionsAreAnswered(t *testing.T) {
	w := weather(t)
	join := func(n int, by, format string) string {
		all := make([]string, n)
		for i := range all {
			all[i] = fmt.Sprintf(format, i)
		}
		return strings.Join(all, by)
	}
	for _, where := range []string{
		"blob1 IN ('Oslo', " + join(5000, ", ", "'%d'") + ")",
		"blob1 IN ('Oslo'" + strings.Repeat(",'a'", 15_000) + ")",
		"blob1 = 'Oslo' OR " + join(2000, " OR ", "blob2 = 'v%d'"),
		"index1 = 'a' AND " + join(2000, " AND ", "blob1 != 'v%d'"),
		"NOT (" + join(1000, " OR ", "blob1 LIKE 'v%d%%'") + ") AND index1 = 'a'",
		"double1 = 5 AND " + join(2000, " AND ", "double1 > -%d.5"),
		strings.Repeat("NOT (", 14) + "blob1 = 'Oslo'" + strings.Repeat(")", 14),
		"double1 > 4 AND (" + strings.Repeat("double1 < 6 OR (double2 > 7 AND ", 14) + "1" + strings.Repeat(")", 15) + " AND blob1 = 'Oslo'",
	} {
		w.want("SELECT count() FROM weather WHERE "+where, "2")
	}
	w.want("SELECT sum("+strings.Repeat("double1 + ", 3000)+"0) FROM weather WHERE index1 = 'a'", "30000")
	w.want("SELECT sum("+strings.Repeat("(double1 + ", 20)+"0"+strings.Repeat(")", 20)+") FROM weather WHERE index1 = 'a'", "200")
	w.want("SELECT "+join(300, ", ", "countIf(blob1 = 'v%d')")+" FROM weather", strings.TrimSpace(strings.Repeat("0 ", 300)))
}
