package seen_test

import (
	"encoding/binary"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"edgescope/edge"
	"edgescope/ingest/seen"
)

// server returns a server span of service "shop" that is an invocation, by its id and its parent's.
func server(id, parent byte) edge.Event {
	e := edge.Event{
		Kind: edge.KindSpan, SpanKind: edge.SpanServer, TraceID: edge.TraceID{1}, SpanID: edge.SpanID{id}, Time: 2000,
		Duration: 1000, HasDuration: true,
	}
	if parent != 0 {
		e.ParentID = edge.SpanID{parent}
	}
	e.Facts.Service, e.Facts.Invocation = "shop", true
	return e
}

func with(e edge.Event, change func(*edge.Event)) edge.Event {
	change(&e)
	return e
}

// take claims a batch, settles it, and returns what was kept and how many of it are counted.
func take(s *seen.Spans, acknowledged bool, events ...edge.Event) (kept, invocations int) {
	b := &edge.Batch{Events: append([]edge.Event(nil), events...)}
	c := s.Claim(b)
	for i := range b.Events {
		if b.Events[i].Facts.Invocation {
			invocations++
		}
	}
	if c.Repeated+len(b.Events) != len(events) {
		panic("a span is neither kept nor repeated")
	}
	c.Settle(acknowledged)
	return len(b.Events), invocations
}

func TestASpanThatComesAgainIsKeptOnce(t *testing.T) {
	f := func(what string, want int, second edge.Event) {
		t.Helper()
		s := seen.New(0)
		first := server(1, 0)
		if kept, _ := take(s, true, first); kept != 1 {
			t.Fatalf("the first is not kept")
		}
		if kept, _ := take(s, true, second, server(2, 0)); kept != want+1 {
			t.Errorf("%s: %d of 2 kept, want %d", what, kept, want+1)
		}
	}
	f("the same", 0, server(1, 0))
	f("with a resource that a collector added to", 0, with(server(1, 0),
		func(e *edge.Event) { e.Resource = []edge.Attr{{Key: "k", Value: "v"}} }))
	f("with other attributes", 1, with(server(1, 0), func(e *edge.Event) {
		e.Attrs = []edge.Attr{{
			Key:   "k",
			Value: "v",
		}}
	}))
	f("with another name", 1, with(server(1, 0), func(e *edge.Event) { e.Name = "x" }))
	f("with another status", 1, with(server(1, 0), func(e *edge.Event) { e.Facts.Status = 404 }))
	f("of another trace", 1, with(server(1, 0), func(e *edge.Event) { e.TraceID[0]++ }))
	f("of another id", 1, server(3, 0))
	f("the client of a shared id", 1, with(server(1, 0), func(e *edge.Event) { e.SpanKind = edge.SpanClient }))
	f("of another service", 1, with(server(1, 0), func(e *edge.Event) { e.Facts.Service = "cart" }))
	f("that ended later", 1, with(server(1, 0), func(e *edge.Event) { e.Time++; e.Duration++ }))
	f("that began later", 1, with(server(1, 0), func(e *edge.Event) { e.Duration-- }))
	f("a log record", 1, edge.Event{Kind: edge.KindLog, TraceID: edge.TraceID{1}, SpanID: edge.SpanID{1}, Time: 2000})
	f("a tail event", 1, with(server(1, 0), func(e *edge.Event) { e.Facts.Source = edge.SourceTail }))
}

// TestAttributesHaveNoOrder: a processor on the way may write them in another one.
func TestAttributesHaveNoOrder(t *testing.T) {
	pair := func(key1, value1, key2, value2 string) edge.Event {
		return with(server(1, 0), func(e *edge.Event) {
			e.Attrs = []edge.Attr{
				{Key: key1, Value: value1},
				{Key: key2, Value: value2},
			}
		})
	}
	s := seen.New(0)
	take(s, true, pair("a", "1", "b", "2"))
	if kept, _ := take(s, true, pair("b", "2", "a", "1")); kept != 0 {
		t.Error("the same in another order is kept")
	}
	for _, other := range []edge.Event{
		pair("a", "2", "b", "1"), pair("1", "a", "2", "b"), pair("a", "1", "b", ""),
		pair("a", "1", "a", "1"),
	} {
		if kept, _ := take(s, true, other); kept != 1 {
			t.Errorf("%v is taken for the same", other.Attrs)
		}
	}
}

