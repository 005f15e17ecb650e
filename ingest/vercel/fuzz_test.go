package vercel_test

import (
	"context"
	"net/http"
	"testing"
	"unicode/utf8"

	"edgescope/edge"
	"edgescope/ingest/normalize"
)

// checker is a sink that fails the test for an event that no store could keep.
type checker struct {
	t *testing.T
	n *normalize.Normalizer
}

func (c *checker) Events(_ context.Context, b *edge.Batch) error {
	for i := range b.Events {
		e := &b.Events[i]
		if e.Kind == edge.KindSpan {
			if e.TraceID.IsZero() || e.SpanID.IsZero() {
				c.t.Errorf("a span without ids: %+v", e)
			}
		}
		if e.Time < 0 || e.Duration < 0 {
			c.t.Errorf("time %d, duration %d", e.Time, e.Duration)
		}
		seen := map[string]bool{}
		for _, a := range e.Attrs {
			if seen[a.Key] || a.Value == "" || !utf8.ValidString(a.Value) {
				c.t.Errorf("attribute %q = %q in %v", a.Key, a.Value, e.Attrs)
			}
			seen[a.Key] = true
		}
	}
	c.n.Normalize(b.Events)
	return nil
}

// FuzzLogs: whatever comes, the receiver answers, what it takes can be kept.
func FuzzLogs(f *testing.F) {
	for _, seed := range []string{
		line, "[" + line + "]", line + "\n" + line, with(`"requestId"`, `"x"`),
		with("slow query", `REPORT RequestId: 1\tDuration: 3 ms\tInit Duration: 2 ms`),
		`{"projectId":"p","source":"build","message":{"a":[1]},"timestamp":"2026-11-20T22:52:11Z"}`,
		`[{"schema":"vercel.x"},7,{}]`, `{"source":1,"proxy":7,"projectId":[]}`,
		`{"projectId":"p","source":"lambda","proxy":{"userAgent":{"a":1},"statusCode":"-1","timestamp":-1},` +
			`"statusCode":-1,"traceId":"` + "00" + `"}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		to := &checker{t: t, n: normalize.New(normalize.Options{})}
		rc := open(t, to)
		code, answer := post(rc, "/v1/vercel", string(text))
		if code != http.StatusOK && code != http.StatusBadRequest && code != http.StatusRequestEntityTooLarge {
			t.Errorf("%d %s", code, answer)
		}
	})
}
