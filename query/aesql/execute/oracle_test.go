package execute_test

import (
	"cmp"
	"fmt"
	"math"
	"math/big"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"edgescope/query/aesql/grammar"
)

// This is a second evaluator of SQL, which shares nothing with plan and exec but the parser. It is written from the
// definitions, for rows in memory, without types and without any thought of speed. Its values are text, float64, clock
// and []any.

// clock is a DateTime: Unix seconds.
type clock int64

// record is a row by names of columns.
type record map[string]any

// oracle evaluates expressions over one row, or over the rows of a group.
type oracle struct {
	now     time.Time
	aliases map[string]grammar.Expr
	row     record
	group   []record // nil outside of a group
}

// oracleRows returns what a SELECT answers over the rows, in order when it says one.
func oracleRows(s *grammar.Select, rows []record, now time.Time) (names []string, out [][]any) {
	if s.From.Select != nil {
		inner, values := oracleRows(s.From.Select, rows, now)
		rows = nil
		for _, v := range values {
			r := record{}
			for i, name := range inner {
				r[name] = v[i]
			}
			rows = append(rows, r)
		}
	}
	aliases := map[string]grammar.Expr{}
	grouped := len(s.GroupBy) > 0
	for _, item := range s.Items {
		name := item.Alias
		if name == "" {
			name = grammar.Name(item.Expr, nil)
		} else {
			aliases[name] = item.Expr
		}
		names = append(names, name)
		grouped = grouped || strings.Contains(grammar.Name(item.Expr, nil), "(") && sums(item.Expr)
	}
	var kept []record
	for _, r := range rows {
		o := oracle{now: now, aliases: aliases, row: r}
		if s.Where == nil || truth(o.eval(s.Where)) {
			kept = append(kept, r)
		}
	}
	var each []oracle
	if !grouped {
		for _, r := range kept {
			each = append(each, oracle{now: now, aliases: aliases, row: r})
		}
	} else {
		each = oracleGroups(s, kept, oracle{now: now, aliases: aliases})
	}
	type keyed struct{ values, keys []any }
	var all []keyed
	for _, o := range each {
		if s.Having != nil && !truth(o.eval(s.Having)) {
			continue
		}
		var k keyed
		for _, item := range s.Items {
			k.values = append(k.values, o.eval(item.Expr))
		}
		for _, key := range s.OrderBy {
			k.keys = append(k.keys, o.eval(key.Expr))
		}
		all = append(all, k)
	}
	slices.SortStableFunc(all, func(a, b keyed) int {
		for i, key := range s.OrderBy {
			if c := sorted(a.keys[i], b.keys[i], key.Desc); c != 0 {
				return c
			}
		}
		return 0
	})
	all = all[min(int(s.Offset), len(all)):]
	if s.Limit != nil {
		all = all[:min(int(*s.Limit), len(all))]
	}
	for _, k := range all {
		out = append(out, k.values)
	}
	return names, out
}

// sums tells whether an expression has an aggregate.
func sums(e grammar.Expr) bool {
	switch e := e.(type) {
	case *grammar.Call:
		if _, ok := aggregates[strings.ToLower(e.Name)]; ok {
			return true
		}
		return slices.ContainsFunc(e.Args, sums)
	case *grammar.Binary:
		return sums(e.Left) || sums(e.Right)
	case *grammar.Unary:
		return sums(e.X)
	}
	return false
}

func oracleGroups(s *grammar.Select, rows []record, o oracle) []oracle {
	var order []string
	groups := map[string][]record{}
	for _, r := range rows {
		var key strings.Builder
		for _, e := range s.GroupBy {
			one := o
			one.row = r
			v := same(one.eval(e))
			fmt.Fprintf(&key, "%T %v\x00", v, v)
		}
		name := key.String()
		if groups[name] == nil {
			order = append(order, name)
		}
		groups[name] = append(groups[name], r)
	}
	if len(s.GroupBy) == 0 {
		o.group, o.row = append([]record{}, rows...), record{}
		return []oracle{o}
	}
	var all []oracle
	for _, key := range order {
		one := o
		one.group, one.row = groups[key], groups[key][0]
		all = append(all, one)
	}
	return all
}

// same makes one value of 0 and -0.
func same(v any) any {
	if f, ok := v.(float64); ok && f == 0 {
		return 0.0
	}
	return v
}

func truth(v any) bool { return v.(float64) != 0 }

func number(b bool) any {
	if b {
		return 1.0
	}
	return 0.0
}

