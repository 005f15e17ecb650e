package web_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/csv"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"
	"go.uber.org/goleak"

	"edgescope/query"
	"edgescope/query/client"
	"edgescope/web"
	"edgescope/web/part"
	"edgescope/web/webtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// now is the clock of all tests.
var now = webtest.Now

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

// open makes a dashboard over a collector.
func open(t *testing.T, collector string) *web.Site {
	t.Helper()
	client, err := client.New(collector, &http.Client{Transport: &http.Transport{DisableKeepAlives: true}})
	if err != nil {
		t.Fatal(err)
	}
	site, err := web.New(web.Options{
		Client: client, Collector: collector, Ingest: "http://127.0.0.1:4318", Log: quiet(), Every: time.Millisecond,
		Targets: part.Targets{P95: 150, ErrorRatio: .001}, Now: func() time.Time { return now },
	})
	if err != nil {
		t.Fatal(err)
	}
	return site
}

// over makes a dashboard over a fake collector.
func over(t *testing.T, f *webtest.Collector) *web.Site {
	t.Helper()
	return open(t, startFake(t, f).URL)
}

// startFake serves a collector with made numbers for the length of a test.
func startFake(t *testing.T, f *webtest.Collector) *httptest.Server {
	t.Helper()
	server := httptest.NewServer(f)
	t.Cleanup(server.Close)
	return server
}

// get asks for a path; headers are pairs.
func get(t *testing.T, h http.Handler, path string, headers ...string) *http.Response {
	t.Helper()
	r := httptest.NewRequest(http.MethodGet, path, http.NoBody)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result()
}

