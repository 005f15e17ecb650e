package rollup

import "edgescope/edge"

// Before parts had numbers, an event went to a window by its time and its arrival alone: into the window itself, if it
// arrived within Options.Open of its end, else into a part named after the Open-long period of its arrival. Batches of
// that version are in a log that is replayed, and its windows in a checkpoint: they are added up by its rule, so that
// the same samples are written again. This is not needed any more when nobody comes from a version before log format 3.

// legacy returns the part of an event by its time and arrival, in Unix seconds.
func (r *Rollup) legacy(second, arrival int64) *part {
	seconds := edge.Widths[0].Seconds
	if arrival < floor(second, seconds)+seconds+r.open() {
		return r.legacyPart(0)
	}
	return r.legacyPart(arrival / r.open())
}

func (r *Rollup) legacyPart(period int64) *part {
	for _, p := range r.over {
		if p.number == 0 && p.period == period {
			return p
		}
	}
	if r.current.number == 0 && period == 0 {
		return r.current
	}
	p := newPart(0, r.opts.Now().Unix())
	p.period = period
	r.over = append(r.over, p)
	return p
}

// around returns the part of a wider window around one of a late part, and the key there. A part is late for the wider
// window too when the last event of its period is.
func (r *Rollup) around(p *part, c *cell, width int) (*part, uint32) {
	seconds := edge.Widths[width].Seconds
	if (p.period+1)*r.open() > floor(c.start(), seconds)+seconds+r.open() {
		return p, c.key
	}
	to, k := r.legacyPart(0), p.keys[c.key]
	return to, r.key(to, k.tenant, to.keysOf(k.tenant), k.dims).index
}