func TestTenantsDoNotKnowEachOthersSpans(t *testing.T) {
	s := seen.New(0)
	take(s, true, server(1, 0))
	b := &edge.Batch{Tenant: 7, Events: []edge.Event{server(1, 0), server(1, 0)}}
	c := s.Claim(b)
	defer c.Settle(true)
	if len(b.Events) != 1 || c.Repeated != 1 {
		t.Errorf("%d kept, %d repeated; want one each: twice in one body is once", len(b.Events), c.Repeated)
	}
}

func TestABatchThatFailsIsNotSeen(t *testing.T) {
	s := seen.New(0)
	for range 3 {
		if kept, counted := take(s, false, server(1, 9), server(2, 0)); kept != 2 || counted != 2 {
			t.Fatalf("%d kept, %d counted, want 2", kept, counted)
		}
	}
	if kept, counted := take(s, true, server(1, 9), server(2, 0)); kept != 2 || counted != 2 {
		t.Errorf("after failures: %d kept, %d counted, want 2", kept, counted)
	}
	if kept, _ := take(s, true, server(1, 9), server(2, 0)); kept != 0 {
		t.Errorf("after success: %d kept, want none", kept)
	}
}

// TestNobodyIsAcknowledgedForABatchThatFails: a span that another batch brings to the log waits for what becomes of it.
func TestNobodyIsAcknowledgedForABatchThatFails(t *testing.T) {
	for _, acknowledged := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			s := seen.New(0)
			first := s.Claim(&edge.Batch{Events: []edge.Event{server(1, 0)}})
			kept := make(chan int, 1)
			go func() {
				n, _ := take(s, true, server(1, 0), server(2, 0))
				kept <- n
			}()
			synctest.Wait()
			if n, _ := take(s, true, server(3, 0)); n != 1 {
				t.Errorf("a batch without a span of it is held up")
			}
			select {
			case n := <-kept:
				t.Errorf("%d kept before it is known what becomes of the first", n)
			default:
			}
			first.Settle(acknowledged)
			want := 2
			if acknowledged {
				want = 1
			}
			if n := <-kept; n != want {
				t.Errorf("the first acknowledged: %v; %d kept, want %d", acknowledged, n, want)
			}
		})
	}
}

// TestOneRequestInTwoBodiesIsCountedOnce: whichever of a runtime's span and the framework's inside of it comes first.
func TestOneRequestInTwoBodiesIsCountedOnce(t *testing.T) {
	f := func(what string, want int, bodies ...edge.Event) {
		t.Helper()
		s, counted := seen.New(0), 0
		for i, e := range bodies {
			kept, n := take(s, true, e)
			if kept != 1 {
				t.Errorf("%s: span %d is not kept", what, i)
			}
			counted += n
		}
		if counted != want {
			t.Errorf("%s: counted %d, want %d", what, counted, want)
		}
	}
	cart := func(e *edge.Event) { e.Facts.Service = "cart" }
	consumer := func(e *edge.Event) { e.SpanKind = edge.SpanConsumer }
	child := func(e *edge.Event) { e.SpanKind, e.Facts.Invocation = edge.SpanInternal, false }
	f("outer, inner", 1, server(1, 0), server(2, 1))
	f("inner, outer", 1, server(2, 1), server(1, 0))
	f("three, from inside", 1, server(3, 2), server(2, 1), server(1, 0))
	// nobody knew that they belong together
	f("three, the middle one last", 2, server(3, 2), server(1, 0), server(2, 1))
	f("three, from outside", 1, server(1, 0), server(2, 1), server(3, 2))
	f("siblings", 2, server(2, 1), server(3, 1))
	f("another service inside", 2, server(1, 0), with(server(2, 1), cart))
	f("another service outside", 2, with(server(2, 1), cart), server(1, 0))
	f("another trace", 2, server(1, 0), with(server(2, 1), func(e *edge.Event) { e.TraceID[0]++ }))
	f("a consumer inside", 1, server(1, 0), with(server(2, 1), consumer))
	f("inside of a consumer", 2, with(server(1, 0), consumer), server(2, 1))
	f("inside of an internal span", 2, server(1, 0), with(server(2, 1), child), server(3, 2))
}

