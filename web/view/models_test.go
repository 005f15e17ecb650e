package view

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"edgescope/edge"
	"edgescope/query"
	"edgescope/web/part"
)

var now = time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)

func pageAt(t *testing.T, address string) *part.Page {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	q, err := query.Parse(u.Query(), now)
	if err != nil {
		t.Fatal(err)
	}
	return &part.Page{URL: u, Nav: u.Path, Question: q, Now: now, Assets: part.Assets{Script: "/app.js"}}
}

func TestTheShellFitsItsPage(t *testing.T) {
	f := func(address, nav string, filters, range_, compared bool) {
		t.Helper()
		p := pageAt(t, address)
		p.Nav = nav
		if filterable(p) != filters || ranged(p) != range_ || compares(p) != compared {
			t.Errorf("%s: filters %t, range %t, comparison %t; want %t %t %t",
				address, filterable(p), ranged(p), compares(p), filters, range_, compared)
		}
	}
	f("/", "/", true, true, true)
	f("/cache", "/cache", true, true, true)
	f("/traces", "/traces", true, true, false)
	f("/traces/00ff", "/traces", false, false, false)
	f("/runs", "/runs", false, false, false)
	f("/runs/00ff", "/runs", false, false, false)
}

func TestTheMenuKeepsTheQuestion(t *testing.T) {
	p := pageAt(t, "/cache?range=6h&region=FRA&sort=-p99&table=x")
	for _, l := range menu(p) {
		if l.Current != (l.Text == "Cache") || !strings.HasSuffix(l.Href, "?range=6h&region=FRA") {
			t.Errorf("%+v", l)
		}
	}
	for _, l := range ranges(p) {
		if l.Current != (l.Text == "6h") {
			t.Errorf("%+v", l)
		}
	}
	if got := themeLink(p); got !=
		"/theme?back=%2Fcache%3Frange%3D6h%26region%3DFRA%26sort%3D-p99%26table%3Dx&to=dark" {
		t.Errorf("the theme's link is %s", got)
	}
	for theme, next := range map[string]string{"": "dark", "dark": "light", "light": "auto"} {
		if p.Theme = theme; nextTheme(p) != next {
			t.Errorf("after %q comes %q", theme, nextTheme(p))
		}
	}
}

func TestTheFormSendsOnWhatItHasNoControlFor(t *testing.T) {
	p := pageAt(t, "/?region=FRA&region=-IAD&service=shop&q=x&cmp=none&p=99&sort=-p95&after=y&live=0")
	var got []string
	for _, h := range hidden(p) {
		got = append(got, h.Key+"="+h.Value)
	}
	if text := strings.Join(got, " "); text != "region=FRA region=-IAD p=99" {
		t.Errorf("hidden: %s", text)
	}
	if got := strings.Join(choices([]string{"a", "b"}, []string{"b", "c", ""}), " "); got != "a b c" {
		t.Errorf("choices: %s", got)
	}
}

func TestThePageSaysHowOldItIs(t *testing.T) {
	f := func(address string, last time.Duration, want string) {
		t.Helper()
		p := pageAt(t, address)
		if last > 0 {
			p.About.LastEvent = now.Add(-last)
		}
		if got := staleness(p); !strings.Contains(got, want) || want == "" && got != "" {
			t.Errorf("%s, the last %s ago: %q, want %q", address, last, got, want)
		}
	}
	f("/", 119*time.Second, "")
	f("/", 5*time.Minute, "300\u00a0s ago, at 2026-03-04 11:55:00 UTC")
	f("/?live=0", 5*time.Minute, "")
	f("/", 0, "") // nobody knows
	for address, want := range map[string]string{
		"/?live=0": "Paused ·", "/?from=2026-03-01T08:00:00Z&to=2026-03-02T08:00:00Z": "Fixed range ·",
	} {
		if got := pausedWord(pageAt(t, address)); got != want {
			t.Errorf("%s: %s, want %s", address, got, want)
		}
	}
	p := pageAt(t, "/")
	p.About = query.About{From: now.Add(-time.Hour), To: now, Step: 90, Source: "rollups"}
	want := "2026-03-04 11:00:00 – 2026-03-04 12:00:00 UTC, from rollups, steps of 90\u00a0s. " +
		"The newest step is still arriving and drawn dashed."
	if got := footText(p); got != want {
		t.Errorf("the foot says %q, want %q", got, want)
	}
	if got := footText(pageAt(t, "/traces/00ff")); got != "All times are UTC." {
		t.Errorf("the foot of a trace says %q", got)
	}
	for seconds, want := range map[int64]string{10: "10\u00a0s", 300: "5\u00a0min", 7200: "2\u00a0h"} {
		if got := stepText(seconds); got != want {
			t.Errorf("%d: %s, want %s", seconds, got, want)
		}
	}
}

