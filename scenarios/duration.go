package scenarios

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

var units = map[string]time.Duration{
	"ms": time.Millisecond, "msec": time.Millisecond, "millisecond": time.Millisecond, "milliseconds": time.Millisecond,
	"s": time.Second, "sec": time.Second, "second": time.Second, "seconds": time.Second,
	"m": time.Minute, "min": time.Minute, "minute": time.Minute, "minutes": time.Minute,
	"h": time.Hour, "hr": time.Hour, "hour": time.Hour, "hours": time.Hour,
	"d": 24 * time.Hour, "day": 24 * time.Hour, "days": 24 * time.Hour,
}

// parseDuration reads "5m", "0.5 min", "500ms", or a bare number of seconds.
func parseDuration(text string) (time.Duration, error) {
	s := strings.ToLower(strings.TrimSpace(text))
	end := 0
	for end < len(s) && (s[end] >= '0' && s[end] <= '9' || s[end] == '.') {
		end++
	}
	unit, known := units[strings.TrimSpace(s[end:])]
	if s[end:] == "" {
		unit, known = time.Second, true
	}
	n, err := strconv.ParseFloat(s[:end], 64)
	if err != nil || !known {
		return 0, fmt.Errorf("%q is no duration: write seconds (5, 0.5) or a number with ms, s, m, h or d (500ms, 5m)", text)
	}
	ns := n * float64(unit)
	if ns > math.MaxInt64 {
		return 0, fmt.Errorf("%q is longer than 292 years", text)
	}
	return time.Duration(math.Round(ns)), nil
}

// parseCount reads a loop's count: "3" is 0 up to 3, "2-4" is 2 and 3, "-1" is
// endless.
func parseCount(text string) (from, to int, endless, ok bool) {
	text = strings.TrimSpace(text)
	if text == "-1" {
		return 0, 0, true, true
	}
	if a, b, isRange := strings.Cut(text, "-"); isRange {
		from, err1 := strconv.Atoi(strings.TrimSpace(a))
		to, err2 := strconv.Atoi(strings.TrimSpace(b))
		return from, to, false, err1 == nil && err2 == nil
	}
	n, err := strconv.ParseFloat(text, 64)
	return 0, int(min(n, math.MaxInt32)), false, err == nil && n >= 0
}

func jsonInt(i int) json.Number { return json.Number(strconv.Itoa(i)) }
