// Package jmespath queries JSON by JMESPath (jmespath.org/specification).
package jmespath

import (
	"cmp"
	"errors"
	"fmt"
	"strings"

	"github.com/jmespath-community/go-jmespath/pkg/interpreter"
	"github.com/jmespath-community/go-jmespath/pkg/parsing"

	"edgescope/scenarios/value"
)

// Bounds of an expression: parser and interpreter go down a level for each bracket and operator, and have no bound of
// their own.
const (
	maxLength  = 64 << 10
	maxNesting = 200
)

// Expression is a compiled expression. It is safe for concurrent use.
type Expression struct{ root parsing.ASTNode }

// Compile reads an expression, whose functions and their numbers of arguments are checked. Its error says what is wrong
// with it and where.
func Compile(text string) (*Expression, error) {
	root, err := parse(text)
	if err == nil {
		err = prepare(&root, false)
	}
	if err != nil {
		return nil, fmt.Errorf("JMESPath %q: %w", text, err)
	}
	return &Expression{root}, nil
}

func parse(text string) (root parsing.ASTNode, err error) {
	if len(text) > maxLength {
		return root, fmt.Errorf("the expression is longer than %d characters", maxLength)
	}
	whole, depth := literals(text)
	if depth > maxNesting {
		return root, errors.New("the expression is nested too deep")
	}
	defer func() {
		if recover() != nil {
			err = errors.New("the expression cannot be read")
		}
	}()
	root, err = parsing.NewParser().Parse(whole)
	var wrong parsing.SyntaxError
	if errors.As(err, &wrong) {
		err = located(wrong)
	}
	return root, err
}

// located says a syntax error in words that are not the parser's.
func located(e parsing.SyntaxError) error {
	if delimiter, ok := strings.CutPrefix(e.Error(), "SyntaxError: Unclosed delimiter: "); ok {
		return fmt.Errorf("a %s is not closed", delimiter)
	}
	if e.Offset >= len(e.Expression) {
		return errors.New("the expression ends too early")
	}
	word := e.Expression[e.Offset:]
	end := 1
	for value.NameByte(word[0]) && end < len(word) && value.NameByte(word[end]) {
		end++
	}
	word = word[:end]
	return fmt.Errorf("unexpected %q at character %d", word, e.Offset+1)
}

// Search evaluates the expression on a script value, which is not changed. Members of objects come in the order of
// their names. A function that is given what it cannot take is an error, as the specification has it.
func (e *Expression) Search(v any) (found any, err error) {
	defer func() {
		if recover() != nil {
			found, err = nil, errors.New("the expression cannot be evaluated")
		}
	}()
	data := plain(v)
	calls := attentive{FunctionCaller: functionTable.caller}
	out, err := interpreter.NewInterpreter(data, &calls, nil).Execute(e.root, data)
	if err = cmp.Or(err, calls.err); err != nil {
		return nil, err
	}
	return scripted(out), nil
}

// attentive keeps the first error of a function: the interpreter drops those of what is filtered or flattened.
type attentive struct {
	interpreter.FunctionCaller
	err error
}

func (a *attentive) CallFunction(name string, args []any) (any, error) {
	out, err := a.FunctionCaller.CallFunction(name, args)
	a.err = cmp.Or(a.err, err)
	return out, err
}

// prepare checks a node and all below it, and makes the interpreter take members of objects in an order. argument is
// whether the node is an argument of a function.
func prepare(n *parsing.ASTNode, argument bool) error {
	if err := check(n, argument); err != nil {
		return err
	}
	switch n.NodeType {
	case parsing.ASTIndexExpression: // texts have no slices
		if n.Children[1].NodeType == parsing.ASTSlice {
			n.Children[0] = call(elements, n.Children[0])
		}
	case parsing.ASTValueProjection:
		*n = parsing.ASTNode{
			NodeType: parsing.ASTProjection, Children: []parsing.ASTNode{call(members, n.Children[0]), n.Children[1]},
		}
	}
	isCall := n.NodeType == parsing.ASTFunctionExpression
	for i := range n.Children {
		if err := prepare(&n.Children[i], isCall); err != nil {
			return err
		}
	}
	return nil
}

func call(function string, argument parsing.ASTNode) parsing.ASTNode {
	return parsing.ASTNode{NodeType: parsing.ASTFunctionExpression, Value: function, Children: []parsing.ASTNode{argument}}
}

// check refuses what would fail in every run, and what the library has beyond the specification without meaning it
// here.
func check(n *parsing.ASTNode, argument bool) error {
	switch n.NodeType {
	case parsing.ASTFunctionExpression:
		return functionTable.check(n)
	case parsing.ASTExpRef:
		if !argument {
			return errors.New("& stands before an argument of a function only")
		}
	case parsing.ASTSlice:
		if parts, _ := n.Value.([]*int); len(parts) == 3 && parts[2] != nil && *parts[2] == 0 {
			return errors.New("the step of a slice must not be 0")
		}
	case parsing.ASTBinding:
		return errors.New("= is no operator, equal is ==")
	case parsing.ASTLetExpression:
		return errors.New("let is not supported")
	}
	return nil
}

// literals writes what stands between backquotes and is no JSON as a text, as older implementations read it, and counts
// how deep brackets are nested.
func literals(text string) (whole string, deepest int) {
	var b strings.Builder
	depth := 0
	for i := 0; i < len(text); i++ {
		switch c := text[i]; c {
		case '(', '[', '{':
			depth++
			deepest = max(deepest, depth)
		case ')', ']', '}':
			depth--
		case '"', '\'', '`':
			end := closing(text, i)
			if c == '`' && end < len(text) {
				b.WriteString(literal(text[i+1 : end]))
			} else {
				b.WriteString(text[i:min(end+1, len(text))])
			}
			i = end
			continue
		}
		b.WriteByte(text[i])
	}
	return b.String(), deepest
}

// closing is the place of the quote that closes the one at i, or len(text). A backslash escapes it.
func closing(text string, i int) int {
	for at := i + 1; at < len(text); at++ {
		switch text[at] {
		case '\\':
			at++
		case text[i]:
			return at
		}
	}
	return len(text)
}

func literal(inside string) string {
	json := strings.TrimSpace(strings.ReplaceAll(inside, "\\`", "`"))
	if _, err := value.Parse([]byte(json)); err == nil {
		return "`" + inside + "`"
	}
	return "`" + strings.ReplaceAll(string(value.AppendQuoted(nil, json)), "`", "\\`") + "`"
}
