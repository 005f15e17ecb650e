package rollup

import (
	"encoding/binary"
	"hash/crc32"
	"math"
	"slices"
)

// Format is the version of checkpoints: slots, families, parts. Restore reads format 2 too, which had windows instead
// of parts.
const Format = 3

// checkpointHead is the size in bytes of what stands before the body: format and checksum.
const checkpointHead = 8

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// AppendCheckpoint appends everything that is held: with it the next process continues where this one stopped. The form
// is the format and the CRC-32C of the body, little-endian, and then the body: what Forget noted, the versions of each
// tenant, and the parts with their keys and cells. It is written by hand because a busy collector has a million cells.
func (r *Rollup) AppendCheckpoint(dst []byte) []byte {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.foldAll()
	from := len(dst)
	w := r.writer(append(dst, make([]byte, checkpointHead)...))
	w.int(r.lost.floor)
	w.uint(r.lost.epoch)
	w.uint(uint64(len(r.tenants)))
	for id, t := range r.tenants {
		w.uint(uint64(id))
		w.versions(t.versions)
	}
	parts := r.all()
	w.uint(uint64(len(parts)))
	for _, p := range parts {
		w.part(p, p.cells(func(*cell) bool { return true }))
	}
	head := w.buf[from:]
	binary.LittleEndian.PutUint32(head, Format)
	binary.LittleEndian.PutUint32(head[4:], crc32.Checksum(head[checkpointHead:], castagnoli))
	return w.buf
}

// pieceCells is how many cells a piece of a part in the log has: about 2 MB.
const pieceCells = 20_000

// Unsettled gives to keep, in pieces, what the store may not have made durable of the parts that are over, for Again. A
// piece is valid during the call. When keep fails, the part is given again next time.
func (r *Rollup) Unsettled(keep func(piece []byte) error) error {
	r.flush.Lock()
	defer r.flush.Unlock()
	r.mu.Lock()
	over := slices.Clone(r.over)
	r.mu.Unlock()
	for _, p := range over { // nothing is added to them any more
		if p.logged {
			continue
		}
		w := r.writer(nil)
		cells := p.cells(func(c *cell) bool { return w.fresh(p, c) })
		for len(cells) > 0 {
			piece := cells[:min(len(cells), pieceCells)]
			cells = cells[len(piece):]
			w.buf = binary.LittleEndian.AppendUint32(w.buf[:0], Format)
			w.flag(len(cells) == 0)
			w.part(p, piece)
			if err := keep(w.buf); err != nil {
				return err
			}
		}
		p.logged = true
	}
	return nil
}

// cells returns the places of the cells that are wanted.
func (p *part) cells(wanted func(*cell) bool) []uint32 {
	var list []uint32
	for i := range p.totals.cells {
		if wanted(&p.totals.cells[i]) {
			list = append(list, uint32(i))
		}
	}
	return list
}

type writer struct {
	buf []byte
	// settled is the second up to which the store has made durable what it was given.
	settled int64
}

func (r *Rollup) writer(buf []byte) *writer {
	return &writer{buf: buf, settled: r.opts.Now().Add(-r.opts.Settle).Unix()}
}

func (w *writer) uint(n uint64) { w.buf = binary.AppendUvarint(w.buf, n) }
func (w *writer) int(n int64)   { w.buf = binary.AppendVarint(w.buf, n) }

func (w *writer) text(s string) {
	w.uint(uint64(len(s)))
	w.buf = append(w.buf, s...)
}

func (w *writer) flag(on bool) {
	if on {
		w.buf = append(w.buf, 1)
	} else {
		w.buf = append(w.buf, 0)
	}
}

// float writes a number that is a small count as such, and a 1 before the bits of another one.
func (w *writer) float(v float64) {
	if n := uint64(v); v >= 0 && v < 1<<31 && float64(n) == v {
		w.uint(n << 1)
		return
	}
	w.buf = binary.LittleEndian.AppendUint64(append(w.buf, 1), math.Float64bits(v))
}

func (w *writer) versions(versions map[version]int64) {
	w.uint(uint64(len(versions)))
	for v, at := range versions {
		w.text(v.Service)
		w.text(v.Version)
		w.int(at)
	}
}

// part writes some cells of a part, and the keys that they have.
func (w *writer) part(p *part, cells []uint32) {
	w.uint(p.number)
	w.int(p.period)
	numbers, keys := make([]uint32, len(p.keys)), []*key(nil) // a number is 1 more than the index in keys
	for _, at := range cells {
		if k := p.totals.cells[at].key; numbers[k] == 0 {
			keys = append(keys, p.keys[k])
			numbers[k] = uint32(len(keys))
		}
	}
	w.uint(uint64(len(keys)))
	for _, k := range keys {
		w.uint(uint64(k.tenant))
		w.dims(&k.dims)
	}
	w.uint(uint64(len(cells)))
	ticks := int32(0)
	for _, at := range cells {
		c := &p.totals.cells[at]
		w.buf = append(w.buf, c.width)
		w.int(int64(c.ticks) - int64(ticks))
		ticks = c.ticks
		w.uint(uint64(numbers[c.key] - 1))
		w.cell(p, c)
	}
}

func (w *writer) dims(d *dims) {
	w.buf = append(w.buf, byte(d.Family))
	w.flag(d.Overflow)
	for _, s := range [...]string{d.Signal, d.Service, d.Dim1, d.Dim2, d.Dim3} {
		w.text(s)
	}
}

// cell writes whether the store may lack something of a cell, and the cell.
func (w *writer) cell(p *part, c *cell) {
	w.flag(w.fresh(p, c))
	slots, values, _ := p.totals.run(c)
	w.uint(uint64(len(slots)))
	before := slot(0)
	for i, s := range slots {
		w.uint(uint64(s - before))
		before = s
		w.float(values[i])
	}
}

// fresh tells whether the store may not have made durable something of a cell.
func (w *writer) fresh(p *part, c *cell) bool {
	if int64(c.written) > w.settled {
		return true
	}
	_, _, states := p.totals.run(c)
	return slices.ContainsFunc(states, func(s state) bool { return s != stored })
}
