package promql

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/VictoriaMetrics/metricsql"

	"edgescope/edge"
)

// meaning is what a function of counters means on totals of windows, where each sample is an increase.
type meaning struct {
	// function is the one that says it.
	function string
	// perSecond tells that its result is of one window and has to be divided by its length.
	perSecond bool
	// scales tells that the result grows with the range that is asked for.
	scales bool
}

// adds tells whether the result of several series added up is that of their sum.
func (m meaning) adds() bool { return m.function == rateFunction || m.function == "sum_over_time" }

var meanings = map[string]meaning{
	"rate":                {function: rateFunction},
	"rate_prometheus":     {function: rateFunction},
	"increase":            {function: "sum_over_time", scales: true},
	"increase_pure":       {function: "sum_over_time", scales: true},
	"increase_prometheus": {function: "sum_over_time", scales: true},
	"delta":               {function: "sum_over_time", scales: true},
	"delta_prometheus":    {function: "sum_over_time", scales: true},
	"irate":               {function: "last_over_time", perSecond: true},
	"ideriv":              {function: "last_over_time", perSecond: true},
	"idelta":              {function: "last_over_time"},
	"rollup_rate":         {function: "rollup", perSecond: true},
	"rollup_increase":     {function: "rollup"},
	"rollup_delta":        {function: "rollup"},
}

// rateFunction is the sum of the samples divided by the length of the range.
const rateFunction = "rate_over_sum"

// DefaultStep is the step of a question that names none.
const DefaultStep = 5 * time.Minute

// maxInfos bounds what is told of one question.
const maxInfos = 10

// Rewrite returns a MetricsQL text in which names are those that are stored, and functions of counters over our totals
// are those of totals, with what was changed, or could not be, in sentences for whoever asked. step is that of the
// question, DefaultStep for one at a single moment that names none. A text without any of that comes back as it is, and
// so does one that is wrong: the engine says why. Templates are put in: the text must not be one that doubles itself.
func Rewrite(text string, step time.Duration) (rewritten string, infos []string) {
	if !mayConcernTotals(text) && !mayHoldNames(text) {
		return text, nil
	}
	e, err := metricsql.Parse(text)
	if err != nil {
		return text, nil
	}
	r := &rewriter{step: max(step, time.Millisecond)}
	r.changed = renameAll(e, func(asked, stored string) {
		r.tell("%q is asked as %s: names are stored so", asked, stored)
	})
	e = r.expr(e)
	if !r.changed {
		return text, r.infos
	}
	return string(e.AppendString(nil)), r.infos
}

// mayHoldNames spares texts the parser that have no other names than those that are stored.
func mayHoldNames(text string) bool {
	return strings.ContainsAny(text, ".\\\"'`") || strings.IndexFunc(text, func(r rune) bool { return r >= utf8.RuneSelf }) >= 0
}

// mayConcernTotals spares most texts the parser.
func mayConcernTotals(text string) bool {
	text = strings.ToLower(text)
	has := func(word string) bool { return strings.Contains(text, word) }
	return has("rate") || has("increase") || has("delta") || has("deriv") || has("bucket") && has(labelLE)
}

type rewriter struct {
	step    time.Duration
	changed bool
	infos   []string
}

func (r *rewriter) tell(format string, args ...any) {
	info := fmt.Sprintf(format, args...)
	if len(r.infos) < maxInfos && !slices.Contains(r.infos, info) {
		r.infos = append(r.infos, info)
	}
}

// expr returns what stands for an expression.
func (r *rewriter) expr(e metricsql.Expr) metricsql.Expr {
	switch t := e.(type) {
	case *metricsql.FuncExpr:
		if m, ok := meanings[strings.ToLower(t.Name)]; ok && len(t.Args) > 0 {
			return r.counterFunction(t, m)
		}
		if strings.EqualFold(t.Name, "aggr_over_time") {
			r.aggregates(t)
		}
		r.args(t.Args)
	case *metricsql.AggrFuncExpr:
		r.args(t.Args)
		return r.aggregate(t)
	case *metricsql.BinaryOpExpr:
		t.Left, t.Right = r.expr(t.Left), r.expr(t.Right)
	case *metricsql.RollupExpr:
		t.Expr = r.expr(t.Expr)
		if t.At != nil {
			t.At = r.expr(t.At)
		}
	}
	return e
}

func (r *rewriter) args(args []metricsql.Expr) {
	for i := range args {
		args[i] = r.expr(args[i])
	}
}

// counterFunction returns what stands for rate(x[5m]) and its like.
func (r *rewriter) counterFunction(f *metricsql.FuncExpr, m meaning) metricsql.Expr {
	rollup, ok := f.Args[0].(*metricsql.RollupExpr)
	if !ok {
		rollup = &metricsql.RollupExpr{Expr: f.Args[0]}
	}
	selector, ok := rollup.Expr.(*metricsql.MetricExpr)
	if !ok {
		before := r.changed
		r.args(f.Args)
		if r.changed == before && findsTotals(rollup.Expr) {
			r.tell("%s of an expression over totals is left as it is, and counts wrong: put the function next to the metric, "+
				"as in sum(rate(%srequests[5m]))",
				f.Name, edge.FamilyService)
		}
		return f
	}
	if rollup.At != nil {
		rollup.At = r.expr(rollup.At)
	}
	asked := r.asked(rollup)
	switch reachOf(selector) {
	case onlyOthers:
		return f
	case both:
		r.tell("%s may find totals (%s..., %s...) beside counters, and is right for counters only: name the metric",
			f.AppendString(nil), edge.FamilyService, edge.FamilyColo)
		return f
	}
	if asked <= 0 {
		return f // the engine says why
	}
	was := string(f.AppendString(nil))
	counts := m.adds() && countsBuckets(selector)
	e := onTotals(f, m, rollup, times{asked, widthOf(selector)})
	if counts {
		e = parsedWith("sum(x) without("+edge.LabelVMRange+")", e)
	}
	r.changed = true
	r.tell("%s is asked as %s: what is stored are totals of windows, not counters", was, e.AppendString(nil))
	return e
}

