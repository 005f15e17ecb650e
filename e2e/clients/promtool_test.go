package clients_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestPromtool asks by Prometheus' command line. It takes 170 s of CPU to build, and asks by the client that
// TestPrometheusClient tests: it is built with EDGESCOPE_CLIENTS=full only.
func TestPromtool(t *testing.T) {
	t.Parallel()
	if os.Getenv("EDGESCOPE_CLIENTS") != "full" {
		t.Skip("promtool is built with EDGESCOPE_CLIENTS=full only")
	}
	path := filepath.Join(bin, "promtool")
	build := exec.CommandContext(t.Context(), "go", "build", "-tags", "remove_all_sd", "-o", path,
		"github.com/prometheus/prometheus/cmd/promtool")
	build.Dir = "promtool"
	if out, err := build.CombinedOutput(); err != nil {
		t.Skipf("build promtool: %v: %s", err, out)
	}
	c, shop, news := startTenants(t)
	c.token = shop.write
	c.sendGauge(t, "office.temperature", 21.5, "room.name", "Küche")
	c.token = shop.read
	c.expectValue(t, `office_temperature`, 21.5)
	f := func(token string, want string, args ...string) {
		t.Helper()
		config := filepath.Join(t.TempDir(), "http.yml")
		text := "authorization: {credentials: " + token + "}\n"
		if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		out, err := exec.CommandContext(ctx, path, append([]string{"query", args[0], "--http.config.file=" + config},
			args[1:]...)...).CombinedOutput()
		if got := string(out); err != nil || want == "" && strings.TrimSpace(got) != "" || !strings.Contains(got, want) {
			t.Errorf("promtool query %s: %v: %s\nwant %s", strings.Join(args, " "), err, out, want)
		}
	}
	file := exportRules(t, "slos: [{name: works, sli: availability, target: 99.9},\n"+
		"  {name: fast, sli: latency, threshold: 200ms, target: 95, by: [region]}]\n", "prometheus")
	out, err := exec.CommandContext(t.Context(), path, "check", "rules", file).CombinedOutput()
	if err != nil || !strings.Contains(string(out), "SUCCESS: 5 rules found") {
		t.Errorf("promtool check rules: %v: %s", err, out)
	}
	url := c.URL("query")
	f(shop.read, `room_name="Küche"`, "instant", url, "office_temperature")
	f(shop.read, `=> 21.5 @`, "instant", url, `{"office.temperature", "room.name"="Küche"}`)
	f(shop.read, `21.5 @`, "range", "--step=10s", url, "office_temperature")
	f(shop.read, `room_name="Küche"`, "series", "--match=office_temperature", url)
	f(shop.read, "Küche", "labels", url, "room_name")
	f(news.read, "", "instant", url, "office_temperature")
	f(news.read, "", "series", "--match=office_temperature", url)
}
