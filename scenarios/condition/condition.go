// Package condition compiles the conditions of scripts: `ifTrue`, and the checks of `ensure`. They are written in
// filtrex 2: words for operators, "text" in double quotes, 'name' in single quotes for a variable.
package condition

import (
	"cmp"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"

	"edgescope/scenarios/plan"
	"edgescope/scenarios/value"
)

// Compile compiles an `ifTrue`, whose names are variables of the user. Its value is an error if it cannot be evaluated.
func Compile(text string) (value.Expression, error) {
	e, _, err := Read(text)
	return e, err
}

// Read is [Compile], with the variables that the condition reads, in the order in which they stand.
func Read(text string) (e value.Expression, names []string, err error) {
	p := &parser{text: text, names: func(name string) {
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}}
	e, err = p.parse()
	return e, names, err
}

// Check compiles a check of `ensure`. The error says why its expression does not parse.
func Check(s plan.CheckSource) (plan.Check, error) {
	c := plan.Check{Text: s.Text, Strict: !s.Optional, Source: s}
	switch s.Metric {
	case "":
		c.Among = func(seen []string) plan.Check { return among(c.Source, seen) }
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

// expression compiles a condition with the names that are known now. One that does not parse may have a metric whose
// name holds any characters: what stands in front of a comparison with a number is then a name.
func expression(c plan.Check) (plan.Check, error) {
	err := compile(&c, c.Source.Known)
	if err == nil {
		return c, nil
	}
	if wide := wideNames(c.Text); len(wide) > 0 && compile(&c, append(wide, c.Source.Known...)) == nil {
		return c, nil
	}
	return c, err
}

// among compiles a condition again, once the names of all metrics are known.
func among(source plan.CheckSource, seen []string) plan.Check {
	c := plan.Check{Text: source.Text, Strict: !source.Optional, Source: source}
	known := slices.Concat(source.Known, slices.DeleteFunc(slices.Clone(seen), func(name string) bool {
		return !strings.Contains(source.Text, name)
	}))
	missing := func(name string) bool { return !slices.Contains(seen, name) }
	err := compile(&c, known)
	if err == nil && slices.ContainsFunc(c.Names, func(name string) bool { return !missing(name) }) {
		return c
	}
	// None of the names was seen: they may be parts of one name, under which it is told.
	if wide := wideNames(source.Text); len(wide) > 0 || err != nil {
		_ = compile(&c, append(wide, known...)) // else it stays as it is
	}
	return c
}

// compile reads the expression of a check with names that may hold any characters.
func compile(c *plan.Check, known []string) error {
	known = slices.Clone(known)
	slices.SortFunc(known, func(a, b string) int { return cmp.Or(cmp.Compare(len(b), len(a)), strings.Compare(a, b)) })
	var names []string
	p := &parser{text: c.Text, spaced: true, known: known, names: func(name string) {
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}}
	e, err := p.parse()
	if err != nil {
		return err
	}
	c.Names = names
	c.Holds = func(env value.Env) any { return holds(e(env)) }
	return nil
}

// holds tells whether a condition holds that has this value: 1, as comparisons give it. Other numbers do not count.
func holds(v any) bool { return v == 1.0 || v == true }

var (
	// clause is a comparison of a name with a number.
	clause = regexp.MustCompile(`^\s*\(*\s*(?:not\s+)?(.+?)\s*(?:<=|>=|==|!=|<|>)\s*-?[0-9.]+\s*\)*\s*$`)
	// between are the operators that join comparisons.
	between = regexp.MustCompile(`\s(?:and|or)\s`)
	// computed is what is in no name: an operator with blanks around, a comparison, a call.
	computed = regexp.MustCompile(`\w\(|\s[-+*/%^]\s|[<>]|&&|\|\||[=!]=|[=!]$`)
)

// wideNames are what stands in front of comparisons with numbers and may be one name.
func wideNames(text string) []string {
	var names []string
	for _, part := range between.Split(text, -1) {
		if m := clause.FindStringSubmatch(part); m != nil && !computed.MatchString(m[1]) {
			names = append(names, m[1])
		}
	}
	return names
}
