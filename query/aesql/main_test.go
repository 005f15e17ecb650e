package aesql_test

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"maps"
	"math"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"edgescope/cmd/collector/collectortest"
	"edgescope/internal/run/runtest"
)

const path = "/client/v4/accounts/0123456789abcdef/analytics_engine/sql"

func TestMain(m *testing.M) {
	flag.Parse() // before the engines, which would parse no arguments
	os.Exit(m.Run())
}

// dayStart is the start of the day of the data, two days ago.
var dayStart = time.Now().UTC().Truncate(24 * time.Hour).Add(-48 * time.Hour)

var token = regexp.MustCompile(`\{\{(D|U)(\+(\d+))?\}\}`)

// fill writes the times that stand for {{D}}, {{D+1}} and {{U+n}}.
func fill(text string) string {
	return token.ReplaceAllStringFunc(text, func(mark string) string {
		m := token.FindStringSubmatch(mark)
		n, _ := strconv.Atoi(m[3]) // none is 0
		if m[1] == "U" {
			return strconv.FormatInt(dayStart.Unix()+int64(n), 10)
		}
		return dayStart.AddDate(0, 0, n).Format(time.DateOnly)
	})
}

// shared is a file of fixtures/sql; without it the test is skipped.
func shared(t *testing.T, name string) []byte {
	t.Helper()
	file := filepath.Join(cmp.Or(os.Getenv("EDGESCOPE_SHARED"), "../../../shared"), "fixtures", "sql", name)
	data, err := os.ReadFile(file)
	if err != nil {
		t.Skipf("no %s (EDGESCOPE_SHARED names the folder that holds fixtures/sql)", file)
	}
	return data
}

func read(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// collector starts a collector that has the data of testdata.
func collector(t testing.TB, flags ...string) *collectortest.Collector {
	t.Helper()
	c := collectortest.Start(t, t.TempDir(), flags...)
	post(t, c, map[string][]byte{
		"temperatures": read(t, "temperatures.ndjson"), "site_hits": read(t, "site_hits.ndjson"),
		"api_calls": read(t, "api_calls.ndjson"),
	})
	return c
}

// post sends the data points of datasets, and waits until they can be asked.
func post(t testing.TB, c *collectortest.Collector, lines map[string][]byte) {
	t.Helper()
	points := func(dataset string) int { return bytes.Count(bytes.TrimSpace(lines[dataset]), []byte("\n")) + 1 }
	for dataset, text := range lines {
		status, body := runtest.Post(t, c.URL("ingest")+"/v1/datapoints/"+dataset, "application/x-ndjson", "",
			[]byte(fill(string(text))))
		if want := fmt.Sprintf(`"accepted":%d`, points(dataset)); status != http.StatusOK || !strings.Contains(body, want) {
			t.Fatalf("post %s: %d %s", dataset, status, body)
		}
	}
	for dataset := range lines {
		var got string
		runtest.Eventually(t, func() string { return dataset + " is not there: " + got }, func() bool {
			_, got = ask(t, c, "SELECT count() AS n FROM "+strconv.Quote(dataset)+" FORMAT TabSeparated")
			return got == strconv.Itoa(points(dataset))+"\n"
		})
	}
}

// ask posts a query.
func ask(t testing.TB, c *collectortest.Collector, query string) (status int, body string) {
	t.Helper()
	return send(t, c, "POST "+path, query)
}

// send sends a request, "METHOD target"; the query of a GET becomes a parameter.
func send(t testing.TB, c *collectortest.Collector, line, query string, header ...string) (int, string) {
	t.Helper()
	method, target, _ := strings.Cut(line, " ")
	var body io.Reader = strings.NewReader(query)
	if method == http.MethodGet {
		separator := "?"
		if strings.Contains(target, "?") {
			separator = "&"
		}
		target += separator + "query=" + url.QueryEscape(query)
		body = http.NoBody
	}
	r, err := http.NewRequestWithContext(context.WithoutCancel(t.Context()), method, c.URL("query")+target, body)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatalf("%s: read the answer: %v", query, err)
	}
	return res.StatusCode, string(text)
}

// sqlCase is a query and what it answers.
type sqlCase struct {
	Name, Source, Query, Format, Method, Check string
	Columns                                    []string
	Types                                      []string
	Rows                                       [][]any
	Ordered                                    bool
	Status                                     int
	// Text is a part of the answer, of errors most of all.
	Text string
	// Strict is a part of what is told with --aesql-strict, "" where the answer is the same.
	Strict string
}

