package grammar

import "strings"

func (p *parser) from(s *Select) error {
	if !p.accept("FROM") {
		return nil
	}
	s.From = &Source{At: p.token().at}
	var err error
	if p.accept("(") {
		err = p.subquery(s.From)
	} else {
		s.From.Table, err = p.table()
	}
	if err != nil {
		return err
	}
	if s.From.Alias, err = p.alias(); err != nil {
		return err
	}
	if t := p.token(); t.is(",") {
		return p.errorf(t, "FROM takes one table: ask two questions")
	}
	return nil
}

func (p *parser) subquery(source *Source) (err error) {
	if t := p.token(); !t.is("SELECT") {
		return p.errorf(t, "want SELECT behind FROM (, found %s", t.shown())
	}
	if source.Select, err = p.selection(); err != nil {
		return err
	}
	if t := p.token(); t.is("FORMAT") {
		return p.errorf(t, "FORMAT stands at the end of the whole query, not of a subquery")
	}
	return p.closed(source.At, "the subquery")
}

// closed goes over the parenthesis that closes what began at an offset.
func (p *parser) closed(began int, what string) error {
	if p.accept(")") {
		return nil
	}
	if p.token().kind != end {
		return p.leftover()
	}
	return p.errorf(p.token(), "want ) at the end of %s, which begins at %s", what, place(p.Text, began))
}

// table reads a name, or several joined by dots.
func (p *parser) table() (string, error) {
	var names []string
	for {
		t := p.take()
		switch {
		case t.kind == text:
			return "", p.errorf(t, `a table is a name, not a text: put it between "`)
		case t.kind != quoted && t.kind != word, t.kind == word && reserved(t):
			return "", p.errorf(t, "want the name of a table behind FROM, or (SELECT ...), found %s", t.shown())
		}
		names = append(names, t.text)
		if !p.accept(".") {
			break
		}
	}
	name := strings.Join(names, ".")
	switch t := p.token(); {
	case t.is("-"):
		return "", p.errorf(t, `a name with - stands between ": FROM "%s-..."`, name)
	case t.is("("):
		return "", p.errorf(t, "there are no table functions: want the name of a table")
	}
	return name, nil
}
