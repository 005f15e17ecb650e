package workers

import (
	"bytes"
	"iter"
)

var byteOrderMark = []byte("\ufeff")

// LooksLikeTail tells whether a body is tail events, by the keys of the object that it begins with: eventTimestamp or, in an
// array, outcome for a finished invocation; spanContext, in an array together with sequence, for an event of a streaming
// tail. It allocates nothing.
func LooksLikeTail(body []byte) bool {
	text := trimStart(body)
	inArray := len(text) > 0 && text[0] == '['
	if inArray {
		text = trimStart(text[1:])
	}
	var spanContext, sequence bool
	for key := range keys(text) {
		switch string(key) {
		case "eventTimestamp":
			return true
		case "outcome":
			if inArray {
				return true
			}
		case "spanContext":
			spanContext = true
		case "sequence":
			sequence = true
		}
		if spanContext && (sequence || !inArray) {
			return true
		}
	}
	return false
}

func trimStart(body []byte) []byte {
	return bytes.TrimLeft(bytes.TrimPrefix(body, byteOrderMark), " \t\r\n")
}

// keys yields the keys of the object that the text begins with, as they are spelt there. It does not check the JSON: where
// the text is none it yields nothing that matters, or ends.
func keys(text []byte) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		if len(text) == 0 || text[0] != '{' {
			return
		}
		depth := 0
		for i := 0; i < len(text); i++ {
			switch text[i] {
			case '{', '[':
				depth++
			case '}', ']':
				depth--
				if depth == 0 {
					return
				}
			case '"':
				end := i + 1 + endOfString(text[i+1:])
				if depth == 1 && followedByColon(text[min(end+1, len(text)):]) && !yield(text[i+1:end]) {
					return
				}
				i = end
			}
		}
	}
}

// endOfString answers where the quote is that ends a string, the length of the text if there is none.
func endOfString(text []byte) int {
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case '"':
			return i
		}
	}
	return len(text)
}

func followedByColon(text []byte) bool {
	text = trimStart(text)
	return len(text) > 0 && text[0] == ':'
}
