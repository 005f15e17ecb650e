package grammar

import "strings"

// call reads a function call, special forms included.
func (p *parser) call() (Expr, error) {
	if err := p.enter(); err != nil {
		return nil, err
	}
	defer p.leave()
	t := p.take()
	switch {
	case t.is("extract"):
		return p.extract(t)
	case t.is("position"):
		return p.position(t)
	}
	c := &Call{At: t.at, Name: t.text}
	if err := p.arguments(c); err != nil {
		return nil, err
	}
	if !p.token().is("(") {
		return c, nil
	}
	if c.Distinct {
		return nil, p.errorf(p.token(), "DISTINCT stands in the second parentheses: %s(...)(DISTINCT ...)", c.Name)
	}
	c.Params, c.Args = c.Args, nil
	if c.Params == nil {
		c.Params = []Expr{}
	}
	return c, p.arguments(c)
}

// arguments reads ([DISTINCT] e, ...) or (*).
func (p *parser) arguments(c *Call) error {
	open := p.take()
	c.Distinct = p.acceptDistinct()
	if p.accept(")") {
		return nil
	}
	for {
		e, err := p.argument()
		if err != nil {
			return err
		}
		c.Args = append(c.Args, e)
		if !p.accept(",") {
			break
		}
	}
	if t := p.token(); t.is("AS") || t.is("FROM") || t.is("ORDER") || t.is("FOR") {
		return p.errorf(t, "%s can't stand among the arguments of %s: separate them with commas", strings.ToUpper(t.text),
			c.Name)
	}
	return p.closed(open.at, "the arguments of "+c.Name)
}

// acceptDistinct goes over DISTINCT, unless it is the name of a column.
func (p *parser) acceptDistinct() bool {
	next := p.after(1)
	return !next.is(")") && !next.is(",") && p.accept("DISTINCT")
}

// argument reads an expression, a star or a lambda.
func (p *parser) argument() (Expr, error) {
	t := p.token()
	switch {
	case t.is("*") && p.after(1).is(")"):
		p.take()
		return &Star{t.at}, nil
	case p.after(1).is("->"):
		p.take()
		return p.lambda(t, []token{t})
	case t.is("("):
		if params := p.parameters(); params != nil {
			return p.lambda(t, params)
		}
	}
	return p.expression()
}

// parameters goes over (x, y) before an arrow, and over nothing where no arrow is.
func (p *parser) parameters() (params []token) {
	i := 1
	for ; p.after(i).kind == word; i += 2 {
		params = append(params, p.after(i))
		if !p.after(i + 1).is(",") {
			i++
			break
		}
	}
	if len(params) == 0 || !p.after(i).is(")") || !p.after(i+1).is("->") {
		return nil
	}
	p.at += i + 1
	return params
}

// lambda reads the arrow and what is behind it.
func (p *parser) lambda(at token, params []token) (Expr, error) {
	l := &Lambda{At: at.at}
	for _, t := range params {
		if t.kind != word {
			return nil, p.errorf(t, "want a name before ->, found %s", t.shown())
		}
		l.Params = append(l.Params, t.text)
	}
	p.extension(p.take(), "-> is not supported")
	body, err := p.expression()
	l.Body = body
	return l, err
}

// parts are the functions that extract stands for.
var parts = map[Unit]string{
	Second: "toSecond", Minute: "toMinute", Hour: "toHour", Day: "toDayOfMonth", Month: "toMonth", Quarter: "toQuarter",
	Year: "toYear",
}

// extract reads (UNIT FROM t).
func (p *parser) extract(name token) (Expr, error) {
	open := p.take()
	at := p.token()
	u, err := p.unit("in extract(UNIT FROM t)")
	if err != nil {
		return nil, err
	}
	if parts[u] == "" {
		return nil, p.errorf(at, "%s can't be extracted: use YEAR, MONTH, DAY, HOUR, MINUTE or SECOND", u)
	}
	if err := p.expect("FROM", "behind the unit of extract"); err != nil {
		return nil, err
	}
	t, err := p.expression()
	if err != nil {
		return nil, err
	}
	return &Call{At: name.at, Name: parts[u], Args: []Expr{t}}, p.closed(open.at, "extract")
}

// position reads (needle IN haystack), and ClickHouse's (haystack, needle).
func (p *parser) position(name token) (Expr, error) {
	open := p.take()
	c := &Call{At: name.at, Name: name.text}
	if p.accept(")") {
		return c, nil
	}
	needle, err := p.binary(powerSum)
	if err != nil {
		return nil, err
	}
	if p.accept("IN") {
		haystack, err := p.expression()
		c.Args = []Expr{haystack, needle}
		if err != nil {
			return nil, err
		}
		return c, p.closed(open.at, "position")
	}
	c.Args = []Expr{needle}
	for p.accept(",") {
		e, err := p.expression()
		if err != nil {
			return nil, err
		}
		c.Args = append(c.Args, e)
	}
	p.extension(open, "position(haystack, needle) is not supported: use position(needle IN haystack)")
	return c, p.closed(open.at, "position")
}
