package param_test

import (
	"errors"
	"net/http"
	"net/url"
	"testing"
	"time"

	"edgescope/query/gate"
	"edgescope/query/jaeger/param"
)

// form is a request with one parameter.
func form(value string) url.Values { return url.Values{"p": {value}} }

// text is what a client is told, "" without an error; every error must have status 400.
func text(t *testing.T, err error) string {
	t.Helper()
	if err == nil {
		return ""
	}
	var refused *gate.RefusedError
	if !errors.As(err, &refused) || refused.Status != http.StatusBadRequest {
		t.Errorf("%v has not status 400", err)
	}
	return err.Error()
}

func TestTimesAreUnitsSince1970(t *testing.T) {
	now := time.Date(2026, 11, 30, 9, 0, 0, 0, time.UTC)
	f := func(value string, want time.Time, wrong string) {
		t.Helper()
		got, err := param.Time(form(value), "p", time.Millisecond, now)
		if told := text(t, err); told != wrong || err == nil && !got.Equal(want) {
			t.Errorf("%q: got %v %q, want %v %q", value, got, told, want, wrong)
		}
	}
	f("", now, "")
	f("0", time.Unix(0, 0), "")
	f("1796029260000", time.Date(2026, 11, 30, 9, 1, 0, 0, time.UTC), "")
	f("x", now, `unable to parse param 'p': strconv.ParseInt: parsing "x": invalid syntax`)
	f("1.5", now, `unable to parse param 'p': strconv.ParseInt: parsing "1.5": invalid syntax`)
	f("-1", now, "unable to parse param 'p': -1 is negative")
	f("9223372036855", now, "unable to parse param 'p': 9223372036855 is out of range")
	f("99999999999999999999", now,
		`unable to parse param 'p': strconv.ParseInt: parsing "99999999999999999999": value out of range`)
}

func TestLengthsAreUnits(t *testing.T) {
	f := func(value string, want time.Duration, wrong string) {
		t.Helper()
		got, err := param.Length(form(value), "p", time.Millisecond, time.Hour)
		if told := text(t, err); told != wrong || got != want {
			t.Errorf("%q: got %v %q, want %v %q", value, got, told, want, wrong)
		}
	}
	f("", time.Hour, "")
	f("0", 0, "")
	f("60000", time.Minute, "")
	f("1h", 0, `unable to parse param 'p': strconv.ParseInt: parsing "1h": invalid syntax`)
	f("-60000", 0, "unable to parse param 'p': -60000 is negative")
	f("9223372036854775807", 0, "unable to parse param 'p': 9223372036854775807 is out of range")
}

func TestBoolsAndFractions(t *testing.T) {
	b := func(value string, want bool, wrong string) {
		t.Helper()
		got, err := param.Bool(form(value), "p")
		if told := text(t, err); told != wrong || got != want {
			t.Errorf("%q: got %v %q, want %v %q", value, got, told, want, wrong)
		}
	}
	b("", false, "")
	b("true", true, "")
	b("1", true, "")
	b("false", false, "")
	b("yes", false, `unable to parse param 'p': strconv.ParseBool: parsing "yes": invalid syntax`)
	f := func(value string, want float64, wrong string) {
		t.Helper()
		got, err := param.Fraction(form(value), "p")
		if told := text(t, err); told != wrong || got != want {
			t.Errorf("%q: got %v %q, want %v %q", value, got, told, want, wrong)
		}
	}
	f("0.95", 0.95, "")
	f("0", 0, "")
	f("1", 1, "")
	f("", 0, `unable to parse param 'p': strconv.ParseFloat: parsing "": invalid syntax`)
	f("1.01", 0, "unable to parse param 'p': want a number from 0 to 1")
	f("NaN", 0, "unable to parse param 'p': want a number from 0 to 1")
	f("-Inf", 0, "unable to parse param 'p': want a number from 0 to 1")
}
