package promql

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/VictoriaMetrics/metricsql"

	"edgescope/edge"
)

// node is an expression as Prometheus' API has it (web/api/v1, translateAST). Its type is the member type.
type node map[string]any

// parseQuery serves /api/v1/parse_query: the text as a tree. It is that of MetricsQL's parser, which has put templates
// in, computed what is constant, and left out brackets. What Prometheus has no node for becomes the nearest: a selector
// with alternatives becomes or, an offset of an expression a subquery without a range.
func (h *handler) parseQuery(w http.ResponseWriter, q *question) error {
	_, e, err := h.text(q)
	if err != nil {
		return err
	}
	return writeData(w, tree(e))
}

func tree(e metricsql.Expr) node {
	switch t := e.(type) {
	case *metricsql.MetricExpr:
		return selectorNode(t)
	case *metricsql.RollupExpr:
		return rollupNode(t)
	case *metricsql.FuncExpr:
		return callNode(t)
	case *metricsql.AggrFuncExpr:
		return aggregationNode(t)
	case *metricsql.BinaryOpExpr:
		return binaryNode(t)
	case *metricsql.StringExpr:
		return node{"type": "stringLiteral", "val": t.S}
	case *metricsql.DurationExpr:
		seconds := float64(t.Duration(DefaultStep.Milliseconds())) / 1e3
		return node{"type": "numberLiteral", "val": strconv.FormatFloat(seconds, 'g', -1, 64)}
	default:
		return node{"type": "numberLiteral", "val": string(e.AppendString(nil))}
	}
}

func selectorNode(m *metricsql.MetricExpr) node {
	all := node{"type": "vectorSelector", "name": "", "matchers": []node{}, "offset": 0, "timestamp": nil, "startOrEnd": nil}
	for i, filters := range m.LabelFilterss {
		name, matchers := "", []node{}
		for _, f := range filters {
			if f.Label == edge.LabelName && !f.IsNegative && !f.IsRegexp {
				name = f.Value
			}
			matchers = append(matchers, node{"type": operatorOf(f), "name": f.Label, "value": f.Value})
		}
		one := node{
			"type": "vectorSelector", "name": name, "matchers": matchers, "offset": 0, "timestamp": nil, "startOrEnd": nil,
		}
		if i == 0 {
			all = one
			continue
		}
		all = node{"type": "binaryExpr", "op": "or", "bool": false, "lhs": all, "rhs": one, "matching": matching("many-to-many")}
	}
	return all
}

func operatorOf(f metricsql.LabelFilter) string {
	return map[[2]bool]string{
		{false, false}: "=", {true, false}: "!=", {false, true}: "=~", {true, true}: "!~",
	}[[2]bool{f.IsNegative, f.IsRegexp}]
}

func rollupNode(r *metricsql.RollupExpr) node {
	step := DefaultStep.Milliseconds()
	inner := tree(r.Expr)
	kind := "subquery"
	if inner["type"] == "vectorSelector" && r.Step == nil && !r.InheritStep {
		kind = "vectorSelector"
		if r.Window != nil {
			kind = "matrixSelector"
		}
	}
	n := node{"type": kind, "timestamp": nil, "startOrEnd": nil, "offset": milliseconds(r.Offset, step)}
	switch at := r.At.(type) {
	case *metricsql.NumberExpr:
		n["timestamp"] = int64(at.N * 1e3)
	case *metricsql.FuncExpr:
		n["startOrEnd"] = at.Name
	}
	if kind == "subquery" {
		n["expr"], n["step"] = inner, milliseconds(r.Step, step)
	} else {
		n["name"], n["matchers"] = inner["name"], inner["matchers"]
	}
	if kind != "vectorSelector" {
		n["range"] = milliseconds(r.Window, step)
	}
	return n
}

func milliseconds(d *metricsql.DurationExpr, step int64) int64 {
	if d == nil {
		return 0
	}
	return d.Duration(step)
}

func callNode(f *metricsql.FuncExpr) node {
	args, types := []node{}, []string{}
	for _, arg := range f.Args {
		n := tree(arg)
		args, types = append(args, n), append(types, typeOf(n))
	}
	returns := "vector"
	if slices.Contains([]string{"time", "scalar", "pi", "now", "start", "end", "step"}, strings.ToLower(f.Name)) {
		returns = "scalar"
	}
	return node{"type": "call", "args": args, "func": node{
		"name": f.Name, "argTypes": types, "variadic": 0, "returnType": returns,
	}}
}

// typeOf is the type of value that a node has.
func typeOf(n node) string {
	switch n["type"] {
	case "matrixSelector", "subquery":
		return "matrix"
	case "numberLiteral":
		return "scalar"
	case "stringLiteral":
		return "string"
	case "call":
		return n["func"].(node)["returnType"].(string)
	case "binaryExpr":
		if typeOf(n["lhs"].(node)) == "scalar" && typeOf(n["rhs"].(node)) == "scalar" {
			return "scalar"
		}
	}
	return "vector"
}

func aggregationNode(a *metricsql.AggrFuncExpr) node {
	n := node{
		"type": "aggregation", "op": strings.ToLower(a.Name), "param": nil, "expr": nil,
		"grouping": append([]string{}, a.Modifier.Args...), "without": strings.EqualFold(a.Modifier.Op, "without"),
	}
	if len(a.Args) > 1 {
		n["param"] = tree(a.Args[0])
	}
	if len(a.Args) > 0 {
		n["expr"] = tree(a.Args[len(a.Args)-1])
	}
	return n
}

func matching(card string) node {
	return node{"card": card, "labels": []string{}, "on": false, "include": []string{}}
}

func binaryNode(b *metricsql.BinaryOpExpr) node {
	n := node{
		"type": "binaryExpr", "op": strings.ToLower(b.Op), "bool": b.Bool, "matching": nil, "lhs": tree(b.Left),
		"rhs": tree(b.Right),
	}
	if typeOf(n["lhs"].(node)) == "scalar" || typeOf(n["rhs"].(node)) == "scalar" {
		return n
	}
	m := matching("one-to-one")
	switch join := strings.ToLower(b.JoinModifier.Op); {
	case join == "group_left":
		m["card"] = "many-to-one"
	case join == "group_right":
		m["card"] = "one-to-many"
	case slices.Contains([]string{"and", "or", "unless"}, strings.ToLower(b.Op)):
		m["card"] = "many-to-many"
	}
	m["on"] = strings.EqualFold(b.GroupModifier.Op, "on")
	m["labels"] = append([]string{}, b.GroupModifier.Args...)
	m["include"] = append([]string{}, b.JoinModifier.Args...)
	n["matching"] = m
	return n
}
