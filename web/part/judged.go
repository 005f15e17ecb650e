package part

import (
	"math"
	"strconv"

	"edgescope/chart"
	"edgescope/query"
)

// Dollars writes an amount: cents, or two digits of what is less than a cent.
func Dollars(v query.Num) string {
	f := float64(v)
	switch {
	case !v.OK():
		return chart.Absent
	case math.Abs(f) >= 1000:
		return Integer(int64(math.Round(f)))
	case f == 0 || math.Abs(f) >= .01:
		return strconv.FormatFloat(f, 'f', 2, 64)
	default:
		return strconv.FormatFloat(f, 'f', min(12, int(math.Ceil(-math.Log10(math.Abs(f))))+1), 64)
	}
}

// Between writes the interval of a figure, "" where it has none that is wider than half a percent.
func Between(f query.Figure, write func(query.Num) string) string {
	if !f.Low.OK() || !f.High.OK() || !(f.High-f.Low > .005*max(f.High, 1e-9)) {
		return ""
	}
	low, high := write(f.Low), write(f.High)
	if low == high {
		return ""
	}
	return low + "–" + high
}

// Written is a figure, or its bounds where it is a range, and its interval beside it.
func Written(f query.Figure, write func(query.Num) string) (text, sub string) {
	sub = Between(f, write)
	if !f.Value.OK() && sub != "" {
		return sub, "CPU unknown"
	}
	return write(f.Value), sub
}

// FigureCell is a figure with its interval.
func FigureCell(f query.Figure, write func(query.Num) string) Cell {
	c := Cell{Raw: Raw(f.Value)}
	c.Text, c.Sub = Written(f, write)
	return c
}

// WithInterval writes a figure with its interval.
func WithInterval(u chart.Unit, f query.Figure) Cell {
	cell := Number(u, f.Value)
	if f.Low.OK() && f.High.OK() {
		cell.Sub = u.Text(float64(f.Low)) + " – " + u.Text(float64(f.High))
	}
	return cell
}

// Count writes a number of things in a few digits.
func Count(v query.Num) string { return chart.Number.Text(float64(v)) }

// FigureColumns are a column of figures, and what of them stands in CSV and JSON only: bounds, number and origin.
func FigureColumns[T any](key, title string, write func(query.Num) string, of func(*T) query.Figure,
) []ColumnOf[T] {
	exported := func(suffix string, raw func(query.Figure) string) ColumnOf[T] {
		return ColumnOf[T]{
			Column: Column{Key: key + suffix, Exported: true},
			Cell:   func(v *T) Cell { return Cell{Raw: raw(of(v))} },
		}
	}
	return []ColumnOf[T]{
		{
			Column: Column{Key: key, Title: title, Numeric: true},
			Cell:   func(v *T) Cell { return FigureCell(of(v), write) },
		},
		exported("_low", func(f query.Figure) string { return Raw(f.Low) }),
		exported("_high", func(f query.Figure) string { return Raw(f.High) }),
		exported("_n", func(f query.Figure) string { return Raw(f.N) }),
		exported("_origin", func(f query.Figure) string { return f.Origin }),
	}
}

// TextColumn is a column of texts; the first of a table names the row.
func TextColumn[T any](key, title string, head bool, of func(*T) (text, sub string)) ColumnOf[T] {
	return ColumnOf[T]{
		Column: Column{Key: key, Title: title},
		Cell: func(v *T) Cell {
			text, sub := of(v)
			return Cell{Text: OrAbsent(text), Sub: sub, Raw: text, Head: head}
		},
	}
}
