package clients_test

import (
	"context"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"edgescope/e2e"
)

// TestTelemetrygen: the load client of the OpenTelemetry Collector, over both transports. It tells no place, route,
// cold start or cache.
func TestTelemetrygen(t *testing.T) {
	t.Parallel()
	const program = "github.com/open-telemetry/opentelemetry-collector-contrib/cmd/telemetrygen"
	path := filepath.Join(bin, "telemetrygen")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", path, program)
	build.Dir = "telemetrygen"
	if out, err := build.CombinedOutput(); err != nil {
		t.Skipf("build telemetrygen: %v: %s", err, out)
	}
	c := startCollector(t)
	f := func(service, signal string, args ...string) {
		t.Helper()
		log := logOf(t, "telemetrygen "+signal)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		code, err := e2e.Run(ctx, e2e.Command{
			Path: path, Args: append([]string{signal, "--otlp-insecure", "--service", service, "--rate", "0"}, args...),
			Stdout: log, Log: log,
		})
		if err != nil || code != 0 {
			t.Errorf("telemetrygen %s: exit code %d, %v", signal, code, err)
		}
	}
	grpc := []string{"--otlp-endpoint", c.Addr("otlp-grpc")}
	http := []string{"--otlp-http", "--otlp-endpoint", c.Addr("ingest")}
	f("by-grpc", "traces", append(grpc, "--traces", "40", "--child-spans", "2", "--batch-size", "7", "--workers",
		"2")...)
	f("by-http", "traces", append(http, "--traces", "40", "--status-code", "Error")...)
	f("by-grpc", "logs", append(grpc, "--logs", "30", "--body", "hello")...)
	f("by-http", "logs", append(http, "--logs", "30", "--severity-number", "17", "--severity-text", "ERROR")...)
	f("by-http", "metrics", append(http, "--metrics", "5", "--otlp-metric-name", "faas.invocations", "--metric-type",
		"Sum",
		"--aggregation-temporality", "delta")...)

	c.waitFor(t, spans, `"service.name":="by-grpc"`, 2*40*3)
	c.expectEvents(t, spans, `"service.name":="by-grpc"`, repeat(2*40*2,
		invocation{Status: "200 inferred", Outcome: "ok"}))
	c.expectEvents(t, spans, `"service.name":="by-http"`, repeat(40,
		invocation{Status: "500 inferred", Outcome: "error"}))
	c.waitFor(t, logs, `"service.name":="by-grpc" _msg:="hello"`, 30)
	c.waitFor(t, logs, `"service.name":="by-http" "severity_number":="17" "severity_text":="ERROR"`, 30)
	c.expectTotals(t, "by-grpc", repeat(2*40*2, invocation{Outcome: "ok"}))
	c.expectValue(t, `sum(increase(faas_invocations_total{service_name="by-http"}[5m]))`, 10)
}

func repeat(n int, one invocation) []invocation {
	all := make([]invocation, n)
	for i := range all {
		all[i] = one
	}
	return all
}
