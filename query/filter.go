package query

import (
	"regexp"
	"strings"
)

// condition is what one attribute must be: one of the patterns, or, with exclude, none of them.
type condition struct {
	key      string // the attribute's name, "" for a bare word
	exclude  bool
	patterns []pattern
}

// anyOf is the condition that an attribute has one of the values, exactly.
func anyOf(key string, values []string) condition {
	c := condition{key: key, patterns: make([]pattern, len(values))}
	for i, v := range values {
		c.patterns[i] = pattern{v}
	}
	return c
}

// holds tells whether a value meets the condition.
func (c *condition) holds(value string) bool {
	for _, p := range c.patterns {
		if p.match(value) {
			return !c.exclude
		}
	}
	return c.exclude
}

// pattern is literal pieces with any text between them; one piece is an exact value.
type pattern []string

func (p pattern) exact() bool { return len(p) == 1 }

// present tells whether a pattern is any value, as * is: there must be one.
func (p pattern) present() bool {
	return len(p) > 1 && strings.Join(p, "") == ""
}

// match tells whether the value is the pieces with any text between them.
func (p pattern) match(s string) bool {
	if p.exact() {
		return s == p[0]
	}
	if p.present() {
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
func (p pattern) regexp() string {
	if p.present() {
		return ".+"
	}
	quoted := make([]string, len(p))
	for i, part := range p {
		quoted[i] = regexp.QuoteMeta(part)
	}
	return strings.Join(quoted, ".*")
}
