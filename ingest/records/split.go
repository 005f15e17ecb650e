// Package records takes the JSON apart that platforms push: the records of a body, whether they come as an array, one
// per line or one after another, and their values, read leniently. What can't be used costs as little as possible: a
// value itself, a record that is no JSON its own lines.
package records

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
)

var byteOrderMark = []byte("\ufeff")

// separators are what may stand between records: white space, and the record separator of RFC 7464.
const separators = " \t\r\n\x1e"

// TrimStart returns the body without what may stand before its first record.
func TrimStart(body []byte) []byte {
	return bytes.TrimLeft(bytes.TrimPrefix(body, byteOrderMark), separators)
}

// BrokenError is the error of a record that is no JSON.
type BrokenError struct {
	// Line is where it begins, from 1; 0 when it is the whole body.
	Line int
	// at is the byte of the body at which the text begins.
	at   int
	text []byte
}

// Error says where what is wrong. It reads the record again.
func (b *BrokenError) Error() string {
	where := "the body"
	if b.Line > 0 {
		where = fmt.Sprintf("line %d", b.Line)
	}
	err := json.Unmarshal(b.text, new(json.RawMessage))
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		return fmt.Sprintf("%s is no JSON at byte %d: %v", where, b.at+int(syntax.Offset), err)
	}
	return where + " is no JSON"
}

// Split calls take with each record of a body: the elements of the arrays and the other values in it, in their order,
// with their position, from 0, until take returns false. An empty body, and one of empty arrays, has none. A value that
// is no JSON is one record: take gets no text of it but a *BrokenError, and the next record is looked for at the next
// line that begins with a brace or a bracket. Records and errors share the memory of the body.
//
// Split fails with *BrokenError, and take was not called, when the body as a whole is a single value that is no JSON.
func Split(body []byte, take func(index int, record json.RawMessage, err error) bool) error {
	s := splitter{text: body, at: len(body) - len(TrimStart(body))}
	for count := 0; s.at < len(s.text); {
		value, broken := s.value()
		switch {
		case broken != nil && count == 0 && s.at >= len(s.text):
			broken.Line = 0
			return broken
		case broken != nil:
			if !take(count, nil, broken) {
				return nil
			}
			count++
		case value[0] == '[':
			for element := range elements(value) {
				if !take(count, element, nil) {
					return nil
				}
				count++
			}
		default:
			if !take(count, value, nil) {
				return nil
			}
			count++
		}
	}
	return nil
}

// splitter walks over the values of a body. It reads every byte a bounded number of times, whatever the body is.
type splitter struct {
	text []byte
	at   int
	// broken tells that a value was no JSON. From then on a line that begins with a brace or a bracket begins a value:
	// without that, each of a million lines with an open brace would be read to the end of the body.
	broken bool
	// lines counts the line ends before counted.
	lines, counted int
}

// value returns the next value, or that it is no JSON, and goes behind it and what separates it from the next.
func (s *splitter) value() (value []byte, broken *BrokenError) {
	from := s.at
	end := from + endOfValue(s.text[from:], s.broken)
	value = s.text[from:end:end]
	if !json.Valid(value) {
		s.broken = true
		s.lines += bytes.Count(s.text[s.counted:from], []byte{'\n'})
		s.counted = from
		broken = &BrokenError{Line: s.lines + 1, at: from, text: value}
		end = from + nextStart(s.text[from:])
	}
	s.at = end + len(s.text[end:]) - len(bytes.TrimLeft(s.text[end:], separators+","))
	return value, broken
}

// nextStart returns where the next line begins, after the first byte, that begins with a brace or a bracket; without
// one, the length of the text.
func nextStart(text []byte) int {
	for i := 1; i < len(text); i++ {
		n := bytes.IndexByte(text[i:], '\n')
		if n < 0 {
			break
		}
		if i += n; startsLine(text, i+1) {
			return i + 1
		}
	}
	return len(text)
}

func startsLine(text []byte, i int) bool { return i < len(text) && (text[i] == '{' || text[i] == '[') }

// endOfValue returns where the value ends that the text begins with; the length of the text if it has no end. It does
// not check the JSON. Where lines is true, a line that begins with a brace or a bracket ends the value too.
func endOfValue(text []byte, lines bool) int {
	depth := 0
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth <= 0 {
				return i + 1
			}
		case '"':
			i += 1 + endOfString(text[i+1:])
			if i >= len(text) || text[i] == '\n' || depth == 0 {
				return min(i+1, len(text))
			}
		case '\n':
			if depth == 0 || lines && startsLine(text, i+1) {
				return i
			}
		case ' ', '\t', '\r', ',', '\x1e':
			if depth == 0 {
				return max(i, 1)
			}
		}
	}
	return len(text)
}

// elements yields the elements of an array that is known to be JSON.
func elements(array []byte) iter.Seq[json.RawMessage] {
	return func(yield func(json.RawMessage) bool) {
		const between = separators + ","
		text := bytes.TrimLeft(array[1:], between)
		for text[0] != ']' {
			end := endOfElement(text)
			if !yield(json.RawMessage(text[:end:end])) {
				return
			}
			text = bytes.TrimLeft(text[end:], between)
		}
	}
}

// endOfElement returns where an element ends that is known to be JSON: a number or a word ends before the bracket of
// its array.
func endOfElement(text []byte) int {
	switch text[0] {
	case '{', '[', '"':
		return endOfValue(text, false)
	}
	return bytes.IndexAny(text, separators+",]")
}

// First returns the object that a body begins with, alone or as the first element of an array, and whether it is in
// one. It is empty, without a brace, when the body begins with something else.
func First(body []byte) (object []byte, inArray bool) {
	text := TrimStart(body)
	if len(text) > 0 && text[0] == '[' {
		return TrimStart(text[1:]), true
	}
	return text, false
}

// endOfString returns where the quote is that ends a string. One that has none ends with its line, or with the text.
func endOfString(text []byte) int {
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case '"', '\n':
			return i
		}
	}
	return len(text)
}
