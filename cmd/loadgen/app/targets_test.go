package app

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	vegeta "github.com/tsenart/vegeta/v12/lib"

	"edgescope/internal/run"
	"edgescope/report"
)

func TestTargetFiles(t *testing.T) {
	f := func(text string, want ...string) {
		t.Helper()
		list, err := readTargets([]byte(text))
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		var got []string
		for _, target := range list {
			got = append(got, fmt.Sprintf("%s %s %v %q", target.Method, target.URL, target.Header, target.Body))
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", text, diff)
		}
	}
	f("GET http://t/a", `GET http://t/a map[] ""`)
	f("# all\n\nGET http://t/a\nX-A: 1\nX-A: 2\n\nHEAD https://t/b\n", `GET http://t/a map[X-A:[1 2]] ""`,
		`HEAD https://t/b map[] ""`)
	f(`{"method": "POST", "url": "http://t/a", "body": "aGk=", "header": {"A": ["b"]}}`,
		`POST http://t/a map[A:[b]] "hi"`)
	f("{\"method\":\"GET\",\"url\":\"http://t/a\"}\n\n{\"method\":\"GET\",\"url\":\"http://t/b\"}",
		`GET http://t/a map[] ""`, `GET http://t/b map[] ""`)
}

func TestTargetFilesSayWhatIsWrong(t *testing.T) {
	f := func(text, want string) {
		t.Helper()
		if _, err := readTargets([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
	f("", "no targets")
	f("GET http://t/a\nnonsense", "target 1: bad header: nonsense")
	f("GET http://t/a\n\nGET /b", `target 2: "/b": want a URL such as`)
	f("TRACE http://t/a", "target 1: method TRACE: want one of GET, POST")
	f("POST http://t/a\n@nowhere", "nowhere")
	f(`{"method": "GET"}`, "url is missing")
	f(`{"method": `, "target 1")
}

// The standard input is a target file too.
func TestTargetsFromTheStandardInput(t *testing.T) {
	quick := quickFlags{targets: "-"}
	list, err := quick.requests(run.Process{Stdin: strings.NewReader("GET http://t/a\n")}, nil)
	if err != nil || len(list) != 1 || list[0].URL != "http://t/a" {
		t.Errorf("%v, %v; want one target", list, err)
	}
	if _, err := quick.requests(run.Process{}, []string{"http://t"}); err == nil ||
		!strings.Contains(err.Error(), "--targets or URLs, not both") {
		t.Errorf("a URL beside --targets: %v", err)
	}
	quick.targets = "nowhere"
	if _, err := quick.requests(run.Process{}, nil); err == nil || !strings.Contains(err.Error(), "no such file") {
		t.Errorf("a file that is not there: %v", err)
	}
}

func FuzzTargets(f *testing.F) {
	f.Add([]byte("GET http://t/a\nX-A: 1\n\nPOST http://t/b\n"))
	f.Add([]byte(`{"method": "PUT", "url": "http://t/a", "body": "AP8=", "header": {"A": ["b", "c"]}}`))
	f.Add([]byte("# none"))
	f.Fuzz(func(t *testing.T, text []byte) {
		if bytes.Contains(text, []byte("@")) {
			return // names files of this machine
		}
		list, err := readTargets(text)
		if err != nil {
			return
		}
		for _, prefix := range []string{"", "$loopElement."} {
			if steps, fields, rows := list.script(prefix); len(rows) != len(list) || len(steps) == 0 ||
				len(fields) < 3 {
				t.Errorf("%d targets: %d rows, %d steps", len(list), len(rows), len(steps))
			}
		}
		quick := quickFlags{targets: "x", duration: 1e9, rate: 1, connections: 1}
		if _, err := quick.plan(list, report.RunInfo{}); err != nil {
			t.Errorf("%q is no script: %v", text, err)
		}
	})
}

// TestAHeaderWithoutAValueIsLeftOut: curl leaves out what it would send by itself, too.
func TestAHeaderWithoutAValueIsLeftOut(t *testing.T) {
	got := make(chan http.Header, 1)
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got <- r.Header }))
	defer server.Close()
	err := Main(t.Context(), run.Process{
		Args: []string{
			"quick", server.URL, "-c1", "-n1", "-q", "-d", "x", "-H", "User-Agent:", "-H", "content-type:", "-H", "a;",
			"--lag-limit", "1h", "-o", filepath.Join(t.TempDir(), "out.json"),
		},
		LookupEnv: func(string) (string, bool) { return "", false }, Stdout: io.Discard, Stderr: io.Discard,
	})
	if err != nil {
		t.Fatal(err)
	}
	h := <-got
	h.Del("Accept-Encoding")
	if diff := cmp.Diff(http.Header{"A": {""}, "Content-Length": {"1"}}, h); diff != "" {
		t.Errorf("headers (-want +got):\n%s", diff)
	}
}

