package otlp

import (
	"edgescope/edge"
	"edgescope/internal/jsonwire"
)

// maxDepth bounds how deep arrays and maps of a value may nest; what is deeper becomes null.
const maxDepth = 32

// valueDecoder reads values in either encoding into the memory of a request.
type valueDecoder struct {
	arena jsonwire.Arena
	// to counts what had to be dropped or changed.
	to *edge.Batch
	// note counts a value that was read as something else than it says, by a reason, and has the answer describe it.
	note func(reason, text string)
	// levels are the lists of maps inside of values, by depth.
	levels [maxDepth]pairs
}

// drop gives up references, and returns how many bytes of memory stay.
func (d *valueDecoder) drop() int {
	d.arena.Buf = d.arena.Buf[:0]
	for i := range d.levels {
		if cap(d.levels[i].list)+cap(d.levels[i].before) > 0 {
			d.levels[i].drop()
		}
	}
	return cap(d.arena.Buf)
}

// appendObject appends a list of attributes as a JSON object.
func appendObject(dst []byte, p *pairs) []byte {
	dst = append(dst, '{')
	for i := range p.list {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = jsonwire.AppendString(dst, p.list[i].key)
		dst = append(dst, ':')
		dst = appendJSON(dst, p.list[i].val)
	}
	return append(dst, '}')
}

// putNested adds an attribute of a span event, a link or a map: its name is no field of a row and may have any length.
func (d *valueDecoder) putNested(p *pairs, key string, v value) {
	if key == "" {
		d.to.Warn(warnNoKey)
		return
	}
	if !p.put(key, v) {
		d.to.Warn(warnManyAttrs)
	}
}

// endMap makes the JSON object of a map whose entries are in the list of that depth, in place of all text since from.
func (d *valueDecoder) endMap(from, depth int) value {
	at := len(d.arena.Buf)
	d.arena.Buf = appendObject(d.arena.Buf, &d.levels[depth])
	n := len(d.arena.Buf) - at
	copy(d.arena.Buf[from:], d.arena.Buf[at:])
	d.arena.Buf = d.arena.Buf[:from+n]
	return value{kind: kindJSON, num: uint64(from), str: d.arena.Since(from)} // an offset is not negative
}
