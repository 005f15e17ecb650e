package regex

import (
	"fmt"
	"strings"
	"unicode/utf16"

	"github.com/dlclark/regexp2"
)

// SyntaxError is what is wrong in a pattern, in V8's words, and where, in characters from 0.
type SyntaxError struct {
	Pattern, Msg string
	At           int
}

// Error implements error.
func (e *SyntaxError) Error() string {
	if e.Pattern == "" {
		return e.Msg
	}
	return fmt.Sprintf("regular expression /%s/: %s at character %d", e.Pattern, e.Msg, e.At+1)
}

// program is a pattern as regexp2 takes it.
type program struct {
	text    string
	options regexp2.RegexOptions
	groups  int
	names   map[string]int
}

func (p *program) compile() (*regexp2.Regexp, error) {
	re, err := regexp2.Compile(p.text, p.options)
	if err == nil {
		re.MatchTimeout = maxTime
	}
	return re, err
}

const (
	maxPattern = 1 << 16 // characters
	maxDepth   = 200     // of groups
)

// lineEnd is the class of the characters that end lines.
const lineEnd = `[\n\r\u2028\u2029]`

// translator reads a pattern as JavaScript does and writes it for regexp2: by numbered groups and by escaped
// characters, so that nothing means what it means in .NET only.
type translator struct {
	source string
	text   []rune // characters with flag u, else UTF-16 units
	i      int
	out    strings.Builder

	multiline, dotAll, unicode bool

	depth  int
	groups int            // all in the pattern
	names  map[string]int // all in the pattern
}

func translate(pattern, flags string) (program, error) {
	t := &translator{source: pattern}
	options, err := t.flags(flags)
	if err != nil {
		return program{}, err
	}
	if t.text = []rune(pattern); !t.unicode {
		units := utf16.Encode(t.text)
		t.text = make([]rune, len(units))
		for i, u := range units {
			t.text[i] = rune(u)
		}
	}
	if len(t.text) > maxPattern {
		return program{}, &SyntaxError{Msg: fmt.Sprintf("a regular expression has at most %d characters", maxPattern)}
	}
	if err := t.countGroups(); err != nil {
		return program{}, err
	}
	if err := t.alternatives(); err != nil {
		return program{}, err
	}
	if t.i < len(t.text) {
		return program{}, t.fail("Unmatched ')'")
	}
	text := t.out.String()
	if strings.Contains(flags, "y") {
		text = "^(?:" + text + ")"
	}
	return program{text, options, t.groups, t.names}, nil
}

func (t *translator) flags(flags string) (regexp2.RegexOptions, error) {
	options := regexp2.RegexOptions(regexp2.ECMAScript)
	for i, f := range flags {
		if strings.ContainsRune(flags[:i], f) {
			return 0, &SyntaxError{Msg: fmt.Sprintf("flag %q stands twice", f)}
		}
		switch f {
		case 'i':
			options |= regexp2.IgnoreCase
		case 'm':
			t.multiline = true
		case 's':
			t.dotAll = true
		case 'u':
			t.unicode = true
		case 'd', 'g', 'y':
		case 'v':
			return 0, &SyntaxError{Msg: "flag \"v\" is not supported, use u"}
		default:
			return 0, &SyntaxError{Msg: fmt.Sprintf("unknown flag %q, legal are d, g, i, m, s, u and y", f)}
		}
	}
	return options, nil
}

func (t *translator) fail(format string, args ...any) error { return t.failAt(t.i, format, args...) }

func (t *translator) failAt(at int, format string, args ...any) error {
	return &SyntaxError{t.source, fmt.Sprintf(format, args...), at}
}

// peek is the character n places on, -1 behind the end.
func (t *translator) peek(n int) rune {
	if t.i+n >= len(t.text) {
		return -1
	}
	return t.text[t.i+n]
}

func (t *translator) eat(s string) bool {
	for n, c := range []byte(s) {
		if t.peek(n) != rune(c) {
			return false
		}
	}
	t.i += len(s)
	return true
}

// countGroups finds all groups, since references may stand in front of them.
func (t *translator) countGroups() error {
	t.names = map[string]int{}
	class := false
	for t.i = 0; t.i < len(t.text); t.i++ {
		switch c := t.text[t.i]; {
		case c == '\\':
			t.i++
		case c == '[':
			class = true
		case c == ']':
			class = false
		case c != '(' || class:
		case t.peek(1) != '?':
			t.groups++
		case t.peek(2) == '<' && t.peek(3) != '=' && t.peek(3) != '!':
			t.groups++
			at := t.i
			t.i += 3
			name, err := t.groupName()
			if err != nil {
				return err
			}
			if t.names[name] != 0 {
				return t.failAt(at, "Duplicate capture group name")
			}
			t.names[name] = t.groups
			t.i--
		}
	}
	t.i = 0
	return nil
}

