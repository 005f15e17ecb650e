package values

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"edgescope/internal/jsonwire"
)

const (
	// since2000 and until2100 are the moments between which a time of telemetry lies, in Unix nanoseconds.
	since2000, until2100 = 946_684_800_000_000_000, 4_102_444_800_000_000_000
)

// unitOf returns how many nanoseconds the unit of a Unix time has: 1, 1e3, 1e6 or 1e9. The same number in two units is
// two moments of which one at most lies between 2000 and 2100; 0 means that none does.
func unitOf(t uint64) uint64 {
	for unit := uint64(1); unit <= 1e9; unit *= 1000 {
		if t >= since2000/unit && t < until2100/unit {
			return unit
		}
	}
	return 0
}

// Nanos returns a time as it was sent in Unix nanoseconds, and says so when it was sent in another unit; 0 is none. A
// number that is no time of this century in any unit is taken for nanoseconds.
func (d *Decoder) Nanos(t uint64) int64 {
	if t >= since2000 {
		return clampTime(t)
	}
	return d.otherUnit(t)
}

func (d *Decoder) otherUnit(t uint64) int64 {
	unit := unitOf(t)
	if unit < 2 {
		return clampTime(t)
	}
	d.Note(warnUnit, fmt.Sprintf("time %d is no number of nanoseconds since 1970: read as %s", t, unitNames[unit]))
	return clampTime(t * unit)
}

var unitNames = map[uint64]string{1e3: "microseconds", 1e6: "milliseconds", 1e9: "seconds"}

// JSONTime reads a time as OTLP has it, a number of nanoseconds or its text, and in the shapes that clients are known
// to write instead: a date of RFC 3339, a fraction of seconds or milliseconds, the {low, high} of protobuf.js for a
// number of 64 bits, the [seconds, nanoseconds] of OpenTelemetry JS, the {seconds, nanos} of a Timestamp. What is none
// of these is told, and 0.
func (d *Decoder) JSONTime(r *jsonwire.Reader) uint64 {
	switch r.Peek() {
	case jsonwire.Object:
		return d.timeOfObject(r)
	case jsonwire.Array:
		return d.timeOfArray(r)
	default:
	}
	t, text := r.Scalar()
	if n, err := strconv.ParseUint(text, 10, 64); err == nil && t != jsonwire.Bool {
		return n
	}
	if t == jsonwire.Null || text == "" {
		return 0
	}
	n, ok := readTime(text)
	if !ok {
		d.noteTime(text)
	}
	return n
}

func (d *Decoder) noteTime(text string) {
	d.Note(warnTime, fmt.Sprintf("%q is no time: want nanoseconds since 1970, as a number or as text",
		jsonwire.Shorten(text, MaxQuoted)))
}

// dateLayouts are those of RFC 3339, with a space for its T, and of ISO 8601's short offset. A date without an offset
// is no moment.
var dateLayouts = [...]string{
	time.RFC3339Nano, "2006-01-02 15:04:05.999999999Z07:00",
	"2006-01-02T15:04:05.999999999Z0700",
}

// readTime reads the text of a time that is no plain integer.
func readTime(text string) (nanos uint64, ok bool) {
	if jsonwire.IsNumber(text) {
		return readDecimal(text)
	}
	for _, layout := range dateLayouts {
		if at, err := time.Parse(layout, text); err == nil && at.Year() >= 1970 && at.Year() < 2262 {
			return uint64(at.UnixNano()), true // after 1970
		}
	}
	return 0, false
}

// readDecimal reads a number with a fraction or an exponent.
func readDecimal(text string) (nanos uint64, ok bool) {
	if n, ok := ParseInteger(text); ok {
		return uint64(max(n, 0)), n >= 0 // not negative
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || f < 0 || f >= math.MaxInt64 {
		return 0, false
	}
	unit := max(unitOf(uint64(f)), 1)
	whole, fraction, _ := strings.Cut(text, ".")
	n, err := strconv.ParseUint(whole, 10, 64)
	if err != nil || strings.ContainsAny(fraction, "eE") || n > math.MaxInt64/unit {
		return uint64(f) * unit, uint64(f) <= math.MaxInt64/unit // the fraction is lost, of a spelling that nobody uses
	}
	if unit == 1 {
		return n, true
	}
	part, _ := strconv.ParseFloat("0."+fraction, 64) // digits
	return n*unit + uint64(math.Round(part*float64(unit))), true
}

// timeOfObject reads {low, high} and {seconds, nanos}.
func (d *Decoder) timeOfObject(r *jsonwire.Reader) uint64 {
	p := readParts(r)
	if n, ok := p.long(); ok {
		return n
	}
	if p.has[partSeconds] {
		return d.seconds(p.numbers[partSeconds], p.numbers[partNanos])
	}
	if r.Err == nil {
		d.noteTime("{…}")
	}
	return 0
}

// parts are the integers of which some libraries make one: {low, high, unsigned} of a number of 64 bits, as the package
// long of protobuf.js has it, and {seconds, nanos}.
type parts struct {
	numbers [len(partNames)]int64
	has     [len(partNames)]bool
}

const (
	partLow = iota
	partHigh
	partSeconds
	partNanos
)

var partNames = [...]string{partLow: "low", partHigh: "high", partSeconds: "seconds", partNanos: "nanos"}

// readParts reads an object of them.
func readParts(r *jsonwire.Reader) (p parts) {
	for o := r.Object(); ; {
		key, ok := o.Member()
		if !ok {
			return p
		}
		t, text := r.Scalar()
		if i := slices.Index(partNames[:], key); i >= 0 && (t == jsonwire.Number || t == jsonwire.String) {
			p.numbers[i], p.has[i] = ParseInteger(text)
		}
	}
}

// long returns the number whose halves of 32 bits, signed or not, are given.
func (p *parts) long() (n uint64, ok bool) {
	low, high := uint32(p.numbers[partLow]), uint32(p.numbers[partHigh]) //nolint:gosec // bits
	return uint64(high)<<32 | uint64(low), p.has[partLow] && p.has[partHigh]
}

// timeOfArray reads [seconds, nanoseconds].
func (d *Decoder) timeOfArray(r *jsonwire.Reader) uint64 {
	var parts [2]int64
	n := 0
	for list := r.Array(); list.Next(); n++ {
		t, text := r.Scalar()
		v, ok := ParseInteger(text)
		if !ok || t != jsonwire.Number || n >= len(parts) {
			n = len(parts) // and one more: none
			continue
		}
		parts[n] = v
	}
	if n != len(parts) {
		if r.Err == nil {
			d.noteTime("[…]")
		}
		return 0
	}
	return d.seconds(parts[0], parts[1])
}

// seconds returns the time of a number of seconds and nanoseconds.
func (d *Decoder) seconds(seconds, nanos int64) uint64 {
	if seconds < 0 || seconds >= until2100/1e9 || nanos < 0 || nanos >= 1e9 {
		d.noteTime(fmt.Sprintf("[%d, %d]", seconds, nanos))
		return 0
	}
	return uint64(seconds*1e9 + nanos) // neither is negative
}

func clampTime(t uint64) int64 { return int64(min(t, math.MaxInt64)) } // bounded
