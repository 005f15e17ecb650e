package report

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"edgescope/edge"
	"edgescope/load"
	"edgescope/load/errname"
	"edgescope/load/health"
	"edgescope/report/sums"
	"edgescope/report/text"
	"edgescope/scenarios/plan"
)

// The exit codes of loadgen.
const (
	ExitPassed      = 0
	ExitThreshold   = 1   // a threshold failed
	ExitUsage       = 2   // bad usage or script
	ExitError       = 3   // could not run
	ExitInvalid     = 4   // the generator fell behind: the figures are not the target's
	ExitExpectation = 21  // an expectation failed
	ExitInterrupted = 130 // SIGINT or SIGTERM
)

// Outcome is what, beside the summary, decides a verdict.
type Outcome struct {
	Err    error  // what load.Runner.Run returned
	Target string // what the script asks, for messages
	// Interrupted is true when the run was stopped from outside; Err is the cause.
	Interrupted bool
	LagLimit    time.Duration
	CPU         health.CPU
	GC          health.GC
	// Problems make the run invalid, whatever its figures say; Warnings do not.
	Problems, Warnings []string
	// Aborted says why the arrivals were stopped early (AbortWatch), "" if they were not. An aborted run has failed.
	Aborted string
}

// Verdict is what came of a run.
type Verdict struct {
	Word     string // one of edge.Verdict*
	ExitCode int
	Reason   string // one sentence, "" when passed
	Health   Health
	Checks   []CheckResult
	// Comparison is with the baselines; nil without any.
	Comparison *Comparison
}

// With is the verdict in the light of a comparison: one that is worse fails a run, and one that is not comparable makes
// a run that passed end with ExitUsage. A run that was not judged (interrupted, invalid, could not run) stays what it
// is.
func (v Verdict) With(c *Comparison) Verdict {
	v.Comparison = c
	switch {
	case v.Word != edge.VerdictPassed && v.Word != edge.VerdictFailed:
	case c.Verdict == Worse && v.ExitCode == ExitThreshold:
		v.Reason += "; " + c.Sentence()
	case c.Verdict == Worse:
		v.Word, v.ExitCode, v.Reason = edge.VerdictFailed, ExitThreshold, c.Sentence()
	case c.Verdict == NotComparable && v.ExitCode == ExitPassed:
		v.Word, v.ExitCode, v.Reason = edge.VerdictError, ExitUsage, c.Sentence()
	}
	return v
}

// Judge decides, by the figures of the whole run. The thresholds of a segment, and whether it shows anything, are judged
// when it is merged with the others.
func (s *Summary) Judge(o Outcome) Verdict {
	total := s.Aggregate()
	e := Evidence{
		Total: &total, Planned: s.options.Segment.Share(s.options.Schedule.Total()), Allow: s.options.Plan.Allow,
		Part: s.options.Segment != nil,
	}
	if !e.Part {
		e.Checks = s.options.Plan.Checks
	}
	s.mu.Lock()
	e.WorstLag, e.Answers, e.Faults = s.lag, s.answers, maps.Clone(s.faults)
	s.mu.Unlock()
	return Judge(e, o)
}

// Evidence are the figures of a whole run by which it is judged.
type Evidence struct {
	Total    *sums.Period
	Checks   []plan.Check
	Planned  uint64 // arrivals
	WorstLag sums.WorstLag
	Answers  Answers
	Faults   map[string]load.Fault // the first of each name
	Allow    []string              // plan.Plan.Allow
	Part     bool                  // of a run: a segment, which may hold no users
}

// Judge decides what came of a run. The order of the reasons: interrupted, not valid, no answer at all, a threshold, an
// expectation, a run that shows nothing, a failed after flow.
func Judge(e Evidence, o Outcome) Verdict {
	v := Verdict{Health: healthOf(&e, &o), Checks: checkedAll(e.Checks, e.Total)}
	v.Word, v.ExitCode, v.Reason = v.decide(&e, &o)
	return v
}

func (v *Verdict) decide(e *Evidence, o *Outcome) (word string, code int, reason string) {
	total := e.Total
	var flow *load.FlowError
	isFlow := errors.As(o.Err, &flow)
	var missed *load.StartError
	switch {
	case o.Interrupted && o.Err != nil:
		return edge.VerdictInterrupted, ExitInterrupted, o.Err.Error()
	case o.Err != nil && !isFlow && !errors.As(o.Err, &missed):
		return edge.VerdictError, ExitError, "the run could not go on: " + o.Err.Error()
	case isFlow && flow.Flow == "before":
		return edge.VerdictError, ExitError, flow.Error()
	case !v.Health.Valid:
		return edge.VerdictInvalid, ExitInvalid, strings.Join(v.Health.Problems, "; ")
	case total.Asked() > 0 && total.Answered() == 0:
		return edge.VerdictError, ExitError, noAnswer(e, o.Target)
	}
	if o.Aborted != "" {
		return edge.VerdictFailed, ExitThreshold, "aborted: " + o.Aborted
	}
	if code, reason = v.judged(e); code == ExitPassed && isFlow {
		return edge.VerdictError, ExitError, flow.Error()
	} else if code != ExitPassed {
		return edge.VerdictFailed, code, reason
	}
	return edge.VerdictPassed, ExitPassed, ""
}

