package plan

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"edgescope/edge"
	"edgescope/internal/near"
	"edgescope/query/aesql/grammar"
	"edgescope/query/aesql/value"
	"edgescope/store"
)

const (
	// maxColumns is how many blobs and doubles a data point has, and indexes in the wider shape that we take.
	maxColumns = 20

	columnTime   = "timestamp"
	columnWeight = "_sample_interval"
)

// known is a column that a table can have.
type known struct {
	Column
	field Field
	// star: it is part of SELECT *.
	star bool
}

// tableColumns are the columns of every table, in the order of SELECT *: those of Analytics Engine, then further
// indexes, which points in the wider shape have, and what the collector made of a point.
var tableColumns = func() []known {
	text, number := value.Of(value.String), value.Of(value.Float64)
	columns := []known{
		{Column{store.FieldDataset, text}, Field{store.FieldDataset, AsText}, true},
		{Column{columnTime, value.Of(value.DateTime)}, Field{store.FieldTime, AsTime}, true},
		{Column{columnWeight, value.Of(value.Weight)}, Field{columnWeight, AsWeight}, true},
	}
	add := func(name string, t value.Type, as As, star bool) {
		columns = append(columns, known{Column{name, t}, Field{name, as}, star})
	}
	add("index1", text, AsText, true)
	for _, of := range []struct {
		name string
		t    value.Type
		as   As
	}{{"blob", text, AsText}, {"double", number, AsNumber}} {
		for i := range maxColumns {
			add(fmt.Sprint(of.name, i+1), of.t, of.as, true)
		}
	}
	for i := 1; i < maxColumns; i++ {
		add(fmt.Sprint("index", i+1), text, AsText, false)
	}
	for _, key := range edge.FactKeys {
		if numeric[key] {
			add(key, number, AsNumber, false)
		} else {
			add(key, text, AsText, false)
		}
	}
	add(edge.KeyDuration, number, AsNumber, false)
	return columns
}()

// numeric are the facts that are numbers; lengths of time are nanoseconds.
var numeric = map[string]bool{
	edge.KeyStatus: true, edge.KeyInitDuration: true, edge.KeyCPUTime: true, edge.KeyWallTime: true,
	edge.KeyOriginDuration: true, edge.KeyTTFB: true, edge.KeyCount: true,
	edge.KeyClientRTT: true, edge.KeyMemory: true, edge.KeySubrequests: true,
}

// TableColumns returns the columns of SELECT * from any table.
func TableColumns() []Column {
	var columns []Column
	for i := range tableColumns {
		if tableColumns[i].star {
			columns = append(columns, tableColumns[i].Column)
		}
	}
	return columns
}

// scope is the columns of a source.
type scope struct {
	columns []known
	byName  map[string]int
	// prefixes are what may stand before a name: the source's name and alias.
	prefixes []string
	// slots has the place of each column in a row, -1 while it is not needed. Only a scan leaves columns out.
	slots []int
	scan  *Scan
	// numbered is the source whose rows get a number when their place is asked for, nil for a scan.
	numbered *Source
	width    int
}

// newScope makes the scope of columns that all stand in a row.
func newScope(columns []Column, source *Source, prefixes ...string) *scope {
	s := &scope{byName: map[string]int{}, prefixes: prefixes, numbered: source, width: len(columns)}
	source.columns = columns
	for i, c := range columns {
		s.columns = append(s.columns, known{Column: c, star: true})
		s.slots = append(s.slots, i)
		if _, ok := s.byName[c.Name]; !ok {
			s.byName[c.Name] = i
		}
	}
	return s
}

// tableIndex finds tableColumns by name.
var tableIndex = func() map[string]int {
	m := map[string]int{}
	for i := range tableColumns {
		m[tableColumns[i].Name] = i
	}
	return m
}()

// scanScope makes the scope of a table. The scan gets the columns that are asked for.
func scanScope(scan *Scan, prefixes ...string) *scope {
	s := &scope{columns: tableColumns, byName: tableIndex, prefixes: prefixes, scan: scan}
	s.slots = make([]int, len(tableColumns))
	for i := range s.slots {
		s.slots[i] = -1
	}
	return s
}

// find returns the name of a column without the name of its table.
func (s *scope) find(name string) (string, bool) {
	if _, ok := s.byName[name]; ok {
		return name, true
	}
	for _, p := range s.prefixes {
		if rest, ok := strings.CutPrefix(name, p+"."); ok && p != "" {
			if _, ok := s.byName[rest]; ok {
				return rest, true
			}
		}
	}
	return "", false
}

// column returns an expression that is a column of the row.
func (s *scope) column(name string) Expr {
	i := s.byName[name]
	if s.slots[i] < 0 {
		s.slots[i] = s.add(s.columns[i].field)
	}
	return slot(s.columns[i].Type, s.slots[i])
}

func (s *scope) add(f Field) int {
	s.scan.Columns = append(s.scan.Columns, f)
	return len(s.scan.Columns) - 1
}

// place returns an expression that says where a row stands: the time of a data point in nanoseconds, or the number of
// the row.
func (s *scope) place() Expr {
	whole := value.Of(value.Int64)
	if s.numbered != nil {
		s.numbered.Numbered = true
		return slot(whole, s.width)
	}
	for i, f := range s.scan.Columns {
		if f.As == AsPlace {
			return slot(whole, i)
		}
	}
	return slot(whole, s.add(Field{store.FieldTime, AsPlace}))
}

func slot(t value.Type, i int) Expr {
	return Expr{Type: t, Eval: func(row []value.Value) (value.Value, error) { return row[i], nil }}
}

// numbered is the name of a column with a number.
var numbered = regexp.MustCompile(`^(index|blob|double)[0-9]+$`)

// beyond tells whether a column of a table is none that Cloudflare has.
func (s *scope) beyond(name string) bool { return s.scan != nil && !s.columns[s.byName[name]].star }

// unknown says that there is no such column.
func (s *scope) unknown(c *grammar.Column, aliases map[string]grammar.Expr) string {
	names := slices.Sorted(maps.Keys(aliases))
	names = slices.DeleteFunc(names, func(a string) bool { return a == c.Name }) // an alias is no name in what it stands for
	for i := range s.columns {
		names = append(names, s.columns[i].Name)
	}
	hint := near.Hint(c.Name, names...)
	switch {
	case s.scan != nil && numbered.MatchString(c.Name):
		hint = fmt.Sprintf(": there are index1, blob1 to blob%d and double1 to double%[1]d", maxColumns)
	case hint != "":
	case c.Quoted:
		hint = ": a text stands in single quotes"
	case len(s.columns) == 0:
		hint = ": there is no FROM"
	}
	return "unable to find type of column: " + c.Name + hint
}
