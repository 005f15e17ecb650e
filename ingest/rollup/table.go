package rollup

import "slices"

// cellID tells cells apart: the totals of one key in one window.
type cellID struct {
	ticks int32  // the start of the window in units of the shortest width
	key   uint32 // index of part.keys
	width uint8  // index of edge.Widths
}

// cell is a run of slots in the memory of its table.
type cell struct {
	// ticks is the start of its window in units of the shortest width, written when the store was last given something
	// of it, in Unix seconds; 0 for never.
	ticks   int32
	written uint32
	key     uint32
	at      uint32 // of its run
	n       uint16 // slots that it has
	size    uint8  // index of rooms: for how many there is room
	width   uint8
	queued  bool // it is in part.dirty
}

// tick is the shortest width in seconds.
const tick = 10

func (c *cell) start() int64 { return int64(c.ticks) * tick }

// state says what the store has of a slot.
type state uint8

const (
	stored  state = iota // the total
	changed              // not this total
	given                // the total, if the write that is under way succeeds
)

const (
	chunkLen = 8192
	// chunkBytes is the size of a chunk, cellBytes of a cell and its place in the index.
	chunkBytes = chunkLen * (8 + 2 + 1)
	cellBytes  = 24 + 40
)

// chunk is memory for runs. A run is in one chunk.
type chunk struct {
	values [chunkLen]float64
	slots  [chunkLen]slot
	states [chunkLen]state
}

// rooms are the lengths of runs. A run that becomes too short leaves its memory to the next one of its length.
var rooms = [...]uint16{4, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512, 1024, 2048, 4096, chunkLen}

// table is cells without a pointer among them: the garbage collector does not look into it, and it goes as a whole.
type table struct {
	index  map[cellID]uint32
	cells  []cell
	chunks []*chunk
	used   uint32
	free   [len(rooms)][]uint32
}

// reset empties the table, whose memory it keeps.
func (t *table) reset() {
	clear(t.index)
	t.cells, t.used = t.cells[:0], 0
	for i := range t.free {
		t.free[i] = t.free[i][:0]
	}
}

// bytes is about how much memory the table takes.
func (t *table) bytes() int64 {
	return int64(len(t.chunks))*chunkBytes + int64(cap(t.cells))*cellBytes
}

// cell returns the place of a cell, which is new with room for that many slots when there is none.
func (t *table) cell(id cellID, room int) uint32 {
	if i, ok := t.index[id]; ok {
		return i
	}
	if t.index == nil {
		t.index = map[cellID]uint32{}
	}
	i := uint32(len(t.cells))
	t.index[id] = i
	size := sizeOf(room)
	t.cells = append(t.cells, cell{ticks: id.ticks, key: id.key, width: id.width, size: size, at: t.take(size)})
	return i
}

// sizeOf returns the shortest of rooms that holds so many slots.
func sizeOf(n int) uint8 {
	size := 0
	for int(rooms[size]) < n {
		size++
	}
	return uint8(size)
}

// take returns the place of a run of a size.
func (t *table) take(size uint8) uint32 {
	if free := t.free[size]; len(free) > 0 {
		t.free[size] = free[:len(free)-1]
		return free[len(free)-1]
	}
	room := uint32(rooms[size])
	if left := chunkLen - t.used%chunkLen; left < room {
		t.used += left
	}
	at := t.used
	t.used += room
	if at/chunkLen == uint32(len(t.chunks)) {
		t.chunks = append(t.chunks, new(chunk))
	}
	return at
}

// run is the slots of a cell in rising order, their totals and their states.
func (t *table) run(c *cell) ([]slot, []float64, []state) {
	k, from := t.chunks[c.at/chunkLen], c.at%chunkLen
	to := from + uint32(c.n)
	return k.slots[from:to], k.values[from:to], k.states[from:to]
}

// amount is what is added to a slot.
type amount struct {
	slot  slot
	value float64
}

// add adds amounts, in rising order of their slots, to a cell.
func (t *table) add(i uint32, amounts []amount) {
	c := &t.cells[i]
	slots, values, states := t.run(c)
	at := 0
	for _, a := range amounts {
		j, found := slices.BinarySearch(slots[at:], a.slot)
		at += j
		if !found {
			t.insert(c, at, a.slot)
			slots, values, states = t.run(c)
		}
		values[at] += a.value
		states[at] = changed
		at++
	}
}

// insert makes room for a slot, with a total of 0.
func (t *table) insert(c *cell, at int, s slot) {
	if c.n == rooms[c.size] {
		t.grow(c)
	}
	c.n++
	slots, values, states := t.run(c)
	copy(slots[at+1:], slots[at:])
	copy(values[at+1:], values[at:])
	copy(states[at+1:], states[at:])
	slots[at], values[at], states[at] = s, 0, stored
}

func (t *table) grow(c *cell) {
	slots, values, states := t.run(c)
	t.free[c.size] = append(t.free[c.size], c.at)
	c.size++
	c.at = t.take(c.size)
	moved, totals, marks := t.run(c)
	copy(moved, slots)
	copy(totals, values)
	copy(marks, states)
}

// mark sets the slots of a cell that have one state to another.
func (t *table) mark(i uint32, from, to state) {
	_, _, states := t.run(&t.cells[i])
	for j, s := range states {
		if s == from {
			states[j] = to
		}
	}
}
