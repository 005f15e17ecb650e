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

// ErrCheckpoint says that a checkpoint is damaged or of another format: nothing of it was taken.
var ErrCheckpoint = errors.New("rollup checkpoint can't be used")

// formatWindows is the format of checkpoints before parts had numbers.
const formatWindows = 2

// Restore reads a checkpoint into an empty Rollup. What may not have been durable in the store when the checkpoint was
// made is written again by the next Flush. After one of format 2 Part returns 0: the owner calls Turn when it has
// replayed the log.
func (r *Rollup) Restore(data []byte) error {
	if len(data) < checkpointHead {
		return fmt.Errorf("%w: it has %d bytes", ErrCheckpoint, len(data))
	}
	format := binary.LittleEndian.Uint32(data)
	if format < formatWindows || format > Format {
		return fmt.Errorf("%w: its format is %d, this version reads %d and %d", ErrCheckpoint, format, formatWindows,
			Format)
	}
	body := data[checkpointHead:]
	if crc32.Checksum(body, castagnoli) != binary.LittleEndian.Uint32(data[4:]) {
		return fmt.Errorf("%w: its checksum does not match", ErrCheckpoint)
	}
	fresh := New(r.opts)
	in := &reader{data: body, r: fresh}
	if format == Format {
		in.rollup()
	} else {
		in.windows()
	}
	if in.bad || len(in.data) > 0 {
		return fmt.Errorf("%w: its content makes no sense", ErrCheckpoint)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lost, r.tenants, r.versions, r.deploys = fresh.lost, fresh.tenants, fresh.versions, fresh.deploys
	r.current, r.over = fresh.current, fresh.over
	r.parts.Store(r.current.number)
	r.weigh()
	return nil
}

// Again takes a piece of a part that Unsettled gave, which FlushOver writes again and Drop forgets. With its last piece
// the part itself is forgotten. It fails with ErrCheckpoint.
func (r *Rollup) Again(piece []byte) error {
	if len(piece) < 4 || binary.LittleEndian.Uint32(piece) != Format {
		return fmt.Errorf("%w: a piece of a part has another format than %d", ErrCheckpoint, Format)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	in := &reader{data: piece[4:], r: r}
	last := in.flag()
	p := in.part()
	if in.bad || len(in.data) > 0 {
		return fmt.Errorf("%w: a piece of a part makes no sense", ErrCheckpoint)
	}
	if last { // the log has all of what was replayed of the part that the store may lack
		r.over = slices.DeleteFunc(r.over, func(o *part) bool {
			return !o.logged && o.number == p.number &&
				o.period == p.period
		})
	}
	p.logged = true
	r.over = append(r.over, p)
	r.weigh()
	return nil
}

// reader reads what writer wrote. Once bad, everything reads as zero.
type reader struct {
	data []byte
	bad  bool
	r    *Rollup
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
func (in *reader) bits() float64 {
	return math.Float64frombits(binary.LittleEndian.Uint64(in.bytes(8)))
}

func (in *reader) float() float64 {
	n := in.uint()
	if n&1 == 1 {
		return in.bits()
	}
	return float64(n >> 1)
}

func (in *reader) tenant() edge.Tenant {
	id := in.uint()
	if id > math.MaxUint32 {
		id = in.fail()
	}
	return edge.Tenant(id)
}

func (in *reader) rollup() {
	in.r.lost = lost{in.int(), in.uint()}
	for range in.count() {
		in.versions(in.tenant())
	}
	in.r.current = nil
	for range in.count() {
		if p := in.r.current; p != nil {
			in.r.over = append(in.r.over, p)
		}
		in.r.current = in.part()
	}
	if in.r.current == nil {
		in.fail()
	}
}

func (in *reader) versions(id edge.Tenant) {
	t := in.r.tenant(id)
	for range in.count() {
		v := version{in.text(), in.text()}
		in.r.note(t, id, v, in.int())
	}
}

func (in *reader) part() *part {
	p := newPart(in.uint(), in.r.opts.Now().Unix())
	p.period = in.int()
	for range in.count() {
		tenant := in.tenant()
		p.addKey(tenant, p.keysOf(tenant), in.dims())
	}
	ticks := int64(0)
	for range in.count() {
		id := cellID{width: in.bytes(1)[0]}
		ticks += in.int()
		key := in.uint()
		if key >= uint64(len(p.keys)) || int(id.width) >= len(edge.Widths) || int64(int32(ticks)) != ticks {
			in.fail()
			return p
		}
		id.ticks, id.key = int32(ticks), uint32(key)
		in.cell(p, id, in.float)
	}
	return p
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

func (in *reader) cell(p *part, id cellID, value func() float64) {
	fresh := in.flag()
	amounts := make([]amount, in.count())
	s := uint64(0)
	for i := range amounts {
		step := in.uint()
		if s += step; s >= uint64(slotEnd) || i > 0 && step == 0 || in.bad {
			in.fail()
			return
		}
		amounts[i] = amount{slot(s), value()}
	}
	if _, twice := p.totals.index[id]; twice {
		in.fail()
		return
	}
	at := p.totals.cell(id, len(amounts))
	p.totals.add(at, amounts)
	if fresh {
		p.queue(at)
		return
	}
	p.totals.mark(at, changed, stored)
}

// windows reads a checkpoint of format 2: for each tenant its versions, its keys, and by width its windows with their
// cells. A window is known by its start and the period of late arrivals, of which each becomes a part here.
func (in *reader) windows() {
	in.r.current = newPart(0, in.r.opts.Now().Unix())
	in.r.lost = lost{in.int(), in.uint()}
	for range in.count() {
		id := in.tenant()
		in.versions(id)
		dims := make([]dims, in.count())
		for i := range dims {
			dims[i] = in.dims()
		}
		for width := range edge.Widths {
			for range in.count() {
				in.window(id, dims, uint8(width))
			}
		}
	}
}

func (in *reader) window(tenant edge.Tenant, dims []dims, width uint8) {
	start, period := in.int(), in.int()
	if in.bad {
		return
	}
	p := in.r.legacyPart(period)
	keys := p.keysOf(tenant)
	for range in.count() {
		number := in.uint()
		if number >= uint64(len(dims)) {
			in.fail()
			return
		}
		k := keys[dims[number]]
		if k == nil {
			k = p.addKey(tenant, keys, dims[number])
		}
		in.cell(p, cellID{ticks: ticksOf(start, int(width)), key: k.index, width: width}, in.bits)
	}
}
