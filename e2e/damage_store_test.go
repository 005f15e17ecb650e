package e2e_test

import (
	"fmt"
	"io"
	"io/fs"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"edgescope/e2e"
	"edgescope/internal/run/runtest"
)

// whole is the data directory of a collector that was stopped, started again and killed. It holds spans of two days,
// logs, data points, metrics, and a log.
type whole struct {
	dir string
	now time.Time
	// before and after are the rows of each kind and day that came before the stop, and those of the second run, which
	// are in the log.
	before, after map[string]int
}

// damageKinds are the kinds of events, each with the folder that has it and the number by which it is asked for.
var damageKinds = []struct {
	folder, number string
}{{"spans", "0"}, {"logs", "1"}, {"datapoints", "2"}}

func newWhole(t *testing.T) *whole {
	t.Helper()
	w := &whole{
		dir: filepath.Join(t.TempDir(), "whole"), now: inADay(time.Now()), before: map[string]int{},
		after: map[string]int{},
	}
	c, _ := startCollector(t, w.dir)
	w.write(t, c, "yesterday")
	w.write(t, c, "first")
	w.before[w.yesterday()] = w.rows("yesterday")
	for kind := range damageKinds {
		w.before[w.today(kind)] = w.rows("first")
	}
	w.settle(t, c, w.before)
	if err := c.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	c, _ = startCollector(t, w.dir)
	w.write(t, c, "second")
	w.onDisk(t)
	w.write(t, c, "third") // is in the log alone
	for kind := range damageKinds {
		w.after[w.today(kind)] = w.rows("second") + w.rows("third")
	}
	if err := c.Kill(); err != nil {
		t.Fatal(err)
	}
	return w
}

// inADay returns a time whose minute before is of the same day.
func inADay(t time.Time) time.Time {
	if early := t.UTC().Truncate(24 * time.Hour).Add(time.Minute); t.Before(early) {
		return early
	}
	return t
}

// onDisk waits until the engines have written what the second run sent.
func (w *whole) onDisk(t *testing.T) {
	t.Helper()
	lists := []string{
		"spans/partitions/*/datadb", "logs/partitions/*/datadb", "datapoints/partitions/*/datadb",
		"metrics/data/small/*",
	}
	began := time.Now()
	runtest.Eventually(t, func() string { return "the engines have not written a part since the second start" },
		func() bool {
			for _, pattern := range lists {
				newest := time.Time{}
				files, _ := filepath.Glob(filepath.Join(w.dir, pattern, "parts.json"))
				for _, f := range files {
					if info, err := os.Stat(f); err == nil && info.ModTime().After(newest) {
						newest = info.ModTime()
					}
				}
				if newest.Before(began) {
					return false
				}
			}
			return true
		})
}

func (w *whole) today(kind int) string {
	return damageKinds[kind].folder + " " + w.now.UTC().Format("20060102")
}

func (w *whole) yesterday() string {
	return "spans " + w.now.Add(-24*time.Hour).UTC().Format("20060102")
}

// rows is how many events of each kind a batch has.
func (w *whole) rows(batch string) int {
	if batch == "third" || batch == "afterwards" {
		return 15
	}
	return 150
}

