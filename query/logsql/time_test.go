package logsql

import (
	"testing"
	"time"
)

func TestTimes(t *testing.T) {
	now := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	f := func(text, want string) {
		t.Helper()
		got, err := parseTime(text, now)
		if err != nil || got.Format(time.RFC3339Nano) != want {
			t.Errorf("%q is %s (%v), want %s", text, got.Format(time.RFC3339Nano), err, want)
		}
	}
	f("now", "2026-11-21T12:00:00Z")
	f("now-1h", "2026-11-21T11:00:00Z")
	f("now+1h30m", "2026-11-21T13:30:00Z")
	f("5m", "2026-11-21T11:55:00Z")
	f("-5m", "2026-11-21T11:55:00Z")
	f("1d", "2026-11-20T12:00:00Z")
	f("2026-11-21T01:02:03.5+02:00", "2026-11-20T23:02:03.5Z")
	f("2026-11-21T01:02:03", "2026-11-21T01:02:03Z")
	f("2026-11-21 01:02:03", "2026-11-21T01:02:03Z")
	f("2026-11-21T01:02", "2026-11-21T01:02:00Z")
	f("2026-11-21T01", "2026-11-21T01:00:00Z")
	f("2026-11-21", "2026-11-21T00:00:00Z")
	f("2026-11", "2026-11-01T00:00:00Z")
	f("2026", "2026-01-01T00:00:00Z")
	f("0", "1970-01-01T00:00:00Z")
	f("1700000000", "2023-11-14T22:13:20Z")
	f("1700000000.25", "2023-11-14T22:13:20.25Z")
	f("1700000000.123456789", "2023-11-14T22:13:20.123456789Z")
	f("1700000000.1", "2023-11-14T22:13:20.1Z")
	f("-0.5", "1969-12-31T23:59:59.5Z")
	f("1.7e9", "2023-11-14T22:13:20Z")
	f("1700000000123.5", "2023-11-14T22:13:20.1235Z")
	f("1700000000123", "2023-11-14T22:13:20.123Z")
	f("1700000000123456", "2023-11-14T22:13:20.123456Z")
	f("1700000000123456789", "2023-11-14T22:13:20.123456789Z")

	g := func(text string) {
		t.Helper()
		if got, err := parseTime(text, now); err == nil {
			t.Errorf("%q is %s, want an error", text, got)
		}
	}
	g("yesterday")
	g("now5m")
	g("now-")
	g("nowish")
	g("1e400")
	g("NaN")
	g("99999999999999999999999")
	g("2400-01-01")
	g("0001-01-01")
	g("2026-13-01")
	g("5 m")
}

func TestDurations(t *testing.T) {
	f := func(text string, want time.Duration) {
		t.Helper()
		if got, err := parseDuration(text); err != nil || got != want {
			t.Errorf("%q is %s (%v), want %s", text, got, err, want)
		}
	}
	f("30s", 30*time.Second)
	f("1h30m", 90*time.Minute)
	f("1.5h", 90*time.Minute)
	f("-5m", -5*time.Minute)
	f("+5m", 5*time.Minute)
	f("2d", 48*time.Hour)
	f("1w", 168*time.Hour)
	f("1y", 365*24*time.Hour)
	f("10ms", 10*time.Millisecond)
	f("10us", 10*time.Microsecond)
	f("10µs", 10*time.Microsecond)
	f("10ns", 10)
	f("15", 15*time.Second)
	f("0", 0)

	g := func(text string) {
		t.Helper()
		if got, err := parseDuration(text); err == nil {
			t.Errorf("%q is %s, want an error", text, got)
		}
	}
	for _, text := range []string{"", "-", "s", "5x", "5m3", "1..2s", "1000y", "NaN", "Inf", "5m-3s", "--5m"} {
		g(text)
	}
}

func TestFloor(t *testing.T) {
	f := func(s, step, offset, want int64) {
		t.Helper()
		second := int64(time.Second)
		if got := floor(time.Unix(s, 0), time.Duration(step*second), time.Duration(offset*second)).Unix(); got != want {
			t.Errorf("floor(%d, %d, %d) is %d, want %d", s, step, offset, got, want)
		}
	}
	f(125, 60, 0, 120)
	f(120, 60, 0, 120)
	f(125, 60, 10, 70)
	f(130, 60, 10, 130)
	f(125, 60, -10, 110)
	f(-1, 60, 0, -60)
}
