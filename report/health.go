package report

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"edgescope/load"
	"edgescope/load/health"
	"edgescope/report/sums"
	"edgescope/report/text"
)

// DefaultLagLimit is the p99 of arrival lateness above which a run is not valid.
const DefaultLagLimit = 10 * time.Millisecond

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

func healthOf(e *Evidence, o *Outcome) Health {
	total := e.Total
	limit := o.LagLimit
	if limit <= 0 {
		limit = DefaultLagLimit
	}
	lag := total.Summaries[sums.SeriesLag]
	h := Health{
		LagP99: lag.P99, WorstLagP99: text.Round(float64(e.WorstLag.P99)/1e6,
			3), LagLimit: text.Round(float64(limit)/1e6, 3),
		Planned: e.Planned, Created: total.Counters["vusers.created"],
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
	h.Problems = append(h.Problems, o.Problems...)
	h.Valid = len(h.Problems) == 0
	return h
}

// limits names the errors that are the generator's own.
func (h *Health) limits(total *sums.Period) {
	for _, name := range slices.Sorted(maps.Keys(total.Counters)) {
		errorName, ok := strings.CutPrefix(name, "errors.")
		remedy := health.Remedy(errorName)
		if ok && remedy != "" {
			h.Problems = append(h.Problems, fmt.Sprintf("%d users met %s, a limit of this machine: %s",
				total.Counters[name], errorName, remedy))
		}
	}
}

// late says how late arrivals started, if that is beyond the limit.
func (h *Health) late(arrivals uint64) string {
	switch {
	case arrivals >= sums.MinArrivals && h.LagP99 > h.LagLimit:
		return fmt.Sprintf("arrivals started late: lag p99 %.1f ms, limit %g ms", h.LagP99, h.LagLimit)
	case h.WorstLagP99 > h.LagLimit:
		return fmt.Sprintf("arrivals started late in one window: lag p99 %.1f ms, limit %g ms", h.WorstLagP99,
			h.LagLimit)
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

// causes are what may have made loadgen slow. By themselves they are warnings; of a run whose arrivals were late they
// are the reason.
func (h *Health) causes() (causes []string) {
	add := func(is bool, format string, args ...any) {
		if is {
			causes = append(causes, fmt.Sprintf(format, args...))
		}
	}
	add(h.CPUSaturated >= cpuPatience, "loadgen used up its processors for %.0f s (limit %d s): latencies may be its own",
		h.CPUSaturated, cpuPatience)
	add(h.Throttled >= cpuPatience, "the container's CPU limit throttled loadgen for %.0f s (limit %d s): latencies "+
		"may be its own", h.Throttled, cpuPatience)
	add(h.GCShare > maxGCShare, "the garbage collector took %.0f %% of the processors (limit %.0f %%): latencies may "+
		"be loadgen's own",
		100*h.GCShare, 100*maxGCShare)
	add(h.GCPause > h.LagLimit && h.LagLimit > 0,
		"the garbage collector stopped loadgen for %.1f ms (limit %g ms): latencies may be its own",
		h.GCPause, h.LagLimit)
	return causes
}