func TestVerdictsAreGlyphAndWord(t *testing.T) {
	for verdict, want := range map[string]part.State{
		edge.VerdictPassed:  {Class: "ok", Text: "✓ passed"},
		edge.VerdictRunning: {Class: "quiet", Text: "… running"},
		edge.VerdictFailed:  {Class: "bad", Text: "✕ failed"},
		edge.VerdictError:   {Class: "bad", Text: "✕ error"},
		"invalid":           {Class: "warn", Text: "! invalid"},
	} {
		if got := verdictState(verdict); got != want {
			t.Errorf("%s: %+v, want %+v", verdict, got, want)
		}
	}
}

func TestAChangeOfNoiseIsCalledSo(t *testing.T) {
	f := func(change query.Num, text, sub string) {
		t.Helper()
		if c := p95Change(&query.RunRow{P95Change: change}); c.Text != text || c.Sub != sub {
			t.Errorf("%v: %q %q, want %q %q", change, c.Text, c.Sub, text, sub)
		}
	}
	f(.04, "+4\u00a0%", "within 5\u00a0%")
	f(-.049, "−5\u00a0%", "within 5\u00a0%")
	f(.25, "+25\u00a0%", "")
	f(query.None(), "–", "")
}

func TestHowLongARunTook(t *testing.T) {
	f := func(r edge.Run, want time.Duration) {
		t.Helper()
		if got := runLength(&r); got != want {
			t.Errorf("%+v: %s, want %s", r, got, want)
		}
	}
	f(edge.Run{Started: now, Ended: now.Add(time.Minute), Updated: now.Add(time.Hour)}, time.Minute)
	f(edge.Run{Started: now, Updated: now.Add(30 * time.Second)}, 30*time.Second) // it runs
	f(edge.Run{Started: now, Ended: now.Add(-time.Second)}, 0)                    // clocks of two machines
}

func TestOutcomesOfInvocationsAreTold(t *testing.T) {
	f := func(tr query.Trace, text, class string) {
		t.Helper()
		if c := statusCell(&tr); c.Text != text || c.Class != class {
			t.Errorf("%+v: %q %q, want %q %q", tr, c.Text, c.Class, text, class)
		}
	}
	f(query.Trace{Status: 200, Outcome: "ok"}, "200", "")
	f(query.Trace{Status: 404}, "! 404", "badge warn")
	f(query.Trace{Status: 503}, "✕ 503", "badge bad")
	f(query.Trace{Outcome: "exceeded_cpu"}, "✕ exceeded_cpu", "badge bad")
	f(query.Trace{Outcome: "ok"}, "–", "")
	f(query.Trace{}, "–", "")
	for cold, want := range map[string]string{"true": "❄ cold", "false": "warm", "": "–"} {
		if got := coldCell(cold).Text; got != want {
			t.Errorf("cold %q: %s, want %s", cold, got, want)
		}
	}
}

func TestAFacetLiftsWhatItHasSet(t *testing.T) {
	p := pageAt(t, "/traces?region=FRA")
	values := []query.FacetValue{{Value: "FRA", Count: 1234}, {Value: "", Count: 5}}
	for range 10 {
		values = append(values, query.FacetValue{Value: "x", Count: 1})
	}
	box := facetBox(p, query.Facet{Key: query.KeyRegion, Values: values})
	if len(box.Values) != 8 || box.Values[0].Href != "/traces" || !box.Values[0].Current ||
		box.Values[0].Count != "1\u202f234" {
		t.Errorf("%d values, the first %+v", len(box.Values), box.Values[0])
	}
	if v := box.Values[1]; v.Text != "unknown" || v.Href != "/traces?region=unknown" || v.Current {
		t.Errorf("the value that is absent: %+v", v)
	}
}

