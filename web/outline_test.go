package web_test

import (
	"flag"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/html"

	"edgescope/query"
	"edgescope/web/webtest"
)

var update = flag.Bool("update", false, "write the outlines of pages anew")

// TestPagesAsTheyAreRead compares each page with its outline in testdata: what a reader finds in it, in order, as the
// parsed tree has it. An outline that changes is a page that changes: go test ./web -run AsTheyAreRead -update.
func TestPagesAsTheyAreRead(t *testing.T) {
	full := func(*webtest.Collector) {}
	for _, c := range []struct {
		name, path string
		status     int
		set        func(*webtest.Collector)
	}{
		{"overview", "/", 200, full},
		{"overview-filtered", "/?region=GRU&region=-SIN&route=/a&min=5ms&p=99&cmp=none&range=6h&live=0", 200, full},
		{"overview-of-versions", "/?cmp=v:v141&service=image-resize", 200, full},
		{"overview-fixed", "/?from=2026-11-20T10:00:00Z&to=2026-11-20T12:00:00Z", 200, full},
		{"overview-bare", "/", 200, func(c *webtest.Collector) { c.Bare = true }},
		{"overview-refused", "/", 200, func(c *webtest.Collector) { c.Refusals = refusedThings() }},
		{"overview-doubtful", "/", 200, func(c *webtest.Collector) {
			c.Alter = func(a *query.About) {
				a.Partial, a.Estimated, a.Overflow, a.Notes = "1 of 3 stores did not answer", true, 1234,
					[]string{"a note"}
			}
		}},
		{"regions", "/regions?sort=name", 200, full},
		{"region", "/regions/GRU", 200, full},
		{"region-bare", "/regions/GRU", 200, func(c *webtest.Collector) { c.Bare = true }},
		{"cold-starts", "/cold-starts", 200, full},
		{"cold-starts-bare", "/cold-starts", 200, func(c *webtest.Collector) { c.Bare = true }},
		{"cold-model", "/cold-starts/model", 200, full},
		{"cold-model-bare", "/cold-starts/model", 200, func(c *webtest.Collector) { c.Bare = true }},
		{"traces-of-a-route", "/traces?route=/img/:id", 200, full},
		{"cache", "/cache", 200, full},
		{"cache-bare", "/cache", 200, func(c *webtest.Collector) { c.Bare = true }},
		{"slo", "/slo", 200, full},
		{"slo-bare", "/slo", 200, func(c *webtest.Collector) { c.Bare = true }},
		{"alerts", "/alerts", 200, full},
		{"alerts-bare", "/alerts", 200, func(c *webtest.Collector) { c.Bare = true }},
		{"versions", "/versions", 200, full},
		{"version", "/versions?version=v142&service=image-resize", 200, full},
		{"versions-bare", "/versions", 200, func(c *webtest.Collector) { c.Bare = true }},
		{"cache-advice", "/cache/advice?range=6h", 200, full},
		{"cache-advice-bare", "/cache/advice", 200, func(c *webtest.Collector) { c.Bare = true }},
		{"routing", "/routing", 200, full},
		{"routing-bare", "/routing", 200, func(c *webtest.Collector) { c.Bare = true }},
		{"explain", "/explain?region=GRU&q=route:/api/*", 200, full},
		{"explain-bare", "/explain?bad=errors", 200, func(c *webtest.Collector) { c.Bare = true }},
		{"wasm", "/wasm", 200, full},
		{"wasm-porting", "/wasm/porting?range=6h&movable=0.6", 200, full},
		{"wasm-porting-bare", "/wasm/porting", 200, func(c *webtest.Collector) { c.Bare = true }},
		{"wasm-busy", "/wasm", 200, func(c *webtest.Collector) { c.Busy = true }},
		{"wasm-bare", "/wasm", 200, func(c *webtest.Collector) { c.Bare = true }},
		{"cost", "/cost", 200, full},
		{"cost-bare", "/cost", 200, func(c *webtest.Collector) { c.Bare = true }},
		{"limits", "/limits", 200, full},
		{"limits-bare", "/limits", 200, func(c *webtest.Collector) { c.Bare = true }},
		{"traces", "/traces?region=FRA&q=route:/img/*", 200, full},
		{"traces-second-page", "/traces?after=abc&sort=-duration", 200, full},
		{"traces-bare", "/traces", 200, func(c *webtest.Collector) { c.Bare = true }},
		{"trace", "/traces/" + webtest.TraceID, 200, full},
		{"runs", "/runs", 200, full},
		{"runs-bare", "/runs", 200, func(c *webtest.Collector) { c.Bare = true }},
		{"run", "/runs/" + webtest.RunID, 200, full},
		{"run-bare", "/runs/" + webtest.RunID, 200, func(c *webtest.Collector) { c.Bare = true }},
		{"empty", "/", 200, func(c *webtest.Collector) { c.Empty = true }},
		{"no-such-trace", "/traces/00000000000000000000000000000000", 404, full},
		{"no-such-page", "/nothing", 404, full},
		{"bad-text", "/?q=region:FRA%20colour:red", 400, full},
		{"bad-range", "/regions?range=long", 400, full},
		{"refused-question", "/cache", 502, func(c *webtest.Collector) {
			c.Fail = func(w http.ResponseWriter, _ *http.Request) bool {
				w.WriteHeader(http.StatusServiceUnavailable)
				fmt.Fprint(w, `{"error":"the store does not answer"}`)
				return true
			}
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			collector := webtest.New(webtest.Places)
			c.set(collector)
			server := startFake(t, collector)
			page := document(t, open(t, server.URL), c.path, c.status)
			if strings.Contains(page.Find(".strip").Text(), "assets missing") {
				t.Skip("the assets are not built: run make assets")
			}
			var b strings.Builder
			o := outline{&b}
			o.walk(page.Find("title").Get(0), 0)
			o.walk(page.Find("body").Get(0), 0)
			golden(t, filepath.Join("testdata", c.name+".outline"),
				strings.ReplaceAll(b.String(), server.URL, "COLLECTOR"))
		})
	}
}

