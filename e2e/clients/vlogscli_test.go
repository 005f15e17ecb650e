package clients_test

import (
	"context"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestVlogscli: the command line of VictoriaLogs, which reads questions from its input. It sends ProjectID: 0 with each,
// which is spans; kind=all in its URL asks for all.
func TestVlogscli(t *testing.T) {
	t.Parallel()
	path := filepath.Join(bin, "vlogscli")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", path,
		"github.com/VictoriaMetrics/VictoriaLogs/app/vlogscli")
	if out, err := build.CombinedOutput(); err != nil {
		t.Skipf("build vlogscli: %v: %s", err, out)
	}
	c := startCollector(t)
	sent := c.sendThreeKinds(t, time.Now().Add(-10*time.Minute))
	for kind, n := range sent {
		c.waitForRaw(t, kind, n)
	}
	f := func(url, questions string, want ...string) {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		cmd := exec.CommandContext(ctx, path, "-datasource.url="+c.URL("query")+url,
			"-historyFile="+filepath.Join(t.TempDir(), "history"))
		cmd.Stdin = strings.NewReader(questions)
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Errorf("%q: %v", questions, err)
		}
		for _, text := range want {
			if !strings.Contains(string(out), text) {
				t.Errorf("%q: no %s in:\n%s", questions, text, out)
			}
		}
	}
	const query = "/select/logsql/query"
	f(query+"?kind=all", "* | count() n;\n", `"n": "72"`)
	f(query, "* | count() n;\n", `"n": "24"`)
	f(query+"?kind=all", "\\s\n* | sort by (_time) desc | limit 3;\n", `"_msg":"b3 x\ty"`, `"_msg":"request 23 took 69ms`,
		`"_msg":"GET /3 23ms"`)
	f(query, "* | nonsense;\n", "cannot parse query")
	f(query, "name:eq_field(_time);\n", "unexpected status code: 400", "can't be asked of _time")
}