// write sends a batch of every kind, but of yesterday spans only.
func (w *whole) write(t *testing.T, c *e2e.Program, batch string) {
	t.Helper()
	at := w.now
	if batch == "yesterday" {
		at = at.Add(-24 * time.Hour)
	}
	w.send(t, c, "/v1/traces", w.body(batch, `{"resourceSpans":[{%s,"scopeSpans":[{"spans":[%s]}]}]}`,
		func(i int) string {
			end := at.Add(-time.Duration(i) * 10 * time.Millisecond).UnixNano()
			return fmt.Sprintf(`{"traceId":"%032x","spanId":"%016x","kind":2,"name":"GET /r%d","startTimeUnixNano":"%d",`+
				`"endTimeUnixNano":"%d",`+
				`"attributes":[{"key":"batch","value":{"stringValue":%q}},{"key":"http.route","value":{"stringValue":"/r%d"}},`+
				`{"key":"http.response.status_code","value":{"intValue":"%d"}},{"key":"client.address",`+
				`"value":{"stringValue":"10.1.%d.7"}},`+
				`{"key":"score","value":{"doubleValue":%d.25}},{"key":"size","value":{"intValue":"%d"}},{"key":"when",`+
				`"value":{"stringValue":"2026-01-02T03:04:%02d.000Z"}},`+
				`{"key":"offset","value":{"intValue":"-%d"}},{"key":"text",`+
				`"value":{"stringValue":"needle %s of %d, and something unlike %x"}}]}`,
				end, i+1, i%4, end-int64(i+1)*1e6, end, batch, i%4, 200+i%3*100, i%250, i, i*7919, i%60, i+1,
				strings.Repeat("hay ", i%30), i, end)
		}))
	if batch == "yesterday" {
		return
	}
	w.send(t, c, "/v1/logs", w.body(batch, `{"resourceLogs":[{%s,"scopeLogs":[{"logRecords":[%s]}]}]}`,
		func(i int) string {
			return fmt.Sprintf(`{"timeUnixNano":"%d","severityNumber":9,"body":{"stringValue":"needle %d of %s, %x"}}`,
				at.UnixNano()-int64(i)*1e6, i, batch, i*7919)
		}))
	w.send(t, c, "/v1/metrics", w.body(batch, `{"resourceMetrics":[{%s,`+
		`"scopeMetrics":[{"metrics":[{"name":"damage_gauge","gauge":{"dataPoints":[%s]}}]}]}]}`, func(i int) string {
		return fmt.Sprintf(`{"timeUnixNano":"%d","asInt":"%d","attributes":[{"key":"series",`+
			`"value":{"stringValue":"s%d"}},{"key":"batch","value":{"stringValue":%q}}]}`,
			at.UnixNano()-int64(i)*1e9, i, i%40, batch)
	}))
	var points []string
	for i := range w.rows(batch) {
		points = append(points, fmt.Sprintf(`{"indexes":["i%d"],"blobs":[%q,"needle %d"],"doubles":[%d.5,1]}`, i%5,
			batch, i, i))
	}
	w.send(t, c, "/v1/datapoints/damage", "["+strings.Join(points, ",")+"]")
}

const damageResource = `"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"damage"}},` +
	`{"key":"cloud.region","value":{"stringValue":"fra1"}},` +
	`{"key":"cloud.platform","value":{"stringValue":"cloudflare.workers"}}]}`

// body is what a batch holds of a kind, in its form.
func (w *whole) body(batch, form string, one func(i int) string) string {
	var all []string
	for i := range w.rows(batch) {
		all = append(all, one(i))
	}
	return fmt.Sprintf(form, damageResource, strings.Join(all, ","))
}

func (w *whole) send(t *testing.T, c *e2e.Program, path, body string) {
	t.Helper()
	if status, answer := runtest.Post(t, c.URL("ingest")+path, "application/json", "",
		[]byte(body)); status != http.StatusOK {
		t.Fatalf("POST %s: %d %s", path, status, answer)
	}
}

// copy makes a data directory of the whole one: the engines' files, which never change, are links.
func (w *whole) copy(t *testing.T) string {
	t.Helper()
	to := filepath.Join(t.TempDir(), "data")
	err := filepath.WalkDir(w.dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(w.dir, path)
		if err != nil {
			return err
		}
		target := filepath.Join(to, rel)
		if e.IsDir() {
			return os.MkdirAll(target, 0o750)
		}
		if partName.MatchString("/" + rel) {
			return os.Link(path, target)
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(target, b, 0o600)
	})
	if err != nil {
		t.Fatal(err)
	}
	return to
}

// least is how many rows of each kind and day must be there when something is damaged: of that day what the log has,
// and of a log what the store had before.
func (w *whole) least(path string) map[string]int {
	least := map[string]int{}
	folder, rest, _ := strings.Cut(path, "/")
	for _, of := range []map[string]int{w.before, w.after} {
		for day, n := range of {
			kind, date, _ := strings.Cut(day, " ")
			inStore := folder == kind && (strings.Contains(rest, date) || !strings.Contains(rest, "partitions/"))
			inLog := folder == "wal" && !strings.Contains(rest, "checkpoint")
			switch beforeStop := fmt.Sprint(of) == fmt.Sprint(w.before); {
			case inStore && beforeStop, inLog && !beforeStop:
				least[day] += 0
			default:
				least[day] += n
			}
		}
	}
	return least
}

// compare holds that nothing is there twice, that what must be there is, and that what is missing is told.
func (w *whole) compare(t *testing.T, got, least map[string]int, told string) {
	t.Helper()
	all := maps.Clone(w.before)
	for day, n := range w.after {
		all[day] += n
	}
	lost := false
	for day, n := range all {
		if got[day] > n || got[day] < least[day] {
			t.Errorf("%s: %d rows, want %d, and at least %d", day, got[day], n, least[day])
		}
		lost = lost || got[day] < n
	}
	if lost && !strings.Contains(told, "damaged") && !strings.Contains(told, "lacks records") &&
		!strings.Contains(told, "not completed") {
		t.Errorf("rows are missing, and the log does not tell: got %v, want %v\n%s", got, all, told)
	}
	if t.Failed() {
		t.Logf("log of the collector:\n%s", told)
	}
}

