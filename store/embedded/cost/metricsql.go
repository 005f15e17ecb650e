package cost

import (
	"fmt"
	"strings"
	"time"

	"github.com/VictoriaMetrics/metricsql"

	"edgescope/store"
)

// Bounds of a MetricsQL text.
const (
	// maxNodes bounds the operands, functions and selectors, and maxArgs the arguments of one function.
	maxNodes = 2000
	maxArgs  = 200
	// maxWork bounds the samples that one function looks at in one series, which it does without a look at the
	// deadline: about two seconds. Functions that sort their window count as sortWork samples for each.
	maxWork  = 2_000_000_000
	sortWork = 20
	// sampleEvery is how far apart samples are taken to be.
	sampleEvery = 10 * time.Second
	// likelySeries is how many series a selector is taken to find; the engine counts those that it does find, and
	// refuses.
	likelySeries = 200
	// maxLabelParts and maxLabelBytes bound a label value that label functions make: so many times a stored one, and so
	// many bytes.
	maxLabelParts = 256
	maxLabelBytes = 64 << 10
)

// Points are when a MetricsQL text is evaluated: From to To every Step. With From equal to To it is once.
type Points struct {
	From, To time.Time
	Step     time.Duration
}

func (p Points) count() int64 {
	if p.Step <= 0 || !p.From.Before(p.To) {
		return 1
	}
	return int64(p.To.Sub(p.From)/p.Step) + 1
}

// MetricsQL is what is known of the cost of a text.
type MetricsQL struct {
	// Text is the size of the text after its templates have been put in, in bytes.
	Text int64
	// Values is the size of the values that it makes itself, without the store, and State of those that it is likely to
	// find, in bytes.
	Values, State int64
}

// OfMetricsQL returns the cost of a text. It fails with store.ErrTooMuch and store.ErrBadQuery.
func OfMetricsQL(text string, p Points) (MetricsQL, error) {
	size, err := Expanded(text)
	if err != nil {
		return MetricsQL{}, err
	}
	e, err := metricsql.Parse(text)
	if err != nil {
		return MetricsQL{}, fmt.Errorf("%w: %w", store.ErrBadQuery, err)
	}
	v := &values{step: max(p.Step, time.Millisecond), cost: MetricsQL{Text: size}}
	v.expr(e, p.count())
	return v.cost, v.err
}

// values adds up the values that an expression needs.
type values struct {
	step  time.Duration
	nodes int
	cost  MetricsQL
	err   error
}

const valueBytes = 16 // a value and its time

// expr adds an expression that is evaluated at so many points, and returns how long its labels get. Fields of parts are
// label names.
func (v *values) expr(e metricsql.Expr, points int64) map[string]form {
	if v.nodes++; v.nodes > maxNodes && v.err == nil {
		v.err = fmt.Errorf("%w: more than %d operands and functions", store.ErrTooMuch, maxNodes)
	}
	if v.err != nil {
		return nil
	}
	switch t := e.(type) {
	case *metricsql.MetricExpr:
		v.cost.State += likelySeries * (points*valueBytes + 1000)
	case *metricsql.RollupExpr:
		return v.rollup(t, "", points)
	case *metricsql.FuncExpr:
		return v.function(t, points)
	case *metricsql.AggrFuncExpr:
		return v.all(t.Args, points)
	case *metricsql.BinaryOpExpr:
		return v.all([]metricsql.Expr{t.Left, t.Right}, points)
	default:
		v.cost.Values += points * valueBytes
	}
	return nil
}

// all adds expressions, and returns the longest labels of them.
func (v *values) all(args []metricsql.Expr, points int64) map[string]form {
	if len(args) > maxArgs && v.err == nil {
		v.err = fmt.Errorf("%w: %d arguments of one function: at most %d are taken", store.ErrTooMuch, len(args),
			maxArgs)
	}
	longest := map[string]form{}
	for _, arg := range args {
		for label, f := range v.expr(arg, points) {
			longest[label] = longest[label].or(f)
		}
	}
	return longest
}

