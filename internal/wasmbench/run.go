package wasmbench

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
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

// round is what one participant took in one round, in ms: the least wall time and the mean processor time of an operation.
type round struct{ wall, cpu float64 }

// series is all that was measured of one participant at one size.
type series struct {
	generations         [][]round
	wall                []float64 // of each timed operation
	first, cold, kernel []float64
	rss                 []float64
	hash                string
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
	began := time.Now()
	o.say("%s %s %s, %d rounds in %d generations of processes, seed %d", r.Runtime.Name, r.Runtime.Version, r.Runtime.Engine,
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

// measure runs a block for every generation and size, and answers what it found by size and participant.
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
			o.say("generation %d, %s: %d rounds", generation+1, name, b.rounds)
			if err := b.run(ctx, generation == 0); err != nil {
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

func (b *block) run(ctx context.Context, first bool) (err error) {
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
		if err := b.end(ctx, name, first); err != nil {
			return err
		}
	}
	return nil
}

// begin starts a participant's process and measures its first operation, with the input there already; then it makes sure
// that the process computes what the specification says.
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
	if _, err := p.get(ctx, b.path(name)+"&op=none"); err != nil {
		return err
	}
	took, err := b.operation(ctx, name, "")
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

// operation runs the kernel once and answers what the client waited, in ms.
func (b *block) operation(ctx context.Context, name, query string) (float64, error) {
	a, err := b.processes[name].get(ctx, b.path(name)+query)
	if err != nil {
		return 0, err
	}
	if got := a.header.Get("x-engine"); got != engineOf(name) {
		return 0, fmt.Errorf("the process of engine %s answers with engine %q", engineOf(name), got)
	}
	return ms(a.took), nil
}

const (
	// A process is warm when stableRun operations in a row lie within stableWithin of each other, or after maxWarmUp: on a
	// busy machine they never do.
	stableRun    = 3
	stableWithin = 0.02
	maxWarmUp    = 15
)

func (b *block) warmUp(ctx context.Context, name string) error {
	var took []float64
	for range maxWarmUp {
		t, err := b.operation(ctx, name, "")
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

// round interleaves the participants operation by operation, in random order.
func (b *block) round(ctx context.Context) error {
	n := operations(b.size.Name)
	var order []string
	for _, name := range b.participants {
		for range n {
			order = append(order, name)
		}
	}
	b.rng.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
	rounds := map[string]round{}
	for _, name := range order {
		wall, cpu, err := b.timed(ctx, name, "")
		if err != nil {
			return err
		}
		r, ok := rounds[name]
		if !ok || wall < r.wall {
			r.wall = wall
		}
		r.cpu += cpu / float64(n)
		rounds[name] = r
		b.series[name].wall = append(b.series[name].wall, wall)
	}
	for name, r := range rounds {
		last := &b.series[name].generations[len(b.series[name].generations)-1]
		*last = append(*last, r)
	}
	return nil
}

// timed is an operation with the processor time of its process, in ms.
func (b *block) timed(ctx context.Context, name, query string) (wall, cpu float64, err error) {
	before, err := b.processes[name].usage()
	if err != nil {
		return 0, 0, err
	}
	if wall, err = b.operation(ctx, name, query); err != nil {
		return 0, 0, err
	}
	after, err := b.processes[name].usage()
	return wall, ms(after.CPU - before.CPU), err
}

// end looks at a participant after its rounds: that it still computes the same, its memory and, once, its kernel alone.
func (b *block) end(ctx context.Context, name string, kernel bool) error {
	if err := b.checkHash(ctx, name); err != nil {
		return err
	}
	used, err := b.processes[name].usage()
	if err != nil {
		return err
	}
	s := b.series[name]
	s.rss = append(s.rss, float64(used.RSS))
	if !kernel || name == control {
		return nil
	}
	return b.kernelAlone(ctx, name)
}

// kernelAlone measures what further repetitions inside a request add: processor time where it is known, since one thread
// runs the kernel and nothing waits, else wall time.
func (b *block) kernelAlone(ctx context.Context, name string) error {
	more := operations(b.size.Name)
	many, one := math.Inf(1), math.Inf(1)
	for range 2 {
		m, err := b.busy(ctx, name, fmt.Sprintf("&reps=%d", 1+more))
		if err != nil {
			return err
		}
		o, err := b.busy(ctx, name, "")
		if err != nil {
			return err
		}
		many, one = min(many, m), min(one, o)
	}
	b.series[name].kernel = append(b.series[name].kernel, max(0, (many-one)/float64(more)))
	return nil
}

// busy is how long the process worked for a request, in ms.
func (b *block) busy(ctx context.Context, name, query string) (float64, error) {
	wall, cpu, err := b.timed(ctx, name, query)
	if cpuIsKnown() {
		return cpu, err
	}
	return wall, err
}

func ms(d time.Duration) float64 { return float64(d) / 1e6 }

// isolateStarts is how many isolates of a kind are started.
const isolateStarts = 15

// coldIsolates measures how long isolates take to start in a process that runs.
func (o *Options) coldIsolates(ctx context.Context) (found []edge.BenchColdIsolate, err error) {
	p, err := o.launch(ctx, JS)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, p.close(ctx)) }()
	paths := []string{"/health", "/cold?wasm=0", "/cold?wasm=1"}
	took := make([][]float64, len(paths))
	for range isolateStarts {
		for i, path := range paths {
			a, err := p.get(ctx, path)
			if err != nil {
				return nil, err
			}
			took[i] = append(took[i], ms(a.took))
		}
	}
	idle := median(took[0])
	return []edge.BenchColdIsolate{
		{Kind: "js", MS: max(0, median(took[1])-idle), N: isolateStarts},
		{Kind: "wasm", MS: max(0, median(took[2])-idle), N: isolateStarts},
	}, nil
}

// moduleBytes is the size of an engine's WebAssembly module, 0 if it has none.
func (o *Options) moduleBytes(engine string) int64 {
	file := map[string]string{WASM: "wasm/kernel-scalar.wasm", WASMSIMD: "wasm/kernel-simd.wasm", GoWASM: goModule}[engine]
	if file == "" {
		return 0
	}
	stat, err := os.Stat(filepath.Join(o.Dir, file))
	if err != nil {
		return 0 // the process that just ran it had it
	}
	return stat.Size()
}
