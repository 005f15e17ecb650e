package analyticsengine_test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"edgescope/edge"
)

func TestColumns(t *testing.T) {
	f := func(body, want string) {
		t.Helper()
		if got := columns(point(t, body)); got != want {
			t.Errorf("%s\ngot  %s\nwant %s", body, got, want)
		}
	}
	f(`{}`, "_sample_interval=1")
	f(`{"indexes":["cust-7"],"blobs":["Lisbon",null,"pt"],"doubles":[19.5,0.4]}`,
		"index1=cust-7 blob1=Lisbon blob3=pt double1=19.5 double2=0.4 _sample_interval=1")
	f(`{"indexes":[null],"blobs":[""]}`, "_sample_interval=1")
	f(`{"indexes":null,"blobs":null,"doubles":null}`, "_sample_interval=1")
	f(`{"blobs":[42,true,false,1e3,{"a":1},[1,2]]}`,
		`blob1=42 blob2=true blob3=false blob4=1e3 blob5={"a":1} blob6=[1,2] _sample_interval=1`)
	f(`{"doubles":[null,"7",true,false,""," 8 ","x"]}`, "double1=0 double2=7 double3=1 double4=0 double5=0 double6=8 "+
		"double7=NaN _sample_interval=1")
	f(`{"doubles":["NaN","Infinity","-Infinity","inf","0x10","1_0",{},[]]}`,
		"double1=NaN double2=Infinity double3=-Infinity double4=NaN double5=NaN double6=NaN double7=NaN double8=NaN "+
			"_sample_interval=1")
	f(`{"doubles":[1e300,-0,1.50,1e999,-1e999,0.1e-5]}`, "double1=1e300 double2=-0 double3=1.50 double4=Infinity "+
		"double5=-Infinity double6=0.1e-5 _sample_interval=1")
	f(`{"doubles":[0.10000000000000000000000000000000000001]}`, "double1=0.1 _sample_interval=1")
	f(`{"indexes":["a"],"indexes":["b"]}`, "index1=b _sample_interval=1")
	f(`{"other":{"deep":[1,{"x":null}]},"indexes":["a"]}`, "index1=a _sample_interval=1")
	f(`{"blobs":["\u00e9\ud83d\ude00\n\/","\ud800","\ud800\ud800x","\udc00"]}`,
		"blob1=é😀\n/ blob2=\ufffd blob3=\ufffd\ufffdx blob4=\ufffd _sample_interval=1")
	f("{\"blobs\":[\"\xff\"]}", "blob1=/w== _sample_interval=1")
	f("\ufeff \r\n"+`{"indexes":["a"]}`+" \n", "index1=a _sample_interval=1")
	f(`{"_sample_interval":10}`, "_sample_interval=10")
	f(`{"sampleInterval":"2.5"}`, "_sample_interval=2.5")
	f(`{"_sample_interval":0.5}`, "_sample_interval=1")
	f(`{"_sample_interval":"often"}`, "_sample_interval=1")
}

func TestTime(t *testing.T) {
	iso := func(s string) int64 {
		at, err := time.Parse(time.RFC3339Nano, s)
		if err != nil {
			t.Fatal(err)
		}
		return at.UnixNano()
	}
	f := func(timestamp string, want int64) {
		t.Helper()
		if got := point(t, `{"timestamp":`+timestamp+`}`).Time; got != want {
			t.Errorf("timestamp %s is %d, want %d", timestamp, got, want)
		}
	}
	f(`"2026-11-20T22:53:21.000Z"`, iso("2026-11-20T22:53:21Z"))
	f(`"2026-11-20T23:53:21.123456789+01:00"`, iso("2026-11-20T22:53:21.123456789Z"))
	f(`1795215123`, 1795215123e9)
	f(`"1795215123"`, 1795215123e9)
	f(`1795215123632`, 1795215123632e6)
	f(`1795215123632001`, 1795215123632001e3)
	f(`"1795215123632001002"`, 1795215123632001002)
	f(`1.795215123632e12`, 1795215123632e6)
	f(`1795215123.5`, 1795215123.5e9)
	f(`"1795215123.25"`, 1795215123.25e9)
	f(`1795215123632.5`, 1795215123632.5e6)
	for _, same := range []string{
		"2026-11-20t22:53:24z", "2026-11-20T22:53:24+0000", "2026-11-20T23:53:24+01", "2026-11-20T22:53:24",
		"2026-11-20 22:53:24",
		"2026-11-20 22:53:24Z", "2026-11-20 23:53:24+01:00", "2026-11-20 23:53:24 +0100", "2026-11-20 22:53:24 UTC",
		"20261120T225324Z",
		"Fri, 20 Nov 2026 22:53:24 GMT", "Fri, 20 Nov 2026 23:53:24 +0100", "Friday, 20-Nov-26 22:53:24 GMT",
		"Fri Nov 20 22:53:24 2026",
		"Fri Nov 20 2026 23:53:24 GMT+0100 (Central European Standard Time)", "2026-11-20 22:53:24 +0000 UTC",
		" 2026-11-20T22:53:24Z ",
	} {
		f(`"`+same+`"`, iso("2026-11-20T22:53:24Z"))
	}
	f(`"2026-11-20 22:53:24.125"`, iso("2026-11-20T22:53:24.125Z"))
	f(`"2026-11-20"`, iso("2026-11-20T00:00:00Z"))
	for _, bad := range []string{
		`null`, `""`, `"yesterday"`, `0`, `-5`, `1.5`, `99999999999`, `99999999999999`, `1e300`, `true`, `{}`,
		`"1969-01-01T00:00:00Z"`, `"2262-05-01T00:00:00Z"`,
		`"2026-11-20 22:53:24 PST"`, `"Fri, 20 Nov 2026 22:53:24 PST"`, `"2026-13-40"`, `"20/11/2026"`,
	} {
		f(bad, arrival.UnixNano())
	}
	if got := point(t, `{}`).Time; got != arrival.UnixNano() {
		t.Errorf("without a timestamp the time is %d, want that of arrival", got)
	}
}

