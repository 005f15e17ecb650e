package analyticsengine_test

import (
	"os"
	"strings"
	"testing"
	"unicode/utf8"

	"edgescope/edge"
	"edgescope/ingest/analyticsengine"

	"github.com/google/go-cmp/cmp"
)

// checkPoint holds what is true of every event, whatever was sent.
func checkPoint(t *testing.T, e edge.Event) {
	t.Helper()
	if e.Kind != edge.KindDataPoint || e.Dataset == "" || e.Time <= 0 || e.Duration < 0 || e.Facts.Source == "" {
		t.Errorf("event %+v", e)
	}
	seen := make(map[string]bool)
	for _, a := range e.Attrs {
		if a.Key == "" || a.Value == "" || seen[a.Key] || !utf8.ValidString(a.Value) {
			t.Errorf("attribute %q = %q, seen before: %v", a.Key, a.Value, seen[a.Key])
		}
		seen[a.Key] = true
	}
	if f := e.Facts; f.HasCount && !(f.Count > 0) || f.Status != 0 && (f.Status < 100 || f.Status > 599) {
		t.Errorf("facts %+v", f)
	}
}

// meaning is what a dialect tells beside the columns.
func meaning(t *testing.T, body string, want edge.Facts, duration int64, change ...func(*options)) edge.Event {
	t.Helper()
	e := point(t, body, change...)
	want.Source = edge.SourceDataPoints
	if diff := cmp.Diff(want, e.Facts); diff != "" {
		t.Errorf("%s: facts (-want +got):\n%s", body, diff)
	}
	if e.Duration != max(duration, 0) || e.HasDuration != (duration >= 0) {
		t.Errorf("%s: duration %d (%v), want %d", body, e.Duration, e.HasDuration, duration)
	}
	return e
}

// noDuration stands for an absent one.
const noDuration = -1

func TestLegalShapeHasNoMeaning(t *testing.T) {
	meaning(t, `{"indexes":["cust-7"],"blobs":["FRA","200","yesterday"],"doubles":[1,2]}`, edge.Facts{}, noDuration)
	meaning(t, `{"indexes":["cust-7"],"blobs":["FRA","600","2026-11-20T22:53:24Z"],"doubles":[1,2]}`, edge.Facts{},
		noDuration)
	meaning(t, `{"indexes":["cust-7"],"blobs":["FRA","200","2026-11-20T22:53:24Z"],"doubles":[1]}`, edge.Facts{},
		noDuration)
	meaning(t, `{"blobs":["FRA"]}`, edge.Facts{}, noDuration)
}

func TestWiderShape(t *testing.T) {
	type facts = edge.Facts
	e := meaning(t, `{"indexes":["resize","FRA","200"],"doubles":[12.5,1],"blobs":["2026-11-20T22:53:24.000Z"]}`,
		facts{
			Invocation: true, Operation: "resize", Region: "FRA", Colo: "FRA", Status: 200, Outcome: "ok", Count: 1,
			HasCount: true,
		}, 12_500_000)
	if want := int64(1795215204e9); e.Time != want {
		t.Errorf("time %d, want %d", e.Time, want)
	}
	if want := "index1=resize index2=FRA index3=200 blob1=2026-11-20T22:53:24.000Z double1=12.5 double2=1 " +
		"_sample_interval=1"; columns(e) != want {
		t.Errorf("columns %s, want %s", columns(e), want)
	}
	meaning(t, `{"indexes":["resize","eu-west-1","503"],"doubles":[80.25,4],"blobs":["2026-11-20T22:53:24.000Z"]}`,
		facts{
			Invocation: true, Operation: "resize", Region: "eu-west-1", Status: 503, Outcome: "error", Count: 4,
			HasCount: true,
		}, 80_250_000)
	meaning(t, `{"indexes":["resize","FRA","200"],"blobs":["/x","GET","v1","Hit from cloudfront"],"doubles":[5,1]}`,
		facts{
			Invocation: true, Operation: "resize", Region: "FRA", Colo: "FRA", Status: 200, Outcome: "ok", Count: 1,
			HasCount:    true,
			CacheStatus: "Hit from cloudfront", CacheSource: "blob4",
		}, 5_000_000)
	told := with("d=wider")
	meaning(t, `{"indexes":["resize","eu-west-1","503"],"doubles":[80.25,4000]}`,
		facts{
			Invocation: true, Operation: "resize", Region: "eu-west-1", Status: 503, Outcome: "error", Count: 4000,
			HasCount: true,
		}, 80_250_000, told)
	meaning(t, `{"indexes":["resize","unknown","404"]}`, facts{
		Invocation: true, Operation: "resize", Status: 404,
		Outcome: "ok",
	}, noDuration, told)
	meaning(t, `{"indexes":["resize","fra","Success"],"doubles":["Infinity",0]}`,
		facts{Invocation: true, Operation: "resize", Region: "fra", Status: 200, StatusInferred: true, Outcome: "ok"},
		noDuration, told)
	meaning(t, `{"indexes":["resize","FRA","gone"],"doubles":[-1,-2]}`,
		facts{
			Invocation: true, Operation: "resize", Region: "FRA", Colo: "FRA", Status: 500, StatusInferred: true,
			Outcome: "error",
		}, noDuration, told)
	meaning(t, `{"indexes":["resize","FRA"],"doubles":[0]}`,
		facts{Invocation: true, Operation: "resize", Region: "FRA", Colo: "FRA"}, 0, told)
	meaning(t, `{"indexes":["resize",null,"7"]}`, facts{Invocation: true, Operation: "resize"}, noDuration, told)

	timed := point(t, `{"indexes":["resize","FRA"],"blobs":["2026-11-20T22:53:24.000Z"],"timestamp":1795215205}`, told)
	if want := int64(1795215205e9); timed.Time != want {
		t.Errorf("time %d, want that of the timestamp %d", timed.Time, want)
	}
	if e := point(t, `{"indexes":["resize","FRA"],"blobs":["yesterday"]}`, told); e.Time != arrival.UnixNano() {
		t.Errorf("time %d, want that of arrival", e.Time)
	}
}

