package app_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"edgescope/cmd/collector/collectortest"
)

// examples returns the curl commands in the shell blocks of a document.
func examples(t *testing.T, file string) []string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "..", file))
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, block := range strings.Split(string(text), "```sh\n")[1:] {
		block, _, _ = strings.Cut(block, "```")
		if strings.HasPrefix(block, "curl ") {
			found = append(found, block)
		}
	}
	if len(found) == 0 {
		t.Fatalf("%s has no curl examples", file)
	}
	return found
}

// TestExamplesOfTheDocsRun pastes every curl example of README and docs/api.md into a shell.
func TestExamplesOfTheDocsRun(t *testing.T) {
	if _, err := exec.LookPath("curl"); err != nil {
		t.Skip("no curl: install it")
	}
	c := collectortest.Start(t, t.TempDir())
	addresses := strings.NewReplacer("127.0.0.1:4318", c.Addr("ingest"), "127.0.0.1:4320", c.Addr("query"))
	for _, file := range []string{"README.md", "docs/api.md"} {
		for _, example := range examples(t, file) {
			// A status of 400 and above is a failure here, though curl alone would print it and be content.
			script := "set -e\ncurl() { command curl --fail-with-body \"$@\"; }\n" + addresses.Replace(example)
			out, err := exec.CommandContext(t.Context(), "bash", "-c", script).CombinedOutput()
			if err != nil || strings.Contains(string(out), "rejected\":1") ||
				strings.Contains(string(out), "partialSuccess") {
				t.Errorf("%s:\n%s\n%v: %s", file, example, err, out)
			}
		}
	}
}