func TestWhatIsNotUnderstoodIsCounted(t *testing.T) {
	f := func(body, want string) {
		t.Helper()
		sink := newRecorder()
		post(newReceiver(t, sink), "/v1/datapoints/d", strings.NewReader(body))
		if len(sink.events) != 1 || want != "" && sink.warnings[want] != 1 || want == "" && len(sink.warnings) != 0 {
			t.Errorf("%s: %d events, warnings %v, want %q", body, len(sink.events), sink.warnings, want)
		}
	}
	f(`{}`, "")
	f(`{"timestamp":"yesterday"}`, "timestamp not understood")
	f(`{"_sample_interval":0}`, "sample interval below 1 or no number")
	f(`{"indexes":["`+strings.Repeat("x", 97)+`"]}`, "over_limit")
	f(`{"blobs":["`+strings.Repeat("x", 16_001)+`"]}`, "over_limit")
}

// TestLimits holds the limits of Analytics Engine, which count bytes: without strict a point over one is kept, with it
// rejected.
func TestLimits(t *testing.T) {
	list := func(n int, element string) string {
		return "[" + strings.TrimSuffix(strings.Repeat(element+",", n), ",") + "]"
	}
	text := func(n int) string { return `"` + strings.Repeat("x", n) + `"` }
	f := func(body, reason string) {
		t.Helper()
		for query, strict := range map[string]bool{"": false, "?strict=0": false, "?strict=1": true} {
			sink := newRecorder()
			a := read(t, post(newReceiver(t, sink), "/v1/datapoints/d"+query, strings.NewReader(body)))
			if strict && reason != "" {
				if a.Rejected != 1 || len(a.Errors) != 1 || a.Errors[0].Error != reason || len(sink.events) != 0 {
					t.Errorf("strict, %.60s...: %+v, want %q", body, a, reason)
				}
			} else if a.Accepted != 1 || len(sink.events) != 1 {
				t.Errorf("%q, %.60s...: %+v, want it accepted", query, body, a)
			}
		}
	}
	f(`{"indexes":[`+text(96)+`]}`, "")
	f(`{"indexes":[`+text(97)+`]}`, "index longer than 96 bytes")
	f(`{"indexes":["`+strings.Repeat("é", 49)+`"]}`, "index longer than 96 bytes")
	f(`{"indexes":["a","b"]}`, "more than 1 index")
	f(`{"blobs":`+list(20, `"x"`)+`}`, "")
	f(`{"blobs":`+list(21, `"x"`)+`}`, "more than 20 blobs")
	f(`{"doubles":`+list(20, "1")+`}`, "")
	f(`{"doubles":`+list(21, "1")+`}`, "more than 20 doubles")
	f(`{"blobs":[`+text(8000)+","+text(8000)+`]}`, "")
	f(`{"blobs":[`+text(8000)+","+text(8001)+`]}`, "blobs longer than 16000 bytes together")
}

func TestColumnsBeyondTwentyAreCut(t *testing.T) {
	var blobs, doubles []string
	for i := range 25 {
		blobs = append(blobs, fmt.Sprintf(`"b%d"`, i+1))
		doubles = append(doubles, strconv.Itoa(i+1))
	}
	e := point(t, fmt.Sprintf(`{"blobs":[%s],"doubles":[%s]}`, strings.Join(blobs, ","), strings.Join(doubles, ",")))
	for key, want := range map[string]string{"blob20": "b20", "double20": "20", "blob21": "", "double21": ""} {
		if got := e.Attr(key); got != want {
			t.Errorf("%s = %q, want %q", key, got, want)
		}
	}
	if len(e.Attrs) != 41 {
		t.Errorf("%d attributes, want 20 blobs, 20 doubles and the interval", len(e.Attrs))
	}
}

