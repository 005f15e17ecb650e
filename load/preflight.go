package load

import (
	"fmt"
	"time"

	"edgescope/scenarios"
)

// timeWait is how long Linux keeps the port of a connection that we closed first (TCP_TIMEWAIT_LEN).
const timeWait = 60 * time.Second

// Machine is what this machine lets a load generator do.
type Machine struct {
	// Ports are the local ports for one source address and one remote address; Files the open files of one
	// process. 0: not known.
	Ports, Files uint64
}

// PortsError refuses a run that cannot have the ports it needs.
type PortsError struct {
	Needed, Ports uint64
}

func (e *PortsError) Error() string {
	return fmt.Sprintf("the busiest minute opens %d connections, but there are %d local ports to one address and a closed one stays "+
		"taken for 60 s: keep connections alive with config.http.pool or --max-connections, widen net.ipv4.ip_local_port_range, "+
		"or spread the run over machines", e.Needed, e.Ports)
}

// Preflight compares what a run needs with what the machine has, before the first arrival. It warns with the figure and the
// remedy, and refuses with *PortsError when the cold connections of the busiest 60 s exceed the ports.
func (r *Runner) Preflight(m Machine) (warnings []string, err error) {
	if r.pool() > 0 {
		if need := uint64(r.pool()) + 64; m.Files > 0 && need > m.Files {
			warnings = append(warnings, filesWarning(need, m.Files))
		}
		return warnings, nil
	}
	targets := uint64(max(len(r.plan.Regions), 1))
	width := r.width()
	cold := (r.busiest(timeWait, m.Ports/2)*width + targets - 1) / targets
	if m.Ports > 0 && cold > m.Ports {
		return nil, &PortsError{Needed: cold, Ports: m.Ports}
	}
	if m.Ports > 0 && cold > m.Ports*8/10 {
		warnings = append(warnings, fmt.Sprintf("each user opens its own connection: %d in the busiest minute, of %d local ports to one "+
			"address (%.0f/s can be kept up); config.http.pool or --max-connections keeps them alive", cold, m.Ports, float64(m.Ports)/timeWait.Seconds()))
	}
	if need := r.concurrency(m.Files/2)*width + 64; m.Files > 0 && need > m.Files {
		warnings = append(warnings, filesWarning(need, m.Files))
	}
	return warnings, nil
}

// busiest is our segment's share of Schedule.Busiest, without the work when not even all arrivals together are many.
func (r *Runner) busiest(width time.Duration, plenty uint64) uint64 {
	if total := r.options.Segment.Share(r.schedule.Total()); total <= plenty {
		return total
	}
	return r.options.Segment.Share(r.schedule.Busiest(width))
}

func filesWarning(need, files uint64) string {
	return fmt.Sprintf("the run may need %d open files and the limit is %d: raise it with ulimit -n %d", need, files, need)
}

// concurrency is how many users may be alive together: those that arrive within the flow's longest wait for an answer
// (a second is the guess for one that answers), or maxVusers where every phase has it.
func (r *Runner) concurrency(plenty uint64) uint64 {
	users := r.busiest(r.longestThink()+time.Second, plenty)
	limit, bounded := 0, len(r.plan.Phases) > 0
	for i := range r.plan.Phases {
		p := &r.plan.Phases[i]
		bounded = bounded && (p.MaxVusers > 0 || p.Kind == scenarios.PhasePause)
		limit = max(limit, p.MaxVusers)
	}
	if bounded && limit > 0 {
		return min(users, uint64(limit))
	}
	return users
}

// longestThink is the longest sum of pauses of any flow, outside its loops.
func (r *Runner) longestThink() time.Duration {
	scope := r.plan.NewScope(r.options.Seed, -1, nil)
	var longest time.Duration
	for i := range r.plan.Flows {
		var sum time.Duration
		for _, step := range r.plan.Flows[i].Steps {
			if think, ok := step.(*scenarios.Think); ok {
				if pause, err := think.Pause(scope); err == nil {
					sum += pause
				}
			}
		}
		longest = max(longest, sum)
	}
	return longest
}

// width is how many connections a user may have at a time: one, or the widest parallel block.
func (r *Runner) width() uint64 {
	widest := 1
	for i := range r.plan.Flows {
		if r.plan.Flows[i].Weight > 0 {
			widest = max(widest, widthOf(r.plan.Flows[i].Steps))
		}
	}
	return uint64(widest)
}

func widthOf(steps []scenarios.Step) int {
	widest := 1
	for _, step := range steps {
		switch step := step.(type) {
		case *scenarios.Loop:
			widest = max(widest, widthOf(step.Steps))
		case *scenarios.Parallel:
			inside := widthOf(step.Steps)
			widest = max(widest, inside*max(min(step.Limit, len(step.Steps)), 1))
		}
	}
	return widest
}

// LimitRemedy says what helps against an error that OwnLimit knows.
func LimitRemedy(name string) string {
	switch name {
	case "EMFILE", "ENFILE":
		return "raise the limit of open files (ulimit -n)"
	case "EADDRNOTAVAIL":
		return "no local port was free; keep connections alive with config.http.pool or --max-connections"
	case "ENOBUFS":
		return "the network ran out of buffers; lower the rate or spread it over machines"
	default:
		return ""
	}
}
