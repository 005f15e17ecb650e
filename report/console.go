package report

import (
	"fmt"
	"io"
	"math"
	"strings"
	"sync"
	"time"

	"edgescope/edge"
	"edgescope/load"
	"edgescope/report/text"
	"edgescope/scenarios"
)

// Console prints a run while it lasts, and its end. It is safe for concurrent use. What it prints has no colour.
type Console struct {
	Out io.Writer
	// Quiet leaves out everything but log lines and the end (-q).
	Quiet bool
	// Live redraws one status line; only for a terminal. Width is the terminal's, 0 for 80.
	Live  bool
	Width int
	// Expect prints every expectation while the run lasts, in a format of plugins.expect; "" prints none.
	Expect string

	mu      sync.Mutex
	shown   bool // a live line stands on the terminal
	printed int  // periods
}

// Event prints what is to be seen at once: log lines and phases.
func (c *Console) Event(e load.Event) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch e := e.(type) {
	case *load.Line:
		c.print(e.Text + "\n")
	case *load.Result:
		if lines := expectationLines(c.Expect, e); lines != "" && !c.Quiet {
			c.print(lines)
		}
	case *load.PhaseStart:
		if c.Quiet {
			return
		}
		c.print(fmt.Sprintf("Phase started: %s (index: %d, duration: %s) %s\n\n", phaseName(&e.Phase), e.Phase.Index, seconds(e.Phase.Duration), clock(e.At)))
	}
}

func phaseName(p *scenarios.Phase) string {
	if p.Name == "" {
		return "unnamed"
	}
	return p.Name
}

func seconds(d time.Duration) string { return text.Decimal(text.Round(d.Seconds(), 3)) + "s" }

// Tick prints the periods that have been closed since the last call and redraws the live line.
func (c *Console) Tick(s *Summary, now time.Time) {
	if c.Quiet {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	periods := s.Periods()
	for ; c.printed < len(periods); c.printed++ {
		c.print(s.periodText(&periods[c.printed]))
	}
	if c.Live {
		c.redraw(s.status(now))
	}
}

func (s *Summary) periodText(p *Period) string {
	var b strings.Builder
	width := float64(p.LastMetricAt-p.FirstMetricAt) / 1000
	rule := strings.Repeat("-", 40)
	fmt.Fprintf(&b, "%s\nMetrics for period to: %s (width: %ss)\n%s\n\n", rule, clock(p.start.Add(Window)), text.Decimal(text.Round(width, 3)), rule)
	s.writePeriod(&b, p)
	b.WriteByte('\n')
	return b.String()
}

// print writes text where the live line stood.
func (c *Console) print(text string) {
	if c.shown {
		text = "\r\x1b[K" + text
		c.shown = false
	}
	io.WriteString(c.Out, text)
}

func (c *Console) redraw(line string) {
	width := c.Width
	if width <= 0 {
		width = 80
	}
	if r := []rune(line); len(r) >= width {
		line = string(r[:width-1])
	}
	io.WriteString(c.Out, "\r\x1b[K"+line)
	c.shown = true
}

// status is the live line: rate, users, p95, errors, time left, phase. It ends with what may be cut.
func (s *Summary) status(now time.Time) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := newTally()
	for _, w := range s.open {
		t.merge(w)
	}
	p95 := "-"
	if h := t.histograms[seriesResponse]; h != nil && h.Count() > 0 {
		p95 = text.Milliseconds(float64(h.Quantile(0.95))/1e6) + " ms"
	}
	line := fmt.Sprintf("%.0f req/s  %s  p95 %s  %s  ", t.requestRate(), text.Plural(s.active, "user"), p95, text.Plural(s.failures(), "error"))
	left := (s.options.Schedule.Duration() - now.Sub(s.options.Started)).Round(time.Second)
	if left <= 0 {
		return line + "waiting for the last users"
	}
	return line + fmt.Sprintf("%v left  %s", left, phaseName(&s.phase))
}

// failures counts the requests without a complete answer, and answers of 5xx.
func (s *Summary) failures() int64 {
	var n int64
	for _, p := range s.points.done {
		n += p.Errors
	}
	return n + s.points.now.Errors
}

// End prints the summary of the whole run, the checks and the verdict.
func (c *Console) End(s *Summary, v *Verdict, ended time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.print(s.endText(v, ended))
}

func (s *Summary) endText(v *Verdict, ended time.Time) string {
	var b strings.Builder
	total := s.Aggregate()
	took := int64(math.Ceil(ended.Sub(s.options.Started).Seconds()))
	rule := strings.Repeat("-", 32)
	end := "All VUs finished"
	if v.Word == edge.VerdictInterrupted {
		end = "Interrupted"
	}
	fmt.Fprintf(&b, "%s. Total time: %s\n\n%s\nSummary report @ %s\n%s\n\n", end, text.Plural(took, "second"), rule, clock(ended), rule)
	s.writePeriod(&b, &total)
	s.writeParts(&b)
	for _, warning := range v.Health.Warnings {
		b.WriteString("\n" + text.Wrap("warning: "+warning))
	}
	b.WriteString(s.missesText() + ChecksText(v.Checks))
	if v.Comparison != nil && len(v.Comparison.Changes) > 0 {
		b.WriteString(v.Comparison.Text())
	}
	b.WriteString("\n" + VerdictText(v.Word, v.Reason))
	return b.String()
}

// VerdictText is a verdict with its reason, within 80 columns: the last thing on the console.
func VerdictText(word, reason string) string {
	if reason != "" {
		reason = ": " + reason
	}
	return text.Wrap(strings.ToUpper(word) + reason)
}

func (s *Summary) missesText() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return missesText(s.misses.list())
}