func TestErrorShape(t *testing.T) {
	e := meaning(t, `{"indexes":["error:resize","TypeError","FRA"],"doubles":[1],"blobs":["no width","at f (w.js:1:2)"]}`,
		edge.Facts{
			Invocation: true, Operation: "resize", ErrorType: "TypeError", Region: "FRA", Colo: "FRA", Outcome: "error",
			Status: 500, StatusInferred: true, Count: 1, HasCount: true,
		}, noDuration)
	if m, s := e.Attr("exception.message"), e.Attr("exception.stacktrace"); m != "no width" || s != "at f (w.js:1:2)" {
		t.Errorf("exception %q, stack %q", m, s)
	}
	meaning(t, `{"indexes":["error:resize","TypeError","unknown"]}`,
		edge.Facts{
			Invocation: true, Operation: "resize", ErrorType: "TypeError", Outcome: "error", Status: 500,
			StatusInferred: true,
		}, noDuration)
	// A legal point of that name is no error shape: it has one index.
	meaning(t, `{"indexes":["error:resize"]}`, edge.Facts{}, noDuration)
}

func TestEdgeLayout(t *testing.T) {
	type facts = edge.Facts
	full := facts{
		Invocation: true, Operation: "resize", Region: "LHR", Colo: "LHR", Status: 200, Outcome: "ok",
		CacheStatus: "HIT", CacheSource: "blob4",
		Route: "/img/:id", Count: 1, HasCount: true, ColdStart: edge.True, ColdStartSource: "attribute",
		CPUTime: 3_250_000, HasCPU: true,
	}
	const body = `{"indexes":["resize"],"blobs":["LHR","200","2026-11-20T22:53:24Z","HIT","/img/:id"],` +
		`"doubles":[12.5,1,1,3.25]}`
	if e := meaning(t, body, full, 12_500_000); e.Time != 1795215204e9 {
		t.Errorf("time %d, want that of blob3", e.Time)
	}
	meaning(t, `{"blobs":["LHR","503","2026-11-20T22:53:24Z"],"doubles":[12.5,2]}`,
		facts{Invocation: true, Region: "LHR", Colo: "LHR", Status: 503, Outcome: "error", Count: 2, HasCount: true},
		12_500_000, with("d=edge"))
	warm := `{"indexes":["r"],"blobs":["LHR","200","2026-11-20T22:53:24Z"],"doubles":[1,1,0,0]}`
	if f := point(t, warm).Facts; f.ColdStart != edge.False || f.HasCPU {
		t.Errorf("cold %q, CPU time %v, want false and none", f.ColdStart, f.HasCPU)
	}
}

