package workers_test

import (
	"context"
	"encoding/json"
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

func (c checker) Events(_ context.Context, b *edge.Batch) error {
	for i := range b.Events {
		e := &b.Events[i]
		if e.Kind == edge.KindSpan && (e.TraceID.IsZero() || e.SpanID.IsZero() || !e.HasDuration &&
			e.Facts.Source != edge.SourceLogpush) {
			c.t.Errorf("a span without ids or length: %+v", e)
		}
		if e.Time <= 0 || e.Duration < 0 || e.Time-e.Duration < 0 {
			c.t.Errorf("time %d, duration %d", e.Time, e.Duration)
		}
		if e.SpanEvents != "" && !json.Valid([]byte(e.SpanEvents)) {
			c.t.Errorf("span events are no JSON: %s", e.SpanEvents)
		}
		seen := map[string]bool{}
		for _, a := range e.Attrs {
			if seen[a.Key] || a.Key == "" || a.Value == "" || !utf8.ValidString(a.Key+a.Value) {
				c.t.Errorf("attribute %q = %q in %v", a.Key, a.Value, e.Attrs)
			}
			seen[a.Key] = true
		}
	}
	c.n.Normalize(b.Events)
	return nil
}

// FuzzTail: whatever comes, the receiver answers, what it takes can be kept, and nothing waits after Close.
func FuzzTail(f *testing.F) {
	for _, body := range []string{
		traceEvent, requestRecord + "\n" + requestRecord,
		`{"RayID":"-","ParentRayID":"x","ClientRequestHost":"%zz","EdgeEndTimestamp":-1}`,
		"{\n\"outcome\": \"ok\", \"eventTimestamp\": 1\n}\n{\"outcome\":}\n[{\"outcome\":\"ok\"}]",
		array(told()...), array(told()[:4]...), array(told()[4:]...), told()[0],
		`[{"outcome":"ok","eventTimestamp":1795215131261,"wallTime":"5","cpuTime":1.5,"logs":[{"message":["a",{}],` +
			`"level":"warn","timestamp":1}],` +
			`"exceptions":[{"name":"E","message":"m","stack":"s"}],"event":{"request":{"url":"http://h:1/a?b#c",` +
			`"method":"GET","headers":{"cf-ray":"x"},"cf":{"colo":"FRA"}},"response":{"status":200}}}]`,
		`[{"outcome":"ok","event":{"cron":"* * * * *","scheduledTime":"2026-11-20T22:52:11Z"}}]`,
		`{"eventTimestamp":1e19,"wallTime":9223372036854}`,
		`[{"spanContext":{"traceId":"00000000000000000000000000000000"},"sequence":"1e999","event":{"type":"outcome"}}]`,
		`[{"spanContext":null,"sequence":-1,"invocationId":"x","event":{"type":"onset","info":{"type":"fetch",` +
			`"cfJson":"{","headers":[1,{}]}}},{"invocationId":"x","event":null}]`,
		"\ufeff[{\"outcome\":\"\\ud800\\u0000\"}]",
	} {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		rc := open(t, checker{t, normalize.New(normalize.Options{})})
		code, answer := post(rc, string(body))
		if code != 0 && !json.Valid([]byte(answer)) {
			t.Errorf("answer %d is no JSON: %s", code, answer)
		}
		if code >= http.StatusInternalServerError {
			t.Errorf("%s: %d %s", body, code, answer)
		}
		if err := rc.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
}
