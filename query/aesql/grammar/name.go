package grammar

import (
	"strconv"
	"strings"
)

// Name prints an expression in one spelling: single spaces, no parentheses but those that are needed, names of functions
// as function gives them (nil: in lower case). Cloudflare names a column without alias by its text; one that is a plain
// column is named by Column.Name instead. Two expressions with one name are the same expression.
func Name(e Expr, function func(name string) string) string {
	if function == nil {
		function = strings.ToLower
	}
	p := printer{function: function}
	p.print(e, powerOr)
	return p.String()
}

// printer writes expressions.
type printer struct {
	strings.Builder
	function func(string) string
}

func (p *printer) write(texts ...string) {
	for _, t := range texts {
		p.WriteString(t)
	}
}

// print writes an expression where only operators that bind at least so tightly need no parentheses.
func (p *printer) print(e Expr, least int) {
	if binds(e) < least {
		p.write("(")
		defer p.write(")")
	}
	switch e := e.(type) {
	case *Literal:
		p.literal(e)
	case *Interval:
		p.write("INTERVAL '", strconv.FormatInt(e.N, 10), "' ", e.Unit.String())
	case *Column:
		p.write(identifier(e.Name))
	case *Star:
		p.write("*")
	case *Unary:
		p.unary(e)
	case *Binary:
		p.print(e.Left, power[e.Op])
		p.write(" ", string(e.Op), " ")
		p.print(e.Right, power[e.Op]+1)
	case *Between:
		p.print(e.X, powerCompare)
		p.write(not(e.Not), " BETWEEN ")
		p.print(e.Low, powerSum)
		p.write(" AND ")
		p.print(e.High, powerSum)
	case *In:
		p.print(e.X, powerCompare)
		p.write(not(e.Not), " IN (")
		p.list(e.List)
		p.write(")")
	case *IsNull:
		p.print(e.X, powerCompare)
		p.write(" IS", not(e.Not), " NULL")
	case *Call:
		p.call(e)
	case *Lambda:
		p.write("(", strings.Join(e.Params, ", "), ") -> ")
		p.print(e.Body, powerOr)
	}
}

// binds returns how tightly the operator of an expression binds.
func binds(e Expr) int {
	switch e := e.(type) {
	case *Binary:
		return power[e.Op]
	case *Between, *In, *IsNull:
		return powerCompare
	case *Unary:
		if e.Op == Not {
			return powerNot
		}
	}
	return powerSign
}

func not(is bool) string {
	if is {
		return " NOT"
	}
	return ""
}

func (p *printer) literal(e *Literal) {
	if e.Kind == String {
		p.write(quote(e.Text))
		return
	}
	p.write(e.Text)
}

// quote writes a text as a literal.
func quote(text string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`, "\n", `\n`, "\t", `\t`, "\r", `\r`, "\x00", `\0`).Replace(text) +
		"'"
}

// identifier writes a name, between backticks where it must be.
func identifier(name string) string {
	for part := range strings.SplitSeq(name, ".") {
		if part == "" || !isLetter(part[0]) || strings.ContainsFunc(part, func(r rune) bool {
			return r > 0x7f || !isLetter(byte(r)) && !isDigit(byte(r))
		}) {
			return "`" + strings.NewReplacer("\\", `\\`, "`", "\\`").Replace(name) + "`"
		}
	}
	return name
}

func (p *printer) unary(e *Unary) {
	if e.Op == Not {
		p.write("NOT ")
		p.print(e.X, powerNot)
		return
	}
	p.write("-")
	least := powerSign
	if _, again := e.X.(*Unary); again { // -- begins a comment
		least++
	}
	p.print(e.X, least)
}

func (p *printer) list(all []Expr) {
	for i, e := range all {
		if i > 0 {
			p.write(", ")
		}
		p.print(e, powerOr)
	}
}

func (p *printer) call(e *Call) {
	p.write(p.function(e.Name))
	if e.Params != nil {
		p.write("(")
		p.list(e.Params)
		p.write(")")
	}
	p.write("(")
	if e.Distinct {
		p.write("DISTINCT ")
	}
	p.list(e.Args)
	p.write(")")
}
