package grammar

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

const (
	// MaxText bounds a statement in bytes.
	MaxText = 64 << 10
	// MaxNesting is how many parentheses, calls and subqueries stand one in the other.
	MaxNesting = 32
)

// parser reads the tokens of a statement from left to right.
type parser struct {
	*Statement
	tokens []token
	at     int
	depth  int
}

// Parse reads one statement, which may end in a semicolon. Its errors are *Error.
func Parse(text string) (*Statement, error) {
	if len(text) > MaxText {
		return nil, errorAt(text, MaxText, fmt.Sprintf("the query has more than %d bytes", MaxText))
	}
	if err := wrapped(text); err != nil {
		return nil, err
	}
	tokens, err := lex(text)
	if err != nil {
		return nil, err
	}
	p := &parser{Statement: &Statement{Text: text}, tokens: tokens, depth: -1} // the statement itself is no level
	if err := p.statement(); err != nil {
		return nil, err
	}
	return p.Statement, nil
}

// token is the one that is read next.
func (p *parser) token() token { return p.tokens[p.at] }

// after is the n-th after the one that is read next.
func (p *parser) after(n int) token { return p.tokens[min(p.at+n, len(p.tokens)-1)] }

// take returns the token that was read next, and goes on.
func (p *parser) take() token {
	t := p.tokens[p.at]
	if t.kind != end {
		p.at++
	}
	return t
}

// is tells whether a token is a keyword, in capitals, or a symbol.
func (t token) is(s string) bool {
	return t.kind == symbol && t.text == s || t.kind == word && strings.EqualFold(t.text, s)
}

// accept goes over the next token if it is a keyword or a symbol.
func (p *parser) accept(s string) bool {
	is := p.token().is(s)
	if is {
		p.at++
	}
	return is
}

// expect goes over a keyword or a symbol that has to stand here.
func (p *parser) expect(s, why string) error {
	if p.accept(s) {
		return nil
	}
	if err := p.unsupported(p.token()); err != nil {
		return err
	}
	return p.errorf(p.token(), "want %s %s, found %s", s, why, p.token().shown())
}

func (p *parser) errorf(t token, format string, args ...any) error {
	return p.Errorf(t.at, format, args...)
}

// extension notes a use of grammar that Cloudflare does not have.
func (p *parser) extension(t token, text string) {
	p.Extensions = append(p.Extensions, Extension{t.at, text})
}

func (p *parser) statement() (err error) {
	switch {
	case p.token().is("SELECT"):
		p.Select, err = p.selection()
	case p.accept("SHOW"):
		err = p.show()
	default:
		err = p.otherStatement()
	}
	if err != nil {
		return err
	}
	if err := p.format(); err != nil {
		return err
	}
	if p.accept(";") {
		// Grafana's plugin adds FORMAT to whatever its user wrote.
		if err := p.format(); err != nil {
			return err
		}
		for p.accept(";") {
		}
		if t := p.token(); t.kind != end {
			return p.errorf(t, "a second statement begins here: ask one at a time")
		}
	}
	if p.token().kind != end {
		return p.leftover()
	}
	return nil
}

func (p *parser) show() error {
	t := p.take()
	switch {
	case t.is("TABLES"):
		p.Show = ShowTables
	case t.is("TIMEZONES"):
		p.Show = ShowTimezones
	case t.is("TIMEZONE"):
		p.Show = ShowTimezone
	default:
		return p.errorf(t, "want SHOW TABLES, SHOW TIMEZONES or SHOW TIMEZONE, found %s", t.shown())
	}
	return nil
}

// format reads the clause FORMAT where it stands.
func (p *parser) format() error {
	for p.token().is("FORMAT") {
		if at := p.take(); p.Format != nil {
			return p.errorf(at, "FORMAT stands twice")
		}
		t := p.take()
		if t.kind != word {
			return p.errorf(t, "want JSON, JSONEachRow or TabSeparated behind FORMAT, found %s", t.shown())
		}
		p.Format = &Format{t.at, t.text}
	}
	return nil
}

// selection reads a SELECT up to what is not its own.
func (p *parser) selection() (*Select, error) {
	if err := p.enter(); err != nil {
		return nil, err
	}
	defer p.leave()
	s := &Select{At: p.take().at}
	distinct := p.token()
	isDistinct := p.accept("DISTINCT")
	for _, clause := range []func(*Select) error{
		p.items, p.from, p.where, p.groupBy, p.having, p.orderBy, p.limits,
	} {
		if err := clause(s); err != nil {
			return nil, err
		}
	}
	if isDistinct {
		return s, p.distinct(distinct, s)
	}
	return s, nil
}

