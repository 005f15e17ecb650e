package chart

import (
	"math"
	"strconv"
	"strings"
)

// Unit is what a number counts. It decides how the number is written, in tables as on axes.
type Unit uint8

// The units.
const (
	// Number is a plain count: 412 k.
	Number Unit = iota
	// Milliseconds is a length of time in ms: 187 ms, 1.23 s.
	Milliseconds
	// Ratio is a share 0..1, written in percent; its changes are written in points ("pt").
	Ratio
	// PerSecond is a rate: 11.4 k/s.
	PerSecond
	// Times is a factor: 1.4×.
	Times
)

// Absent is how a number that isn't there is written.
const Absent = "–"

// nbsp keeps a number and its unit on one line.
const nbsp = "\u00a0"

// minus is the sign that is as wide as a plus.
const minus = "\u2212"

// Split returns a number in three significant digits and its unit apart, for tiles. The unit is empty when there is
// none.
func (u Unit) Split(v float64) (number, unit string) {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return Absent, ""
	}
	switch u {
	case Milliseconds:
		return splitTime(v)
	case Ratio:
		return digits(v * 100), "%"
	case PerSecond:
		scaled, prefix := thousands(v)
		return digits(scaled), prefix + "/s"
	case Times:
		return digits(v), "×"
	default:
		scaled, prefix := thousands(v)
		return digits(scaled), prefix
	}
}

// Text returns the number with its unit, a no-break space between them.
func (u Unit) Text(v float64) string {
	number, unit := u.Split(v)
	switch {
	case unit == "":
		return number
	case u == Times:
		return number + unit
	default:
		return number + nbsp + unit
	}
}

// Change returns a difference with its sign: +9 ms, −1.8 pt, ±0. Changes of a Ratio are given in points.
func (u Unit) Change(v float64) string {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return Absent
	}
	text := u.Text(math.Abs(v))
	if u == Ratio {
		text = digits(math.Abs(v)*100) + nbsp + "pt"
	}
	switch {
	case strings.Trim(strings.TrimRight(text, nbsp+"abcdefghijklmnopqrstuvwxyz%/×"), "0.") == "":
		return "±0"
	case v < 0:
		return minus + text
	default:
		return "+" + text
	}
}

// Relative returns a ratio of two numbers as a change in percent: 1.64 is +64 %.
func Relative(ratio float64) string {
	if math.IsNaN(ratio) || math.IsInf(ratio, 0) {
		return Absent
	}
	percent := math.Round((ratio - 1) * 100)
	switch {
	case percent == 0:
		return "±0" + nbsp + "%"
	case percent < 0:
		return minus + strconv.FormatFloat(-percent, 'f', 0, 64) + nbsp + "%"
	default:
		return "+" + strconv.FormatFloat(percent, 'f', 0, 64) + nbsp + "%"
	}
}

// splitTime writes milliseconds in the unit that keeps three digits readable.
func splitTime(ms float64) (number, unit string) {
	switch a := math.Abs(ms); {
	case a >= 48*3600e3:
		return digits(ms / 86400e3), "d"
	case a >= 120*60e3:
		return digits(ms / 3600e3), "h"
	case a >= 600e3:
		return digits(ms / 60e3), "min"
	case a >= 999.5:
		return digits(ms / 1e3), "s"
	case a != 0 && a < 0.0995:
		return digits(ms * 1e3), "µs"
	default:
		return digits(ms), "ms"
	}
}

// thousands scales a number to less than a thousand and names the factor.
func thousands(v float64) (scaled float64, prefix string) {
	switch a := math.Abs(v); {
	case a >= 999.5e6:
		return v / 1e9, "G"
	case a >= 999.5e3:
		return v / 1e6, "M"
	case a >= 9999.5:
		return v / 1e3, "k"
	default:
		return v, ""
	}
}

// digits writes three significant digits without an exponent; whole numbers keep all their digits.
func digits(v float64) string {
	if r := math.Round(v); math.Abs(v-r) < 1e-9*math.Abs(v) {
		v = r // what sums and products of fractions leave behind whole numbers
	}
	a := math.Abs(v)
	decimals := 0
	switch {
	case a == 0 || a == math.Trunc(a) && a < 1e4:
	case a < 9.995:
		decimals = 2
	case a < 99.95:
		decimals = 1
	}
	if a > 0 && a < 0.01 {
		decimals = 4
	}
	s := strconv.FormatFloat(v, 'f', decimals, 64)
	if decimals > 0 && a < 0.01 {
		s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
	}
	if strings.HasPrefix(s, "-") {
		return minus + s[1:]
	}
	return s
}
