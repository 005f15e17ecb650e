package otlptest

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"edgescope/edge"
)

// Discard takes everything and keeps nothing.
type Discard struct{}

// Events implements edge.Sink.
func (Discard) Events(context.Context, *edge.Batch) error { return nil }

// Arrival is the clock of all tests: after every time that the cases hold.
var Arrival = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// Recorder is a Sink that keeps copies of what it is given.
type Recorder struct {
	mu         sync.Mutex
	Got        []edge.Event
	GotSamples []sample
	Tenants    []edge.Tenant
	Warnings   map[string]int
	Calls      int
	// Answer, when set, is called with each batch and decides what becomes of it.
	Answer func(context.Context, *edge.Batch) error
	// Refuse, when set, is what Samples returns.
	Refuse error
	// Repeats, when set, makes Samples return that it had them before.
	Repeats bool
}

// sample is a stored number with its series in the text of Prometheus, such as up{job="x"}.
type sample struct {
	Series string
	At     int64 // Unix milliseconds
	Value  float64
}

// Samples takes the numbers of metrics.
func (r *Recorder) Samples(_ context.Context, b *edge.Batch) (repeated bool, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.Calls++
	if r.Refuse != nil || r.Repeats {
		return r.Repeats, r.Refuse
	}
	for _, s := range b.Samples {
		r.GotSamples = append(r.GotSamples, sample{seriesText(s.Series), s.Time, s.Value})
	}
	return false, nil
}

func seriesText(s *edge.Series) string {
	var name string
	var list []string
	for _, at := range s.Labels {
		if at.Key == edge.LabelName {
			name = at.Value
			continue
		}
		list = append(list, fmt.Sprintf("%s=%q", at.Key, at.Value))
	}
	return name + "{" + strings.Join(list, ",") + "}"
}

// Events implements edge.Sink.
func (r *Recorder) Events(ctx context.Context, b *edge.Batch) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.Calls++
	if r.Answer != nil {
		if err := r.Answer(ctx, b); err != nil {
			return err
		}
	}
	for i := range b.Events {
		r.Got = append(r.Got, cloneEvent(b.Events[i]))
		r.Tenants = append(r.Tenants, b.Tenant)
	}
	if r.Warnings == nil {
		r.Warnings = make(map[string]int)
	}
	for k, n := range b.Warnings {
		r.Warnings[k] += n
	}
	return nil
}

// cloneEvent copies an event with all text, as a sink must that keeps it.
func cloneEvent(e edge.Event) edge.Event {
	for _, s := range []*string{
		&e.Name, &e.StatusMessage, &e.TraceState, &e.SpanEvents, &e.Links, &e.ScopeName, &e.ScopeVersion, &e.Body,
		&e.SeverityText,
	} {
		*s = strings.Clone(*s)
	}
	e.Resource, e.Attrs = cloneAttrs(e.Resource), cloneAttrs(e.Attrs)
	return e
}

func cloneAttrs(attrs []edge.Attr) []edge.Attr {
	attrs = slices.Clone(attrs)
	for i := range attrs {
		attrs[i].Key, attrs[i].Value = strings.Clone(attrs[i].Key), strings.Clone(attrs[i].Value)
	}
	return attrs
}

// Failing returns a sink that fails with err.
func Failing(err error) *Recorder {
	return &Recorder{Answer: func(context.Context, *edge.Batch) error { return err }}
}

// Texts spells the samples, times in seconds from t0.
func (r *Recorder) Texts() []string {
	var list []string
	for _, s := range r.GotSamples {
		list = append(list, fmt.Sprintf("%s@%v=%v", strings.TrimSuffix(s.Series, "{}"), float64(s.At-T0)/1000, s.Value))
	}
	return list
}
