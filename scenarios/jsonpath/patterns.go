package jsonpath

import (
	"strings"

	"edgescope/scenarios/regex"
	"edgescope/scenarios/value"
)

// pattern is a regular expression in a filter. It keeps no lastIndex: each search begins at the start.
type pattern struct {
	*regex.Regexp

	flags string
}

// String is the literal.
func (p *pattern) String() string { return "/" + p.Regexp.String() + "/" + p.flags }

func (p *pattern) global() bool { return strings.Contains(p.flags, "g") }

func (p *pattern) member(key string) (any, error) {
	switch key {
	case "source":
		return p.Regexp.String(), nil
	case "flags":
		return p.flags, nil
	case "global":
		return p.global(), nil
	}
	if f := methodOf(p, key); f != nil {
		return &method{p, f}, nil
	}
	return value.Undefined{}, nil
}

// patternOf is an argument as a pattern; a text is one too.
func patternOf(v any) (*pattern, error) {
	if p, ok := v.(*pattern); ok {
		return p, nil
	}
	source := ""
	if _, missing := v.(value.Undefined); !missing {
		source = value.ToString(v)
	}
	re, err := regex.Compile(source, "")
	if err != nil {
		return nil, typeError(err.Error())
	}
	return &pattern{Regexp: re}, nil
}

var patternMethods = map[string]function{
	"test": func(_ *scene, of any, args arguments) (any, error) {
		p, err := patternOf(of)
		if err != nil {
			return nil, err
		}
		return p.Matches(args.text(0))
	},
	"exec": func(_ *scene, of any, args arguments) (any, error) {
		p, err := patternOf(of)
		if err != nil {
			return nil, err
		}
		return first(p, args.text(0))
	},
}

// first is the first match as a list of its groups, null if there is none.
func first(p *pattern, text string) (any, error) {
	found, err := p.Find(text, 1)
	if err != nil || len(found) == 0 {
		return nil, err
	}
	return groups(&found[0]), nil
}

func groups(m *regex.Match) []any {
	list := make([]any, len(m.Spans))
	for i := range list {
		if text, ok := m.Text(i); ok {
			list[i] = text
		} else {
			list[i] = value.Undefined{}
		}
	}
	return list
}

// patternTexts are the methods of texts that take a pattern.
var patternTexts = map[string]textMethod{
	"match": func(_ *scene, u units, args arguments) (any, error) {
		p, err := patternOf(args.at(0))
		if err != nil {
			return nil, err
		}
		if !p.global() {
			return first(p, u.text)
		}
		found, err := p.Find(u.text, maxElements)
		if err != nil || len(found) == 0 {
			return nil, err
		}
		list := make([]any, len(found))
		for i := range found {
			list[i], _ = found[i].Text(0)
		}
		return list, nil
	},
	"search": func(_ *scene, u units, args arguments) (any, error) {
		p, err := patternOf(args.at(0))
		if err != nil {
			return nil, err
		}
		m, ok, err := p.FindFrom(u.text, 0)
		if err != nil || !ok {
			return -1.0, err
		}
		return float64(m.Spans[0].From), nil
	},
	"split": split,
	"replace": func(s *scene, u units, args arguments) (any, error) {
		if p, ok := args.at(0).(*pattern); ok {
			return replace(s, u, p, args)
		}
		return replaceText(s, u, args, 1)
	},
	"replaceAll": func(s *scene, u units, args arguments) (any, error) {
		p, ok := args.at(0).(*pattern)
		switch {
		case ok && !p.global():
			return nil, typeError("String.prototype.replaceAll called with a non-global RegExp argument")
		case ok:
			return replace(s, u, p, args)
		}
		return replaceText(s, u, args, -1)
	},
}

func split(s *scene, u units, args arguments) (any, error) {
	most := int(min(args.whole(1, maxElements+1), maxElements+1))
	var parts []string
	switch by := args.at(0).(type) {
	case value.Undefined:
		parts = []string{u.text}
	case *pattern:
		found, err := by.Find(u.text, maxElements)
		if err != nil {
			return nil, err
		}
		from := 0
		for i := range found {
			at := found[i].Spans[0]
			if at.To == from || at.From == u.len() {
				continue // an empty match behind another or at the end splits nothing
			}
			parts = append(parts, u.slice(from, at.From))
			for g := 1; g < len(found[i].Spans); g++ {
				text, _ := found[i].Text(g)
				parts = append(parts, text)
			}
			from = at.To
		}
		parts = append(parts, u.slice(from, u.len()))
	default:
		if u.len() > maxElements {
			return nil, errTooLarge
		}
		parts = splitText(u, value.ToString(by))
	}
	list := make([]any, min(len(parts), max(most, 0)))
	for i := range list {
		list[i] = parts[i]
	}
	return list, s.meter.check()
}

func splitText(u units, by string) []string {
	if by != "" {
		return strings.Split(u.text, by)
	}
	parts := make([]string, u.len())
	for i := range parts {
		parts[i] = u.slice(i, i+1)
	}
	return parts
}

// replace puts a text in place of the matches of a pattern: all if it is global, else the first.
func replace(s *scene, u units, p *pattern, args arguments) (any, error) {
	most := 1
	if p.global() {
		most = maxElements
	}
	found, err := p.Find(u.text, most)
	if err != nil {
		return nil, err
	}
	var out strings.Builder
	from := 0
	for i := range found {
		at := found[i].Spans[0]
		out.WriteString(u.slice(from, at.From))
		out.WriteString(expand(args.text(1), &found[i], p))
		if from = at.To; out.Len() > maxText {
			return nil, errTooLarge
		}
	}
	return out.String() + u.slice(from, u.len()), s.meter.check()
}

// expand writes $&, $1, $<name> and $$ of a replacement.
func expand(template string, m *regex.Match, p *pattern) string {
	if !strings.Contains(template, "$") {
		return template
	}
	var out strings.Builder
	for i := 0; i < len(template); i++ {
		if template[i] != '$' || i+1 == len(template) {
			out.WriteByte(template[i])
			continue
		}
		text, n := reference(template[i+1:], m, p)
		if n == 0 {
			text = "$"
		}
		out.WriteString(text)
		i += n
	}
	return out.String()
}

// reference is what stands for the text behind a $, and how long that is; 0 if it is no reference.
func reference(s string, m *regex.Match, p *pattern) (string, int) {
	switch c := s[0]; {
	case c == '$':
		return "$", 1
	case c == '&':
		text, _ := m.Text(0)
		return text, 1
	case c >= '1' && c <= '9' && int(c-'0') < len(m.Spans):
		text, _ := m.Text(int(c - '0'))
		return text, 1
	case c == '<' && len(p.Names()) > 0:
		name, _, closed := strings.Cut(s[1:], ">")
		if closed {
			text, _ := m.Text(max(p.Names()[name], 0))
			return text, len(name) + 2
		}
	}
	return "", 0
}

func replaceText(s *scene, u units, args arguments, most int) (any, error) {
	what, by := args.text(0), args.text(1)
	n := 1
	if most < 0 {
		n = strings.Count(u.text, what)
	}
	if err := s.meter.room(n, len(by)); err != nil {
		return nil, err
	}
	return strings.Replace(u.text, what, strings.ReplaceAll(strings.ReplaceAll(by, "$&", what), "$$", "$"), most), nil
}
