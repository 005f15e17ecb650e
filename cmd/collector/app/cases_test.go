package app_test

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"compress/zlib"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"testing"
	"time"

	"edgescope/cmd/collector/collectortest"
	"edgescope/internal/run/runtest"
)

// inputCase is one file of the shared cases: what to post, what to ask then, and the right answer.
type inputCase struct {
	ID    string
	Alone bool
	Steps []struct {
		Post, Type, Encoding string
		Body                 json.RawMessage
		GzipMTime            *int64 `json:"gzip_mtime"`
	}
	Ask struct {
		Reply                     *int
		Get, API, MQ, Labels, Row string
		Rows                      string
		Path                      []any
		Kind                      int
		Field                     any
	}
	Expected any
}

// TestSharedCases posts small inputs that once were misread and holds the answers against the right values.
func TestSharedCases(t *testing.T) {
	dir := filepath.Join(cmp.Or(os.Getenv("EDGESCOPE_SHARED"), "../../../../shared"), "cases", "collector")
	files, _ := filepath.Glob(filepath.Join(dir, "*.json"))
	if len(files) == 0 {
		t.Skipf("no cases in %s (EDGESCOPE_SHARED names the folder that holds cases/collector)", dir)
	}
	var together []*inputCase
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		c := new(inputCase)
		if err := json.Unmarshal(data, c); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		if !c.Alone {
			together = append(together, c)
			continue
		}
		t.Run(c.ID, func(t *testing.T) { runCases(t, c) })
	}
	t.Run("together", func(t *testing.T) { runCases(t, together...) })
}

// runCases posts all, waits until the collector has nothing left to write, and asks.
func runCases(t *testing.T, cases ...*inputCase) {
	collector := collectortest.Start(t, t.TempDir())
	statuses := make([][]int, len(cases))
	for i, c := range cases {
		statuses[i] = c.post(t, collector)
	}
	settle(t, collector)
	for i, c := range cases {
		t.Run(c.ID, func(t *testing.T) {
			var got any
			runtest.Eventually(t, func() string { return fmt.Sprintf("answer %v, want %v", got, c.Expected) },
				func() bool {
					got = c.ask(t, collector, statuses[i])
					return agrees(got, c.Expected)
				})
		})
	}
}

// settle waits until totals and rows are with the engines.
func settle(t *testing.T, collector *collectortest.Collector) {
	t.Helper()
	var text []byte
	runtest.Eventually(t, func() string { return "figures of the collector: " + string(text) }, func() bool {
		_, text, _ = runtest.Get(t.Context(), "http://"+collector.Addr("query")+"/metrics")
		return bytes.Contains(text, []byte("edgescope_rollup_unwritten_cells 0\n")) &&
			bytes.Contains(text, []byte("edgescope_store_waiting_bytes 0\n"))
	})
}

// post sends the bodies of a case and returns the statuses of the answers.
func (c *inputCase) post(t *testing.T, collector *collectortest.Collector) (statuses []int) {
	t.Helper()
	began := time.Now()
	for _, s := range c.Steps {
		if s.Post == "" {
			continue
		}
		var text string
		if json.Unmarshal(s.Body, &text) != nil {
			text = string(s.Body)
		}
		body, encoding := []byte(fillTimes(text, began)), s.Encoding
		switch {
		case s.GzipMTime != nil:
			body, encoding = packed(t, body, *s.GzipMTime), "gzip"
		case encoding == "deflate":
			var b bytes.Buffer
			w := zlib.NewWriter(&b)
			w.Write(body)
			w.Close()
			body = b.Bytes()
		}
		status, _ := runtest.Post(t, "http://"+collector.Addr("ingest")+s.Post, s.Type, encoding, body)
		statuses = append(statuses, status)
	}
	return statuses
}

func packed(t *testing.T, body []byte, modified int64) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	w.ModTime = time.Unix(modified, 0)
	if _, err := w.Write(body); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

var (
	timeMark   = regexp.MustCompile(`@([TMIQ])(-?[\d.]*)@`)
	quotedTime = regexp.MustCompile(`("(?:eventTimestamp|EventTimestampMs)":\s*)"(\d+)"`)
)

