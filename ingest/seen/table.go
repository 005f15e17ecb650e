package seen

const (
	// pending is the bit of a key whose batch is not acknowledged yet; keys are hashes without it, and not 0.
	pending = uint64(1)
	// gone is a slot whose key was taken out: a search goes on behind it.
	gone = pending
	// fewest is the least number of slots of a table.
	fewest = 1 << 10
)

// table is a set of keys: open addressing with linear probing in a power of two of slots, at most three quarters of
// them used.
type table struct {
	slots []uint64
	used  int
	shift uint8 // a key's first slot is its highest bits
}

func newTable(slots int) table {
	t := table{slots: make([]uint64, slots), shift: 64}
	for n := slots; n > 1; n /= 2 {
		t.shift--
	}
	return t
}

// find returns the slot of a key, or the free one in which it belongs.
func (t *table) find(key uint64) (at int, found bool) {
	last := len(t.slots) - 1
	for at = int(key >> t.shift); ; at = (at + 1) & last { // fewer than 63 bits
		switch t.slots[at] &^ pending {
		case key:
			return at, true
		case 0:
			if t.slots[at] != gone {
				return at, false
			}
		}
	}
}

// full tells whether one more key needs more slots.
func (t *table) full() bool { return 4*(t.used+1) > 3*len(t.slots) }

// add adds a key, with its bit, that is not there; the table is not full.
func (t *table) add(key uint64) {
	at, _ := t.find(key &^ pending)
	t.put(at, key)
}

// put puts a key into the free slot that find returned.
func (t *table) put(at int, key uint64) {
	t.slots[at] = key
	t.used++
}

// grow doubles the slots.
func (t *table) grow() {
	old := t.slots
	*t = newTable(2 * len(old))
	for _, key := range old {
		if key&^pending != 0 {
			t.add(key)
		}
	}
}
