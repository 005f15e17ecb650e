package plan

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"edgescope/query/aesql/grammar"
	"edgescope/query/aesql/value"
	"edgescope/query/filter"
)

// Stats lets the store group: it answers parts of groups, which are put together. Keys of a part are those of a row that
// has the time and the text columns of the part, and nothing else.
//
// It is not always right: where a row of the scan meets Doubt, or a sum is not finite or little beside what it is of,
// only a scan is.
type Stats struct {
	// Pipes is the LogsQL text behind the filter of the scan. Each part has the number of its rows in the field Rows.
	Pipes string
	// Doubt is a LogsQL filter for numbers that the store does not add up, "" if all are.
	Doubt string
	// Results say how each aggregate is made of the fields of its parts.
	Results []Result
}

// FieldRows is the field with the number of rows of a part.
const FieldRows = "rows"

// Result says how an aggregate is made. Fields of the store are named here; what is "" is not needed.
type Result struct {
	How How
	// Sum is the field of a sum, and Size of the sum of magnitudes; Rows of the number of rows that it is of.
	Sum, Size, Rows string
	// Least or greatest value, or number of different ones; Present is the number of rows that have one.
	Value, Present string
}

// How an aggregate is made of its parts.
type How uint8

// Ways to make an aggregate.
const (
	ByRows  How = iota // the number of rows
	BySum              // the sum
	ByMean             // the sum, divided by the number of rows
	ByLeast            // the least value, 0 for rows that have none
	ByGreatest
	ByDifferent // the number of different texts, with the empty one; of one part only
)

// leastCell is the shortest part of time in seconds that the store groups by: shorter ones are as many as rows.
const leastCell = 10

// statsText collects the pipes of a Stats.
type statsText struct {
	*selection
	by, maths, sums []string
	numbers         []string       // columns that are added up
	fields          map[string]int // of the store, by what they are made of
	results         []Result
}

// stats returns how the store can group, nil if it can't say all of the question. The filter of the scan says all of
// WHERE.
func (s *selection) stats() *Stats {
	t := &statsText{selection: s, fields: map[string]int{}, sums: []string{"count() as " + FieldRows}}
	if !t.keys() {
		return nil
	}
	for i, c := range s.group.asked {
		if !t.aggregate(c, s.q.Group.Aggregates[i].Type) {
			return nil
		}
	}
	out := &Stats{Results: t.results}
	if len(t.maths) > 0 {
		out.Pipes = " | math " + strings.Join(t.maths, ", ")
	}
	out.Pipes += " | stats by (" + strings.Join(t.by, ", ") + ") " + strings.Join(t.sums, ", ")
	if len(out.Pipes) > maxFilter {
		return nil
	}
	doubts := make([]string, len(t.numbers))
	for i, name := range t.numbers {
		doubts[i] = filter.In(name, []string{"NaN", "Infinity", "-Infinity"})
	}
	if out.Doubt = strings.Join(doubts, " or "); len(doubts) > 1 {
		out.Doubt = "(" + out.Doubt + ")"
	}
	return out
}

// keys groups by text columns and by the longest part of time in which all other keys stay the same.
func (t *statsText) keys() bool {
	width := int64(0)
	for _, e := range t.group.exprs {
		if name, ok := t.textColumn(e); ok {
			t.by = append(t.by, filter.Quote(name))
			continue
		}
		w := t.cell(e)
		if w < leastCell {
			return false
		}
		width = gcd(width, w)
	}
	if width > 0 {
		t.by = append(t.by, fmt.Sprintf("_time:%ds", width))
	}
	return width == 0 || width >= leastCell
}