func golden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got, "\n")); diff != "" {
		t.Errorf("%s: the page has changed:\n%s", path, diff)
	}
}

// outline writes what a reader finds in a tree.
type outline struct{ *strings.Builder }

func (o outline) line(depth int, format string, args ...any) {
	o.WriteString(strings.TrimRight(strings.Repeat("  ", depth)+fmt.Sprintf(format, args...), " ") + "\n")
}

// texts are elements that are one line: their text, and where they lead.
var texts = []string{
	"title", "h1", "h2", "h3", "p", "li", "a", "strong", "span", "dt", "dd", "summary", "pre", "code", "button",
	"label", "time", "b", "small",
}

// shownRows is how many rows of a table are in an outline.
const shownRows = 3

func (o outline) walk(n *html.Node, depth int) {
	if n.Type == html.ElementNode {
		id := attr(n, "data-testid")
		if id != "" {
			o.line(depth, "[%s]", id)
			depth++
		}
		switch {
		case n.Data == "script" || n.Data == "noscript" || attr(n, "class") == "sr":
			return
		case n.Data == "svg":
			o.drawing(n, depth)
			return
		case n.Data == "table":
			o.table(n, depth)
			return
		case n.Data == "select":
			o.choice(n, depth)
			return
		case n.Data == "input":
			o.line(depth, "input %s %s=%q", attr(n, "type"), attr(n, "name"), attr(n, "value"))
			return
		case slices.Contains(texts, n.Data) && !holds(n, "svg", "table", "input", "select", "p", "li", "dl"):
			o.text(n, depth)
			return
		}
	}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		o.walk(c, depth)
	}
}

// text writes an element as one line: its tag, its text and where its links lead.
func (o outline) text(n *html.Node, depth int) {
	words := strings.Fields(textOf(n))
	if len(words) == 0 {
		return
	}
	words = append(words, links(n)...)
	if class := attr(n, "class"); class != "" {
		words = append(words, "."+strings.Join(strings.Fields(class), "."))
	}
	o.line(depth, "%s: %s", n.Data, strings.Join(words, " "))
}

// links are where the links of a tree lead, and which of them is followed already.
func links(n *html.Node) []string {
	var out []string
	for _, l := range below(n, "a") {
		out = append(out, "-> "+attr(l, "href"))
		if attr(l, "aria-current") != "" {
			out = append(out, "(current)")
		}
	}
	return out
}

// drawing names a picture and counts its shapes.
func (o outline) drawing(n *html.Node, depth int) {
	if attr(n, "aria-hidden") == "true" {
		return
	}
	name := attr(n, "aria-label")
	for _, title := range below(n, "title") {
		if name == "" {
			name = textOf(title)
		}
	}
	o.line(depth, "drawing %q of %d lines, %d boxes, %d dots", name, len(below(n, "path"))+len(below(n, "polyline")),
		len(below(n, "rect")), len(below(n, "circle")))
}

func (o outline) table(n *html.Node, depth int) {
	rows := below(n, "tr")
	for i, r := range rows {
		if i > shownRows {
			o.line(depth, "… %d rows", len(rows)-1)
			return
		}
		var cells []string
		for _, c := range append(below(r, "th"), below(r, "td")...) {
			words := strings.Fields(textOf(c))
			if s := attr(c, "aria-sort"); s == "ascending" || s == "descending" {
				words = append(words, "("+s+")")
			}
			cells = append(cells, strings.Join(append(words, links(c)...), " "))
		}
		o.line(depth, "%s", strings.Join(cells, " | "))
	}
}

func (o outline) choice(n *html.Node, depth int) {
	var options []string
	for _, option := range below(n, "option") {
		text := textOf(option)
		if slices.ContainsFunc(option.Attr, func(a html.Attribute) bool { return a.Key == "selected" }) {
			text += " (chosen)"
		}
		options = append(options, text)
	}
	o.line(depth, "select %s: %s", attr(n, "name"), strings.Join(options, ", "))
}

func attr(n *html.Node, key string) string {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}

// textOf is the text of a tree, without what stands in its scripts.
func textOf(n *html.Node) string {
	if n.Type == html.TextNode {
		return n.Data
	}
	var b strings.Builder
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		if c.Data != "script" {
			b.WriteString(textOf(c) + " ")
		}
	}
	return strings.TrimSpace(b.String())
}

// below are the elements of a tag inside n.
func below(n *html.Node, tag string) []*html.Node {
	var out []*html.Node
	for c := range n.Descendants() {
		if c.Type == html.ElementNode && c.Data == tag {
			out = append(out, c)
		}
	}
	if n.Type == html.ElementNode && n.Data == tag && tag == "a" {
		out = append([]*html.Node{n}, out...)
	}
	return out
}

func holds(n *html.Node, tags ...string) bool {
	for c := range n.Descendants() {
		if c.Type == html.ElementNode && slices.Contains(tags, c.Data) {
			return true
		}
	}
	return false
}
