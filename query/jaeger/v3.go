package jaeger

import (
	"context"
	"net/http"
	"time"
)

var errNoTraces = &statusError{http.StatusNotFound, "No traces found"}

// traceRoutes3 are the paths of traces in version 3.
func traceRoutes3(f *finder) []route {
	return []route{
		{path: "v3/traces", ask: f.traces3},
		{path: "v3/traces/", ask: f.trace3},
		{path: "v3/trace-summaries", ask: f.summaries},
	}
}

// traces3 searches for traces.
func (f *finder) traces3(ctx context.Context, q *question) (any, error) {
	s, err := readSearch3(q)
	if err != nil {
		return nil, err
	}
	found, err := f.search(ctx, q, s, nil)
	if err != nil {
		return nil, err
	}
	if len(found) == 0 {
		return nil, errNoTraces
	}
	return &traces3{found, s.raw}, nil
}

// trace3 reads one trace.
func (f *finder) trace3(ctx context.Context, q *question) (any, error) {
	id, err := readTraceID(q.rest)
	if err != nil {
		return nil, malformed("trace_id", err)
	}
	raw, err := q.raw3("rawTraces", "raw_traces")
	if err != nil {
		return nil, err
	}
	var hint [2]time.Time
	for i, spellings := range [...][2]string{{"startTime", "start_time"}, {"endTime", "end_time"}} {
		name := q.named(spellings[:]...)
		if q.parameter(name) == "" {
			continue
		}
		if hint[i], err = q.moment3(name); err != nil {
			return nil, err
		}
	}
	if !hint[0].IsZero() && hint[1].IsZero() {
		hint[1] = q.now
	}
	t, err := f.lookUp(ctx, q, id, hint)
	if err != nil {
		return nil, err
	}
	if t == nil {
		return nil, errNoTraces
	}
	return &traces3{[]*trace{t}, raw}, nil
}
