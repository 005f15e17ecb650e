package analyticsengine

import "strings"

// eachRecord splits a body into its records: the elements of an array, one value, or one value per line. take gets the text
// of each record, or why it is none, with its index: its place in the array, or its line, from 0. What is wrong in a line
// costs that line; an array that is no JSON has no records, nor has an empty body, which is an empty batch.
func eachRecord(body string, take func(index int, record string, err error)) {
	s := &scanner{text: body}
	first := s.next()
	if first == 0 {
		return
	}
	from := s.at
	err := s.skip()
	alone := err == nil && s.next() == 0
	switch {
	case alone && first == '[':
		eachElement(body[from:], take)
	case alone:
		take(0, body[from:], nil)
	case err != nil && (first == '[' || !strings.Contains(strings.TrimSpace(body), "\n")):
		take(0, "", err)
	default:
		eachLine(body, take)
	}
}

// eachElement reads an array that is known to be JSON.
func eachElement(array string, take func(index int, record string, err error)) {
	s := &scanner{text: array}
	_ = s.elements(func(i int) error {
		s.space()
		from := s.at
		if err := s.skip(); err != nil {
			return err
		}
		take(i, array[from:s.at], nil)
		return nil
	})
}

// eachLine reads one value from each line that is not empty.
func eachLine(body string, take func(index int, record string, err error)) {
	n := -1
	for line := range strings.Lines(body) {
		n++
		s := &scanner{text: line}
		if s.next() == 0 {
			continue
		}
		err := s.skip()
		if err == nil && s.next() != 0 {
			err = s.want("the end of the line")
		}
		take(n, line, err)
	}
}
