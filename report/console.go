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
		c.clear()
		fmt.Fprintln(c.Out, e.Text)
	case *load.PhaseStart:
		if c.Quiet {
			return
		}
		c.clear()
		fmt.Fprintf(c.Out, "Phase started: %s (index: %d, duration: %s) %s\n\n", phaseName(&e.Phase), e.Phase.Index, seconds(e.Phase.Duration), clock(e.At))
	}
}

func phaseName(p *scenarios.Phase) string {
	if p.Name == "" {
		return "unnamed"
	}
	return p.Name
}

func seconds(d time.Duration) string { return decimal(round(d.Seconds(), 3)) + "s" }

// Tick prints the periods that have been closed since the last call and redraws the live line.
func (c *Console) Tick(s *Summary, now time.Time) {
	if c.Quiet {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	periods := s.Periods()
	for ; c.printed < len(periods); c.printed++ {
		c.clear()
		c.period(s, &periods[c.printed])
	}
	if c.Live {
		c.redraw(s.status(now))
	}
}

func (c *Console) period(s *Summary, p *Period) {
	var start int64
	fmt.Sscanf(string(p.Period), `"%d"`, &start) //nolint:errcheck // written by newPeriod
	to := time.UnixMilli(start).Add(Window)
	width := float64(p.LastMetricAt-p.FirstMetricAt) / 1000
	rule := strings.Repeat("-", 40)
	fmt.Fprintf(c.Out, "%s\nMetrics for period to: %s (width: %ss)\n%s\n\n", rule, clock(to), decimal(round(width, 3)), rule)
	s.writePeriod(c.Out, p)
	fmt.Fprintln(c.Out)
}

func (c *Console) clear() {
	if c.shown {
		fmt.Fprint(c.Out, "\r\x1b[K")
		c.shown = false
	}
}

func (c *Console) redraw(line string) {
	width := c.Width
	if width <= 0 {
		width = 80
	}
	if r := []rune(line); len(r) >= width {
		line = string(r[:width-1])
	}
	fmt.Fprint(c.Out, "\r\x1b[K"+line)
	c.shown = true
}

// status is the live line: rate, users, p95, errors, phase, time left.
func (s *Summary) status(now time.Time) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	elapsed := now.Sub(s.options.Started)
	t := newTally()
	for _, w := range s.open {
		t.merge(w)
	}
	rate := t.requestRate()
	p95 := "-"
	if h := t.histograms[seriesResponse]; h != nil && h.Count() > 0 {
		p95 = cell(float64(h.Quantile(0.95))/1e6) + " ms"
	}
	left := max(s.options.Schedule.Duration()-elapsed, 0)
	return fmt.Sprintf("%.0f req/s  %d users  p95 %s  %d errors  %s  %s left",
		rate, s.active, p95, s.failures(), phaseName(&s.phase), left.Round(time.Second))
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
	c.clear()
	total := s.Aggregate()
	took := int64(math.Ceil(ended.Sub(s.options.Started).Seconds()))
	rule := strings.Repeat("-", 32)
	end := "All VUs finished"
	if v.Word == edge.VerdictInterrupted {
		end = "Interrupted"
	}
	fmt.Fprintf(c.Out, "%s. Total time: %s\n\n%s\nSummary report @ %s\n%s\n\n", end, plural(took, "second"), rule, clock(ended), rule)
	s.writePeriod(c.Out, &total)
	s.writeParts(c.Out)
	for _, warning := range v.Health.Warnings {
		fmt.Fprintln(c.Out, "\nwarning: "+warning)
	}
	WriteChecks(c.Out, v.Checks)
	fmt.Fprintf(c.Out, "\n%s", strings.ToUpper(v.Word))
	if v.Reason != "" {
		fmt.Fprintf(c.Out, ": %s", v.Reason)
	}
	fmt.Fprintln(c.Out)
}

func plural(n int64, unit string) string {
	if n == 1 {
		return "1 " + unit
	}
	return grouped(n) + " " + unit + "s"
}
