package rollup

import (
	"strconv"

	"edgescope/edge"
)

// part is what was added between two turns. Of a window that several parts have totals of, each has a sample of its
// own: they add up. What is added belongs to the current part, whatever its time; a part that is over is written and
// forgotten as a whole.
type part struct {
	// number is 1 for the first part of a store, and one more for each further one. Number 0 is what a version before
	// parts had numbers wrote; what came late then is by period, that of its arrival (see legacy.go).
	number uint64
	period int64
	began  int64 // Unix seconds

	tenants  map[edge.Tenant]map[dims]*key
	keys     []*key
	keyBytes int64

	// pending is what came since the last fold, in windows of the shortest width: it goes into totals of all widths at
	// once, so that an event costs one cell and not three. round counts the folds, from 1.
	pending table
	round   uint32
	totals  table
	dirty   []uint32 // cells of totals of which the store lacks something
	writing bool     // a Flush has taken dirty
	// logged tells that the log has what the store may not have made durable.
	logged bool
}

func newPart(number uint64, now int64) *part {
	return &part{number: number, began: now, tenants: map[edge.Tenant]map[dims]*key{}, round: 1}
}

// pendingShare is the part of MaxBytes that the memory for pending cells may have while there are none.
const pendingShare = 16

// bytes is about how much memory the part takes.
func (p *part) bytes() int64 {
	return p.keyBytes + p.pending.bytes() + p.totals.bytes() + int64(cap(p.dirty))*4
}

func (p *part) empty() bool { return len(p.totals.cells) == 0 && len(p.pending.cells) == 0 }

// observe adds what one invocation says.
func (r *Rollup) observe(p *part, tenant edge.Tenant, keys map[dims]*key, e *edge.Event) {
	ticks := ticksOf(e.Time/1e9, 0)
	o := observe(e)
	for fam := range families {
		k := r.key(p, tenant, keys, dimsOf(fam, e))
		amounts := o.in(fam)
		if k.round != p.round || k.ticks != ticks {
			k.round, k.ticks = p.round, ticks
			k.recent = p.pending.cell(cellID{ticks: ticks, key: k.index}, len(amounts))
		}
		p.pending.add(k.recent, amounts)
	}
}

// fold moves what came since the last fold into the totals of its windows, the shortest and the wider ones around it.
func (r *Rollup) fold(p *part) {
	for i := range p.pending.cells {
		c := &p.pending.cells[i]
		slots, values, _ := p.pending.run(c)
		r.amounts = r.amounts[:0]
		for j, s := range slots {
			r.amounts = append(r.amounts, amount{s, values[j]})
		}
		for width := range edge.Widths {
			id := cellID{ticks: ticksOf(c.start(), width), key: c.key, width: uint8(width)}
			to := p
			if p.period > 0 && width > 0 {
				to, id.key = r.around(p, c, width)
			}
			at := to.totals.cell(id, len(r.amounts))
			to.totals.add(at, r.amounts)
			to.queue(at)
		}
	}
	p.round++
	if p.pending.bytes() > r.opts.MaxBytes/pendingShare {
		p.pending = table{} // after a flood, that memory is not kept
		return
	}
	p.pending.reset()
}

func (p *part) queue(at uint32) {
	if c := &p.totals.cells[at]; !c.queued {
		c.queued = true
		p.dirty = append(p.dirty, at)
	}
}

// unwritten tells whether the store lacks something of the part, or may.
func (p *part) unwritten() bool { return len(p.dirty) > 0 || len(p.pending.cells) > 0 || p.writing }

// place returns the time of a sample of a window in Unix milliseconds, and the value of label edge_part. A part has a
// millisecond of each window for itself, so that it needs no series of its own; after as many parts as the window has
// milliseconds, the label tells how often it began again.
func (p *part) place(start int64, width uint8) (at int64, label string) {
	at = start * 1000
	if p.period > 0 {
		return at, strconv.FormatInt(p.period, 36)
	}
	span := uint64(edge.Widths[width].Seconds) * 1000
	if again := p.number / span; again > 0 {
		label = strconv.FormatUint(again, 36)
	}
	return at + int64(p.number%span), label
}

// label is the value of edge_part of a window: where an earlier process may have written the same name, the epoch
// stands in front.
func (r *Rollup) label(part string, start int64) string {
	if start < r.lost.floor {
		return strconv.FormatUint(r.lost.epoch, 10) + "-" + part
	}
	return part
}

// floor returns the start of the window of so many seconds that a second is in.
func floor(second, seconds int64) int64 { return second - ((second%seconds)+seconds)%seconds }

// ticksOf returns the start of the window of a width that a second is in.
func ticksOf(second int64, width int) int32 {
	return int32(floor(second, edge.Widths[width].Seconds) / tick)
}