func TestWhatTheLogHoldsIsSeen(t *testing.T) {
	s := seen.New(0)
	s.Replay(&edge.Batch{Events: []edge.Event{server(2, 1), server(3, 0)}, Arrival: time.Now().UnixNano()})
	s.Replay(&edge.Batch{
		Events:  []edge.Event{server(5, 4)},
		Arrival: time.Now().Add(-seen.Window - time.Minute).UnixNano(),
	})
	if kept, counted := take(s, true, server(3, 0), server(2, 1), server(1, 0)); kept != 1 || counted != 0 {
		t.Errorf("%d kept, %d counted; want the outer span, which is no request of its own", kept, counted)
	}
	if kept, counted := take(s, true, server(5, 4)); kept != 1 || counted != 1 {
		t.Error("what is older than the window is known")
	}
}

func TestSpansAreForgottenAfterTheWindow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := seen.New(0)
		take(s, true, server(1, 0))
		time.Sleep(seen.Window - time.Minute)
		if kept, _ := take(s, true, server(1, 0)); kept != 0 {
			t.Error("not known before the window is over")
		}
		for range 3 { // two generations
			time.Sleep(seen.Window)
			take(s, true, server(2, 0))
		}
		if kept, _ := take(s, true, server(1, 0)); kept != 1 {
			t.Error("known for ever")
		}
	})
}

// TestMemoryIsBoundedAndNothingNewIsDropped sends far more spans than there is room for: each is kept, and the newest
// are known.
func TestMemoryIsBoundedAndNothingNewIsDropped(t *testing.T) {
	const memory, batches, size = 64 << 10, 400, 100
	s := seen.New(memory)
	number := func(n int) edge.Event {
		return edge.Event{
			Kind: edge.KindSpan, SpanKind: edge.SpanInternal, Time: int64(n),
			SpanID: edge.SpanID(binary.BigEndian.AppendUint64(nil, uint64(n+1))),
		}
	}
	body := func(n int) (events []edge.Event) {
		for i := range size {
			events = append(events, number(n*size+i))
		}
		return events
	}
	for n := range batches {
		if kept, _ := take(s, n%7 > 0, body(n)...); kept != size {
			t.Fatalf("body %d: %d of %d new spans kept", n, kept, size)
		}
		if keys := s.Len(); keys > memory/8*3/4 {
			t.Fatalf("%d keys are held in %d bytes", keys, memory)
		}
	}
	for n := batches - 30; n < batches; n++ {
		want := 0
		if n%7 == 0 {
			want = size
		}
		if kept, _ := take(s, true, body(n)...); kept != want {
			t.Errorf("body %d again: %d kept, want %d", n, kept, want)
		}
	}
}

func BenchmarkClaim(b *testing.B) {
	for _, kind := range []edge.SpanKind{edge.SpanInternal, edge.SpanServer} {
		b.Run(fmt.Sprint(kind), func(b *testing.B) {
			s, batch, n := seen.New(0), &edge.Batch{}, uint64(0)
			events := make([]edge.Event, 50)
			b.ReportAllocs()
			for b.Loop() {
				for i := range events {
					n++
					events[i] = edge.Event{
						Kind: edge.KindSpan, SpanKind: kind, TraceID: edge.TraceID{1},
						Time: int64(n),
					}
					binary.BigEndian.PutUint64(events[i].SpanID[:], n)
					events[i].Facts.Invocation = kind == edge.SpanServer
				}
				batch.Events = append(batch.Events[:0], events...)
				s.Claim(batch).Settle(true)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(events)), "ns/span")
		})
	}
}
