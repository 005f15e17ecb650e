package view

import (
	"cmp"
	"encoding/json"
	"html"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/a-h/templ"

	"edgescope/chart"
	"edgescope/query"
	"edgescope/web/part"
)

// menu are the pages of the navigation.
func menu(p *part.Page) []part.Link {
	entries := []part.Link{
		{Text: "Overview", Href: "/"},
		{Text: "Alerts", Href: "/alerts"},
		{Text: "SLOs", Href: "/slo"},
		{Text: "Versions", Href: "/versions"},
		{Text: "Regions", Href: "/regions"},
		{Text: "Cold starts", Href: "/cold-starts"},
		{Text: "Cache", Href: "/cache"},
		{Text: "WASM", Href: "/wasm"},
		{Text: "Traces", Href: "/traces"},
		{Text: "Load tests", Href: "/runs"},
		{Text: "Limits", Href: "/limits"},
		{Text: "Cost", Href: "/cost"},
	}
	for i := range entries {
		entries[i].Current = entries[i].Href == p.Nav
		entries[i].Href = p.To(entries[i].Href)
	}
	return entries
}

// hidden are the keys that the filter form sends on although it has no control for them.
func hidden(p *part.Page) []Pair {
	var out []Pair
	v := query.Canonical(p.URL.Query())
	for _, key := range []string{
		query.KeyRegion, query.KeyRoute, query.KeyStatus, query.KeyCold, query.KeyCache,
		query.KeyPercentile, query.KeySort, query.KeyMin, query.KeyMax, query.KeyFrom, query.KeyTo, query.KeyRange,
		query.KeyBad, query.KeyTarget, query.KeyMovable,
	} {
		for _, value := range v[key] {
			out = append(out, Pair{key, value})
		}
	}
	return out
}

// Pair is a key of a URL and a value.
type Pair struct{ Key, Value string }

// ranges are the lengths of time that one click chooses.
func ranges(p *part.Page) []part.Link {
	var out []part.Link
	for _, r := range []string{"15m", "1h", "6h", "24h", "7d"} {
		current := p.Question.Range == r
		out = append(out, part.Link{Text: r, Href: p.With(query.KeyRange, r), Current: current})
	}
	return out
}

// filterable tells whether the page's numbers can be filtered: one trace and load tests can't.
func filterable(p *part.Page) bool { return p.Nav != "/runs" && !isOne(p) }

// ranged tells whether the page is about a range of time: one trace or load test has its own, and load tests are listed
// as far back as they are kept, unless the address says from when.
func ranged(p *part.Page) bool { return !isOne(p) && p.Nav != "/runs" }

// keptText says which load tests are listed.
func keptText(p *part.Page) string {
	if p.Question.Range == "" {
		return "newest first, " + p.RangeText()
	}
	return "newest first, all that are kept"
}

// isOne tells whether the page is about one trace or one load test, whose time is its own.
func isOne(p *part.Page) bool {
	return strings.HasPrefix(p.URL.Path, "/traces/") || strings.HasPrefix(p.URL.Path, "/runs/")
}

// footText says where the page's numbers come from and which time they cover.
func footText(p *part.Page) string {
	a := p.About
	if isOne(p) {
		return "All times are UTC."
	}
	text := part.Stamp(a.From) + " – " + part.Stamp(a.To) + " UTC"
	if p.Nav == "/alerts" {
		return text + "." // rules have their own times, and alerts no steps
	}
	text += ", from " + part.OrAbsent(a.Source)
	if a.Step > 0 {
		text += ", steps of " + stepText(a.Step)
	}
	if p.Live() {
		text += ". The newest step is still arriving and drawn dashed"
	}
	return text + "."
}

// compares tells whether the page shows changes against another period.
func compares(p *part.Page) bool {
	without := []string{"/traces", "/explain", "/alerts", "/cache/advice", "/wasm/porting"}
	return filterable(p) && !slices.Contains(without, p.Nav) && !slices.Contains(without, p.URL.Path)
}

// explained are the pages from which it can be asked what bad requests share, and what is bad there; "" is errors or
// slow ones, of which there are more.
var explained = map[string]string{
	"/": "", "/regions": "", "/versions": "", "/traces": "", "/cold-starts": query.BadCold, "/cache": query.BadMiss,
}

// explainable tells whether it can be asked from the page what bad requests of its range share.
func explainable(p *part.Page) bool {
	_, ok := explained[p.Nav]
	return ok && filterable(p) && p.Problem == nil && !p.About.Empty
}

// explainLink leads to that with the page's range and filters, from the page of one region of that region.
func explainLink(p *part.Page) string {
	target, err := url.Parse(p.To("/explain"))
	if err != nil {
		return "/explain"
	}
	v := target.Query()
	if bad := explained[p.Nav]; bad != "" {
		v.Set(query.KeyBad, bad)
	}
	if code, ok := strings.CutPrefix(p.URL.Path, "/regions/"); ok {
		v.Set(query.KeyRegion, cmp.Or(code, query.Unknown))
	}
	return part.Address(target.Path, v)
}

