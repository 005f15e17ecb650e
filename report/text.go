package report

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"edgescope/edge"
	"edgescope/report/text"
)

// dotted prints "name: ..... value" over the whole width; a value that does not fit makes its line longer.
func dotted(b *strings.Builder, name, value string) {
	left := name + ": "
	if room := text.Width - len(left) - len(value) - 1; room > 0 {
		left += strings.Repeat(".", room) + " "
	}
	b.WriteString(left + value + "\n")
}

func clock(t time.Time) string { return t.UTC().Format("15:04:05(+0000)") }

// writePeriod prints the figures of a period under Artillery's names. Endpoint metrics are in the files only, our own series
// in the tables.
func (s *Summary) writePeriod(b *strings.Builder, p *Period) {
	for _, name := range slices.Sorted(maps.Keys(p.Counters)) {
		if !s.isEndpoint(name) {
			dotted(b, name, text.Grouped(p.Counters[name]))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(p.Rates)) {
		switch {
		case name == hitRatio:
			dotted(b, name, text.Decimal(p.Rates[name]))
		case !strings.HasPrefix(name, hitRatio):
			dotted(b, name, text.Decimal(p.Rates[name])+"/sec")
		}
	}
	for _, name := range slices.Sorted(maps.Keys(p.Summaries)) {
		if s.isEndpoint(name) || strings.HasPrefix(name, "edgescope.") {
			continue
		}
		d := p.Summaries[name]
		b.WriteString(name + ":\n")
		for _, figure := range []string{"min", "max", "mean", "median", "p95", "p99"} {
			value, _ := d.value(figure)
			dotted(b, "  "+figure, text.Decimal(value))
		}
	}
	writeLatencies(b, p)
}

// latencies are the rows of the latency table, in the order of the headline first.
var latencies = []struct{ title, series string }{
	{"from intended start", seriesResponse},
	{"  cold connections", seriesResponse + ".cold"},
	{"  warm connections", seriesResponse + ".warm"},
	{"from the send", seriesService},
	{"to first byte", seriesTTFB},
	{"  first hits", seriesFirstHit + ".ttfb"},
	{"  later hits", seriesLaterHit + ".ttfb"},
	{"wait for connection", seriesConnWait},
	{"lag of arrivals", seriesLag},
}

func writeLatencies(b *strings.Builder, p *Period) {
	if p.Summaries[seriesLag].Count == 0 && p.Summaries[seriesResponse].Count == 0 {
		return
	}
	fmt.Fprintf(b, "\n%-21s %8s %8s %8s %8s %8s %8s\n", "latency (ms)", "count", "mean", "p50", "p95", "p99", "max")
	for _, row := range latencies {
		d, ok := p.Summaries[row.series]
		if !ok {
			continue
		}
		fmt.Fprintf(b, "%-21s %8d %8s %8s %8s %8s %8s\n", row.title, d.Count, text.Milliseconds(d.Mean), text.Milliseconds(d.P50), text.Milliseconds(d.P95), text.Milliseconds(d.P99), text.Milliseconds(d.Max))
	}
}

func (s *Summary) writeParts(b *strings.Builder) {
	s.mu.Lock()
	defer s.mu.Unlock()
	writeParts(b, "step", runParts(s.parts.steps))
	writeParts(b, "region", runParts(s.parts.regions))
}

func writeParts(b *strings.Builder, title string, parts []edge.RunPart) {
	if len(parts) == 0 {
		return
	}
	fmt.Fprintf(b, "\n%-34s %8s %7s %8s %8s %8s\n", title+" (ms)", "requests", "failed", "p50", "p95", "max")
	for i := range parts {
		p := &parts[i]
		q := &p.Response
		of := func(ms float64) string { return text.MillisecondsOf(q.Count, ms) }
		fmt.Fprintf(b, "%-34s %8d %7d %8s %8s %8s\n", text.Shorten(p.Name, 34), p.Requests, p.Failed, of(q.P50), of(q.P95), of(q.Max))
	}
}
