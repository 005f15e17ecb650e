package e2e_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"edgescope/e2e"
	"edgescope/internal/run/runtest"
	"edgescope/query"
)

// TestOverload sends a collector more than it can hold, in every way that we know, and holds it to its promises: its
// memory stays within a quarter above --memory-limit, what it takes is answered in bounded time, what it acknowledged
// is stored, and it goes on serving. The amounts are small unless EDGESCOPE_OVERLOAD=full, as make overload sets it.
func TestOverload(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("the memory of a process is read from /proc")
	}
	f := func(name string, attack func(*overload)) {
		t.Run(name, func(t *testing.T) {
			o := startOverload(t)
			attack(o)
			o.check()
		})
	}
	f("128 connections of 500 spans", (*overload).manyConnections)
	f("huge batches", (*overload).hugeBatches)
	f("a series for every span", (*overload).manySeries)
	f("tiny requests", (*overload).tinyRequests)
	f("senders that do not end", (*overload).slowSenders)
	f("readers that do not read", (*overload).slowReaders)
	f("bombs", (*overload).bombs)
	f("readers of long answers", (*overload).slowQuestions)
	f("one tenant for itself", (*overload).greedyTenant)
	f("connections for their own sake", (*overload).idleConnections)
	f("greedy questions", (*overload).greedyQuestioners)
	f("256 questions at once", (*overload).manyQuestioners)
	f("messages of gRPC that do not come", (*overload).slowMessages)
}

// memoryLimit is the --memory-limit of the collector in bytes. A quarter more is what it may be seen to have.
const memoryLimit = 256 << 20

// slowest is how long a request may take that was accepted, on a machine with other work.
const slowest = 20 * time.Second

// overload is a collector under attack.
type overload struct {
	*testing.T
	c      *e2e.Program
	client *http.Client
	full   bool

	// token is sent along when there is one.
	token string
	// since and until are when the spans ended at the earliest and latest; zero is about now.
	since, until time.Time
	// spans are those that were acknowledged.
	spans   atomic.Int64
	mu      sync.Mutex
	answers map[int]int // by status
	longest time.Duration
}

func startOverload(t *testing.T) *overload {
	c, _ := startCollector(t, t.TempDir(), "--memory-limit", strconv.Itoa(memoryLimit>>20)+"MiB", "--rollup-max-keys",
		"500", "--metrics-max-series", "500")
	transport := &http.Transport{MaxIdleConnsPerHost: 256}
	t.Cleanup(transport.CloseIdleConnections)
	return &overload{
		T: t, c: c, full: os.Getenv("EDGESCOPE_OVERLOAD") == "full", answers: map[int]int{},
		client: &http.Client{Transport: transport, Timeout: 2 * slowest},
	}
}

// amount returns how much to send: more in a full run.
func (o *overload) amount(small, full int) int {
	if o.full {
		return full
	}
	return small
}

// each runs work for all numbers below n, on that many goroutines.
func (o *overload) each(goroutines, n int, work func(i int)) {
	var next atomic.Int64
	var all sync.WaitGroup
	for range goroutines {
		all.Go(func() {
			for i := next.Add(1) - 1; i < int64(n); i = next.Add(1) - 1 {
				work(int(i))
			}
		})
	}
	all.Wait()
}

// send posts a body of that many spans and notes what becomes of it.
func (o *overload) send(path, encoding string, body []byte, spans int) int {
	req, err := http.NewRequestWithContext(o.Context(), http.MethodPost, o.c.URL("ingest")+path, bytes.NewReader(body))
	if err != nil {
		o.Error(err)
		return 0
	}
	req.Header.Set("Content-Type", "application/x-protobuf")
	req.Header.Set("Content-Encoding", encoding)
	if o.token != "" {
		req.Header.Set("Authorization", "Bearer "+o.token)
	}
	began := time.Now()
	res, err := o.client.Do(req)
	if err != nil {
		o.note(0, 0)
		return 0
	}
	_, err = io.Copy(io.Discard, res.Body)
	if err := errors.Join(err, res.Body.Close()); err == nil && res.StatusCode == http.StatusOK {
		o.spans.Add(int64(spans))
	}
	if res.StatusCode == http.StatusTooManyRequests && res.Header.Get("Retry-After") == "" {
		o.Error("429 without Retry-After")
	}
	o.note(res.StatusCode, time.Since(began))
	return res.StatusCode
}

