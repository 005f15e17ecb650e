package load

import (
	"fmt"
	"net/url"
	"slices"
	"time"

	"edgescope/internal/loopback"
	"edgescope/load/health"
	"edgescope/load/network"
	"edgescope/scenarios/plan"
)

// timeWait is how long Linux keeps the port of a connection that we closed first (TCP_TIMEWAIT_LEN), and reusable how
// long when it may be taken again for another connection to the same address (tcp(7), tcp_tw_reuse): the timestamps
// that tell the two apart count seconds.
const (
	timeWait = 60 * time.Second
	reusable = time.Second
)

// PortsError refuses a run that cannot have the ports it needs.
type PortsError struct {
	Needed, Ports uint64
	// Held is how long the port of a closed connection stays taken.
	Held time.Duration
}

func (e *PortsError) Error() string {
	busiest := "busiest minute"
	if e.Held < timeWait {
		busiest = "busiest second"
	}
	return fmt.Sprintf("the %s opens %d connections, but there are %d local ports to one address and that of a closed "+
		"one stays taken for %.0f s (TIME_WAIT), which allows %.0f new connections per second: keep connections alive "+
		"with config.http.pool or --max-connections, close them with --linger0, give more source addresses with "+
		"--local-addr, set net.ipv4.tcp_tw_reuse=1, widen net.ipv4.ip_local_port_range, or spread the run over "+
		"machines",
		busiest, e.Needed, e.Ports, e.Held.Seconds(), float64(e.Ports)/e.Held.Seconds())
}

// Preflight compares what a run needs with what the machine has, before the first arrival. It warns with the figure and
// the remedy, and refuses with *PortsError when the connections that the busiest 60 s open exceed the ports, or those
// of the busiest second where a port is free again after one.
func (r *Runner) Preflight(m health.Machine) (warnings []string, err error) {
	if r.sockets == nil && r.Connections() > 0 {
		if need := uint64(r.Connections()) + 64; m.Files > 0 && need > m.Files {
			warnings = append(warnings, filesWarning(need, m.Files))
		}
		return warnings, nil
	}
	if r.sockets == nil && r.Protocol() == network.HTTP3 {
		return nil, nil // all connections share a few sockets
	}
	width := r.width()
	if warnings, err = r.preflightPorts(m, width); err != nil {
		return nil, err
	}
	if need := r.concurrency(m.Files/2)*width + 64; m.Files > 0 && need > m.Files {
		warnings = append(warnings, filesWarning(need, m.Files))
	}
	return warnings, nil
}

func (r *Runner) preflightPorts(m health.Machine, width uint64) ([]string, error) {
	net := &r.options.Network
	if m.Ports == 0 || net.UnixSocket != "" {
		return nil, nil
	}
	ports := m.Ports * uint64(max(len(net.LocalAddrs), 1))
	held := r.held(m)
	perRemote := func(users uint64) uint64 { return (users*width + r.remotes() - 1) / r.remotes() }
	needed := perRemote(r.busiest(held, ports/2))
	if needed > ports {
		return nil, &PortsError{Needed: needed, Ports: ports, Held: held}
	}
	var warnings []string
	warn := func(format string, args ...any) { warnings = append(warnings, fmt.Sprintf(format, args...)) }
	if held < timeWait {
		if open := perRemote(r.concurrency(ports / 2)); needed+open > ports {
			warn("the run may have %d connections open at a time, if answers take a second, and there are %d local "+
				"ports to one address: give more source addresses with --local-addr or widen "+
				"net.ipv4.ip_local_port_range",
				open, ports)
		}
		return warnings, nil
	}
	if needed > ports*8/10 {
		warn("each user opens its own connection: %d in the busiest minute, of %d local ports to one address (%.0f/s "+
			"can be kept up); config.http.pool or --max-connections keeps them alive",
			needed, ports, float64(ports)/timeWait.Seconds())
	}
	if m.Waiting > 0 && needed > ports-min(m.Waiting, ports) {
		warn("%d connections of an earlier run are in TIME_WAIT and %d of %d local ports will be needed: if they were "+
			"to the same address, wait for up to 60 s", m.Waiting, needed, ports)
	}
	return warnings, nil
}

// held is how long the port of a closed connection stays taken.
func (r *Runner) held(m health.Machine) time.Duration {
	switch {
	case r.options.Network.Reset, r.onlySockets():
		return 0
	case m.Reuse == 1, m.Reuse == 2 && r.onLoopback():
		return reusable
	default:
		return timeWait
	}
}

// onlySockets tells whether all users have WebSockets, whose servers close first: theirs is the port that stays taken.
func (r *Runner) onlySockets() bool {
	return !slices.ContainsFunc(r.plan.Flows, func(f plan.Flow) bool { return f.Weight > 0 && f.Connect() == nil })
}

// remotes is over how many addresses the connections are spread.
func (r *Runner) remotes() uint64 {
	if r.options.Network.Proxy != nil {
		return 1
	}
	return uint64(max(len(r.plan.Regions), 1))
}

// onLoopback tells whether all targets are addresses of this machine, and nothing leads away from them.
func (r *Runner) onLoopback() bool {
	if len(r.options.Network.Routes) > 0 || r.options.Network.Proxy != nil {
		return false
	}
	for _, target := range targetsOf(r.plan) {
		if u, err := url.Parse(target); err != nil || !loopback.Host(u.Hostname()) {
			return false
		}
	}
	return true
}

// busiest is our segment's share of Schedule.Busiest, without the work when not even all arrivals together are many.
func (r *Runner) busiest(width time.Duration, plenty uint64) uint64 {
	if width <= 0 {
		return 0
	}
	if total := r.options.Segment.Share(r.schedule.Total()); total <= plenty {
		return total
	}
	return r.options.Segment.Share(r.schedule.Busiest(width))
}

func filesWarning(need, files uint64) string {
	return fmt.Sprintf("the run may need %d open files and the limit is %d: raise it with ulimit -n %[1]d", need, files)
}

// concurrency is how many users may be alive together: those that arrive within the flow's longest wait for an answer
// (a second is the guess for one that answers), or maxVusers where every phase has it.
func (r *Runner) concurrency(plenty uint64) uint64 {
	users := r.busiest(r.longestThink()+time.Second, plenty)
	limit, bounded := 0, len(r.plan.Phases) > 0
	for i := range r.plan.Phases {
		p := &r.plan.Phases[i]
		bounded = bounded && (p.MaxVusers > 0 || p.Kind == plan.PhasePause)
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
			if think, ok := step.(*plan.Think); ok {
				if pause, err := think.Pause(scope); err == nil {
					sum += pause
				}
			}
		}
		longest = max(longest, sum)
	}
	return longest
}

// width is how many connections a user may have at a time: one, or the widest parallel block of HTTP/1.1.
func (r *Runner) width() uint64 {
	widest := 1
	if r.Protocol() != network.HTTP1 {
		return 1
	}
	for i := range r.plan.Flows {
		if r.plan.Flows[i].Weight > 0 {
			widest = max(widest, widthOf(r.plan.Flows[i].Steps))
		}
	}
	return uint64(widest)
}

func widthOf(steps []plan.Step) int {
	widest := 1
	for _, step := range steps {
		switch step := step.(type) {
		case *plan.Loop:
			widest = max(widest, widthOf(step.Steps))
		case *plan.Parallel:
			inside := widthOf(step.Steps)
			widest = max(widest, inside*max(min(step.Limit, len(step.Steps)), 1))
		}
	}
	return widest
}
