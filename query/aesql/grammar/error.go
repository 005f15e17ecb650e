package grammar

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Error is an error of a text, with the place.
type Error struct {
	// Line and Column count from 1, the column in characters.
	Line, Column int
	// Text says what is wrong and what would be right.
	Text string
}

// Error returns line:column: text.
func (e *Error) Error() string { return fmt.Sprintf("%d:%d: %s", e.Line, e.Column, e.Text) }

// Errorf returns an *Error at a byte offset of the statement's text.
func (s *Statement) Errorf(at int, format string, args ...any) error {
	return errorAt(s.Text, at, fmt.Sprintf(format, args...))
}

func errorAt(text string, at int, message string) error {
	line, column := lineColumn(text, at)
	return &Error{Line: line, Column: column, Text: message}
}

// place is line:column of an offset.
func place(text string, at int) string {
	line, column := lineColumn(text, at)
	return fmt.Sprintf("%d:%d", line, column)
}

func lineColumn(text string, at int) (line, column int) {
	before := text[:min(at, len(text))]
	column = utf8.RuneCountInString(before[strings.LastIndexByte(before, '\n')+1:])
	return strings.Count(before, "\n") + 1, column + 1
}
