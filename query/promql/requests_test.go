package promql_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"edgescope/query/promql"
)

// request is a request that a client sends, from testdata/requests.json.
type request struct {
	// Sender is the client and its versions, Source where it says so.
	Sender, Source string
	// Method is GET when it is absent. Path, Query and Body are as they are on the wire; in the last two {from} and {to}
	// are the ends of the half hour that has samples, and {date} is its day.
	Method, Path, Query, Body string
	Headers                   map[string]string
	// Status is 200 when it is absent.
	Status int
	// As is the name of the decoder that reads the answer into the types of the client.
	As string
	// Found is how many things the answer has at least: 1 when it is absent, and 0 is none exactly.
	Found *int
}

// TestRequestsOfClients replays what clients send, and decodes the answers as they do.
func TestRequestsOfClients(t *testing.T) {
	s, end := openEngine(t)
	h := promql.New(s, promql.Options{Pages: true})
	text, err := os.ReadFile("testdata/requests.json")
	if err != nil {
		t.Fatal(err)
	}
	var list []request
	if err := strictly(text, &list); err != nil {
		t.Fatal(err)
	}
	seconds := func(at time.Time) string { return strconv.FormatInt(at.Unix(), 10) }
	moments := strings.NewReplacer("{from}", seconds(end.Add(-30*time.Minute)), "{to}", seconds(end),
		"{date}", end.UTC().Format(time.DateOnly))
	for i, q := range list {
		t.Run(fmt.Sprintf("%d %s", i, q.Source), func(t *testing.T) { q.replay(t, h, moments) })
	}
}

