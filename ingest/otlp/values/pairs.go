package values

import (
	"math/bits"

	"edgescope/internal/jsonwire"
)

// Limits are what the store keeps of one record: a longer name is shortened, and what is too many is left out. 0 is no
// bound.
type Limits struct {
	// Attrs is how many a span, a resource, a span event, a link or a map may have.
	Attrs int
	// Key and ResourceKey are how many bytes the name of a record's own attribute, and of a resource's, may have.
	Key, ResourceKey int
	// List is how many bytes the JSON of a span's events, and of its links, may have before a further one is left out.
	// An event of two bytes takes 35.
	List int
}

// indexFrom is the number of attributes from which a map is cheaper than comparing with each.
const indexFrom = 48

// Reasons of warnings, as edge.Batch counts them.
const (
	warnNoKey     = "attribute without key"
	warnNoValue   = "attribute without value"
	warnNoObject  = "attribute is no object"
	warnLongKey   = "attribute name shortened"
	warnManyAttrs = "too many attributes"
	warnDeep      = "value nested too deep"
	warnNoList    = "list expected"
	warnUnit      = "time in another unit than nanoseconds"
	warnTime      = "value that is no time"
)

// Pair is an attribute.
type Pair struct {
	Key string
	Val Value
}

// Pairs is a list of attributes, in the order sent, keys unique: the last one sent wins, in the place of the first.
//
// Records of one kind have the same keys in the same order. So the list before this one, whose keys are unique, is
// kept: as long as the keys are those of the list before, one comparison for each tells that there is none twice.
type Pairs struct {
	List, before []Pair
	// strayed tells that a key was not that of the list before. From then on seen has a bit for the hash of each key: a
	// key whose bit is not set is new, which spares most comparisons.
	strayed bool
	seen    [4]uint64
	index   map[string]int
}

// Reset begins another list; this one becomes the one before.
func (p *Pairs) Reset() {
	if len(p.List) > 0 {
		p.List, p.before = p.before[:0], p.List
	}
	if p.strayed {
		p.strayed = false
		p.seen = [4]uint64{}
		clear(p.index)
	}
}

// Drop gives up references, for a list that goes back to a pool.
func (p *Pairs) Drop() {
	p.Reset()
	clear(p.List[:cap(p.List)])
	clear(p.before[:cap(p.before)])
	p.before = p.before[:0]
}

// put adds an attribute or replaces its value. It returns false when the list has as many as it may, unless most is 0.
func (p *Pairs) put(key string, v Value, most int) bool {
	if n := len(p.List); !p.strayed && n < len(p.before) && p.before[n].Key == key {
		p.List = append(p.List, Pair{key, v})
		return true
	}
	return p.putStray(key, v, most)
}

func (p *Pairs) putStray(key string, v Value, most int) bool {
	if !p.strayed {
		p.stray()
	}
	word, bit := keyBit(key)
	if p.seen[word]&bit != 0 {
		if i := p.Find(key); i >= 0 {
			p.List[i].Val = v
			return true
		}
	}
	if most > 0 && len(p.List) >= most {
		return false
	}
	p.seen[word] |= bit
	p.List = append(p.List, Pair{key, v})
	p.note()
	return true
}

// stray begins to remember the keys, with those that are there.
func (p *Pairs) stray() {
	p.strayed = true
	for i := range p.List {
		word, bit := keyBit(p.List[i].Key)
		p.seen[word] |= bit
	}
	p.note()
}

// Find returns the place of a key in the list, -1 where it is not.
func (p *Pairs) Find(key string) int {
	if p.strayed && len(p.List) >= indexFrom {
		if i, ok := p.index[key]; ok {
			return i
		}
		return -1
	}
	for i := range p.List {
		if p.List[i].Key == key {
			return i
		}
	}
	return -1
}

// note keeps the index of a long list complete; it starts with the whole list.
func (p *Pairs) note() {
	if len(p.List) < indexFrom {
		return
	}
	if p.index == nil {
		p.index = make(map[string]int, 4*indexFrom)
	}
	for i := len(p.index); i < len(p.List); i++ {
		p.index[p.List[i].Key] = i
	}
}

// keyBit hashes a key by its length and three of its bytes to one of 256 bits.
func keyBit(key string) (word int, bit uint64) {
	n := len(key)
	if n == 0 {
		return 0, 1
	}
	h := uint32(n)*0x9e3779b1 ^ uint32(key[n-1])*0x85ebca6b ^ uint32(key[n/2])*0xc2b2ae35 ^ uint32(key[n/4])*0x27d4eb2f
	h = bits.RotateLeft32(h*0x9e3779b1, 8)
	return int(h>>6) & 3, 1 << (h & 63)
}

// putAttr adds an attribute to a list that becomes fields of a row, and counts what it had to leave out or shorten: a
// name may have that many bytes.
func (d *Decoder) putAttr(p *Pairs, at Pair, limit int) {
	switch {
	case at.Key == "":
		d.To.Warn(warnNoKey)
		return
	case at.Val.Kind == None:
		d.To.Warn(warnNoValue)
		return
	case limit > 0 && len(at.Key) > limit:
		d.To.Warn(warnLongKey)
		at.Key = jsonwire.Shorten(at.Key, limit)
	}
	d.Add(p, at.Key, at.Val)
}

// Add adds an attribute to a list, or counts that the list is full.
func (d *Decoder) Add(p *Pairs, key string, v Value) {
	if !p.put(key, v, d.Limits.Attrs) {
		d.To.Warn(warnManyAttrs)
	}
}
