// Package condition compiles the conditions of scripts: `ifTrue`, and the checks of `ensure`. They are written in
// filtrex: words for operators, "text" in double quotes, 'name' in single quotes for a variable.
package condition

import (
	"fmt"
	"math"
	"slices"

	"edgescope/scenarios/plan"
	"edgescope/scenarios/value"
)

func filtrex() *value.Dialect {
	return &value.Dialect{
		Levels: [][]string{
			{"or"},
			{"and"},
			{"in", "not in"},
			{"==", "!=", "~="},
			{"<=", ">=", "<", ">"},
			{"+", "-"},
			{"*", "/", "%"},
			{"^"},
		},
		Unary:    []string{"not", "-"},
		Aliases:  map[string]string{"===": "==", "!==": "!=", "&&": "and", "||": "or", "!": "not", "=": "=="},
		Words:    []string{"or", "and", "in", "not"},
		Variable: '\'',
	}
}

// Compile compiles an `ifTrue`, whose names are variables of the user.
func Compile(text string) (value.Expression, error) { return value.Compile(filtrex(), text, nil) }

// Check compiles a check of `ensure`. The error says why its expression does not parse.
func Check(s plan.CheckSource) (plan.Check, error) {
	c := plan.Check{Text: s.Text, Strict: !s.Optional, Source: s}
	switch s.Metric {
	case "":
		return expression(c)
	case plan.MaxErrorRate:
		c.Names = []string{"vusers.created", "vusers.completed"}
		c.Holds = func(e value.Env) any {
			return plan.ErrorRate(value.Number(e.Name(c.Names[0])), value.Number(e.Name(c.Names[1]))) <= s.Max
		}
	default:
		if math.IsNaN(s.Max) || math.IsInf(s.Max, 0) {
			return c, fmt.Errorf("the limit of %s is no number", s.Metric)
		}
		c.Metric, c.Max, c.Names = s.Metric, s.Max, []string{s.Metric}
		c.Holds = func(e value.Env) any { return value.Compare("<", e.Name(s.Metric), s.Max) }
	}
	return c, nil
}

func expression(c plan.Check) (plan.Check, error) {
	d := filtrex()
	d.Spaced, d.Known = true, c.Source.Known
	var err error
	c.Holds, err = value.Compile(d, c.Text, func(name string) {
		if !slices.Contains(c.Names, name) {
			c.Names = append(c.Names, name)
		}
	})
	return c, err
}