// note counts an answer; 0 is none, as of a connection that the collector closed.
func (o *overload) note(status int, took time.Duration) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.answers[status]++
	if status == http.StatusOK {
		o.longest = max(o.longest, took)
	}
}

// check holds the collector to its promises after an attack.
func (o *overload) check() {
	o.Helper()
	good := o.send("/v1/traces", "", spanBatch(1<<40, 1, nil), 1)
	if good != http.StatusOK {
		o.Errorf("a good span afterwards: %d, want 200", good)
	}
	peak := o.peak()
	o.Logf("peak %d MiB of %d, longest accepted request %s, answers %v", peak>>20, memoryLimit>>20,
		o.longest.Round(time.Millisecond), o.answers)
	if most := int64(memoryLimit) / 4 * 5; peak > most {
		o.Errorf("the collector had %d MiB, want at most %d", peak>>20, most>>20)
	}
	if o.longest > slowest {
		o.Errorf("an accepted request took %s, want at most %s", o.longest, slowest)
	}
	for _, status := range slices.Sorted(maps.Keys(o.answers)) {
		if !slices.Contains([]int{0, 200, 400, 408, 413, 429, 431, 503}, status) {
			o.Errorf("%d answers with status %d", o.answers[status], status)
		}
	}
	o.kept()
}

// kept holds the collector to what it acknowledged: all of it is stored, and nothing else.
func (o *overload) kept() {
	o.Helper()
	want := o.spans.Load()
	runtest.Eventually(o.T, func() string {
		return fmt.Sprintf("%d spans are stored, %d were acknowledged", o.stored(),
			want)
	},
		func() bool { return o.stored() >= want })
	// A request whose connection was closed before the answer came may have been stored. None has more than 10 spans
	// where that happens.
	if got, unanswered := o.stored(), int64(o.answers[0]); got < want || got > want+10*unanswered {
		o.Errorf("%d spans are stored, %d were acknowledged, %d requests had no answer", got, want, unanswered)
	}
}

// peak returns the most resident memory that the process ever had, in bytes.
func (o *overload) peak() int64 {
	o.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", o.c.PID()))
	if err != nil {
		o.Fatal(err)
	}
	_, line, _ := strings.Cut(string(text), "VmHWM:")
	kib, err := strconv.ParseInt(strings.Fields(line)[0], 10, 64)
	if err != nil {
		o.Fatalf("read VmHWM: %v", err)
	}
	return kib << 10
}

// stored returns how many spans are stored. A collector that is still short of memory says to come again.
func (o *overload) stored() int64 {
	o.Helper()
	for began := time.Now(); ; wait(o.Context(), time.Second) {
		if n, ok := o.countSpans(); ok || time.Since(began) > time.Minute {
			return n
		}
	}
}

