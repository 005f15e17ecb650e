package formats

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"edgescope/edge"
	"edgescope/load"
	"edgescope/report"
	"edgescope/report/sums"
	"edgescope/report/text"
	"edgescope/scenarios/plan"
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

// Terminal tells whether a live line can be redrawn on w, and how wide it is in columns; 0 if that is not known.
func Terminal(w io.Writer) (is bool, width int) {
	f, ok := w.(*os.File)
	if !ok {
		return false, 0
	}
	stat, err := f.Stat()
	if err != nil || stat.Mode()&os.ModeCharDevice == 0 || strings.HasSuffix(f.Name(), os.DevNull) {
		return false, 0
	}
	return true, columns(f)
}

// Event prints what is to be seen at once: log lines, phases and expectations.
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
		c.print(fmt.Sprintf("Phase started: %s (index: %d, duration: %s) %s\n\n", phaseName(&e.Phase), e.Phase.Index,
			seconds(e.Phase.Duration), clock(e.At)))
	}
}

func phaseName(p *plan.Phase) string { return cmp.Or(p.Name, "unnamed") }

func seconds(d time.Duration) string { return text.Decimal(text.Round(d.Seconds(), 3)) + "s" }

func clock(t time.Time) string { return t.UTC().Format("15:04:05(+0000)") }

// Tick prints the periods that have been closed since the last call and redraws the live line.
func (c *Console) Tick(s *report.Summary, now time.Time) {
	if c.Quiet {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.periods(s, now)
	if c.Live {
		status := s.Status(now)
		c.redraw(statusLine(&status))
	}
}

// periods prints those that have not been printed. Of a run that is shorter than one period there is nothing to say that
// its summary does not.
func (c *Console) periods(s *report.Summary, now time.Time) {
	if now.Sub(s.Started()) < report.Window {
		return
	}
	periods := s.Periods()
	for ; c.printed < len(periods); c.printed++ {
		c.print(periodText(s, &periods[c.printed]))
	}
}

func periodText(s *report.Summary, p *sums.Period) string {
	var b strings.Builder
	width := float64(p.LastMetricAt-p.FirstMetricAt) / 1000
	rule := strings.Repeat("-", 40)
	fmt.Fprintf(&b, "%s\nMetrics for period to: %s (width: %ss)\n%s\n\n", rule, clock(p.Start.Add(report.Window)),
		text.Decimal(text.Round(width, 3)), rule)
	writePeriod(&b, s, p)
	b.WriteByte('\n')
	return b.String()
}

// print writes lines where the live line stood. What they hold of a script or an answer commands nothing.
func (c *Console) print(lines string) {
	lines = text.Printable(lines)
	if c.shown {
		lines = "\r\x1b[K" + lines
		c.shown = false
	}
	io.WriteString(c.Out, lines)
}

func (c *Console) redraw(line string) {
	width := c.columns()
	line = text.Visible(line)
	if r := []rune(line); len(r) >= width {
		line = string(r[:width-1])
	}
	io.WriteString(c.Out, "\r\x1b[K"+line)
	c.shown = true
}

// statusLine is the live line: rate, users, p95, errors, time left, phase. It ends with what may be cut.
func statusLine(s *report.Status) string {
	p95 := "-"
	if s.Response.Count() > 0 {
		p95 = text.Milliseconds(float64(s.Response.Quantile(0.95))/1e6) + " ms"
	}
	line := fmt.Sprintf("%.0f req/s  %s  p95 %s  %s  ", s.Rate, text.Plural(s.Users, "user"), p95,
		text.Plural(s.Errors, "error"))
	if s.Left <= 0 {
		return line + "waiting for the last users"
	}
	return line + fmt.Sprintf("%v left  %s", s.Left, phaseName(&s.Phase))
}

// End prints what is left of the periods, the summary of the whole run, the checks and the verdict: what the report of
// the run says. The verdict stands first and last.
func (c *Console) End(s *report.Summary, r *report.Report) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.Quiet {
		c.periods(s, r.Edgescope.Run.Ended)
	}
	c.print(endText(s, r, c.columns()))
}

// columns is the width of the terminal, 0 for none.
func (c *Console) columns() int {
	switch {
	case !c.Live:
		return 0
	case c.Width <= 0:
		return 80
	default:
		return c.Width
	}
}

func endText(s *report.Summary, r *report.Report, columns int) string {
	var b strings.Builder
	run := &r.Edgescope.Run
	took := int64(math.Ceil(run.Ended.Sub(run.Started).Seconds()))
	rule := strings.Repeat("-", 32)
	end := "All VUs finished"
	if run.Verdict == edge.VerdictInterrupted {
		end = "Interrupted"
	}
	fmt.Fprintf(&b, "%s\n%s. Total time: %s\n\n%s\nSummary report @ %s\n%s\n\n", Verdict(run.Verdict, run.Reason), end,
		text.Plural(took, "second"), rule, clock(run.Ended), rule)
	writePeriod(&b, s, &r.Aggregate)
	for i := range r.Edgescope.Prices {
		b.WriteString("\n" + text.Wrap("price: "+r.Edgescope.Prices[i].Sentence(), columns))
	}
	writeEnd(&b, r, r.Edgescope.Health.Warnings, columns)
	return b.String()
}

// expectationLines prints the expectations of one request in the format that plugins.expect asks for; the formats are
// Artillery's, "" prints nothing while the run lasts.
func expectationLines(format string, r *load.Result) string {
	failed := slices.ContainsFunc(r.Outcomes, func(o plan.Outcome) bool { return !o.OK })
	switch {
	case len(r.Outcomes) == 0 || format == "prettyError" && !failed:
		return ""
	case format == "json":
		line, err := json.Marshal(map[string]any{"url": r.URL, "code": r.Code, "results": r.Outcomes})
		if err != nil {
			return ""
		}
		return string(line) + "\n"
	case format != "pretty" && format != "prettyError":
		return ""
	}
	var b strings.Builder
	fmt.Fprintf(&b, "* %s %s\n", r.Method, r.URL)
	for _, o := range r.Outcomes {
		if o.OK {
			fmt.Fprintf(&b, "  ok %s %s\n", o.Type, o.Want)
		} else {
			fmt.Fprintf(&b, "  not ok %s %s, got %s\n", o.Type, o.Want, o.Got)
		}
	}
	return b.String()
}
