package part

import (
	"cmp"
	"math"
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"

	"edgescope/chart"
	"edgescope/query"
)

// Table is a table of a page. The same Table is written as HTML, CSV and JSON.
type Table struct {
	// Name is the value of ?table= that asks for this one; the page's first table needs none.
	Name    string
	Caption string
	Columns []Column
	Rows    []TableRow
	// Empty is shown instead of no rows.
	Empty string
	// Sort is the column by which the rows are sorted, "-" first for descending; "" without links for sorting.
	Sort string
	// Shown is how many rows the HTML has at most, 0 for all; Note says what is left out.
	Shown int
	Note  string
}

// Column is a column of a Table.
type Column struct {
	// Key names it in CSV and JSON, Title in HTML. Sort is its name in ?sort=, empty when it can't be sorted by.
	Key, Title, Sort string
	// Numeric columns are right-aligned.
	Numeric bool
	// Drawing columns hold a picture and are left out of CSV and JSON; columns that are Exported stand only there.
	Drawing, Exported bool
}

// TableRow is a row of a Table.
type TableRow struct {
	Cells []Cell
	Class string
	// Level is the depth of a row in a tree, from 1; 0 in flat tables.
	Level int
}

// Cell is one value, to read (Text, with Sub in a quieter tone behind it) and to compute with (Raw, in full precision).
type Cell struct {
	Text, Sub, Raw string
	Href           string
	Class          string
	// SVG is a drawing made by package chart, shown before the text.
	SVG string
	// Head marks the cell that names its row.
	Head bool
}

// long tells that a cell has more to read than fits beside others on one line.
func (c *Cell) long() bool {
	return utf8.RuneCountInString(c.Text) > 32 || utf8.RuneCountInString(c.Sub) > 26
}

// ColumnOf is a Column and how its cells come from a value.
type ColumnOf[T any] struct {
	Column
	Cell func(v *T) Cell
}

// NumberColumn is a column of numbers in a unit.
func NumberColumn[T any](key, title string, u chart.Unit, of func(v *T) query.Num) ColumnOf[T] {
	return ColumnOf[T]{
		Column: Column{Key: key, Title: title, Numeric: true},
		Cell:   func(v *T) Cell { return Number(u, of(v)) },
	}
}

// Build makes a Table of values, a row each.
func Build[T any](name, caption string, columns []ColumnOf[T], values []T) Table {
	t := Table{Name: name, Caption: caption, Rows: make([]TableRow, len(values))}
	for i := range columns {
		t.Columns = append(t.Columns, columns[i].Column)
	}
	for i := range values {
		cells := make([]Cell, len(columns))
		for j := range columns {
			cells[j] = columns[j].Cell(&values[i])
		}
		t.Rows[i].Cells = cells
	}
	return t
}

// visible are the rows that the HTML shows.
func (t *Table) visible() []TableRow {
	if t.Shown > 0 && len(t.Rows) > t.Shown {
		return t.Rows[:t.Shown]
	}
	return t.Rows
}

// sortLink is where a click on a column's title leads: its other direction when it is the sorted one, else its worst
// first.
func (t *Table) sortLink(u *url.URL, c Column) string {
	target := "-" + c.Sort
	if !c.Numeric {
		target = c.Sort
	}
	switch t.Sort {
	case "-" + c.Sort:
		target = c.Sort
	case c.Sort:
		target = "-" + c.Sort
	}
	return With(u, query.KeySort, target)
}

// emptyText is what stands instead of no rows.
func (t *Table) emptyText() string { return cmp.Or(t.Empty, "None.") }

// direction is the value of aria-sort.
func (t *Table) direction(c Column) string {
	switch {
	case c.Sort == "":
		return ""
	case t.Sort == c.Sort:
		return "ascending"
	case t.Sort == "-"+c.Sort:
		return "descending"
	default:
		return "none"
	}
}

func ariaSort(t *Table, c Column) string {
	if t.Sort == "" {
		return "none"
	}
	if d := t.direction(c); d != "" {
		return d
	}
	return "none"
}

func (t *Table) arrow(c Column) string {
	switch t.direction(c) {
	case "ascending":
		return "\u00a0↑"
	case "descending":
		return "\u00a0↓"
	default:
		return ""
	}
}

// exportLink is the address of the table as CSV or JSON.
func (t *Table) exportLink(p *Page, format string) string {
	path := p.URL.Path
	if path == "/" {
		path = "/overview"
	}
	v := p.URL.Query()
	if t.Name != "" {
		v.Set(KeyTable, t.Name)
	}
	return Address(path+"."+format, v)
}

// Number makes a cell of a value in its unit.
func Number(u chart.Unit, v query.Num) Cell { return Cell{Text: u.Text(float64(v)), Raw: Raw(v)} }

// Change makes a cell of a difference in its unit.
func Change(u chart.Unit, v query.Num) Cell { return Cell{Text: u.Change(float64(v)), Raw: Raw(v)} }

// Raw writes a number in full, empty when it is absent.
func Raw(v query.Num) string {
	if !v.OK() {
		return ""
	}
	return strconv.FormatFloat(float64(v), 'g', -1, 64)
}

// Text makes a cell of a text.
func Text(s string) Cell { return Cell{Text: OrAbsent(s), Raw: s} }

// OrAbsent returns a text, the sign for what is absent instead of none.
func OrAbsent(s string) string { return cmp.Or(s, chart.Absent) }

// Integer writes a whole number with its thousands apart by no-break spaces.
func Integer(n int64) string {
	s := strconv.FormatInt(n, 10)
	var b strings.Builder
	for i, c := range s {
		if i > 0 && (len(s)-i)%3 == 0 && s[i-1] != '-' {
			b.WriteString("\u202f")
		}
		b.WriteRune(c)
	}
	return b.String()
}

// Add returns a sum that is absent only when both numbers are.
func Add(values ...query.Num) query.Num {
	sum, any := 0.0, false
	for _, v := range values {
		if v.OK() {
			sum, any = sum+float64(v), true
		}
	}
	if !any {
		return query.Num(math.NaN())
	}
	return query.Num(sum)
}
