// Package plan turns a statement of Analytics Engine SQL into what is to be done: which columns of which table are read
// over which time, what each row is asked, how rows are grouped and put in order. It resolves names, finds types, and
// says what is wrong before anything is read. It never reads a row.
package plan

import (
	"math"
	"time"

	"edgescope/query/aesql/aggregate"
	"edgescope/query/aesql/function"
	"edgescope/query/aesql/grammar"
	"edgescope/query/aesql/value"
)

// Options are what a plan depends on beside the text.
type Options struct {
	// Now is what now() and today() mean.
	Now time.Time
	// Strict refuses what Cloudflare refuses.
	Strict bool
	// Tables returns the names of the tables. It is asked at most once, and not by a statement without FROM.
	Tables func() ([]string, error)
	// Virtual are tables whose rows are known, such as system.tables, by their names in lower case.
	Virtual map[string]Virtual
}

// Virtual is a table whose rows are known. Each has as many values as there are columns.
type Virtual struct {
	Columns []Column
	Rows    [][]value.Value
}

// Column is the name and type of a column of an answer or a table.
type Column struct {
	Name string
	Type value.Type
}

// Expr is an expression of a type. Const is its value where it is the same for all rows. Eval returns its value for a
// row of the source, or of the groups; its texts live as long as those of the row. It is not safe for concurrent use.
type Expr struct {
	Type  value.Type
	Const *value.Value
	Eval  func(row []value.Value) (value.Value, error)
	// ordered: it looks at the row before, so it is evaluated for every row.
	ordered bool
	// fails is the error of every evaluation of an expression of constants; it does not matter if nobody asks.
	fails error
}

// Query is a SELECT that can be run once: its expressions remember rows (runningDifference) and have memory of their
// own.
type Query struct {
	Columns []Column // of the answer
	Source  Source
	// Where are conditions on rows of the source. All must be true.
	Where []Expr
	// Group is nil when rows are not grouped. Otherwise what follows sees rows of its keys and then its aggregates.
	Group  *Group
	Having *Expr
	Select []Expr
	Order  []Key
	// Limit is math.MaxUint64 without a limit.
	Limit, Offset uint64
	// Newest tells that Order begins with the time of the data points, newest first.
	Newest bool
	// Stats, if not nil, lets the store group.
	Stats *Stats
}

// NoLimit is the Limit of a query without one.
const NoLimit = math.MaxUint64

// Source is where rows come from: a scan, a subquery, or rows that are there. Without FROM it is one row without
// columns.
type Source struct {
	Scan *Scan
	Sub  *Query
	Rows [][]value.Value
	// Numbered: the number of the row, from 0, follows the columns of Sub or Rows as an Int64.
	Numbered bool
	columns  []Column // of Sub or Rows
}

// Scan reads data points.
type Scan struct {
	// Dataset is the name of the table.
	Dataset string
	// Columns are those that are needed, in the order in which rows have them.
	Columns []Field
	// Filter is a LogsQL filter that leaves out no row that Where selects; "" is none.
	Filter string
	// From and To bound the time of the data points in Unix seconds, From <= time < To.
	From, To int64
}

// Field is a field of stored rows and what it holds.
type Field struct {
	Name string
	As   As
}

// As is how the text of a field becomes a value.
type As uint8

// Ways to read fields. What is absent is the text "", the number 0, the sample interval 1.
const (
	AsText   As = iota
	AsNumber    // Float64
	AsWeight    // Weight
	AsTime      // DateTime, seconds
	AsPlace     // Int64, nanoseconds
)

// Group is how rows are grouped. Without keys there is one group, even of no rows.
type Group struct {
	Keys       []Expr
	Aggregates []Aggregate
}

// Aggregate is an aggregate and what it is of.
type Aggregate struct {
	Type value.Type
	Args []Expr
	New  func() aggregate.State
	// Placed returns an error of a state with the place of the aggregate in the text.
	Placed func(error) error
}

// Key is a key of ORDER BY.
type Key struct {
	Expr
	Desc bool
}

// Build plans a SELECT. Errors of the text are *grammar.Error.
func Build(s *grammar.Statement, o Options) (*Query, error) {
	b := builder{s: s, o: o, env: function.Env{Now: o.Now}}
	if o.Strict && len(s.Extensions) > 0 {
		x := s.Extensions[0]
		return nil, s.Errorf(x.At, "%s", x.Text)
	}
	q, err := b.query(s.Select)
	if err != nil {
		return nil, err
	}
	return q.q, nil
}

// builder plans the queries of one statement.
type builder struct {
	s      *grammar.Statement
	o      Options
	env    function.Env
	tables []string // nil before they are asked for
	nodes  int      // of expressions with what aliases stand for
}

// RowTypes returns the types of the rows that SELECT and ORDER BY see.
func (q *Query) RowTypes() []value.Type {
	var types []value.Type
	switch {
	case q.Group != nil:
		for _, k := range q.Group.Keys {
			types = append(types, k.Type)
		}
		for _, a := range q.Group.Aggregates {
			types = append(types, a.Type)
		}
		return types
	case q.Source.Scan != nil:
		for _, f := range q.Source.Scan.Columns {
			types = append(types, fieldTypes[f.As])
		}
		return types
	}
	for _, c := range q.Source.columns {
		types = append(types, c.Type)
	}
	if q.Source.Numbered {
		types = append(types, value.Of(value.Int64))
	}
	return types
}

var fieldTypes = [...]value.Type{
	AsText: value.Of(value.String), AsNumber: value.Of(value.Float64), AsWeight: value.Of(value.Weight),
	AsTime: value.Of(value.DateTime), AsPlace: value.Of(value.Int64),
}
