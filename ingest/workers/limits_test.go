package workers_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"edgescope/edge"
	"edgescope/ingest/body"
	"edgescope/ingest/refusals"
	"edgescope/ingest/workers"
)

func TestOptionsAreChecked(t *testing.T) {
	f := func(o workers.Options, want string) {
		t.Helper()
		if _, err := workers.Open(t.Context(), o); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v, want %s", o, err, want)
		}
	}
	f(workers.Options{}, "no sink")
	f(workers.Options{Sink: newSink(), MaxOpen: -1}, "want no negative limits")
	f(workers.Options{Sink: newSink(), MaxOpenBytes: -1}, "want no negative limits")
	f(workers.Options{Sink: newSink(), Keep: -1}, "want no negative limits")
}

func TestOpenInvocationsAreBounded(t *testing.T) {
	onset := func(i int) string {
		return strings.ReplaceAll(event(0, 1, "", "onset", `"info":{"type":"scheduled"}`), `"i1"`,
			fmt.Sprintf(`"w%d"`, i))
	}
	f := func(change func(*options)) {
		t.Helper()
		to := newSink()
		rc := open(t, to, change)
		for i := range 3 {
			mustPost(t, rc, onset(i))
		}
		for range 2 { // a refused one leaves nothing behind
			if code, answer := post(rc, onset(3)); code != http.StatusTooManyRequests ||
				!strings.Contains(answer, "too many invocations have not ended") {
				t.Errorf("a fourth one: %d %s, want 429", code, answer)
			}
		}
		mustPost(t, rc, array(told()...)) // what ends at once needs no place
		checkTold(t, to)
	}
	f(func(o *options) { o.MaxOpen = 3 })
	f(func(o *options) { o.MaxOpenBytes = 4 * 800 })
}

func TestRequestsInWorkAreBounded(t *testing.T) {
	body100 := `[{"outcome":"ok"` + strings.Repeat(`,"x":1`, 100) + `}]`
	bodies := body.NewReader(body.Options{Budget: body.NewBudget(160 << 10), MaxBody: 64 << 10})
	blocked := &blocking{entered: make(chan struct{}), leave: make(chan struct{})}
	rc := open(t, blocked)
	done := make(chan int)
	for range 2 { // each needs 48 KiB of the 120 that one tenant can have
		go func() {
			code, _ := postTo(rc, bodies, body100)
			done <- code
		}()
		<-blocked.entered
	}
	if code, answer := postTo(rc, bodies, body100); code != http.StatusTooManyRequests ||
		!strings.Contains(answer, `{"code":8,`) {
		t.Errorf("while two are in work: %d %s, want 429", code, answer)
	}
	close(blocked.leave)
	for range 2 {
		if code := <-done; code != http.StatusOK {
			t.Errorf("one in work got %d, want 200", code)
		}
	}
	if code, answer := postTo(rc, bodies, "["+strings.Repeat(`{"outcome":"ok"},`,
		1000)+`{}]`); code != http.StatusRequestEntityTooLarge || !strings.Contains(answer, `"code":8`) {
		t.Errorf("one that needs more than there can be: %d %s, want 413", code, answer)
	}
}

// blocking is a sink that tells when it has been entered and returns when it may.
type blocking struct{ entered, leave chan struct{} }

func (b *blocking) Events(context.Context, *edge.Batch) error {
	b.entered <- struct{}{}
	<-b.leave
	return nil
}

// TestDeepNestingIsRefused: a document that is nothing but brackets costs neither stack nor time.
func TestDeepNestingIsRefused(t *testing.T) {
	body := `[{"outcome":"ok","event":` + strings.Repeat("[", 1<<20) + strings.Repeat("]", 1<<20) + `}]`
	if code, answer := post(open(t, newSink()), body); code != http.StatusBadRequest {
		t.Errorf("%d %s, want 400", code, answer)
	}
}

func TestRefusalsAreRemembered(t *testing.T) {
	remembered := refusals.New(refusals.Options{})
	rc := open(t, newSink(), func(o *options) { o.door.Refusals = remembered })
	post(rc, `[{"outcome":"ok"}`)
	post(rc, `[{"outcome":"ok","scriptName":"shop"},7]`)
	if got := remembered.Example(0, refusals.Requests, "malformed", "somebody at 192.0.2.1"); !strings.Contains(got,
		"the body is no JSON at byte 17") {
		t.Errorf("the request: %q", got)
	}
	if got := remembered.Example(0, refusals.Records, "not an object", "shop"); got != "not an object" {
		t.Errorf("the record: %q", got)
	}
}

// TestRecordsNeedRoom: a record on a line of its own has no comma, and is counted all the same.
func TestRecordsNeedRoom(t *testing.T) {
	// of which one request has three quarters
	bodies := body.NewReader(body.Options{Budget: body.NewBudget(1 << 20), MaxBody: 64 << 10})
	f := func(lines, wantCode int) {
		t.Helper()
		to := newSink()
		code, answer := postTo(open(t, to), bodies, strings.Repeat(`{"outcome":"ok","eventTimestamp":1795215131261}`+"\n",
			lines), "/v1/tail")
		if code != wantCode || wantCode != http.StatusOK && (to.count() > 0 ||
			!strings.Contains(answer, "send less at a time")) {
			t.Errorf("%d lines: %d %s with %d rows, want %d", lines, code, answer, to.count(), wantCode)
		}
	}
	f(200, http.StatusOK)
	f(400, http.StatusRequestEntityTooLarge)
}
