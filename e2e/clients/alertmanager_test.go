package clients_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
)

// The Alertmanager that ours is compared with, and the sum of its module.
const (
	alertmanager    = "github.com/prometheus/alertmanager@v0.35.0"
	alertmanagerSum = "h1:nbXMjr+P2JaoFd7aHNDxKifEwTPN+TWxM0gNPonuH5w="
)

// TestAlertmanager tells an Alertmanager and a webhook of the same alerts. What the Alertmanager tells its own webhook is
// then, byte for byte, what the collector told its: of two alerts that fire together, of one of them that ends, and of
// two that end together.
func TestAlertmanager(t *testing.T) {
	t.Parallel()
	theirs, ours := receiveNotifications(t), receiveNotifications(t)
	manager := startAlertmanager(t, theirs.url)
	dir := t.TempDir()
	write := func(name, text string) string {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	policy := write("policy.yml", fmt.Sprintf(`notify:
  wait: 1s
  interval: 1s
  repeat: 1h
  dashboard: https://edge.example/x
  receivers:
    - {name: manager, alertmanagers: [%q], match: ['alertname="Failing"']}
    - {name: the.hook, webhook: %q, match: ['alertname="Failing"']}
`, manager, ours.url+"/hook"))
	// Parts of services, alerts of one rule, each while it is asked for.
	rule := func(parts ...string) string {
		var series []string
		for _, of := range parts {
			service, part, _ := strings.Cut(of, "/")
			series = append(series, fmt.Sprintf(`label_set(sum(sum_over_time(`+
				`edge_service_requests{service_name="ill",edge_outcome!~"ok|canceled"}[30m])) > 5, `+
				`"service_name", %q, "part", %q)`, service, part))
		}
		return fmt.Sprintf(`groups:
  - name: clients
    interval: 1s
    rules:
      - alert: Failing
        expr: 'union(%s)'
        labels: {severity: page, team: "a < b & 'c'"}
        annotations:
          summary: '{{ $value }} requests to {{ $labels.service_name }} fail, "{{ $labels.part }}" > ü'
          dashboard: '{{ $externalURL }}/slo'
`, strings.Join(series, ", "))
	}
	rules := write("rules.yml", rule("ill/b", "ill/a"))
	c := startCollector(t, "--policy", policy, "--rules", rules)
	c.sendAlarming(t, time.Now().Add(-2*time.Minute))
	same := func(n int, status string) {
		t.Helper()
		eventually(t, func() string {
			return fmt.Sprintf("%d notifications\nAlertmanager: %q\nours: %q\nalerts: %s", n, theirs.all(), ours.all(),
				textAt(t, c.URL("query")+"/api/edge/v1/alerts"))
		}, func() bool { return len(theirs.all()) >= n && len(ours.all()) >= n })
		want, got := theirs.all()[n-1], ours.all()[n-1]
		if d := gocmp.Diff(want, got); d != "" {
			t.Errorf("notification %d (-Alertmanager +ours):\n%s", n, d)
		}
		if !strings.Contains(want, status) {
			t.Errorf("notification %d lacks %s:\n%s", n, status, want)
		}
	}
	reload := func(text string) {
		t.Helper()
		write("rules.yml", text)
		if err := syscall.Kill(c.PID(), syscall.SIGHUP); err != nil {
			t.Fatal(err)
		}
	}
	same(1, `"notification_reason":"first notification"`)
	reload(rule("ill/a"))
	same(2, `"notification_reason":"some alerts resolved"`)
	// All of another group end together: what ended before is told of again and may stand beside a later end.
	reload(rule("ill/a", "sick/b", "sick/a"))
	same(3, `"notification_reason":"first notification"`)
	reload(rule("ill/a"))
	same(4, `"notification_reason":"all alerts resolved"`)
}

func textAt(t *testing.T, url string) string {
	t.Helper()
	_, body := answerTo(t, get(t, url))
	return body
}

// notifications is a webhook that keeps what it is told.
type notifications struct {
	url string

	mu     sync.Mutex
	bodies []string
}

func receiveNotifications(t *testing.T) *notifications {
	t.Helper()
	n := &notifications{}
	s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil || r.Header.Get("Content-Type") != "application/json" || r.Method != http.MethodPost {
			t.Errorf("%s %v, %v", r.Method, r.Header, err)
		}
		n.mu.Lock()
		defer n.mu.Unlock()
		n.bodies = append(n.bodies, string(body))
	}))
	t.Cleanup(s.Close)
	n.url = s.URL
	return n
}