func (q *request) replay(t *testing.T, h http.Handler, moments *strings.Replacer) {
	if q.Sender == "" || q.Source == "" {
		t.Fatal("it does not say who sends it, and where that is written")
	}
	if q.Status == 0 {
		q.Status = http.StatusOK
	}
	if q.Method == "" {
		q.Method = http.MethodGet
	}
	url := q.Path
	if q.Query != "" {
		url += "?" + moments.Replace(q.Query)
	}
	r := httptest.NewRequestWithContext(t.Context(), q.Method, url, strings.NewReader(moments.Replace(q.Body)))
	for name, value := range q.Headers {
		r.Header.Set(name, value)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	if w.Code != q.Status {
		t.Fatalf("%s %s: status %d, want %d: %s", q.Method, url, w.Code, q.Status, w.Body)
	}
	read := decoders[q.As]
	if read == nil {
		t.Fatalf("there is no decoder %q", q.As)
	}
	n, err := read(w.Body.Bytes())
	enough := q.Found == nil && n > 0 || q.Found != nil && (n >= *q.Found && *q.Found > 0 || n == *q.Found)
	if err != nil || !enough {
		t.Errorf("%s %s: read as %s: %d found, %v: %.2000s", q.Method, url, q.As, n, err, w.Body)
	}
}

// TestAPrefixIsTakenOffOnce: behind a second one a question would reach the engine that nobody has looked at.
func TestAPrefixIsTakenOffOnce(t *testing.T) {
	s, _ := openEngine(t)
	h := promql.New(s, promql.Options{Pages: true})
	for path, want := range map[string]int{
		"/prometheus/api/v1/query": 200, "/prometheus/prometheus/api/v1/query": 404, "/prometheus//api/v1/query": 404,
		"/prometheus/graphite/api/v1/query": 404, "/prometheusapi/v1/query": 404, "/prometheus": 404,
		"/prometheus/prometheus/vmui/": 404, "/prometheus/../api/v1/query": 404, "/api/v1/query/": 404,
	} {
		if w := get(t, h, "http://x"+path+"?query=1"); w.Code != want {
			t.Errorf("%s: %d %.100s, want %d", path, w.Code, w.Body, want)
		}
	}
}

// strictly decodes JSON whose members v has all.
func strictly(body []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	return d.Decode(v)
}

// data decodes the data of an answer that went well into a client's type.
func data(body []byte, v any) error {
	var a struct {
		Status   string          `json:"status"`
		Data     json.RawMessage `json:"data"`
		Warnings []string        `json:"warnings"`
		Infos    []string        `json:"infos"`
	}
	if err := json.Unmarshal(body, &a); err != nil {
		return err
	}
	if a.Status != "success" || len(a.Data) == 0 || string(a.Data) == "null" {
		return fmt.Errorf("status is %q, data %.20q", a.Status, a.Data)
	}
	return json.Unmarshal(a.Data, v)
}

// point is a pair of Unix seconds and a text that is a number.
type point struct {
	at    float64
	value float64
}

func (p *point) UnmarshalJSON(text []byte) error {
	var value string
	pair := []any{&p.at, &value}
	if err := json.Unmarshal(text, &pair); err != nil || len(pair) != 2 {
		return fmt.Errorf("%s is no point: %w", text, err)
	}
	var err error
	p.value, err = strconv.ParseFloat(value, 64)
	return err
}

type result struct {
	ResultType string `json:"resultType"`
	Result     []struct {
		Metric map[string]string `json:"metric"`
		Value  *point            `json:"value"`
		Values []point           `json:"values"`
	} `json:"result"`
}

func ofType(want string) func(body []byte) (int, error) {
	return func(body []byte) (int, error) {
		var d result
		if err := data(body, &d); err != nil {
			return 0, err
		}
		for _, r := range d.Result {
			if (want == "vector") != (r.Value != nil) || (want == "matrix") != (len(r.Values) > 0) {
				return 0, fmt.Errorf("a %s has %+v", want, r)
			}
		}
		if d.ResultType != want || d.Result == nil {
			return 0, fmt.Errorf("the answer is a %s", d.ResultType)
		}
		return len(d.Result), nil
	}
}

// listOf counts a list that is never null.
func listOf[E any](body []byte) (int, error) {
	var list []E
	if err := data(body, &list); err != nil {
		return 0, err
	}
	if list == nil {
		return 0, errors.New("no list")
	}
	return len(list), nil
}

var textLine = regexp.MustCompile(`^(# TYPE [a-zA-Z_:][a-zA-Z0-9_:]* untyped|` +
	`[a-zA-Z_:][a-zA-Z0-9_:]*(\{[a-zA-Z_][a-zA-Z0-9_]*="([^"\\]|\\.)*"(,[a-zA-Z_][a-zA-Z0-9_]*="([^"\\]|\\.)*")*\})? \S+ \d+)$`)

// decoders read an answer as a client does and return how many things they have found. They fail where it would.
var decoders = map[string]func(body []byte) (int, error){
	"instant": ofType("vector"),
	"matrix":  ofType("matrix"),
	"strings": listOf[string],
	"series":  listOf[map[string]string],
	"exemplars": listOf[struct {
		SeriesLabels map[string]string `json:"seriesLabels"`
	}],
	"buildinfo": func(body []byte) (int, error) {
		var d struct {
			Version  string
			Features map[string]string
		}
		err := data(body, &d)
		var major, minor int
		if n, _ := fmt.Sscanf(d.Version, "%d.%d", &major, &minor); n != 2 || major*1000+minor < 2024 || d.Features != nil {
			return 0, fmt.Errorf("%+v would not be asked for label values with selectors", d)
		}
		return 1, err
	},
	"rules": func(body []byte) (int, error) {
		var d struct{ Groups []struct{ Name string } }
		err := data(body, &d)
		if d.Groups == nil {
			return 0, errors.New("groups are no list")
		}
		return len(d.Groups), err
	},
	"metadata": func(body []byte) (int, error) {
		var d map[string][]struct{ Type, Help, Unit *string }
		if err := data(body, &d); err != nil {
			return 0, err
		}
		for name, list := range d {
			if len(list) == 0 || list[0].Type == nil || list[0].Help == nil || list[0].Unit == nil {
				return 0, fmt.Errorf("%s lacks a member", name)
			}
			if strings.HasPrefix(name, "edge_") && *list[0].Type != "gauge" {
				return 0, fmt.Errorf("%s is a %s: builders would propose rate", name, *list[0].Type)
			}
		}
		return len(d), nil
	},
	"data": func(body []byte) (int, error) {
		var d any
		err := data(body, &d)
		return 1, err
	},
	"text data": func(body []byte) (int, error) {
		var d string
		err := data(body, &d)
		return len(d), err
	},
	"json": func(body []byte) (int, error) {
		var d map[string]any
		err := json.Unmarshal(body, &d)
		return len(d), err
	},
	"page": func(body []byte) (int, error) { return bytes.Count(body, []byte("<title>")), nil },
	"lines": func(body []byte) (n int, err error) {
		for line := range strings.Lines(string(body)) {
			var s struct {
				Metric     map[string]string `json:"metric"`
				Values     []float64         `json:"values"`
				Timestamps []int64           `json:"timestamps"`
			}
			if err := strictly([]byte(line), &s); err != nil || len(s.Values) != len(s.Timestamps) {
				return 0, fmt.Errorf("%d values, %d times: %w", len(s.Values), len(s.Timestamps), err)
			}
			n++
		}
		return n, nil
	},
	"csv": func(body []byte) (int, error) {
		rows, err := csv.NewReader(bytes.NewReader(body)).ReadAll()
		return len(rows), err
	},
	"text": func(body []byte) (n int, err error) {
		for line := range strings.Lines(string(body)) {
			if !textLine.MatchString(strings.TrimSuffix(line, "\n")) {
				return 0, fmt.Errorf("%q is no line of the text format", line)
			}
			n++
		}
		return n, nil
	},
	"bad_data": func(body []byte) (int, error) {
		var e struct {
			Status    string `json:"status"`
			ErrorType string `json:"errorType"`
			Error     string `json:"error"`
		}
		err := strictly(body, &e)
		if e.Status != "error" || e.ErrorType != "bad_data" || e.Error == "" {
			return 0, fmt.Errorf("%+v", e)
		}
		return 1, err
	},
}

// TestPagesAreFoundWithoutTheirSlash: the way is relative, since a proxy may stand in front.
func TestPagesAreFoundWithoutTheirSlash(t *testing.T) {
	h := promql.New(fake{}, promql.Options{Pages: true})
	for target, want := range map[string]string{
		"/graph?g0.expr=up": "graph/?g0.expr=up", "/prometheus/graph?a=b&a=c": "graph/?a=b&a=c", "/vmui": "vmui/?",
	} {
		if w := get(t, h, target); w.Code != http.StatusFound || w.Header().Get("Location") != want {
			t.Errorf("%s: %d %v, want %s", target, w.Code, w.Header(), want)
		}
	}
}
