package gate

import (
	"fmt"

	"github.com/VictoriaMetrics/metrics"
)

// Why questions are refused or ended, as the label reason of the figures.
const (
	reasonBusy   = "busy"
	reasonMemory = "memory"
	reasonHeap   = "heap"
	reasonFollow = "follow"
)

func (g *Gate) publish() {
	g.refused = map[string]*metrics.Counter{}
	for _, reason := range []string{reasonBusy, reasonMemory, reasonHeap, reasonFollow} {
		g.refused[reason] = g.o.Metrics.NewCounter(fmt.Sprintf("edgescope_questions_refused_total{reason=%q}", reason))
	}
	for name, value := range map[string]func() int64{
		"edgescope_questions_running":      func() int64 { return int64(len(g.running)) },
		"edgescope_questions_waiting":      func() int64 { return int64(len(g.turns) + len(g.claims)) },
		"edgescope_questions_followers":    func() int64 { return int64(g.follows) },
		"edgescope_questions_memory_bytes": func() int64 { return g.Largest() - g.free },
	} {
		g.o.Metrics.NewGauge(name, func() float64 {
			g.mu.Lock()
			defer g.mu.Unlock()
			return float64(value())
		})
	}
}

// refuse counts and returns the error.
func (g *Gate) refuse(reason string, err *RefusedError) error {
	g.count(reason)
	return err
}

func (g *Gate) count(reason string) { g.refused[reason].Inc() }
