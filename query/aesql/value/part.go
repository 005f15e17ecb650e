package value

// Times here are local: seconds since 1970 as the clock shows them, as if it were UTC's.

const (
	minuteSeconds = 60
	hourSeconds   = 60 * minuteSeconds
	// DaySeconds are the seconds of a day on a clock that is not set.
	DaySeconds = 24 * hourSeconds
)

// Rest returns what is left of n above the next multiple of d below it: never negative. d is above 0.
func Rest(n, d int64) int64 {
	_, rest := FloorDiv(n, d)
	return rest
}

// DayNumber returns the days since 1970-01-01 of a local time.
func DayNumber(local int64) int64 {
	day, _ := FloorDiv(local, DaySeconds)
	return day
}

// Part returns the part of a local time that a unit names: the year, the quarter, the month, the week of ISO 8601, the
// day of the month, the hour, minute or second.
func (u Unit) Part(local int64) int64 {
	switch u {
	case Hour:
		return Rest(local, DaySeconds) / hourSeconds
	case Minute:
		return Rest(local, hourSeconds) / minuteSeconds
	case Second:
		return Rest(local, minuteSeconds)
	case Week:
		_, week := ISOWeek(local)
		return week
	}
	year, month, day := Civil(DayNumber(local))
	switch u {
	case Year:
		return int64(year)
	case Quarter:
		return int64(month+2) / 3
	case Month:
		return int64(month)
	}
	return int64(day)
}

// Weekday returns 1 on Monday to 7 on Sunday. 1970-01-01 was a Thursday.
func Weekday(local int64) int64 { return Rest(DayNumber(local)+3, 7) + 1 }

// DayOfYear returns 1 on the first of January.
func DayOfYear(local int64) int64 {
	day := DayNumber(local)
	year, _, _ := Civil(day)
	return day - Days(year, 1, 1) + 1
}

// ISOWeek returns the year and week of ISO 8601: week 1 is the one with the year's first Thursday.
func ISOWeek(local int64) (year, week int64) {
	thursday := (DayNumber(local) + 4 - Weekday(local)) * DaySeconds
	return Year.Part(thursday), (DayOfYear(thursday)-1)/7 + 1
}

// Borders counts the beginnings of a unit up to a local time, so that a difference is how many lie between two.
func (u Unit) Borders(local int64) int64 {
	switch u {
	case Year:
		return u.Part(local)
	case Quarter:
		return Year.Part(local)*4 + u.Part(local)
	case Month:
		return Year.Part(local)*12 + u.Part(local)
	case Week:
		n, _ := FloorDiv(DayNumber(local)+3, 7)
		return n
	}
	n, _ := FloorDiv(local, u.seconds())
	return n
}

// seconds returns the seconds of a unit that always has as many on a clock that is never set.
func (u Unit) seconds() int64 {
	switch u {
	case Minute:
		return minuteSeconds
	case Hour:
		return hourSeconds
	case Day:
		return DaySeconds
	case Week:
		return 7 * DaySeconds
	}
	return 1
}
