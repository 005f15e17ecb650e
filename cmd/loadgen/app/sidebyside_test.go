package app

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/coder/websocket"
	"github.com/google/go-cmp/cmp"

	"edgescope/internal/run"
)

// figuresOf are the counters of a JSON report and how many values each of its distributions has, without ours.
func figuresOf(t *testing.T, file string) map[string]float64 {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var r struct {
		Aggregate struct {
			Counters  map[string]float64
			Summaries map[string]struct{ Count float64 }
		}
	}
	if err := json.Unmarshal(text, &r); err != nil {
		t.Fatal(err)
	}
	figures := r.Aggregate.Counters
	for name, d := range r.Aggregate.Summaries {
		figures["count of "+name] = d.Count
	}
	for name := range figures {
		// The machine decides how many arrivals are late.
		if strings.Contains(name, "edgescope.") || name == "vusers.late" {
			delete(figures, name)
		}
	}
	return figures
}

// shop answers for the scripts that are run twice, and keeps what it was asked.
type shop struct {
	*httptest.Server
	mu   sync.Mutex
	seen []string
}

var boundary = regexp.MustCompile(`boundary=\S+|(?m)^-+[-\w]{10,}\r?$`)

// note keeps what of a request the script decides. Boundaries of multipart bodies are random.
func (s *shop) note(r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	r.Body = io.NopCloser(bytes.NewReader(body))
	line := []string{r.Method, r.URL.String()}
	for _, name := range []string{"Content-Type", "Authorization", "Cookie", "X-User", "X-Default"} {
		if values := r.Header.Values(name); len(values) > 0 {
			line = append(line, name+"="+boundary.ReplaceAllString(strings.Join(values, "|"), "-"))
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	line = append(line, boundary.ReplaceAllString(string(body), "-"))
	s.seen = append(s.seen, strings.Join(line, " "))
}

// talk echoes the messages of a WebSocket, and keeps them. What holds the word quiet gets no answer.
func (s *shop) talk(w http.ResponseWriter, r *http.Request) {
	c, err := websocket.Accept(w, r, &websocket.AcceptOptions{Subprotocols: []string{"b"}})
	if err != nil {
		return
	}
	defer c.CloseNow()
	for {
		kind, text, err := c.Read(r.Context())
		if err != nil {
			return
		}
		s.mu.Lock()
		s.seen = append(s.seen, fmt.Sprintf("%s %s: %s", kind, c.Subprotocol(), text))
		s.mu.Unlock()
		if !strings.Contains(string(text), "quiet") {
			_ = c.Write(r.Context(), kind, text)
		}
	}
}

// take is what was seen since the last call, sorted: users overlap.
func (s *shop) take() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	seen := s.seen
	s.seen = nil
	slices.Sort(seen)
	return seen
}

func shopServer() *shop {
	s := &shop{}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.note(r)
		if r.Header.Get("Upgrade") != "" {
			s.talk(w, r)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("X-Cache", "HIT")
		w.Header().Set("Server-Timing", "total;dur=2.5")
		switch r.URL.Path {
		case "/redir":
			http.Redirect(w, r, "/ok", http.StatusFound)
		case "/missing":
			w.WriteHeader(http.StatusNotFound)
			_, _ = io.WriteString(w, "{}")
		case "/session":
			if _, err := r.Cookie("seen"); err != nil {
				http.SetCookie(w, &http.Cookie{Name: "seen", Value: "1"})
				w.WriteHeader(http.StatusCreated)
			}
			_, _ = io.WriteString(w, "{}")
		case "/page":
			w.Header().Set("Content-Type", "text/html")
			_, _ = io.WriteString(w, `<ul><li class="a" data-id="1">one</li><li class="b" data-id="2">two</li></ul>`)
		case "/echo":
			body, _ := io.ReadAll(r.Body)
			_, _ = fmt.Fprintf(w, `{"method": %q, "query": %q, "body": %q, "user": %q}`, r.Method, r.URL.RawQuery,
				boundary.ReplaceAllString(string(body), "-"), r.Header.Get("X-User"))
		default:
			_, _ = io.WriteString(w, `{"id": 7, "list": [{"n": 1}, {"n": 2}], "name": "x"}`)
		}
	}))
	return s
}