// compare orders two values of one kind; NaN is greater than all.
func compare(a, b any) int {
	switch x := a.(type) {
	case float64:
		y := b.(float64)
		if math.IsNaN(x) || math.IsNaN(y) {
			return cmp.Compare(number(math.IsNaN(x)).(float64), number(math.IsNaN(y)).(float64))
		}
		return cmp.Compare(x, y)
	case clock:
		return cmp.Compare(x, b.(clock))
	}
	return strings.Compare(a.(string), b.(string))
}

// sorted orders two values as ORDER BY does: NaN last in whichever direction.
func sorted(a, b any, desc bool) int {
	c := compare(a, b)
	x, isNumber := a.(float64)
	if !desc || isNumber && (math.IsNaN(x) || math.IsNaN(b.(float64))) {
		return c
	}
	return -c
}

func (o oracle) eval(e grammar.Expr) any {
	switch e := e.(type) {
	case *grammar.Literal:
		if e.Kind == grammar.String {
			return e.Text
		}
		f, err := strconv.ParseFloat(e.Text, 64)
		if err != nil {
			panic(err)
		}
		return f
	case *grammar.Column:
		if stands, ok := o.aliases[e.Name]; ok {
			without := o
			without.aliases = map[string]grammar.Expr{}
			for k, v := range o.aliases {
				if k != e.Name {
					without.aliases[k] = v
				}
			}
			return without.eval(stands)
		}
		v, ok := o.row[e.Name]
		if !ok {
			panic("no column " + e.Name)
		}
		return v
	case *grammar.Unary:
		if e.Op == grammar.Not {
			return number(!truth(o.eval(e.X)))
		}
		return -o.eval(e.X).(float64)
	case *grammar.Binary:
		return o.binary(e)
	case *grammar.Between:
		x := o.eval(e.X)
		return number((holds(x, ">=", o.eval(e.Low)) && holds(x, "<=", o.eval(e.High))) != e.Not)
	case *grammar.In:
		x, found := o.eval(e.X), false
		for _, y := range e.List {
			found = found || holds(x, "=", o.eval(y))
		}
		return number(found != e.Not)
	case *grammar.Call:
		return o.call(e)
	}
	panic(fmt.Sprintf("%T", e))
}

// holds tells whether a comparison is true; none is with NaN, but !=.
func holds(a any, op string, b any) bool {
	if x, ok := a.(float64); ok {
		if y := b.(float64); math.IsNaN(x) || math.IsNaN(y) {
			return op == "!="
		}
	}
	c := compare(a, b)
	switch op {
	case "=":
		return c == 0
	case "!=":
		return c != 0
	case "<":
		return c < 0
	case "<=":
		return c <= 0
	case ">":
		return c > 0
	}
	return c >= 0
}

// shape turns a pattern of LIKE into a regular expression.
func shape(pattern string) string {
	var b strings.Builder
	for _, r := range pattern {
		switch r {
		case '%':
			b.WriteString(".*")
		case '_':
			b.WriteString(".")
		default:
			b.WriteString(regexp.QuoteMeta(string(r)))
		}
	}
	return "^" + b.String() + "$"
}

func (o oracle) binary(e *grammar.Binary) any {
	a := o.eval(e.Left)
	switch e.Op {
	case grammar.And:
		return number(truth(a) && truth(o.eval(e.Right)))
	case grammar.Or:
		return number(truth(a) || truth(o.eval(e.Right)))
	}
	if i, ok := e.Right.(*grammar.Interval); ok {
		n := i.N
		if e.Op == grammar.Minus {
			n = -n
		}
		t := time.Unix(int64(a.(clock)), 0).UTC()
		switch i.Unit {
		case grammar.Month:
			panic("months are not asked for")
		case grammar.Day:
			t = t.AddDate(0, 0, int(n))
		case grammar.Hour:
			t = t.Add(time.Duration(n) * time.Hour)
		case grammar.Minute:
			t = t.Add(time.Duration(n) * time.Minute)
		default:
			t = t.Add(time.Duration(n) * time.Second)
		}
		return clock(t.Unix())
	}
	b := o.eval(e.Right)
	switch e.Op {
	case grammar.Like, grammar.NotLike:
		return number(regexp.MustCompile("(?s)"+shape(b.(string))).MatchString(a.(string)) == (e.Op == grammar.Like))
	case grammar.ILike, grammar.NotILike:
		return number(regexp.MustCompile("(?si)"+shape(b.(string))).MatchString(a.(string)) == (e.Op == grammar.ILike))
	case grammar.Plus:
		return a.(float64) + b.(float64)
	case grammar.Minus:
		return a.(float64) - b.(float64)
	case grammar.Times:
		return a.(float64) * b.(float64)
	case grammar.Divide:
		return a.(float64) / b.(float64)
	case grammar.Modulo:
		return math.Mod(a.(float64), b.(float64))
	}
	return number(holds(a, string(e.Op), b))
}

