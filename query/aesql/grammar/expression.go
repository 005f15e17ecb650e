package grammar

import "strings"

// Binding powers of operators: what stands higher binds tighter. NOT stands between AND and the comparisons.
const (
	powerOr = iota + 1
	powerAnd
	powerNot
	powerCompare
	powerSum
	powerProduct
	powerSign
)

// power is that of each operator between two expressions.
var power = map[Op]int{
	Or: powerOr, And: powerAnd,
	Equal: powerCompare, NotEqual: powerCompare, Less: powerCompare, LessEqual: powerCompare, Greater: powerCompare,
	GreaterEqual: powerCompare, Like: powerCompare, NotLike: powerCompare, ILike: powerCompare, NotILike: powerCompare,
	Plus: powerSum, Minus: powerSum, Times: powerProduct, Divide: powerProduct, Modulo: powerProduct,
}

// otherSpellings are operators that are printed in another way.
var otherSpellings = map[string]Op{"<>": NotEqual, "==": Equal}

// list reads expressions with commas between them.
func (p *parser) list() (all []Expr, err error) {
	for {
		e, err := p.expression()
		if err != nil {
			return nil, err
		}
		all = append(all, e)
		if !p.accept(",") {
			return all, nil
		}
	}
}

func (p *parser) expression() (Expr, error) { return p.binary(powerOr) }

// binary reads an expression whose operators bind at least so tightly.
func (p *parser) binary(least int) (Expr, error) {
	left, err := p.prefix(least)
	if err != nil {
		return nil, err
	}
	for {
		next, err := p.infix(left, least)
		if err != nil {
			return nil, err
		}
		if next == nil {
			return left, nil
		}
		left = next
	}
}

// infix reads an operator and what is right of it; nil where none goes on that binds at least so tightly.
func (p *parser) infix(left Expr, least int) (Expr, error) {
	t := p.token()
	if least <= powerCompare && t.kind == word {
		if e, err := p.test(left); e != nil || err != nil {
			return e, err
		}
	}
	op := Op(strings.ToUpper(t.text))
	if t.kind == symbol && otherSpellings[t.text] != "" {
		op = otherSpellings[t.text]
		if t.text == "==" {
			p.extension(t, "== is not supported: use =")
		}
	}
	binds, known := power[op]
	if t.kind != symbol && t.kind != word || !known {
		if t.kind == symbol {
			return nil, p.unsupported(t)
		}
		return nil, nil
	}
	if binds < least {
		return nil, nil
	}
	p.take()
	right, err := p.binary(binds + 1)
	if err != nil {
		return nil, err
	}
	return &Binary{t.at, op, left, right}, nil
}

// test reads what follows in a test by words: [NOT] IN, [NOT] BETWEEN, [NOT] LIKE, [NOT] ILIKE, IS [NOT] NULL; nil where
// none follows.
func (p *parser) test(x Expr) (Expr, error) {
	t := p.token()
	if t.is("IS") {
		return p.isNull(x)
	}
	not := t.is("NOT")
	which := t
	if not {
		which = p.after(1)
	}
	switch {
	case which.is("IN"):
		p.skip(not)
		list, err := p.in()
		return &In{t.at, not, x, list}, err
	case which.is("BETWEEN"):
		p.skip(not)
		return p.between(&Between{At: t.at, Not: not, X: x})
	case which.is("LIKE"), which.is("ILIKE"):
		p.skip(not)
		pattern, err := p.binary(powerSum)
		op := Op(strings.ToUpper(which.text))
		if not {
			op = "NOT " + op
		}
		return &Binary{t.at, op, x, pattern}, err
	case not:
		return nil, p.errorf(t, "NOT stands before an expression, or before IN, LIKE, ILIKE and BETWEEN; found %s behind it",
			which.shown())
	}
	return nil, nil
}

// skip goes over a word, and over NOT before it.
func (p *parser) skip(not bool) {
	p.take()
	if not {
		p.take()
	}
}

func (p *parser) isNull(x Expr) (Expr, error) {
	t := p.take()
	not := p.accept("NOT")
	if !p.accept("NULL") {
		return nil, p.errorf(p.token(), "IS takes NULL or NOT NULL: compare values with = and !=")
	}
	p.extension(t, "IS NULL is not supported: no column is NULL, compare texts with '' and numbers with 0")
	return &IsNull{t.at, not, x}, nil
}

func (p *parser) in() ([]Expr, error) {
	open := p.token()
	if err := p.expect("(", "behind IN"); err != nil {
		return nil, err
	}
	switch t := p.token(); {
	case t.is("SELECT"):
		return nil, p.errorf(t, "a subquery behind IN is not supported: write the values out")
	case t.is(")"):
		return nil, p.errorf(t, "IN () has no values: write at least one")
	}
	if err := p.enter(); err != nil {
		return nil, err
	}
	defer p.leave()
	list, err := p.list()
	if err != nil {
		return nil, err
	}
	return list, p.closed(open.at, "the values of IN")
}

func (p *parser) between(b *Between) (_ Expr, err error) {
	if b.Low, err = p.binary(powerSum); err != nil {
		return nil, err
	}
	if err = p.expect("AND", "between the two bounds of BETWEEN"); err != nil {
		return nil, err
	}
	b.High, err = p.binary(powerSum)
	return b, err
}

