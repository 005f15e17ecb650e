// Package values reads what all signals of OTLP are made of, in either encoding: attributes and their values, times,
// enumerations and ids. What can't be used of one costs that one.
package values

import (
	"edgescope/edge"
	"edgescope/internal/jsonwire"
)

// maxDepth bounds how deep arrays and maps of a value may nest; what is deeper becomes null.
const maxDepth = 32

// Decoder reads values in either encoding into the memory of a request.
type Decoder struct {
	Arena jsonwire.Arena
	// To counts what had to be dropped or changed.
	To     *edge.Batch
	Limits Limits
	// Note counts a value that was read as something else than it says, by a reason, and has the answer describe it.
	Note func(reason, text string)
	// levels are the lists of maps inside of values, by depth.
	levels [maxDepth]Pairs
}

// Drop gives up references, and returns how many bytes of memory stay.
func (d *Decoder) Drop() int {
	d.Arena.Buf = d.Arena.Buf[:0]
	for i := range d.levels {
		if cap(d.levels[i].List)+cap(d.levels[i].before) > 0 {
			d.levels[i].Drop()
		}
	}
	return cap(d.Arena.Buf)
}

// AppendObject appends a list of attributes as a JSON object.
func AppendObject(dst []byte, p *Pairs) []byte {
	dst = append(dst, '{')
	for i := range p.List {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = jsonwire.AppendString(dst, p.List[i].Key)
		dst = append(dst, ':')
		dst = appendJSON(dst, p.List[i].Val)
	}
	return append(dst, '}')
}

// putNested adds an attribute of a span event, a link or a map: its name is no field of a row and may have any length.
func (d *Decoder) putNested(p *Pairs, key string, v Value) {
	if key == "" {
		d.To.Warn(warnNoKey)
		return
	}
	d.Add(p, key, v)
}

// endMap makes the JSON object of a map whose entries are in the list of that depth, in place of all text since from.
func (d *Decoder) endMap(from, depth int) Value {
	at := len(d.Arena.Buf)
	d.Arena.Buf = AppendObject(d.Arena.Buf, &d.levels[depth])
	n := len(d.Arena.Buf) - at
	copy(d.Arena.Buf[from:], d.Arena.Buf[at:])
	d.Arena.Buf = d.Arena.Buf[:from+n]
	return Value{Kind: JSONText, Num: uint64(from), Str: d.Arena.Since(from)} // an offset is not negative
}
