package load_test

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"edgescope/load"
	"edgescope/load/loadtest"
	"edgescope/scenarios"
)

// fenced is the first code block of a language in a document.
func fenced(t *testing.T, document, language string) string {
	t.Helper()
	_, rest, ok := strings.Cut(document, "```"+language+"\n")
	block, _, closed := strings.Cut(rest, "```")
	if !ok || !closed {
		t.Fatalf("the document has no block of %s", language)
	}
	return block
}

// TestTheProcessorOfTheGuideRuns: docs/artillery.md says what functions can do with an example.
func TestTheProcessorOfTheGuideRuns(t *testing.T) {
	src, err := os.ReadFile(filepath.Join("..", "docs", "artillery.md"))
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{
		"functions.js": fenced(t, string(src), "js"),
		"script.yml":   fenced(t, string(src), "yaml"),
	}
	p, err := scenarios.Load(scenarios.Options{
		Files: []string{"script.yml"}, Target: "http://target.test", Seed: 1,
		ReadFile: func(name string) ([]byte, error) { return []byte(files[filepath.Base(name)]), nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	polls, signed := 0, false
	tg := &target{respond: func(r *http.Request) (int, string) {
		if r.URL.Path != "/task" {
			signed = len(r.Header.Get("X-Sign")) == 64 && strings.HasPrefix(r.URL.Path, "/tasks/u")
			return 200, "{}"
		}
		if polls++; polls < 3 {
			return 200, `{"state": "pending"}`
		}
		return 200, `{"state": "done"}`
	}}
	events, err := record(t.Context(), t, p, load.Options{RoundTripper: tg})
	if err != nil {
		t.Fatal(err)
	}
	got := history(events)
	want := []string{"counter sign_ins 1", got[1], "GET /task", "GET /task", "GET /task", "end "}
	if diff := cmp.Diff(want, got); diff != "" || !signed {
		t.Errorf("signed: %v, events (-want +got):\n%s", signed, diff)
	}
}

// TestTheChatOfTheGuideRuns: docs/artillery.md shows a scenario of WebSockets, which is run in short.
func TestTheChatOfTheGuideRuns(t *testing.T) {
	src, err := os.ReadFile(filepath.Join("..", "docs", "artillery.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, ok := strings.Cut(string(src), "```yaml\n# chat.yml\n")
	script, _, closed := strings.Cut(rest, "```")
	if !ok || !closed {
		t.Fatal("the guide has no chat.yml")
	}
	script = strings.NewReplacer("duration: 60, arrivalRate: 5", "duration: 1ms, arrivalCount: 1", "think: 1\n", "think: 1ms\n").
		Replace(script)
	said := make(chan string, 20)
	target := loadtest.ServeSockets(t, func(ctx context.Context, p *loadtest.Peer) {
		for n := 0; ; n++ {
			_, text, err := p.Read(ctx)
			if err != nil {
				return
			}
			said <- string(text)
			answer := fmt.Sprintf(`{"id": %d}`, n)
			if n == 0 {
				answer = `{"type": "welcome"}`
			}
			send(ctx, p, answer)
		}
	})
	got := loadtest.Tell(loadtest.Run(t, target, script, load.Options{}))
	var heard []string
	for len(said) > 0 {
		heard = append(heard, <-said)
	}
	if got["completed"] != 1 || len(heard) != 12 || heard[10] != `{"say":"hello 9"}` || heard[11] != "bye 10" {
		t.Errorf("heard %q, %v", heard, got)
	}
}
