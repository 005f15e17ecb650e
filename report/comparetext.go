package report

import (
	"fmt"
	"strings"

	"edgescope/report/text"
)

// texts are the cells of a change: figure, baseline, new, change, interval.
func (c *Change) texts() (name, base, now, change, interval string) {
	name = c.Metric
	if c.Step != "" {
		name += " of " + c.Step
	}
	change, interval = text.Change(c.Change), text.Change(c.Low)+" to "+text.Change(c.High)
	if c.Metric == errorRate {
		return name, text.Percent(c.Base), text.Percent(c.New), change, interval
	}
	return name, text.Milliseconds(c.Base) + " ms", text.Milliseconds(c.New) + " ms", change, interval
}

// Text is the comparison as the console shows it, within 80 columns.
func (c *Comparison) Text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "\n%-29s %9s %9s %8s %s\n", "against the baseline", "before", "now", "change", "95 % interval")
	for i := range c.Changes {
		ch := &c.Changes[i]
		name, base, now, change, _ := ch.texts()
		interval := fmt.Sprintf("%+.1f..%+.1f %%", 100*ch.Low, 100*ch.High)
		mark := ""
		if ch.Verdict != Same {
			mark = " " + ch.Verdict
		}
		fmt.Fprintf(&b, "%-29s %9s %9s %8s %s%s\n", text.Shorten(name, 29), strings.TrimSuffix(base, " ms"), strings.TrimSuffix(now, " ms"), change, interval, mark)
	}
	for _, note := range c.Notes {
		b.WriteString(text.Wrap("note: " + note))
	}
	return b.String()
}

// Sentence says what came of the comparison.
func (c *Comparison) Sentence() string {
	switch c.Verdict {
	case NotComparable:
		return "not comparable with the baseline: " + strings.Join(c.Reasons, "; ")
	case Same:
		return fmt.Sprintf("no difference to the baseline was shown (changes below %s do not count)", strings.TrimPrefix(text.Change(c.MinEffect), "+"))
	}
	var list []string
	for i := range c.Changes {
		if ch := &c.Changes[i]; ch.Verdict == c.Verdict {
			name, base, now, change, interval := ch.texts()
			list = append(list, fmt.Sprintf("%s %s (%s to %s, 95 %% interval %s)", name, change, base, now, interval))
		}
	}
	return c.Verdict + " than the baseline: " + strings.Join(list, "; ")
}

// ExitCode is 1 for a regression, 2 for what is not comparable, else 0.
func (c *Comparison) ExitCode() int {
	switch c.Verdict {
	case Worse:
		return ExitThreshold
	case NotComparable:
		return ExitUsage
	default:
		return ExitPassed
	}
}
