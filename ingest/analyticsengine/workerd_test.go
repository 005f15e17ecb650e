package analyticsengine_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"edgescope/edge"
)

func TestWorkerdIsRecognised(t *testing.T) {
	f := func(want bool, body string) {
		t.Helper()
		if got := offer(t, newReceiver(t, newRecorder()), httptest.NewRecorder(), body); got != want {
			t.Errorf("%s: %v, want %v", body, got, want)
		}
	}
	f(true, `{"accountId":"1","dataset":[101],"schemaVersion":"0"}`)
	f(true, ` {"schemaVersion":"0","dataset":[]}`)
	f(true, `{"schemaVersion":"0","dataset":[101`) // and what is wrong with it is told
	f(false, `{"dataset":[101]}`)
	f(false, `{"schemaVersion":"0","dataset":"e"}`)
	f(false, `[{"schemaVersion":"0","dataset":[101]}]`)
	f(false, ``)
}

func workerd(t *testing.T, body string, change ...func(*options)) (*recorder, *httptest.ResponseRecorder) {
	t.Helper()
	sink := newRecorder()
	w := httptest.NewRecorder()
	if !offer(t, newReceiver(t, sink, change...), w, body) {
		t.Fatalf("%s: not recognised", body)
	}
	return sink, w
}

func TestWorkerd(t *testing.T) {
	sink, w := workerd(t, `{"accountId":"1","dataset":[101,46,49],"schemaVersion":"0","index1":[99],`+
		`"timestamp":"1795212616203000064",`+
		`"double1":25,"double2":"NaN","double3":-0,"blob1":[83,101],"blob4":[0,1,255],"blob21":[1],"double0":7}`)
	if w.Code != 200 || w.Body.String() != `{"accepted":1,"rejected":0}` || len(sink.events) != 1 {
		t.Fatalf("%d %s, %d events", w.Code, w.Body, len(sink.events))
	}
	e := sink.events[0]
	if want := "index1=c blob1=Se blob4=AAH/ double1=25 double2=NaN double3=-0 _sample_interval=1"; columns(e) != want {
		t.Errorf("columns %s, want %s", columns(e), want)
	}
	if e.Dataset != "e.1" || e.Time != 1795212616203e6 || e.Facts.Source != edge.SourceWorkerd || e.Facts.Invocation {
		t.Errorf("dataset %q, time %d, facts %+v", e.Dataset, e.Time, e.Facts)
	}
}

func TestWorkerdRoundsToMilliseconds(t *testing.T) {
	f := func(timestamp string, want int64) {
		t.Helper()
		sink, _ := workerd(t, `{"dataset":[101],"schemaVersion":"0","timestamp":`+timestamp+`}`)
		if got := sink.events[0].Time; got != want {
			t.Errorf("timestamp %s is %d, want %d", timestamp, got, want)
		}
	}
	f(`"1795215123632999936"`, 1795215123633e6)
	f(`"1795215123632000064"`, 1795215123632e6)
	f(`"soon"`, arrival.UnixNano())
}

func TestWorkerdLayouts(t *testing.T) {
	body := `{"dataset":[101],"schemaVersion":"0","index1":[111,112],"timestamp":"1795215123632000000","double1":12.5,` +
		`"double2":1,"double3":0,"double4":0,` +
		`"blob1":[76,72,82],"blob2":[50,48,48],"blob3":[50,48,50,54,45,49,49,45,50,48,84,50,50,58,53,50,58,48,51,90]}`
	sink, _ := workerd(t, body)
	if e := sink.events[0]; !e.Facts.Invocation || e.Facts.Region != "LHR" || e.Facts.ColdStart != edge.False ||
		e.Duration != 12_500_000 || e.Time != 1795215123632e6 {
		t.Errorf("event %+v", e)
	}
	sink, _ = workerd(t, body, with("e=raw"))
	if e := sink.events[0]; e.Facts.Invocation || e.Facts.Region != "" {
		t.Errorf("a dataset registered as raw: %+v", e.Facts)
	}
}

func TestWorkerdRefusals(t *testing.T) {
	f := func(body, message string) {
		t.Helper()
		sink, w := workerd(t, body)
		a := read(t, w)
		if w.Code != 400 || a.Rejected != 1 || !strings.Contains(a.Errors[0].Error, message) || len(sink.events) != 0 {
			t.Errorf("%s: %d %s, %d events, want 400 with %q", body, w.Code, w.Body, len(sink.events), message)
		}
	}
	f(`{"schemaVersion":"0","dataset":[32]}`, "the dataset is the name of the service in workerd's config")
	f(`{"schemaVersion":"0","dataset":[]}`, "the dataset is the name")
	f(`{"schemaVersion":"0","dataset":[256]}`, "256 is no byte")
	f(`{"schemaVersion":"0","dataset":[1.5]}`, "1.5 is no byte")
	f(`{"schemaVersion":"0","dataset":[101],"blob1":"text"}`, "want an array of bytes")
	f(`{"schemaVersion":"0","dataset":[101],"index1":[-1]}`, "-1 is no byte")
	f(`{"schemaVersion":"0","dataset":[101]`, "no JSON")
	f(`{"schemaVersion":"0","dataset":[101]} 7`, "no JSON: want nothing after the document")
}

func FuzzWorkerd(f *testing.F) {
	for _, seed := range []string{
		`{"accountId":"1","dataset":[101],"schemaVersion":"0","index1":[99],"timestamp":"1795212616203000064",` +
			`"double1":25,"double2":"NaN","blob1":[83,101],"blob4":[0,1,255]}`,
		`{"dataset":[101],"schemaVersion":"0","blob1":[76,72,82],"blob2":[50,48,48],` +
			`"blob3":[50,48,50,54,45,49,49,45,50,48,84,50,50,58,53,50,58,48,51,90],"double2":1}`,
		`{"schemaVersion":"0","dataset":[256`, `{"schemaVersion":0,"dataset":null,"dataset":[1]}`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, body string) {
		sink := newRecorder()
		w := httptest.NewRecorder()
		if offer(t, newReceiver(t, sink), w, body) && w.Code != http.StatusOK && w.Code != http.StatusBadRequest {
			t.Errorf("%q: %d %s", body, w.Code, w.Body)
		}
		for _, e := range sink.events {
			checkPoint(t, e)
		}
	})
}
