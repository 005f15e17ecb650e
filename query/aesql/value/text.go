package value

import (
	"math"
	"strconv"
)

// AppendText appends a value of type t as toString gives it and as it stands in a TabSeparated answer before tabs and
// newlines are escaped: 1.5, nan, 2026-11-30 00:00:00, ['a','b'], NULL. A DateTime is on the clock of its type's zone.
func (t Type) AppendText(dst []byte, v Value) []byte {
	if v.Null {
		return append(dst, "NULL"...)
	}
	switch {
	case t.Floating():
		return AppendFloat(dst, v.Float())
	case t.Unsigned():
		return strconv.AppendUint(dst, v.Bits, 10)
	}
	switch t.Kind {
	case String:
		return append(dst, v.Text...)
	case Date:
		return appendDate(dst, v.Int())
	case DateTime:
		return AppendTime(dst, v.Int()+Offset(t.Zone, v.Int()))
	case DateTime64:
		return t.appendDateTime64(dst, v.Int())
	case Array:
		return t.appendItems(dst, v.Items(), '[', ']')
	case Tuple:
		return t.appendItems(dst, v.Items(), '(', ')')
	}
	return strconv.AppendInt(dst, v.Int(), 10)
}

// AppendFloat appends a float in its shortest form, as ClickHouse writes it: 0.1, 100000, 1e21, nan, inf, -inf.
func AppendFloat(dst []byte, f float64) []byte {
	switch {
	case math.IsNaN(f):
		return append(dst, "nan"...)
	case math.IsInf(f, 1):
		return append(dst, "inf"...)
	case math.IsInf(f, -1):
		return append(dst, "-inf"...)
	}
	if abs := math.Abs(f); abs == 0 || abs >= 1e-6 && abs < 1e21 {
		return strconv.AppendFloat(dst, f, 'f', -1, 64)
	}
	at := len(dst)
	dst = strconv.AppendFloat(dst, f, 'e', -1, 64)
	return trimExponent(dst, at)
}

// trimExponent makes 1e+21 to 1e21 and 1e-07 to 1e-7 in what stands behind at.
func trimExponent(dst []byte, at int) []byte {
	for i := at; i < len(dst); i++ {
		if dst[i] != 'e' {
			continue
		}
		rest := dst[i+1:]
		dst = dst[:i+1]
		if rest[0] == '-' {
			dst = append(dst, '-')
		}
		rest = rest[1:]
		for len(rest) > 1 && rest[0] == '0' {
			rest = rest[1:]
		}
		return append(dst, rest...)
	}
	return dst
}

func (t Type) appendItems(dst []byte, items []Value, left, right byte) []byte {
	dst = append(dst, left)
	for i, item := range items {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = t.item(i).appendQuoted(dst, item)
	}
	return append(dst, right)
}

// appendQuoted appends an element: texts and times in quotes.
func (t Type) appendQuoted(dst []byte, v Value) []byte {
	if v.Null || t.Kind != String && !t.Temporal() {
		return t.AppendText(dst, v)
	}
	dst = append(dst, '\'')
	if t.Temporal() {
		return append(t.AppendText(dst, v), '\'')
	}
	for i := range len(v.Text) {
		switch c := v.Text[i]; c {
		case '\'', '\\':
			dst = append(dst, '\\', c)
		case '\n':
			dst = append(dst, `\n`...)
		case '\t':
			dst = append(dst, `\t`...)
		default:
			dst = append(dst, c)
		}
	}
	return append(dst, '\'')
}

// appendDate appends a day as YYYY-MM-DD.
func appendDate(dst []byte, day int64) []byte {
	y, m, d := Civil(day)
	dst = appendPadded(dst, y, 4)
	dst = appendPadded(append(dst, '-'), m, 2)
	return appendPadded(append(dst, '-'), d, 2)
}

// AppendTime appends seconds since 1970 on some clock as YYYY-MM-DD hh:mm:ss.
func AppendTime(dst []byte, local int64) []byte {
	day, second := FloorDiv(local, DaySeconds)
	dst = appendDate(dst, day)
	dst = appendPadded(append(dst, ' '), int(second/3600), 2)
	dst = appendPadded(append(dst, ':'), int(second/60%60), 2)
	return appendPadded(append(dst, ':'), int(second%60), 2)
}

func (t Type) appendDateTime64(dst []byte, ticks int64) []byte {
	unit := pow10(int(t.Scale))
	second, fraction := FloorDiv(ticks, unit)
	dst = AppendTime(dst, second+Offset(t.Zone, second))
	if t.Scale == 0 {
		return dst
	}
	return appendPadded(append(dst, '.'), int(fraction), int(t.Scale))
}

func appendPadded(dst []byte, n, width int) []byte {
	for edge := int(pow10(width - 1)); n < edge && edge > 1; edge /= 10 {
		dst = append(dst, '0')
	}
	return strconv.AppendInt(dst, int64(n), 10)
}
