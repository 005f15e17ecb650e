package rollup

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"math"
	"slices"

	"edgescope/edge"
)

// Format is the version of checkpoints: slots, families, windows.
const Format = 2

// checkpointHead is the size in bytes of what stands before the body: format and checksum.
const checkpointHead = 8

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// AppendCheckpoint appends the totals of all open windows: with them the next process continues where this one stopped. The
// form is the format and the CRC-32C of the body, little-endian, and then the body: what Forget noted, and for each tenant its
// versions, its keys, and its windows with their cells. It is written by hand because a busy collector has a million cells.
func (r *Rollup) AppendCheckpoint(dst []byte) []byte {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.foldPending()
	from := len(dst)
	w := &writer{buf: append(dst, make([]byte, checkpointHead)...), settled: r.opts.Now().Add(-r.opts.Settle).Unix()}
	w.int(r.lost.floor)
	w.uint(r.lost.epoch)
	w.uint(uint64(len(r.tenants)))
	for id, t := range r.tenants {
		w.uint(uint64(id))
		w.tenant(t)
	}
	head := w.buf[from:]
	binary.LittleEndian.PutUint32(head, Format)
	binary.LittleEndian.PutUint32(head[4:], crc32.Checksum(head[checkpointHead:], castagnoli))
	return w.buf
}

type writer struct {
	buf []byte
	// settled is the second up to which the store has made durable what it was given.
	settled int64
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

func (w *writer) tenant(t *tenant) {
	w.uint(uint64(len(t.versions)))
	for v, at := range t.versions {
		w.text(v.Service)
		w.text(v.Version)
		w.int(at)
	}
	numbers := make(map[*key]uint64, len(t.keys))
	w.uint(uint64(len(t.keys)))
	for d, k := range t.keys {
		numbers[k] = uint64(len(numbers))
		w.buf = append(w.buf, byte(d.Family))
		w.flag(d.Overflow)
		for _, s := range [...]string{d.Signal, d.Service, d.Dim1, d.Dim2, d.Dim3} {
			w.text(s)
		}
	}
	for width := range t.open {
		w.uint(uint64(len(t.open[width])))
		for id, win := range t.open[width] {
			w.int(id.start)
			w.int(id.period)
			w.uint(uint64(len(win.cells)))
			for k, c := range win.cells {
				w.uint(numbers[k])
				w.cell(c)
			}
		}
	}
}

func (w *writer) cell(c *cell) {
	w.flag(len(c.changed) > 0 || c.written > w.settled)
	w.uint(uint64(len(c.totals.slots)))
	before := slot(0)
	for i, s := range c.totals.slots {
		w.uint(uint64(s - before))
		before = s
		w.buf = binary.LittleEndian.AppendUint64(w.buf, math.Float64bits(c.totals.values[i]))
	}
}

// ErrCheckpoint says that a checkpoint is damaged or of another format: nothing of it was taken.
var ErrCheckpoint = errors.New("rollup checkpoint can't be used")

// Restore reads a checkpoint into an empty Rollup. What may not have been durable in the store when the checkpoint was made is
// written again by the next Flush.
func (r *Rollup) Restore(data []byte) error {
	if len(data) < checkpointHead {
		return fmt.Errorf("%w: it has %d bytes", ErrCheckpoint, len(data))
	}
	if format := binary.LittleEndian.Uint32(data); format != Format {
		return fmt.Errorf("%w: its format is %d, this version reads %d", ErrCheckpoint, format, Format)
	}
	body := data[checkpointHead:]
	if crc32.Checksum(body, castagnoli) != binary.LittleEndian.Uint32(data[4:]) {
		return fmt.Errorf("%w: its checksum does not match", ErrCheckpoint)
	}
	fresh := New(r.opts)
	in := &reader{data: body}
	in.rollup(fresh)
	if in.bad || len(in.data) > 0 {
		return fmt.Errorf("%w: its content makes no sense", ErrCheckpoint)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lost, r.tenants, r.dirty, r.deploys = fresh.lost, fresh.tenants, fresh.dirty, fresh.deploys
	return nil
}

// reader reads what writer wrote. Once bad, everything reads as zero.
type reader struct {
	data []byte
	bad  bool
}

func (in *reader) fail() uint64 {
	in.data, in.bad = nil, true
	return 0
}

func (in *reader) uint() uint64 {
	v, n := binary.Uvarint(in.data)
	if n <= 0 {
		return in.fail()
	}
	in.data = in.data[n:]
	return v
}

func (in *reader) int() int64 {
	v, n := binary.Varint(in.data)
	if n <= 0 {
		return int64(in.fail())
	}
	in.data = in.data[n:]
	return v
}

// count reads a number of things that take a byte each at least.
func (in *reader) count() int {
	n := in.uint()
	if n > uint64(len(in.data)) {
		n = in.fail()
	}
	return int(n)
}

func (in *reader) bytes(n int) []byte {
	if n > len(in.data) {
		in.fail()
		return make([]byte, min(n, 8))
	}
	b := in.data[:n]
	in.data = in.data[n:]
	return b
}

func (in *reader) text() string { return string(in.bytes(in.count())) }
func (in *reader) flag() bool   { return in.bytes(1)[0] != 0 }

func (in *reader) rollup(r *Rollup) {
	r.lost = lost{in.int(), in.uint()}
	for range in.count() {
		id := in.uint()
		if id > math.MaxUint32 {
			in.fail()
		}
		in.tenant(r, r.tenant(edge.Tenant(id)))
	}
}

func (in *reader) tenant(r *Rollup, t *tenant) {
	for range in.count() {
		v := version{in.text(), in.text()}
		at := in.int()
		t.versions[v] = at
		r.deploys = append(r.deploys, deploy{t.id, v, at})
	}
	keys := make([]*key, in.count())
	for i := range keys {
		keys[i] = &key{dims: in.dims()}
		t.keys[keys[i].dims] = keys[i]
	}
	for width := range t.open {
		for range in.count() {
			w := r.window(t, width, windowID{in.int(), in.int()})
			for range in.count() {
				in.cell(r, w, keys)
			}
		}
	}
	t.latest = nil
	for d, k := range t.keys {
		if k.held == 0 {
			delete(t.keys, d) // no cell has it
		}
	}
}

func (in *reader) dims() dims {
	d := dims{Family: family(in.bytes(1)[0]), Overflow: in.flag()}
	for _, p := range [...]*string{&d.Signal, &d.Service, &d.Dim1, &d.Dim2, &d.Dim3} {
		*p = in.text()
	}
	if d.Family >= families {
		in.fail()
	}
	return d
}

func (in *reader) cell(r *Rollup, w *window, keys []*key) {
	number, fresh, n := in.uint(), in.flag(), in.count()
	if number >= uint64(len(keys)) {
		in.fail()
		return
	}
	c := w.cell(keys[number])
	c.totals = totals{slots: make([]slot, 0, n), values: make([]float64, 0, n)}
	s := uint64(0)
	for range n {
		if s += in.uint(); s >= uint64(slotEnd) || in.bad {
			in.fail()
			return
		}
		c.totals.slots = append(c.totals.slots, slot(s))
		c.totals.values = append(c.totals.values, math.Float64frombits(binary.LittleEndian.Uint64(in.bytes(8))))
	}
	if fresh {
		c.changed = slices.Clone(c.totals.slots)
		r.queue(c)
	}
}
