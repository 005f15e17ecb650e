package platform

import (
	"strings"

	"edgescope/edge"
	"edgescope/edge/platform/headerlist"
)

// maxSlots bounds the number of distinct sources; newVocabulary panics beyond it.
const maxSlots = 192

// maxRules bounds the number of rules likewise.
const maxRules = 64

// slot numbers a source: one attribute key, or one header under its attribute keys.
type slot uint8

// slots is a set of them.
type slots [maxSlots / 64]uint64

func (s *slots) add(n slot)              { s[n/64] |= 1 << (n % 64) }
func (s *slots) has(n slot) bool         { return s[n/64]&(1<<(n%64)) != 0 }
func (s *slots) meets(other *slots) bool { return s[0]&other[0]|s[1]&other[1]|s[2]&other[2] != 0 }

func (s *slots) without(other *slots) {
	for i := range s {
		s[i] &^= other[i]
	}
}

func (s *slots) union(other *slots) slots {
	return slots{s[0] | other[0], s[1] | other[1], s[2] | other[2]}
}

// source is one place where a value is looked for.
type source struct {
	// name is an attribute key, or the name of a header in lower case.
	name   string
	header bool
	// also are other spellings of an attribute's key, which mean the same; of several the first in the event counts,
	// name before all.
	also []string
	// read turns the raw value into the canonical one, "" if it tells nothing; nil takes it as it stands.
	read func(string) string
	// unit is the number of nanoseconds that a length of time is counted in.
	unit float64
	// when limits the source to some events; nil is always.
	when func(*View) bool
}

// attr is a source that is taken as it stands.
func attr(key string) source { return source{name: key} }

// attrs are sources that are taken as they stand, in this order.
func attrs(keys ...string) []source {
	all := make([]source, len(keys))
	for i, key := range keys {
		all[i] = attr(key)
	}
	return all
}

// header is a source with the spellings http.response.header.<name> and http.request.header.<name>, with the name in
// any case and with _ or - (vocabulary.header), the bare name of a header that has a dash, and to Response the real
// header.
func header(name string, read func(string) string) source {
	return source{name: name, header: true, read: read}
}

// rule is the sources of one canonical value, in order.
type rule struct {
	sources []source
	// list joins the elements of an array by commas, as several header lines of one name are one list; else an array
	// stands for its first element.
	list bool

	// What newVocabulary fills: the slots of the sources and their set, the rule's own number, and whether a source has
	// a condition.
	slots       []slot
	any         slots
	number      int
	conditional bool
}

// View is the known attributes of one event: by slot, where they stand. It belongs to one goroutine and is valid for
// one event.
type View struct {
	event *edge.Event
	// present has the slots of own and of resource; own holds an index only where ownHas says so.
	present, ownHas slots
	own             [maxSlots]uint16
	resource        *resourceView
	// vercel and faas tell whether any attribute has that prefix.
	vercel, faas bool
}

// resourceView is the same for a resource. It stays valid while events share the resource.
type resourceView struct {
	attrs        []edge.Attr
	has          slots
	at           [maxSlots]uint16
	vercel, faas bool
	// values are what rules find in the resource, once they have been asked.
	values [maxRules]found
}

// found is the value that a rule found, and its source.
type found struct {
	asked  bool
	value  string
	source *source
}

// read looks at another event. Consecutive events of one resource share the look at it.
func (v *View) read(e *edge.Event) {
	if !sameSlice(v.resource.attrs, e.Resource) {
		v.resource.read(e.Resource)
	}
	v.event = e
	v.ownHas, v.vercel, v.faas = scan(e.Attrs, &v.own)
	if e.Kind == edge.KindSpan && e.SpanKind == edge.SpanClient {
		v.ownHas.without(&otherEnd)
	}
	v.vercel = v.vercel || v.resource.vercel
	v.faas = v.faas || v.resource.faas
	v.present = v.ownHas.union(&v.resource.has)
}

func (r *resourceView) read(attrs []edge.Attr) {
	r.attrs = attrs
	r.has, r.vercel, r.faas = scan(attrs, &r.at)
	clear(r.values[:])
}

func sameSlice(a, b []edge.Attr) bool {
	return len(a) == len(b) && (len(a) == 0 || &a[0] == &b[0])
}

// scan finds the known keys in one pass. Empty values count as absent.
func scan(attrs []edge.Attr, at *[maxSlots]uint16) (has slots, vercel, faas bool) {
	for i := range attrs[:min(len(attrs), 1<<16-1)] {
		a := &attrs[i]
		if len(a.Key) < minKey || a.Value == "" {
			continue
		}
		switch a.Key[0] {
		case 'v':
			vercel = vercel || strings.HasPrefix(a.Key, "vercel.")
		case 'f':
			faas = faas || strings.HasPrefix(a.Key, "faas.")
		}
		k := known.find(a.Key)
		if k == nil || k.weak && has.has(k.slot) {
			continue
		}
		has.add(k.slot)
		at[k.slot] = uint16(i)
	}
	return has, vercel, faas
}

// raw returns the values of a slot: the event's own, then its resource's.
func (v *View) raw(n slot) (own, resource string) {
	if v.ownHas.has(n) {
		own = v.event.Attrs[v.own[n]].Value
	}
	if v.resource.has.has(n) {
		resource = v.resource.attrs[v.resource.at[n]].Value
	}
	return own, resource
}

// text returns the value of a rule, "" when no source tells one.
func (v *View) text(r *rule) string {
	value, _ := v.find(r)
	return value
}

// find returns the value of a rule and the source that told it. What only the resource tells is looked for once.
func (v *View) find(r *rule) (string, *source) {
	if v.ownHas.meets(&r.any) {
		return v.search(r)
	}
	if !v.resource.has.meets(&r.any) {
		return "", nil
	}
	if r.conditional {
		return v.search(r)
	}
	f := &v.resource.values[r.number]
	if !f.asked {
		f.asked = true
		f.value, f.source = v.search(r)
	}
	return f.value, f.source
}

func (v *View) search(r *rule) (string, *source) {
	for i, n := range r.slots {
		if !v.present.has(n) {
			continue
		}
		src := &r.sources[i]
		if src.when != nil && !src.when(v) {
			continue
		}
		own, resource := v.raw(n)
		if value := src.value(own, r.list); value != "" {
			return value, src
		}
		if value := src.value(resource, r.list); value != "" {
			return value, src
		}
	}
	return "", nil
}

func (s *source) value(raw string, list bool) string {
	if raw == "" {
		return ""
	}
	if raw[0] == '[' {
		if raw = headerlist.Elements(raw, list); raw == "" {
			return ""
		}
	}
	if s.read == nil {
		return raw
	}
	return s.read(raw)
}

// fill sets a fact that is not set yet.
func (v *View) fill(fact *string, r *rule) {
	if *fact == "" {
		*fact = v.text(r)
	}
}
