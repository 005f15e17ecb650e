package platform

import (
	"net/http"
	"strings"
)

const (
	minKey           = 3
	responseHeader   = "http.response.header."
	requestHeader    = "http.request.header."
	vocabularyBits   = 10
	vocabularyNumber = 0x9e3779b1 // 2^32 / golden ratio, odd: spreads what the three bytes and the length give
)

// word is one attribute key that some rule reads.
type word struct {
	key  string
	slot slot
	// weak is a header of the request, which gives way to that of the response.
	weak bool
}

// vocabulary finds the slot of a key: an open-addressing table, since this lookup runs once per attribute of every event.
type vocabulary struct {
	index   [1 << vocabularyBits]uint8 // 1 + position in words
	words   []word
	numbers map[string]slot
	// headers are the headers among the sources, in the spelling of http.Header, with their slots.
	headers []word
}

// newVocabulary numbers the sources of all rules: equal names share a slot.
func newVocabulary(rules ...*rule) *vocabulary {
	v := &vocabulary{numbers: make(map[string]slot)}
	for number, r := range rules {
		r.number = number
		r.slots = make([]slot, len(r.sources))
		for i := range r.sources {
			src := &r.sources[i]
			n, ok := v.numbers[src.name]
			if !ok {
				n = slot(len(v.numbers))
				v.numbers[src.name] = n
				v.define(src, n)
			}
			r.slots[i] = n
			r.any.add(n)
			r.conditional = r.conditional || src.when != nil
		}
	}
	if len(rules) > maxRules || len(v.numbers) > maxSlots || len(v.words) > 255 {
		panic("BUG: more rules or sources than there is room for")
	}
	return v
}

func (v *vocabulary) define(src *source, n slot) {
	if !src.header {
		v.insert(word{key: src.name, slot: n})
		return
	}
	spellings := []string{src.name}
	// Semantic conventions before 1.21, and the SDKs that still follow them, write - of a header's name as _.
	if old := strings.ReplaceAll(src.name, "-", "_"); old != src.name {
		spellings = append(spellings, old)
	}
	for _, name := range spellings {
		v.insert(word{key: responseHeader + name, slot: n})
		v.insert(word{key: requestHeader + name, slot: n, weak: true})
	}
	v.headers = append(v.headers, word{key: http.CanonicalHeaderKey(src.name), slot: n})
}

func (v *vocabulary) insert(w word) {
	v.words = append(v.words, w)
	at := hash(w.key)
	for v.index[at] != 0 {
		at = (at + 1) % uint32(len(v.index))
	}
	v.index[at] = uint8(len(v.words))
}

// find answers the word of that key, nil if no rule reads it. The key has at least minKey bytes.
func (v *vocabulary) find(key string) *word {
	for at := hash(key); v.index[at] != 0; at = (at + 1) % uint32(len(v.index)) {
		if w := &v.words[v.index[at]-1]; w.key == key {
			return w
		}
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
