package execute

import (
	"errors"
	"strconv"
	"strings"
	"time"

	"edgescope/query/aesql/plan"
	"edgescope/query/aesql/value"
	"edgescope/store"
)

// decoder turns stored rows into values.
type decoder struct {
	names  []string // of the fields that are read, each once
	to     [][]target
	absent []value.Value
	row    []value.Value
}

// target is the place in a row where the value of a field goes.
type target struct {
	slot int
	as   plan.As
}

func newDecoder(fields []plan.Field) *decoder {
	d := &decoder{absent: make([]value.Value, len(fields)), row: make([]value.Value, len(fields))}
	index := map[string]int{}
	for slot, f := range fields {
		i, ok := index[f.Name]
		if !ok {
			i = len(d.names)
			index[f.Name] = i
			d.names = append(d.names, f.Name)
			d.to = append(d.to, nil)
		}
		d.to[i] = append(d.to[i], target{slot, f.As})
		if f.As == plan.AsWeight {
			d.absent[slot] = value.Float(1)
		}
	}
	return d
}

// list is the list of fields for the store. The name of the table, which all rows have, is asked for when nothing else
// is: rows without fields are none.
func (d *decoder) list() string {
	if len(d.names) == 0 {
		return join([]string{store.FieldDataset})
	}
	return join(d.names)
}

// read returns the values of a row. They are valid until the next, and texts as long as those of the row.
func (d *decoder) read(r store.Row) []value.Value {
	copy(d.row, d.absent)
	next := 0
	for i := range r {
		// Fields come in the order in which they are asked for.
		n := d.find(r[i].Name, next)
		if n < 0 {
			continue
		}
		for _, t := range d.to[n] {
			d.row[t.slot] = decode(t.as, r[i].Value)
		}
		next = n + 1
	}
	return d.row
}

// find returns the index of a name; it looks at next first.
func (d *decoder) find(name string, next int) int {
	for i := next; i < len(d.names); i++ {
		if d.names[i] == name {
			return i
		}
	}
	for i := range min(next, len(d.names)) {
		if d.names[i] == name {
			return i
		}
	}
	return -1
}

func decode(as plan.As, text string) value.Value {
	switch as {
	case plan.AsText:
		return value.Text(text)
	case plan.AsNumber, plan.AsWeight:
		return value.Float(number(text))
	default:
		ns, err := strconv.ParseInt(text, 10, 64)
		if err != nil { // of a group
			t, _ := time.Parse(time.RFC3339Nano, text)
			ns = t.UnixNano()
		}
		if as == plan.AsPlace {
			return value.Int(ns)
		}
		seconds, _ := value.FloorDiv(ns, 1e9)
		return value.Int(seconds)
	}
}

// powers are the powers of ten that a float64 holds exactly and that shortNumber divides by.
var powers = [...]float64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14}

// number returns the number that a data point has: what was sent, NaN and Infinity included. What is no number is 0, as
// what is absent.
func number(text string) float64 {
	if f, ok := shortNumber(text); ok {
		return f
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil && !errors.Is(err, strconv.ErrRange) {
		return 0
	}
	return f
}

// shortNumber reads up to 15 digits with a point between or without one, several times as fast as ParseFloat: both parts
// of the quotient are exact, and so it is the nearest float64.
func shortNumber(text string) (float64, bool) {
	digits, negative := strings.CutPrefix(text, "-")
	if len(digits) == 0 || len(digits) > 15 {
		return 0, false
	}
	whole, point := uint64(0), len(digits)-1
	for i := range len(digits) {
		switch c := digits[i]; {
		case c >= '0' && c <= '9':
			whole = whole*10 + uint64(c-'0')
		case c == '.' && i > 0 && point == len(digits)-1:
			point = i
		default:
			return 0, false
		}
	}
	f := float64(whole) / powers[len(digits)-1-point]
	if negative {
		f = -f
	}
	return f, true
}