// fillTimes writes the times that stand for placeholders, which are seconds from began: @T nanoseconds, @M
// milliseconds, @I and @Q texts.
func fillTimes(text string, began time.Time) string {
	filled := timeMark.ReplaceAllStringFunc(text, func(mark string) string {
		m := timeMark.FindStringSubmatch(mark)
		seconds, _ := strconv.ParseFloat(m[2], 64) // none is now
		at := began.Add(time.Duration(seconds * float64(time.Second)))
		switch m[1] {
		case "T":
			return strconv.FormatInt(at.UnixNano(), 10)
		case "M":
			return strconv.FormatInt(at.UnixMilli(), 10)
		case "I":
			return at.UTC().Format("2006-01-02T15:04:05Z")
		}
		return at.UTC().Format(time.DateTime)
	})
	return quotedTime.ReplaceAllString(filled, "$1$2")
}

// ask returns the answer to the case's question, nil when there is none.
func (c *inputCase) ask(t *testing.T, collector *collectortest.Collector, statuses []int) any {
	t.Helper()
	base := "http://" + collector.Addr("query")
	a := &c.Ask
	switch {
	case a.Reply != nil:
		return float64(statuses[*a.Reply])
	case a.Get != "":
		status, _, _ := runtest.Get(t.Context(), base+a.Get)
		return float64(status)
	case a.API != "":
		return walk(answerOf(t.Context(), base+"/api/edge/v1/"+a.API), a.Path...)
	case a.MQ != "" || a.Labels != "":
		question := url.Values{"query": {a.MQ + a.Labels}}
		result := walk(answerOf(t.Context(), base+"/api/v1/query?"+question.Encode()), "data", "result")
		if a.Labels != "" {
			rows, _ := result.([]any)
			return float64(len(rows))
		}
		return walk(result, 0.0, "value", 1.0)
	default:
		return c.rows(t, base)
	}
}

// rows asks for stored rows: their number, or a field of the first.
func (c *inputCase) rows(t *testing.T, base string) any {
	t.Helper()
	question := url.Values{"query": {c.Ask.Row + c.Ask.Rows}, "limit": {"100"}}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, base+"/select/logsql/query?"+question.Encode(),
		nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("ProjectID", strconv.Itoa(c.Ask.Kind))
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var rows []map[string]any
	for lines := json.NewDecoder(res.Body); ; {
		var row map[string]any
		if lines.Decode(&row) != nil {
			break
		}
		rows = append(rows, row)
	}
	if c.Ask.Rows != "" {
		return float64(len(rows))
	}
	if len(rows) == 0 {
		return "no row"
	}
	fields, _ := c.Ask.Field.([]any)
	if name, ok := c.Ask.Field.(string); ok {
		fields = []any{name}
	}
	for _, name := range fields {
		if value, ok := rows[0][name.(string)]; ok {
			return value
		}
	}
	return nil
}

// answerOf returns the JSON of an answer, nil when it is no success.
func answerOf(ctx context.Context, address string) (answer any) {
	status, body, err := runtest.Get(ctx, address)
	if err != nil || status != http.StatusOK || json.Unmarshal(body, &answer) != nil {
		return nil
	}
	return answer
}

// walk goes down keys and indexes, to nil where the way ends.
func walk(v any, path ...any) any {
	for _, step := range path {
		switch at := v.(type) {
		case map[string]any:
			v = at[fmt.Sprint(step)]
		case []any:
			i, ok := step.(float64)
			if !ok || int(i) >= len(at) {
				return nil
			}
			v = at[int(i)]
		default:
			return nil
		}
	}
	return v
}

// agrees holds an answer against what a case expects: a value, one of several, or a bound.
func agrees(got, want any) bool {
	number, err := strconv.ParseFloat(fmt.Sprint(got), 64)
	isNumber := err == nil
	switch w := want.(type) {
	case []any:
		return slices.ContainsFunc(w, func(one any) bool { return agrees(got, one) })
	case map[string]any:
		for bound, value := range w {
			limit, _ := value.(float64)
			switch bound {
			case "not":
				return got != value && got != "no row"
			case "lt":
				return isNumber && number < limit
			case "ge":
				return isNumber && number >= limit
			case "near":
				return isNumber && math.Abs(number-limit) < 0.5
			}
		}
		return false
	case float64:
		return isNumber && math.Abs(number-w) < 0.5
	case string:
		return fmt.Sprint(got) == w
	}
	return got == want
}
