// Package xpath finds texts in XML and HTML by XPath 1.0 (w3.org/TR/xpath-10).
package xpath

import (
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/antchfx/xmlquery"
	"github.com/antchfx/xpath"

	"edgescope/scenarios/value"
)

// Bounds of an expression: the parser goes down a level for each bracket, and has no bound of its own.
const (
	maxLength  = 64 << 10
	maxNesting = 200
)

// Path is a compiled expression. Prefixes of names are not compared, and in HTML their case is not. A Path is safe for
// concurrent use.
type Path struct {
	asXML, asHTML sync.Pool // of *xpath.Expr, which are used by one goroutine at a time
}

// Compile reads an expression. Its error says what is wrong with it.
func Compile(text string) (*Path, error) {
	if err := check(text); err != nil {
		return nil, fmt.Errorf("XPath %q: %w", text, err)
	}
	plain := outsideQuotes(text, func(s string) string { return prefix.ReplaceAllString(s, "$1") })
	folded := outsideQuotes(plain, strings.ToLower)
	for _, expression := range []string{plain, folded} {
		if _, err := compile(expression); err != nil {
			return nil, fmt.Errorf("XPath %q: %w", text, err)
		}
	}
	p := &Path{}
	p.asXML.New, p.asHTML.New = again(plain), again(folded)
	return p, nil
}

// again compiles what has compiled before.
func again(text string) func() any {
	return func() any {
		e, err := compile(text)
		if err != nil {
			panic("BUG: an XPath compiles only once: " + err.Error())
		}
		return e
	}
}

// prefix is the prefix of a name; two colons are an axis.
var prefix = regexp.MustCompile(`[\pL_][\pL\pN_.-]*:([\pL_*])`)

// outsideQuotes changes what stands outside of texts in quotes.
func outsideQuotes(s string, change func(string) string) string {
	var b strings.Builder
	done := 0
	for _, at := range quoted.FindAllStringIndex(s, -1) {
		b.WriteString(change(s[done:at[0]]))
		b.WriteString(s[at[0]:at[1]])
		done = at[1]
	}
	b.WriteString(change(s[done:]))
	return b.String()
}

// quoted is a text in an expression.
var quoted = regexp.MustCompile(`"[^"]*"|'[^']*'`)

// check finds what the library does not see, or says less well.
func check(text string) error {
	switch {
	case text == "":
		return errors.New("it is empty")
	case len(text) > maxLength:
		return fmt.Errorf("it is longer than %d characters", maxLength)
	}
	if err := closed(text); err != nil {
		return err
	}
	bare := strings.TrimSpace(quoted.ReplaceAllString(text, "''"))
	if strings.HasSuffix(bare, "/") && bare != "/" {
		return errors.New("a name is missing at its end")
	}
	return adjacent(bare)
}

// closed checks quotes and brackets.
func closed(text string) error {
	var open []byte
	for i := 0; i < len(text); i++ {
		switch c := text[i]; c {
		case '"', '\'':
			end := strings.IndexByte(text[i+1:], c)
			if end < 0 {
				return fmt.Errorf("a %c is not closed", c)
			}
			i += end + 1
		case '(', '[':
			if open = append(open, c); len(open) > maxNesting {
				return errors.New("it is nested too deep")
			}
		case ')', ']':
			if len(open) == 0 || open[len(open)-1] != map[byte]byte{')': '(', ']': '['}[c] {
				return fmt.Errorf("unexpected %q at character %d", c, i+1)
			}
			open = open[:len(open)-1]
		}
	}
	if len(open) == 0 {
		return nil
	}
	return fmt.Errorf("a %c is not closed", open[len(open)-1])
}

// words are two names, or the end of a step and a name, with nothing but blanks between them.
var words = regexp.MustCompile(`([\pL_][\pL\pN_.-]*|[\])])\s+([\pL_][\pL\pN_.-]*)`)

// adjacent refuses two names side by side, of which the library drops the second.
func adjacent(bare string) error {
	operator := func(s string) bool { return slices.Contains([]string{"and", "or", "div", "mod"}, s) }
	for _, m := range words.FindAllStringSubmatch(bare, -1) {
		if !operator(m[1]) && !operator(m[2]) {
			return fmt.Errorf("unexpected %q behind %q", m[2], m[1])
		}
	}
	return nil
}

// unknown is how the library says that it has no such function.
var unknown = regexp.MustCompile(`^not yet support this function (.*)\(\)$`)

// compile says in our words what the library refuses; it stumbles over calls with too few arguments.
func compile(text string) (*xpath.Expr, error) {
	e, err := xpath.Compile(text)
	if err == nil {
		return e, nil
	}
	if m := unknown.FindStringSubmatch(err.Error()); m != nil {
		return nil, fmt.Errorf("there is no function %q", m[1])
	}
	if strings.HasPrefix(err.Error(), "runtime error") {
		return nil, errors.New("a function is called with too few arguments")
	}
	return nil, err
}

// Texts returns the texts of what the expression selects, in the order of the document, or the one text that the
// expression gives. The body is read as HTML if the media type says so, else as XML; what is no XML is tried as HTML.
// There is no text if the body is neither.
func (p *Path) Texts(body []byte, contentType string) []string {
	doc, isHTML := read(body, contentType)
	if doc == nil {
		return nil
	}
	pool := &p.asXML
	if isHTML {
		pool = &p.asHTML
	}
	e, _ := pool.Get().(*xpath.Expr)
	texts, ok := evaluate(e, doc)
	if ok {
		pool.Put(e)
	}
	return texts
}

// evaluate turns a panic of the library into no result: it panics on functions of the wrong values.
func evaluate(e *xpath.Expr, doc *xmlquery.Node) (texts []string, ok bool) {
	defer func() {
		if recover() != nil {
			texts, ok = nil, false
		}
	}()
	switch v := e.Evaluate(&navigator{node: doc}).(type) {
	case *xpath.NodeIterator:
		return inOrder(v), true
	case float64:
		return []string{string(value.FormatNumber(v))}, true
	default:
		return []string{fmt.Sprint(v)}, true
	}
}

// inOrder are the texts of nodes in the order of the document, which a union mixes up, and each once: the library finds
// an element again by each of its children.
func inOrder(nodes *xpath.NodeIterator) []string {
	type found struct {
		place place
		text  string
	}
	var all []found
	for nodes.MoveNext() {
		if at, ok := nodes.Current().(*navigator); ok {
			all = append(all, found{at.place(), at.Value()})
		}
	}
	slices.SortStableFunc(all, func(a, b found) int {
		return cmp.Or(a.place.node-b.place.node, a.place.attr-b.place.attr)
	})
	all = slices.Compact(all)
	texts := make([]string, len(all))
	for i := range all {
		texts[i] = all[i].text
	}
	return texts
}
