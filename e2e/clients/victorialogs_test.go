package clients_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
)

// victoriaLogs is a running VictoriaLogs of the version whose engine the collector has.
type victoriaLogs struct{ url string }

// startVictoriaLogs builds and runs it on a free port for the length of the test.
func startVictoriaLogs(t *testing.T) victoriaLogs {
	t.Helper()
	return victoriaLogs{startVictoria(t, "github.com/VictoriaMetrics/VictoriaLogs/app/victoria-logs",
		"-storageDataPath="+t.TempDir(), "-retentionPeriod=30d", "-defaultMsgValue=")}
}

// together is the number under which VictoriaLogs has the rows of all kinds.
const together = "9"

// take gives it rows of a kind, which it keeps as those of that kind and together with those of others.
func (v victoriaLogs) take(t *testing.T, kind string, rows []map[string]string, streamFields ...string) {
	t.Helper()
	var body bytes.Buffer
	for _, row := range rows {
		delete(row, "_stream")
		delete(row, "_stream_id")
		if err := json.NewEncoder(&body).Encode(row); err != nil {
			t.Fatal(err)
		}
	}
	for _, project := range []string{kind, together} {
		params := url.Values{"_stream_fields": {strings.Join(streamFields, ",")}, "_msg_field": {"_msg"}}
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, v.url+"/insert/jsonline?"+params.Encode(),
			bytes.NewReader(body.Bytes()))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("AccountID", "0")
		req.Header.Set("ProjectID", project)
		if status, answer := answerTo(t, req); status != http.StatusOK {
			t.Fatalf("insert: %d %s", status, answer)
		}
	}
	if status, answer := answerTo(t, get(t, v.url+"/internal/force_flush")); status != http.StatusOK {
		t.Fatalf("flush: %d %s", status, answer)
	}
}

func get(t *testing.T, url string) *http.Request {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	return req
}

func answerTo(t *testing.T, req *http.Request) (status int, body string) {
	t.Helper()
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(b)
}

// TestVictoriaLogsAnswersTheSame asks VictoriaLogs and the collector, who have the same rows, the same questions: of
// one kind, which VictoriaLogs has as one tenant, and of all kinds, which it has as another.
func TestVictoriaLogsAnswersTheSame(t *testing.T) {
	t.Parallel()
	v, c := startVictoriaLogs(t), startCollector(t)
	at := time.Now().Add(-10 * time.Minute).Truncate(time.Minute)
	sent := c.sendThreeKinds(t, at)
	for kind, fields := range map[string][]string{
		spans:      {"service.name", "cloud.region", "kind"},
		logs:       {"service.name", "cloud.region"},
		dataPoints: {"dataset", "cloud.region"},
	} {
		v.take(t, kind, c.waitForRaw(t, kind, sent[kind]), fields...)
	}
	asked := 0
	for _, q := range questionsOf(t, "testdata/logsql.txt", at) {
		for _, kind := range []string{spans, logs, dataPoints, together} {
			asked++
			theirs, ours := q.request(t, v.url, kind), q.request(t, c.URL("query"), kind)
			if kind == together {
				ours.Header.Del("ProjectID")
			}
			wantStatus, want := answerTo(t, theirs)
			gotStatus, got := answerTo(t, ours)
			if wantStatus != http.StatusOK {
				want, got = "", "" // errors have words of their own
			}
			if diff := gocmp.Diff(q.comparable(t, want), q.comparable(t, got)); diff != "" || gotStatus != wantStatus {
				t.Errorf("%s of kind %s: VictoriaLogs %d, the collector %d (-VictoriaLogs +collector):\n%s", q.line, kind,
					wantStatus, gotStatus, diff)
			}
		}
	}
	t.Logf("%d questions had the same answers", asked)
}

