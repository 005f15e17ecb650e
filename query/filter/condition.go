// Package filter is the language of filters: it reads texts such as route:/img/* -status:5*, matches values, and writes
// what they demand in LogsQL and MetricsQL.
package filter

import (
	"regexp"
	"strings"
)

// Condition is what one attribute must be: one of the patterns, or, with exclude, none of them.
type Condition struct {
	Key      string // the attribute's name, "" for a bare word
	Exclude  bool
	Patterns []Pattern
}

// AnyOf is the condition that an attribute has one of the values, exactly.
func AnyOf(key string, values []string) Condition {
	c := Condition{Key: key, Patterns: make([]Pattern, len(values))}
	for i, v := range values {
		c.Patterns[i] = Pattern{v}
	}
	return c
}

// Holds tells whether a value meets the condition.
func (c *Condition) Holds(value string) bool {
	for _, p := range c.Patterns {
		if p.match(value) {
			return !c.Exclude
		}
	}
	return c.Exclude
}

// Pattern is literal pieces with any text between them; one piece is an exact value.
type Pattern []string

// Exact tells whether a pattern is one value.
func (p Pattern) Exact() bool { return len(p) == 1 }

// Present tells whether a pattern is any value, as * is: there must be one.
func (p Pattern) Present() bool {
	return len(p) > 1 && strings.Join(p, "") == ""
}

// match tells whether the value is the pieces with any text between them.
func (p Pattern) match(s string) bool {
	if p.Exact() {
		return s == p[0]
	}
	if p.Present() {
		return s != ""
	}
	s, ok := strings.CutPrefix(s, p[0])
	if !ok {
		return false
	}
	for _, part := range p[1 : len(p)-1] {
		_, after, found := strings.Cut(s, part)
		if !found {
			return false
		}
		s = after
	}
	return strings.HasSuffix(s, p[len(p)-1])
}

// regexp writes the pattern as a regular expression for a whole value.
func (p Pattern) regexp() string {
	if p.Present() {
		return ".+"
	}
	quoted := make([]string, len(p))
	for i, part := range p {
		quoted[i] = regexp.QuoteMeta(part)
	}
	return strings.Join(quoted, ".*")
}