func (n *notifications) all() []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return append([]string(nil), n.bodies...)
}

// startAlertmanager runs an Alertmanager that tells a webhook, and returns its address.
func startAlertmanager(t *testing.T, webhook string) string {
	t.Helper()
	path := buildAlertmanager(t)
	dir := t.TempDir()
	config := filepath.Join(dir, "alertmanager.yml")
	if err := os.WriteFile(config, fmt.Appendf(nil, `route:
  receiver: the.hook
  group_by: [alertname, service_name]
  group_wait: 1s
  group_interval: 1s
  repeat_interval: 1h
receivers:
  - name: the.hook
    webhook_configs: [{url: %q}]
`, webhook+"/hook"), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	cmd := exec.CommandContext(ctx, path, "--config.file="+config, "--storage.path="+dir, "--cluster.listen-address=",
		"--web.listen-address=127.0.0.1:0", "--web.external-url=https://edge.example/x", "--web.route-prefix=/",
		"--log.format=json")
	lines, err := cmd.StderrPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		cancel()
		t.Fatal(err)
	}
	log := logOf(t, "alertmanager")
	found, ended := make(chan string, 1), make(chan struct{})
	go func() {
		defer close(ended)
		for lines := bufio.NewScanner(lines); lines.Scan(); {
			fmt.Fprintln(log, lines.Text())
			var line struct{ Msg, Address string }
			if json.Unmarshal(lines.Bytes(), &line) == nil && line.Msg == "Listening on" {
				found <- line.Address
			}
		}
	}()
	t.Cleanup(func() {
		cancel()
		<-ended
		_ = cmd.Wait() // it was killed
	})
	select {
	case address := <-found:
		return "http://" + address
	case <-ended:
		t.Fatal("alertmanager ended before it listened")
	case <-time.After(time.Minute):
		t.Fatal("alertmanager does not listen")
	}
	return ""
}

// buildAlertmanager builds the program from its module, as a copy: the module comes without its pages, which do not
// compile without being there.
func buildAlertmanager(t *testing.T) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", "mod", "download", "-json", alertmanager).Output()
	if err != nil {
		t.Skipf("download %s: %v: %s", alertmanager, err, out)
	}
	module := unmarshal[struct{ Dir, Sum string }](t, out)
	if module.Sum != alertmanagerSum {
		t.Fatalf("%s has the sum %s, want %s", alertmanager, module.Sum, alertmanagerSum)
	}
	dir := filepath.Join(t.TempDir(), "alertmanager")
	if err := os.CopyFS(dir, os.DirFS(module.Dir)); err != nil {
		t.Fatal(err)
	}
	for _, pages := range []string{"elm", "mantine"} {
		page := filepath.Join(dir, "ui", "app", "dist", pages, "index.html")
		if err := os.MkdirAll(filepath.Dir(page), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(page, []byte("no pages"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	path := filepath.Join(bin, "alertmanager")
	build := exec.CommandContext(t.Context(), "go", "build", "-trimpath", "-o", path, "./cmd/alertmanager")
	build.Dir = dir
	if out, err := build.CombinedOutput(); err != nil {
		t.Skipf("build alertmanager: %v: %s", err, bytes.TrimSpace(out))
	}
	return path
}
