// Package latency tells where slow requests spend their time: on the way, starting, waiting for others, computing. A
// request is seen from two sides, as a span of its client and one of the edge; only lengths of time are compared, so that
// their clocks do not matter.
//
//	latency.go  the answers
//	sample.go   which rows are looked at
//	request.go  a request's times
//	band.go     means between percentiles
package latency

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"edgescope/edge"
	"edgescope/query"
	"edgescope/query/filter"
	"edgescope/query/memo"
	"edgescope/query/tables"
	"edgescope/query/tally"
	"edgescope/query/traces"
	"edgescope/store"
)

const (
	// mostRows is about how many invocations are looked at.
	mostRows = 20_000
	// perBand is how many requests the means of a band are of, at most.
	perBand = 1000
	// mostClients is about how many client spans of a load test are looked at.
	mostClients = 3000
	// near is how much later than the edge's span its client's may end, and earlier than a load test its invocations.
	near = time.Minute
)

// Options are what a Room needs beside what it asks.
type Options struct {
	// Retention is how long events are kept, which bounds the search for a trace or a load test; 0 means 30 days.
	Retention time.Duration
}

// Room takes the time of requests apart. It is safe for concurrent use.
type Room struct {
	read    *tables.Reader
	o       Options
	answers memo.Memo[*query.Latency]
}

// life is how long an answer is remembered: pages that are live ask for it each time.
const life = 30 * time.Second

// New makes a Room over a reader.
func New(read *tables.Reader, o Options) *Room {
	if o.Retention <= 0 {
		o.Retention = 30 * query.Day
	}
	return &Room{read: read, o: o}
}

// Answers are the room's answers for the API.
func (x *Room) Answers() query.Answers {
	return query.Answers{
		All: map[string]query.Answer{query.PathLatency: tables.All(x.Latency)},
		One: map[string]query.Answer{query.PathLatency: tables.One(x.Of)},
	}
}

// Latency answers: where do the slow ones of a range spend their time?
func (x *Room) Latency(ctx context.Context, tenant edge.Tenant, q query.Question) (*query.Latency, error) {
	a, err := x.read.Begin(tenant, q)
	if err != nil {
		return nil, err
	}
	key := fmt.Sprintf("%d %d %d %#v", tenant, a.Win.From.Unix(), a.Win.To.Unix(), a.Conditions)
	found, err := x.answers.Get(key, a.Now, life, func() (*query.Latency, error) { return x.latency(ctx, a) })
	if err != nil {
		return nil, err
	}
	out := *found
	notes := out.Notes
	if out.About, err = a.About(ctx); err != nil {
		return nil, err
	}
	out.Source, out.Notes = "events", slices.Concat(out.Notes, notes)
	return &out, nil
}

// latency looks at the invocations of a question. Its About has notes alone.
func (x *Room) latency(ctx context.Context, a *tables.Asking) (*query.Latency, error) {
	out := &query.Latency{By: query.ByEdge, Unseen: query.None()}
	counted, err := x.read.Table(ctx, a.Whole(tables.WithEvents))
	if err != nil {
		return nil, err
	}
	out.Found = query.Num(counted.Total().Events)
	events, err := x.read.Events(ctx, a.Whole(0))
	if err != nil {
		return nil, err
	}
	requests, s, err := x.invocations(ctx, events, a.Win, float64(out.Found))
	if err != nil {
		return nil, err
	}
	out.Looked = query.Num(len(requests))
	s.note(&out.About, len(requests))
	bands := cut(requests, func(r *request) float64 { return r.whole() })
	if err := x.clients(ctx, a.Tenant, a.Win, bands); err != nil {
		return nil, err
	}
	show(out, bands)
	return out, nil
}

