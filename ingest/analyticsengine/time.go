package analyticsengine

import (
	"math"
	"strconv"
	"strings"
	"time"

	"edgescope/internal/jsonwire"
)

// timestamp reads a time: RFC 3339 or another text that tells one, or a number of seconds, milliseconds, microseconds
// or nanoseconds since 1970, told apart by size: each unit begins in 1973. Years after 2261 don't fit into nanoseconds.
func timestamp(v value) (nanos int64, ok bool) {
	if v.kind != jsonwire.Number && v.kind != jsonwire.String {
		return 0, false
	}
	if nanos, ok := isoTime(v.text); ok {
		return nanos, true
	}
	if n, err := strconv.ParseInt(v.text, 10, 64); err == nil {
		unit := unitOf(float64(n))
		return n * unit, n > 0 && n <= math.MaxInt64/unit
	}
	if f, err := strconv.ParseFloat(v.text, 64); err == nil {
		const earliest = 1e8 // 1973: what is less and has a fraction is another number
		unit := float64(unitOf(f))
		if !(f >= earliest) || f*unit >= math.MaxInt64 { // also what is no number
			return 0, false
		}
		whole, fraction := math.Modf(f)
		return int64(whole)*int64(unit) + int64(math.Round(fraction*unit)), true
	}
	return textTime(v.text)
}

// unitOf returns the nanoseconds of the unit that a time of that size is counted in.
func unitOf(n float64) int64 {
	switch {
	case n < 1e11:
		return 1e9
	case n < 1e14:
		return 1e6
	case n < 1e17:
		return 1e3
	default:
		return 1
	}
}

// isoTime reads RFC 3339 within the years that nanoseconds can tell.
func isoTime(s string) (nanos int64, ok bool) {
	const shortest = len("2006-01-02T15:04:05Z")
	if len(s) < shortest || s[4] != '-' {
		return 0, false
	}
	return parseTime(time.RFC3339, s)
}

// textTimes are the other texts of a time: those of ISO 8601 and of databases, without a zone in UTC, of HTTP (RFC 9110
// section 5.6.7), of JavaScript's Date and of Go's Time.
var textTimes = []string{
	"2006-01-02T15:04:05Z0700", "2006-01-02T15:04:05Z07", "2006-01-02T15:04:05", "2006-01-02T15:04Z07:00",
	"2006-01-02T15:04",
	"2006-01-02 15:04:05Z07:00", "2006-01-02 15:04:05Z0700", "2006-01-02 15:04:05Z07", "2006-01-02 15:04:05 Z0700",
	"2006-01-02 15:04:05 MST", "2006-01-02 15:04:05 -0700 MST", "2006-01-02 15:04:05", "2006-01-02",
	"20060102T150405Z07",
	time.RFC1123, time.RFC1123Z, time.RFC850, time.ANSIC, "Mon Jan 02 2006 15:04:05 GMT-0700",
}

func textTime(s string) (nanos int64, ok bool) {
	const shortest = len("2006-01-02")
	s, _, _ = strings.Cut(s, " (") // the name of the zone, as JavaScript adds it
	if s = strings.ToUpper(strings.TrimSpace(s)); len(s) < shortest {
		return 0, false
	}
	for _, layout := range textTimes {
		if nanos, ok := parseTime(layout, s); ok {
			return nanos, true
		}
	}
	return 0, false
}

// parseTime reads a time of a layout. A zone's name alone, such as PST, does not say how far it is from UTC.
func parseTime(layout, s string) (nanos int64, ok bool) {
	t, err := time.ParseInLocation(layout, s, time.UTC)
	if err != nil || t.Year() < 1970 || t.Year() > 2261 {
		return 0, false
	}
	if name, offset := t.Zone(); offset == 0 && name != "" && name != "UTC" && name != "GMT" {
		return 0, false
	}
	return t.UnixNano(), true
}
