package query_test

import (
	"errors"
	"net/url"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"edgescope/query"
)

var noon = time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)

func TestQuestionHasOneURL(t *testing.T) {
	f := func(input, want string) {
		t.Helper()
		v, err := url.ParseQuery(input)
		if err != nil {
			t.Fatal(err)
		}
		q, err := query.Parse(v, noon)
		if err != nil {
			t.Errorf("Parse(%s): %v", input, err)
			return
		}
		if got := q.Values().Encode(); got != want {
			t.Errorf("Parse(%s).Values() = %s, want %s", input, got, want)
		}
	}
	f("", "")
	f("range=1h&p=95&sort=-p95&cmp=prev&live=1&min=0s", "")
	f("range=60m", "")
	f("range=3600s", "")
	f("range=24h", "range=24h")
	f("range=1d", "range=24h")
	f("range=168h", "range=7d")
	f("range=90s", "range=1m30s")
	f("range=15m&live=0", "live=0&range=15m")
	f("live=0", "live=0")
	f("from=2026-03-04T13:00:00%2B02:00&to=2026-03-04T12:00:00Z",
		"from=2026-03-04T11%3A00%3A00Z&to=2026-03-04T12%3A00%3A00Z")
	f("from=2026-03-04T11:00:00Z&to=2026-03-04T12:00:00Z&range=7d",
		"from=2026-03-04T11%3A00%3A00Z&to=2026-03-04T12%3A00%3A00Z")
	f("region=SIN&region=FRA&region=SIN&region=", "region=FRA&region=SIN")
	f("service=a&version=b&region=-c&route=/d&status=5xx&status=-503&cold=true&cache=hit&cache=-unknown",
		"cache=-unknown&cache=hit&cold=true&region=-c&route=%2Fd&service=a&status=-503&status=5xx&version=b")
	f("q=+region:F*++-status:5xx+", "q=region%3AF%2A++-status%3A5xx")
	f("p=50", "p=50")
	f("p=99", "p=99")
	f("sort=name", "sort=name")
	f("cmp=none", "cmp=none")
	f("cmp=v:1.2", "cmp=v%3A1.2")
	f("min=1000ms&max=90s", "max=1m30s&min=1s")
	f("after=abc&limit=10&base=r", "after=abc&base=r&limit=10")
	f("colour=blue&id=7", "")
}

func TestBadKeysSayWhatIsRight(t *testing.T) {
	f := func(input, key string, column int) {
		t.Helper()
		v, err := url.ParseQuery(input)
		if err != nil {
			t.Fatal(err)
		}
		_, err = query.Parse(v, noon)
		var p *query.ParamError
		if !errors.As(err, &p) {
			t.Errorf("Parse(%s) = %v, want a ParamError", input, err)
			return
		}
		if p.Key != key || p.Column != column || p.Reason == "" {
			t.Errorf("Parse(%s): key %q column %d (%v), want %q %d", input, p.Key, p.Column, err, key, column)
		}
	}
	f("range=yesterday", "range", 0)
	f("range=0s", "range", 0)
	f("range=-1h", "range", 0)
	f("range=3651d", "range", 0)
	f("range=99999d", "range", 0)
	f("range=1.5d", "range", 0)
	f("live=no", "live", 0)
	f("from=2026-03-04T11:00:00Z", "from", 0)
	f("to=2026-03-04T11:00:00Z", "to", 0)
	f("from=now&to=2026-03-04T11:00:00Z", "from", 0)
	f("from=2026-03-04T11:00:00Z&to=2026-03-04T11:00:00Z", "to", 0)
	f("from=1970-01-01T00:00:00Z&to=2026-03-04T11:00:00Z", "from", 0)
	f("from=1999-01-01T00:00:00Z&to=2026-03-04T11:00:00Z", "from", 0)
	f("status=9xx", "status", 0)
	f("status=20", "status", 0)
	f("cold=yes", "cold", 0)
	f("cache=warm", "cache", 0)
	f("region=-", "region", 0)
	f("p=90", "p", 0)
	f("sort=colour", "sort", 0)
	f("sort=--p95", "sort", 0)
	f("cmp=v:", "cmp", 0)
	f("cmp=last", "cmp", 0)
	f("min=-1s", "min", 0)
	f("max=fast", "max", 0)
	f("min=2s&max=1s", "max", 0)
	f("limit=0", "limit", 0)
	f("limit=1001", "limit", 0)
	f("bad=ugly", "bad", 0)
	f("target=100", "target", 0)
	f("target=NaN", "target", 0)
	f("movable=80", "movable", 0)
	f("movable=-0.5", "movable", 0)
	f("movable=NaN", "movable", 0)
	f("movable=1e-9", "movable", 0)
	f("q=region:FRA+colour:x", "q", 12)
	f("q=region:", "q", 1)
	f("q=a+-", "q", 3)
	f("q=%22%22", "q", 1)
	f("q=a+-*", "q", 3)
	f("q=route:%22/a", "q", 7)
	f("q=%22a%22b", "q", 4)
	f("q=a%22b", "q", 2)
	f("q=%C3%A9+cold:yes", "q", 8)
	f("q=cache:warm", "q", 7)
	f("q=%ff", "q", 1)
}

func TestFromAndToFollowTheClock(t *testing.T) {
	got, err := query.Parse(url.Values{"range": {"15m"}}, noon)
	if err != nil {
		t.Fatal(err)
	}
	want := query.Question{
		From: noon.Add(-15 * time.Minute), To: noon, Live: true, Range: "15m", Percentile: 95, Sort: "-p95",
		Compare: "prev",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Parse: %s", diff)
	}
}

// FuzzParse holds that whatever is accepted is written as a URL that means the same and is written the same again.
func FuzzParse(f *testing.F) {
	for _, s := range []string{
		"", "range=7d&live=0", "from=2026-03-04T11:00:00.5Z&to=2026-03-04T12:00:00Z",
		"region=FRA&region=-SIN&q=route:/img/*",
		`q="a b" -name:"x\"y"&min=1ms&max=2s`, "status=5xx&cold=unknown&cache=hit&cmp=v:1&sort=-cold_adds&limit=5",
		"range=1h1s&p=50", "bad=slow&target=92.5", "movable=0.35",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		v, err := url.ParseQuery(text)
		if err != nil {
			t.Skip()
		}
		q, err := query.Parse(v, noon)
		if err != nil {
			var p *query.ParamError
			if !errors.As(err, &p) || p.Reason == "" {
				t.Fatalf("Parse(%q) = %v, want a ParamError", text, err)
			}
			return
		}
		again, err := query.Parse(q.Values(), noon)
		if err != nil {
			t.Fatalf("Parse(%q).Values() = %v is refused: %v", text, q.Values(), err)
		}
		if diff := cmp.Diff(q, again); diff != "" {
			t.Fatalf("%q changes when it is written and read: %s", text, diff)
		}
		if a, b := q.Values().Encode(), again.Values().Encode(); a != b {
			t.Fatalf("%q has two URLs: %s and %s", text, a, b)
		}
	})
}
