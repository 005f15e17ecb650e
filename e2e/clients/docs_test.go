package clients_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestExamplesOfTheDocsRun loads every script of docs/clients.md into Node and calls the handlers among them.
func TestExamplesOfTheDocsRun(t *testing.T) {
	t.Parallel()
	node := node(t)
	blocks := strings.Split(string(readFile(t, filepath.Join("..", "..", "docs", "clients.md"))), "```js\n")[1:]
	if len(blocks) == 0 {
		t.Fatal("docs/clients.md has no scripts")
	}
	dir := t.TempDir()
	if err := os.Symlink(need(t, "."), filepath.Join(dir, "node_modules")); err != nil {
		t.Fatal(err)
	}
	for i, block := range blocks {
		script, _, _ := strings.Cut(block, "```")
		name := filepath.Join(dir, fmt.Sprintf("%d.mjs", i))
		if err := os.WriteFile(name, []byte(script), 0o600); err != nil {
			t.Fatal(err)
		}
		const call = "const { handler } = await import(process.argv[1]); if (handler) console.log(handler(new " +
			"Request('http://h/')).status)"
		out, err := exec.CommandContext(t.Context(), node, "--input-type=module", "-e", call, name).CombinedOutput()
		if want := "200\n"; err != nil || strings.Contains(script, "function handler") && string(out) != want {
			t.Errorf("%v: %s\n%s", err, out, script)
		}
	}
}
