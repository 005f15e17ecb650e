package report

import (
	"fmt"
	"strings"
	"time"

	"edgescope/report/text"
)

// The verdicts of a comparison.
const (
	Better        = "better"
	Worse         = "worse"
	Same          = "same" // no difference shown
	NotComparable = "not comparable"
)

// Comparison is what came of comparing a run with one or several baselines.
type Comparison struct {
	Verdict string `json:"verdict"`
	// Reasons say why the runs are not comparable; Notes what differs without making them so.
	Reasons   []string   `json:"reasons,omitempty"`
	Notes     []string   `json:"notes,omitempty"`
	MinEffect float64    `json:"min_effect"` // relative
	Baselines []Baseline `json:"baselines"`
	Changes   []Change   `json:"changes,omitempty"`
}

// Baseline names a run that another was compared with.
type Baseline struct {
	ID      string    `json:"id"`
	Name    string    `json:"name"`
	Commit  string    `json:"commit,omitempty"`
	Target  string    `json:"target,omitempty"`
	Started time.Time `json:"started"`
}

// Change is how one figure changed. Latencies are milliseconds and their change is relative to the baseline; the error
// rate and its change are shares of all requests.
type Change struct {
	Metric string  `json:"metric"` // "response_time p95" or "error rate"
	Step   string  `json:"step,omitempty"`
	Base   float64 `json:"base"`
	New    float64 `json:"new"`
	// Change lies between Low and High with 95 % confidence.
	Change  float64 `json:"change"`
	Low     float64 `json:"low"`
	High    float64 `json:"high"`
	Verdict string  `json:"verdict"`
}

// ErrorRate is the metric of a Change that is about the share of requests without a good answer (none, or status >=
// 500).
const ErrorRate = "error rate"

// Cells are the texts of a change.
type Cells struct{ Figure, Base, New, Change, Interval string }

// Cells returns the texts of the change, with their units.
func (c *Change) Cells() Cells {
	t := Cells{Figure: c.Metric, Change: text.Change(c.Change), Interval: text.Change(c.Low) + " to " +
		text.Change(c.High)}
	if c.Step != "" {
		t.Figure += " of " + c.Step
	}
	if c.Metric == ErrorRate {
		t.Base, t.New = text.Percent(c.Base), text.Percent(c.New)
	} else {
		t.Base, t.New = text.Milliseconds(c.Base)+" ms", text.Milliseconds(c.New)+" ms"
	}
	return t
}

// Sentence says what came of the comparison.
func (c *Comparison) Sentence() string {
	switch c.Verdict {
	case NotComparable:
		return "not comparable with the baseline: " + strings.Join(c.Reasons, "; ")
	case Same:
		return fmt.Sprintf("no difference to the baseline was shown (changes below %s do not count)",
			strings.TrimPrefix(text.Change(c.MinEffect), "+"))
	}
	var list []string
	for i := range c.Changes {
		if ch := &c.Changes[i]; ch.Verdict == c.Verdict {
			t := ch.Cells()
			list = append(list, fmt.Sprintf("%s %s (%s to %s, 95 %% interval %s)", t.Figure, t.Change, t.Base, t.New,
				t.Interval))
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

// Conclude writes a comparison, and what it makes of the verdict, into a report.
func (r *Report) Conclude(c *Comparison) {
	e := &r.Edgescope
	v := Verdict{Word: e.Run.Verdict, ExitCode: e.Run.ExitCode, Reason: e.Run.Reason}.With(c)
	e.Comparison, e.Run.Verdict, e.Run.ExitCode, e.Run.Reason = c, v.Word, v.ExitCode, v.Reason
}