// runBoth runs a script with the real Artillery and here, and compares all that Artillery counts, and the exit codes.
func runBoth(t *testing.T, artillery, script string, files map[string]string) {
	t.Helper()
	server, other := shopServer(), shopServer()
	defer server.Close()
	defer other.Close()
	dir := t.TempDir()
	write := func(name, text string) {
		text = strings.ReplaceAll(strings.ReplaceAll(text, "TARGET", server.URL), "OTHER", other.URL)
		text = strings.ReplaceAll(text, "BOB", strings.Replace(server.URL, "//", "//u%40:p@", 1))
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("s.yml", script)
	for name, text := range files {
		write(name, text)
	}
	theirs, ours := filepath.Join(dir, "theirs.json"), filepath.Join(dir, "ours.json")
	c := exec.CommandContext(t.Context(), artillery, "run", "-q", "-t", server.URL, "-o", theirs, "s.yml")
	c.Dir, c.Env = dir, append(os.Environ(), "ARTILLERY_DISABLE_TELEMETRY=true")
	out, err := c.CombinedOutput()
	if _, err := os.Stat(theirs); err != nil {
		t.Fatalf("Artillery wrote no report: %s", out)
	}
	asked := server.take()
	theirCode := 0
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		theirCode = exit.ExitCode()
	}
	var said strings.Builder
	err = Main(t.Context(), run.Process{
		Args: []string{
			"run", "-q", "-t", server.URL, "-o", ours, "--lag-limit", "1h",
			filepath.Join(dir, "s.yml"),
		},
		LookupEnv: func(string) (string, bool) { return "", false }, Stdout: &said, Stderr: &said,
	})
	ourCode := 0
	var code *run.CodeError
	if errors.As(err, &code) {
		ourCode = code.Code
	} else if err != nil {
		t.Fatalf("%v\n%s", err, &said)
	}
	if theirCode != ourCode {
		t.Errorf("Artillery ends with %d, loadgen with %d", theirCode, ourCode)
	}
	if strings.Contains(said.String(), "warning: s.yml") && strings.Contains(said.String(), "(D") {
		t.Errorf("the script touches a deviation, which is no fair comparison: %s", &said)
	}
	if diff := cmp.Diff(asked, server.take()); diff != "" {
		t.Errorf("requests (-Artillery +loadgen):\n%s", diff)
	}
	if diff := cmp.Diff(figuresOf(t, theirs), figuresOf(t, ours)); diff != "" {
		t.Errorf("(-Artillery +loadgen):\n%s", diff)
	}
}

