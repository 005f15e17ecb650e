package e2e_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"edgescope/e2e"
	"edgescope/internal/run/runtest"
)

const (
	killRounds  = 5
	killSenders = 4
	spansABatch = 20
)

// ledger is what the senders know of their batches: which were acknowledged, and which had no answer. The latter may be
// stored or not, but never twice.
type ledger struct {
	mu    sync.Mutex
	acked map[string]int // batch -> records in it
	open  map[string]int
}

func (l *ledger) sent(batch string, records int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.open[batch] = records
}

func (l *ledger) acknowledged(batch string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.acked[batch] = l.open[batch]
	delete(l.open, batch)
}

func newLedger() *ledger { return &ledger{acked: map[string]int{}, open: map[string]int{}} }

// TestKilledCollectorLosesAndDoublesNothing kills a collector under load at random moments, and one that replays its
// log, and starts it again on the same data. What it acknowledged is then stored exactly once: as spans, as data
// points, as numbers of metrics, deltas among them, and in the totals of every width. What had no answer is sent again
// as it was, as clients do, and is stored once too.
func TestKilledCollectorLosesAndDoublesNothing(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	k := newKiller(t, data)
	for round := range killRounds {
		k.round(round)
	}
	c := k.start()
	if k.missing == 0 {
		t.Error("no start found rows missing: the kills proved nothing")
	}
	k.resend(c)
	k.check(c, "after the kills")
	if err := c.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	if told := k.verify(); !strings.Contains(told, "log: 0 records") {
		t.Errorf("verify after an ordered stop: got %q, want an empty log", told)
	}
	c, log := startCollector(t, data)
	if strings.Contains(log.String(), "replayed") {
		t.Error("a collector that was stopped in order has nothing to replay")
	}
	k.check(c, "after an ordered stop")
}

// killer sends load to collectors of one data directory and knows what must be stored there.
type killer struct {
	t       *testing.T
	data    string
	random  *rand.Rand
	began   time.Time
	batch   int
	missing int // rows that starts found missing in the store
	slowest time.Duration
	// numbers are the data points of metrics.
	spans, points, numbers *ledger
}

func newKiller(t *testing.T, data string) *killer {
	t.Helper()
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	return &killer{
		t: t, data: data, random: rand.New(rand.NewPCG(seed, 1)), began: time.Now(),
		spans: newLedger(), points: newLedger(), numbers: newLedger(),
	}
}

var missingRows = regexp.MustCompile(`rows_missing=(\d+)`)

// start starts a collector, which must listen within 10 s whatever it has to replay.
func (k *killer) start() *e2e.Program {
	k.t.Helper()
	began := time.Now()
	c, log := startCollector(k.t, k.data)
	if k.slowest = max(k.slowest, time.Since(began)); k.slowest > 10*time.Second {
		k.t.Errorf("the collector listens after %s, want at most 10 s", k.slowest)
	}
	for _, found := range missingRows.FindAllStringSubmatch(log.String(), -1) {
		n, _ := strconv.Atoi(found[1])
		k.missing += n
	}
	return c
}

// round runs a collector under load until it is killed.
func (k *killer) round(round int) {
	c := k.start()
	stop := k.load(c, round)
	wait(k.t.Context(), time.Duration(500+k.random.IntN(3000))*time.Millisecond)
	if err := c.Kill(); err != nil {
		k.t.Fatal(err)
	}
	stop()
	if told := k.verify(); !strings.Contains(told, " 0 doubled") || strings.Contains(told, "log: 0 records") {
		k.t.Errorf("verify after a kill: got %q, want records and none of them doubled", told)
	}
	if round%2 == 1 {
		k.killWhileReplaying()
	}
}

// load starts senders, which stop ends.
func (k *killer) load(c *e2e.Program, round int) (stop func()) {
	quit := make(chan struct{})
	var senders sync.WaitGroup
	for range killSenders {
		k.batch++
		sender := k.batch
		senders.Go(func() { k.send(c, fmt.Sprintf("r%d-s%d", round, sender), quit) })
	}
	return func() {
		close(quit)
		senders.Wait()
	}
}

// verify runs the collector's verb of that name.
func (k *killer) verify() string {
	k.t.Helper()
	var told bytes.Buffer
	code, err := e2e.Run(k.t.Context(), e2e.Command{
		Path: filepath.Join(bin, "collector"), Args: []string{"verify", "--data-dir", k.data}, Stdout: &told,
	})
	if code != 0 || err != nil {
		k.t.Errorf("collector verify: exit code %d, %v: %s", code, err, told.String())
	}
	return told.String()
}

