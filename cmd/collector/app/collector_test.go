package app

import (
	"context"
	"errors"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"edgescope/internal/run"
)

// TestMain lets goroutines pass that the engines hold from init on.
func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreCurrent(),
		goleak.IgnoreAnyFunction("github.com/VictoriaMetrics/metrics.summariesSwapCron"))
}

// start runs the program with these arguments; it must end by itself.
func start(args ...string) (stdout string, err error) {
	var out, log strings.Builder
	err = Main(context.Background(), run.Process{
		Args: args, LookupEnv: func(string) (string, bool) { return "", false }, Stdout: &out, Stderr: &log,
	})
	return out.String(), err
}

func TestHelpNamesEveryGroup(t *testing.T) {
	out, err := start("--help")
	if !errors.Is(err, run.ErrHelp) {
		t.Fatalf("got %v, want ErrHelp", err)
	}
	for _, want := range []string{
		"Usage: collector", "Storage:", "--data-dir DIR", "Listeners", "--otlp-http-addr",
		"Its own telemetry:", "EDGESCOPE_",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("help lacks %q", want)
		}
	}
}

func TestWrongCommandLinesAreRefusedWithTheRemedy(t *testing.T) {
	dir := t.TempDir()
	f := func(args, want string) {
		t.Helper()
		_, err := start(append([]string{
			"--data-dir", dir, "--otlp-grpc-addr", "127.0.0.1:0", "--otlp-http-addr", "127.0.0.1:0",
			"--query-addr", "127.0.0.1:0",
		}, strings.Fields(args)...)...)
		var code *run.CodeError
		if !errors.As(err, &code) || code.Code != 2 || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want exit code 2 and %q", args, err, want)
		}
	}
	f("serve", `unexpected argument "serve"`)
	f("--canary 10ms", "--canary 10s")
	f("restore", "name the directory of the snapshot")
	f("restore a b", `unexpected argument "b"`)
	f("verify b", `unexpected argument "b"`)
	f("restore a --wal-dir w", "leave --wal-dir out")
	f("--retention-events soon", "30s, 5m, 1h or 30d")
	f("--max-body 0", "--max-body must be greater than 0")
	f("--rollup-max-keys -1", "--rollup-max-keys must be greater than 0")
	f("--sample-rate shop", "want service=rate")
	f("--sample-rate shop=2", "0 < rate <= 1")
	f("--max-weight 0", "--max-weight must be greater than 0")
	f("--metrics-resource-labels host.name,os.type", "repeat the flag")
	f("--metrics-resource-labels *.name", "want one attribute")
	f("--log-level loud", "want debug, info, warn or error")
	f("--otlp-http-addr 0.0.0.0:0", "--insecure")
	f("--query-addr :0", "--insecure")
	f("--allowed-hosts https://x.example", "want a name without port")
}

func TestDatasetLayoutsAreRefusedBeforeAnythingListens(t *testing.T) {
	c := &Collector{options: options{layouts: []string{"a b=edge"}}}
	var code *run.CodeError
	if err := c.openDoor(t.Context()); !errors.As(err, &code) || code.Code != 2 ||
		!strings.Contains(err.Error(), "--dataset-layout") {
		t.Errorf("got %v, want exit code 2 that names --dataset-layout", err)
	}
}