// run asks and compares.
func (c *sqlCase) run(t *testing.T, col *collectortest.Collector) {
	t.Helper()
	status, body := send(t, col, cmp.Or(c.Method, http.MethodPost)+" "+path, fill(c.Query))
	if want := cmp.Or(c.Status, http.StatusOK); status != want {
		t.Fatalf("%s\nstatus %d, want %d: %s", c.Query, status, want, body)
	}
	for _, row := range c.Rows {
		for _, v := range row {
			if text, ok := v.(string); c.Check == "contains" && ok && !strings.Contains(body, fill(text)) {
				t.Errorf("%s\ngot %s\nwant %s in it", c.Query, body, text)
			}
		}
	}
	if !strings.Contains(body, fill(c.Text)) {
		t.Errorf("%s\ngot %s\nwant %s in it", c.Query, body, fill(c.Text))
	}
	if c.Check != "" || status != http.StatusOK || c.Rows == nil {
		return
	}
	got, err := rowsOf(body, c)
	if err != nil {
		t.Fatalf("%s\n%v: %s", c.Query, err, body)
	}
	c.compare(t, got)
}

// rowsOf reads the rows of an answer, with the columns in the order of the case.
func rowsOf(body string, c *sqlCase) (rows [][]any, err error) {
	switch c.Format {
	case "TabSeparated":
		for line := range strings.Lines(body) {
			var row []any
			for field := range strings.SplitSeq(strings.TrimSuffix(line, "\n"), "\t") {
				row = append(row, field)
			}
			rows = append(rows, row)
		}
		return rows, nil
	case "JSONEachRow":
		for line := range strings.Lines(body) {
			var object map[string]any
			if err := json.Unmarshal([]byte(line), &object); err != nil {
				return nil, err
			}
			rows = append(rows, inOrder(object, c.Columns))
		}
		return rows, nil
	}
	return documentOf(body, c)
}

func inOrder(object map[string]any, columns []string) (row []any) {
	for _, name := range columns {
		v, ok := object[name]
		if !ok {
			v = "no column " + name
		}
		row = append(row, v)
	}
	return row
}

// documentOf reads FORMAT JSON and holds what it says of itself.
func documentOf(body string, c *sqlCase) (rows [][]any, err error) {
	var answer struct {
		Meta []struct{ Name, Type string }
		Data []map[string]any
		Rows int
	}
	d := json.NewDecoder(strings.NewReader(body))
	d.DisallowUnknownFields()
	if err := d.Decode(&answer); err != nil {
		return nil, err
	}
	var names, types []string
	for _, m := range answer.Meta {
		names = append(names, m.Name)
		types = append(types, m.Type)
	}
	switch {
	case !slices.Equal(names, c.Columns):
		return nil, fmt.Errorf("columns %q, want %q", names, c.Columns)
	case c.Types != nil && !slices.Equal(types, c.Types):
		return nil, fmt.Errorf("types %q, want %q", types, c.Types)
	case answer.Rows != len(answer.Data):
		return nil, fmt.Errorf("rows says %d, there are %d", answer.Rows, len(answer.Data))
	}
	for _, object := range answer.Data {
		if len(object) != len(names) {
			return nil, fmt.Errorf("the row %v has %q", object, slices.Collect(maps.Keys(object)))
		}
		rows = append(rows, inOrder(object, names))
	}
	return rows, nil
}

func (c *sqlCase) compare(t *testing.T, got [][]any) {
	t.Helper()
	if len(got) != len(c.Rows) {
		t.Fatalf("%s\n%d rows, want %d: %v", c.Query, len(got), len(c.Rows), got)
	}
	left := slices.Clone(c.Rows)
	for i, row := range got {
		at := 0
		if !c.Ordered {
			at = max(0, slices.IndexFunc(left, func(want []any) bool { return same(row, want) }))
		}
		if !same(row, left[at]) {
			t.Fatalf("%s\nrow %d: got %v\nwant %v", c.Query, i, row, left)
		}
		left = slices.Delete(left, at, at+1)
	}
}

// same compares values: numbers as numbers, whether they are quoted or not.
func same(got, want any) bool {
	if w, ok := want.([]any); ok {
		g, ok := got.([]any)
		return ok && slices.EqualFunc(g, w, same)
	}
	if w, ok := want.(string); ok {
		want = fill(w)
	}
	if got == nil || want == nil {
		return got == want
	}
	g, errG := strconv.ParseFloat(fmt.Sprint(got), 64)
	w, errW := strconv.ParseFloat(fmt.Sprint(want), 64)
	if errG == nil && errW == nil {
		return g == w || math.Abs(g-w) <= 1e-9*math.Max(math.Abs(g), math.Abs(w))
	}
	return fmt.Sprint(got) == fmt.Sprint(want)
}