func TestRegisteredLayouts(t *testing.T) {
	type facts = edge.Facts
	// The name of the layout overrules what a point looks like.
	raw := `{"indexes":["resize","FRA","200"],"doubles":[12.5,1]}`
	meaning(t, raw, facts{}, noDuration, with("d=raw"))
	meaning(t, `{"indexes":["resize"],"blobs":["FRA","ok"],"doubles":[7]}`,
		facts{
			Invocation: true, Operation: "resize", Region: "FRA", Colo: "FRA", Status: 200, StatusInferred: true,
			Outcome: "ok",
		},
		7_000_000, with("d=edge"))
	meaning(t, raw, facts{
		Invocation: true, Operation: "resize", Region: "FRA", Colo: "FRA", Status: 200, Outcome: "ok",
		Count: 1, HasCount: true,
	},
		12_500_000, with("other=raw"))
	// One that all datasets have gives way to a dataset's own.
	meaning(t, raw, facts{}, noDuration, with("*=raw"))
	meaning(t, `{"indexes":["resize","FRA"],"doubles":[12.5]}`,
		facts{Invocation: true, Operation: "resize", Region: "FRA", Colo: "FRA"},
		12_500_000, with("*=raw", "d=wider"))

	e := meaning(t, `{"indexes":["shop"],"blobs":["HIT","DE","503","v7",""],"doubles":[0.25,3,4,5,6,7,1,2],`+
		`"timestamp":1795215205}`,
		facts{
			Invocation: true, CacheStatus: "HIT", CacheSource: "blob1", Status: 503, Outcome: "error",
			CPUTime: 3_000_000, HasCPU: true,
			WallTime: 4_000_000, HasWall: true, TTFB: 5_000, HasTTFB: true, OriginDuration: 6, HasOrigin: true,
			InitDuration: 7e9, HasInit: true,
			ColdStart: edge.True, ColdStartSource: "attribute", Count: 2, HasCount: true,
		}, 250_000_000,
		with("d=invocation,index1:service.name,blob1:edge.cache.status,blob2:geo.country.iso_code,"+
			"blob3:http.response.status_code,"+
			"blob4:service.version,blob5:http.route,double1:duration/s,double2:edge.cpu.time,double3:edge.wall.time/ms,"+
			"double4:edge.ttfb/us,"+
			"double5:edge.origin.duration/ns,double6:edge.init.duration/s,double7:faas.coldstart,double8:edge.count"))
	for key, want := range map[string]string{
		"service.name": "shop", "geo.country.iso_code": "DE",
		"service.version": "v7", "http.route": "", "blob1": "HIT",
	} {
		if got := e.Attr(key); got != want {
			t.Errorf("%s = %q, want %q", key, got, want)
		}
	}
	if e := point(t, `{"blobs":["2026-11-20T22:53:24Z","IAD"]}`,
		with("d=blob1:_time,blob2:cloud.region")); e.Time != 1795215204e9 || e.Facts.Region != "IAD" ||
		e.Facts.Invocation {
		t.Errorf("time %d, facts %+v", e.Time, e.Facts)
	}
}

// TestLayoutsOfTheDocumentAreRead: each value of --dataset-layout in docs/api.md is one.
func TestLayoutsOfTheDocumentAreRead(t *testing.T) {
	doc, err := os.ReadFile("../../docs/api.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(doc), "| `--dataset-layout` | its points |\n|---|---|\n")
	n := 0
	for line := range strings.Lines(table) {
		spec, ok := strings.CutPrefix(line, "| `")
		if !ok {
			break
		}
		spec, _, _ = strings.Cut(spec, "`")
		if _, _, err := analyticsengine.ParseLayout(spec); err != nil {
			t.Error(err)
		}
		n++
	}
	if n != 5 {
		t.Errorf("%d layouts, want the five of the document", n)
	}
}

func TestParseLayout(t *testing.T) {
	f := func(spec, want string) {
		t.Helper()
		_, _, err := analyticsengine.ParseLayout(spec)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want one that says %q", spec, err, want)
		}
	}
	f("", "want name=edge, name=wider, name=raw or name=column:field with commas between")
	f("name", "want name=edge")
	f("a b=raw", "want name=edge")
	f("d=", `"" is neither edge, wider or raw alone, nor invocation, nor column:field such as blob1:cloud.region`)
	f("d=egde", `"egde" is neither edge, wider or raw alone, nor invocation, nor column:field such as `+
		`blob1:cloud.region (did you mean "edge"?)`)
	f("d=wide", `(did you mean "wider"?)`)
	f("d=invokation,blob1:a.b", `(did you mean "invocation"?)`)
	f("d=edge,invocation", `"edge" is neither edge, wider or raw alone`)
	f("d=blob1", `"blob1" is neither`)
	f("d=blob1:", `"" is no field: want duration, _time or the full name of an attribute, with a dot or an underscore`)
	f("d=blob0:a.b", `"blob0" is no column: want index1, blob1 to blob20 or double1 to double20`)
	f("d=blob21:a.b", "is no column")
	f("d=blog1:a.b", `"blog1" is no column: want index1, blob1 to blob20 or double1 to double20 (did you mean "blob1"?)`)
	f("d=blob1:region", `"region" is no field (did you mean "cloud.region"?)`)
	f("d=blob1:Status", `(did you mean "http.response.status_code"?)`)
	f("d=blob1:cloud.regoin", `"cloud.regoin" is no field (did you mean "cloud.region"?)`)
	f("d=double1:durations/s", `"durations" is no field (did you mean "duration"?)`)
	f("d=double2:bytes", `"bytes" is no field: want duration, _time or the full name of an attribute`)
	f("d=blob1:cloud.region,blob2:cloud.region", "two columns for cloud.region")
	f("d=double1:duration/h", "want a length of time")
	f("d=double1:http.route/ms", "want a length of time")
	if name, _, err := analyticsengine.ParseLayout("d=invocation, double1:duration/s, blob1:my.x, " +
		"blob2:tenant_id"); name != "d" || err != nil {
		t.Errorf("a good layout: %q, %v", name, err)
	}
}