func TestAFindingLeadsToWhatItIsAbout(t *testing.T) {
	p := pageAt(t, "/?range=6h")
	p.About.To = time.Date(2026, 11, 20, 16, 0, 0, 0, time.UTC)
	f := func(q *query.Finding, class, link string, explained bool) {
		t.Helper()
		s := finding(p, &query.Overview{Finding: q})
		if s.Class != class || s.Href != link || (s.Explain != "") != explained {
			t.Errorf("%+v: %+v, want %s and %s", q, s, class, link)
		}
	}
	f(nil, "quiet", "", false)
	norm := query.KindNorm
	f(&query.Finding{Kind: norm, Severity: "bad", Region: "GRU"}, "bad", "/traces?range=6h&region=GRU", true)
	f(&query.Finding{Kind: norm, Severity: "warn", Route: "/a b"}, "warn", "/traces?range=6h&route=%2Fa+b", true)
	f(&query.Finding{Kind: norm, Severity: "bad", Service: "shop"}, "bad", "/traces?range=6h&service=shop", true)
	f(&query.Finding{Kind: norm, Severity: "bad"}, "bad", "/traces?range=6h", true)
	f(&query.Finding{Kind: query.KindSilence, Severity: "bad", Region: "JNB"}, "bad", "/regions/JNB?range=6h", false)
	f(&query.Finding{Kind: query.KindLimit, Severity: "warn"}, "warn", "/limits?range=6h", false)
	f(&query.Finding{Kind: query.KindSLO, Severity: "bad"}, "bad", "/slo?range=6h", true)
	f(&query.Finding{Kind: query.KindRegression, Severity: "bad"}, "bad", "/versions?range=6h", true)
	f(&query.Finding{Kind: query.KindCost, Severity: "warn"}, "warn", "/cost?range=6h", false)
	at := time.Date(2026, 11, 20, 6, 30, 0, 0, time.UTC)
	if s := strip(p, &query.Finding{Since: at}); s.Since != "since 06:30 UTC" {
		t.Error(s.Since)
	}
	if s := strip(p, &query.Finding{Since: at.Add(-query.Day)}); s.Since != "since Nov 19 06:30 UTC" {
		t.Error(s.Since)
	}
	young, known := &query.Overview{}, &query.Overview{Places: []query.Place{{
		Name: "FRA", Standing: &query.Standing{State: query.StandingNormal},
	}}}
	if s := finding(p, young); s.Subject != "No norms yet" {
		t.Errorf("%+v", s)
	}
	if s := finding(p, known); s.Subject != "Nothing stands out" {
		t.Errorf("%+v", s)
	}
	if s := finding(pageAt(t, "/?range=6h&service=shop&region=FRA"), known); s.Subject != "Nothing stands out" {
		t.Errorf("of a region: %+v", s)
	}
	if s := finding(pageAt(t, "/?range=6h&route=/a"), young); s.Subject != "No norms of this choice" {
		t.Errorf("of a route: %+v", s)
	}
	known.Judging = true
	if s := finding(p, known); s.Subject != "Not judged yet" {
		t.Errorf("%+v", s)
	}
	many := &query.Overview{Findings: make([]query.Finding, 20)}
	if list, text := more(p, many); len(list) != mostMore || text != "19 more to look at, the first 12 here" {
		t.Errorf("%d: %s", len(list), text)
	}
	if list, text := more(p, &query.Overview{Findings: make([]query.Finding, 1)}); list != nil || text != "" {
		t.Errorf("%d: %s", len(list), text)
	}
}

func TestRatiosHaveTheDigitsThatMatter(t *testing.T) {
	f := func(ratio, v float64, want string) {
		t.Helper()
		if got := decimals(ratio, v); got != want {
			t.Errorf("%v beside %v: %s, want %s", v, ratio, got, want)
		}
	}
	f(1.002, 1.0024, "1.002")
	f(7.15, 7.149, "7.15")
	f(7.15, 123.4, "123")
	if got := intervalText(0, [2]float64{}); got != "–" {
		t.Errorf("what was not measured is %s", got)
	}
	if got := intervalText(7.15, [2]float64{7.1, 7.2}); got != "7.15 [7.10, 7.20]" {
		t.Errorf("got %s", got)
	}
	for bytes, want := range map[int64]string{0: "–", 5300: "5.3 kB", 76e6: "76 MB"} {
		if got := bytesCell(bytes).Text; got != want {
			t.Errorf("%d bytes: %s, want %s", bytes, got, want)
		}
	}
}

// TestWaterfallsTellWhatFailed holds the badges of a span, and that depth is bounded.
func TestWaterfallsTellWhatFailed(t *testing.T) {
	s := query.Span{
		Name: "GET", Service: "shop", Status: "ERROR", Depth: 40, MissingParent: true, Region: "FRA", Cold: "true",
		Cache:  "hit",
		Offset: 10, Duration: 20, Attrs: map[string]string{"b": "2", "a": "1"},
		Events: []query.SpanEvent{{Name: "exception", Offset: 5, Attrs: map[string]string{"message": "no"}}},
	}
	r := spanRow(&s, 100, map[string]string{"shop": "s1"})
	if !r.Failed || !r.Orphan || r.Indent != 12 || r.Class != "s1" ||
		strings.Join(r.Badges, ", ") != "FRA, ❄ cold, cache hit" {
		t.Errorf("%+v", r)
	}
	if r.Attrs[0] != (Pair{"a", "1"}) || r.Events[0] != (Pair{"exception", "+5\u00a0ms, message no"}) {
		t.Errorf("attributes %v, events %v", r.Attrs, r.Events)
	}
}
