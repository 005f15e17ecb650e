package analyticsengine

import (
	"errors"
	"strings"
)

var errEmpty = errors.New("the body is empty: want a data point, an array of them, or one per line")

// eachRecord splits a body into its records: the elements of an array, or the values of a sequence, which is one object or
// one per line. take gets the text of each record, or why it is none, with its index: its place in the array, or its line,
// from 0. What is wrong in one line of a sequence costs that line; an array that is no JSON has no records.
func eachRecord(body string, take func(index int, record string, err error)) {
	s := &scanner{text: body}
	switch s.next() {
	case 0:
		take(0, "", errEmpty)
	case '[':
		whole := *s
		switch err := whole.skip(); {
		case err != nil:
			take(0, "", err)
		case whole.next() != 0:
			eachValue(s, take)
		default:
			eachElement(s, take)
		}
	default:
		eachValue(s, take)
	}
}

// eachElement reads an array that is known to be JSON.
func eachElement(s *scanner, take func(index int, record string, err error)) {
	_ = s.elements(func(i int) error {
		s.space()
		from := s.at
		if err := s.skip(); err != nil {
			return err
		}
		take(i, s.text[from:s.at], nil)
		return nil
	})
}

// eachValue reads values until the end. After one that is no JSON it goes on with the next line: a value that stays open
// over many lines nests deeper with each, so that maxDepth bounds what is read twice.
func eachValue(s *scanner, take func(index int, record string, err error)) {
	line, counted := 0, 0
	for s.next() != 0 {
		from := s.at
		line += strings.Count(s.text[counted:from], "\n")
		counted = from
		s.depth = 0
		err := s.skip()
		if err == nil {
			take(line, s.text[from:s.at], nil)
			continue
		}
		take(line, "", err)
		end := strings.IndexByte(s.text[from:], '\n')
		if end < 0 {
			return
		}
		s.at = from + end + 1
	}
}
