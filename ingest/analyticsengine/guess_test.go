package analyticsengine_test

import (
	"strings"
	"testing"

	"edgescope/ingest/analyticsengine"
)

// TestOwnDataKeepsItsColumns: data that has a look of our layouts, but not all of it, is what it is: no request, no
// weight, no duration. What could have been meant as one is told.
func TestOwnDataKeepsItsColumns(t *testing.T) {
	f := func(point string, told bool) {
		t.Helper()
		sink := newRecorder()
		post(newReceiver(t, sink), "/v1/datapoints/d", strings.NewReader(point))
		if len(sink.events) != 1 {
			t.Fatalf("%s: %d events, want 1", point, len(sink.events))
		}
		e := sink.events[0]
		if e.Facts.Invocation || e.Facts.HasCount || e.HasDuration || e.Facts.Region != "" || e.Facts.Status != 0 ||
			e.Time != arrival.UnixNano() {
			t.Errorf("%s: was read as %+v", point, e.Facts)
		}
		if got := sink.warnings[analyticsengine.WarnNotCertain]; (got == 1) != told {
			t.Errorf("%s: told %d times that its layout is not certain, want %v", point, got, told)
		}
	}
	const iso = `"2026-11-20T22:53:24Z"`
	// Of our own layout everything has to be in its place, and the count has to be 1.
	f(`{"indexes":["cust-1"],"blobs":["FRA","200",`+iso+`],"doubles":[12.5,53211]}`, true)
	f(`{"indexes":["cust-1"],"blobs":["FRA","200",`+iso+`],"doubles":[12.5,2]}`, true)
	f(`{"indexes":["cust-1"],"blobs":["FRA","200",`+iso+`],"doubles":[12.5,0.5]}`, true)
	f(`{"indexes":["cust-1"],"blobs":["FRA","200",`+iso+`],"doubles":[12.5,"NaN"]}`, true)
	f(`{"indexes":["cust-1"],"blobs":["FRA","200",`+iso+`],"doubles":[-1,1]}`, true)
	f(`{"indexes":["cust-1"],"blobs":["FRA","200",`+iso+`],"doubles":[1795215204000,1]}`, true)
	f(`{"indexes":["cust-1"],"blobs":["FRA","200",`+iso+`],"doubles":[12.5,1,0.7]}`, true)
	f(`{"indexes":["cust-1"],"blobs":["FRA","200",`+iso+`],"doubles":[12.5,1,0,3,9]}`, true)
	f(`{"indexes":["cust-1"],"blobs":["FRA","200",`+iso+`,"HIT","/a","more"],"doubles":[12.5,1]}`, true)
	f(`{"indexes":["cust-1"],"blobs":["FRA","200",`+iso+`,"HIT","a word"],"doubles":[12.5,1]}`, true)
	f(`{"indexes":["cust-1"],"blobs":["a city","200",`+iso+`],"doubles":[12.5,1]}`, true)
	f(`{"indexes":["cust-1"],"blobs":["FRA","200",`+iso+`],"doubles":[12.5]}`, false)
	f(`{"indexes":["cust-1"],"blobs":["FRA","200","yesterday"],"doubles":[12.5,1]}`, false)
	f(`{"indexes":["cust-1"],"blobs":["FRA","gold",`+iso+`],"doubles":[12.5,1]}`, false)
	f(`{"indexes":["cust-1"],"blobs":["GET","200",`+iso+`,"HIT","/a"],"doubles":[12.5,1]}`, true)
	f(`{"indexes":["cust-1"],"blobs":["gold","200",`+iso+`],"doubles":[12.5,1]}`, true)
	f(`{"indexes":["cust-1"],"blobs":["","200",`+iso+`],"doubles":[12.5,1]}`, true)
	// So it is with several indexes: place, status or time, and a count of 1; of a few only with all of them.
	f(`{"indexes":["cust-1","FRA","200"],"doubles":[12.5,53211]}`, true)
	f(`{"indexes":["cust-1","FRA","200"],"blobs":[`+iso+`],"doubles":[12.5,53211]}`, true)
	f(`{"indexes":["cust-1","FRA","200"],"doubles":[12.5,2]}`, true)
	f(`{"indexes":["cust-1","FRA","200"],"doubles":[12.5,1,7]}`, true)
	f(`{"indexes":["cust-1","FRA","200"],"doubles":[12.5]}`, true)
	f(`{"indexes":["cust-1","FRA","200","x"],"doubles":[12.5,1]}`, true)
	f(`{"indexes":["cust-1","FRA","gold"],"doubles":[12.5,1]}`, true)
	f(`{"indexes":["cust-1","a city","200"],"doubles":[12.5,1]}`, true)
	f(`{"indexes":["cust-1","plan-b"],"doubles":[12.5,1]}`, true)
	f(`{"indexes":["cust-1","gold","200"],"doubles":[12.5,1]}`, true)
	f(`{"indexes":["cust-1","GET","200"],"doubles":[12.5,1]}`, true)
	f(`{"indexes":["cust-1","gold"],"blobs":[`+iso+`],"doubles":[12.5,1]}`, true)
	f(`{"indexes":["cust-1","us-east-1"],"doubles":[12.5,1]}`, true)
	f(`{"indexes":["cust-1","gold","200"],"blobs":[`+iso+`],"doubles":[12.5,2]}`, true)
	f(`{"indexes":["cust-1","plan-b"],"blobs":["x"]}`, true)
	f(`{"indexes":["error:a","b","c"],"doubles":[7]}`, true)
	f(`{"indexes":["error:a","b","c"],"doubles":[1,2]}`, true)
	f(`{"indexes":["error:a","b","a city"],"doubles":[1]}`, true)
}

// TestCertainShapes: numbers are numbers, however they are written, and workerd's 20 doubles are those that were set.
func TestCertainShapes(t *testing.T) {
	f := func(body string) {
		t.Helper()
		if e := point(t, body); !e.Facts.Invocation || !e.HasDuration || e.Facts.Count != 1 {
			t.Errorf("%s: was read as %+v", body, e.Facts)
		}
	}
	const iso = `"2026-11-20T22:53:24Z"`
	f(`{"indexes":["a"],"blobs":["FRA","200",` + iso + `],"doubles":[12.5,1.0,0.0,3.0]}`)
	f(`{"indexes":["a"],"blobs":[null,"200",` + iso + `,"","/a"],"doubles":["12.5",true]}`)
	f(`{"blobs":["gcp-europe-west3","404",` + iso + `],"doubles":[0,1,1,3.25,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0]}`)
	f(`{"indexes":["a","FRA"],"blobs":[` + iso + `],"doubles":[12.5,1]}`)
	f(`{"indexes":["a","unknown","Timeout"],"doubles":[12.5,1.0]}`)
	f(`{"indexes":["a","my-place","200"],"blobs":[` + iso + `],"doubles":[12.5,1]}`)
	f(`{"indexes":["a"],"blobs":["my-place","200",` + iso + `,"","/a"],"doubles":[12.5,1]}`)
	f(`{"indexes":["a"],"blobs":["",  "200",` + iso + `],"doubles":[12.5,1,0]}`)
}
