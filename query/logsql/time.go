package logsql

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

var errTime = errors.New(`it must be a time such as 2026-01-31T15:04:05Z, Unix seconds, ms, us or ns, "now", or an ` +
	`age such as 5m or now-1h`)

// layouts are the parts of RFC 3339 that are taken; what is left out is the start of it, without a zone it is UTC.
var layouts = []string{
	time.RFC3339Nano, "2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006-01-02T15:04", "2006-01-02T15", "2006-01-02",
	"2006-01", "2006",
}

// parseTime reads a moment. A bare length of time is that long before now.
func parseTime(text string, now time.Time) (time.Time, error) {
	if age, ok := strings.CutPrefix(text, "now"); ok {
		return before(age, now)
	}
	if isYear := len(text) == len("2006") && leading(text, "0123456789") == text; !isYear {
		if n, err := strconv.ParseFloat(text, 64); err == nil {
			return unixTime(text, n)
		}
	}
	for _, layout := range layouts {
		if t, err := time.Parse(layout, text); err == nil {
			return inRange(t)
		}
	}
	if d, err := parseDuration(strings.TrimPrefix(text, "-")); err == nil {
		return inRange(now.Add(-d))
	}
	return time.Time{}, errTime
}

// before reads what follows "now": nothing, -5m or +5m.
func before(age string, now time.Time) (time.Time, error) {
	if age == "" {
		return now, nil
	}
	d, err := parseDuration(age)
	if err != nil || age[0] != '-' && age[0] != '+' {
		return time.Time{}, errTime
	}
	return inRange(now.Add(d))
}

// unixTime reads a number as seconds, ms, us or ns by its size: seconds reach to the year 5138, ms begin in 1973.
func unixTime(text string, n float64) (time.Time, error) {
	size := math.Abs(n)
	unit := int64(time.Second)
	for _, larger := range []struct {
		from float64
		unit int64
	}{{1e11, 1e6}, {1e14, 1e3}, {1e17, 1}} {
		if size >= larger.from {
			unit = larger.unit
		}
	}
	if ns, ok := exactly(text, unit); ok {
		return time.Unix(0, ns).UTC(), nil
	}
	ns := n * float64(unit)
	if math.IsNaN(ns) || math.Abs(ns) >= math.MaxInt64 {
		return time.Time{}, errTime
	}
	return time.Unix(0, int64(ns)).UTC(), nil
}

// exactly returns a decimal number of units in ns. A float would not do: a double of Unix seconds ends at 0.2 us.
func exactly(text string, unit int64) (ns int64, ok bool) {
	whole, fraction, _ := strings.Cut(text, ".")
	fraction = (fraction + "000000000")[:9]
	n, err := strconv.ParseInt(whole, 10, 64)
	part, err2 := strconv.ParseUint(fraction, 10, 64)
	if err != nil || err2 != nil || n >= math.MaxInt64/unit || n <= math.MinInt64/unit {
		return 0, false
	}
	rest := int64(part) / (int64(time.Second) / unit)
	if strings.HasPrefix(whole, "-") {
		rest = -rest
	}
	return n*unit + rest, true
}

// inRange refuses what Unix nanoseconds can't express: years before 1678 and after 2262.
func inRange(t time.Time) (time.Time, error) {
	if t.Year() < 1678 || t.Year() >= 2262 {
		return time.Time{}, fmt.Errorf("the year %d is out of range: 1678 to 2261", t.Year())
	}
	return t.UTC(), nil
}

var units = map[string]time.Duration{
	"ns": time.Nanosecond, "us": time.Microsecond, "µs": time.Microsecond, "μs": time.Microsecond,
	"ms": time.Millisecond,
	"s":  time.Second, "m": time.Minute, "h": time.Hour,
	"d": 24 * time.Hour, "w": 7 * 24 * time.Hour, "y": 365 * 24 * time.Hour,
}

var errDuration = errors.New("it must be a length of time such as 30s, 5m, 1h30m or 2d")

// parseDuration reads numbers with units, from ns to y; a number alone is seconds.
func parseDuration(text string) (time.Duration, error) {
	rest, negative := strings.CutPrefix(text, "-")
	rest = strings.TrimPrefix(rest, "+")
	var sum float64
	if n, err := strconv.ParseFloat(rest, 64); err == nil {
		sum, rest = n*float64(time.Second), ""
	} else if rest == "" {
		return 0, errDuration
	}
	for rest != "" {
		number := leading(rest, "0123456789.")
		unit := leading(rest[len(number):], "nuµμmshdwy")
		n, err := strconv.ParseFloat(number, 64)
		scale, ok := units[unit]
		if err != nil || !ok {
			return 0, errDuration
		}
		sum += n * float64(scale)
		rest = rest[len(number)+len(unit):]
	}
	if math.IsNaN(sum) || sum < 0 || sum >= math.MaxInt64 {
		return 0, errDuration
	}
	if negative {
		sum = -sum
	}
	return time.Duration(sum), nil
}

// leading returns the beginning of the text that consists of these characters.
func leading(text, chars string) string {
	return text[:len(text)-len(strings.TrimLeft(text, chars))]
}
