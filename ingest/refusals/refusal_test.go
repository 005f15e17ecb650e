package refusals_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
	"unsafe"

	"go.uber.org/goleak"

	"edgescope/edge"
	"edgescope/ingest/refusals"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// kept is a store: of several samples of one series and time the greatest counts.
type kept struct {
	mu     sync.Mutex
	totals map[string]float64
	err    error
}

func (k *kept) WriteSamples(_ context.Context, tenant edge.Tenant, samples []edge.Sample) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.err != nil {
		return k.err
	}
	if k.totals == nil {
		k.totals = map[string]float64{}
	}
	for _, s := range samples {
		words := []string{fmt.Sprintf("%d at %d", tenant, s.Time/1000)}
		for _, l := range s.Series.Labels {
			words = append(words, l.Value)
		}
		name := strings.Join(words, " ")
		k.totals[name] = max(k.totals[name], s.Value)
	}
	return nil
}

// all returns what is stored, sorted.
func (k *kept) all() string {
	k.mu.Lock()
	defer k.mu.Unlock()
	var lines []string
	for name, n := range k.totals {
		lines = append(lines, fmt.Sprintf("%s: %v", name, n))
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

// clock is a time that a test moves.
type clock struct{ at time.Time }

type senderKey struct{}

// from is a request of a tenant, of nobody if that is negative.
func from(tenant int, agent, address string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "/", http.NoBody)
	r.Header.Set("User-Agent", agent)
	r.RemoteAddr = address
	return r.WithContext(context.WithValue(r.Context(), senderKey{}, tenant))
}

// open makes a recorder whose clock stands at 1,000,000 s, and what it logs.
func open() (*refusals.Recorder, *clock, *bytes.Buffer) {
	c := &clock{time.Unix(1_000_000, 0)}
	var log bytes.Buffer
	return refusals.New(refusals.Options{
		Collector: "c", Now: func() time.Time { return c.at }, Logger: slog.New(slog.NewTextHandler(&log, nil)),
		Sender: func(ctx context.Context) (edge.Tenant, bool) {
			tenant, _ := ctx.Value(senderKey{}).(int)
			return edge.Tenant(max(0, tenant)), tenant >= 0
		},
	}), c, &log
}

func flush(t *testing.T, r *refusals.Recorder, to *kept) string {
	t.Helper()
	if err := r.Flush(t.Context(), to); err != nil {
		t.Fatal(err)
	}
	return to.all()
}

func TestRefusalsAreTotalsOfWindows(t *testing.T) {
	r, c, _ := open()
	var to kept
	shop := from(7, "OTel-OTLP-Exporter-JavaScript/0.52.1 node", "10.0.0.1:4711")
	r.Request(shop, "malformed", "the body is cut off at byte 7")
	r.Request(shop, "malformed", "the body is cut off at byte 9")
	r.Request(from(-1, "", "[2001:db8:1:2:3::1]:9"), "unauthenticated", "a token is missing")
	r.Request(from(0, "curl/8.5.0", "[::1]:9"), "too_large", "too much")
	c.at = c.at.Add(9 * time.Second)
	r.Request(shop, "malformed", "the body is cut off at byte 8")
	want := `0 at 1000000 edge_refused_requests c too_large curl at ::1: 1
0 at 1000000 edge_refused_requests c unauthenticated somebody at 2001:db8:1:2::/64, not signed in: 1
7 at 1000000 edge_refused_requests c malformed OTel-OTLP-Exporter-JavaScript at 10.0.0.1: 3`
	if got := flush(t, r, &to); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	r.Request(shop, "malformed", "the body is cut off at byte 8")
	c.at = c.at.Add(time.Second)
	r.Request(shop, "malformed", "the body is cut off at byte 1")
	c.at = c.at.Add(10 * time.Second)
	r.Request(shop, "malformed", "the last one")
	want = strings.Replace(want, ": 3", ": 4\n7 at 1000010 edge_refused_requests c malformed "+
		"OTel-OTLP-Exporter-JavaScript at 10.0.0.1: 1"+
		"\n7 at 1000020 edge_refused_requests c malformed OTel-OTLP-Exporter-JavaScript at 10.0.0.1: 1", 1)
	if got := flush(t, r, &to); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if got := r.Example(7, refusals.Requests, "malformed", "OTel-OTLP-Exporter-JavaScript at "+
		"10.0.0.1"); got != "the last one" {
		t.Errorf("the example is %q", got)
	}
	if got := r.Example(0, refusals.Requests, "unauthenticated",
		"somebody at 2001:db8:1:2::/64, not signed in"); got != "a token is missing" {
		t.Errorf("the example is %q", got)
	}
	if got := r.Example(8, refusals.Requests, "malformed", "OTel-OTLP-Exporter-JavaScript at 10.0.0.1"); got != "" {
		t.Errorf("another tenant sees %q", got)
	}
}

func TestWhatABatchLostIsToldByServiceAndReason(t *testing.T) {
	r, _, _ := open()
	var to kept
	b := edge.Batch{Events: []edge.Event{{}, {Facts: edge.Facts{Service: "shop"}}}}
	b.Reject(1, `the key "user.9" is longer than 100 bytes: cut it`)
	b.Reject(2, "no tail event: want eventTimestamp")
	for i := range 20 {
		b.Reject(3+i, "not an object")
	}
	b.Warn("time ahead")
	b.Warn("time ahead")
	r.Batch(from(7, "curl", "10.0.0.1:1"), &b)
	r.Batch(from(7, "curl", "10.0.0.1:1"), &edge.Batch{Events: b.Events}) // lost nothing
	unnamed := edge.Batch{}
	unnamed.Reject(0, "12")
	r.Batch(from(7, "curl", "10.0.0.1:1"), &unnamed)
	want := `7 at 1000000 edge_changed_values c time ahead shop: 2
7 at 1000000 edge_refused_records c no tail event shop: 1
7 at 1000000 edge_refused_records c not an object shop: 20
7 at 1000000 edge_refused_records c the key … is longer than … bytes shop: 1
7 at 1000000 edge_refused_records c … curl at 10.0.0.1: 1`
	if got := flush(t, r, &to); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// TestTextsOutliveTheirBatch: decoders make texts that point into the body, whose memory the next request gets.
func TestTextsOutliveTheirBatch(t *testing.T) {
	r, _, _ := open()
	var to kept
	body := []byte("shop")
	b := edge.Batch{Events: []edge.Event{{Facts: edge.Facts{Service: unsafe.String(&body[0], len(body))}}}}
	b.Warn("attribute without value")
	r.Batch(from(7, "", ""), &b)
	copy(body, "cart")
	r.Batch(from(7, "", ""), &b)
	want := `7 at 1000000 edge_changed_values c attribute without value cart: 1
7 at 1000000 edge_changed_values c attribute without value shop: 1`
	if got := flush(t, r, &to); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestTheLogTellsOncePerMinute(t *testing.T) {
	r, c, log := open()
	tell := func(n int, agent, reason string) string {
		t.Helper()
		log.Reset()
		for range n {
			r.Request(from(7, agent, "10.0.0.1:1"), reason, "m")
		}
		return log.String()
	}
	if got := tell(5, "curl", "busy"); strings.Count(got, "\n") != 1 || !strings.Contains(got, "level=WARN") ||
		!strings.Contains(got, `sender="curl at 10.0.0.1"`) || !strings.Contains(got, "times=1 ") {
		t.Errorf("the first: %s", got)
	}
	if got := tell(1, "curl", "rate"); strings.Count(got, "\n") != 1 {
		t.Errorf("another reason: %s", got)
	}
	if got := tell(1, "wget", "busy"); strings.Count(got, "\n") != 1 {
		t.Errorf("another sender: %s", got)
	}
	c.at = c.at.Add(59 * time.Second)
	if got := tell(1, "curl", "busy"); got != "" {
		t.Errorf("within a minute: %s", got)
	}
	c.at = c.at.Add(time.Second)
	if got := tell(1, "curl", "busy"); !strings.Contains(got, "times=6 ") {
		t.Errorf("after a minute: %s", got)
	}
	b := edge.Batch{}
	b.Warn("changed")
	log.Reset()
	r.Batch(from(7, "curl", "10.0.0.1:1"), &b)
	if log.Len() > 0 {
		t.Errorf("a changed value is logged: %s", log)
	}
}

// TestAnAttackerFillsNothing: a sender of a million names and reasons makes at most 200 series, and takes no place of
// others.
func TestAnAttackerFillsNothing(t *testing.T) {
	r, c, log := open()
	var to kept
	for i := range 5000 {
		r.Request(from(-1, fmt.Sprintf("agent%d", i), fmt.Sprintf("10.0.%d.%d:1", i/256, i%256)),
			fmt.Sprintf("reason%c", 'a'+i%7), "m")
		b := edge.Batch{}
		b.Reject(0, fmt.Sprintf("word%c%c%c is bad", 'a'+i/26/26, 'a'+i/26%26, 'a'+i%26))
		r.Batch(from(3, fmt.Sprintf("agent%d", i), "10.0.0.1:1"), &b)
	}
	r.Request(from(0, "curl", "10.0.0.1:1"), "malformed", "m")
	if got := flush(t, r, &to); !strings.Contains(got, "0 at 1000000 edge_refused_requests c malformed curl at "+
		"10.0.0.1: 1") ||
		!strings.Contains(got, "c reasona others, not signed in: ") ||
		!strings.Contains(got, "3 at 1000000 edge_refused_records c others others: ") {
		t.Errorf("got\n%s", got)
	}
	sum := 0.0
	for _, n := range to.totals {
		sum += n
	}
	if len(to.totals) > 1+2*201 || sum != 10_001 {
		t.Errorf("%d series that add up to %v, want at most 403 and 10001", len(to.totals), sum)
	}
	if n := strings.Count(log.String(), "\n"); n > 403 {
		t.Errorf("%d lines in the log", n)
	}
	for tenant := range 20_000 {
		r.Request(from(tenant+10, "curl", "10.0.0.1:1"), "busy", "m")
	}
	if flush(t, r, &to); len(to.totals) > 10_000 {
		t.Errorf("%d series of all tenants, want at most 10000", len(to.totals))
	}
	c.at = c.at.Add(61 * time.Minute) // all are forgotten, and new ones have room
	r.Request(from(3, "new", "10.0.0.1:1"), "busy", "m")
	if got := flush(t, r, &to); !strings.Contains(got, "busy new at 10.0.0.1: 1") {
		t.Error("there is no room after an hour")
	}
}

func TestNamesAreCutToSize(t *testing.T) {
	r, _, _ := open()
	var to kept
	r.Request(from(7, strings.Repeat("ä", 100)+"\n\x00\xff", "not an address"), "malformed",
		strings.Repeat("long ", 1000))
	got := flush(t, r, &to)
	if want := "c malformed " + strings.Repeat("ä", 18) + "… at an unknown address: 1"; !strings.HasSuffix(got, want) {
		t.Errorf("got %s, want it to end with %s", got, want)
	}
	if n := len(r.Example(7, refusals.Requests, "malformed",
		strings.Repeat("ä", 18)+"… at an unknown address")); n == 0 || n > 300 {
		t.Errorf("an example of %d bytes", n)
	}
}

// TestTotalsWaitForAStore that takes nothing, and come to no harm.
func TestTotalsWaitForAStore(t *testing.T) {
	r, c, _ := open()
	to := kept{err: errors.New("full")}
	for range 3 {
		r.Request(from(7, "curl", "10.0.0.1:1"), "busy", "m")
		if err := r.Flush(t.Context(), &to); err == nil || !strings.Contains(err.Error(), "full") {
			t.Errorf("got %v", err)
		}
		c.at = c.at.Add(10 * time.Second)
	}
	to.err = nil
	want := "7 at 1000000 edge_refused_requests c busy curl at 10.0.0.1: 1\n7 at 1000010 edge_refused_requests c " +
		"busy curl at 10.0.0.1: 1\n" +
		"7 at 1000020 edge_refused_requests c busy curl at 10.0.0.1: 1"
	if got := flush(t, r, &to); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestTotalsAreWrittenRegularlyAndAtTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := refusals.New(refusals.Options{})
		var to kept
		stop := r.Start(t.Context(), &to)
		r.Request(from(0, "curl", "10.0.0.1:1"), "busy", "m")
		time.Sleep(5 * time.Second)
		synctest.Wait()
		if got := to.all(); !strings.HasSuffix(got, "edge_refused_requests busy curl at 10.0.0.1: 1") {
			t.Errorf("after 5 s: %q", got)
		}
		r.Request(from(0, "curl", "10.0.0.1:1"), "rate", "m")
		if err := stop(t.Context()); err != nil || !strings.Contains(to.all(), "rate") {
			t.Errorf("at the end: %v, %s", err, to.all())
		}
	})
}

func TestANilRecorderRemembersNothing(t *testing.T) {
	var r *refusals.Recorder
	r.Request(from(0, "", ""), "busy", "m")
	r.Batch(from(0, "", ""), &edge.Batch{RejectedCount: 1})
	if got := r.Example(0, refusals.Requests, "busy", ""); got != "" {
		t.Error(got)
	}
}

// TestWhatIsTakenCostsNothing: nearly every request is.
func TestWhatIsTakenCostsNothing(t *testing.T) {
	r, _, _ := open()
	req, b := from(7, "curl", "10.0.0.1:1"), &edge.Batch{Events: make([]edge.Event, 10)}
	if n := testing.AllocsPerRun(100, func() { r.Batch(req, b) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