// asked returns how long the range is that a function is asked over: without one it is the step.
func (r *rewriter) asked(rollup *metricsql.RollupExpr) time.Duration {
	if rollup.Window == nil {
		return r.step
	}
	ms := rollup.Window.Duration(r.step.Milliseconds())
	return time.Duration(min(ms, math.MaxInt64/int64(time.Millisecond))) * time.Millisecond
}

// times are the range that is asked for and the length of a window.
type times struct{ asked, width time.Duration }

// onTotals makes the function of totals. A range shorter than a window becomes one window: its total is shared out
// evenly.
func onTotals(f *metricsql.FuncExpr, m meaning, rollup *metricsql.RollupExpr, t times) metricsql.Expr {
	rollup.Step, rollup.InheritStep = nil, false // a subquery would look at some of the windows, or at some twice
	if rollup.Window == nil || t.asked < t.width {
		rollup.Window = duration(max(t.asked, t.width))
	}
	f.Name, f.Args[0] = m.function, rollup
	switch {
	case m.perSecond:
		return scaled(f, "/", t.width.Seconds())
	case m.scales && t.asked < t.width:
		return scaled(f, "*", t.asked.Seconds()/t.width.Seconds())
	}
	return f
}

// scaled multiplies or divides.
func scaled(f *metricsql.FuncExpr, op string, by float64) metricsql.Expr {
	number := parsed(strconv.FormatFloat(by, 'f', -1, 64))
	return &metricsql.BinaryOpExpr{Op: op, KeepMetricNames: f.KeepMetricNames, Left: f, Right: number}
}

func duration(d time.Duration) *metricsql.DurationExpr {
	return parsed("x[" + strconv.FormatInt(d.Milliseconds(), 10) + "ms]").(*metricsql.RollupExpr).Window
}

// parsed parses a text of ours.
func parsed(text string) metricsql.Expr {
	e, err := metricsql.Parse(text)
	if err != nil {
		panic("BUG: " + text + ": " + err.Error())
	}
	return e
}

// parsedWith parses an aggregate of ours over an expression.
func parsedWith(text string, arg metricsql.Expr) metricsql.Expr {
	a := parsed(text).(*metricsql.AggrFuncExpr)
	a.Args = []metricsql.Expr{arg}
	return a
}

// aggregates rewrites aggr_over_time("rate", x[5m]).
func (r *rewriter) aggregates(f *metricsql.FuncExpr) {
	if len(f.Args) != 2 {
		return
	}
	selector := selectorOf(f.Args[1])
	if selector == nil || reachOf(selector) == onlyOthers {
		return
	}
	metricsql.VisitAll(f.Args[0], func(e metricsql.Expr) {
		if name, ok := e.(*metricsql.StringExpr); ok && meanings[strings.ToLower(name.S)].function != "" {
			r.tell("%q in aggr_over_time over totals is left as it is, and counts wrong: ask for sum_over_time or rate_over_sum",
				name.S)
		}
	})
}

func selectorOf(e metricsql.Expr) *metricsql.MetricExpr {
	if rollup, ok := e.(*metricsql.RollupExpr); ok {
		e = rollup.Expr
	}
	selector, _ := e.(*metricsql.MetricExpr)
	return selector
}

// findsTotals tells whether an expression has a selector of our totals.
func findsTotals(e metricsql.Expr) bool {
	found := false
	metricsql.VisitAll(e, func(e metricsql.Expr) {
		if selector, ok := e.(*metricsql.MetricExpr); ok && reachOf(selector) == onlyTotals {
			found = true
		}
	})
	return found
}

// aggregate gives sum by (le) over buckets of ours, which have ranges (vmrange), the buckets that it asks for.
func (r *rewriter) aggregate(a *metricsql.AggrFuncExpr) metricsql.Expr {
	at := slices.Index(a.Modifier.Args, labelLE)
	if at < 0 || !strings.EqualFold(a.Modifier.Op, "by") || !ofBuckets(a.Args) {
		return a
	}
	was := string(a.AppendString(nil))
	a.Modifier.Args = slices.Delete(slices.Clone(a.Modifier.Args), at, at+1)
	if !slices.Contains(a.Modifier.Args, edge.LabelVMRange) {
		a.Modifier.Args = append(a.Modifier.Args, edge.LabelVMRange)
	}
	e := &metricsql.FuncExpr{Name: "prometheus_buckets", Args: []metricsql.Expr{a}}
	r.changed = true
	r.tell("%s is asked as %s: the buckets of totals are ranges", was, e.AppendString(nil))
	return e
}

const labelLE = "le"

// ofBuckets tells whether expressions are made of buckets of ours and of nothing else that has labels.
func ofBuckets(args []metricsql.Expr) bool {
	found, only := false, true
	for _, arg := range args {
		metricsql.VisitAll(arg, func(e metricsql.Expr) {
			if selector, ok := e.(*metricsql.MetricExpr); ok {
				found, only = true, only && isBuckets(selector)
			}
		})
	}
	return found && only
}
