package e2e_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"edgescope/e2e"
	"edgescope/internal/run/runtest"
)

// hook is a receiver of alerts, which answers 503 until it is opened.
type hook struct {
	*httptest.Server

	mu      sync.Mutex
	open    bool
	told    map[string]int // notifications that it took, by the alert's name
	refused chan struct{}
}

func newHook(t *testing.T) *hook {
	t.Helper()
	h := &hook{told: map[string]int{}, refused: make(chan struct{}, 1)}
	h.Server = httptest.NewServer(http.HandlerFunc(h.take))
	t.Cleanup(h.Close)
	return h
}

func (h *hook) take(w http.ResponseWriter, r *http.Request) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.open {
		select {
		case h.refused <- struct{}{}:
		default:
		}
		http.Error(w, "closed", http.StatusServiceUnavailable)
		return
	}
	var body struct {
		CommonLabels map[string]string `json:"commonLabels"`
		Status       string            `json:"status"`
	}
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	h.told[body.CommonLabels["alertname"]+" "+body.Status]++
}

func (h *hook) count(what string) int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.told[what]
}

// await waits until the receiver was told.
func (h *hook) await(t *testing.T, what string) {
	t.Helper()
	runtest.Eventually(t, func() string { return "nobody was told: " + what }, func() bool { return h.count(what) > 0 })
}

// TestAnAlertOutlivesAKill kills a collector between the firing of an alert and its delivery: the next one delivers it,
// once. Rules and policy are read again at SIGHUP; what is wrong then leaves the old rules in use, and is told.
func TestAnAlertOutlivesAKill(t *testing.T) {
	dir, receiver := t.TempDir(), newHook(t)
	write := func(name, text string) string {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	rule := func(names ...string) string {
		var text strings.Builder
		text.WriteString("groups:\n- name: always\n  interval: 1s\n  rules:\n")
		for _, name := range names {
			text.WriteString("  - {alert: " + name + ", expr: vector(1)}\n")
		}
		return write("rules.yml", text.String())
	}
	args := []string{
		"--rules", rule("First"), "--policy", write("policy.yml", fmt.Sprintf(
			"notify:\n  wait: 1s\n  interval: 1s\n  repeat: 4h\n  receivers:\n  - {name: hook, webhook: %q}\n", receiver.URL)),
	}
	data := filepath.Join(dir, "data")
	c, _ := startCollector(t, data, args...)
	select {
	case <-receiver.refused:
	case <-time.After(time.Minute):
		t.Fatal("nobody was told of a rule that always holds")
	}
	if err := c.Kill(); err != nil {
		t.Fatal(err)
	}
	receiver.mu.Lock()
	receiver.open = true
	receiver.mu.Unlock()
	c, _ = startCollector(t, data, args...)
	receiver.await(t, "First firing")

	rule("First", "Second")
	hangUp(t, c)
	receiver.await(t, "Second firing")
	write("rules.yml", "groups:\n- name: always\n  rules:\n  - {alert: Third, exprr: vector(1)}\n")
	hangUp(t, c)
	var told string
	runtest.Eventually(t, func() string { return "the API does not say what is wrong with the rules: " + told }, func() bool {
		told = alertsOf(t, c)
		return strings.Contains(told, "rules.yml:4:")
	})
	if !strings.Contains(told, `"Second"`) || receiver.count("First resolved") != 0 {
		t.Errorf("rules that were right are not in use any more: %s", told)
	}
	if n := receiver.count("First firing"); n != 1 {
		t.Errorf("the receiver was told %d times within the repeat interval, want once", n)
	}
}

func hangUp(t *testing.T, c *e2e.Program) {
	t.Helper()
	if err := c.Hangup(); err != nil {
		t.Fatal(err)
	}
}

// alertsOf returns the collector's answer to the question for alerts.
func alertsOf(t *testing.T, c *e2e.Program) string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, c.URL("query")+"/api/edge/v1/alerts", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	_, body := answered(t, req)
	return body
}
