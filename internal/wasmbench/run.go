package wasmbench

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"edgescope/edge"
	"edgescope/internal/wasmkernel"
)

// control is js in a second process: what differs between it and js is no difference of engines.
const control = "js (control)"

// engineOf is the engine that a participant asks for.
func engineOf(participant string) string {
	if participant == control {
		return JS
	}
	return participant
}

// round is what one participant took in one round, in ms: the least wall time and the mean processor time of an
// operation, and what is left of either without HTTP.
type round struct{ wall, cpu, kernel float64 }

// series is all that was measured of one participant at one size.
type series struct {
	generations [][]round
	wall        []float64 // of each timed operation
	first, cold []float64
	rss         []float64
	hash        string
}

// block is what a generation of processes does: all rounds of one size.
type block struct {
	o      *Options
	rng    *rand.Rand
	size   wasmkernel.Size
	rounds int
	// participants are in the order of Options.Engines, the control last.
	participants []string
	processes    map[string]*process
	series       map[string]*series
}

// Run compares the engines. It takes some 15 s for 10 rounds of small and medium on a quiet machine. Its errors are a
// *UsageError, a *HashError, a *StartError, or what went wrong on the way. Processes that it started have ended when it
// returns.
func Run(ctx context.Context, o Options) (*Result, error) {
	o.setDefaults()
	if err := o.validate(); err != nil {
		return nil, err
	}
	r := &Result{edge.Bench{
		Machine: thisMachine(), Started: time.Now().UTC().Truncate(time.Second),
		Rounds: o.Rounds, Generations: o.Generations, Seed: o.Seed,
	}}
	var err error
	if r.Runtime, err = o.describeRuntime(ctx); err != nil {
		return nil, err
	}
	if slices.Contains(o.Engines, C) || slices.Contains(o.Engines, CPlain) {
		if o.native, err = buildC(ctx, o.Dir); err != nil {
			return nil, &StartError{Engine: C, Runtime: o.Runtime, Err: err}
		}
		defer o.native.remove()
	}
	began := time.Now()
	o.say("%s %s %s, %d rounds in %d generations of processes, seed %d", r.Runtime.Name, r.Runtime.Version,
		r.Runtime.Engine,
		o.Rounds, o.Generations, o.Seed)
	measured, err := o.measure(ctx)
	if err != nil {
		return nil, err
	}
	if o.Runtime == runtimeWorkerd {
		if r.ColdIsolates, err = o.coldIsolates(ctx); err != nil {
			return nil, err
		}
	}
	if o.Codecs {
		if r.Codecs, err = o.codecs(ctx); err != nil {
			return nil, err
		}
	}
	o.sumUp(r, measured)
	r.Machine.LoadAfter, r.Took = loadAverage(), math.Round(time.Since(began).Seconds()*10)/10
	return r, nil
}

// measure runs a block for every generation and size, and returns what it found by size and participant.
func (o *Options) measure(ctx context.Context) (map[string]map[string]*series, error) {
	rng := rand.New(rand.NewPCG(o.Seed, 0))
	all := map[string]map[string]*series{}
	for generation := range o.Generations {
		for _, name := range o.Sizes {
			if all[name] == nil {
				all[name] = map[string]*series{}
			}
			b := &block{
				o: o, rng: rng, size: sizeNamed(name), rounds: share(o.Rounds, o.Generations, generation),
				participants: append(slices.Clone(o.Engines), control),
				processes:    map[string]*process{}, series: all[name],
			}
			o.say("generation %d of %d, %s: %d rounds of %d processes", generation+1, o.Generations, name, b.rounds,
				len(b.participants))
			if err := b.run(ctx); err != nil {
				return nil, err
			}
		}
	}
	return all, nil
}

func sizeNamed(name string) wasmkernel.Size {
	all := wasmkernel.Sizes()
	return all[slices.IndexFunc(all, func(s wasmkernel.Size) bool { return s.Name == name })]
}

// share is how many of n things the i-th of so many parts gets.
func share(n, parts, i int) int { return (i+1)*n/parts - i*n/parts }

func (b *block) run(ctx context.Context) (err error) {
	defer func() {
		for _, p := range b.processes {
			err = errors.Join(err, p.close(ctx))
		}
	}()
	for _, name := range b.participants {
		if err := b.begin(ctx, name); err != nil {
			return err
		}
	}
	for _, name := range b.participants {
		if err := b.warmUp(ctx, name); err != nil {
			return err
		}
	}
	for range b.rounds {
		if err := b.round(ctx); err != nil {
			return err
		}
	}
	for _, name := range b.participants {
		if err := b.end(ctx, name); err != nil {
			return err
		}
	}
	return nil
}

// begin starts a participant's process and measures its first operation, with the input there already; then it makes
// sure that the process computes what the specification says.
func (b *block) begin(ctx context.Context, name string) error {
	p, err := b.o.launch(ctx, engineOf(name))
	if err != nil {
		return err
	}
	b.processes[name] = p
	s := b.series[name]
	if s == nil {
		s = &series{}
		b.series[name] = s
	}
	s.generations = append(s.generations, nil)
	s.cold = append(s.cold, ms(p.cold))
	if _, err := b.idle(ctx, name); err != nil {
		return err
	}
	took, err := b.operation(ctx, name)
	if err != nil {
		return err
	}
	s.first = append(s.first, took)
	return b.checkHash(ctx, name)
}

