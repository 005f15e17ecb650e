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
	"edgescope/report/distribution"
	"edgescope/report/text"
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

// DefaultLagLimit is the p99 of arrival lateness above which a run is not valid.
const DefaultLagLimit = 10 * time.Millisecond

// minArrivals is how many arrivals a lag must be taken of to make a run invalid: a handful never does.
const minArrivals = 100

// Health says whether the generator kept its schedule, so that the figures are the target's and not its own.
type Health struct {
	Valid bool `json:"valid"`
	// Problems make the run invalid, each with its figure and limit; Warnings do not.
	Problems []string `json:"problems,omitempty"`
	Warnings []string `json:"warnings,omitempty"`

	LagP99       float64 `json:"lag_p99_ms"`
	WorstLagP99  float64 `json:"worst_window_lag_p99_ms"` // of windows with at least 100 arrivals
	LagLimit     float64 `json:"lag_limit_ms"`
	Planned      uint64  `json:"planned"`
	Created      int64   `json:"created"`
	Skipped      int64   `json:"skipped"`
	Late         int64   `json:"late"`
	CPUSaturated float64 `json:"cpu_saturated_s"` // longest time with the processors used up by ourselves
	Throttled    float64 `json:"throttled_s"`     // longest time throttled by the cgroup
	GCShare      float64 `json:"gc_share"`        // of the processors, 0 to 1
	GCPause      float64 `json:"gc_pause_ms"`     // the longest
}

