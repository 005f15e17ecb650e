package jsonpath

import (
	"errors"
	"time"

	"edgescope/scenarios/regex"
)

// ErrTimeout is that a query takes too long. Its text is the name of an error in a report.
var ErrTimeout = errors.New("ERR_JSONPATH_TIMEOUT")

const (
	// maxTime is how long the filters of a query may take together.
	maxTime = 500 * time.Millisecond
	// maxText and maxElements are the lengths of texts and lists that an expression may make.
	maxText     = regex.MaxText
	maxElements = 1 << 20
)

var errTooLarge = typeError("RangeError: Invalid string length")

// meter bounds what the filters of one query take: the clock is looked at for each element and for each step of an
// expression that may take long.
type meter struct{ began time.Time }

func (m *meter) check() error {
	if m.began.IsZero() {
		m.began = time.Now()
		return nil
	}
	if time.Since(m.began) > maxTime {
		return ErrTimeout
	}
	return nil
}

// room checks the length of a text or list that is still to be made of so many parts of this length.
func (m *meter) room(parts, length int) error {
	if parts > 0 && length > maxText/parts {
		return errTooLarge
	}
	return m.check()
}

// text returns a value unless it is larger than values may be.
func (m *meter) text(v any) (any, error) {
	switch size := sizeOf(v); v.(type) {
	case string:
		if size > maxText {
			return nil, errTooLarge
		}
	case []any:
		if size > maxElements {
			return nil, errTooLarge
		}
	}
	return v, nil
}

func sizeOf(v any) int {
	switch v := v.(type) {
	case string:
		return len(v)
	case []any:
		return len(v)
	}
	return 0
}