// countSpans asks once; ok is false when the answer is that it may be asked later.
func (o *overload) countSpans() (n int64, ok bool) {
	o.Helper()
	type counted struct {
		N string `json:"n"`
	}
	asked := url.Values{"query": {`* | stats count() as n`}, "kind": {"span"}, "start": {"1h"}}
	if !o.since.IsZero() {
		asked.Set("start", o.since.UTC().Format(time.RFC3339))
		asked.Set("end", o.until.UTC().Format(time.RFC3339))
	}
	req, err := http.NewRequestWithContext(o.Context(), http.MethodGet,
		o.c.URL("query")+"/select/logsql/query?"+asked.Encode(), nil)
	if err != nil {
		o.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+o.token)
	res, err := o.client.Do(req)
	if err != nil {
		o.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode == http.StatusServiceUnavailable {
		return 0, false
	}
	var answer counted
	if err := json.NewDecoder(res.Body).Decode(&answer); err != nil {
		o.Fatalf("count the spans: status %d: %v", res.StatusCode, err)
	}
	n, err = strconv.ParseInt(answer.N, 10, 64)
	if err != nil {
		o.Fatal(err)
	}
	return n, true
}

// manyConnections is what a fleet does that comes back all at once.
func (o *overload) manyConnections() {
	o.each(128, o.amount(192, 4096), func(i int) {
		o.send("/v1/traces", "", spanBatch(i, 500, nil), 500)
	})
	if o.answers[http.StatusOK] == 0 {
		o.Error("nothing was accepted")
	}
}

// hugeBatches are requests that the collector could take one by one, and such that it never could.
func (o *overload) hugeBatches() {
	o.each(16, o.amount(24, 200), func(i int) {
		o.send("/v1/traces", "", spanBatch(i, 2000, nil), 2000)
	})
	if status := o.send("/v1/traces", "gzip", gzipped(spanBatch(1000, 20_000, nil)),
		20_000); status != http.StatusRequestEntityTooLarge {
		o.Errorf("20,000 spans in %d MiB of memory: %d, want 413", memoryLimit>>20, status)
	}
	// The smallest spans, of a resource that is large in each of their rows.
	minimal := spanBatch(1001, 100_000, nil)
	if status := o.send("/v1/traces", "gzip", gzipped(minimal), 100_000); status != http.StatusRequestEntityTooLarge {
		o.Errorf("100,000 spans: %d, want 413", status)
	}
}

// manySeries names a service and a route for every span, and an attribute for every data point.
func (o *overload) manySeries() {
	o.each(8, o.amount(40, 2000), func(i int) {
		o.send("/v1/traces", "", spanBatch(i, 500, func(n int) string { return fmt.Sprintf("/r%d-%d", i, n) }), 500)
		o.send("/v1/metrics", "", pointBatchOf(i, 500), 0)
	})
	metrics := o.c.URL("query") + "/metrics"
	runtest.Eventually(o.T, func() string { return "no data points over the limit are counted on /metrics" },
		func() bool {
			_, text, err := runtest.Get(o.Context(), metrics)
			return err == nil && metricOf(text, "edgescope_otlp_overflow_data_points_total") > 0
		})
	runtest.Eventually(o.T, func() string { return "the page shows no overflow" }, func() bool {
		status, body, err := runtest.Get(o.Context(), o.c.URL("query")+query.APIPrefix+"overview?range=1h")
		var page query.Overview
		switch {
		case err == nil && status == http.StatusOK:
			err = json.Unmarshal(body, &page)
		case err == nil && (status != http.StatusServiceUnavailable || !bytes.Contains(body, []byte("MiB of memory in use"))):
			o.Errorf("the page: %d %s", status, body)
		}
		return err == nil && page.Overflow > 0 // while memory is short a question is ended with the reason
	})
	_, text, err := runtest.Get(o.Context(), metrics)
	if keys := metricOf(text, "edgescope_rollup_keys"); err != nil || keys > 2000 {
		o.Errorf("%g series are added up, %v; want about 500 for each family", keys, err)
	}
}

// metricOf returns the value of a line of /metrics.
func metricOf(text []byte, name string) float64 {
	for line := range strings.Lines(string(text)) {
		if value, ok := strings.CutPrefix(line, name+" "); ok {
			n, _ := strconv.ParseFloat(strings.TrimSpace(value), 64)
			return n
		}
	}
	return 0
}

// The tokens of a tenant that is greedy and of one that is not.
const (
	newsToken = "news-0123456789abcdef01234567"
	shopToken = "shop-0123456789abcdef01234567"
	tokenFile = "tenants: [{id: 1, name: shop}, {id: 2, name: news}]\n" +
		"tokens:\n  - {token: " + shopToken + ", tenant: shop, scopes: [read, write]}\n" +
		"  - {token: " + newsToken + ", tenant: news, scopes: [read, write, admin]}\n"
)

// greedyTenant takes all that it can get; another one must be served as if it were alone.
func (o *overload) greedyTenant() {
	tokens := filepath.Join(o.TempDir(), "tokens.yml")
	if err := os.WriteFile(tokens, []byte(tokenFile), 0o600); err != nil {
		o.Fatal(err)
	}
	o.c, _ = startCollector(o.T, o.TempDir(), "--memory-limit", strconv.Itoa(memoryLimit>>20)+"MiB", "--tokens", tokens)
	o.token = newsToken
	greedy := &overload{T: o.T, c: o.c, client: o.client, token: shopToken, answers: map[int]int{}}
	stop, body := make(chan struct{}), spanBatch(0, 1000, nil)
	var all sync.WaitGroup
	for range 64 {
		all.Go(func() {
			for stopped := false; !stopped; {
				greedy.send("/v1/traces", "", body, 0)
				select {
				case <-stop:
					stopped = true
				default:
				}
			}
		})
	}
	runtest.Eventually(o.T, func() string { return "the greedy tenant is never refused" }, func() bool {
		greedy.mu.Lock()
		defer greedy.mu.Unlock()
		return greedy.answers[http.StatusTooManyRequests] > 0
	})
	for i := range o.amount(50, 500) {
		if status := o.send("/v1/traces", "", spanBatch(i, 50, nil), 50); status != http.StatusOK {
			o.Errorf("a small batch of another tenant: %d, want 200", status)
		}
	}
	close(stop)
	all.Wait()
	o.Logf("the greedy tenant was answered %v", greedy.answers)
}

// tinyRequests are those of functions that do not batch.
func (o *overload) tinyRequests() {
	o.each(64, o.amount(4000, 100_000), func(i int) {
		o.send("/v1/traces", "", spanBatch(i, 1, nil), 1)
	})
}

// bombs are small and become large, or deep.
func (o *overload) bombs() {
	deep := append(append([]byte(`{"resourceSpans":`), bytes.Repeat([]byte("["), 4<<20)...),
		bytes.Repeat([]byte("]"), 4<<20)...)
	// A metric of two million points of two bytes each, and a span of as many events.
	points := field(1, field(2, field(2, field(5, bytes.Repeat([]byte{0x0a, 0}, 2<<20)))))
	events := field(1, field(2, field(2, append(spanIDs(7), bytes.Repeat([]byte{0x5a, 0}, 2<<20)...))))
	bombs := []struct {
		path, encoding string
		body           []byte
		want           int
	}{
		{"/v1/traces", "gzip", gzipped(make([]byte, 80<<20)), http.StatusRequestEntityTooLarge},
		{"/v1/datapoints/d", "gzip", gzipped(make([]byte, 80<<20)), http.StatusRequestEntityTooLarge},
		{"/", "", deep, http.StatusBadRequest},
		{"/v1/metrics", "gzip", gzipped(points), http.StatusRequestEntityTooLarge},
		{"/v1/traces", "gzip", gzipped(append(events, 0)), http.StatusBadRequest},
	}
	for _, b := range bombs {
		if got := o.send(b.path, b.encoding, b.body, 0); got != b.want {
			o.Errorf("a bomb of %d bytes to %s: %d, want %d", len(b.body), b.path, got, b.want)
		}
	}
	if got := o.send("/v1/traces", "gzip", gzipped(events), 1); got != http.StatusOK {
		o.Errorf("a span of two million events: %d, want 200", got)
	}
	o.each(16, o.amount(64, 640), func(i int) {
		b := bombs[i%len(bombs)]
		o.send(b.path, b.encoding, b.body, 0)
	})
}