// The same scripts, run by the real Artillery and by loadgen, count the same: all counters, and how many values each
// distribution has. The scripts keep away from what docs/artillery.md lists as a deviation.
func TestReportsAgreeWithArtillery(t *testing.T) {
	artillery, err := exec.LookPath("artillery")
	if err != nil {
		t.Skipf("the real Artillery is not installed (docs/artillery.md says how): %v", err)
	}
	f := func(name, script string, files map[string]string) {
		t.Run(name, func(t *testing.T) { t.Parallel(); runBoth(t, artillery, script, files) })
	}
	f("expectations", `
config:
  phases: [{duration: 1, arrivalCount: 3}]
  plugins: {expect: {}}
scenarios:
  - name: all
    flow:
      - get:
          url: /ok
          expect:
            - statusCode: 200
            - statusCode: [200, 201]
            - notStatusCode: 500
            - contentType: json
            - hasProperty: list[0].n
            - notHasProperty: nope
            - equals: ["a", "a"]
            - hasHeader: x-cache
            - headerEquals: [x-cache, HIT]
            - cdnHit: true
      - get: {url: /missing, expect: [{statusCode: 200}, {hasProperty: id}, {hasHeader: x-none}, {cdnHit: false}]}
`, nil)
	f("endpoints", `
config:
  phases: [{duration: 1, arrivalCount: 2}]
  plugins: {metrics-by-endpoint: {}}
scenarios:
  - flow:
      - get: {url: "/ok?a=1&b={{ $loopCount }}"}
      - get: {url: "/ok/{{ x }}", name: named}
      - get: {url: "OTHER/ok?q=1"}
      - get: {url: "TARGET/ok"}
      - get: {url: /a%20b}
      - get: {url: /redir}
      - get: {url: "http://127.0.0.1:1/refused"}
`, nil)
	f("dynamic endpoints", `
config:
  phases: [{duration: 1, arrivalCount: 2}]
  variables: {id: 7}
  plugins: {metrics-by-endpoint: {groupDynamicURLs: false, stripQueryString: true, useOnlyRequestNames: true, metricsNamespace: mine}}
scenarios:
  - flow:
      - get: {url: "/ok/{{ id }}?a=1"}
      - loop: [{get: {url: "/item/{{ $loopCount }}"}}]
        count: 3
      - get: {url: "/ok/{{ id }}", name: named}
`, nil)
	f("steps", `
config:
  phases: [{name: first, duration: 1, arrivalRate: 2}, {pause: 1}, {duration: 2, arrivalRate: 1, rampTo: 3}]
  payload: {path: rows.csv, fields: [word], order: sequence}
  http: {extendedMetrics: true}
scenarios:
  - name: walk
    flow:
      - post: {url: /echo, json: {a: "{{ word }}"}, qs: {b: 2}, headers: {x-user: "{{ word }}"}, capture: [{json: $.user, as: user}, {header: x-cache, as: hit}]}
      - get: {url: /ok, ifTrue: 'user == "none"'}
      - get: {url: /ok, capture: {json: "$.list[?(@.n>1)]^[0].n", as: n}}
      - loop: [{get: {url: "/ok/{{ $loopElement }}"}}]
        over: [a, b]
      - put: {url: /echo, form: {a: 1}}
      - patch: {url: /echo, body: text}
      - delete: {url: /echo}
      - get: {url: /session}
      - get: {url: /session}
      - get: {url: /missing, capture: {json: $.nope, as: x, strict: false}}
      - think: 1
  - name: never
    weight: 0
    flow: [{get: {url: /ok}}]
`, map[string]string{"rows.csv": "a\nb\nc\n"})
	f("requests", `
config:
  phases: [{duration: 1, arrivalCount: 2}]
  variables: {obj: {a: [1, null, true], b: "x"}, num: 5, nested: [[1, 2]], word: "a b&c"}
  http: {defaults: {headers: {X-Default: all, x-user: default}}}
scenarios:
  - flow:
      - post: {url: /echo, json: {o: "{{ obj }}", n: "{{ num }}", t: "n={{ num }} o={{ obj }}", missing: "{{ nope }}", list: ["{{ obj.a[0] }}", "{{ nope }}"], "{{ word }}": {x: null}}}
      - post: {url: /echo, json: "{{ obj }}"}
      - post: {url: /echo, body: '{"w": "{{ word }}", "u": {{ nope }}, "l": {{ nested }} }', headers: {content-type: application/json, X-USER: "{{ word }}"}}
      - post: {url: /echo, form: {a: "{{ word }}", n: "{{ num }}", u: "é"}}
      - post: {url: /echo, formData: {a: "{{ word }}", n: "{{ num }}"}}
      - get: {url: "/echo", qs: {a: "{{ word }}", n: 7, u: "é+"}}
      - get: {url: "/echo/{{ word }}/é?x={{ word }}"}
      - get: {url: /ok, auth: {user: "u{{ num }}", pass: "p:w"}}
      - get: {url: /session}
      - get: {url: /session}
      - get: {url: /ok, cookie: {mine: "{{ num }}"}}
      - get:
          url: /page
          capture:
            - {selector: li.b, attr: data-id, as: picked.id}
            - {regexp: 'data-id="(\d)">(\w+)', group: 2, as: text}
            - {header: content-type, as: kind}
      - post: {url: /echo, json: {id: "{{ picked.id }}", all: "{{ picked }}", t: "{{ text }} {{ kind }}"}}
      - get: {url: /ok, capture: [{json: $.list, as: list}, {json: "$.list[1]", as: last}]}
      - post: {url: /echo, json: {list: "{{ list }}", first: "{{ list[0].n }}", last: "{{ last.n }}"}}
      - loop: [{get: {url: "/item/{{ $loopCount }}/{{ $loopElement }}"}}]
        count: 2-4
      - loop: [{get: {url: "/each/{{ $loopCount }}/{{ $loopElement.n }}"}}]
        over: list
      - loop: [{get: {url: "/named/{{ row.n }}"}}]
        over: list
        loopElement: row
      - get: {url: "TARGET/ok", ifTrue: 'num > 4 and word != "x"'}
      - log: "{{ word }}"
`, nil)
	f("values", `
config:
  phases: [{duration: 1, arrivalCount: 3}]
  variables: {list: [[1, "b c", null, true]], obj: {a: 1}, none: null, yes: true, n: 1.5, w: 0, f: part.csv, odd: "100%&x=é'*~"}
  http: {defaults: {headers: {X-Default: all}}}
scenarios:
  - weight: "{{ w }}"
    flow: [{get: {url: /never}}]
  - weight: "{{ n }}"
    flow:
      - get: {url: /echo, qs: {l: "{{ list }}", o: "{{ obj }}", z: "{{ none }}", u: "{{ nope }}", y: "{{ yes }}", n: "{{ n }}", e: [], t: "{{ odd }}"}}
      - post: {url: /echo, form: {l: "{{ list }}", o: "{{ obj }}", z: "{{ none }}", u: "{{ nope }}", y: "{{ yes }}", e: [], t: "{{ odd }}"}}
      - get: {url: /echo, headers: {x-user: "{{ list }}", x-default: "{{ nope }}"}}
      - get: {url: /echo, headers: {x-user: ["{{ n }}", b], X-DEFAULT: []}}
      - post: {url: /echo, json: "{{ nope }}"}
      - post: {url: /echo, formData: {f: {fromFile: "./{{ f }}"}, g: {fromFile: noend, contentType: "text/{{ f }}"}, n: "{{ n }}", z: "{{ none }}", v: {value: x}}}
      - get: {url: "/echo/{{ list }}/{{ obj }}/a\\b/./c/../d?q={{ odd }}#gone"}
      - get: {url: "BOB/echo"}
      - get: {url: /echo, auth: {user: u, pass: p}, headers: {authorization: Bearer own}}
      - get: {url: /a/echo, cookie: {l: "{{ list }}", j: '{"a": 1}', y: "{{ yes }}"}}
      - get: {url: /b}
`, map[string]string{"part.csv": "1,2\n", "noend": "x"})
	f("thresholds", `
config:
  phases: [{duration: 1, arrivalRate: 10, maxVusers: 2}]
  http: {pool: 10}
  plugins: {ensure: {}, expect: {reportFailuresAsErrors: true, expectDefault200: true}}
  ensure:
    thresholds: [{http.response_time.p99: 9000}, {vusers.skipped: 1}]
    conditions: [{expression: vusers.created > 0 and http.codes.200 > 0}]
before: {flow: [{get: {url: /ok, capture: {json: $.name, as: name}}}]}
after: {flow: [{get: {url: /ok}}]}
scenarios:
  - flow:
      - get: {url: "/ok/{{ name }}", match: {json: $.name, value: x}}
      - parallel: [{get: {url: /ok}}, {get: {url: /ok}}]
      - think: 5
      - get: {url: /missing}
      - get: {url: /ok}
`, nil)
	f("functions", `
config:
  phases: [{duration: 1, arrivalCount: 3}]
  processor: ./f.js
  plugins: {apdex: {}}
scenarios:
  - beforeScenario: begin
    afterScenario: end
    flow:
      - function: count
      - post: {url: /echo, json: {}, beforeRequest: sign, afterResponse: look}
      - loop: [{get: {url: /ok}}]
        whileTrue: again
      - get: {url: /ok, capture: {json: $.nope, as: x}}
`, map[string]string{"f.js": `
module.exports = {
  begin: (context, events, done) => { context.vars.n = 0; return done(); },
  end: (context, events, done) => { events.emit('counter', 'ended', 1); return done(); },
  count: (context, events, done) => { events.emit('counter', 'mine', 2); events.emit('histogram', 'sizes', 12); return done(); },
  sign: (req, context, events, done) => { req.headers = req.headers || {}; req.headers['x-user'] = 'u'; return done(); },
  look: (req, res, context, events, done) => { if (JSON.parse(res.body).user === 'u') { events.emit('counter', 'signed', 1); } return done(); },
  again: (context, done) => { context.vars.n += 1; return done(context.vars.n < 3); },
};
`})
	f("WebSockets", `
config:
  phases: [{duration: 1, arrivalCount: 2}]
  processor: ./f.js
  payload: {path: rows.csv, fields: [wanted], order: sequence}
  variables: {n: 5, o: {a: [1]}, no: null, list: [[1, b]]}
  ws: {subprotocols: [a, b], headers: {X-Default: d}}
scenarios:
  - name: talk
    engine: ws
    flow:
      - connect: "{{ target }}/socket?n={{ n }}"
      - send: "quiet {{ n }} {{ missing }}"
      - send: {quiet: "{{ n }}", o: "{{ o }}", list: [1, "{{ no }}", "{{ missing }}"], gone: "{{ missing }}"}
      - loop: [{send: "quiet {{ $loopCount }}"}]
        count: 2
      - loop: [{send: "quiet {{ $loopElement }}"}]
        over: [x, y]
      - function: count
      - send: {payload: {id: "{{ n }}"}, capture: {json: $.id, as: id}}
      - send: {payload: "text {{ id }}!", capture: {regexp: "text (.*)", group: 1, as: text}}
      - send: {payload: "{{ o }}", match: {json: "$.a[0]", value: 1}}
      - send: {payload: "{{ list }}", capture: {json: "$[1]", as: b}}
      - send: {payload: "{{ n }}", capture: {json: $.nope, as: nope, strict: false}}
      - send: {payload: "{{ text }} {{ b }}", capture: {regexp: "^5! b$", as: ok}}
      - send: {payload: {id: 1}, capture: {json: "$.{{ wanted }}", as: nope}}
      - send: quiet, by one of two
`, map[string]string{"rows.csv": "id\nnope\n", "f.js": `
module.exports = {
  count: (context, events, done) => { events.emit('counter', 'mine', 2); return done(); },
};
`})
	f("WebSockets beside requests", `
config:
  phases: [{duration: 1, arrivalCount: 1}]
  ws: {headers: {Sec-WebSocket-Protocol: b}}
scenarios:
  - engine: ws
    flow: [{send: quiet}, {think: 1}, {send: [quiet, 1]}]
  - weight: 0
    flow: [{get: {url: /ok}}]
`, nil)
}
