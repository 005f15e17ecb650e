package app

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"edgescope/query"
)

// block is a fenced example of a page.
type block struct{ language, text string }

func examples(t *testing.T, page string) []block {
	t.Helper()
	src, err := os.ReadFile(filepath.Join("..", "..", "..", "docs", page))
	if err != nil {
		t.Fatal(err)
	}
	var blocks []block
	for _, m := range regexp.MustCompile("(?ms)^```(\\w+)\n(.*?)^```$").FindAllStringSubmatch(string(src), -1) {
		blocks = append(blocks, block{m[1], m[2]})
	}
	return blocks
}

// named is the file that the first line of an example names.
func (b *block) named() (string, bool) {
	first, _, _ := strings.Cut(b.text, "\n")
	return strings.CutPrefix(first, "# ")
}

// Every example of docs/loadgen.md is run, in order, against a target in the place of shop.example.
func TestExamplesOfTheGuide(t *testing.T) {
	if testing.Short() {
		t.Skip("the examples take some seconds")
	}
	server, collector := newTarget(), newJudge()
	defer server.Close()
	defer collector.Close()
	dir, loadgen, vegeta := t.TempDir(), installed(t), vegetaProgram(t)
	for i, file := range []string{"base.json", "new.json"} {
		out, err := os.Create(filepath.Join(dir, file))
		if err != nil {
			t.Fatal(err)
		}
		r, err := simulated(uint64(i), 1)
		if err != nil {
			t.Fatal(err)
		}
		if err := r.WriteJSON(out); err != nil {
			t.Fatal(err)
		}
		out.Close()
	}
	shell := func(command string) {
		t.Helper()
		command = strings.NewReplacer("https://shop.example", server.URL, "http://127.0.0.1:4320", collector.URL).Replace(command)
		c := exec.CommandContext(t.Context(), "sh", "-ec", command)
		c.Dir = dir
		c.Env = []string{
			"PATH=" + filepath.Dir(loadgen) + ":" + filepath.Dir(vegeta) + ":" + os.Getenv("PATH"),
			"EDGESCOPE_LAG_LIMIT=1h", "EDGESCOPE_COLLECTOR=" + collector.URL,
		}
		if out, err := c.CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", command, err, out)
		}
	}
	ran := 0
	for _, b := range examples(t, "loadgen.md") {
		name, isFile := b.named()
		switch {
		case b.language == "sh":
			ran++
			shell(b.text)
		case b.language != "yaml" || !isFile:
			t.Errorf("an example of %s is run by nothing:\n%s", b.language, b.text)
		case strings.HasPrefix(name, "."):
			for _, command := range pipelineCommands(t, name, b.text) {
				ran++
				shell(command)
			}
		default:
			text := strings.ReplaceAll(b.text, "https://shop.example", server.URL)
			if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	if ran < 8 {
		t.Errorf("%d examples were run, want all of the page", ran)
	}
}

// newJudge is a collector by which no version is worse.
func newJudge() *httptest.Server {
	return httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		version, ok := strings.CutPrefix(r.URL.Path, query.APIPrefix+query.PathDeploys+"/")
		if !ok {
			http.NotFound(w, r)
			return
		}
		_ = json.NewEncoder(w).Encode(&query.DeployDetail{Deploy: query.DeployVerdict{
			Deploy: query.Deploy{Service: "shop", Version: version}, Against: "v1", Verdict: query.VerdictSame, Final: true,
			Method: query.MethodSideBySide,
		}})
	}))
}

// pipelineCommands checks the shape of a CI's file and returns the commands of loadgen in it.
func pipelineCommands(t *testing.T, name, text string) (commands []string) {
	t.Helper()
	want := gitlabPipeline
	if strings.HasPrefix(name, ".github/") {
		want = githubWorkflow
	}
	var n yaml.Node
	if err := yaml.Unmarshal([]byte(text), &n); err != nil {
		t.Fatal(err)
	}
	for _, fault := range want.check(&n, name) {
		t.Error(fault)
	}
	for _, m := range regexp.MustCompile(`(?m)- (?:run: )?(loadgen .*)$`).FindAllStringSubmatch(text, -1) {
		commands = append(commands, m[1])
	}
	return commands
}
