package platform

import (
	"math/bits"

	"edgescope/edge"
)

// repeat tells whether a fact says the same as an attribute's value.
type repeat func(f *edge.Facts, value string) bool

// repeats are, by slot, the facts that an attribute may repeat: those of the rules that read it. A value that a rule
// turned into another, such as a word of a cache, is no repeat.
var repeats, repeatable = newRepeats()

// factSlots are those of the canonical keys, which nobody but facts may say.
var factSlots = newFactSlots()

func newFactSlots() (all slots) {
	for _, key := range edge.FactKeys {
		if n, ok := known.numbers[key]; ok {
			all.add(n)
		}
	}
	return all
}

func newRepeats() (by [maxSlots][]repeat, all slots) {
	add := func(r *rule, same func(src *source) repeat) {
		for i, n := range r.slots {
			if src := &r.sources[i]; !src.header {
				by[n] = append(by[n], same(src))
				all.add(n)
			}
		}
	}
	text := func(r *rule, fact func(*edge.Facts) string) {
		add(r, func(*source) repeat {
			return func(f *edge.Facts, value string) bool { return value == fact(f) }
		})
	}
	length := func(r *rule, fact func(*edge.Facts) (int64, bool)) {
		add(r, func(src *source) repeat {
			return func(f *edge.Facts, value string) bool {
				nanos, has := fact(f)
				told, ok := nanoseconds(value, src.unit)
				return has && ok && told == nanos
			}
		})
	}
	text(&versionRule, func(f *edge.Facts) string { return f.Version })
	text(&environmentRule, func(f *edge.Facts) string { return f.Environment })
	text(&coloRule, func(f *edge.Facts) string { return f.Colo })
	text(&chosenRegion, func(f *edge.Facts) string { return f.Region })
	text(&regionRule, func(f *edge.Facts) string { return f.Region })
	text(&countryRule, func(f *edge.Facts) string { return f.Country })
	text(&faasVersionRule, func(f *edge.Facts) string { return f.FaasVersion })
	text(&instanceRule, func(f *edge.Facts) string { return f.Instance })
	text(&invocationRule, func(f *edge.Facts) string { return f.InvocationID })
	text(&routeRule, func(f *edge.Facts) string { return f.Route })
	text(&methodRule, func(f *edge.Facts) string { return f.Method })
	text(&coldRule, func(f *edge.Facts) string { return f.ColdStart.String() })
	add(&statusRule, func(*source) repeat {
		return func(f *edge.Facts, value string) bool { return len(value) == 3 && statusCode(value) == f.Status }
	})
	length(&initRule, func(f *edge.Facts) (int64, bool) { return f.InitDuration, f.HasInit })
	length(&cpuRule, func(f *edge.Facts) (int64, bool) { return f.CPUTime, f.HasCPU })
	length(&wallRule, func(f *edge.Facts) (int64, bool) { return f.WallTime, f.HasWall })
	length(&ttfbRule, func(f *edge.Facts) (int64, bool) { return f.TTFB, f.HasTTFB })
	length(&rttRule, func(f *edge.Facts) (int64, bool) { return f.ClientRTT, f.HasRTT })
	facts := newFactSlots()
	return by, all.union(&facts)
}

// maxTold bounds the attributes of one event that are looked at. The others stay, which costs room and loses nothing.
const maxTold = 24

// Told are the attributes of an event that its facts may repeat, with their slots.
type Told struct {
	n     uint8
	slots [maxTold]slot
	attrs [maxTold]uint16
}

// Note finds them, unless the resource has the same key: its value would then take the place of the event's own.
func (t *Told) Note(v *View) {
	if v.event.Kind == edge.KindDataPoint {
		return
	}
	for word, set := range v.ownHas {
		set &= repeatable[word] &^ v.resource.has[word]
		for ; set != 0 && t.n < maxTold; set &= set - 1 {
			n := slot(word*64 + bits.TrailingZeros64(set))
			t.slots[t.n], t.attrs[t.n] = n, v.own[n]
			t.n++
		}
	}
}

func isRepeat(n slot, f *edge.Facts, value string) bool {
	if factSlots.has(n) {
		return true
	}
	for _, same := range repeats[n] {
		if same(f, value) {
			return true
		}
	}
	return false
}

// Drop takes those out of the event's attributes that a fact repeats.
func (t *Told) Drop(e *edge.Event) {
	dropped := 0
	for i := range t.n {
		if a := &e.Attrs[t.attrs[i]]; isRepeat(t.slots[i], &e.Facts, a.Value) {
			a.Key = ""
			dropped++
		}
	}
	if dropped == 0 {
		return
	}
	kept := e.Attrs[:0]
	for i := range e.Attrs {
		if e.Attrs[i].Key != "" {
			kept = append(kept, e.Attrs[i])
		}
	}
	clear(e.Attrs[len(kept):])
	e.Attrs = kept
}