// killWhileReplaying starts the collector and kills it so early that it has just begun, or not even, to replay.
func (k *killer) killWhileReplaying() {
	for range 3 {
		ctx, cancel := context.WithTimeout(k.t.Context(), time.Duration(10+k.random.IntN(150))*time.Millisecond)
		c, err := e2e.StartProgram(ctx, e2e.Command{
			Path: filepath.Join(bin, "collector"),
			Args: []string{
				"--data-dir", k.data, "--otlp-grpc-addr", "127.0.0.1:0", "--otlp-http-addr", "127.0.0.1:0",
				"--query-addr", "127.0.0.1:0",
			},
			Listeners: []string{"query"},
		})
		cancel() // StartProgram kills what has not told its listeners by then
		if err == nil {
			if err := c.Kill(); err != nil {
				k.t.Fatal(err)
			}
		}
	}
}

// send sends batches until stop: spans, data points and metrics in turn.
func (k *killer) send(c *e2e.Program, name string, stop <-chan struct{}) {
	client := &http.Client{Transport: &http.Transport{}, Timeout: 5 * time.Second}
	defer client.CloseIdleConnections()
	for n := 0; ; n++ {
		select {
		case <-stop:
			return
		default:
		}
		batch := fmt.Sprintf("%s-b%d", name, n)
		switch n % 3 {
		case 0:
			k.sendTo(client, k.spans, batch, c.URL("ingest")+"/v1/traces", k.spanBatch(batch))
		case 1:
			k.sendTo(client, k.points, batch, c.URL("ingest")+"/v1/datapoints/kill", pointBatch(batch))
		default:
			batch = fmt.Sprint(name, " ", n/3)
			k.sendTo(client, k.numbers, batch, c.URL("ingest")+"/v1/metrics", k.numberBatch(batch))
		}
	}
}

// recordsOf is how many records a batch of a ledger has.
func (k *killer) recordsOf(l *ledger) int {
	return map[*ledger]int{k.spans: spansABatch, k.points: 3, k.numbers: 1}[l]
}

func (k *killer) sendTo(client *http.Client, l *ledger, batch, url string, body []byte) {
	l.sent(batch, k.recordsOf(l))
	if posted(client, url, body) {
		l.acknowledged(batch)
	}
}

func posted(client *http.Client, url string, body []byte) bool {
	res, err := client.Post(url, "application/json", bytes.NewReader(body))
	if err != nil {
		return false
	}
	defer res.Body.Close()
	_, err = io.Copy(io.Discard, res.Body)
	return res.StatusCode == http.StatusOK && err == nil
}

// spanBatch is the same bytes each time it is made. Its spans lie within the minute before the test.
func (k *killer) spanBatch(batch string) []byte {
	var b strings.Builder
	b.WriteString(`{"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"kill"}},` +
		`{"key":"cloud.region","value":{"stringValue":"FRA"}}]},"scopeSpans":[{"spans":[`)
	for i := range spansABatch {
		if i > 0 {
			b.WriteByte(',')
		}
		end := k.began.Add(-time.Duration(i) * 3 * time.Second).UnixNano()
		fmt.Fprintf(&b, `{"traceId":"%s","spanId":"%016x","kind":2,"name":%q,"startTimeUnixNano":"%d",`+
			`"endTimeUnixNano":"%d",`+
			`"attributes":[{"key":"batch","value":{"stringValue":%q}},{"key":"http.route","value":{"stringValue":"/r%d"}}]}`,
			"0af7651916cd43dd8448eb211c80319c", i+1, fmt.Sprintf("GET %d", i), end-5e6, end, batch, i%4)
	}
	b.WriteString(`]}]}]}`)
	return []byte(b.String())
}

func pointBatch(batch string) []byte {
	return fmt.Appendf(nil, `[{"indexes":["a"],"blobs":[%q]},{"indexes":["b"],"blobs":[%[1]q]},{"indexes":["c"],`+
		`"blobs":[%[1]q]}]`, batch)
}

// resend sends again the spans and metrics that had no answer. Data points are exempt from the rule that a body counts
// once: they stay out.
func (k *killer) resend(c *e2e.Program) {
	for batch := range k.spans.open {
		if !posted(http.DefaultClient, c.URL("ingest")+"/v1/traces", k.spanBatch(batch)) {
			k.t.Errorf("batch %s is not taken when it is sent again", batch)
			continue
		}
		k.spans.acknowledged(batch)
	}
	k.resendNumbers(c)
}

