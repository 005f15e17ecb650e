package syntax

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
	before := text[:min(at, len(text))]
	line := strings.Count(before, "\n")
	column := utf8.RuneCountInString(before[strings.LastIndexByte(before, '\n')+1:])
	return &Error{Line: line + 1, Column: column + 1, Text: message}
}
