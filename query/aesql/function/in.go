package function

import (
	"math"

	"edgescope/query/aesql/value"
)

// bindIn tells whether x is one of a list: found, or not found. NULL in the list is none; NULL IN is NULL.
func bindIn(found bool) func(call) (Bound, error) {
	return func(c call) (Bound, error) {
		nullable := c.args[0].Type.Nullable
		if c.args[0].Type.Kind == value.Nothing {
			return always(value.Of(value.Nothing).Null(), value.None()), nil
		}
		one := c
		one.args = []value.Arg{c.args[0], {}}
		one.args[0].Type = c.args[0].Type.NotNull()
		m := member{t: one.args[0].Type, texts: map[string]bool{}, keys: map[uint64]bool{}}
		for i, a := range c.args[1:] {
			if a.Type.Kind == value.Nothing || a.Const != nil && a.Const.Null {
				continue
			}
			a.Type = a.Type.NotNull()
			one.args[1] = a
			compare, err := one.order(0, 1)
			if err != nil {
				return Bound{}, err
			}
			m.add(a, item{at: i + 1, compare: compare})
		}
		b := Bound{Type: value.Of(value.UInt8), Eval: m.eval(found)}
		if nullable {
			b.Type, b.Eval = b.Type.Null(), skipFirstNull(b.Eval)
		}
		return b, nil
	}
}

func skipFirstNull(eval Eval) Eval {
	return func(args []value.Value) (value.Value, error) {
		if args[0].Null {
			return value.None(), nil
		}
		return eval(args)
	}
}

// member is a list behind IN: constants as sets of texts and of keys, what else there is one by one.
type member struct {
	t     value.Type // of x
	texts map[string]bool
	keys  map[uint64]bool
	items []item
}

// item is an argument and how x compares with it.
type item struct {
	at      int
	compare value.Order
}

func (m *member) add(a value.Arg, it item) {
	if a.Const != nil && m.t.Kind == value.String && a.Type.Kind == value.String {
		m.texts[a.Const.Text] = true
		return
	}
	if key, ok := constKey(m.t, a); ok {
		m.keys[key] = true
		return
	}
	m.items = append(m.items, it)
}

// constKey returns the key of a constant as a value of type t, if the two are the same.
func constKey(t value.Type, a value.Arg) (uint64, bool) {
	switch {
	case a.Const == nil:
		return 0, false
	case t.Floating() && a.Type.Floating():
		return t.Key(*a.Const), !math.IsNaN(a.Const.Float())
	case t.Floating() && a.Type.Integer():
		f, ok := value.ExactFloat(a)
		return t.Key(value.Float(f)), ok
	case t.Integer() && a.Type.Integer():
		return a.Const.Bits, t.Signed() == a.Type.Signed() || a.Const.Int() >= 0
	case t.Kind == value.DateTime && a.Type.Kind == value.String:
		f, err := value.Converter(a.Type, t)
		if err != nil {
			return 0, false
		}
		v, err := f(*a.Const)
		return v.Bits, err == nil
	}
	return 0, false
}

func (m *member) eval(found bool) Eval {
	yes, no := value.Bool(found), value.Bool(!found)
	fixed, text := m.t.Fixed(), m.t.Kind == value.String
	return func(args []value.Value) (value.Value, error) {
		x := args[0]
		if text && m.texts[x.Text] || fixed && len(m.keys) > 0 && m.keys[m.t.Key(x)] {
			return yes, nil
		}
		for _, it := range m.items {
			if args[it.at].Null {
				continue
			}
			r, err := it.compare(x, args[it.at])
			if err != nil {
				return value.Value{}, err
			}
			if r == 0 {
				return yes, nil
			}
		}
		return no, nil
	}
}
