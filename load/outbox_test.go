package load

import (
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func TestEventsKeepTheirOrderAndWaitNoLongerThanTheyMust(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const events = 3*eventBatch + 1
		o := newOutbox()
		var got []*Skip
		var late time.Duration
		var receiver sync.WaitGroup
		receiver.Go(func() {
			o.receive(func(e Event) {
				skip := e.(*Skip)
				got, late = append(got, skip), max(late, time.Since(skip.At))
			})
		})
		var want []*Skip
		for range events {
			e := &Skip{At: time.Now()}
			want = append(want, e)
			o.put(e)
			time.Sleep(time.Millisecond / 10)
		}
		o.close()
		receiver.Wait()
		if len(got) != len(want) || late > eventDelay {
			t.Fatalf("%d events of %d, the latest after %v; want all within %v", len(got), len(want), late, eventDelay)
		}
		for i := range want {
			if got[i] != want[i] {
				t.Fatalf("event %d is another one", i)
			}
		}
	})
}

func TestFullOutboxMakesUsersWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOutbox()
		var user, receiver sync.WaitGroup
		put := 0
		user.Go(func() {
			for range eventQueue + 1 {
				o.put(&Skip{})
				put++
			}
		})
		synctest.Wait()
		if put != eventQueue {
			t.Errorf("%d events were put with nobody to receive them, want %d", put, eventQueue)
		}
		n := 0
		receiver.Go(func() { o.receive(func(Event) { n++ }) })
		user.Wait()
		o.close()
		receiver.Wait()
		if n != eventQueue+1 {
			t.Errorf("%d events came, want %d", n, eventQueue+1)
		}
	})
}