// prefix reads what an expression begins with: signs, NOT, and an operand.
func (p *parser) prefix(least int) (Expr, error) {
	t := p.token()
	op, binds := Minus, powerSign
	switch {
	case t.is("NOT") && least <= powerNot:
		op, binds = Not, powerNot
	case t.is("NOT"):
		return nil, p.errorf(t, "put NOT and what it denies between ( and )")
	case t.is("-"):
	case p.accept("+"):
		return p.prefix(powerSign)
	default:
		return p.postfix()
	}
	if err := p.enter(); err != nil {
		return nil, err
	}
	defer p.leave()
	p.take()
	x, err := p.binary(binds)
	if err != nil {
		return nil, err
	}
	return &Unary{t.at, op, x}, nil
}

// postfix reads an operand and the numbers of elements behind it.
func (p *parser) postfix() (Expr, error) {
	e, err := p.operand()
	if err != nil {
		return nil, err
	}
	for {
		t := p.token()
		switch {
		case t.is(".") && p.after(1).kind == number:
			p.take()
			n := p.take()
			p.extension(t, "elements of tuples are not supported")
			e = &Call{At: t.at, Name: "tupleElement", Args: []Expr{e, &Literal{n.at, Number, n.text}}}
		case t.is("["):
			return nil, p.errorf(t, "elements of arrays are not supported")
		case t.is("OVER"), t.is("FILTER") && p.after(1).is("("):
			return nil, p.unsupported(t)
		default:
			return e, nil
		}
	}
}

func (p *parser) operand() (Expr, error) {
	t := p.token()
	switch t.kind {
	case number:
		p.take()
		return &Literal{t.at, Number, t.text}, nil
	case text:
		p.take()
		return &Literal{t.at, String, t.text}, nil
	case quoted:
		return p.name()
	case word:
		return p.fromWord()
	}
	switch {
	case t.is("("):
		return p.parentheses()
	case t.is("["):
		return p.array()
	case t.is("*"):
		return nil, p.errorf(t, "* stands alone, as in SELECT * or count(*)")
	}
	return nil, p.missing(t)
}

// missing returns the error of a token that begins no expression.
func (p *parser) missing(t token) error {
	if err := p.unsupported(t); err != nil {
		return err
	}
	if p.at > 0 && p.tokens[p.at-1].kind != end {
		return p.errorf(t, "an expression is missing behind %s, found %s", p.tokens[p.at-1].shown(), t.shown())
	}
	return p.errorf(t, "an expression is missing, found %s", t.shown())
}

// fromWord reads what begins with a word: a constant, an interval, a call or a name.
func (p *parser) fromWord() (Expr, error) {
	t, next := p.token(), p.after(1)
	switch {
	case isConstant(t):
		return p.constant(), nil
	case p.isInterval():
		return p.interval()
	case t.is("CASE"), isForm(t, next):
		return nil, p.unsupported(t)
	case t.is("SELECT"):
		return nil, p.errorf(t, "a subquery stands in FROM only")
	case next.is("("):
		return p.call()
	case reserved(t) && !t.is("OFFSET") && !t.is("FORMAT"):
		return nil, p.missing(t)
	}
	return p.name()
}

func isConstant(t token) bool {
	return t.is("true") || t.is("false") || t.is("NULL") || t.is("nan") || t.is("inf")
}

// constant reads a literal that is a word.
func (p *parser) constant() Expr {
	t := p.take()
	switch {
	case t.is("NULL"):
		p.extension(t, "NULL is not supported: no column is NULL")
		return &Literal{t.at, Null, "NULL"}
	case t.is("nan"), t.is("inf"):
		p.extension(t, t.text+" is not supported")
		return &Literal{t.at, Number, strings.ToLower(t.text)}
	}
	return &Literal{t.at, Bool, strings.ToLower(t.text)}
}

// isForm tells whether a form of other dialects begins, by two tokens: a word alone may be a name.
func isForm(t, next token) bool {
	if next.kind == text {
		return t.is("DATE") || t.is("TIMESTAMP")
	}
	return next.is("(") && (t.is("CAST") || t.is("EXISTS"))
}

// name reads the name of a column, which may have several parts.
func (p *parser) name() (Expr, error) {
	t := p.take()
	c := &Column{t.at, t.text, t.kind == quoted}
	for p.token().is(".") {
		part := p.after(1)
		if part.is("*") {
			return nil, p.errorf(part, "%s.* is not supported: use *", c.Name)
		}
		if part.kind != word && part.kind != quoted {
			break
		}
		p.take()
		p.take()
		c.Name += "." + part.text
		c.Quoted = c.Quoted || part.kind == quoted
	}
	return c, nil
}

// parentheses reads (e), (e, e, ...) and the parameters of a lambda.
func (p *parser) parentheses() (Expr, error) {
	if err := p.enter(); err != nil {
		return nil, err
	}
	defer p.leave()
	open := p.take()
	if p.token().is("SELECT") {
		return nil, p.errorf(p.token(), "a subquery stands in FROM only")
	}
	all, err := p.list()
	if err != nil {
		return nil, err
	}
	if err := p.closed(open.at, "what"); err != nil {
		return nil, err
	}
	if len(all) == 1 {
		return all[0], nil
	}
	p.extension(open, "tuples are not supported")
	return &Call{At: open.at, Name: "tuple", Args: all}, nil
}

func (p *parser) array() (Expr, error) {
	if err := p.enter(); err != nil {
		return nil, err
	}
	defer p.leave()
	open := p.take()
	p.extension(open, "arrays are not supported")
	c := &Call{At: open.at, Name: "array"}
	if p.accept("]") {
		return c, nil
	}
	var err error
	if c.Args, err = p.list(); err != nil {
		return nil, err
	}
	return c, p.expect("]", "at the end of the array")
}
