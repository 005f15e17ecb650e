package embedded

import (
	"hash/maphash"
	"strconv"
	"sync"

	"github.com/VictoriaMetrics/VictoriaMetrics/app/vmselect/promql"
)

const (
	// parsedTexts is how many MetricsQL texts the engine keeps as it has parsed them (promql, parseCacheMaxLen),
	// whatever their size, and parsedGrowth about how many bytes it keeps for one of a text.
	parsedTexts  = 10_000
	parsedGrowth = 150
	// maxParsed bounds what it keeps of those, in bytes.
	maxParsed = 16 << 20
)

// parsed counts what the engine keeps of MetricsQL texts. Nothing tells it to forget: texts that are too large together
// are pushed out by many small ones. The zero value is ready.
type parsed struct {
	mu    sync.Mutex
	seed  maphash.Seed
	known map[uint64]struct{} // texts, by their hash
	bytes int64
	next  int
}

// note takes note of a text that the engine is about to parse, of that size after its templates have been put in.
func (p *parsed) note(text string, size int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.known == nil {
		p.seed, p.known = maphash.MakeSeed(), map[uint64]struct{}{}
	}
	id := maphash.String(p.seed, text)
	if _, ok := p.known[id]; ok {
		return
	}
	p.known[id] = struct{}{}
	if p.bytes += int64(len(text)) + size*parsedGrowth; p.bytes <= maxParsed && len(p.known) < 2*parsedTexts {
		return
	}
	p.forget()
	clear(p.known)
	p.bytes = 0
}

// forget pushes out what the engine keeps. It drops some at random for some that come: four times as many as it keeps
// leave one in fifty.
func (p *parsed) forget() {
	for range 4 * parsedTexts {
		p.next++
		promql.IsMetricSelectorWithRollup(strconv.Itoa(p.next)) // it parses the number
	}
}
