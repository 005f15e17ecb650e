package otlp_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"

	"edgescope/edge"
	"edgescope/ingest/otlp"
	"edgescope/ingest/otlp/otlptest"
	"edgescope/ingest/otlp/series"
)

// TestRequestsDoNotMix: decoders are reused, by many goroutines at a time, and nothing of one request shows in another.
func TestRequestsDoNotMix(t *testing.T) {
	sink := checking{t}
	r := otlptest.New(t, sink)
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			for i := range 50 {
				name := fmt.Sprintf("g%d-%d", g, i)
				span := otlptest.GoodSpan().Bytes(5, name).Msg(9,
					otlptest.KeyValue("own", otlptest.AnyString(name))).Msg(9,
					otlptest.KeyValue("list", otlptest.AnyArray(otlptest.AnyString(name))))
				body, enc := otlptest.Request(span, span), otlp.Protobuf
				if i%2 == 1 {
					one := otlptest.SpanJSON(`"name":"` + name +
						`","attributes":[{"key":"own","value":{"stringValue":"` + name +
						`"}},{"key":"list","value":{"arrayValue":{"values":[{"stringValue":"` + name + `"}]}}}]`)
					body, enc = otlptest.PB(otlptest.DocumentJSON(one, one)), otlp.JSON
				}
				if _, err := r.Traces(t.Context(), edge.Tenant(g), body, enc); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
}

// checking is a sink that compares each event with what its name says.
type checking struct{ t *testing.T }

func (c checking) Events(_ context.Context, b *edge.Batch) error {
	if len(b.Events) != 2 || b.RejectedCount != 0 || len(b.Warnings) != 0 {
		c.t.Errorf("batch of %d events, %d rejected, warnings %v", len(b.Events), b.RejectedCount, b.Warnings)
	}
	for i := range b.Events {
		e := &b.Events[i]
		if len(e.Attrs) != 2 || e.Attr("own") != e.Name || e.Attr("list") != `["`+e.Name+`"]` ||
			!strings.HasPrefix(e.Name, fmt.Sprintf("g%d-", b.Tenant)) {
			c.t.Errorf("tenant %d has %q with %v", b.Tenant, e.Name, e.Attrs)
		}
	}
	return nil
}

// TestNothingIsTakenOfABrokenBody: good spans before the break do not reach the sink.
func TestNothingIsTakenOfABrokenBody(t *testing.T) {
	sink := &otlptest.Recorder{}
	r := otlptest.New(t, sink)
	body := append(bytes.Clone(otlptest.GoodProto), 0x0a, 0x05, 0x00)
	if _, err := r.Traces(t.Context(), 0, body, otlp.Protobuf); err == nil || sink.Calls != 0 {
		t.Errorf("error %v, the sink was called %d times", err, sink.Calls)
	}
	if _, err := r.Traces(t.Context(), 0, otlptest.GoodProto, otlp.Protobuf); err != nil || len(sink.Got) != 1 {
		t.Errorf("afterwards: error %v, %d spans; want 1", err, len(sink.Got))
	}
}

func TestWarningsReachTheSink(t *testing.T) {
	sink := &otlptest.Recorder{}
	long := strings.Repeat("k", 200)
	body := otlptest.Request(otlptest.GoodSpan().Msg(9, otlptest.KeyValue(long, otlptest.AnyInt(1))).Msg(9,
		otlptest.KeyValue("", otlptest.AnyInt(1))).Msg(9, otlptest.KeyValue("none", nil)).
		Fixed64(8, uint64(otlptest.Arrival.UnixNano())*2).Msg(13, otlptest.PB(nil).Bytes(1, "short")))
	if _, err := otlptest.New(t, sink).Traces(t.Context(), 0, body, otlp.Protobuf); err != nil {
		t.Fatal(err)
	}
	want := map[string]int{
		"attribute name shortened": 1, "attribute without key": 1, "attribute without value": 1,
		"time in the future": 1, "link without valid ids": 1,
	}
	for reason, n := range want {
		if sink.Warnings[reason] != n {
			t.Errorf("%s: %d, want %d", reason, sink.Warnings[reason], n)
		}
	}
	if e := sink.Got[0]; len(e.Attrs) != 1 || e.Attrs[0].Key != long[:128] || e.Time != otlptest.Arrival.UnixNano() ||
		e.Links != "" {
		t.Errorf("got %+v", e)
	}
}

func TestOptionsAreChecked(t *testing.T) {
	log := slog.New(slog.DiscardHandler)
	for _, o := range []otlp.Options{
		{},
		{Sink: otlptest.Discard{}},
		{Logger: log},
		{Sink: otlptest.Discard{}, Logger: log, Options: series.Options{MaxAge: -1}},
	} {
		if _, err := otlp.New(o); err == nil {
			t.Errorf("%+v is taken", o)
		}
	}
}
