package analyticsengine

import (
	"bytes"

	"edgescope/internal/jsonwire"
)

// splitter splits a body into its records: the elements of an array, one value, or one value per line.
type splitter struct {
	doc  jsonwire.Reader
	text jsonwire.Arena
}

// each calls take with the text of each record, or why it is none, with its index: its place in the array, or its line,
// from 0. What is wrong in a line costs that line; an array that is no JSON has no records, nor has an empty body,
// which is an empty batch.
func (s *splitter) each(body []byte, take func(index int, record []byte, err error)) {
	defer func() { s.doc.Reset(nil, nil) }()
	doc := &s.doc
	doc.Reset(body, &s.text)
	if doc.Empty() {
		return
	}
	first, from := doc.Peek(), doc.Pos
	doc.Skip()
	alone := doc.Err == nil && doc.Empty()
	switch {
	case alone && first == jsonwire.Array:
		s.eachElement(body, take)
	case alone:
		take(0, doc.Raw(from), nil)
	case doc.Err != nil && (first == jsonwire.Array || !bytes.Contains(bytes.TrimSpace(body), []byte{'\n'})):
		take(0, nil, doc.Err)
	default:
		s.eachLine(body, take)
	}
}

// eachElement reads an array that is known to be JSON.
func (s *splitter) eachElement(array []byte, take func(index int, record []byte, err error)) {
	s.doc.Reset(array, &s.text)
	i := 0
	for list := s.doc.Array(); list.Next(); i++ {
		s.doc.Peek() // is where the element begins
		from := s.doc.Pos
		s.doc.Skip()
		take(i, s.doc.Raw(from), nil)
	}
}

// eachLine reads one value from each line that is not empty.
func (s *splitter) eachLine(body []byte, take func(index int, record []byte, err error)) {
	n := -1
	for line := range bytes.Lines(body) {
		n++
		s.doc.Reset(line, &s.text)
		if s.doc.Empty() {
			continue
		}
		s.doc.Skip()
		if s.doc.Err == nil && !s.doc.Empty() {
			s.doc.Fail("want the end of the line")
		}
		take(n, line, s.doc.Err)
	}
}
