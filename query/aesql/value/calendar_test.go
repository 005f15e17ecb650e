package value_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"edgescope/query/aesql/value"
)

func zone(t testing.TB, name string) *time.Location {
	t.Helper()
	z, err := value.LoadZone(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

// Days and dates agree with package time, each day of 1600 years.
func TestCivilAndDays(t *testing.T) {
	at := time.Date(1500, 1, 1, 0, 0, 0, 0, time.UTC)
	for day := at.Unix() / value.DaySeconds; at.Year() < 3100; day, at = day+1, at.AddDate(0, 0, 1) {
		y, m, d := value.Civil(day)
		if y != at.Year() || m != int(at.Month()) || d != at.Day() {
			t.Fatalf("day %d is %d-%d-%d, want %v", day, y, m, d, at)
		}
		if back := value.Days(y, m, d); back != day {
			t.Fatalf("%v is day %d, want %d", at, back, day)
		}
	}
	for m := 1; m <= 12; m++ {
		for _, y := range []int{1900, 2000, 2023, 2024} {
			if got, want := value.MonthDays(y, m), time.Date(y, time.Month(m)+1, 0, 0, 0, 0, 0, time.UTC).Day(); got != want {
				t.Errorf("%d-%d has %d days, want %d", y, m, got, want)
			}
		}
	}
}

func TestPartsAgreeWithPackageTime(t *testing.T) {
	r := rand.New(rand.NewPCG(13, 5))
	for range 50_000 {
		local := r.Int64N(1<<33) - 1<<32
		at := time.Unix(local, 0).UTC()
		year, week := at.ISOWeek()
		isoYear, isoWeek := value.ISOWeek(local)
		got := []int64{
			value.Year.Part(local), value.Quarter.Part(local), value.Month.Part(local), value.Week.Part(local), value.Day.Part(local),
			value.Hour.Part(local), value.Minute.Part(local), value.Second.Part(local), value.DayOfYear(local), value.Weekday(local),
			isoYear, isoWeek,
		}
		want := []int{
			at.Year(), (int(at.Month()) + 2) / 3, int(at.Month()), week, at.Day(), at.Hour(), at.Minute(), at.Second(), at.YearDay(),
			(int(at.Weekday())+6)%7 + 1, year, week,
		}
		for i := range want {
			if got[i] != int64(want[i]) {
				t.Fatalf("part %d of %v: %d, want %d", i, at, got[i], want[i])
			}
		}
	}
}

func TestZones(t *testing.T) {
	zones := value.Zones()
	if len(zones) < 590 {
		t.Fatalf("%d zones", len(zones))
	}
	for _, name := range zones {
		if _, err := value.LoadZone(name); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// changes returns the times at which a zone's clock is set, from 1970 to 2106.
func changes(z *time.Location) []int64 {
	var all []int64
	for at := time.Unix(0, 0).In(z); at.Unix() < value.MaxDateTime; {
		_, end := at.ZoneBounds()
		if end.IsZero() {
			break
		}
		if end.Unix() <= at.Unix() { // package time ends leap years a day early
			at = at.Add(48 * time.Hour)
			continue
		}
		all = append(all, end.Unix())
		at = end
	}
	return all
}

// forEachZone calls f for every zone with times around each of its changes (of some zones, of all, if not short), and
// some others.
func forEachZone(f func(name string, z *time.Location, second int64)) {
	r := rand.New(rand.NewPCG(13, 6))
	for _, name := range value.Zones() {
		z, err := value.LoadZone(name)
		if err != nil {
			panic(err)
		}
		if z == nil {
			z = time.UTC
		}
		at := changes(z)
		if len(at) > 12 {
			r.Shuffle(len(at), func(i, j int) { at[i], at[j] = at[j], at[i] })
			at = at[:12]
		}
		for _, second := range at {
			for _, near := range []int64{-86400, -5400, -1800, -1, 0, 1, 1799, 5400, 86400} {
				f(name, z, second+near)
			}
			f(name, z, second+r.Int64N(2*86400)-86400)
		}
		f(name, z, r.Int64N(value.MaxDateTime))
	}
}

// What a clock shows is a time again: itself, or where the clock shows it twice, the first of the two.
func TestFromLocalInAllZones(t *testing.T) {
	forEachZone(func(name string, z *time.Location, second int64) {
		local := second + value.Offset(z, second)
		back := value.FromLocal(z, local)
		if back != second && (back > second || back+value.Offset(z, back) != local) {
			t.Fatalf("%s: %d shows %d, which is %d", name, second, local, back)
		}
	})
}

func TestFromLocalOfTimesThatAreNotThere(t *testing.T) {
	f := func(zoneName, clock, want string) {
		t.Helper()
		local, err := time.Parse(time.DateTime, clock)
		if err != nil {
			t.Fatal(err)
		}
		second := value.FromLocal(zone(t, zoneName), local.Unix())
		if got := time.Unix(second, 0).UTC().Format(time.DateTime); got != want {
			t.Errorf("%s in %s: %s, want %s", clock, zoneName, got, want)
		}
	}
	f("Europe/Berlin", "2026-03-29 02:30:00", "2026-03-29 01:30:00") // left out: it would have been 01:30 UTC before
	f("Europe/Berlin", "2026-10-25 02:30:00", "2026-10-25 00:30:00") // twice: the first
	f("America/New_York", "2026-11-01 01:30:00", "2026-11-01 05:30:00")
	f("Australia/Lord_Howe", "2026-04-05 01:45:00", "2026-04-04 14:45:00")
	f("Pacific/Apia", "2011-12-30 12:00:00", "2011-12-30 22:00:00") // the day that Samoa left out
	f("UTC", "2026-03-29 02:30:00", "2026-03-29 02:30:00")
}

// naiveStart is a second evaluator of the start of a step where the clock is not set between it and the time: what
// package time makes of the parts of the clock.
func naiveStart(z *time.Location, second int64, s value.Step) int64 {
	at := time.Unix(second, 0).In(z)
	_, offset := at.Zone()
	date := func(y int, m time.Month, d, hour, minute int) int64 {
		return time.Date(y, m, d, hour, minute, 0, 0, time.UTC).Unix() - int64(offset)
	}
	switch n := int(s.N); s.Unit {
	case value.Year:
		return date(at.Year(), 1, 1, 0, 0)
	case value.Quarter:
		return date(at.Year(), (at.Month()-1)/3*3+1, 1, 0, 0)
	case value.Month:
		return date(at.Year(), at.Month(), 1, 0, 0)
	case value.Week:
		return date(at.Year(), at.Month(), at.Day()-(int(at.Weekday())+6)%7, 0, 0)
	case value.Day:
		return date(at.Year(), at.Month(), at.Day(), 0, 0)
	case value.Hour:
		return date(at.Year(), at.Month(), at.Day(), at.Hour()/n*n, 0)
	default:
		return date(at.Year(), at.Month(), at.Day(), at.Hour(), at.Minute()/n*n)
	}
}

func sameOffset(z *time.Location, a, b int64) bool { return value.Offset(z, a) == value.Offset(z, b) }

var steps = []value.Step{
	{Unit: value.Year, N: 1},
	{Unit: value.Quarter, N: 1},
	{Unit: value.Month, N: 1},
	{Unit: value.Week, N: 1},
	{Unit: value.Day, N: 1},
	{Unit: value.Hour, N: 1},
	{Unit: value.Hour, N: 6},
	{Unit: value.Minute, N: 15},
	{Unit: value.Minute, N: 1},
}

// The start of a step is not after its time, is its own start, shows the step's border on the clock where the clock has
// it, and never goes back when time goes on and the clock is not set back.
func TestStartsInAllZones(t *testing.T) {
	forEachZone(func(name string, z *time.Location, second int64) {
		for _, s := range steps {
			start := s.Start(z, second)
			if start > second {
				t.Fatalf("%s: %v of %d starts at %d", name, s, second, start)
			}
			if again := s.Start(z, start); again != start {
				t.Fatalf("%s: %v of %d starts at %d, whose start is %d", name, s, second, start, again)
			}
			if later := s.Start(z, second+600); later < start && value.Offset(z, second+600) >= value.Offset(z, second) {
				t.Fatalf("%s: %v of %d starts at %d, ten minutes later at %d", name, s, second, start, later)
			}
			if want := naiveStart(z, second, s); sameOffset(z, want, second) && sameOffset(z, want-3*3600, second) && want != start {
				t.Fatalf("%s: %v of %d starts at %d, want %d", name, s, second, start, want)
			}
		}
	})
}

func TestStartsWhereTheClockIsSet(t *testing.T) {
	f := func(zoneName, at string, s value.Step, want string) {
		t.Helper()
		z := zone(t, zoneName)
		second, err := time.Parse(time.RFC3339, at)
		if err != nil {
			t.Fatal(err)
		}
		start := time.Unix(s.Start(z, second.Unix()), 0).UTC()
		if z != nil {
			start = start.In(z)
		}
		if got := start.Format(time.RFC3339); got != want {
			t.Errorf("%v of %s in %s: %s, want %s", s, at, zoneName, got, want)
		}
	}
	day, hour, hours, week := value.Step{Unit: value.Day, N: 1}, value.Step{Unit: value.Hour, N: 1}, value.Step{Unit: value.Hour, N: 4}, value.Step{Unit: value.Week, N: 1}
	f("Europe/Berlin", "2026-03-29T15:00:00+02:00", day, "2026-03-29T00:00:00+01:00")
	f("Europe/Berlin", "2026-03-29T03:10:00+02:00", hours, "2026-03-29T00:00:00+01:00")
	f("Europe/Berlin", "2026-10-25T02:30:00+02:00", hour, "2026-10-25T02:00:00+02:00")
	f("Europe/Berlin", "2026-10-25T02:30:00+01:00", hour, "2026-10-25T02:00:00+01:00")
	f("Europe/Berlin", "2026-10-25T03:30:00+01:00", hours, "2026-10-25T00:00:00+02:00")
	f("Europe/Berlin", "2026-10-26T03:30:00+01:00", week, "2026-10-26T00:00:00+01:00")
	f("Europe/Berlin", "2026-10-25T23:30:00+01:00", week, "2026-10-19T00:00:00+02:00")
	f("America/Sao_Paulo", "2018-11-04T12:00:00-02:00", day, "2018-11-04T01:00:00-02:00") // there is no midnight
	f("America/Havana", "2026-11-01T12:00:00-05:00", day, "2026-11-01T00:00:00-04:00")    // there are two
	f("Asia/Kathmandu", "2026-11-30T12:10:00+05:45", hour, "2026-11-30T12:00:00+05:45")
	f("Asia/Kathmandu", "2026-11-30T12:40:00+05:45", value.Step{Unit: value.Minute, N: 30}, "2026-11-30T12:30:00+05:45")
	f("UTC", "1970-01-01T00:00:00Z", week, "1969-12-29T00:00:00Z") // a DateTime makes it 1970
	f("UTC", "2026-11-30T23:59:59Z", value.Step{Unit: value.Second, N: 7}, "2026-11-30T23:59:58Z")
	f("UTC", "2026-11-30T23:59:59Z", value.Step{Unit: value.Month, N: 3}, "2026-10-01T00:00:00Z")
	f("UTC", "2026-11-30T23:59:59Z", value.Step{Unit: value.Year, N: 5}, "2025-01-01T00:00:00Z")
	f("UTC", "2026-11-30T23:59:59Z", value.Step{Unit: value.Week, N: 2}, "2026-11-23T00:00:00Z")
}

func TestShift(t *testing.T) {
	f := func(typ value.Type, at string, s value.Step, want string) {
		t.Helper()
		parse, err := value.Converter(value.Of(value.String), typ)
		if err != nil {
			t.Fatal(err)
		}
		v, err := parse(value.Text(at))
		if err != nil {
			t.Fatal(err)
		}
		if got := string(typ.AppendText(nil, value.Shift(typ, typ, v, s))); got != want {
			t.Errorf("%s %+v: %s, want %s", at, s, got, want)
		}
	}
	dateTime, berlin := value.Of(value.DateTime), value.DateTimeIn(zone(t, "Europe/Berlin"))
	milli, nano := value.Type{Kind: value.DateTime64, Scale: 3}, value.Type{Kind: value.DateTime64, Scale: 9}
	f(dateTime, "2026-01-31 10:00:00", value.Step{Unit: value.Month, N: 1}, "2026-02-28 10:00:00")
	f(dateTime, "2024-02-29 10:00:00", value.Step{Unit: value.Year, N: 1}, "2025-02-28 10:00:00")
	f(dateTime, "2026-03-31 10:00:00", value.Step{Unit: value.Month, N: -13}, "2025-02-28 10:00:00")
	f(dateTime, "2026-11-30 10:00:00", value.Step{Unit: value.Quarter, N: 1}, "2027-02-28 10:00:00")
	f(dateTime, "2026-11-30 10:00:00", value.Step{Unit: value.Week, N: -1}, "2026-11-23 10:00:00")
	f(dateTime, "1970-01-02 00:00:00", value.Step{Unit: value.Day, N: -7}, "1970-01-01 00:00:00")
	f(dateTime, "2026-11-30 10:00:00", value.Step{Unit: value.Year, N: -100}, "1970-01-01 00:00:00")
	f(dateTime, "2026-11-30 10:00:00", value.Step{Unit: value.Year, N: 100}, "2106-02-07 06:28:15")
	for unit := value.Second; unit <= value.Year; unit++ {
		f(dateTime, "2026-11-30 10:00:00", value.Step{Unit: unit, N: 1 << 62}, "2106-02-07 06:28:15")
		f(dateTime, "2026-11-30 10:00:00", value.Step{Unit: unit, N: -1 << 62}, "1970-01-01 00:00:00")
	}
	f(berlin, "2026-03-28 12:00:00", value.Step{Unit: value.Day, N: 1}, "2026-03-29 12:00:00")
	f(berlin, "2026-03-28 12:00:00", value.Step{Unit: value.Hour, N: 24}, "2026-03-29 13:00:00")
	f(berlin, "2026-03-28 02:30:00", value.Step{Unit: value.Day, N: 1}, "2026-03-29 03:30:00")
	f(milli, "2026-11-30 10:00:00.250", value.Step{Unit: value.Millisecond, N: 800}, "2026-11-30 10:00:01.050")
	f(milli, "2026-11-30 10:00:00.250", value.Step{Unit: value.Millisecond, N: -251}, "2026-11-30 09:59:59.999")
	f(milli, "2026-11-30 10:00:00.250", value.Step{Unit: value.Month, N: 1}, "2026-12-30 10:00:00.250")
	f(milli, "1960-11-30 10:00:00.250", value.Step{Unit: value.Day, N: 1}, "1960-12-01 10:00:00.250")
	f(nano, "2026-11-30 10:00:00.123456789", value.Step{Unit: value.Millisecond, N: 1}, "2026-11-30 10:00:00.124456789")
	f(value.Of(value.Date), "2026-02-28", value.Step{Unit: value.Day, N: 1}, "2026-03-01")
	f(value.Of(value.Date), "2024-02-29", value.Step{Unit: value.Year, N: 4}, "2028-02-29")
	f(value.Of(value.Date), "1970-01-01", value.Step{Unit: value.Day, N: -1}, "1970-01-01")
}
