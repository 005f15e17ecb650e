package clients_test

import (
	"bufio"
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// startVictoria builds a program of VictoriaMetrics' and runs it on a free port for the length of the test. It returns
// its address.
func startVictoria(t *testing.T, program string, flags ...string) string {
	t.Helper()
	name := filepath.Base(program)
	path := filepath.Join(bin, name)
	build := exec.CommandContext(t.Context(), "go", "build", "-o", path, program)
	if out, err := build.CombinedOutput(); err != nil {
		t.Skipf("build %s: %v: %s", name, err, out)
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	cmd := exec.CommandContext(ctx, path, append([]string{"-httpListenAddr=127.0.0.1:0"}, flags...)...)
	lines, err := cmd.StderrPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		cancel()
		t.Fatal(err)
	}
	log := logOf(t, name)
	found, ended := make(chan string, 1), make(chan struct{})
	go func() {
		defer close(ended)
		for lines := bufio.NewScanner(lines); lines.Scan(); {
			fmt.Fprintln(log, lines.Text())
			if _, url, ok := strings.Cut(lines.Text(), "started server at "); ok {
				found <- strings.TrimSuffix(url, "/")
			}
		}
	}()
	t.Cleanup(func() {
		cancel()
		<-ended
		_ = cmd.Wait() // it was killed
	})
	select {
	case url := <-found:
		return url
	case <-ended:
		t.Fatalf("%s ended before it listened", name)
	case <-time.After(time.Minute):
		t.Fatalf("%s does not listen", name)
	}
	return ""
}