// distinct makes groups of what is selected.
func (p *parser) distinct(at token, s *Select) error {
	p.extension(at, "SELECT DISTINCT is not supported: use GROUP BY")
	if s.GroupBy != nil {
		return p.errorf(at, "DISTINCT and GROUP BY can't stand together: GROUP BY alone answers each group once")
	}
	for _, item := range s.Items {
		if _, isStar := item.Expr.(*Star); isStar {
			return p.errorf(at, "SELECT DISTINCT * is not supported: name the columns")
		}
		s.GroupBy = append(s.GroupBy, item.Expr)
	}
	return nil
}

func (p *parser) items(s *Select) error {
	for {
		item, err := p.item()
		if err != nil {
			return err
		}
		s.Items = append(s.Items, item)
		if !p.accept(",") {
			return nil
		}
	}
}

func (p *parser) item() (Item, error) {
	if t := p.token(); p.accept("*") {
		return Item{Expr: &Star{t.at}}, nil
	}
	e, err := p.expression()
	if err != nil {
		return Item{}, err
	}
	alias, err := p.alias()
	return Item{e, alias}, err
}

// alias reads AS name, or a name alone.
func (p *parser) alias() (string, error) {
	t := p.token()
	switch {
	case p.accept("AS"):
		t = p.take()
		if t.kind == text {
			return "", p.errorf(t, `an alias is a name, not a text: put it between " or leave the quotes out`)
		}
		if t.kind != word && t.kind != quoted {
			return "", p.errorf(t, "want a name behind AS, found %s", t.shown())
		}
		return t.text, nil
	case t.kind == quoted, t.kind == word && !reserved(t) && wayOut[strings.ToUpper(t.text)] == "":
		p.take()
		return t.text, nil
	}
	return "", nil
}

// reserved tells whether a word is a keyword where an expression may end.
func reserved(t token) bool {
	upper := strings.ToUpper(t.text)
	return contains(clauses, upper) || contains(operators, upper)
}

func contains(words []string, w string) bool { return slices.Contains(words, w) }

func (p *parser) where(s *Select) error { return p.condition("WHERE", &s.Where) }

func (p *parser) having(s *Select) error { return p.condition("HAVING", &s.Having) }

func (p *parser) condition(clause string, e *Expr) (err error) {
	if p.accept(clause) {
		*e, err = p.expression()
	}
	return err
}

func (p *parser) groupBy(s *Select) (err error) {
	if !p.accept("GROUP") {
		return nil
	}
	if err := p.expect("BY", "behind GROUP"); err != nil {
		return err
	}
	s.GroupBy, err = p.list()
	return err
}

func (p *parser) orderBy(s *Select) error {
	if !p.accept("ORDER") {
		return nil
	}
	if err := p.expect("BY", "behind ORDER"); err != nil {
		return err
	}
	for {
		e, err := p.expression()
		if err != nil {
			return err
		}
		desc := p.accept("DESC")
		if !desc {
			p.accept("ASC")
		}
		s.OrderBy = append(s.OrderBy, Order{e, desc})
		if !p.accept(",") {
			return nil
		}
	}
}

// limits reads LIMIT and OFFSET, each once, in either order.
func (p *parser) limits(s *Select) error {
	for range 2 {
		switch t := p.token(); {
		case t.is("LIMIT") && s.Limit == nil:
			if err := p.limit(s); err != nil {
				return err
			}
		case t.is("OFFSET") && s.Offset == 0:
			p.take()
			n, err := p.count("OFFSET")
			if err != nil {
				return err
			}
			s.Offset = n
		}
	}
	return nil
}

func (p *parser) limit(s *Select) error {
	p.take()
	if p.accept("ALL") {
		return nil
	}
	n, err := p.count("LIMIT")
	if err != nil {
		return err
	}
	if t := p.token(); p.accept(",") {
		p.extension(t, "LIMIT offset, count is not supported: use LIMIT count OFFSET offset")
		s.Offset = n
		if n, err = p.count("LIMIT"); err != nil {
			return err
		}
	}
	if t := p.token(); t.is("BY") {
		return p.errorf(t, "LIMIT BY is not supported: use GROUP BY")
	}
	s.Limit = &n
	return nil
}

// count reads a whole number.
func (p *parser) count(clause string) (uint64, error) {
	t := p.take()
	n, err := strconv.ParseUint(t.text, 10, 64)
	if t.kind != number || err != nil {
		return 0, p.errorf(t, "%s takes a whole number from 0, found %s", clause, t.shown())
	}
	return n, nil
}

// enter goes one level down.
func (p *parser) enter() error {
	if p.depth++; p.depth > MaxNesting {
		return p.errorf(p.token(), "more than %d parentheses, calls and subqueries stand one in the other", MaxNesting)
	}
	return nil
}

func (p *parser) leave() { p.depth-- }