// check compares what is stored with the ledgers.
func (k *killer) check(c *e2e.Program, when string) {
	k.t.Helper()
	spans := k.settled(c, when+": spans", k.spans, 0, "batch")
	points := k.settled(c, when+": data points", k.points, 2, "blob1")
	total := 0
	for _, n := range spans {
		total += n
	}
	k.t.Logf("%s: %d spans in %d batches, %d batches of data points; starts inserted %d rows and took at most %s",
		when, total, len(spans), len(points), k.missing, k.slowest.Round(time.Millisecond))
	k.checkNumbers(c, when)
	k.checkTotals(c, when, total)
}

// checkTotals holds that totals of three widths are the number of spans that are stored.
func (k *killer) checkTotals(c *e2e.Program, when string, total int) {
	k.t.Helper()
	for _, metric := range []string{"edge_service_requests", "edge_colo_requests:5m", "edge_route_requests:1h"} {
		text := fmt.Sprintf(`sum(sum_over_time({__name__=%q,service_name="kill"}[4h]))`, metric)
		var got float64
		runtest.Eventually(k.t, func() string {
			return fmt.Sprintf("%s: %s is %v, %d spans are stored", when, metric,
				got, total)
		}, func() bool {
			got = k.value(c, text)
			return got >= float64(total)
		})
		if got != float64(total) {
			k.t.Errorf("%s: %s is %v, %d spans are stored", when, metric, got, total)
		}
	}
}

// compare holds that every acknowledged batch is stored with all of its records, and no batch twice or in part.
func compare(t *testing.T, what string, l *ledger, stored map[string]int) {
	t.Helper()
	for batch, want := range l.acked {
		if got := stored[batch]; got != want {
			t.Errorf("%s: of the acknowledged batch %s %d records are stored, want %d", what, batch, got, want)
		}
	}
	for batch, got := range stored {
		if want, open := l.open[batch]; open && got != want {
			t.Errorf("%s: of batch %s, which had no answer, %d records are stored, want all %d or none", what, batch,
				got, want)
		}
	}
	if len(l.acked) < 10 {
		t.Errorf("%s: only %d batches were acknowledged: that proves nothing", what, len(l.acked))
	}
}

// settled returns the rows of each batch when the engine shows all that was acknowledged, which takes it about a
// second.
func (k *killer) settled(c *e2e.Program, what string, l *ledger, kind int, field string) map[string]int {
	k.t.Helper()
	var rows map[string]int
	var missing int
	runtest.Eventually(k.t, func() string {
		return fmt.Sprintf("%s: %d acknowledged batches are not there", what,
			missing)
	}, func() bool {
		rows, missing = k.stored(c, kind, field), 0
		for batch := range l.acked {
			if rows[batch] == 0 {
				missing++
			}
		}
		return missing == 0
	})
	compare(k.t, what, l, rows)
	return rows
}

// stored counts the rows of each batch, which the field names.
func (k *killer) stored(c *e2e.Program, kind int, field string) map[string]int {
	k.t.Helper()
	form := url.Values{
		"query": {"* | stats by (" + field + ") count() n"},
		"start": {k.began.Add(-time.Hour).Format(time.RFC3339)}, "end": {k.began.Add(time.Hour).Format(time.RFC3339)},
	}
	req, err := http.NewRequestWithContext(k.t.Context(), http.MethodPost, c.URL("query")+"/select/logsql/query",
		strings.NewReader(form.Encode()))
	if err != nil {
		k.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("ProjectID", strconv.Itoa(kind))
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		k.t.Fatal(err)
	}
	defer res.Body.Close()
	rows := map[string]int{}
	for d := json.NewDecoder(res.Body); ; {
		var row map[string]string
		if err := d.Decode(&row); err != nil {
			if err != io.EOF {
				k.t.Fatalf("rows of kind %d: %v", kind, err)
			}
			return rows
		}
		n, _ := strconv.Atoi(row["n"])
		rows[row[field]] = n
	}
}

// value asks MetricsQL for one number.
func (k *killer) value(c *e2e.Program, text string) float64 {
	k.t.Helper()
	type answer struct {
		Data struct {
			Result []struct{ Value [2]any }
		}
	}
	a := runtest.Ask[answer](k.t, c.URL("query")+"/api/v1/query?query="+url.QueryEscape(text))
	if len(a.Data.Result) == 0 {
		return 0
	}
	n, _ := strconv.ParseFloat(fmt.Sprint(a.Data.Result[0].Value[1]), 64)
	return n
}

// wait lets the load run for a while.
func wait(ctx context.Context, long time.Duration) {
	timer := time.NewTimer(long)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
