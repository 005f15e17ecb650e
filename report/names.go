package report

import "strconv"

// names keeps the metric names that are put together from parts, so that a result costs no memory for them. There are as
// many as there are counters.
type names map[[3]string]string

// of is the concatenation of its parts, at most three.
func (n names) of(parts ...string) string {
	var key [3]string
	copy(key[:], parts)
	name, ok := n[key]
	if !ok {
		name = key[0] + key[1] + key[2]
		n[key] = name
	}
	return name
}

// code is the prefix followed by an HTTP status code.
func (n names) code(prefix string, code uint16) string {
	if code < 100 || code > 999 {
		return n.of(prefix, strconv.Itoa(int(code)))
	}
	digits := [3]byte{byte('0' + code/100), byte('0' + code/10%10), byte('0' + code%10)}
	// The conversion in a map index does not allocate; the key that is kept has text of its own.
	if name, ok := n[[3]string{prefix, string(digits[:])}]; ok {
		return name
	}
	return n.of(prefix, string(digits[:]))
}