// Of returns where the requests of a load test spend their time, or those of a trace: id is of either, 32 hex digits.
// Without such it fails with ErrNotFound.
func (x *Room) Of(ctx context.Context, tenant edge.Tenant, id string, q query.Question) (*query.Latency, error) {
	id, err := query.ParseID(id)
	if err != nil {
		return nil, err
	}
	run, err := x.run(ctx, tenant, id)
	if err != nil {
		return nil, err
	}
	if run == nil {
		return x.trace(ctx, tenant, id)
	}
	to := run.Ended
	if to.IsZero() {
		to = x.read.Now()
	}
	win := tally.WindowOf(run.Started, to.Add(near), tally.LineBuckets)
	out := &query.Latency{By: query.ByClient, About: about(win.From, win.To)}
	return out, x.ofRun(ctx, tenant, run.ID, win, out)
}

func about(from, to time.Time) query.About {
	return query.About{From: from.UTC(), To: to.UTC(), Source: "events", Overflow: query.None()}
}

// run returns the summary of a load test, nil without one.
func (x *Room) run(ctx context.Context, tenant edge.Tenant, id string) (*edge.Run, error) {
	text := fmt.Sprintf("%s %s %s | sort by (_time desc) limit 1 | fields %s",
		filter.Exactly(edge.KeyServiceName, edge.RunService), filter.Exactly(store.FieldName, edge.RunSpan),
		filter.Exactly(edge.RunIDAttr, id), filter.Quote(edge.RunAttr))
	var run *edge.Run
	now := x.read.Now()
	from, to := now.Add(-x.o.Retention), now.Add(10*time.Minute)
	err := x.read.Rows(ctx, traces.SpansQuestion(tenant, text, from, to), func(r store.Row) error {
		var found edge.Run
		if err := json.Unmarshal([]byte(r.Get(edge.RunAttr)), &found); err != nil || found.Started.IsZero() {
			return nil //nolint:nilerr // what is not readable is no load test
		}
		found.ID = id
		run = &found
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("look for a load test: %w", err)
	}
	return run, nil
}

// ofRun is Of for the requests of a load test: both views of each.
func (x *Room) ofRun(ctx context.Context, tenant edge.Tenant, id string, win tally.Window, out *query.Latency) error {
	seen, s, err := x.sentBy(ctx, tenant, id, win)
	if err != nil {
		return err
	}
	found, err := x.reached(ctx, tenant, win, seen)
	if err != nil {
		return err
	}
	requests := matched(seen, found)
	out.Found, out.Looked = query.Num(s.found), query.Num(len(seen))
	out.Unseen = query.Num(len(seen) - len(requests))
	s.note(&out.About, len(seen))
	show(out, cut(requests, func(r *request) float64 { return r.Client }))
	if len(requests) == 0 && len(seen) > 0 {
		out.Reason = "no invocation of the requests was received: functions must send spans, and go on with traceparent"
	}
	if len(seen) == 0 {
		out.Reason = "no request of the load test was traced: run it with --otlp"
	}
	return nil
}

// mostInvocations bounds the invocations of a trace that are taken apart.
const mostInvocations = 20

// trace is Of for the invocations of a trace.
func (x *Room) trace(ctx context.Context, tenant edge.Tenant, id string) (*query.Latency, error) {
	search := traces.Search{Rows: x.read.Rows, Tenant: tenant, Now: x.read.Now(), Retention: x.o.Retention}
	spans, err := search.Find(ctx, id)
	if errors.Is(err, query.ErrNotFound) {
		return nil, fmt.Errorf("load test or trace %s: %w", id, query.ErrNotFound)
	}
	if err != nil {
		return nil, err
	}
	out := &query.Latency{By: query.ByEdge, Unseen: query.None(), Bands: []query.Band{}}
	out.About = about(spans[0].Start, x.read.Now())
	requests := inTrace(spans)
	out.Found, out.Looked = query.Num(len(requests)), query.Num(min(len(requests), mostInvocations))
	var bands []band
	for i := range requests[:min(len(requests), mostInvocations)] {
		r := &requests[i]
		bands = append(bands, band{name: r.name, span: r.span, requests: []*request{r}, single: true})
	}
	show(out, bands)
	return out, nil
}