func (o oracle) call(e *grammar.Call) any {
	name := strings.ToLower(e.Name)
	if f, ok := aggregates[name]; ok {
		return f(o, e)
	}
	if name == "if" {
		if truth(o.eval(e.Args[0])) {
			return o.eval(e.Args[1])
		}
		return o.eval(e.Args[2])
	}
	if name == "now" {
		return clock(o.now.Unix())
	}
	x := o.eval(e.Args[0])
	arg := func(i int) any { return o.eval(e.Args[i]) }
	if t, ok := x.(clock); ok {
		return ofTime(name, time.Unix(int64(t), 0).UTC(), e, arg)
	}
	switch name {
	case "todatetime":
		return clock(x.(float64))
	case "intdiv":
		return math.Trunc(x.(float64) / arg(1).(float64))
	case "floor":
		return math.Floor(x.(float64))
	case "ceil":
		return math.Ceil(x.(float64))
	case "lower":
		return strings.ToLower(x.(string))
	case "upper":
		return strings.ToUpper(x.(string))
	case "length":
		return float64(len([]rune(x.(string))))
	case "empty":
		return number(x.(string) == "")
	case "startswith":
		return number(strings.HasPrefix(x.(string), arg(1).(string)))
	case "endswith":
		return number(strings.HasSuffix(x.(string), arg(1).(string)))
	case "substring":
		runes, from, n := []rune(x.(string)), int(arg(1).(float64))-1, int(arg(2).(float64))
		from = min(from, len(runes))
		return string(runes[from:min(from+n, len(runes))])
	}
	panic("no function " + name)
}

// ofTime evaluates functions of a time, by the calendar of package time.
func ofTime(name string, t time.Time, e *grammar.Call, arg func(int) any) any {
	day := time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC)
	cut := func(d time.Duration) any { return clock(day.Add(t.Sub(day).Truncate(d)).Unix()) }
	switch name {
	case "touint32", "tounixtimestamp":
		return float64(t.Unix())
	case "tostartofyear":
		return clock(time.Date(t.Year(), 1, 1, 0, 0, 0, 0, time.UTC).Unix())
	case "tostartofmonth":
		return clock(time.Date(t.Year(), t.Month(), 1, 0, 0, 0, 0, time.UTC).Unix())
	case "tostartofweek":
		return clock(day.AddDate(0, 0, -(int(t.Weekday())+6)%7).Unix())
	case "tostartofday":
		return clock(day.Unix())
	case "tostartofhour":
		return cut(time.Hour)
	case "tostartoffifteenminutes":
		return cut(15 * time.Minute)
	case "tostartoftenminutes":
		return cut(10 * time.Minute)
	case "tostartoffiveminutes":
		return cut(5 * time.Minute)
	case "tostartofminute":
		return cut(time.Minute)
	case "toyear":
		return float64(t.Year())
	case "tomonth":
		return float64(t.Month())
	case "todayofmonth":
		return float64(t.Day())
	case "todayofweek":
		return float64((int(t.Weekday())+6)%7 + 1)
	case "tohour":
		return float64(t.Hour())
	case "tominute":
		return float64(t.Minute())
	case "tosecond":
		return float64(t.Second())
	case "toyyyymm":
		return float64(t.Year()*100 + int(t.Month()))
	case "formatdatetime":
		return t.Format(map[string]string{"%Y-%m-%d": "2006-01-02", "%H:%M": "15:04"}[arg(1).(string)])
	case "tostartofinterval":
		i := e.Args[1].(*grammar.Interval)
		seconds := map[grammar.Unit]int64{
			grammar.Second: 1, grammar.Minute: 60, grammar.Hour: 3600, grammar.Day: 86400,
		}[i.Unit] * i.N
		return clock(t.Unix() / seconds * seconds)
	}
	panic("no function of time " + name)
}

// weighted is a value with its weight.
type weighted struct {
	value  any
	weight float64
}

// over evaluates arguments for each row of the group; an argument behind the values is a condition when there is one.
func (o oracle) over(args []grammar.Expr, condition grammar.Expr) (all [][]any) {
	for _, r := range o.group {
		one := oracle{now: o.now, aliases: o.aliases, row: r}
		if condition != nil && !truth(one.eval(condition)) {
			continue
		}
		var values []any
		for _, a := range args {
			values = append(values, one.eval(a))
		}
		all = append(all, values)
	}
	return all
}

// exactSum adds without rounding but the last.
func exactSum(rows [][]any) float64 {
	sum := new(big.Float).SetPrec(5000)
	special := 0.0
	for _, r := range rows {
		f := r[0].(float64)
		if math.IsNaN(f) || math.IsInf(f, 0) {
			special += f
			continue
		}
		sum.Add(sum, new(big.Float).SetFloat64(f))
	}
	if special != 0 {
		return special
	}
	f, _ := sum.Float64()
	return f
}

