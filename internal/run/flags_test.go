package run_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"edgescope/internal/run"
)

type settings struct {
	Dir   string
	Every time.Duration
	Limit int64
	Quiet bool
	Sets  []string
	Times int
	H2c   bool
}

func parse(env map[string]string, args ...string) (s settings, operands []string, help string, err error) {
	f := run.NewFlags("prog", "Usage: prog [flags] FILE")
	f.Group("Storage")
	f.String(&s.Dir, "data-dir", "data", "keep data in `DIR`")
	f.Alias("d", "data-dir")
	f.Duration(&s.Every, "every", time.Minute, "how often")
	f.Bytes(&s.Limit, "limit", 64<<20, "how much")
	f.Group("Output")
	f.Bool(&s.Quiet, "quiet", false, "say little")
	f.Alias("q", "quiet")
	f.Strings(&s.Sets, "set", "may be given several times")
	f.Int(&s.Times, "times", 1, "how many")
	f.Alias("n", "times")
	f.Float(new(float64), "share", 0.5, "which part")
	f.Bool(&s.H2c, "n2c", false, "near to -n2")
	var out strings.Builder
	operands, err = f.Parse(args, func(k string) (string, bool) { v, ok := env[k]; return v, ok }, &out)
	return s, operands, out.String(), err
}

func TestFlagsAreAlsoEnvironmentVariables(t *testing.T) {
	f := func(env map[string]string, args string, want settings) {
		t.Helper()
		got, _, _, err := parse(env, strings.Fields(args)...)
		if err != nil {
			t.Errorf("env %v, args %q: %v", env, args, err)
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("env %v, args %q (-want +got):\n%s", env, args, d)
		}
	}
	f(nil, "", settings{"data", time.Minute, 64 << 20, false, nil, 1, false})
	f(map[string]string{"EDGESCOPE_DATA_DIR": "/e"}, "", settings{"/e", time.Minute, 64 << 20, false, nil, 1, false})
	f(map[string]string{"EDGESCOPE_DATA_DIR": "/e"}, "--data-dir /f", settings{"/f", time.Minute, 64 << 20, false, nil, 1, false})
	f(map[string]string{"EDGESCOPE_DATA_DIR": ""}, "", settings{"data", time.Minute, 64 << 20, false, nil, 1, false})
	f(nil, "-d x --every 30d --limit 2KiB --quiet --set a --set b",
		settings{"x", 720 * time.Hour, 2048, true, []string{"a", "b"}, 1, false})
	f(nil, "--every 20 -n2 -qdx", settings{"x", 20 * time.Second, 64 << 20, true, nil, 2, false})
	f(nil, "--every=0.5 -n=5", settings{"data", 500 * time.Millisecond, 64 << 20, false, nil, 5, false})
	f(nil, "--every 1.5h --limit 512MB", settings{"data", 90 * time.Minute, 512e6, false, nil, 1, false})
}

func TestOperandsStandAnywhere(t *testing.T) {
	f := func(args string, want ...string) {
		t.Helper()
		_, got, _, err := parse(nil, strings.Fields(args)...)
		if err != nil {
			t.Errorf("args %q: %v", args, err)
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("args %q (-want +got):\n%s", args, d)
		}
	}
	f("a b", "a", "b")
	f("--quiet a --data-dir d b", "a", "b")
	f("a --quiet", "a")
	f("a -- --quiet", "a", "--quiet")
	f("-- -x", "-x")
}

func TestWrongFlagsSayWhatWouldBeRight(t *testing.T) {
	f := func(env map[string]string, args, want string) {
		t.Helper()
		_, _, _, err := parse(env, strings.Fields(args)...)
		var code *run.CodeError
		if !errors.As(err, &code) || code.Code != 2 || !strings.Contains(err.Error(), want) {
			t.Errorf("args %q: got %v, want exit code 2 and %q", args, err, want)
		}
	}
	f(nil, "--colour", "unknown flag --colour (see")
	f(nil, "--data-dri x", `unknown flag --data-dri (did you mean "--data-dir"?)`)
	f(nil, "-quite", `unknown flag -quite (did you mean "--quiet"?)`)
	f(nil, "-qx", "unknown flag -qx")
	f(nil, "--limit", "--limit needs a value")
	f(nil, "-nx", `-n "x": want a whole number`)
	f(nil, "--quiet=x", `--quiet "x": want true or false`)
	f(map[string]string{"EDGESCOPE_TIMES": "x"}, "", `EDGESCOPE_TIMES="x": want a whole number`)
	f(nil, "--every soon", "30s, 5m, 1h or 30d")
	for _, number := range []string{"x", "NaN", "-Inf", "1e999"} {
		f(nil, "--share "+number, fmt.Sprintf("--share %q: want a number", number))
	}
	f(nil, "--limit 5XB", "512MB")
	f(nil, "--limit -5", "512MB")
	f(map[string]string{"EDGESCOPE_EVERY": "x"}, "", "EDGESCOPE_EVERY")
}

func TestHelpListsFlagsByGroup(t *testing.T) {
	_, _, help, err := parse(nil, "--help")
	if !errors.Is(err, run.ErrHelp) {
		t.Fatalf("got %v, want ErrHelp", err)
	}
	for _, want := range []string{
		"Usage: prog [flags] FILE\n", "\nStorage:\n", "  -d, --data-dir DIR", "keep data in DIR (data)", "(1m)",
		"(64MiB)", "\nOutput:\n",
	} {
		if !strings.Contains(help, want) {
			t.Errorf("help lacks %q:\n%s", want, help)
		}
	}
}
