package analyticsengine

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"edgescope/internal/jsonwire"
)

// value is one JSON value: of a string what it says, of everything else the text as sent.
type value struct {
	kind jsonwire.Token
	text string
}

// read reads one value of any type.
func read(doc *jsonwire.Reader) value {
	kind := doc.Peek() // which goes to where the value begins
	from := doc.Pos
	if kind != jsonwire.String {
		doc.Skip()
		return value{kind, textOf(doc.Raw(from))}
	}
	_, text := doc.Scalar()
	if strings.Contains(text, "\ufffd") {
		text = bytesOf(doc.Raw(from), text)
	}
	return value{kind, text}
}

// bytesOf returns what a string holds that is no UTF-8, byte for byte, and the text as it was read for any other.
func bytesOf(quoted []byte, text string) string {
	if utf8.Valid(quoted) || bytes.IndexByte(quoted, '\\') >= 0 {
		return text
	}
	return textOf(quoted[1 : len(quoted)-1])
}
