package outbox

import (
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

type skip struct{ at time.Time }

func TestEventsKeepTheirOrderAndWaitNoLongerThanTheyMust(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const events = 3*eventBatch + 1
		o := New[*skip]()
		var got []*skip
		var late time.Duration
		var receiver sync.WaitGroup
		receiver.Go(func() {
			o.Receive(func(e *skip) {
				got, late = append(got, e), max(late, time.Since(e.at))
			})
		})
		var want []*skip
		for range events {
			e := &skip{at: time.Now()}
			want = append(want, e)
			o.Put(e)
			time.Sleep(time.Millisecond / 10)
		}
		o.Close()
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
		o := New[*skip]()
		var user, receiver sync.WaitGroup
		put := 0
		user.Go(func() {
			for range eventQueue + 1 {
				o.Put(&skip{})
				put++
			}
		})
		synctest.Wait()
		if put != eventQueue {
			t.Errorf("%d events were put with nobody to receive them, want %d", put, eventQueue)
		}
		n := 0
		receiver.Go(func() { o.Receive(func(*skip) { n++ }) })
		user.Wait()
		o.Close()
		receiver.Wait()
		if n != eventQueue+1 {
			t.Errorf("%d events came, want %d", n, eventQueue+1)
		}
	})
}