func body(t *testing.T, resp *http.Response) string {
	t.Helper()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// document asks for a page and parses it.
func document(t *testing.T, h http.Handler, path string, status int) *goquery.Document {
	t.Helper()
	resp := get(t, h, path)
	html := body(t, resp)
	if resp.StatusCode != status {
		t.Fatalf("%s: status %d, want %d:\n%.800s", path, resp.StatusCode, status, html)
	}
	strict(t, path, resp, html)
	d, err := goquery.NewDocumentFromReader(strings.NewReader(html))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

var (
	inlineStyle  = regexp.MustCompile(`<[^>]*\sstyle\s*=`)
	inlineScript = regexp.MustCompile(`<[^>]*\son[a-z]+\s*=`)
)

// strict holds a page to the content security policy: what it forbids is not there, and the policy is.
func strict(t *testing.T, path string, resp *http.Response, html string) {
	t.Helper()
	if m := inlineStyle.FindString(html); m != "" {
		t.Errorf("%s has a style attribute: %.200s", path, m)
	}
	if m := inlineScript.FindString(html); m != "" {
		t.Errorf("%s has an event attribute: %.200s", path, m)
	}
	csp := resp.Header.Get("Content-Security-Policy")
	if !strings.HasPrefix(csp, "default-src 'none'; ") || strings.Contains(csp, "unsafe") {
		t.Errorf("%s: content security policy is %q", path, csp)
	}
	for header, want := range map[string]string{
		"X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin",
		"Vary": "HX-Request-Type, Accept-Encoding, Cookie", "Cache-Control": "no-store",
	} {
		if got := resp.Header.Get(header); got != want {
			t.Errorf("%s: %s is %q, want %q", path, header, got, want)
		}
	}
}

func testid(d *goquery.Document, id string) *goquery.Selection {
	return d.Find(`[data-testid="` + id + `"]`)
}

// allPages are the pages, with what each must show when there is data.
var allPages = map[string][]string{
	"/": {
		"glance",
		"finding", "tile-requests", "tile-cpu", "chart-latency", "map", "table-regions",
		"table-losing", "chart-heatmap",
	},
	"/regions":     {"table-regions", "map", "chart-heatmap"},
	"/regions/GRU": {"tile-p95", "chart-latency", "times", "table-times", "table-routes", "table-versions", "table-slowest"},
	"/cold-starts": {
		"tile-cold-cost", "tile-cold-adds", "chart-rate", "chart-distribution",
		"table-regions", "table-versions", "table-routes", "known",
	},
	"/cold-starts/model": {
		"cold-read", "table-cold-services", "cold-state", "tile-tau50", "table-causes", "causes-sum", "chart-curve",
		"table-what-if", "table-kept", "kept-note", "table-cold-model-regions",
	},
	"/cache": {
		"tile-cache", "tile-extra", "chart-outcomes", "table-routes", "table-regions", "table-latency",
	},
	"/slo": {
		"promises", "tile-slo-0", "tile-slo-3", "chart-budget-30", "table-slo", "table-burns",
	},
	"/alerts": {
		"alerts", "alerts-problem", "table-firing", "table-pending", "table-past", "table-silences", "table-receivers",
		"table-rules", "alert-commands",
	},
	"/versions": {
		"worse", "table-deploys", "table-version-routes", "table-changes", "version-notes", "table-versions",
	},
	"/routing": {
		"tabs", "routing", "table-zones", "table-breaches", "advice", "table-countries", "table-regions", "meaning",
	},
	"/cache/advice": {"tabs", "advice", "table-keys", "meaning"},
	"/explain":      {"verdict", "looked", "table-causes", "table-attributes"},
	"/wasm/porting": {"tabs", "porting-bench", "movable", "table-ports", "table-services", "meaning"},
	"/wasm": {
		"control", "tile-ratio-small", "tile-isolate-wasm", "ratios", "meaning",
		"table-numbers", "table-starts", "table-comparisons", "chart-engines", "table-engines",
	},
	"/cost": {
		"budget", "tile-today", "tile-to-date", "tile-forecast", "tile-per-million", "tile-range", "missing", "table-accounts",
		"table-cost-routes", "table-meters", "table-elsewhere-0", "table-invoices", "table-prices",
	},
	"/limits": {
		"limits", "tile-limit-0", "tile-limit-3", "table-limits", "missing", "chart-forecast", "table-periods", "table-quotas",
		"table-plans", "unknown",
	},
	"/traces":                    {"facet-region", "facet-status", "chart-durations", "table-traces", "next"},
	"/traces/" + webtest.TraceID: {"waterfall", "missing", "trace-id"},
	"/runs":                      {"table-runs"},
	"/runs/" + webtest.RunID: {
		"verdict", "client-view", "edge-view", "table-thresholds", "table-baseline",
		"table-steps", "table-edge-regions",
	},
}

func TestPagesShowWhatTheyMust(t *testing.T) {
	site := over(t, webtest.New(webtest.Places))
	for path, ids := range allPages {
		d := document(t, site, path, http.StatusOK)
		for _, id := range ids {
			if testid(d, id).Length() != 1 {
				t.Errorf("%s has %d elements %q, want one", path, testid(d, id).Length(), id)
			}
		}
		if n := d.Find("h1").Length(); n != 1 {
			t.Errorf("%s has %d h1, want one", path, n)
		}
		for _, landmark := range []string{"header.bar nav[aria-label]", "main#main", `form[role="search"]`, "a.skip"} {
			if d.Find(landmark).Length() != 1 {
				t.Errorf("%s lacks %s", path, landmark)
			}
		}
		if text := d.Find("main").Text(); strings.Contains(text, "NaN") || strings.Contains(text, "Inf") {
			t.Errorf("%s shows a number that is none: %.300s", path, text)
		}
	}
}

func TestOnlyPagesOfARangeOfferRanges(t *testing.T) {
	site := over(t, webtest.New(3))
	for path := range allPages {
		offered := document(t, site, path, http.StatusOK).Find(`[aria-label="Range"]`).Length() == 1
		if want := !strings.HasPrefix(path, "/runs") && path != "/traces/"+webtest.TraceID; offered != want {
			t.Errorf("%s offers ranges: %v, want %v", path, offered, want)
		}
	}
}

func TestPagesWithoutAnyRowSaySo(t *testing.T) {
	f := webtest.New(3)
	f.Bare = true
	site := over(t, f)
	for path, id := range map[string]string{
		"/": "empty-regions", "/regions": "empty-regions", "/regions/FRA": "empty-routes",
		"/cold-starts": "empty-regions", "/cold-starts/model": "empty-cold-services", "/cache": "empty-routes",
		"/slo": "empty-slo", "/wasm": "empty-wasm", "/wasm/porting": "empty-porting", "/traces": "empty-traces", "/runs": "empty-runs", "/cost": "empty-cost-routes",
		"/limits":                "empty-limits",
		"/versions":              "empty-deploys",
		"/runs/" + webtest.RunID: "empty-steps",
	} {
		d := document(t, site, path, http.StatusOK)
		if strings.TrimSpace(testid(d, id).Text()) == "" {
			t.Errorf("%s does not say that there is nothing (%s)", path, id)
		}
		if strings.Contains(d.Find("main").Text(), "NaN") {
			t.Errorf("%s shows NaN", path)
		}
	}
}

func TestAbsentNumbersAreNotZeros(t *testing.T) {
	f := webtest.New(3)
	f.Bare = true
	d := document(t, over(t, f), "/", http.StatusOK)
	for _, id := range []string{"p50", "p95", "p99", "errors", "cold", "cache", "cpu"} {
		if got := testid(d, "tile-"+id).Find(".value").Text(); got != "–" {
			t.Errorf("tile %s shows %q, want an absent number", id, got)
		}
	}
}

func TestAStoreThatNeverReceivedAnythingShowsHowToSend(t *testing.T) {
	f := webtest.New(3)
	f.Empty = true
	site := over(t, f)
	for _, path := range []string{"/", "/regions", "/regions/FRA", "/cold-starts", "/cold-starts/model", "/cache", "/traces"} {
		d := document(t, site, path, http.StatusOK)
		curl := testid(d, "curl").Text()
		if !strings.Contains(curl, "curl -sS http://127.0.0.1:4318/v1/traces") {
			t.Errorf("%s shows %q", path, curl)
		}
		if path != "/" {
			continue
		}
		_, payload, _ := strings.Cut(curl, "-d '")
		if !json.Valid([]byte(strings.TrimSuffix(payload, "'"))) {
			t.Errorf("the example's body is no JSON: %s", payload)
		}
	}
	if n := testid(document(t, site, "/runs", http.StatusOK), "table-runs").Length(); n != 1 {
		t.Error("a store with nothing but load tests does not show them")
	}
}

func TestAnUnreachableCollectorIsAPageOfItsOwn(t *testing.T) {
	gone := httptest.NewServer(http.NotFoundHandler())
	address := gone.URL
	gone.Close()
	site := open(t, address)
	for path := range allPages {
		d := document(t, site, path, http.StatusBadGateway)
		problem := testid(d, "problem")
		if !strings.Contains(problem.Text(), address) || problem.Find("a.button").Text() != "Retry" ||
			d.Find("header.bar nav a").Length() != 12 {
			t.Errorf("%s: want the whole shell, the address %s and Retry; got %q", path, address, problem.Text())
		}
		if href, _ := problem.Find("a.button").Attr("href"); href != path {
			t.Errorf("%s: Retry leads to %q", path, href)
		}
	}
	if resp := get(t, site, "/readyz"); resp.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("/readyz: status %d, want 503", resp.StatusCode)
	}
	if resp := get(t, site, "/healthz"); resp.StatusCode != http.StatusOK {
		t.Errorf("/healthz: status %d, want 200", resp.StatusCode)
	}
}

func TestABadValueKeepsTheFormAndPointsAtTheSpot(t *testing.T) {
	site := over(t, webtest.New(3))
	f := func(rawQuery, key string) {
		t.Helper()
		d := document(t, site, "/regions?"+rawQuery, http.StatusBadRequest)
		got := testid(d, "bad-field").Text()
		if !strings.Contains(got, key) {
			t.Errorf("%s: the page says %q, want the key %s", rawQuery, got, key)
		}
	}
	f("range=never", "range")
	f("p=42", "p")
	f("sort=colour", "sort")
	f("cold=lukewarm", "cold")
	f("from=2026-01-02T15:04:05Z", "from")
	d := document(t, site, "/regions?service=catalog&q="+url.QueryEscape("route:/a colour:red"), http.StatusBadRequest)
	if v, _ := d.Find(`input[name="q"]`).Attr("value"); v != "route:/a colour:red" {
		t.Errorf("the filter's field holds %q: what was typed is lost", v)
	}
	if v, _ := d.Find(`select[name="service"] option[selected]`).Attr("value"); v != "catalog" {
		t.Errorf("the form's service is %q, want the chosen one", v)
	}
	lines := strings.Split(strings.Trim(testid(d, "bad-field").Find("pre").Text(), "\n\t"), "\n")
	if len(lines) != 2 || strings.Index(lines[1], "^") != strings.Index(lines[0], "colour") {
		t.Errorf("the caret is not under the bad word: %q", lines)
	}
}

func TestWhatIsNotThereIs404WithTheShell(t *testing.T) {
	site := over(t, webtest.New(3))
	for _, path := range []string{
		"/traces/" + strings.Repeat("a", 32), "/runs/" + strings.Repeat("b", 32), "/nonsense",
	} {
		d := document(t, site, path, http.StatusNotFound)
		if testid(d, "problem").Length() != 1 {
			t.Errorf("%s has no explanation", path)
		}
	}
}

func TestErrorsOfTheCollectorKeepTheirReason(t *testing.T) {
	f := webtest.New(3)
	f.Fail = func(w http.ResponseWriter, _ *http.Request) bool {
		w.WriteHeader(http.StatusUnprocessableEntity)
		_ = json.NewEncoder(w).Encode(&query.APIError{Message: "the question needs 3 million series"})
		return true
	}
	d := document(t, over(t, f), "/", http.StatusBadGateway)
	if text := testid(d, "problem").Text(); !strings.Contains(text, "3 million series") {
		t.Errorf("the page says %q", text)
	}
}

func TestStripsTellTheStateOfTheData(t *testing.T) {
	f := webtest.New(3)
	f.Alter = func(a *query.About) {
		a.Partial, a.Estimated, a.Overflow = "1 of 3 storage nodes did not answer", true, 1234
		a.LastEvent, a.Notes = now.Add(-4*time.Minute), []string{"the filter route is not kept by region"}
	}
	d := document(t, over(t, f), "/", http.StatusOK)
	for id, want := range map[string]string{
		"partial": "1 of 3", "estimated": "Estimated", "overflow": "1\u202f234", "stale": "240",
	} {
		if text := testid(d, id).Text(); !strings.Contains(text, want) {
			t.Errorf("strip %s says %q, want %q", id, text, want)
		}
	}
	if text := testid(d, "tile-requests").Find(".value").Text(); !strings.HasPrefix(text, "≥") {
		t.Errorf("a partial count is shown as %q, want a lower bound", text)
	}
	if !strings.Contains(d.Find("#content").Text(), "not kept by region") {
		t.Error("the answer's note is not on the page")
	}
}

func TestLinksKeepEveryOtherKey(t *testing.T) {
	site := over(t, webtest.New(webtest.Places))
	const path = "/regions?route=%2Fimg%2F%2A&service=catalog&version=v142"
	d := document(t, site, path+"&range=24h", http.StatusOK)
	check := func(selector string) {
		t.Helper()
		links := d.Find(selector)
		if links.Length() == 0 {
			t.Errorf("no %s", selector)
		}
		links.Each(func(_ int, a *goquery.Selection) {
			href, _ := a.Attr("href")
			u, err := url.Parse(href)
			if err != nil {
				t.Fatal(err)
			}
			v := u.Query()
			if v.Get("service") != "catalog" || v.Get("version") != "v142" || v.Get("route") != "/img/*" {
				t.Errorf("%s %q loses a key: %s", selector, a.Text(), href)
			}
		})
	}
	check("thead a")
	check("nav a")
	check(".controls .segments a")
	check("tbody th a")
	check(".exports a")
	if sorted := d.Find(`th[aria-sort="descending"]`); sorted.Length() != 1 ||
		!strings.HasPrefix(sorted.Text(), "p95") {
		t.Errorf("the sorted column is %q, want p95, the default", sorted.Text())
	}
	if current := d.Find(".controls .segments [aria-current]"); current.Text() != "24h" {
		t.Errorf("the current range is %q", current.Text())
	}
}

func TestTheSortedColumnTurnsRound(t *testing.T) {
	f := func(path, column, want string) {
		t.Helper()
		d := document(t, over(t, webtest.New(3)), path, http.StatusOK)
		got := ""
		d.Find("thead a").Each(func(_ int, a *goquery.Selection) {
			if strings.HasPrefix(a.Text(), column) {
				got, _ = a.Attr("href")
			}
		})
		if got != want {
			t.Errorf("%s, %s: leads to %q, want %q", path, column, got, want)
		}
	}
	f("/regions", "p95", "/regions?sort=p95")
	f("/regions", "p99", "/regions?sort=-p99")
	f("/regions?sort=-p99", "p99", "/regions?sort=p99")
	f("/regions?sort=p99", "p95", "/regions")
	f("/regions", "region", "/regions?sort=name")
	f("/traces", "start", "/traces?sort=start")
}

func TestAllRegionsAreNamedWithLinks(t *testing.T) {
	fake := webtest.New(100)
	d := document(t, over(t, fake), "/regions", http.StatusOK)
	for _, r := range fake.Rows {
		if r.Name != "" && d.Find(`tbody th[scope="row"] a[href="/regions/`+r.Name+`"]`).Length() != 1 {
			t.Errorf("region %s has no row that leads to its page", r.Name)
		}
	}
	if n := d.Find(`table[data-testid="table-regions"] tbody tr`).Length(); n != 100 {
		t.Errorf("%d rows, want 100", n)
	}
}

func TestFewSamplesAreGreyedWithTheirNumber(t *testing.T) {
	fake := webtest.New(3)
	fake.Rows[1].Samples = 7
	d := document(t, over(t, fake), "/regions", http.StatusOK)
	row := testid(d, "table-regions").Find("tbody tr").Eq(1)
	if got := row.Find(".few small").First().Text(); got != "n=7" {
		t.Errorf("the row of 7 samples says %q, want n=7", got)
	}
	if testid(d, "table-regions").Find("tbody tr").Eq(0).Find(".few").Length() != 0 {
		t.Error("a row of many samples is greyed")
	}
}

func TestStatesAreGlyphAndWord(t *testing.T) {
	d := document(t, over(t, webtest.New(webtest.Places)), "/regions", http.StatusOK)
	d.Find(`[data-testid="table-regions"] .badge`).Each(func(_ int, b *goquery.Selection) {
		if !regexp.MustCompile(`^[✓!✕·] \S`).MatchString(b.Text()) {
			t.Errorf("a state reads %q: want a glyph and a word", b.Text())
		}
	})
}

func TestTextOfTelemetryStaysText(t *testing.T) {
	site := over(t, webtest.New(3))
	resp := get(t, site, "/traces/"+webtest.TraceID)
	html := body(t, resp)
	if strings.Contains(html, "<script>alert") || !strings.Contains(html, "&lt;script&gt;alert") {
		t.Error("an attribute's markup is not escaped")
	}
}

func TestTheWaterfallIsATree(t *testing.T) {
	d := document(t, over(t, webtest.New(3)), "/traces/"+webtest.TraceID, http.StatusOK)
	var levels []string
	testid(d, "waterfall").Find("tbody tr").Each(func(_ int, tr *goquery.Selection) {
		level, _ := tr.Attr("aria-level")
		levels = append(levels, level)
	})
	if got := strings.Join(levels, ""); got != "12333431" {
		t.Errorf("levels are %s, want 12333431", got)
	}
	if !strings.Contains(testid(d, "waterfall").Text(), "! parent not received") {
		t.Error("the span without its parent is not marked")
	}
}

func TestTablesAsCSVAndJSON(t *testing.T) {
	site := over(t, webtest.New(webtest.Places))
	for _, path := range []string{
		"/overview", "/regions", "/regions/GRU", "/cold-starts", "/cold-starts/model", "/cache", "/slo", "/wasm", "/wasm/porting", "/traces", "/cost",
		"/limits", "/versions",
		"/traces/" + webtest.TraceID, "/runs", "/runs/" + webtest.RunID,
	} {
		resp := get(t, site, path+".csv?range=24h")
		records, err := csv.NewReader(resp.Body).ReadAll()
		if resp.StatusCode != http.StatusOK || err != nil || len(records) < 2 {
			t.Errorf("%s.csv: status %d, %d records, %v", path, resp.StatusCode, len(records), err)
			continue
		}
		var objects []map[string]any
		if err := json.Unmarshal([]byte(body(t, get(t, site, path+".json"))), &objects); err != nil ||
			len(objects) != len(records)-1 {
			t.Errorf("%s.json: %d objects for %d rows, %v", path, len(objects), len(records)-1, err)
			continue
		}
		for _, column := range records[0] {
			if _, ok := objects[0][column]; !ok {
				t.Errorf("%s.json lacks %q, which the CSV has", path, column)
			}
		}
	}
}

func TestACSVHoldsFullPrecisionAndNoNumberForAbsent(t *testing.T) {
	fake := webtest.New(webtest.Places)
	site := over(t, fake)
	records, err := csv.NewReader(get(t, site, "/regions.csv").Body).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	column := func(name string) int {
		for i, c := range records[0] {
			if c == name {
				return i
			}
		}
		t.Fatalf("no column %s in %v", name, records[0])
		return 0
	}
	if got := records[1][column("p50_ms")]; got != "57.97" {
		t.Errorf("p50 of GRU is %q, want 57.97", got)
	}
	last := records[len(records)-1]
	if last[column("region")] != "" || last[column("norm_ms")] != "" || last[column("cache_hit_ratio")] != "" {
		t.Errorf("absent values are %q, want empty", last)
	}
	for _, c := range records[0] {
		if c == "trend" {
			t.Error("a drawing is in the CSV")
		}
	}
}

func TestEveryExportLinkAnswers(t *testing.T) {
	site := over(t, webtest.New(webtest.Places))
	for path := range allPages {
		document(t, site, path, http.StatusOK).Find(".exports a").Each(func(_ int, a *goquery.Selection) {
			href, _ := a.Attr("href")
			if resp := get(t, site, href); resp.StatusCode != http.StatusOK {
				t.Errorf("%s links %s, which answers %d: %s", path, href, resp.StatusCode, body(t, resp))
			}
		})
	}
	if resp := get(t, site, "/regions.csv?table=nonsense"); resp.StatusCode != http.StatusNotFound {
		t.Errorf("an unknown table answers %d, want 404", resp.StatusCode)
	}
	if resp := get(t, site, "/regions.csv?range=never"); resp.StatusCode != http.StatusBadRequest {
		t.Errorf("a bad range answers %d, want 400", resp.StatusCode)
	}
}

func TestFormulasInACSVAreText(t *testing.T) {
	fake := webtest.New(2)
	fake.Rows[0].Name = "=1+2"
	text := body(t, get(t, over(t, fake), "/regions.csv"))
	if !strings.Contains(text, "\n'=1+2,") {
		t.Errorf("a spreadsheet would run it: %s", text)
	}
}

func TestGzip(t *testing.T) {
	site := over(t, webtest.New(webtest.Places))
	f := func(accept string, want bool) {
		t.Helper()
		resp := get(t, site, "/", "Accept-Encoding", accept)
		b := body(t, resp)
		if got := resp.Header.Get("Content-Encoding") == "gzip"; got != want {
			t.Errorf("%q: gzip is %v, want %v", accept, got, want)
		}
		if !want {
			return
		}
		z, err := gzip.NewReader(strings.NewReader(b))
		if err != nil {
			t.Fatal(err)
		}
		html, err := io.ReadAll(z)
		if err != nil || !bytes.HasSuffix(bytes.TrimSpace(html), []byte("</html>")) {
			t.Errorf("%q: the page does not unpack: %v", accept, err)
		}
	}
	f("gzip, deflate, br", true)
	f("br;q=1, gzip;q=0.5", true)
	f("", false)
	f("br", false)
	f("gzip;q=0", false)
}

func TestPagesStayWithinTheirSize(t *testing.T) {
	f := func(regions, limit int) {
		t.Helper()
		b := body(t, get(t, over(t, webtest.New(regions)), "/regions", "Accept-Encoding", "gzip"))
		if len(b) > limit {
			t.Errorf("%d regions: the page has %d bytes, the limit is %d", regions, len(b), limit)
		}
	}
	f(12, 60<<10)
	f(100, 150<<10)
}

func TestAPartialRequestGetsThePartOnly(t *testing.T) {
	site := over(t, webtest.New(3))
	part := body(t, get(t, site, "/regions", "HX-Request-Type", "partial", "HX-Request", "true"))
	if strings.Contains(part, "<html") || !strings.Contains(part, `data-testid="table-regions"`) {
		t.Errorf("a partial request gets %.300s", part)
	}
	whole := body(t, get(t, site, "/regions", "HX-Request-Type", "full", "HX-Request", "true"))
	if !strings.Contains(whole, "<html") {
		t.Error("a request for the whole page gets a part")
	}
}

func TestTheThemeIsACookie(t *testing.T) {
	site := over(t, webtest.New(3))
	f := func(target, location, value string, status int) {
		t.Helper()
		resp := get(t, site, target)
		got := ""
		for _, c := range resp.Cookies() {
			got = c.Value
		}
		if resp.StatusCode != status || resp.Header.Get("Location") != location || got != value {
			t.Errorf("%s: status %d, to %q, cookie %q; want %d, %q, %q", target, resp.StatusCode,
				resp.Header.Get("Location"), got, status, location, value)
		}
	}
	f("/theme?to=dark&back=%2Fregions%3Frange%3D6h", "/regions?range=6h", "dark", 303)
	f("/theme?to=auto&back=/", "/", "", 303)
	f("/theme?to=pink&back=/", "", "", 400)
	for _, evil := range []string{
		"//evil.example", "https://evil.example/", "/%5Cevil.example", "\\\\evil.example",
		"/%2Fevil.example", "/\tx", "", "javascript:alert(1)",
	} {
		f("/theme?to=light&back="+url.QueryEscape(evil), "/", "light", 303)
	}
	html := body(t, get(t, site, "/", "Cookie", "theme=dark"))
	if !strings.Contains(html, `data-theme="dark"`) {
		t.Error("the cookie does not choose the theme")
	}
	if html := body(t, get(t, site, "/", "Cookie", `theme="><script>`)); !strings.Contains(html, `data-theme=""`) {
		t.Error("a strange cookie is not ignored")
	}
}

// events reads a stream until ctx ends or emit has had enough.
func events(ctx context.Context, t *testing.T, url, lastID string, emit func(id, event, data string) bool) {
	t.Helper()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Last-Event-ID", lastID)
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if ct := resp.Header.Get("Content-Type"); ct != "text/event-stream" {
		t.Fatalf("%s is %q", url, ct)
	}
	id, event, data := "", "", ""
	for lines := bufio.NewScanner(resp.Body); lines.Scan(); {
		key, value, _ := strings.Cut(lines.Text(), ": ")
		switch key {
		case "id":
			id = value
		case "event":
			event = value
		case "data":
			data += value + "\n"
		case "":
			if (data != "" || event != "") && !emit(id, event, data) {
				return
			}
			id, event, data = "", "", ""
		}
	}
}

func TestLiveUpdatesAreThePagesInside(t *testing.T) {
	site := over(t, webtest.New(3))
	server := httptest.NewServer(site)
	defer server.Close()
	for page, stream := range map[string]string{
		"/": "/live?range=6h", "/regions": "/live/regions?range=6h", "/regions/GRU": "/live/regions/GRU?range=6h",
	} {
		want := document(t, site, page+"?range=6h", http.StatusOK)
		if href, _ := want.Find("[hx-sse\\:connect]").Attr("hx-sse:connect"); href != "" && href != stream {
			t.Errorf("%s connects to %q, want %q", page, href, stream)
		}
		inside, err := want.Find("#content").Html()
		if err != nil {
			t.Fatal(err)
		}
		events(t.Context(), t, server.URL+stream, "", func(id, _, data string) bool {
			d, err := goquery.NewDocumentFromReader(strings.NewReader(data))
			if err != nil {
				t.Fatal(err)
			}
			got, _ := d.Find("body").Html()
			if strings.TrimSpace(got) != strings.TrimSpace(inside) || id == "" {
				t.Errorf("%s: an update is not the page's inside", stream)
			}
			return false
		})
	}
}

func TestAnUpdateWithoutNewsIsNotSent(t *testing.T) {
	site := over(t, webtest.New(3))
	server := httptest.NewServer(site)
	defer server.Close()
	first := ""
	events(t.Context(), t, server.URL+"/live", "", func(id, _, _ string) bool { first = id; return false })
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	events(ctx, t, server.URL+"/live", first, func(id, _, _ string) bool {
		t.Errorf("the reader has %s and is sent %s again", first, id)
		return false
	})
}

func TestAStreamSaysWhenTheCollectorIsGone(t *testing.T) {
	f := webtest.New(3)
	collector := httptest.NewServer(f)
	site := open(t, collector.URL)
	server := httptest.NewServer(site)
	defer server.Close()
	seen := 0
	events(t.Context(), t, server.URL+"/live", "", func(_, event, _ string) bool {
		if seen++; seen == 1 {
			collector.Close()
		}
		return event != "retrying"
	})
	if seen < 2 {
		t.Errorf("%d events, want an update and then the news that it retries", seen)
	}
}

func TestCloseEndsTheStreams(t *testing.T) {
	site := over(t, webtest.New(3))
	server := httptest.NewServer(site)
	defer server.Close()
	events(t.Context(), t, server.URL+"/live", "", func(string, string, string) bool {
		site.Close()
		return true
	})
}
