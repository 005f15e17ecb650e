package settings

import (
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

// ParseDuration reads "5m", "0.5 min", "500ms", or a bare number of seconds.
func ParseDuration(text string) (time.Duration, error) {
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
