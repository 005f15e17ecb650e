package analyticsengine

import (
	"math"
	"slices"
	"strconv"
	"strings"

	"edgescope/edge"
	"edgescope/edge/place"
)

// WarnNotCertain is the warning of a batch that counts the points of datasets without a layout that look like one of
// ours, but not for certain: their columns keep no meaning until the dataset's layout is told.
const WarnNotCertain = "layout not certain"

// reading gives an event the meaning of its point's columns.
type reading func(p *point, e *edge.Event)

// guess finds the layout of a point whose dataset has none. Only a shape that nobody's own data is likely to have
// counts: a number that is taken for a count multiplies what pages add up. doubtful is a point that has more of such a
// shape than chance gives.
func (p *point) guess() (read reading, doubtful bool) {
	switch {
	case len(p.indexes) >= 2 && strings.HasPrefix(p.indexes[0], errorPrefix):
		read, doubtful = (*point).widerError, true
		if !p.isWiderError() {
			read = nil
		}
	case len(p.indexes) >= 2:
		read, doubtful = (*point).wider, true
		if !p.isWider() {
			read = nil
		}
	case isStatus(p.blob(1)) && isISO(p.blob(2)) && len(p.doubles) >= 2:
		read, doubtful = (*point).edgeLayout, true
		if !p.isEdgeLayout() {
			read = nil
		}
	}
	return read, doubtful && read == nil
}

// isEdgeLayout tells whether a point that has an HTTP status and a time in their places is in our own layout:
// everything else is in its place too, it has no further columns, and it counts for one. A place that is not known
// needs a route or a flag beside it.
func (p *point) isEdgeLayout() bool {
	const blobs, doubles = 5, 4
	known := place.IsKnown(p.blob(0)) || p.blob(4) != "" || p.double(2) != ""
	return known && isPlace(p.blob(0)) && isRoute(p.blob(4)) && len(p.blobs) <= blobs &&
		isLength(p.double(0)) && isCount(p.double(1), 1) && (isCount(p.double(2), 1) || isZero(p.double(2))) &&
		(p.double(3) == "" || isLength(p.double(3))) && p.endsAt(doubles)
}

// isCount tells whether a number is a whole one from 1 to most, isZero whether it is 0 or not there.
func isCount(s string, most float64) bool {
	if s == "1" {
		return true
	}
	n, err := strconv.ParseFloat(s, 64)
	return err == nil && 1 <= n && n <= most && n == math.Trunc(n)
}

func isZero(s string) bool {
	if s == "" || s == "0" {
		return true
	}
	n, err := strconv.ParseFloat(s, 64)
	return err == nil && n == 0
}

// mostAdded bounds the count of a point in the wider shape whose dataset has no layout.
const mostAdded = 100

// isWider tells whether a point with several indexes, which Workers drop, is in the wider shape: it has no further
// columns, place, status and time are in their places, of which one may be missing or, the place, be unknown, and it
// counts for one; with all of them it may count for a few.
func (p *point) isWider() bool {
	const indexes, doubles = 3, 2
	code, status := p.index(1), p.index(2)
	if len(p.indexes) > indexes || !isPlace(code) || status != "" && !isStatusWord(status) || !isLength(p.double(0)) ||
		!p.endsAt(doubles) {
		return false
	}
	marks := 0
	for _, mark := range [...]bool{place.IsKnown(code) || code == unknown, status != "", isISO(p.blob(0))} {
		if mark {
			marks++
		}
	}
	switch marks {
	case 3:
		return isCount(p.double(1), mostAdded)
	case 2:
		return isCount(p.double(1), 1)
	default:
		return false
	}
}

// isWiderError tells whether a point whose first index says "error:" is that of an error.
func (p *point) isWiderError() bool {
	const indexes, doubles = 3, 1
	return len(p.indexes) <= indexes && isPlace(p.index(2)) && (p.double(0) == "" || isCount(p.double(0), 1)) &&
		p.endsAt(doubles)
}

// endsAt tells whether a point has no more doubles than that; workerd always sends 20.
func (p *point) endsAt(doubles int) bool {
	return len(p.doubles) <= doubles || !slices.ContainsFunc(p.doubles[doubles:],
		func(d string) bool { return !isZero(d) })
}

// unknown is what a sender writes that does not know where it is.
const unknown = "unknown"

// methods are those of HTTP (RFC 9110), which stand in many a table of requests where ours has the place.
var methods = []string{"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "CONNECT", "TRACE"}

// isPlace tells whether a text can be the code of a PoP or region, which may be absent: letters, digits and dashes, a
// letter first.
func isPlace(s string) bool {
	const longest = 32
	if s == "" {
		return true
	}
	if len(s) > longest || !isLetter(s[0]) || slices.Contains(methods, strings.ToUpper(s)) {
		return false
	}
	for i := range len(s) {
		if c := s[i]; !isLetter(c) && !isDigit(c) && c != '-' {
			return false
		}
	}
	return true
}

func isLetter(c byte) bool { return isCapital(c &^ 0x20) }

func isRoute(s string) bool { return s == "" || s[0] == '/' || s[0] == '*' }

// isLength tells whether a number can be a length of time in milliseconds: at most a day.
func isLength(s string) bool {
	const day = 24 * 60 * 60 * 1000
	n, err := strconv.ParseFloat(s, 64)
	return err == nil && !math.IsNaN(n) && 0 <= n && n <= day
}

func isStatus(s string) bool {
	return len(s) == 3 && '1' <= s[0] && s[0] <= '5' && isDigit(s[1]) && isDigit(s[2])
}

// statusWords are what is written for a status where there is no HTTP status.
var statusWords = []string{
	"ok", "success", "error", "err", "fail", "failed", "failure", "exception", "timeout", "canceled", "cancelled",
	"aborted",
}

func isStatusWord(s string) bool {
	return isStatus(s) || slices.ContainsFunc(statusWords, func(w string) bool { return strings.EqualFold(w, s) })
}

func isISO(s string) bool {
	_, ok := isoTime(s)
	return ok
}
