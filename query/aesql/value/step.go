package value

import "time"

// Step is a number of units of time.
type Step struct {
	Unit Unit
	N    int64
}

// MaxStep bounds N, so that no sum of seconds leaves an int64.
const MaxStep = 1 << 40

// Start returns the Unix seconds at which the step of a time begins, on the clock of a zone: of days and longer, where the
// clock first shows the step's first day; of hours and shorter, also where the clock is set back into the step.
func (s Step) Start(zone *time.Location, second int64) int64 {
	offset := Offset(zone, second)
	local := s.Floor(second + offset)
	start := local - offset
	if zone == nil || s.Unit < Day && Offset(zone, start) == offset {
		return start
	}
	return min(FromLocal(zone, local), second)
}

// Floor returns the start of a step on a clock that is never set: multiples since 1970 for seconds to days, Mondays,
// firsts of a month, years that the number divides.
func (s Step) Floor(local int64) int64 {
	switch s.Unit {
	case Week:
		// Weeks are counted from Monday, 1970-01-05.
		const monday = 4 * DaySeconds
		return local - Rest(local-monday, s.N*7*DaySeconds)
	case Month, Quarter:
		n := s.N
		if s.Unit == Quarter {
			n *= 3
		}
		year, month, _ := Civil(DayNumber(local))
		months := int64(year)*12 + int64(month-1)
		months -= Rest(months-epochMonths, n)
		return firstOf(months)
	case Year:
		year := Year.Part(local)
		return firstOf((year - Rest(year, s.N)) * 12)
	}
	return local - Rest(local, s.N*s.Unit.seconds())
}

const epochMonths = 1970 * 12

// firstOf returns the seconds at which a month begins, which is counted from January of the year 0.
func firstOf(months int64) int64 {
	year, month := FloorDiv(months, 12)
	return Days(int(year), int(month)+1, 1) * DaySeconds
}

// Shift returns a time of one type moved by a step, in another type. Days and longer keep the time of day on the clock of
// the zone; months and years keep the day of the month, or end at the month's last. What leaves the type's range is its
// first or last time.
func Shift(from, to Type, v Value, s Step) Value {
	const milli, milliNanos = 1000, 1_000_000
	s.N = min(max(s.N, -MaxStep), MaxStep)
	second, nanos := from.Second(v, to), from.Nanos(v)
	switch s.Unit {
	case Millisecond:
		more, millis := FloorDiv(s.N+nanos/milliNanos, milli)
		second, nanos = second+more, millis*milliNanos+nanos%milliNanos
	case Second, Minute, Hour:
		second += s.N * s.Unit.seconds()
	default:
		second = FromLocal(to.Zone, s.moveLocal(second+Offset(to.Zone, second)))
	}
	return to.at(second, nanos)
}

// moveLocal moves a time by days, weeks, months, quarters or years.
func (s Step) moveLocal(local int64) int64 {
	months := s.N
	switch s.Unit {
	case Day, Week:
		return local + min(max(s.N, -farDays), farDays)*s.Unit.seconds()
	case Quarter:
		months *= 3
	case Year:
		months *= 12
	}
	months = min(max(months, -farMonths), farMonths)
	year, month, day := Civil(DayNumber(local))
	y, m := FloorDiv(int64(year)*12+int64(month-1)+months, 12)
	day = min(day, MonthDays(int(y), int(m)+1))
	return Days(int(y), int(m)+1, day)*DaySeconds + Rest(local, DaySeconds)
}

// Far more days and months than any type of time has.
const (
	farDays   = 1 << 20
	farMonths = 1 << 15
)
