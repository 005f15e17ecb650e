package aggregate

import (
	"math"

	"edgescope/query/aesql/value"
)

// bindExtreme is min (-1) or max (1). NaN is passed over where there is anything else, as ORDER BY puts it last
// (ClickHouse since 26.4). Of no rows it is 0 or ”.
func bindExtreme(sign int) func(call) (Bound, error) {
	return func(c call) (Bound, error) {
		t := c.args[0].Type
		return Bound{Type: t, New: func() State { return &extreme{best: best{t: &t, sign: sign}} }}, nil
	}
}

// best is the least or greatest of the values that came.
type best struct {
	t    *value.Type
	sign int
	v    value.Value
	text []byte // of a String, instead of v.Text: room that is used again
	seen bool
}

// better tells whether a value is to take the place of the best: 1, 0 if it is as good, -1.
func (b *best) better(v value.Value) int {
	if !b.seen {
		return 1
	}
	if b.sign > 0 && b.t.Floating() {
		switch now, before := math.IsNaN(v.Float()), math.IsNaN(b.v.Float()); {
		case now && !before:
			return -1
		case before && !now:
			return 1
		}
	}
	return b.compare(v) * b.sign
}

func (b *best) compare(v value.Value) int {
	switch {
	case b.t.Kind != value.String:
		return b.t.Compare(v, b.v)
	case v.Text < string(b.text):
		return -1
	case v.Text > string(b.text):
		return 1
	}
	return 0
}

func (b *best) set(v value.Value) {
	b.seen = true
	if b.t.Kind == value.String {
		b.text = append(b.text[:0], v.Text...)
		return
	}
	if b.v = b.t.Clone(v); b.t.Floating() && v.Float() == 0 {
		b.v = value.Value{} // -0 is 0, whichever comes first
	}
}

func (b *best) value() value.Value {
	if b.t.Kind == value.String {
		return value.Text(string(b.text))
	}
	return b.v
}

func (b *best) size() int {
	const itself = 104
	if len(b.t.Elems) > 0 {
		return itself + b.t.Size(b.v)
	}
	return itself + cap(b.text)
}

type extreme struct{ best best }

func (s *extreme) Add(args []value.Value) error {
	if s.best.better(args[0]) > 0 {
		s.best.set(args[0])
	}
	return nil
}

func (s *extreme) Merge(other State) error {
	if o := other.(*extreme); o.best.seen && s.best.better(o.best.value()) > 0 {
		s.best.set(o.best.value())
	}
	return nil
}

func (s *extreme) Result() (value.Value, error) { return s.best.value(), nil }

func (s *extreme) Size() int { return s.best.size() }

// bindArgExtreme is the first argument where the second is least (-1) or greatest (1); where it is so in several rows, the
// greatest of their first arguments.
func bindArgExtreme(sign int) func(call) (Bound, error) {
	return func(c call) (Bound, error) {
		t, by := c.args[0].Type, c.args[1].Type
		return Bound{Type: t, New: func() State {
			return &argExtreme{arg: best{t: &t, sign: 1}, by: best{t: &by, sign: sign}}
		}}, nil
	}
}

// bindPlaced is the argument of the first row (-1) or the last (1).
func bindPlaced(sign int) func(call) (Bound, error) {
	return func(c call) (Bound, error) {
		c.args = append(c.args[:1:1], value.Arg{Type: value.Of(value.Int64)})
		b, err := bindArgExtreme(sign)(c)
		b.Ordered = true
		return b, err
	}
}

type argExtreme struct{ arg, by best }

func (s *argExtreme) Add(args []value.Value) error {
	s.take(args[0], args[1])
	return nil
}

func (s *argExtreme) take(arg, by value.Value) {
	switch c := s.by.better(by); {
	case c > 0:
		s.by.set(by)
		s.arg.set(arg)
	case c == 0 && s.arg.better(arg) > 0:
		s.arg.set(arg)
	}
}

func (s *argExtreme) Merge(other State) error {
	if o := other.(*argExtreme); o.by.seen {
		s.take(o.arg.value(), o.by.value())
	}
	return nil
}

func (s *argExtreme) Result() (value.Value, error) { return s.arg.value(), nil }

func (s *argExtreme) Size() int { return s.arg.size() + s.by.size() }