// settle returns the rows of each kind and day when there are as many as must be, or after a few seconds.
func (w *whole) settle(t *testing.T, c *e2e.Program, least map[string]int) map[string]int {
	t.Helper()
	var got map[string]int
	for range 40 {
		got = map[string]int{}
		enough := true
		for kind := range damageKinds {
			w.count(t, c, kind, got)
		}
		for day, n := range least {
			enough = enough && got[day] >= n
		}
		if enough {
			break
		}
		wait(t.Context(), 250*time.Millisecond)
	}
	return got
}

// count asks for the rows of a kind by day.
func (w *whole) count(t *testing.T, c *e2e.Program, kind int, days map[string]int) {
	t.Helper()
	for back := range 2 {
		day := w.now.Add(-time.Duration(back) * 24 * time.Hour).UTC().Truncate(24 * time.Hour)
		status, answer := w.logsql(t, c, kind, "query", url.Values{
			"query": {"* | stats count() n"}, "start": {day.Format(time.RFC3339)},
			"end": {day.Add(24 * time.Hour).Format(time.RFC3339)},
		})
		var n int
		if _, err := fmt.Sscanf(answer, `{"n":"%d"}`, &n); status != http.StatusOK || err != nil && answer != "" {
			t.Fatalf("count of %s: %d %s", damageKinds[kind].folder, status, answer)
		}
		if n > 0 {
			days[damageKinds[kind].folder+" "+day.Format("20060102")] = n
		}
	}
}

func (w *whole) logsql(t *testing.T, c *e2e.Program, kind int, what string, form url.Values) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, c.URL("query")+"/select/logsql/"+what,
		strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("ProjectID", damageKinds[kind].number)
	return answered(t, req)
}

func answered(t *testing.T, req *http.Request) (status int, answer string) {
	t.Helper()
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatalf("%s: %v", req.URL.Path, err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatalf("%s: %v", req.URL.Path, err)
	}
	return res.StatusCode, string(body)
}

// askAll asks everything that reads another part of what is stored. Each question has an answer.
func (w *whole) askAll(t *testing.T, c *e2e.Program) {
	t.Helper()
	form := func(more ...string) url.Values {
		v := url.Values{
			"start": {w.now.Add(-30 * time.Hour).Format(time.RFC3339)},
			"end":   {w.now.Add(time.Hour).Format(time.RFC3339)},
		}
		for i := 0; i < len(more); i += 2 {
			v.Set(more[i], more[i+1])
		}
		return v
	}
	holds := func(what string, status int, answer string) {
		t.Helper()
		if status != http.StatusOK {
			t.Errorf("%s: %d %.300s", what, status, answer)
		}
	}
	for kind := range damageKinds {
		for _, query := range []string{
			"*", `{service.name="damage"}`, "needle", "* | sort by (_time) desc | limit 5",
			"* | stats by (service.name, cloud.region, _time:1h) count() n, count_uniq(_stream) s",
			`client.address:ipv4_range(10.1.0.0, 10.1.9.255) or score:>3 or when:2026`,
			"* | stats quantile(0.9, size) q, max(offset) m, min(score) l",
		} {
			status, answer := w.logsql(t, c, kind, "query", form("query", query))
			holds(query, status, answer)
		}
		for what, more := range map[string][]string{
			"field_names": {"query", "*"}, "field_values": {"query", "*", "field", "batch"},
			"hits": {"query", "*", "step", "1h", "field", "service.name"},
		} {
			status, answer := w.logsql(t, c, kind, what, form(more...))
			holds(what, status, answer)
		}
	}
	for _, path := range []string{
		"/api/v1/query?query=" + url.QueryEscape(`sum(sum_over_time({__name__!=""}[2d])) by (__name__)`),
		"/api/v1/query?query=" + url.QueryEscape(`damage_gauge[1d]`),
		"/api/v1/series?" + form("match[]", `{__name__!=""}`).Encode(), "/api/v1/labels",
		"/api/v1/label/service_name/values",
		"/api/v1/label/__name__/values?" + form().Encode(), "/api/v1/status/tsdb",
		"/api/v1/query_range?" + form("step", "300", "query", `sum(edge_service_requests) by (service_name)`).Encode(),
		"/api/edge/v1/overview?range=24h", "/api/edge/v1/traces?range=24h", "/api/edge/v1/regions?range=24h",
		"/metrics",
	} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, c.URL("query")+path, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		status, answer := answered(t, req)
		holds(path, status, answer)
	}
}
