package rules

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// unit is a unit of time, as rule files spell it.
type unit struct {
	name   string
	length time.Duration
}

// units are tried in this order, so that ms is not taken for m.
var units = []unit{
	{"ms", time.Millisecond},
	{"s", time.Second},
	{"m", time.Minute},
	{"h", time.Hour},
	{"d", 24 * time.Hour},
	{"w", 7 * 24 * time.Hour},
	{"y", 365 * 24 * time.Hour},
}

// ParseDuration reads a length of time of 0 or more as Prometheus and vmalert spell it: 30s, 1h30m, 1.5h, 1d, 0.
func ParseDuration(text string) (time.Duration, error) {
	bad := fmt.Errorf("%q is no length of time: write numbers with ms, s, m, h, d, w or y, such as 30s or 1h30m", text)
	if text == "0" {
		return 0, nil
	}
	var sum float64
	for rest := text; rest != "" || text == ""; {
		end := strings.IndexFunc(rest, func(r rune) bool { return r != '.' && (r < '0' || r > '9') })
		if end <= 0 {
			return 0, bad
		}
		n, err := strconv.ParseFloat(rest[:end], 64)
		if err != nil {
			return 0, bad
		}
		length := time.Duration(0)
		for _, u := range units {
			if after, ok := strings.CutPrefix(rest[end:], u.name); ok {
				length, rest = u.length, after
				break
			}
		}
		if length == 0 {
			return 0, bad
		}
		sum += n * float64(length)
	}
	if sum >= math.MaxInt64 {
		return 0, fmt.Errorf("%q is longer than 292 years", text)
	}
	return time.Duration(math.Round(sum)), nil
}
