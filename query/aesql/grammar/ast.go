// Package grammar reads the SQL of Analytics Engine: SELECT and SHOW, as Cloudflare documents them, and what ClickHouse's
// clients write beyond that. It knows the grammar alone: names of columns, tables and functions are kept as they are
// written.
package grammar

import "slices"

// Statement is one statement of a text.
type Statement struct {
	// Text is what was parsed; positions of nodes are byte offsets in it.
	Text string
	// Show is what a SHOW statement asks for, 0 for a SELECT.
	Show Show
	// Select is nil for a SHOW statement.
	Select *Select
	// Format is the name behind FORMAT as it is written, nil without one.
	Format *Format
	// Extensions are what the text has that Cloudflare's grammar has not, in the order of the text.
	Extensions []Extension
}

// Show is what a SHOW statement asks for.
type Show int

// What SHOW shows.
const (
	ShowTables Show = iota + 1
	ShowTimezones
	ShowTimezone
)

// Format is the clause FORMAT.
type Format struct {
	At   int
	Name string
}

// Extension is a use of grammar that Cloudflare does not have.
type Extension struct {
	At int
	// Text says what it is, and what Cloudflare takes in its place where there is something.
	Text string
}

// Select is a SELECT with its clauses; those that are absent are nil.
type Select struct {
	At      int
	Items   []Item
	From    *Source
	Where   Expr
	GroupBy []Expr // also of SELECT DISTINCT: its items
	Having  Expr
	OrderBy []Order
	// Limit is nil without a limit and for LIMIT ALL.
	Limit  *uint64
	Offset uint64
}

// Item is one column of the answer.
type Item struct {
	Expr Expr
	// Alias is "" without one.
	Alias string
}

// Source is where rows come from: a table or a subquery.
type Source struct {
	At int
	// Table is the name as it is written, "database.table" with a database; "" for a subquery.
	Table string
	// Select is nil for a table.
	Select *Select
	// Alias is "" without one.
	Alias string
}

// Order is one key of ORDER BY.
type Order struct {
	Expr Expr
	Desc bool
}

// Expr is a node of an expression: *Literal, *Interval, *Column, *Star, *Unary, *Binary, *Between, *In, *IsNull, *Call or
// *Lambda.
type Expr interface {
	// Pos is the byte offset in the statement's text where an error in the node is told.
	Pos() int
}

// Kind is what a literal is.
type Kind int

// Kinds of literals.
const (
	Number Kind = iota + 1 // Text as it is written, unsigned: digits, a fraction, an exponent; or nan, or inf
	String                 // Text without quotes and escapes
	Bool                   // Text is true or false
	Null
)

// Literal is a constant.
type Literal struct {
	At   int
	Kind Kind
	Text string
}

// Interval is INTERVAL 'N' UNIT.
type Interval struct {
	At   int
	N    int64
	Unit Unit
}

// Unit is a unit of an interval.
type Unit int

// Units of intervals; those before Second, Quarter and Week are not Cloudflare's.
const (
	Millisecond Unit = iota + 1
	Second
	Minute
	Hour
	Day
	Week
	Month
	Quarter
	Year
)

// Column is a name in an expression: a column or an alias. A name of several parts is joined by dots.
type Column struct {
	At     int
	Name   string
	Quoted bool // in " or `, in part at least
}

// Star is * in a list of items or as an argument.
type Star struct{ At int }

// Op is an operator.
type Op string

// Operators, spelt as they are printed.
const (
	Or           Op = "OR"
	And          Op = "AND"
	Not          Op = "NOT" // unary
	Equal        Op = "="
	NotEqual     Op = "!="
	Less         Op = "<"
	LessEqual    Op = "<="
	Greater      Op = ">"
	GreaterEqual Op = ">="
	Like         Op = "LIKE"
	NotLike      Op = "NOT LIKE"
	ILike        Op = "ILIKE"
	NotILike     Op = "NOT ILIKE"
	Plus         Op = "+"
	Minus        Op = "-" // also unary
	Times        Op = "*"
	Divide       Op = "/"
	Modulo       Op = "%"
)

// Unary is Not or Minus before an expression.
type Unary struct {
	At int
	Op Op
	X  Expr
}

// Binary is an operator between two expressions; At is that of the operator.
type Binary struct {
	At          int
	Op          Op
	Left, Right Expr
}

// Between is X [NOT] BETWEEN Low AND High.
type Between struct {
	At           int
	Not          bool
	X, Low, High Expr
}

// In is X [NOT] IN (List...).
type In struct {
	At   int
	Not  bool
	X    Expr
	List []Expr
}

// IsNull is X IS [NOT] NULL.
type IsNull struct {
	At  int
	Not bool
	X   Expr
}

// Call is a function call. Special forms are calls too: extract(HOUR FROM t) is toHour(t), position(a IN b) is
// position(b, a), (a, b) is tuple(a, b), [a, b] is array(a, b) and a.1 is tupleElement(a, 1).
type Call struct {
	At   int
	Name string // as it is written
	// Params are those of f(params)(args), nil without the first pair of parentheses.
	Params   []Expr
	Distinct bool
	Args     []Expr
}

// Lambda is x -> body or (x, y) -> body, an argument of functions over arrays.
type Lambda struct {
	At     int
	Params []string
	Body   Expr
}

// Pos returns where the literal begins.
func (e *Literal) Pos() int { return e.At }

// Pos returns where INTERVAL stands.
func (e *Interval) Pos() int { return e.At }

// Pos returns where the name begins.
func (e *Column) Pos() int { return e.At }

// Pos returns where the star is.
func (e *Star) Pos() int { return e.At }

// Pos returns where the operator is.
func (e *Unary) Pos() int { return e.At }

// Pos returns where the operator is.
func (e *Binary) Pos() int { return e.At }

// Pos returns where BETWEEN stands.
func (e *Between) Pos() int { return e.At }

// Pos returns where IN stands.
func (e *In) Pos() int { return e.At }

// Pos returns where IS stands.
func (e *IsNull) Pos() int { return e.At }

// Pos returns where the name of the function begins.
func (e *Call) Pos() int { return e.At }

// Pos returns where the parameters begin.
func (e *Lambda) Pos() int { return e.At }

// Parts are the expressions that an expression is made of.
func Parts(e Expr) []Expr {
	switch e := e.(type) {
	case *Call:
		return slices.Concat(e.Params, e.Args)
	case *Unary:
		return []Expr{e.X}
	case *IsNull:
		return []Expr{e.X}
	case *Binary:
		return []Expr{e.Left, e.Right}
	case *Between:
		return []Expr{e.X, e.Low, e.High}
	case *In:
		return append([]Expr{e.X}, e.List...)
	case *Lambda:
		return []Expr{e.Body}
	default:
		return nil
	}
}
