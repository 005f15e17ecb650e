// Package part is what pages are made of: the page and its links, tables, tiles and figures, as data and as markup.
// Data holds text that is ready to show; markup holds no rules.
package part

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/a-h/templ"

	"edgescope/chart"
	"edgescope/query"
)

// Page is what the shell around every page needs.
type Page struct {
	// Title is the heading, Nav the path of the menu item that is current.
	Title, Nav string
	// URL is the page's own address; every link keeps its keys.
	URL *url.URL
	// Question is what was asked. With a bad value in the URL it is the zero Question, and Problem tells.
	Question query.Question
	Now      time.Time
	// Theme is dark, light or empty for the system's choice.
	Theme  string
	Assets Assets
	// Ingest is the base URL of the collector's ingest port as a reader would type it, for the example on empty pages.
	Ingest  string
	Targets Targets
	// SignedIn tells whether the reader has a session that can be ended.
	SignedIn bool

	// About and Choices come from the answer.
	About   query.About
	Choices query.Choices
	Problem *Problem
	// Latency is where the requests that the page is about spend their time; nil when that was not asked.
	Latency *query.Latency
	// Refusals are what the collector did not take in the range; nil when that was not asked.
	Refusals *query.Refusals
}

// Assets are the addresses of what the page loads. All are empty when the assets were not built.
type Assets struct{ Script, Style, Font string }

// Targets are the service levels that figures are held against; zero means none.
type Targets struct {
	// P95 is the greatest good p95 in milliseconds.
	P95 float64
	// ErrorRatio is the share of invocations that may fail, 0..1: the error budget.
	ErrorRatio float64
}

// Problem is why a page has no answer, or none to the question in the URL.
type Problem struct {
	Status int
	// Title and Text are sentences for the reader; Detail is the technical text.
	Title, Text, Detail string
	// Key is the key of the URL whose value is bad, Column where in it the bad spot is, from 1; 0 when unknown.
	Key    string
	Value  string
	Column int
}

// Content is the inside of a page and its tables, which can also be had as CSV and JSON.
type Content struct {
	Body   templ.Component
	Tables []Table
}

// Live tells whether the page's numbers follow the clock.
func (p *Page) Live() bool {
	return p.Question.Live && p.Problem == nil && p.Assets.Script != "" && p.Streams()
}

// Streams tells whether the page is one that a stream exists for.
func (p *Page) Streams() bool { return Follows(p.URL.Path) }

// Follows tells whether the numbers of the page at a path follow the clock. Traces, runs, and answers for which many
// events are read stay as they were asked.
func Follows(path string) bool {
	return !slices.ContainsFunc([]string{"/traces", "/runs", "/explain", "/cache/advice"}, func(still string) bool {
		return path == still || strings.HasPrefix(path, still+"/")
	})
}

// Stream is the address of the page's live updates.
func (p *Page) Stream() string {
	u := url.URL{Path: strings.TrimSuffix("/live"+p.URL.Path, "/"), RawQuery: query.Canonical(p.URL.Query()).Encode()}
	return u.String()
}

// With is With on the page's own URL.
func (p *Page) With(key, value string) string { return With(p.URL, key, value) }

// To is a link to another page that keeps the range and the filters.
func (p *Page) To(path string) string { return To(p.URL, path) }

// Values are the values of a key in the URL.
func (p *Page) Values(key string) []string { return p.URL.Query()[key] }

// Value is the first value of a key in the URL, "" without one.
func (p *Page) Value(key string) string { return p.URL.Query().Get(key) }

// Percentile is p50, p95 or p99, as asked.
func (p *Page) Percentile() string { return "p" + strconv.Itoa(p.Question.WithDefaults().Percentile) }

// RangeText says which time the page is about, such as "last 24h" or two times in UTC.
func (p *Page) RangeText() string {
	if p.Question.Range != "" {
		return "last " + p.Question.Range
	}
	return p.Question.From.UTC().Format("Jan 2 15:04") + " – " + p.Question.To.UTC().Format("Jan 2 15:04") + " UTC"
}

// Compared names the period or version that changes are measured against, "" when there is none.
func (p *Page) Compared() string {
	version, isVersion := strings.CutPrefix(p.Question.Compare, query.CompareVersion)
	switch {
	case isVersion:
		return "version " + version
	case p.Question.Compare == query.CompareNone:
		return ""
	case p.Question.Range == "24h":
		return "the previous day"
	case p.Question.Range == "":
		return "the previous period"
	default:
		return "the previous " + p.Question.Range
	}
}

// Filters are the values by which the page is filtered, each with a link that lifts it.
func (p *Page) Filters() []Link {
	var out []Link
	v := p.URL.Query()
	for _, key := range []string{query.KeyRegion, query.KeyRoute, query.KeyStatus, query.KeyCold, query.KeyCache} {
		for _, value := range v[key] {
			if value != "" {
				out = append(out, Link{Text: key + ": " + value, Href: Without(p.URL, key, value)})
			}
		}
	}
	for _, key := range []string{query.KeyMin, query.KeyMax} {
		if value := v.Get(key); value != "" {
			out = append(out, Link{Text: key + ": " + value, Href: With(p.URL, key, "")})
		}
	}
	return out
}

// Link is a text that leads somewhere.
type Link struct {
	Text, Href string
	Current    bool
}

// Frame is the time axis of an answer.
func Frame(a query.About) chart.Frame {
	step := time.Duration(a.Step) * time.Second
	f := chart.Frame{From: a.From, Step: step}
	if step > 0 {
		f.Buckets = int(a.To.Sub(a.From) / step)
	}
	return f
}

// Marks are the deploys of an answer.
func Marks(a query.About) []chart.Mark {
	out := make([]chart.Mark, len(a.Deploys))
	for i, d := range a.Deploys {
		out[i] = chart.Mark{At: d.At, Text: d.Version}
	}
	return out
}

func floats(values []query.Num) []float64 {
	out := make([]float64, len(values))
	for i, v := range values {
		out[i] = float64(v)
	}
	return out
}

// line finds the values of the line of that name, nil when there is none.
func line(lines []query.Line, name string) []float64 {
	for i := range lines {
		if lines[i].Name == name {
			return floats(lines[i].Values)
		}
	}
	return nil
}

// Clock writes a time of day in UTC.
func Clock(t time.Time) string { return t.UTC().Format("15:04:05") }

// Stamp writes a moment in UTC, to the second.
func Stamp(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05") }
