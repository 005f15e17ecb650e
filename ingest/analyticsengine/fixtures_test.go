package analyticsengine_test

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"edgescope/edge"
	"edgescope/ingest/normalize"
	"edgescope/store"
)

// rows is a sink that keeps what a store would keep: the fields of each event, by name.
type rows struct {
	normalizer *normalize.Normalizer
	got        []map[string]string
}

func (s *rows) Events(_ context.Context, b *edge.Batch) error {
	s.normalizer.Normalize(b.Events)
	var r store.RowRenderer
	for i := range b.Events {
		e := &b.Events[i]
		row := map[string]string{"$kind": e.Kind.String(), "_time_ns": strconv.FormatInt(e.Time, 10)}
		fields, _ := r.Render(e)
		for _, f := range fields {
			row[strings.Clone(f.Name)] = strings.Clone(f.Value)
		}
		s.got = append(s.got, row)
	}
	return nil
}

func newRows() *rows { return &rows{normalizer: normalize.New(normalize.Options{})} }

type fixture struct {
	ID, Method, Path, Body string
	Headers                map[string]string
	Expect                 struct {
		Status             int
		Accepted, Rejected *int
		DataPoints         *int `json:"datapoints"`
		Events             []struct {
			Match, Fields map[string]string
			Absent        []string
		}
	}
}

// TestFixtures sends the recorded and constructed requests of the shared fixtures and compares the stored rows with
// what their manifest says.
func TestFixtures(t *testing.T) {
	dir := filepath.Join(cmp.Or(os.Getenv("EDGESCOPE_SHARED"), "../../../shared"), "fixtures", "datapoints")
	manifest, err := os.ReadFile(filepath.Join(dir, "manifest.json"))
	if err != nil {
		t.Skipf("the shared fixtures are not here (set EDGESCOPE_SHARED): %v", err)
	}
	var all struct{ Requests []fixture }
	if err := json.Unmarshal(manifest, &all); err != nil {
		t.Fatalf("read manifest: %v", err)
	}
	if len(all.Requests) == 0 {
		t.Fatal("the manifest has no requests")
	}
	for _, f := range all.Requests {
		t.Run(f.ID, func(t *testing.T) { f.run(t, dir) })
	}
}

func (f *fixture) run(t *testing.T, dir string) {
	sink := newRows()
	port := newReceiver(t, sink, func(o *options) { o.Now = time.Now })
	body, err := os.Open(filepath.Join(dir, f.Body))
	if err != nil {
		t.Fatal(err)
	}
	defer body.Close()
	r := httptest.NewRequest(f.Method, f.Path, body)
	for k, v := range f.Headers {
		r.Header.Set(k, v)
	}
	w := httptest.NewRecorder()
	port.ServeHTTP(w, r)

	if w.Code != f.Expect.Status {
		t.Errorf("status %d, want %d: %s", w.Code, f.Expect.Status, w.Body)
	}
	var answer struct{ Accepted, Rejected int }
	if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil {
		t.Errorf("the answer is no JSON: %v: %s", err, w.Body)
	}
	equal := func(what string, got int, want *int) {
		if want != nil && got != *want {
			t.Errorf("%s %d, want %d: %s", what, got, *want, w.Body)
		}
	}
	equal("accepted", answer.Accepted, f.Expect.Accepted)
	equal("rejected", answer.Rejected, f.Expect.Rejected)
	equal("rows", len(sink.got), f.Expect.DataPoints)
	for _, e := range f.Expect.Events {
		checkRow(t, sink.got, e.Match, e.Fields, e.Absent)
	}
}

func checkRow(t *testing.T, got []map[string]string, match, fields map[string]string, absent []string) {
	t.Helper()
	var found map[string]string
	n := 0
	for _, row := range got {
		if contains(row, match) {
			found = row
			n++
		}
	}
	if n != 1 {
		t.Errorf("%d rows match %v, want 1", n, match)
		return
	}
	for k, want := range fields {
		if !sameValue(found[k], want) {
			t.Errorf("row %v: %s = %q, want %q", match, k, found[k], want)
		}
	}
	for _, k := range absent {
		if v, ok := found[k]; ok {
			t.Errorf("row %v: %s = %q, want it absent", match, k, v)
		}
	}
}

func contains(row, part map[string]string) bool {
	for k, v := range part {
		if !sameValue(row[k], v) {
			return false
		}
	}
	return true
}

// sameValue compares numbers as numbers (1e300 is 1e+300) and everything else, long integers too, byte for byte.
func sameValue(got, want string) bool {
	if got == want {
		return true
	}
	a, errA := strconv.ParseFloat(got, 64)
	b, errB := strconv.ParseFloat(want, 64)
	return errA == nil && errB == nil && a == b && len(want) < 16
}

// TestRegisteredLayoutReachesTheRow: columns that a layout names are read like the attributes of a span.
func TestRegisteredLayoutReachesTheRow(t *testing.T) {
	sink := newRows()
	rc := newReceiver(t, sink, with("d=invocation,index1:edge.operation,blob1:service.name,blob2:cloud.provider,"+
		"blob3:edge.colo,blob4:edge.cache.status,"+
		"blob5:geo.country.iso_code,double1:duration,double2:cloudflare.cpu_time_ms"))
	post(rc, "/v1/datapoints/d", strings.NewReader(`{"indexes":["resize"],"blobs":["shop","cloudflare","fra",`+
		`"UPDATING","de"],"doubles":[1.5,3],"_sample_interval":4}`))
	if len(sink.got) != 1 {
		t.Fatalf("%d rows, want 1", len(sink.got))
	}
	checkRow(t, sink.got, map[string]string{"dataset": "d"}, map[string]string{
		"edge.operation": "resize", "service.name": "shop", "cloud.platform": "cloudflare.workers",
		"cloud.region": "FRA", "edge.colo": "FRA",
		"edge.cache.status": "stale", "edge.cache.source": "blob4", "geo.country.iso_code": "DE", "duration": "1500000",
		"edge.cpu.time":   "3000000",
		"edge.invocation": "true", "edge.weight": "4", "_sample_interval": "4", "blob3": "fra",
	}, []string{"http.response.status_code", "edge.outcome", "faas.coldstart"})
}

func BenchmarkPoints(b *testing.B) {
	for _, n := range []int{1, 100} {
		b.Run(fmt.Sprintf("points=%d", n), func(b *testing.B) {
			body := strings.Repeat(`{"indexes":["resize"],"blobs":["LHR","200","2026-11-20T22:53:24.000Z","HIT","/img/:id"],`+
				`"doubles":[12.5,1,0,3.25]}`+"\n", n)
			rc := newReceiver(b, discard{})
			b.ReportAllocs()
			for b.Loop() {
				if w := post(rc, "/v1/datapoints/d", strings.NewReader(body)); w.Code != http.StatusOK {
					b.Fatalf("%d %s", w.Code, w.Body)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/point")
		})
	}
}

type discard struct{}

func (discard) Events(context.Context, *edge.Batch) error { return nil }
