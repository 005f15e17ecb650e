package series

import (
	"crypto/sha1"
	"encoding/hex"
	"slices"
	"strings"

	"edgescope/edge"
	"edgescope/internal/jsonwire"
)

const (
	labelJob          = "job"
	labelInstance     = "instance"
	labelScope        = "otel_scope_name"
	labelScopeVersion = "otel_scope_version"
	// prefixScope begins the labels of a scope, prefixResource those of a resource whose own name an attribute of the
	// point has.
	prefixScope    = "otel_scope_"
	prefixResource = "resource_"
)

// maxLabels bounds the labels of a series that come from attributes of its point, and those of an info series.
const maxLabels = 64

// labels is a list of labels, sorted by name, in memory of one request.
type labels struct {
	namer
	shared []edge.Attr // of the metric's resource and scope
	list   []edge.Attr
}

// ofPoint fills list with the labels of a point. Its own attributes win over the shared ones, which then stand behind
// resource_ if they say something else: nothing that tells two series apart is lost. Two attributes whose names became
// the same are joined by a semicolon in the order of their names as sent.
func (l *labels) ofPoint(attrs []edge.Attr) {
	l.list = l.list[:0]
	slices.SortFunc(attrs, byKey)
	for i := range attrs {
		if attrs[i].Value != "" {
			l.join(l.label(attrs[i].Key), attrs[i].Value)
		}
	}
	for _, at := range l.shared {
		l.giveWay(at)
	}
}

// join adds a label; of a name that is there already it joins the values.
func (l *labels) join(name, value string) {
	value = l.cut(value)
	i, found := l.place(name)
	if found {
		l.list[i].Value = l.cut(l.prefixed(l.list[i].Value+";", value))
		return
	}
	l.list = slices.Insert(l.list, i, edge.Attr{Key: name, Value: value})
}

// giveWay adds a label under its name if that is free, else behind resource_ if the value is another one.
func (l *labels) giveWay(at edge.Attr) {
	i, found := l.place(at.Key)
	switch {
	case !found:
		l.list = slices.Insert(l.list, i, at)
	case l.list[i].Value != at.Value:
		l.join(l.prefixed(prefixResource, at.Key), at.Value)
	}
}

// place returns where a label is in the list, or belongs.
func (l *labels) place(name string) (i int, found bool) {
	i = len(l.list)
	for i > 0 && l.list[i-1].Key > name {
		i--
	}
	if i > 0 && l.list[i-1].Key == name {
		return i - 1, true
	}
	return i, false
}

// cut shortens a value to maxLabelValue bytes. It ends in a hash of the whole then, so that two values that differ at
// the end stay different.
func (l *labels) cut(value string) string {
	if len(value) <= maxLabelValue {
		return value
	}
	sum := sha1.Sum([]byte(value)) // no secret: it tells values apart
	const digits = 8
	kept := jsonwire.Shorten(value, maxLabelValue-1-2*digits)
	from := len(l.arena.Buf)
	l.arena.Buf = append(append(l.arena.Buf, kept...), '~')
	l.arena.Buf = hex.AppendEncode(l.arena.Buf, sum[:digits])
	return l.arena.Since(from)
}

func attr(attrs []edge.Attr, key string) string {
	for i := range attrs {
		if attrs[i].Key == key {
			return attrs[i].Value
		}
	}
	return ""
}

// cloneLabels copies labels with all text, in one piece of memory, but for those that are known: their text is shared.
func cloneLabels(list, known []edge.Attr) []edge.Attr {
	clone := make([]edge.Attr, len(list))
	size := 0
	for i, at := range list {
		if k := slices.Index(known, at); k >= 0 {
			clone[i] = known[k]
		} else {
			size += len(at.Key) + len(at.Value)
		}
	}
	var b strings.Builder
	b.Grow(size)
	for i, at := range list {
		if clone[i].Key != "" {
			continue
		}
		from := b.Len()
		b.WriteString(at.Key)
		b.WriteString(at.Value)
		text := b.String()[from:] // the memory is there: it does not move
		clone[i].Key, clone[i].Value = text[:len(at.Key)], text[len(at.Key):]
	}
	return clone
}

// textOf returns how many bytes names and values have.
func textOf(list []edge.Attr) (bytes int) {
	for i := range list {
		bytes += len(list[i].Key) + len(list[i].Value)
	}
	return bytes
}
