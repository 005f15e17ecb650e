package value

import (
	"fmt"
	"strconv"
)

// parseTime returns the time that a text is: Unix seconds, YYYY-MM-DD hh:mm:ss on the clock of the type's zone, with a
// fraction of at most nine digits or none, or YYYY-MM-DD, which is its midnight.
func (t Type) parseTime(text string) (Value, error) {
	if second, err := strconv.ParseInt(text, 10, 64); err == nil && text[0] != '+' {
		return t.FromSecond(second), nil
	}
	local, ok := parseClock(text)
	if !ok {
		return Value{}, notATime(text, t)
	}
	if t.Kind == Date {
		return t.FromSecond(local), nil
	}
	fraction := int64(0)
	if len(text) > len(clockForm) {
		if fraction, ok = parseFraction(text[len(clockForm):], int(t.Scale)); !ok {
			return Value{}, notATime(text, t)
		}
	}
	v := t.FromSecond(FromLocal(t.Zone, local))
	if t.Kind == DateTime64 {
		v = Int(v.Int() + fraction)
	}
	return v, nil
}

func notATime(text string, t Type) error {
	way := "write 'YYYY-MM-DD hh:mm:ss' or Unix seconds"
	if len(text) > 10 && (text[10] == 'T' || text[len(text)-1] == 'Z') {
		way += "; ISO 8601 is not supported"
	}
	return fmt.Errorf("%s is no %s: %s", Quote(text), t, way)
}

const (
	dateForm  = "YYYY-MM-DD"
	clockForm = "YYYY-MM-DD hh:mm:ss"
)

// parseClock returns the seconds since 1970, as if in UTC, of a date with or without a time of day. It leaves a fraction
// to its caller.
func parseClock(text string) (int64, bool) {
	if len(text) != len(dateForm) && len(text) < len(clockForm) {
		return 0, false
	}
	year, month, day := digits(text[:4]), digits(text[5:7]), digits(text[8:10])
	if text[4] != '-' || text[7] != '-' || year < 0 || month < 1 || month > 12 || day < 1 || day > MonthDays(year, month) {
		return 0, false
	}
	midnight := Days(year, month, day) * DaySeconds
	if len(text) == len(dateForm) {
		return midnight, true
	}
	hour, minute, second := digits(text[11:13]), digits(text[14:16]), digits(text[17:19])
	if text[10] != ' ' || text[13] != ':' || text[16] != ':' || !inDay(hour, minute, second) {
		return 0, false
	}
	return midnight + int64(hour*3600+minute*60+second), true
}

func inDay(hour, minute, second int) bool {
	return hour >= 0 && hour < 24 && minute >= 0 && minute < 60 && second >= 0 && second < 60
}

// digits returns the number that a text of decimal digits alone is, else -1.
func digits(s string) int {
	n := 0
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return -1
		}
		n = 10*n + int(s[i]-'0')
	}
	return n
}

// parseFraction returns the 10^-scale seconds of a text of a point and one to nine digits, cut to the scale.
func parseFraction(text string, scale int) (int64, bool) {
	n := digits(text[1:])
	if text[0] != '.' || len(text) < 2 || len(text) > 10 || n < 0 {
		return 0, false
	}
	have := len(text) - 1
	if have > scale {
		return int64(n) / pow10(have-scale), true
	}
	return int64(n) * pow10(scale-have), true
}
