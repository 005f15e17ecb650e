package verify

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"edgescope/internal/run"
	"edgescope/query"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// collector is one in memory: at returns its answer, by how long it has been asked.
type collector struct {
	begun time.Time
	at    func(after time.Duration, r *http.Request) (status int, v *query.DeployVerdict)
}

func (c *collector) RoundTrip(r *http.Request) (*http.Response, error) {
	status, v := c.at(time.Since(c.begun), r)
	if status == 0 {
		return nil, errors.New("connection refused")
	}
	var body any = &query.APIError{Message: http.StatusText(status)}
	if v != nil {
		body = &query.DeployDetail{Deploy: *v}
	}
	encoded, err := json.Marshal(body)
	if err != nil {
		return nil, err
	}
	return &http.Response{
		StatusCode: status, Header: http.Header{}, Body: io.NopCloser(bytes.NewReader(encoded)), Request: r,
	}, nil
}

// gated runs the gate against a collector on a clock of its own; it returns the exit code, what was written, and how
// long it took.
func gated(t *testing.T, o options, at func(time.Duration, *http.Request) (int, *query.DeployVerdict),
) (code int, stdout, stderr string, took time.Duration) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		var out, errs bytes.Buffer
		o.collector = "http://collector.test"
		began := time.Now()
		err := verify(t.Context(), run.Process{Stdout: &out, Stderr: &errs}, &o, &collector{began, at})
		code, stdout, stderr, took = run.ExitCode("loadgen", &errs, err), out.String(), errs.String(), time.Since(began)
	})
	return code, stdout, stderr, took
}

func verdict(word string, final bool) *query.DeployVerdict {
	v := &query.DeployVerdict{
		Deploy: query.Deploy{Service: "shop", Version: "v2"}, Against: "v1", Verdict: word, Text: "what it is", Final: final,
		Method: query.MethodSideBySide,
	}
	if !final {
		v.Next = time.Now().Add(10 * time.Minute)
	}
	return v
}

func TestExitCodes(t *testing.T) {
	f := func(word string, final bool, want int, says string) {
		t.Helper()
		code, stdout, _, took := gated(t, options{version: "v2", wait: 20 * time.Minute},
			func(time.Duration, *http.Request) (int, *query.DeployVerdict) { return 200, verdict(word, final) })
		if code != want || !strings.HasPrefix(stdout, says) {
			t.Errorf("%s: exit code %d, %q, want %d with %q", word, code, stdout, want, says)
		}
		if (took == 0) != final || took > 20*time.Minute {
			t.Errorf("%s, final %t: waited %s", word, final, took)
		}
	}
	f(query.VerdictWorse, true, 1, "WORSE  shop v2: what it is")
	f(query.VerdictBetter, true, 0, "FINE")
	f(query.VerdictSame, true, 0, "FINE")
	f(query.VerdictSame, false, 0, "FINE")
	f(query.VerdictWorse, false, 1, "WORSE")
	f(query.VerdictFew, true, 4, "NO VERDICT")
	f(query.VerdictEarly, false, 4, "NO VERDICT")
	f(query.VerdictAlone, true, 4, "NO VERDICT")
}

func TestItWaitsForTheVersionAndTheVerdict(t *testing.T) {
	code, stdout, stderr, took := gated(t, options{version: "v2", service: "shop", against: "v1", token: "s3", wait: time.Hour},
		func(after time.Duration, r *http.Request) (int, *query.DeployVerdict) {
			q := r.URL.Query()
			if r.URL.Path != "/api/edge/v1/deploys/v2" || q.Get("service") != "shop" || q.Get("cmp") != "v:v1" ||
				r.Header.Get("Authorization") != "Bearer s3" {
				t.Errorf("asked %s with %v", r.URL, r.Header)
			}
			switch {
			case after < time.Minute:
				return http.StatusNotFound, nil
			case after < 2*time.Minute:
				return 0, nil // it starts again
			case after < 20*time.Minute:
				return 200, verdict(query.VerdictEarly, false)
			}
			return 200, verdict(query.VerdictSame, true)
		})
	if code != 0 || took < 20*time.Minute || took > 21*time.Minute || !strings.HasPrefix(stdout, "FINE") ||
		!strings.Contains(stderr, "not been seen yet") || !strings.Contains(stderr, "next look at") {
		t.Errorf("exit code %d after %s\n%s\n%s", code, took, stdout, stderr)
	}
}

func TestWhatCannotBeAskedIsNotWaitedFor(t *testing.T) {
	f := func(status, want int, least, most time.Duration) {
		t.Helper()
		code, _, stderr, took := gated(t, options{version: "v2", wait: time.Hour},
			func(time.Duration, *http.Request) (int, *query.DeployVerdict) { return status, nil })
		if code != want || took < least || took > most || stderr == "" {
			t.Errorf("status %d: exit code %d after %s, want %d: %s", status, code, took, want, stderr)
		}
	}
	f(http.StatusBadRequest, 2, 0, 0)
	f(http.StatusUnauthorized, 3, 0, 0)
	f(0, 3, patience, patience+every)
	f(http.StatusServiceUnavailable, 3, patience, patience+every)
	f(http.StatusNotFound, 4, time.Hour, time.Hour)
}

func TestInterrupted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		var out bytes.Buffer
		o := &options{version: "v2", wait: time.Hour, collector: "http://collector.test"}
		err := verify(ctx, run.Process{Stdout: &out, Stderr: &out}, o, &collector{
			time.Now(),
			func(time.Duration, *http.Request) (int, *query.DeployVerdict) { return http.StatusNotFound, nil },
		})
		if code := run.ExitCode("loadgen", &out, err); code != 130 {
			t.Errorf("exit code %d: %v", code, err)
		}
	})
}

func TestBadUsage(t *testing.T) {
	f := func(message string, args ...string) {
		t.Helper()
		var out bytes.Buffer
		p := run.Process{
			Args: args, LookupEnv: func(string) (string, bool) { return "", false }, Stdout: &out, Stderr: &out,
		}
		if code := run.ExitCode("loadgen", &out, Deploy(t.Context(), p)); code != 2 || !strings.Contains(out.String(), message) {
			t.Errorf("%q: exit code %d, %q, want 2 with %q", args, code, out.String(), message)
		}
	}
	f("want --version")
	f("no operands", "--version", "v2", "v1")
	f("is the version itself", "--version", "v2", "--against", "v2")
	f("must not be negative", "--version", "v2", "--wait", "-1s")
	f("write it as http://host:port", "--version", "v2", "--collector", "nonsense")
}