func (b *block) path(name string) string {
	return fmt.Sprintf("/process?engine=%s&size=%s", engineOf(name), b.size.Name)
}

// checkHash compares the process's output with the golden hash, in a request of its own: hashing takes milliseconds.
func (b *block) checkHash(ctx context.Context, name string) error {
	a, err := b.processes[name].get(ctx, b.path(name)+"&hash=1")
	if err != nil {
		return err
	}
	got := a.header.Get("x-output-hash")
	if got != b.size.Halved {
		return &HashError{Engine: engineOf(name), Size: b.size.Name, Got: got, Want: b.size.Halved}
	}
	b.series[name].hash = got
	return nil
}

// operation runs the kernel once and returns what the client waited, in ms.
func (b *block) operation(ctx context.Context, name string) (float64, error) {
	a, err := b.processes[name].get(ctx, b.path(name))
	if err != nil {
		return 0, err
	}
	if got := a.header.Get("x-engine"); got != engineOf(name) {
		return 0, fmt.Errorf("the process of engine %s answers with engine %q", engineOf(name), got)
	}
	return ms(a.took), nil
}

// idle is the same request without the kernel.
func (b *block) idle(ctx context.Context, name string) (float64, error) {
	a, err := b.processes[name].get(ctx, b.path(name)+"&op=none")
	return ms(a.took), err
}

const (
	// A process is warm when stableRun operations in a row lie within stableWithin of each other, or after maxWarmUp:
	// on a busy machine they never do.
	stableRun    = 3
	stableWithin = 0.02
	maxWarmUp    = 15
)

func (b *block) warmUp(ctx context.Context, name string) error {
	var took []float64
	for range maxWarmUp {
		t, err := b.operation(ctx, name)
		if err != nil {
			return err
		}
		took = append(took, t)
		if isStable(took) {
			return nil
		}
	}
	return nil
}

func isStable(took []float64) bool {
	if len(took) < stableRun {
		return false
	}
	last := took[len(took)-stableRun:]
	return slices.Max(last) <= slices.Min(last)*(1+stableWithin)
}

// operations is how many each participant does in a round: more of short ones, whose least is then less of an accident.
func operations(size string) int {
	switch size {
	case "small":
		return 5
	case "medium":
		return 2
	default:
		return 1
	}
}

// turn is one request of a round.
type turn struct {
	name string
	idle bool
}

// round interleaves the participants request by request, in random order: operations, and as many requests without one.
func (b *block) round(ctx context.Context) error {
	n := operations(b.size.Name)
	var order []turn
	for _, name := range b.participants {
		for range n {
			order = append(order, turn{name: name}, turn{name: name, idle: true})
		}
	}
	b.rng.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
	sums := map[string]*sum{}
	for _, name := range b.participants {
		sums[name] = &sum{operation: newTiming(), idle: newTiming()}
	}
	for _, t := range order {
		if err := b.take(ctx, t, sums[t.name]); err != nil {
			return err
		}
	}
	for _, name := range b.participants {
		s := b.series[name]
		last := &s.generations[len(s.generations)-1]
		*last = append(*last, sums[name].round(float64(n)))
	}
	return nil
}

// take does one request and adds what it took.
func (b *block) take(ctx context.Context, t turn, s *sum) error {
	if t.idle {
		wall, cpu, err := b.timed(ctx, t.name, b.idle)
		s.idle.add(wall, cpu)
		return err
	}
	wall, cpu, err := b.timed(ctx, t.name, b.operation)
	s.operation.add(wall, cpu)
	b.series[t.name].wall = append(b.series[t.name].wall, wall)
	return err
}

// timing is the least wall time of some requests and the sum of their processor time, in ms.
type timing struct{ wall, cpu float64 }

func newTiming() timing { return timing{wall: math.Inf(1)} }

func (t *timing) add(wall, cpu float64) { t.wall, t.cpu = min(t.wall, wall), t.cpu+cpu }

// sum is what a participant's requests of one round took.
type sum struct{ operation, idle timing }

// leastKernel is 1 µs: a kernel alone that takes less, or less than nothing, can't be told from HTTP.
const leastKernel = 0.001

// round sums up n operations and n requests without one. The kernel alone is told by processor time where that is
// known: one thread runs it, and nothing waits.
func (s *sum) round(n float64) round {
	r := round{wall: s.operation.wall, cpu: s.operation.cpu / n, kernel: s.operation.wall - s.idle.wall}
	if cpuIsKnown() {
		r.kernel = (s.operation.cpu - s.idle.cpu) / n
	}
	r.kernel = max(r.kernel, leastKernel)
	return r
}

// timed is a request with the processor time of its process, in ms.
func (b *block) timed(ctx context.Context, name string, request func(context.Context, string) (float64, error)) (wall,
	cpu float64, err error,
) {
	before, err := b.processes[name].usage()
	if err != nil {
		return 0, 0, err
	}
	if wall, err = request(ctx, name); err != nil {
		return 0, 0, err
	}
	after, err := b.processes[name].usage()
	return wall, ms(after.CPU - before.CPU), err
}

// end looks at a participant after its rounds: that it still computes the same, and its memory.
func (b *block) end(ctx context.Context, name string) error {
	if err := b.checkHash(ctx, name); err != nil {
		return err
	}
	used, err := b.processes[name].usage()
	if err != nil {
		return err
	}
	b.series[name].rss = append(b.series[name].rss, float64(used.RSS))
	return nil
}

func ms(d time.Duration) float64 { return float64(d) / 1e6 }