// Outcome is what, beside the summary, decides a verdict.
type Outcome struct {
	Err    error  // what load.Runner.Run answered
	Target string // what the script asks, for messages
	// Interrupted is true when the run was stopped from outside; Err is the cause.
	Interrupted bool
	LagLimit    time.Duration
	CPU         health.CPU
	GC          health.GC
	Warnings    []string
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

// With is the verdict in the light of a comparison: one that is worse fails a run, and one that is not comparable makes a run
// that passed end with ExitUsage. A run that was not judged (interrupted, invalid, could not run) stays what it is.
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

// Judge decides, by the figures of the whole run. The order of the reasons: interrupted, not valid, no answer at all, a
// threshold, an expectation, a failed after flow. The thresholds of a segment are judged when it is merged with the others.
func (s *Summary) Judge(o Outcome) Verdict {
	total := s.Aggregate()
	v := Verdict{Health: s.health(&total, o)}
	if s.options.Segment == nil {
		v.Checks = Checked(s.options.Plan.Checks, &total)
	}
	v.Word, v.ExitCode, v.Reason = v.decide(&total, o)
	return v
}

func (v *Verdict) decide(total *Period, o Outcome) (word string, code int, reason string) {
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
func noAnswer(total *Period, target string) string {
	text := fmt.Sprintf("none of %d requests got an answer", total.Counters["http.requests"])
	users := family(total, "errors.")
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

	"DEPTH_ZERO_SELF_SIGNED_CERT":     "the certificate of %s is signed by itself (config.tls.ca names it, -k skips the check)",
	"UNABLE_TO_VERIFY_LEAF_SIGNATURE": "nobody known has signed the certificate of %s (config.tls.ca names who, -k skips the check)",
	"CERT_HAS_EXPIRED":                "the certificate of %s has expired (-k skips the check)",
	"ERR_TLS_CERT_ALTNAME_INVALID":    "the certificate of %s is for another name (-k skips the check)",
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

// lagWatch keeps the worst window.
type lagWatch struct{ worst time.Duration }

func (l *lagWatch) window(h *distribution.Histogram) {
	if h != nil && h.Count() >= minArrivals {
		l.worst = max(l.worst, h.Quantile(0.99))
	}
}

func (s *Summary) health(total *Period, o Outcome) Health {
	s.mu.Lock()
	worst := s.lag.worst
	s.mu.Unlock()
	return healthOf(total, worst, s.options.Segment.Share(s.options.Schedule.Total()), o)
}

func healthOf(total *Period, worst time.Duration, planned uint64, o Outcome) Health {
	limit := o.LagLimit
	if limit <= 0 {
		limit = DefaultLagLimit
	}
	lag := total.Summaries[seriesLag]
	h := Health{
		LagP99: lag.P99, WorstLagP99: text.Round(float64(worst)/1e6, 3), LagLimit: text.Round(float64(limit)/1e6, 3),
		Planned: planned, Created: total.Counters["vusers.created"],
		Skipped: total.Counters["vusers.skipped"], Late: total.Counters["vusers.late"],
		CPUSaturated: o.CPU.Saturated.Seconds(), Throttled: o.CPU.Throttled.Seconds(), Warnings: o.Warnings,
		GCShare: text.Round(o.GC.Share, 4), GCPause: text.Round(float64(o.GC.Pause)/1e6, 3),
	}
	causes := h.causes()
	h.Warnings = append(slices.Clip(h.Warnings), causes...)
	if late := h.late(lag.Count); late != "" {
		h.Problems = append(h.Problems, strings.Join(append([]string{late}, causes...), "; "))
	}
	var missed *load.StartError
	if errors.As(o.Err, &missed) {
		h.Problems = append(h.Problems, missed.Error())
	}
	if started := h.Created + h.Skipped; o.Err == nil && o.Aborted == "" && started != int64(h.Planned) {
		h.Problems = append(h.Problems, fmt.Sprintf("%d of %d planned arrivals started", started, h.Planned))
	}
	h.limits(total)
	h.Valid = len(h.Problems) == 0
	return h
}

// limits names the errors that are the generator's own.
func (h *Health) limits(total *Period) {
	for _, name := range slices.Sorted(maps.Keys(total.Counters)) {
		errorName, ok := strings.CutPrefix(name, "errors.")
		if ok && health.OwnLimit(errorName) {
			h.Problems = append(h.Problems, fmt.Sprintf("%d users met %s, a limit of this machine: %s", total.Counters[name], errorName, health.LimitRemedy(errorName)))
		}
	}
}

// late says how late arrivals started, if that is beyond the limit.
func (h *Health) late(arrivals uint64) string {
	switch {
	case arrivals >= minArrivals && h.LagP99 > h.LagLimit:
		return fmt.Sprintf("arrivals started late: lag p99 %.1f ms, limit %g ms", h.LagP99, h.LagLimit)
	case h.WorstLagP99 > h.LagLimit:
		return fmt.Sprintf("arrivals started late in one window: lag p99 %.1f ms, limit %g ms", h.WorstLagP99, h.LagLimit)
	default:
		return ""
	}
}

const (
	// cpuPatience is for how many seconds the processors may be used up before it is worth a warning.
	cpuPatience = 3
	// maxGCShare is how much of the processors the garbage collector may take.
	maxGCShare = 0.25
)

// worst takes over what another process used, where it used more; its warnings are told apart.
func (h *Health) worst(o *Health) {
	h.CPUSaturated, h.Throttled = max(h.CPUSaturated, o.CPUSaturated), max(h.Throttled, o.Throttled)
	h.GCShare, h.GCPause = max(h.GCShare, o.GCShare), max(h.GCPause, o.GCPause)
}

// causes are what may have made loadgen slow. By themselves they are warnings; of a run whose arrivals were late they are the
// reason.
func (h *Health) causes() (causes []string) {
	add := func(is bool, format string, args ...any) {
		if is {
			causes = append(causes, fmt.Sprintf(format, args...))
		}
	}
	add(h.CPUSaturated >= cpuPatience, "loadgen used up its processors for %.0f s (limit %d s): latencies may be its own", h.CPUSaturated, cpuPatience)
	add(h.Throttled >= cpuPatience, "the container's CPU limit throttled loadgen for %.0f s (limit %d s): latencies may be its own", h.Throttled, cpuPatience)
	add(h.GCShare > maxGCShare, "the garbage collector took %.0f %% of the processors (limit %.0f %%): latencies may be loadgen's own",
		100*h.GCShare, 100*maxGCShare)
	add(h.GCPause > h.LagLimit && h.LagLimit > 0, "the garbage collector stopped loadgen for %.1f ms (limit %g ms): latencies may be its own",
		h.GCPause, h.LagLimit)
	return causes
}