func badKey(p *part.Page, key string) bool { return p.Problem != nil && p.Problem.Key == key }

func pausedWord(p *part.Page) string {
	if p.Question.Range == "" {
		return "Fixed range ·"
	}
	if p.Assets.Script == "" {
		return "As of"
	}
	return "Paused ·"
}

func themeName(p *part.Page) string { return cmp.Or(p.Theme, "auto") }

func nextTheme(p *part.Page) string {
	return map[string]string{"auto": "dark", "dark": "light", "light": "auto"}[themeName(p)]
}

func themeLink(p *part.Page) string {
	back := part.Address(p.URL.Path, p.URL.Query())
	v := url.Values{"to": {nextTheme(p)}, "back": {back}}
	return "/theme?" + v.Encode()
}

// staleness says how long nothing has arrived, when the page follows the clock and that is more than two minutes.
func staleness(p *part.Page) string {
	if !p.Question.Live || p.About.LastEvent.IsZero() {
		return ""
	}
	quiet := p.Now.Sub(p.About.LastEvent)
	if quiet < 2*time.Minute {
		return ""
	}
	return "The last invocation ended " + chart.Milliseconds.Text(float64(quiet.Milliseconds())) + " ago, at " +
		part.Stamp(p.About.LastEvent) + " UTC."
}

// stepText writes a length of time in whole units.
func stepText(seconds int64) string {
	d := time.Duration(seconds) * time.Second
	switch {
	case d%time.Hour == 0:
		return strconv.FormatInt(int64(d/time.Hour), 10) + "\u00a0h"
	case d%time.Minute == 0:
		return strconv.FormatInt(int64(d/time.Minute), 10) + "\u00a0min"
	default:
		return strconv.FormatInt(seconds, 10) + "\u00a0s"
	}
}

// caret writes a value and a mark below its bad spot, column counted in characters from 1.
func caret(value string, column int) string {
	return html.EscapeString(value) + "\n" + strings.Repeat(" ", max(0, column-1)) + "^"
}

// choices are the values offered, with the chosen ones that are not among them.
func choices(offered, chosen []string) []string {
	out := slices.Clone(offered)
	for _, c := range chosen {
		if c != "" && !slices.Contains(out, c) {
			out = append(out, c)
		}
	}
	return out
}

// failureRole announces a failure, unless the field above already does.
func failureRole(p *part.Page) string {
	if p.Problem.Key != "" {
		return "group"
	}
	return "alert"
}

func regionsSub(m *Overview) string {
	n := m.RegionCount
	if n > len(m.Regions.Rows) {
		return "the " + strconv.Itoa(len(m.Regions.Rows)) + " worst of " + strconv.Itoa(n)
	}
	return strconv.Itoa(n) + " in all"
}

func versus(p *part.Page) string {
	if c := p.Compared(); c != "" {
		return " vs " + c
	}
	return ""
}

// curl is a request that sends one span which the pages show: it works as pasted for ten minutes.
func curl(p *part.Page) string {
	end := p.Now.UnixNano()
	str := func(s string) map[string]any { return map[string]any{"stringValue": s} }
	attr := func(k string, v map[string]any) map[string]any { return map[string]any{"key": k, "value": v} }
	body := map[string]any{"resourceSpans": []any{map[string]any{
		"resource": map[string]any{"attributes": []any{
			attr("service.name", str("hello-edge")),
			attr("cloud.region", str("FRA")), attr("cloud.platform", str("cloudflare.workers")),
		}},
		"scopeSpans": []any{map[string]any{"spans": []any{map[string]any{
			"traceId": "5b8efff798038103d269b633813fc60c", "spanId": "eee19b7ec3c1b174", "name": "GET /hello",
			"kind":              2,
			"startTimeUnixNano": strconv.FormatInt(end-42e6, 10), "endTimeUnixNano": strconv.FormatInt(end, 10),
			"attributes": []any{
				attr("http.route", str("/hello")), attr("http.request.method", str("GET")),
				attr("faas.coldstart", map[string]any{"boolValue": true}),
			},
		}}}},
	}}}
	text, err := json.Marshal(body)
	if err != nil {
		panic("BUG: the example span has no JSON: " + err.Error())
	}
	return "curl -sS " + p.Ingest + "/v1/traces \\\n  -H 'Content-Type: application/json' \\\n  -d '" + string(text) +
		"'"
}

// current marks the link that is followed already. The attribute needs a value: an empty one means false.
func current(on bool) templ.Attributes {
	if !on {
		return nil
	}
	return templ.Attributes{"aria-current": "true"}
}

func invalid(on bool) templ.Attributes {
	if !on {
		return nil
	}
	return templ.Attributes{"aria-invalid": "true"}
}
