// Package param reads the parameters of requests to Jaeger's API as Jaeger does, and says what is wrong with one in
// Jaeger's words. Its errors are *gate.RefusedError with status 400.
package param

import (
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"edgescope/query/gate"
)

// Bad is the error of a parameter that can't be read.
func Bad(name string, why error) error {
	return Wrong("unable to parse param '%s': %w", name, why)
}

// Wrong is the error of a request that can't be answered, with status 400.
func Wrong(format string, args ...any) error {
	return &gate.RefusedError{Status: http.StatusBadRequest, Reason: fmt.Errorf(format, args...).Error()}
}

// Time returns the moment that a parameter gives as a decimal number of units since 1970, otherwise without one. What
// is before 1970 or after 2261 is an error.
func Time(form url.Values, name string, unit time.Duration, otherwise time.Time) (time.Time, error) {
	since, err := Length(form, name, unit, -1)
	if err != nil || since < 0 {
		return otherwise, err
	}
	return time.Unix(0, int64(since)).UTC(), nil
}

// Length returns the duration that a parameter gives as a decimal number of units, otherwise without one. A negative
// one is an error.
func Length(form url.Values, name string, unit, otherwise time.Duration) (time.Duration, error) {
	text := form.Get(name)
	if text == "" {
		return otherwise, nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	switch {
	case err != nil:
		return 0, Bad(name, err)
	case n < 0:
		return 0, Bad(name, fmt.Errorf("%d is negative", n))
	case n > math.MaxInt64/int64(unit):
		return 0, Bad(name, fmt.Errorf("%d is out of range", n))
	}
	return time.Duration(n) * unit, nil
}

// Bool returns a parameter that is true or false, false without one.
func Bool(form url.Values, name string) (bool, error) {
	text := form.Get(name)
	if text == "" {
		return false, nil
	}
	b, err := strconv.ParseBool(text)
	if err != nil {
		return false, Bad(name, err)
	}
	return b, nil
}

// Fraction returns a parameter that is a number from 0 to 1, and must be there.
func Fraction(form url.Values, name string) (float64, error) {
	f, err := strconv.ParseFloat(form.Get(name), 64)
	if err != nil {
		return 0, Bad(name, err)
	}
	if !(f >= 0 && f <= 1) { // NaN is neither
		return 0, Bad(name, errors.New("want a number from 0 to 1"))
	}
	return f, nil
}