// judged tells what the figures of a run fail by.
func (v *Verdict) judged(e *Evidence) (code int, reason string) {
	if n := e.Total.Counters["plugins.expect.failed"]; n > 0 {
		all := n + e.Total.Counters["plugins.expect.ok"]
		code, reason = ExitExpectation, fmt.Sprintf("%d of %d expectations failed", n, all)
	}
	if failed := failedChecks(v.Checks); len(failed) > 0 {
		code, reason = ExitThreshold, "thresholds failed: "+strings.Join(failed, ", ")
	}
	if e.Part {
		return code, reason
	}
	switch way, nothing := hollow(e.Total, e.Answers, e.Allow); {
	case way == "":
		return code, reason
	case code == ExitPassed:
		return ExitThreshold, nothing
	case code == ExitThreshold && way != plan.OnlyErrors: // the cause of what the thresholds say
		return code, nothing + "; " + reason
	default:
		return code, reason
	}
}

// Answers counts answers that ended a request, not the redirects on the way.
type Answers struct {
	Final int64 `json:"final"`
	// Errors are those of 4xx and 5xx that no expectation of a status code asked for, and those that broke off.
	Errors int64 `json:"errors"`
}

func (a *Answers) add(r *load.Result) {
	if !r.Final || !r.Answered() {
		return
	}
	a.Final++
	asked := func(o plan.Outcome) bool { return o.OK && o.Type == "statusCode" }
	if r.Failure != "" || r.Code >= 400 && !slices.ContainsFunc(r.Outcomes, asked) {
		a.Errors++
	}
}

// Plus is the sum of two.
func (a Answers) Plus(b Answers) Answers { return Answers{a.Final + b.Final, a.Errors + b.Errors} }

// Hollow tells why the run shows nothing of its target, in a sentence; "" when it shows something, or when the script
// allows it.
func (r *Report) Hollow() string {
	_, why := hollow(&r.Aggregate, r.Edgescope.Answers, r.Edgescope.Allow)
	return why
}

// hollow is the way in which a run shows nothing, one of plan.Hollows, in a sentence too; "" if there is none.
func hollow(total *sums.Period, a Answers, allow []string) (way, why string) {
	created, completed := total.Counters["vusers.created"], total.Counters["vusers.completed"]
	is := func(way string, holds bool) bool { return holds && !slices.Contains(allow, way) }
	switch {
	case is(plan.NoUserCompleted, created > 0 && completed == 0):
		return plan.NoUserCompleted, fmt.Sprintf("no user completed: %s of %s failed, %s", text.Grouped(total.Counters["vusers.failed"]),
			text.Grouped(created), mostOf(total.Family("errors.")))
	case is(plan.NothingSent, total.Asked()+total.Counters["websocket.messages_sent"] == 0):
		if created == 0 {
			return plan.NothingSent, "nothing was sent: no user arrived"
		}
		return plan.NothingSent, fmt.Sprintf("nothing was sent: %s walked the flow without a request",
			text.Plural(created, "user"))
	case is(plan.OnlyErrors, a.Final > 0 && a.Errors == a.Final):
		codes := total.Family("http.codes.")
		maps.DeleteFunc(codes, func(code string, _ int64) bool { return code < "400" })
		return plan.OnlyErrors, "every answer was an error: " + mostOf(codes)
	}
	return "", ""
}

// mostOf lists the greatest of some counters.
func mostOf(counters map[string]int64) string {
	const shown = 3
	names := slices.SortedFunc(maps.Keys(counters), func(a, b string) int {
		return cmp.Or(cmp.Compare(counters[b], counters[a]), cmp.Compare(a, b))
	})
	var list []string
	for _, name := range names[:min(len(names), shown)] {
		list = append(list, fmt.Sprintf("%s (%s)", name, text.Grouped(counters[name])))
	}
	if len(names) > shown {
		list = append(list, fmt.Sprintf("%d more kinds", len(names)-shown))
	}
	return cmp.Or(strings.Join(list, ", "), "without a name")
}

// noAnswer tells why a target that never answered did not: the error that most users ended with.
func noAnswer(e *Evidence, target string) string {
	said := fmt.Sprintf("none of %d requests got an answer", e.Total.Asked())
	users := e.Total.Family("errors.")
	name := ""
	for _, candidate := range slices.Sorted(maps.Keys(users)) {
		if users[candidate] > users[name] {
			name = candidate
		}
	}
	if name == "" {
		return said
	}
	said += ": " + name
	fault := e.Faults[name]
	if meaning := errname.Meaning(name, cmp.Or(fault.From, target), fault.Text); meaning != "" {
		said += ", " + meaning
	}
	return said
}

func failedChecks(checks []CheckResult) []string {
	var failed []string
	for _, c := range checks {
		if !c.OK && !c.Optional {
			failed = append(failed, c.Expression)
		}
	}
	return failed
}
