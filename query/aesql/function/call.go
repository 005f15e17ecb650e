package function

import (
	"fmt"

	"edgescope/query/aesql/value"
)

// call is what a function is bound to.
type call struct {
	name string
	env  Env
	args []value.Arg
}

// wrong returns the error about the i-th argument.
func (c call) wrong(i int, need string) error {
	return fmt.Errorf("%s: argument %d is %s: %s", c.name, i+1, c.args[i].Type, need)
}

// types returns the types of arguments from the i-th on.
func (c call) types(i int) []value.Type {
	ts := make([]value.Type, 0, len(c.args))
	for _, a := range c.args[i:] {
		ts = append(ts, a.Type)
	}
	return ts
}

// numbers checks that arguments are numbers.
func (c call) numbers() error {
	for i, a := range c.args {
		if !a.Type.Numeric() {
			return c.wrong(i, numberNeeded(a.Type))
		}
	}
	return nil
}

// numberNeeded says what to do about a type that is no number.
func numberNeeded(t value.Type) string {
	switch {
	case t.Kind == value.String:
		return "a number is needed: convert it with toFloat64(x)"
	case t.Temporal():
		return "a number is needed: convert it with toUnixTimestamp(x)"
	}
	return "a number is needed"
}

// text checks that the i-th argument is a text.
func (c call) text(i int) error {
	if c.args[i].Type.Kind != value.String {
		return c.wrong(i, "a text is needed: convert it with toString(x)")
	}
	return nil
}

// textsFrom checks that the arguments from the i-th on are texts.
func (c call) textsFrom(i int) error {
	for ; i < len(c.args); i++ {
		if err := c.text(i); err != nil {
			return err
		}
	}
	return nil
}

// integers checks that the arguments from the i-th on are integers, or floats, which lose their fraction.
func (c call) integersFrom(i int) error {
	for ; i < len(c.args); i++ {
		if !c.args[i].Type.Numeric() {
			return c.wrong(i, numberNeeded(c.args[i].Type))
		}
	}
	return nil
}

// constText returns the i-th argument, which must be the same for all rows.
func (c call) constText(i int) (string, error) {
	a := c.args[i]
	if a.Const == nil || a.Type.Kind != value.String {
		return "", c.wrong(i, "it must be a text that is the same for all rows")
	}
	return a.Const.Text, nil
}

// zone returns the zone that the i-th argument names, fallback if there are not so many.
func (c call) zone(i int, fallback value.Type) (value.Type, error) {
	if i >= len(c.args) {
		return fallback, nil
	}
	name, err := c.constText(i)
	if err != nil {
		return fallback, err
	}
	fallback.Zone, err = value.LoadZone(name)
	return fallback, err
}

// convert returns the values of the i-th argument in another type.
func (c call) convert(i int, to value.Type) (value.Convert, error) {
	f, err := value.Converter(c.args[i].Type, to)
	if err != nil {
		return nil, fmt.Errorf("%s: argument %d: %w", c.name, i+1, err)
	}
	if f == nil {
		f = func(v value.Value) (value.Value, error) { return v, nil }
	}
	if a := c.args[i]; a.Const != nil {
		v, err := f(*a.Const)
		if err != nil {
			return nil, fmt.Errorf("%s: argument %d: %w", c.name, i+1, err)
		}
		return func(value.Value) (value.Value, error) { return v, nil }, nil
	}
	return f, nil
}

// whole returns the values of the i-th argument as whole numbers.
func (c call) whole(i int) func(value.Value) (int64, error) {
	if !c.args[i].Type.Floating() {
		return func(v value.Value) (int64, error) { return v.Int(), nil }
	}
	return func(v value.Value) (int64, error) { return value.WholeOf(v.Float()) }
}