// waitForRaw waits for so many rows of a kind and returns them as they are stored.
func (c collector) waitForRaw(t *testing.T, kind string, n int) (rows []map[string]string) {
	t.Helper()
	eventually(t, func() string { return fmt.Sprintf("%d rows of kind %s, want %d", len(rows), kind, n) }, func() bool {
		rows = rows[:0]
		body := c.ask(t, "/select/logsql/query", kind, "query", "*", "raw_msg", "1")
		for line := range bytes.Lines(body) {
			var row map[string]string
			if err := json.Unmarshal(line, &row); err != nil {
				t.Fatal(err)
			}
			rows = append(rows, row)
		}
		return len(rows) == n
	})
	return rows
}

// logsQuestion is a line of a file of questions: a path and parameters, with tabs between them. @T+90@ stands for the
// Unix seconds of the first row and 90 more.
type logsQuestion struct {
	line, path string
	params     url.Values
}

func questionsOf(t *testing.T, file string, at time.Time) (questions []logsQuestion) {
	t.Helper()
	moment := regexp.MustCompile(`@T([+-]\d+)?(ms|ns)?@`)
	for line := range strings.Lines(string(readFile(t, file))) {
		line = strings.TrimSuffix(line, "\n")
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		filled := moment.ReplaceAllStringFunc(line, func(text string) string {
			m := moment.FindStringSubmatch(text)
			seconds, _ := strconv.ParseInt(m[1], 10, 64) // absent is 0
			when := at.Add(time.Duration(seconds) * time.Second)
			switch m[2] {
			case "ms":
				return strconv.FormatInt(when.UnixMilli(), 10)
			case "ns":
				return strconv.FormatInt(when.UnixNano(), 10)
			}
			return strconv.FormatInt(when.Unix(), 10)
		})
		parts := strings.Split(filled, "\t")
		q := logsQuestion{line: line, path: parts[0], params: url.Values{}}
		for _, p := range parts[1:] {
			name, value, ok := strings.Cut(p, "=")
			if !ok {
				t.Fatalf("%s: %q has no value", file, p)
			}
			q.params.Add(name, value)
		}
		questions = append(questions, q)
	}
	return questions
}

// request is the question as Grafana's data source asks: a POST with all in its URL.
func (q logsQuestion) request(t *testing.T, host, kind string) *http.Request {
	t.Helper()
	params := url.Values{"start": {"-1h"}}
	maps.Copy(params, q.params)
	params.Set("raw_msg", "1") // VictoriaLogs does not know it
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, host+"/select/logsql/"+q.path+"?"+params.Encode(),
		http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("AccountID", "0")
	req.Header.Set("ProjectID", kind)
	return req
}

var streamID = regexp.MustCompile(`0000000000000(00[0129])([0-9a-f]{32})`)

// comparable is an answer as its parts, without what may differ: the kind in ids of streams, and the order of what has
// none.
func (q logsQuestion) comparable(t *testing.T, body string) []string {
	t.Helper()
	body = streamID.ReplaceAllString(body, "$2")
	ordered := strings.Contains(q.line, "sort by") || q.params.Get("limit") != ""
	if q.path == "query" && ordered {
		return strings.SplitAfter(body, "\n")
	}
	parts := strings.SplitAfter(body, "\n")
	if body != "" && q.path != "query" && q.path != "query_time_range" {
		parts = partsOf(t, []byte(body))
	}
	slices.Sort(parts)
	return parts
}

// partsOf returns the parts of an answer in JSON as they are written.
func partsOf(t *testing.T, body []byte) (parts []string) {
	t.Helper()
	var answer struct {
		Status string
		Data   struct {
			ResultType string
			Result     []json.RawMessage
		}
		Hits, Values []json.RawMessage
		Facets       []struct {
			Name   string `json:"field_name"`
			Values []json.RawMessage
		}
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		t.Fatalf("%v: %s", err, body)
	}
	parts = append(parts, answer.Status+answer.Data.ResultType)
	for _, part := range slices.Concat(answer.Data.Result, answer.Hits, answer.Values) {
		parts = append(parts, string(part))
	}
	for _, f := range answer.Facets {
		for _, value := range f.Values {
			parts = append(parts, f.Name+" "+string(value))
		}
	}
	return parts
}
