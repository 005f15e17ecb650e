package otlp_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"

	"github.com/VictoriaMetrics/metrics"

	"edgescope/edge"
	"edgescope/ingest/otlp"
	"edgescope/ingest/otlp/series"
)

// TestRequestsDoNotMix: decoders are reused, by many goroutines at a time, and nothing of one request shows in another.
func TestRequestsDoNotMix(t *testing.T) {
	sink := checking{t}
	r := newReceiver(t, sink)
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			for i := range 50 {
				name := fmt.Sprintf("g%d-%d", g, i)
				span := goodSpan().bytes(5, name).msg(9, keyValue("own", anyString(name))).msg(9, keyValue("list", anyArray(anyString(name))))
				body, enc := request(span, span), otlp.Protobuf
				if i%2 == 1 {
					one := spanJSON(`"name":"` + name + `","attributes":[{"key":"own","value":{"stringValue":"` + name + `"}},{"key":"list","value":{"arrayValue":{"values":[{"stringValue":"` + name + `"}]}}}]`)
					body, enc = pb(documentJSON(one, one)), otlp.JSON
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
		if len(e.Attrs) != 2 || e.Attr("own") != e.Name || e.Attr("list") != `["`+e.Name+`"]` || !strings.HasPrefix(e.Name, fmt.Sprintf("g%d-", b.Tenant)) {
			c.t.Errorf("tenant %d has %q with %v", b.Tenant, e.Name, e.Attrs)
		}
	}
	return nil
}

// TestNothingIsTakenOfABrokenBody: good spans before the break do not reach the sink.
func TestNothingIsTakenOfABrokenBody(t *testing.T) {
	sink := &recorder{}
	r := newReceiver(t, sink)
	body := append(bytes.Clone(goodProto), 0x0a, 0x05, 0x00)
	if _, err := r.Traces(t.Context(), 0, body, otlp.Protobuf); err == nil || sink.calls != 0 {
		t.Errorf("error %v, the sink was called %d times", err, sink.calls)
	}
	if _, err := r.Traces(t.Context(), 0, goodProto, otlp.Protobuf); err != nil || len(sink.events) != 1 {
		t.Errorf("afterwards: error %v, %d spans; want 1", err, len(sink.events))
	}
}

func TestWarningsReachTheSink(t *testing.T) {
	sink := &recorder{}
	long := strings.Repeat("k", 200)
	body := request(goodSpan().msg(9, keyValue(long, anyInt(1))).msg(9, keyValue("", anyInt(1))).msg(9, keyValue("none", nil)).
		fixed64(8, uint64(arrival.UnixNano())*2).msg(13, pb(nil).bytes(1, "short")))
	if _, err := newReceiver(t, sink).Traces(t.Context(), 0, body, otlp.Protobuf); err != nil {
		t.Fatal(err)
	}
	want := map[string]int{
		"attribute name shortened": 1, "attribute without key": 1, "attribute without value": 1, "time in the future": 1, "link without valid ids": 1,
	}
	for reason, n := range want {
		if sink.warnings[reason] != n {
			t.Errorf("%s: %d, want %d", reason, sink.warnings[reason], n)
		}
	}
	if e := sink.events[0]; len(e.Attrs) != 1 || e.Attrs[0].Key != long[:128] || e.Time != arrival.UnixNano() || e.Links != "" {
		t.Errorf("got %+v", e)
	}
}

func TestRequestsAreCounted(t *testing.T) {
	set := metrics.NewSet()
	h := newDoor(t, &recorder{}, func(o *options) { o.Metrics = set }).Handler()
	post(h, "/v1/traces", request(goodSpan(), goodSpan().bytes(1, "")), asProtobuf)
	post(h, "/v1/traces", []byte("<html>"), asJSON)
	var text bytes.Buffer
	set.WritePrometheus(&text)
	for _, want := range []string{
		"edgescope_otlp_spans_total 1\n", "edgescope_otlp_rejected_spans_total 1\n",
		`edgescope_otlp_requests_total{transport="http",code="200"} 1`, `edgescope_otlp_requests_total{transport="http",code="400"} 1`,
	} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("no %q in\n%s", want, text.String())
		}
	}
}

func TestOptionsAreChecked(t *testing.T) {
	log := slog.New(slog.DiscardHandler)
	for _, o := range []otlp.Options{{}, {Sink: discard{}}, {Logger: log}, {Sink: discard{}, Logger: log, Options: series.Options{MaxAge: -1}}} {
		if _, err := otlp.New(o); err == nil {
			t.Errorf("%+v is taken", o)
		}
	}
}
