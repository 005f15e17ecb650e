package report

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"edgescope/edge"
)

// textWidth is how wide the printed reports are: they fit a terminal of 80 columns.
const textWidth = 79

// dotted prints "name: ..... value" over the whole width; a value that does not fit makes its line longer.
func dotted(b *strings.Builder, name, value string) {
	left := name + ": "
	if room := textWidth - len(left) - len(value) - 1; room > 0 {
		left += strings.Repeat(".", room) + " "
	}
	b.WriteString(left + value + "\n")
}

func decimal(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }

// grouped is a whole number with commas: 1,234,567.
func grouped(n int64) string {
	text := strconv.FormatInt(n, 10)
	for i := len(text) - 3; i > 0 && text[i-1] != '-'; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

func clock(t time.Time) string { return t.UTC().Format("15:04:05(+0000)") }

// writePeriod prints the figures of a period under Artillery's names. Endpoint metrics are in the files only, our own series
// in the tables.
func (s *Summary) writePeriod(b *strings.Builder, p *Period) {
	for _, name := range sortedKeys(p.Counters) {
		if !s.isEndpoint(name) {
			dotted(b, name, grouped(p.Counters[name]))
		}
	}
	for _, name := range sortedKeys(p.Rates) {
		switch {
		case name == hitRatio:
			dotted(b, name, decimal(p.Rates[name]))
		case !strings.HasPrefix(name, hitRatio):
			dotted(b, name, decimal(p.Rates[name])+"/sec")
		}
	}
	for _, name := range sortedKeys(p.Summaries) {
		if s.isEndpoint(name) || strings.HasPrefix(name, "edgescope.") {
			continue
		}
		d := p.Summaries[name]
		b.WriteString(name + ":\n")
		for _, figure := range []string{"min", "max", "mean", "median", "p95", "p99"} {
			value, _ := d.value(figure)
			dotted(b, "  "+figure, decimal(value))
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
		fmt.Fprintf(b, "%-21s %8d %8s %8s %8s %8s %8s\n", row.title, d.Count, cell(d.Mean), cell(d.P50), cell(d.P95), cell(d.P99), cell(d.Max))
	}
}

// cell is a number of milliseconds in at most 8 columns.
func cell(ms float64) string {
	switch {
	case ms < 10:
		return strconv.FormatFloat(ms, 'f', 3, 64)
	case ms < 1000:
		return strconv.FormatFloat(ms, 'f', 1, 64)
	default:
		return strconv.FormatFloat(ms, 'f', 0, 64)
	}
}

// cellOf is a figure of a distribution with so many values; of none there is no figure.
func cellOf(count int64, ms float64) string {
	if count == 0 {
		return "-"
	}
	return cell(ms)
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
		of := func(ms float64) string { return cellOf(q.Count, ms) }
		fmt.Fprintf(b, "%-34s %8d %7d %8s %8s %8s\n", shorten(p.Name, 34), p.Requests, p.Failed, of(q.P50), of(q.P95), of(q.Max))
	}
}

// wrapped breaks a line at blanks so that it fits the width; what follows its first line is indented.
func wrapped(line string) string {
	var b strings.Builder
	column := 0
	for i, word := range strings.Split(line, " ") {
		width := utf8.RuneCountInString(word)
		switch {
		case i == 0:
		case column+1+width > textWidth && column > 2:
			b.WriteString("\n  ")
			column = 2
		default:
			b.WriteByte(' ')
			column++
		}
		b.WriteString(word)
		column += width
	}
	return b.String() + "\n"
}

// shorten cuts text to n characters, keeping both ends: what differs is often at the end.
func shorten(text string, n int) string {
	r := []rune(text)
	if len(r) <= n {
		return text
	}
	head := (n - 3) / 2
	return string(r[:head]) + "..." + string(r[len(r)-(n-3-head):])
}