// aggregates are the aggregates that the evaluator knows.
var aggregates map[string]func(oracle, *grammar.Call) any

func init() { //nolint:gochecknoinits // it names itself
	aggregates = map[string]func(oracle, *grammar.Call) any{
		"count": func(o oracle, e *grammar.Call) any {
			if !e.Distinct {
				return float64(len(o.group))
			}
			seen := map[string]bool{}
			for _, r := range o.over(e.Args, nil) {
				seen[fmt.Sprint(same(r[0]))] = true
			}
			return float64(len(seen))
		},
		"countif": func(o oracle, e *grammar.Call) any { return float64(len(o.over(nil, e.Args[0]))) },
		"sum":     func(o oracle, e *grammar.Call) any { return exactSum(o.over(e.Args, nil)) },
		"sumif":   func(o oracle, e *grammar.Call) any { return exactSum(o.over(e.Args[:1], e.Args[1])) },
		"avg": func(o oracle, e *grammar.Call) any {
			rows := o.over(e.Args, nil)
			return exactSum(rows) / float64(len(rows))
		},
		"avgif": func(o oracle, e *grammar.Call) any {
			rows := o.over(e.Args[:1], e.Args[1])
			return exactSum(rows) / float64(len(rows))
		},
		"min": func(o oracle, e *grammar.Call) any { return best(o.over(e.Args, nil), 0, -1) },
		"max": func(o oracle, e *grammar.Call) any { return best(o.over(e.Args, nil), 0, 1) },
		"argmin": func(o oracle, e *grammar.Call) any {
			return best(o.over([]grammar.Expr{e.Args[1], e.Args[0]}, nil), 1, -1)
		},
		"argmax": func(o oracle, e *grammar.Call) any {
			return best(o.over([]grammar.Expr{e.Args[1], e.Args[0]}, nil), 1, 1)
		},
		"first_value": func(o oracle, e *grammar.Call) any {
			return best(o.over([]grammar.Expr{&grammar.Column{Name: "place"}, e.Args[0]}, nil), 1, -1)
		},
		"last_value": func(o oracle, e *grammar.Call) any {
			return best(o.over([]grammar.Expr{&grammar.Column{Name: "place"}, e.Args[0]}, nil), 1, 1)
		},
		"quantileexactweighted": func(o oracle, e *grammar.Call) any {
			return quantile(o.eval(e.Params[0]).(float64), o.over(e.Args, nil))
		},
		"topkweighted": func(o oracle, e *grammar.Call) any {
			return top(int(o.eval(e.Params[0]).(float64)), o.over(e.Args, nil))
		},
	}
}

// best returns the column of the row with the least (by -1) or greatest first value; of no rows what is nothing.
func best(rows [][]any, column, by int) any {
	if len(rows) == 0 {
		return nil
	}
	at := rows[0]
	for _, r := range rows[1:] {
		f, _ := at[0].(float64)
		if g, _ := r[0].(float64); math.IsNaN(f) != math.IsNaN(g) { // NaN only when there is nothing else
			if math.IsNaN(f) {
				at = r
			}
			continue
		}
		if compare(r[0], at[0])*by > 0 {
			at = r
		}
	}
	return at[column]
}

// quantile sorts values and adds their weights up until there is enough.
func quantile(q float64, rows [][]any) any {
	var all []weighted
	total := 0.0
	for _, r := range rows {
		w := math.RoundToEven(r[1].(float64))
		if w <= 0 {
			continue
		}
		all = append(all, weighted{r[0], w})
		total += w
	}
	if len(all) == 0 {
		return math.NaN()
	}
	slices.SortFunc(all, func(a, b weighted) int { return compare(a.value, b.value) })
	need, sum := math.Ceil(q*total), 0.0
	for _, v := range all {
		if sum += v.weight; sum >= need {
			return v.value
		}
	}
	return all[len(all)-1].value
}

// top returns the n values of the greatest weights; of equal ones the least value comes first.
func top(n int, rows [][]any) any {
	sums := map[any]float64{}
	for _, r := range rows {
		sums[r[0]] += math.RoundToEven(r[1].(float64))
	}
	var all []weighted
	for v, w := range sums {
		all = append(all, weighted{v, w})
	}
	slices.SortFunc(all, func(a, b weighted) int {
		if c := cmp.Compare(b.weight, a.weight); c != 0 {
			return c
		}
		return compare(a.value, b.value)
	})
	var out []any
	for _, v := range all[:min(n, len(all))] {
		out = append(out, v.value)
	}
	return out
}