func (v *values) function(f *metricsql.FuncExpr, points int64) map[string]form {
	name := strings.ToLower(f.Name)
	if i := metricsql.GetRollupArgIdx(f); metricsql.IsRollupFunc(name) && i < len(f.Args) {
		if r, ok := f.Args[i].(*metricsql.RollupExpr); ok {
			v.all(f.Args[:i], 1)
			return v.rollup(r, name, points)
		}
	}
	if len(f.Args) == 0 {
		v.cost.Values += points * valueBytes
	}
	labels := v.all(f.Args, points)
	v.labels(name, f.Args, labels)
	return labels
}

// rollup adds a window, or a subquery, over which a function goes at each point.
func (v *values) rollup(r *metricsql.RollupExpr, function string, points int64) map[string]form {
	window := v.milliseconds(r.Window)
	every := sampleEvery
	inner := points
	if r.Step != nil || r.InheritStep {
		every = v.step
		if r.Step != nil {
			every = max(v.milliseconds(r.Step), time.Millisecond)
		}
		inner = int64((window + time.Duration(points)*v.step) / every)
	}
	if r.At != nil {
		v.expr(r.At, 1)
	}
	work := float64(points) * float64(window/every)
	if sorts[function] {
		work *= sortWork
	}
	if work > maxWork && v.err == nil {
		v.err = fmt.Errorf("%w: %d points, each over %d samples: give a longer step or a shorter window",
			store.ErrTooMuch, points, window/every)
	}
	return v.expr(r.Expr, inner)
}

// sorts are the functions that sort the window of each point, or count its values.
var sorts = map[string]bool{
	"quantile_over_time": true, "quantiles_over_time": true, "median_over_time": true, "mad_over_time": true,
	"iqr_over_time":         true,
	"outlier_iqr_over_time": true, "mode_over_time": true, "distinct_over_time": true, "count_values_over_time": true,
	"histogram_over_time": true, "hoeffding_bound_lower": true, "hoeffding_bound_upper": true, "aggr_over_time": true,
	"rollup_candlestick": true, "double_exponential_smoothing": true, "holt_winters": true, "duration_over_time": true,
}

func (v *values) milliseconds(d *metricsql.DurationExpr) time.Duration {
	if d == nil {
		return 0
	}
	const most = 100 * 365 * 24 * time.Hour
	ms := d.Duration(v.step.Milliseconds())
	return time.Duration(min(max(ms, 0), most.Milliseconds())) * time.Millisecond
}

// labels follows functions that make label values of label values.
func (v *values) labels(function string, args []metricsql.Expr, made map[string]form) {
	text := func(i int) string {
		if i < len(args) {
			if s, ok := args[i].(*metricsql.StringExpr); ok {
				return s.S
			}
		}
		return ""
	}
	of := func(label string) form {
		if f, ok := made[label]; ok {
			return f
		}
		return part(label)
	}
	target := text(1)
	switch function {
	case "label_join":
		var f form
		for i := 3; i < len(args); i++ {
			f = f.plus(of(text(i))).plus(form{bytes: float64(len(text(2)))})
		}
		made[target] = f
	case "label_replace":
		made[target] = of(target).or(of(text(3)).times(float64(strings.Count(text(2),
			"$"))).plus(form{bytes: float64(len(text(2)))}))
	case "label_transform":
		// What matches nothing is replaced between any two characters.
		made[target] = of(target).times(1 + float64(len(text(3)))).plus(form{bytes: float64(len(text(3)))})
	case "label_copy", "label_move":
		for i := 1; i+1 < len(args); i += 2 {
			made[text(i+1)] = of(text(i))
		}
	default:
		return
	}
	for label, f := range made {
		if (f.most() > maxLabelParts || f.bytes > maxLabelBytes) && v.err == nil {
			v.err = fmt.Errorf("%w: the label %q gets too long: %s is put into itself too often", store.ErrTooMuch,
				label, function)
		}
	}
}