func gcd(a, b int64) int64 {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

const day = 86400

// cells are the seconds in which functions of the time stay the same, in UTC.
var cells = map[string]int64{
	"tostartofminute": 60, "tostartoffiveminutes": 300, "tostartoftenminutes": 600, "tostartoffifteenminutes": 900,
	"tostartofhour": 3600, "tostartofday": day, "tostartofweek": day, "tostartofmonth": day, "tostartofyear": day,
	"todate": day, "toyear": day, "tomonth": day, "todayofmonth": day, "todayofweek": day, "toyyyymm": day,
	"tohour": 3600, "tominute": 60,
}

// cell returns the seconds since 1970, in parts of which an expression of the time stays the same; 0 for an expression
// that is of something else too, or of nothing.
func (s *selection) cell(e grammar.Expr) int64 {
	switch e := e.(type) {
	case *grammar.Column:
		if e.Name == columnTime {
			return 1
		}
		return 0
	case *grammar.Call:
		if w := s.cellOfCall(e); w > 0 {
			return w
		}
	}
	width := int64(0)
	for _, p := range grammar.Parts(e) {
		w := s.cell(p)
		if w == 0 && !s.constant(p) && !isInterval(p) {
			return 0
		}
		width = gcd(width, w)
	}
	return width
}

func (s *selection) cellOfCall(e *grammar.Call) int64 {
	name := strings.ToLower(e.Name)
	switch {
	case len(e.Args) == 1 && isTime(e.Args[0]):
		return cells[name]
	case len(e.Args) != 2:
		return 0
	case name == "tostartofinterval" && isTime(e.Args[0]):
		if i, ok := e.Args[1].(*grammar.Interval); ok && i.N > 0 && i.N < day {
			return units[i.Unit.String()] * i.N
		}
	case name == "intdiv" && s.isSeconds(e.Args[0]):
		if n := s.positive(e.Args[1]); n >= 1 && n < seconds && n == math.Trunc(n) {
			return int64(n)
		}
	}
	return 0
}

// units are the seconds of units whose multiples count from 1970.
var units = map[string]int64{"SECOND": 1, "MINUTE": 60, "HOUR": 3600, "DAY": day}

func isTime(e grammar.Expr) bool {
	c, ok := e.(*grammar.Column)
	return ok && c.Name == columnTime
}

func isInterval(e grammar.Expr) bool {
	_, ok := e.(*grammar.Interval)
	return ok
}

// isSeconds tells whether an expression is the time in Unix seconds.
func (s *selection) isSeconds(e grammar.Expr) bool {
	c, ok := e.(*grammar.Call)
	if !ok || len(c.Args) != 1 || !isTime(c.Args[0]) {
		return false
	}
	switch strings.ToLower(c.Name) {
	case "touint32", "touint64", "toint64", "tounixtimestamp":
		return true
	}
	return false
}

// aggregate adds what an aggregate is made of.
func (t *statsText) aggregate(c *grammar.Call, of value.Type) bool {
	name, args, condition := strings.ToLower(c.Name), c.Args, ""
	if kind, ok := strings.CutSuffix(name, "if"); ok && len(args) > 0 {
		f, ok := t.filter(args[len(args)-1], 0)
		if !ok || !f.exact {
			return false
		}
		name, condition, args = kind, " if ("+f.text+")", args[:len(args)-1]
	}
	switch {
	case c.Params != nil || len(args) > 1:
		return false
	case len(args) == 0:
		t.result(Result{How: ByRows, Rows: t.field("count()" + condition)})
		return name == "count"
	case c.Distinct:
		return name == "count" && condition == "" && t.different(args[0])
	}
	switch name {
	case "sum", "avg":
		return of.Floating() && t.sum(name, args[0], condition)
	case "min", "max":
		return condition == "" && t.extreme(name, args[0])
	}
	return false
}

func (t *statsText) result(r Result) { t.results = append(t.results, r) }

// field returns the name of the field with a stats function.
func (t *statsText) field(text string) string {
	if text == "count()" {
		return FieldRows
	}
	i, ok := t.fields[text]
	if !ok {
		i = len(t.fields)
		t.fields[text] = i
		t.sums = append(t.sums, fmt.Sprintf("%s as f%d", text, i))
	}
	return "f" + strconv.Itoa(i)
}

// math returns the name of the field with an expression of numbers. The engine adds numbers up that stand in a field as
// they were sent only in some of their spellings; what math has made of them it adds up always.
func (t *statsText) math(text string) string {
	i, ok := t.fields[text]
	if !ok {
		i = len(t.fields)
		t.fields[text] = i
		t.maths = append(t.maths, fmt.Sprintf("%s as f%d", text, i))
	}
	return "f" + strconv.Itoa(i)
}

func (t *statsText) sum(name string, e grammar.Expr, condition string) bool {
	text, ok := t.arithmetic(e, 0)
	if !ok {
		return false
	}
	r := Result{How: BySum, Sum: t.field("sum(" + t.math(text) + ")" + condition)}
	if c, ok := e.(*grammar.Column); !ok || c.Name != columnWeight { // sample intervals are never negative
		r.Size = t.field("sum(" + t.math("abs("+text+")") + ")" + condition)
	}
	if name == "avg" {
		r.How, r.Rows = ByMean, t.field("count()"+condition)
	}
	t.result(r)
	return true
}

// arithmetic writes sums and products of numbers for the pipe math.
func (t *statsText) arithmetic(e grammar.Expr, depth int) (string, bool) {
	if depth > maxNesting {
		return "", false
	}
	if x, err := t.fixed().bind(e); err == nil && x.Const != nil {
		return literal(x)
	}
	switch e := e.(type) {
	case *grammar.Column:
		name, absent, ok := t.numeric(e)
		t.number(name)
		return fmt.Sprintf("(%s default %v)", filter.Quote(name), absent), ok
	case *grammar.Binary:
		return t.operation(e, depth+1)
	default:
		return "", false
	}
}

func (t *statsText) operation(e *grammar.Binary, depth int) (string, bool) {
	left, ok := t.arithmetic(e.Left, depth)
	if !ok {
		return "", false
	}
	right, ok := t.arithmetic(e.Right, depth)
	switch e.Op {
	case grammar.Plus, grammar.Minus, grammar.Times:
		return "(" + left + " " + string(e.Op) + " " + right + ")", ok
	case grammar.Divide:
		return "(" + left + " / " + right + ")", ok && t.positive(e.Right) > 0
	default:
		return "", false
	}
}

// literal writes a number of a size that has the same digits everywhere.
func literal(x Expr) (string, bool) {
	if !x.Type.Numeric() || x.Const.Null {
		return "", false
	}
	n := x.Type.Number(*x.Const)
	if size := math.Abs(n); size != 0 && (size < 1e-6 || size > 1e15) || n != n {
		return "", false
	}
	text := strconv.FormatFloat(n, 'f', -1, 64)
	if n < 0 {
		text = "(0 - " + text[1:] + ")"
	}
	return text, true
}

func (t *statsText) number(name string) {
	if !slices.Contains(t.numbers, name) {
		t.numbers = append(t.numbers, name)
	}
}

func (t *statsText) extreme(name string, e grammar.Expr) bool {
	column, absent, ok := t.numeric(e)
	if !ok || absent != 0 {
		return false
	}
	t.number(column)
	column = filter.Quote(column)
	r := Result{
		How: ByLeast, Value: t.field(name + "(" + column + ") if (" + column + ":*)"), // else the least is what is absent
		Present: t.field("count(" + column + ")"),
	}
	if name == "max" {
		r.How = ByGreatest
	}
	t.result(r)
	return true
}

func (t *statsText) different(e grammar.Expr) bool {
	name, ok := t.textColumn(e)
	if !ok {
		return false
	}
	name = filter.Quote(name)
	t.result(Result{
		How: ByDifferent, Value: t.field("count_uniq(" + name + ")"), Present: t.field("count(" + name + ")"),
	})
	return true
}
