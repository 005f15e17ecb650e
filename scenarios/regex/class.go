package regex

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode"
)

// member is a part of a class: a character, or a set that cannot be the end of a range.
type member struct {
	char rune
	set  string // as regexp2 takes it
	at   int
}

// class reads on behind the bracket that opens a class.
func (t *translator) class() error {
	at := t.i - 1
	negated := t.eat("^")
	var inside strings.Builder
	for t.peek(0) != ']' {
		if t.i >= len(t.text) {
			return t.failAt(at, "Unterminated character class")
		}
		if err := t.classPart(&inside); err != nil {
			return err
		}
	}
	t.i++
	switch {
	case inside.Len() > 0 && negated:
		t.out.WriteString("[^" + inside.String() + "]")
	case inside.Len() > 0:
		t.out.WriteString("[" + inside.String() + "]")
	case negated:
		t.out.WriteString(`[\s\S]`)
	default:
		t.out.WriteString(`(?:(?!))`)
	}
	return nil
}

// classPart reads a character, a set or a range.
func (t *translator) classPart(out *strings.Builder) error {
	from, err := t.member()
	if err != nil {
		return err
	}
	if t.peek(0) != '-' || t.peek(1) == ']' || t.peek(1) == -1 {
		out.WriteString(from.write())
		return nil
	}
	t.i++
	to, err := t.member()
	switch {
	case err != nil:
		return err
	case from.set != "" || to.set != "":
		if t.unicode {
			return t.failAt(from.at, "Invalid character class")
		}
		out.WriteString(from.write() + `\u002d` + to.write())
	case from.char > to.char:
		return t.failAt(from.at, "Range out of order in character class")
	default:
		out.WriteString(from.write() + "-" + to.write())
	}
	return nil
}

func (m member) write() string {
	switch {
	case m.set != "":
		return m.set
	case m.char <= 0xffff:
		return fmt.Sprintf(`\u%04x`, m.char)
	}
	return string(m.char)
}

func (t *translator) member() (member, error) {
	m := member{at: t.i, char: t.text[t.i]}
	if m.char != '\\' {
		t.i++
		return m, nil
	}
	var err error
	switch c := t.peek(1); {
	case c != -1 && strings.ContainsRune("dDsSwW", c):
		m.set = `\` + string(c)
		t.i += 2
	case c == 'b':
		m.char = '\b'
		t.i += 2
	case (c == 'p' || c == 'P') && t.unicode:
		m.set, err = t.property()
	default:
		m.char, err = t.character(true)
	}
	return m, err
}

// property reads \p{...} and returns the inside of a class of its characters.
func (t *translator) property() (string, error) {
	at, negated := t.i, t.peek(1) == 'P'
	if t.i += 2; !t.eat("{") {
		return "", t.failAt(at, "Invalid property name")
	}
	from := t.i
	for t.i < len(t.text) && t.text[t.i] != '}' {
		t.i++
	}
	name := string(t.text[from:t.i])
	if !t.eat("}") {
		return "", t.failAt(at, "Invalid property name")
	}
	tables := propertyTables(name)
	if tables == nil {
		return "", t.failAt(at, "Invalid property name %q, or one that is not supported", name)
	}
	return ranges(tables, negated), nil
}

// longCategories are the long names of the categories that are used most.
var longCategories = map[string]string{
	"Letter": "L", "Lowercase_Letter": "Ll", "Uppercase_Letter": "Lu", "Titlecase_Letter": "Lt", "Modifier_Letter": "Lm",
	"Other_Letter": "Lo", "Mark": "M", "Number": "N", "Decimal_Number": "Nd", "Punctuation": "P", "punct": "P",
	"Symbol": "S", "Separator": "Z", "Space_Separator": "Zs", "Control": "Cc",
}

// properties are the binary properties that are made of several tables.
var properties = map[string][]*unicode.RangeTable{
	"Any":        {{R32: []unicode.Range32{{Lo: 0, Hi: unicode.MaxRune, Stride: 1}}}},
	"ASCII":      {{R16: []unicode.Range16{{Lo: 0, Hi: 0x7f, Stride: 1}}}},
	"Alphabetic": {unicode.L, unicode.Nl, unicode.Other_Alphabetic},
	"Lowercase":  {unicode.Ll, unicode.Other_Lowercase},
	"Uppercase":  {unicode.Lu, unicode.Other_Uppercase},
}

// propertyTables finds the characters of a category, a script or a binary property. It is nil for a name that is none,
// or one whose characters are not known here.
func propertyTables(name string) []*unicode.RangeTable {
	key, value, pair := strings.Cut(name, "=")
	if !pair {
		if t := category(name); t != nil {
			return t
		}
		if t := properties[name]; t != nil {
			return t
		}
		return tableOf(unicode.Properties[name])
	}
	switch key {
	case "Script", "sc":
		return tableOf(unicode.Scripts[value])
	case "General_Category", "gc":
		return category(value)
	}
	return nil
}

func category(name string) []*unicode.RangeTable {
	if long, ok := longCategories[name]; ok {
		name = long
	}
	return tableOf(unicode.Categories[name])
}

func tableOf(t *unicode.RangeTable) []*unicode.RangeTable {
	if t == nil {
		return nil
	}
	return []*unicode.RangeTable{t}
}

// ranges writes the characters of tables, or all others, as the inside of a class.
func ranges(tables []*unicode.RangeTable, negated bool) string {
	var in [][2]rune
	for _, t := range tables {
		for _, r := range t.R16 {
			in = stretch(in, rune(r.Lo), rune(r.Hi), rune(r.Stride))
		}
		for _, r := range t.R32 {
			in = stretch(in, rune(r.Lo), rune(r.Hi), rune(r.Stride)) //nolint:gosec // characters
		}
	}
	slices.SortFunc(in, func(a, b [2]rune) int { return cmp.Compare(a[0], b[0]) })
	if negated {
		in = others(in)
	}
	var out strings.Builder
	for _, r := range in {
		out.WriteString(member{char: r[0]}.write() + "-" + member{char: r[1]}.write())
	}
	return out.String()
}

func stretch(in [][2]rune, from, to, stride rune) [][2]rune {
	if stride == 1 {
		return append(in, [2]rune{from, to})
	}
	for r := from; r <= to; r += stride {
		in = append(in, [2]rune{r, r})
	}
	return in
}

// others are the characters between sorted ranges.
func others(in [][2]rune) [][2]rune {
	var out [][2]rune
	next := rune(0)
	for _, r := range in {
		if r[0] > next {
			out = append(out, [2]rune{next, r[0] - 1})
		}
		next = max(next, r[1]+1)
	}
	if next <= unicode.MaxRune {
		out = append(out, [2]rune{next, unicode.MaxRune})
	}
	return out
}
