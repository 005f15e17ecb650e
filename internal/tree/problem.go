package tree

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Position is a place in a file. Line and Col count from 1; Col counts characters. The zero value is no place.
type Position struct {
	File      string
	Line, Col int
}

// String returns file:line:col.
func (p Position) String() string {
	if p.Line == 0 {
		return p.File
	}
	return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Col)
}

// Problem is something wrong, or worth saying, at a place in a file.
type Problem struct {
	Pos Position
	Msg string
	// Warning tells what does not refuse a file by itself, but stands among what does.
	Warning bool
}

// String returns file:line:col: message, and what it is if it is no more than a warning.
func (p Problem) String() string {
	text := p.Msg
	if p.Pos != (Position{}) {
		text = p.Pos.String() + ": " + p.Msg
	}
	if p.Warning {
		return "warning: " + text
	}
	return text
}

// Problems are all that is wrong with a file, in the order of its lines. They are the error of what reads one when the
// file, not the machine, is at fault.
type Problems []Problem //nolint:errname // it is a list first: a plan's warnings are one too

// Error returns one line per problem.
func (ps Problems) Error() string {
	lines := make([]string, len(ps))
	for i, p := range ps {
		lines[i] = p.String()
	}
	return strings.Join(lines, "\n")
}

// Sort puts problems in the order of files, lines and columns.
func (ps Problems) Sort() {
	slices.SortStableFunc(ps, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.Pos.File, b.Pos.File),
			cmp.Compare(a.Pos.Line, b.Pos.Line), cmp.Compare(a.Pos.Col, b.Pos.Col))
	})
}
