package report

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"edgescope/edge"
	"edgescope/load"
	"edgescope/load/health"
	"edgescope/report/sums"
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

// Judge decides, by the figures of the whole run. The thresholds of a segment are judged when it is merged with the
// others.
func (s *Summary) Judge(o Outcome) Verdict {
	total := s.Aggregate()
	e := Evidence{Total: &total, Planned: s.options.Segment.Share(s.options.Schedule.Total())}
	if s.options.Segment == nil {
		e.Checks = s.options.Plan.Checks
	}
	s.mu.Lock()
	e.WorstLag = s.lag
	s.mu.Unlock()
	return Judge(e, o)
}

// Evidence are the figures of a whole run by which it is judged.
type Evidence struct {
	Total    *sums.Period
	Checks   []plan.Check
	Planned  uint64 // arrivals
	WorstLag sums.WorstLag
}

// Judge decides what came of a run. The order of the reasons: interrupted, not valid, no answer at all, a threshold, an
// expectation, a failed after flow.
func Judge(e Evidence, o Outcome) Verdict {
	v := Verdict{Health: healthOf(&e, &o), Checks: checkedAll(e.Checks, e.Total)}
	v.Word, v.ExitCode, v.Reason = v.decide(e.Total, &o)
	return v
}

func (v *Verdict) decide(total *sums.Period, o *Outcome) (word string, code int, reason string) {
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
	case total.Counters["http.requests"] > 0 && total.Counters["http.responses"] == 0:
		return edge.VerdictError, ExitError, noAnswer(total, o.Target)
	}
	if o.Aborted != "" {
		return edge.VerdictFailed, ExitThreshold, "aborted: " + o.Aborted
	}
	if failed := failedChecks(v.Checks); len(failed) > 0 {
		return edge.VerdictFailed, ExitThreshold, "thresholds failed: " + strings.Join(failed, ", ")
	}
	if n := total.Counters["plugins.expect.failed"]; n > 0 {
		all := n + total.Counters["plugins.expect.ok"]
		return edge.VerdictFailed, ExitExpectation, fmt.Sprintf("%d of %d expectations failed", n, all)
	}
	if isFlow {
		return edge.VerdictError, ExitError, flow.Error()
	}
	return edge.VerdictPassed, ExitPassed, ""
}

// noAnswer tells why a target that never answered did not: the error that most users ended with.
func noAnswer(total *sums.Period, target string) string {
	text := fmt.Sprintf("none of %d requests got an answer", total.Counters["http.requests"])
	users := total.Family("errors.")
	name := ""
	for _, candidate := range slices.Sorted(maps.Keys(users)) {
		if users[candidate] > users[name] {
			name = candidate
		}
	}
	if name == "" {
		return text
	}
	text += ": " + name
	if meaning, ok := meanings[name]; ok && target != "" {
		text += fmt.Sprintf(", "+meaning, target)
	}
	return text
}

// meanings say in plain words what an error tells of a target.
var meanings = map[string]string{
	"ECONNREFUSED": "nothing listens at %s",
	"ENOTFOUND":    "no host has the name in %s",
	"EAI_AGAIN":    "the name in %s could not be looked up",
	"ETIMEDOUT":    "%s did not answer in time",
	"ECONNRESET":   "%s closes connections without an answer",
	"ENETUNREACH":  "there is no way to %s",
	"EHOSTUNREACH": "there is no way to %s",

	"DEPTH_ZERO_SELF_SIGNED_CERT": "the certificate of %s is signed by itself (config.tls.ca names it, -k skips " +
		"the check)",
	"UNABLE_TO_VERIFY_LEAF_SIGNATURE": "nobody known has signed the certificate of %s (config.tls.ca names who, -k " +
		"skips the check)",
	"CERT_HAS_EXPIRED":             "the certificate of %s has expired (-k skips the check)",
	"ERR_TLS_CERT_ALTNAME_INVALID": "the certificate of %s is for another name (-k skips the check)",
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
