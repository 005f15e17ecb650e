package value

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// FloorDiv returns the quotient rounded down and the rest, which is never negative. d is above 0.
func FloorDiv(n, d int64) (quotient, rest int64) {
	quotient, rest = n/d, n%d
	if rest < 0 {
		quotient, rest = quotient-1, rest+d
	}
	return quotient, rest
}

// pow10 returns 10^n for n from 0 to 18.
func pow10(n int) int64 {
	p := int64(1)
	for range n {
		p *= 10
	}
	return p
}

// The Gregorian calendar repeats every 400 years.
const (
	eraDays = 146097
	eraYear = 400
	epoch   = 719468 // days from 0000-03-01 to 1970-01-01
)

// Civil returns the year, month and day of the month of a number of days since 1970-01-01, by counting years that begin
// in March, so that the leap day is the last.
func Civil(days int64) (year, month, day int) {
	era, n := FloorDiv(days+epoch, eraDays)
	y := (n - n/1460 + n/36524 - n/146096) / 365
	n -= 365*y + y/4 - y/100
	m := (5*n + 2) / 153
	day = int(n - (153*m+2)/5 + 1)
	year, month = int(era*eraYear+y), int(m+3)
	if month > 12 {
		year, month = year+1, month-12
	}
	return year, month, day
}

// Days returns the number of days since 1970-01-01 of a day of a month from 1 to 12. A day beyond the month's end counts
// on into the next.
func Days(year, month, day int) int64 {
	if month < 3 {
		year, month = year-1, month+12
	}
	era, y := FloorDiv(int64(year), eraYear)
	n := int64(153*(month-3)+2)/5 + int64(day-1)
	return era*eraDays + y*365 + y/4 - y/100 + n - epoch
}

// MonthDays returns how many days a month from 1 to 12 has.
func MonthDays(year, month int) int {
	switch {
	case month != 2:
		return 30 + (month+month>>3)&1
	case year%4 == 0 && (year%100 != 0 || year%400 == 0):
		return 29
	}
	return 28
}

// Offset returns the seconds by which the clock of a zone, nil for UTC, is ahead of UTC at a time in Unix seconds.
func Offset(zone *time.Location, second int64) int64 {
	if zone == nil {
		return 0
	}
	_, offset := time.Unix(second, 0).In(zone).Zone()
	return int64(offset)
}

// FromLocal returns the Unix seconds at which the clock of a zone shows local, which are the seconds that it would be in
// UTC. Of a time that comes twice when the clock is set back, it is the first; one that is left out when the clock is
// set forward is as long behind the change as it seems.
func FromLocal(zone *time.Location, local int64) int64 {
	if zone == nil {
		return local
	}
	before, after := Offset(zone, local-DaySeconds), Offset(zone, local+DaySeconds)
	if first := local - before; before == after || Offset(zone, first) == before {
		return first
	}
	if second := local - after; Offset(zone, second) == after {
		return second
	}
	return local - before
}

// LoadZone returns the zone of a name of the IANA database in its own case, nil for UTC and Etc/UTC.
func LoadZone(name string) (*time.Location, error) {
	switch name {
	case "UTC", "Etc/UTC":
		return nil, nil //nolint:nilnil // nil is UTC, in every Type
	}
	if _, known := slices.BinarySearch(Zones(), name); !known {
		return nil, fmt.Errorf("unknown timezone %q%s: SHOW TIMEZONES lists them", name, nearZone(name))
	}
	return time.LoadLocation(name)
}

// nearZone returns the question whether somebody meant the zone whose name differs in case only or ends the same way.
func nearZone(name string) string {
	for _, z := range Zones() {
		if strings.EqualFold(z, name) || strings.HasSuffix(strings.ToLower(z), "/"+strings.ToLower(name)) {
			return fmt.Sprintf(" (did you mean %q?)", z)
		}
	}
	return ""
}