// groupName reads a name up to and with its >.
func (t *translator) groupName() (string, error) {
	from := t.i
	for t.i < len(t.text) && isNameChar(t.text[t.i], t.i > from) {
		t.i++
	}
	if t.i == from || t.peek(0) != '>' {
		return "", t.fail("Invalid capture group name")
	}
	t.i++
	return string(t.text[from : t.i-1]), nil
}

func isNameChar(c rune, digits bool) bool {
	return c == '$' || c == '_' || c|0x20 >= 'a' && c|0x20 <= 'z' || c >= 0x80 || digits && c >= '0' && c <= '9'
}

// alternatives reads up to the end of the group or pattern.
func (t *translator) alternatives() error {
	for t.i < len(t.text) {
		switch c := t.text[t.i]; c {
		case ')':
			return nil
		case '|':
			t.i++
			t.out.WriteByte('|')
		default:
			if err := t.term(); err != nil {
				return err
			}
		}
	}
	return nil
}

// term reads an assertion, or an atom with its quantifier.
func (t *translator) term() error {
	switch c := t.text[t.i]; c {
	case '^':
		return t.assertion("^", `(?:^|(?<=`+lineEnd+`))`)
	case '$':
		return t.assertion("$", `(?:$|(?=`+lineEnd+`))`)
	case '(':
		return t.group()
	case '*', '+', '?':
		return t.fail("Nothing to repeat")
	case '{', ']', '}':
		return t.bracket(c)
	case '.':
		t.i++
		t.out.WriteString(t.anyCharacter())
	case '[':
		t.i++
		if err := t.class(); err != nil {
			return err
		}
	case '\\':
		if repeats, err := t.escape(); err != nil || !repeats {
			return err
		}
	default:
		t.i++
		t.literal(c)
	}
	return t.quantifier()
}

func (t *translator) anyCharacter() string {
	if t.dotAll {
		return `[\s\S]`
	}
	return `[^\n\r\u2028\u2029]`
}

// bracket reads a bracket that opens or closes nothing, which stands for itself without flag u.
func (t *translator) bracket(c rune) error {
	if _, _, ok := t.braces(); ok && c == '{' {
		return t.fail("Nothing to repeat")
	}
	if t.unicode {
		return t.fail("Lone quantifier brackets")
	}
	t.i++
	t.literal(c)
	return t.quantifier()
}

func (t *translator) assertion(plain, multiline string) error {
	t.i++
	if t.multiline {
		plain = multiline
	}
	t.out.WriteString(plain)
	return nil
}

// looks are the groups that look ahead and behind.
var looks = []string{"(?=", "(?!", "(?<=", "(?<!"}

// group reads what begins with a parenthesis.
func (t *translator) group() error {
	if t.depth++; t.depth > maxDepth {
		return t.fail("groups are nested too deep")
	}
	defer func() { t.depth-- }()
	at := t.i
	for _, look := range looks {
		if t.eat(look) {
			return t.look(at, look)
		}
	}
	switch {
	case t.eat("(?:"):
		t.out.WriteString("(?:")
	case t.eat("(?<"):
		if _, err := t.groupName(); err != nil {
			return err
		}
		t.out.WriteByte('(')
	case t.eat("(?"):
		return t.failAt(at, "Invalid group%s", foreignGroup(t.peek(0)))
	default:
		t.i++
		t.out.WriteByte('(')
	}
	if err := t.closed(at); err != nil {
		return err
	}
	return t.quantifier()
}

// look reads the inside of a group that looks ahead or behind; only a look ahead may be repeated, without flag u.
func (t *translator) look(at int, opened string) error {
	t.out.WriteString("(?:" + opened)
	if err := t.closed(at); err != nil {
		return err
	}
	t.out.WriteByte(')')
	if t.unicode || strings.HasPrefix(opened, "(?<") {
		return nil
	}
	return t.quantifier()
}

// closed reads the inside of the group that begins at a place, and its end.
func (t *translator) closed(at int) error {
	if err := t.alternatives(); err != nil {
		return err
	}
	if !t.eat(")") {
		return t.failAt(at, "Unterminated group")
	}
	t.out.WriteByte(')')
	return nil
}

// foreignGroup says what to write for groups that other languages have.
func foreignGroup(c rune) string {
	switch c {
	case 'P':
		return ", a named group is (?<name>...)"
	case 'i', 'm', 's', 'x', '-':
		return ", flags stand beside the pattern: flags: i"
	case '>':
		return ", JavaScript has no atomic groups"
	case '#':
		return ", JavaScript has no comments in patterns"
	}
	return ""
}

// literal writes a character that stands for itself.
func (t *translator) literal(c rune) {
	switch {
	case c >= '0' && c <= '9', c|0x20 >= 'a' && c|0x20 <= 'z':
		t.out.WriteRune(c)
	case c <= 0xffff:
		fmt.Fprintf(&t.out, `\u%04x`, c)
	default:
		t.out.WriteRune(c)
	}
}
