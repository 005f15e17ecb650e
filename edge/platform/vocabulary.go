package platform

import (
	"net/http"
	"strings"
)

const (
	minKey           = 3
	vocabularyBits   = 12
	vocabularyNumber = 0x9e3779b1 // 2^32 / golden ratio, odd: spreads what the three bytes and the length give
)

const (
	responseHeader = "http.response.header."
	requestHeader  = "http.request.header."
	headerStem     = "http.re" // begins all of headerPrefixes
)

// headerPrefixes are what SDKs put before the name of a header: OpenTelemetry's (registry, http.request.header.<key>),
// and the plural of Datadog's tracers; with which of a header's two words they spell.
var headerPrefixes = [...]struct {
	prefix string
	word   int
}{
	{responseHeader, 0}, {requestHeader, 1}, {"http.response.headers.", 0}, {"http.request.headers.", 1},
}

// word is one attribute key that some rule reads.
type word struct {
	key  string
	slot slot
	// weak is a spelling that gives way to others of the same slot, such as a header of the request to that of the
	// response.
	weak bool
}

// vocabulary finds the slot of a key: an open-addressing table, since this lookup runs once per attribute of every
// event.
type vocabulary struct {
	index   [1 << vocabularyBits]uint16 // 1 + position in words
	words   []word
	numbers map[string]slot
	// headers are the headers among the sources, by name in lower case: as the response's and as the request's.
	headers map[string]*[2]word
}

// newVocabulary numbers the sources of all rules: equal names share a slot.
func newVocabulary(rules ...*rule) *vocabulary {
	v := &vocabulary{numbers: make(map[string]slot), headers: make(map[string]*[2]word)}
	next := 0
	for number, r := range rules {
		r.number = number
		r.slots = make([]slot, len(r.sources))
		for i := range r.sources {
			src := &r.sources[i]
			n, ok := v.numbers[src.name]
			if !ok {
				n = slot(next)
				next++
				v.define(src, n)
			}
			v.alias(src.also, n)
			r.slots[i] = n
			r.any.add(n)
			r.conditional = r.conditional || src.when != nil
		}
	}
	if len(rules) > maxRules || next > maxSlots || len(v.words) > len(v.index)/2 {
		panic("BUG: more rules or sources than there is room for")
	}
	return v
}

func (v *vocabulary) define(src *source, n slot) {
	if !src.header {
		v.insert(word{key: src.name, slot: n})
		return
	}
	v.headers[src.name] = &[2]word{{slot: n}, {slot: n, weak: true}}
	v.numbers[src.name] = n
	v.insert(word{key: responseHeader + src.name, slot: n})
	v.insert(word{key: requestHeader + src.name, slot: n, weak: true})
	if strings.Contains(src.name, "-") {
		v.insert(word{key: src.name, slot: n, weak: true})
		v.insert(word{key: http.CanonicalHeaderKey(src.name), slot: n, weak: true})
	}
}

// alias adds spellings of a source, which several rules may have.
func (v *vocabulary) alias(keys []string, n slot) {
	for _, key := range keys {
		if known, ok := v.numbers[key]; ok && known == n {
			continue
		}
		v.insert(word{key: key, slot: n, weak: true})
	}
}

func (v *vocabulary) insert(w word) {
	if v.exactly(w.key) != nil {
		panic("BUG: two sources are spelt " + w.key)
	}
	v.numbers[w.key] = w.slot
	v.words = append(v.words, w)
	at := hash(w.key)
	for v.index[at] != 0 {
		at = (at + 1) % uint32(len(v.index))
	}
	v.index[at] = uint16(len(v.words))
}

// find returns the word of that key, nil if no rule reads it. The key has at least minKey bytes.
func (v *vocabulary) find(key string) *word {
	if w := v.exactly(key); w != nil {
		return w
	}
	switch {
	case strings.HasPrefix(key, headerStem):
		return v.header(key)
	case isCapital(key[0]) && strings.IndexByte(key, '-') > 0: // CDN-Cache, X-CACHE
		return v.spelt(key, 1)
	}
	return nil
}

func (v *vocabulary) exactly(key string) *word {
	for at := hash(key); v.index[at] != 0; at = (at + 1) % uint32(len(v.index)) {
		if w := &v.words[v.index[at]-1]; w.key == key {
			return w
		}
	}
	return nil
}

// header finds a header that is spelt as it was captured, in capitals (X-Cache), as conventions before 1.21 had it,
// with _ for -, or behind the plural prefixes.
func (v *vocabulary) header(key string) *word {
	for _, p := range headerPrefixes {
		name, ok := strings.CutPrefix(key, p.prefix)
		if !ok {
			continue
		}
		return v.spelt(name, p.word)
	}
	return nil
}

// spelt finds a header by its name in any case, with _ for -.
func (v *vocabulary) spelt(name string, as int) *word {
	var lower [48]byte // longer than each name that is known
	if len(name) > len(lower) {
		return nil
	}
	for i := range len(name) {
		c := name[i]
		if isCapital(c) {
			c |= 0x20
		}
		if c == '_' {
			c = '-'
		}
		lower[i] = c
	}
	if words := v.headers[string(lower[:len(name)])]; words != nil {
		return &words[as]
	}
	return nil
}

// slotsOf is the set of the sources with these names.
func (v *vocabulary) slotsOf(names ...string) (set slots) {
	for _, name := range names {
		n, ok := v.numbers[name]
		if !ok {
			panic("BUG: no rule reads " + name)
		}
		set.add(n)
	}
	return set
}

func hash(key string) uint32 {
	n := len(key)
	mixed := uint32(n)<<24 ^ uint32(key[n-1])<<16 ^ uint32(key[n-3])<<8 ^ uint32(key[n/2])
	return mixed * vocabularyNumber >> (32 - vocabularyBits)
}
