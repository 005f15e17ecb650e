package grammar

import (
	"strconv"
	"strings"
)

// units are the names of units of time; some have a plural too.
var units = map[string]Unit{
	"MILLISECOND": Millisecond, "SECOND": Second, "MINUTE": Minute, "HOUR": Hour, "DAY": Day, "WEEK": Week, "MONTH": Month,
	"QUARTER": Quarter, "YEAR": Year,
}

// unit reads the name of a unit of time.
func (p *parser) unit(where string) (Unit, error) {
	t := p.take()
	name := strings.ToUpper(t.text)
	u := units[name]
	if u == 0 {
		if u = units[strings.TrimSuffix(name, "S")]; u != 0 {
			p.extension(t, name+" is not supported: use "+u.String())
		}
	}
	switch {
	case t.kind != word || u == 0:
		return 0, p.errorf(t, "want YEAR, MONTH, DAY, HOUR, MINUTE or SECOND %s, found %s", where, t.shown())
	case u == Millisecond, u == Week, u == Quarter:
		p.extension(t, u.String()+" is not supported: use YEAR, MONTH, DAY, HOUR, MINUTE or SECOND")
	}
	return u, nil
}

// String is the unit's name in capitals.
func (u Unit) String() string {
	for name, unit := range units {
		if unit == u {
			return name
		}
	}
	return "no unit"
}

// isInterval tells whether an interval begins here, not a column of that name.
func (p *parser) isInterval() bool {
	next := p.after(1)
	if next.is("-") { // a column less a number has no unit behind it
		_, isUnit := units[strings.TrimSuffix(strings.ToUpper(p.after(3).text), "S")]
		return p.token().is("INTERVAL") && isUnit
	}
	return p.token().is("INTERVAL") && (next.kind == text || next.kind == number)
}

// interval reads INTERVAL '1' DAY, the number with quotes or without.
func (p *parser) interval() (Expr, error) {
	at := p.take().at
	sign := ""
	if p.accept("-") {
		sign = "-"
	}
	t := p.take()
	count, rest, spaced := strings.Cut(strings.TrimSpace(t.text), " ")
	n, err := strconv.ParseInt(sign+count, 10, 64)
	if spaced && err == nil {
		return nil, p.errorf(t, "the unit stands outside of the quotes: INTERVAL '%s' %s", count,
			strings.TrimSuffix(strings.ToUpper(strings.TrimSpace(rest)), "S"))
	}
	if err != nil {
		return nil, p.errorf(t, "an interval takes a whole number and a unit, as INTERVAL '1' DAY; found %s", t.shown())
	}
	u, err := p.unit("behind the number of INTERVAL")
	if err != nil {
		return nil, err
	}
	return &Interval{at, n, u}, nil
}
