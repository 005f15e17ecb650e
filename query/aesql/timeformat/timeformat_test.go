package timeformat_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"edgescope/query/aesql/timeformat"
)

func format(t testing.TB, form string, at time.Time) string {
	t.Helper()
	f, err := timeformat.Compile(form)
	if err != nil {
		t.Fatalf("%s: %v", form, err)
	}
	return string(f.Append(nil, at))
}

func TestAppend(t *testing.T) {
	// Thursday, in the ISO week 53 of the year before.
	at := time.Date(2021, 1, 3, 4, 5, 6, 7_008_009, time.FixedZone("", -(3*3600+30*60)))
	f := func(form, want string) {
		t.Helper()
		if got := format(t, form, at); got != want {
			t.Errorf("%s: %q, want %q", form, got, want)
		}
	}
	f("%a %b", "Sun Jan")
	f("%W %M", "Sunday January")
	f("%c|%m|%C", "01|01|20")
	f("%d|%e|%j", "03| 3|003")
	f("%D|%F", "01/03/21|2021-01-03")
	f("%f", "007008")
	f("%g|%G|%V", "20|2020|53")
	f("%h|%I|%l|%H|%k", "04|04| 4|04| 4")
	f("%i|%s|%S", "05|06|06")
	f("%p|%r|%R|%T", "AM|04:05 AM|04:05|04:05:06")
	f("%Q|%u|%w|%y|%Y", "1|7|0|21|2021")
	f("%z", "-0330")
	f("%n%t%%", "\n\t%")
	f("", "")
	f("ä %Y年", "ä 2021年")

	at = time.Date(2026, 11, 30, 12, 0, 0, 0, time.FixedZone("", 5*3600+45*60))
	f("%h %p|%l|%k", "12 PM|12|12")
	f("%u|%w|%Q|%z", "1|1|4|+0545")
	at = time.Date(2026, 11, 30, 0, 59, 0, 0, time.UTC)
	f("%h %p|%I|%l|%k|%z", "12 AM|12|12| 0|+0000")
	at = time.Date(987, 1, 1, 13, 0, 0, 0, time.UTC)
	f("%Y|%C|%h", "0987|09|01")
}

func TestCompileRefuses(t *testing.T) {
	f := func(form, want string) {
		t.Helper()
		if _, err := timeformat.Compile(form); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error %v, want one with %q", form, err, want)
		}
	}
	f("100%", "the format ends with %: write %% for the sign itself")
	f("%E", `there is no code "%E": take one of %a %b %c`)
	f("%Y-%日", `there is no code "%日"`)
	f("%\xff", "there is no code")
}

// Each code agrees with the layout of package time that says the same, at every hour of nine years and their borders.
func TestCodesAgreeWithPackageTime(t *testing.T) {
	layouts := map[string]string{
		"%a": "Mon", "%b": "Jan", "%W": "Monday", "%M": "January", "%c": "01", "%d": "02", "%e": "_2", "%D": "01/02/06",
		"%F": time.DateOnly, "%h": "03", "%I": "03", "%H": "15", "%i": "04", "%j": "002", "%m": "01", "%p": "PM", "%r": "03:04 PM",
		"%R": "15:04", "%s": "05", "%S": "05", "%T": time.TimeOnly, "%y": "06", "%Y": "2006", "%z": "-0700", "%f": "000000",
	}
	kiritimati, err := time.LoadLocation("Pacific/Kiritimati")
	if err != nil {
		t.Fatal(err)
	}
	for at := time.Date(2019, 1, 1, 0, 0, 0, 0, kiritimati); at.Year() < 2028; at = at.Add(37*time.Hour + 11*time.Minute + 13*time.Second) {
		for code, layout := range layouts {
			if got, want := format(t, code, at), at.Format(layout); got != want {
				t.Fatalf("%s of %v: %q, want %q", code, at, got, want)
			}
		}
		year, week := at.ISOWeek()
		got, want := format(t, "%G-%V-%u %g", at), fmt.Sprintf("%d-%02d-%d %02d", year, week, (at.Weekday()+6)%7+1, year%100)
		if got != want {
			t.Fatalf("%v: %s, want %s", at, got, want)
		}
	}
}

func FuzzCompile(f *testing.F) {
	for _, s := range []string{"%Y-%m-%d %T", "%%%n%t", "%", "%E", "ä%f%z", "%r%D"} {
		f.Add(s, int64(1_700_000_000))
	}
	f.Fuzz(func(t *testing.T, form string, second int64) {
		compiled, err := timeformat.Compile(form)
		if err != nil {
			return
		}
		at := time.Unix(second%(1<<40), 0).UTC()
		if at.Year() < 0 || at.Year() > 9999 {
			return
		}
		got := string(compiled.Append([]byte("x"), at))
		if !strings.HasPrefix(got, "x") {
			t.Errorf("%q writes over what was there: %q", form, got)
		}
		if !strings.Contains(form, "%") && got != "x"+form {
			t.Errorf("%q: %q", form, got)
		}
	})
}

func TestAppendAllocatesNothing(t *testing.T) {
	f, err := timeformat.Compile("%Y-%m-%d %H:%i:%S %a %z %f")
	if err != nil {
		t.Fatal(err)
	}
	room, at := make([]byte, 0, 64), time.Unix(1_700_000_000, 0).UTC()
	if n := testing.AllocsPerRun(100, func() { f.Append(room, at) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
