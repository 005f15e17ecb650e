// Package timeformat writes times as a format says, with the codes of ClickHouse's formatDateTime in its present
// versions, where %M is the name of the month and %i the minute.
package timeformat

import (
	"errors"
	"fmt"
	"strconv"
	"time"
	"unicode/utf8"
)

// Format is a compiled format.
type Format struct{ writers []writer }

// writer appends a part of a format.
type writer func(dst []byte, t time.Time) []byte

// codes are all codes, for errors.
const codes = "%a %b %c %C %d %D %e %f %F %g %G %h %H %i %I %j %k %l %m %M %n %p %Q %r %R %s %S %t %T %u %V %w %W %y %Y %z %%"

// Compile reads a format: text, and codes that begin with %.
func Compile(format string) (*Format, error) {
	f := &Format{}
	for format != "" {
		n := 0
		for n < len(format) && format[n] != '%' {
			n++
		}
		if n > 0 {
			text := format[:n]
			f.writers = append(f.writers, func(dst []byte, _ time.Time) []byte { return append(dst, text...) })
			format = format[n:]
			continue
		}
		if len(format) == 1 {
			return nil, errors.New("the format ends with %: write %% for the sign itself")
		}
		w := code(format[1])
		if w == nil {
			_, size := utf8.DecodeRuneInString(format[1:])
			return nil, fmt.Errorf("there is no code %q: take one of %s", format[:1+size], codes)
		}
		f.writers = append(f.writers, w)
		format = format[2:]
	}
	return f, nil
}

// Append appends a time on its own clock. It is safe for concurrent use.
func (f *Format) Append(dst []byte, t time.Time) []byte {
	for _, w := range f.writers {
		dst = w(dst, t)
	}
	return dst
}

// code returns what a code writes, nil if there is no such code.
func code(c byte) writer {
	if text, ok := map[byte]string{'n': "\n", 't': "\t", '%': "%"}[c]; ok {
		return func(dst []byte, _ time.Time) []byte { return append(dst, text...) }
	}
	if name := names(c); name != nil {
		return func(dst []byte, t time.Time) []byte { return append(dst, name(t)...) }
	}
	if several, ok := compounds[c]; ok {
		return compound(several)
	}
	if c == 'z' {
		return appendOffset
	}
	n, ok := numbers[c]
	if !ok {
		return nil
	}
	return func(dst []byte, t time.Time) []byte { return appendPadded(dst, n.of(t), n.width, n.fill) }
}

// compounds are codes that stand for several.
var compounds = map[byte]string{'D': "%m/%d/%y", 'F': "%Y-%m-%d", 'r': "%h:%i %p", 'R': "%H:%i", 'T': "%H:%i:%S"}

func compound(format string) writer {
	f, err := Compile(format)
	if err != nil {
		panic("BUG: a code of a code: " + err.Error())
	}
	return f.Append
}

// names returns the word that a code stands for, nil if it is none of words.
func names(c byte) func(t time.Time) string {
	const short = 3
	switch c {
	case 'a':
		return func(t time.Time) string { return t.Weekday().String()[:short] }
	case 'W':
		return func(t time.Time) string { return t.Weekday().String() }
	case 'b':
		return func(t time.Time) string { return t.Month().String()[:short] }
	case 'M':
		return func(t time.Time) string { return t.Month().String() }
	case 'p':
		return func(t time.Time) string {
			if t.Hour() < 12 {
				return "AM"
			}
			return "PM"
		}
	}
	return nil
}

// number is a code of digits: how many it has at least, and what fills those that are missing.
type number struct {
	of    func(t time.Time) int
	width int
	fill  byte
}

var numbers = map[byte]number{
	'c': {month, 2, '0'},
	'm': {month, 2, '0'},
	'C': {func(t time.Time) int { return t.Year() / 100 }, 2, '0'},
	'd': {time.Time.Day, 2, '0'},
	'e': {time.Time.Day, 2, ' '},
	'f': {func(t time.Time) int { return t.Nanosecond() / 1000 }, 6, '0'},
	'g': {func(t time.Time) int { return isoYear(t) % 100 }, 2, '0'},
	'G': {isoYear, 4, '0'},
	'h': {hour12, 2, '0'},
	'I': {hour12, 2, '0'},
	'l': {hour12, 2, ' '},
	'H': {time.Time.Hour, 2, '0'},
	'k': {time.Time.Hour, 2, ' '},
	'i': {time.Time.Minute, 2, '0'},
	'j': {time.Time.YearDay, 3, '0'},
	'Q': {func(t time.Time) int { return (month(t) + 2) / 3 }, 1, '0'},
	's': {time.Time.Second, 2, '0'},
	'S': {time.Time.Second, 2, '0'},
	'u': {func(t time.Time) int { return (int(t.Weekday())+6)%7 + 1 }, 1, '0'},
	'V': {isoWeek, 2, '0'},
	'w': {func(t time.Time) int { return int(t.Weekday()) }, 1, '0'},
	'y': {func(t time.Time) int { return t.Year() % 100 }, 2, '0'},
	'Y': {time.Time.Year, 4, '0'},
}

func month(t time.Time) int { return int(t.Month()) }

// hour12 is 12 at midnight and noon.
func hour12(t time.Time) int { return (t.Hour()+11)%12 + 1 }

func isoYear(t time.Time) int {
	year, _ := t.ISOWeek()
	return year
}

func isoWeek(t time.Time) int {
	_, week := t.ISOWeek()
	return week
}

// appendOffset writes how far the clock is ahead of UTC, as +0530.
func appendOffset(dst []byte, t time.Time) []byte {
	_, offset := t.Zone()
	sign := byte('+')
	if offset < 0 {
		sign, offset = '-', -offset
	}
	dst = appendPadded(append(dst, sign), offset/3600, 2, '0')
	return appendPadded(dst, offset/60%60, 2, '0')
}

func appendPadded(dst []byte, n, width int, fill byte) []byte {
	digits := 1
	for edge := 10; n >= edge; edge *= 10 {
		digits++
	}
	for range width - digits {
		dst = append(dst, fill)
	}
	return strconv.AppendInt(dst, int64(n), 10)
}
