package jaeger

import (
	"context"
	"net/http"
	"slices"
	"time"

	"edgescope/query/jaeger/param"
	"edgescope/query/jaeger/spans"
)

// maxIDs bounds how many traces are asked for by their ids at once.
const maxIDs = 100

var errNoTrace = &statusError{http.StatusNotFound, spans.NotFound}

// traceRoutes are the paths of traces.
func traceRoutes(f *finder) []route {
	return []route{
		{path: "traces", ask: f.traces1},
		{path: "traces/", ask: f.trace1},
		{path: "v3/traces", ask: f.traces3},
		{path: "v3/traces/", ask: f.trace3},
		{path: "v3/trace-summaries", ask: f.summaries},
	}
}

// traces1 searches for traces, or reads those whose ids are given.
func (f *finder) traces1(ctx context.Context, q *question) (any, error) {
	if len(q.form["traceID"]) > 0 {
		return f.byIDs1(ctx, q)
	}
	s, err := readSearch1(q)
	if err != nil {
		return nil, err
	}
	found, err := f.search(ctx, q, s, nil)
	return answer1(q, found, nil, s.raw), err
}

// byIDs1 reads traces by their ids. One that is not there is told beside the others, with status 200.
func (f *finder) byIDs1(ctx context.Context, q *question) (any, error) {
	ids := q.form["traceID"]
	if len(ids) > maxIDs {
		return nil, param.Wrong("%d parameters 'traceID': at most %d are taken", len(ids), maxIDs)
	}
	raw, err := param.Bool(q.form, "raw")
	if err != nil {
		return nil, err
	}
	var wanted []string
	for _, text := range ids {
		id, err := spans.ReadID(text)
		if err != nil {
			return nil, param.Bad("traceID", err)
		}
		if !slices.Contains(wanted, id) {
			wanted = append(wanted, id)
		}
	}
	found, missing, err := f.lookUp(ctx, q, wanted, [2]time.Time{})
	return answer1(q, found, missing, raw), err
}

// trace1 reads one trace.
func (f *finder) trace1(ctx context.Context, q *question) (any, error) {
	id, err := spans.ReadID(q.rest)
	if err != nil {
		return nil, param.Wrong("%w", err)
	}
	raw, err := param.Bool(q.form, "raw")
	if err != nil {
		return nil, err
	}
	var hint [2]time.Time
	if hint[0], err = q.moment1("start", time.Time{}); err != nil {
		return nil, err
	}
	if hint[1], err = q.moment1("end", q.now); err != nil {
		return nil, err
	}
	if hint[0].IsZero() {
		hint[1] = hint[0]
	}
	found, _, err := f.lookUp(ctx, q, []string{id}, hint)
	if err != nil {
		return nil, err
	}
	if len(found) == 0 {
		return nil, errNoTrace
	}
	return answer1(q, found, nil, raw), nil
}

// answer1 is the answer with traces. Jaeger writes it for people when prettyPrint is there and does not say false.
func answer1(q *question, list []*spans.Trace, missing []string, raw bool) *spans.Version1 {
	pretty := q.parameter("prettyPrint")
	return &spans.Version1{List: list, Missing: missing, Raw: raw, Pretty: pretty != "" && pretty != "false"}
}

var errNoTraces = &statusError{http.StatusNotFound, "No traces found"}

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
	return &spans.Version3{List: found, Raw: s.raw}, nil
}

// trace3 reads one trace.
func (f *finder) trace3(ctx context.Context, q *question) (any, error) {
	id, err := spans.ReadID(q.rest)
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
	found, _, err := f.lookUp(ctx, q, []string{id}, hint)
	if err != nil {
		return nil, err
	}
	if len(found) == 0 {
		return nil, errNoTraces
	}
	return &spans.Version3{List: found, Raw: raw}, nil
}

// summaries searches for traces and tells of each what a list of them shows.
func (f *finder) summaries(ctx context.Context, q *question) (any, error) {
	s, err := readSearch3(q)
	if err != nil {
		return nil, err
	}
	found, err := f.search(ctx, q, s, spans.SummaryFields)
	return spans.Summaries(found), err
}