func TestRecords(t *testing.T) {
	f := func(body string, accepted int, errors ...string) {
		t.Helper()
		events, a := points(t, body)
		if len(events) != accepted || a.Accepted != accepted || a.Rejected != len(errors) {
			t.Errorf("%q: %d events, %+v, want %d accepted and %d rejected", body, len(events), a, accepted,
				len(errors))
			return
		}
		for i, want := range errors {
			if got := fmt.Sprintf("%d: %s", a.Errors[i].Index, a.Errors[i].Error); got != want {
				t.Errorf("%q: error %q, want %q", body, got, want)
			}
		}
	}
	f(`{}`, 1)
	f(`[]`, 0)
	f(`[{},{}]`, 2)
	f("{}\n{}\r\n\n{}", 3)
	f(`{} {}`, 0, "0: no JSON: want the end of the line at byte 3")
	f("{} {}\n{}", 1, "0: no JSON: want the end of the line at byte 3")
	f("[{},\n 7, null, {\"indexes\":\"x\"}, {\"blobs\":{}}, {\"doubles\":3}, {}]", 2,
		"1: not an object", "2: not an object", "3: indexes is no array", "4: blobs is no array",
		"5: doubles is no array")
	f("{}\nnope\n\n{}\n7", 2, "1: no JSON: want null at byte 0", "4: not an object")
	f("nope\n{}", 1, "0: no JSON: want null at byte 0")
	f("{\"indexes\":[\n{\"indexes\":[\"a\"]}\n{}", 2, "0: no JSON: document is cut off at byte 13")
	f("{\"blobs\":[\"a\n{}", 1, "0: no JSON: document is cut off at byte 13")
	f("[{}]\n{}", 1, "0: not an object")
	f("{\n  \"indexes\": [\n    \"a\"\n  ]\n}\n", 1)
	f("", 0)
	f(" \n", 0)
	f(`[{},{]`, 0, "0: no JSON: want a member's name in quotes at byte 5")
	f(`[{}`, 0, "0: no JSON: document is cut off at byte 3")
	f(`{"indexes":[`, 0, "0: no JSON: document is cut off at byte 12")
	f(`{"a":01}`, 0, "0: no JSON: number is malformed at byte 7")
	f(`{"a":1.}`, 0, "0: no JSON: number is malformed at byte 7")
	f(`{"a":1e}`, 0, "0: no JSON: number is malformed at byte 7")
	f(`{"a":-}`, 0, "0: no JSON: number is malformed at byte 6")
	f(`{"a" 1}`, 0, "0: no JSON: want : after a member's name at byte 5")
	f(`{"a":tru}`, 0, "0: no JSON: want true at byte 5")
	f(`{"a":"\x"}`, 0, "0: no JSON: unknown escape \\x at byte 6")
	f(`{"a":"\u00g0"}`, 0, "0: no JSON: want four hex digits after \\u at byte 6")
	f(`{"a":1,}`, 0, "0: no JSON: want a member's name in quotes at byte 7")
	f(strings.Repeat("[", 10_001), 0, "0: no JSON: nested deeper than 10000 at byte 10000")
	f(`{"a":`+strings.Repeat("[", 9999)+strings.Repeat("]", 9999)+`}`, 1)
}

func TestOnlyTenErrorsAreTold(t *testing.T) {
	events, a := points(t, "["+strings.Repeat("1,", 49)+"{}]")
	if len(events) != 1 || a.Rejected != 49 || len(a.Errors) != edge.MaxRejections {
		t.Errorf("%d events, %d rejected, %d errors told, want 1, 49, %d", len(events), a.Rejected, len(a.Errors),
			edge.MaxRejections)
	}
}

func FuzzPoints(f *testing.F) {
	for _, seed := range []string{
		`{"indexes":["cust-7"],"blobs":["Lisbon",null,"pt"],"doubles":[19.5,0.4],"timestamp":"2026-11-20T22:53:21.000Z"}`,
		`[{"indexes":["resize","FRA","200"],"doubles":[12.5,1],"blobs":["2026-11-20T22:53:24.000Z"]},7,null]`,
		"{\"indexes\":[\"error:resize\",\"TypeError\",\"FRA\"],\"doubles\":[1],\"blobs\":[\"m\",\"s\"]}\n" +
			"{\"doubles\":[1e999,\"NaN\"]}\nx\n{}",
		`{"indexes":["r"],"blobs":["FRA","200","2026-11-20T22:53:24Z","HIT","/a"],"doubles":[1,1,1,2]}`,
		`{"blobs":["\ud83d\ude00\ud800","\\"],"timestamp":1795215123632,"_sample_interval":1e3}`, "\ufeff{}", "[[[[",
		`{"a":`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, body string) {
		events, a := points(t, body)
		if len(events) != a.Accepted {
			t.Errorf("%d events, accepted %d", len(events), a.Accepted)
		}
		for _, e := range events {
			checkPoint(t, e)
		}
		// A broken line behind a good one costs nothing but itself.
		if behind, b := points(t, "{}\n"+body); len(behind) == 0 || b.Accepted != len(behind) {
			t.Errorf("behind a good point: %+v", b)
		}
	})
}