// vegeta's attacker and quick send the same requests of one target file, in the same order.
func TestTargetsAreSentAsVegetaSendsThem(t *testing.T) {
	var mu sync.Mutex
	var seen []string
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		mu.Lock()
		defer mu.Unlock()
		seen = append(seen, fmt.Sprintf("%s %s %q a=%q host=%s %q", r.Method, r.URL, r.Header.Get("Content-Type"),
			r.Header.Values("X-A"), r.Host, body))
	}))
	defer server.Close()
	dir := t.TempDir()
	binary := "\x00\xff\r\n{{ x }}"
	if err := os.WriteFile(filepath.Join(dir, "body"), []byte(binary), 0o600); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "targets.txt")
	text := "GET " + server.URL + "/a?b={{c}}\nX-A: {{ d }}\n\nPOST " + server.URL + "/p\nContent-Type: x/y\n@" +
		filepath.Join(dir, "body") +
		"\n\nGET " + server.URL + "/last\nHost: other.test\nX-A: 7\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	take := func() (all []string) {
		mu.Lock()
		defer mu.Unlock()
		all, seen = seen, nil
		return all
	}
	quick := func(args ...string) {
		t.Helper()
		args = append([]string{
			"quick", "--targets", file, "-q", "--lag-limit", "1h", "-o",
			filepath.Join(dir, "out.json"),
		}, args...)
		if err := Main(t.Context(), run.Process{
			Args: args, LookupEnv: func(string) (string, bool) { return "", false },
			Stdout: io.Discard, Stderr: io.Discard,
		}); err != nil {
			t.Fatal(err)
		}
	}
	targets, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer targets.Close()
	list, err := vegeta.ReadAllTargets(vegeta.NewHTTPTargeter(targets, nil, nil))
	if err != nil {
		t.Fatal(err)
	}
	one := vegeta.NewAttacker(vegeta.Workers(1), vegeta.MaxWorkers(1)) // so that the order is the targets'
	for range one.Attack(vegeta.NewStaticTargeter(list...), vegeta.ConstantPacer{Freq: 20, Per: 1e9}, 350e6, "") {
	}
	want := take()[:6]
	quick("--duration", "300ms", "--rate", "20", "--connections", "1")
	if diff := cmp.Diff(want, take()); diff != "" {
		t.Errorf("an open loop (-vegeta +ours):\n%s", diff)
	}
	quick("--duration", "200ms", "--rate", "0", "--connections", "1")
	if got := take(); len(got) < 6 || !slices.Equal(got[:6], want) {
		t.Errorf("a closed loop: %q, want all targets in turn: %q", got[:min(len(got), 6)], want)
	}
}

// TestTargetsHaveARowEach: up to 32 targets are a step each, which reports show by its name; of more, those that differ
// only in their texts share one.
func TestTargetsHaveARowEach(t *testing.T) {
	list := targets{
		{Method: "GET", URL: "http://t/a?q={{x}}"},
		{Method: "GET", URL: "http://t/a"},
		{Method: "GET", URL: "http://t/a", Header: http.Header{"A": {"1", "2"}}},
		{Method: "PUT", URL: "https://u:p@other/d", Body: []byte("x"), Header: http.Header{"Cookie": {"a=1", "b=2"}}},
	}
	steps, fields, rows := list.script("")
	if got := fmt.Sprint(fields); got != "[shape url body header0]" {
		t.Errorf("fields %s", got)
	}
	if got := fmt.Sprint(rows); got != "[[0 http://t/a?q={{x}} ] [1 http://t/a ] [2 http://t/a  1, 2] "+
		"[3 https://u:p@other/d x a=1; b=2]]" {
		t.Errorf("rows %s", got)
	}
	var names []string
	for _, step := range steps {
		for _, request := range step.(map[string]any) {
			names = append(names, fmt.Sprint(request.(map[string]any)["name"]))
		}
	}
	want := []string{"GET /a?q={ {x}}", "GET /a", "GET /a (target 3)", "PUT https://u:xxxxx@other/d"}
	if diff := cmp.Diff(want, names); diff != "" {
		t.Errorf("names (-want +got):\n%s", diff)
	}
	for len(list) <= ownRow {
		list = append(list, list[1])
	}
	if steps, _, _ := list.script(""); len(steps) != 3 {
		t.Errorf("%d targets of three shapes are %d steps, want 3", len(list), len(steps))
	}
}
