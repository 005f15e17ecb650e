package spans

import (
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"edgescope/internal/jsonwire"
)

// outputBuffer is how many bytes go to the client at a time.
const outputBuffer = 64 << 10

// output writes JSON piece by piece. After an error it writes nothing.
type output struct {
	w   io.Writer
	buf []byte
	// more tells that what comes next in a list or object is not the first.
	more  bool
	count int64
	err   error
}

func newOutput(w io.Writer) *output { return &output{w: w, buf: make([]byte, 0, outputBuffer+4096)} }

// open begins a list or an object.
func (o *output) open(c byte) {
	o.buf = append(o.buf, c)
	o.more = false
}

// shut ends what open began.
func (o *output) shut(c byte) {
	o.buf = append(o.buf, c)
	o.more = true
	if len(o.buf) >= outputBuffer {
		o.flush()
	}
}

// next begins an entry of a list.
func (o *output) next() {
	if o.more {
		o.buf = append(o.buf, ',')
	}
	o.more = true
}

// key begins a member of an object.
func (o *output) key(name string) {
	o.next()
	o.string(name)
	o.buf = append(o.buf, ':')
}

// raw writes a value that is JSON.
func (o *output) raw(value string) { o.buf = append(o.buf, value...) }

// string writes a text as a value.
func (o *output) string(s string) {
	if !utf8.ValidString(s) {
		s = strings.ToValidUTF8(s, "\uFFFD")
	}
	o.buf = jsonwire.AppendString(o.buf, s)
}

// text writes a member that is a text.
func (o *output) text(name, value string) {
	o.key(name)
	o.string(value)
}

// int writes a member that is a number.
func (o *output) int(name string, n int64) {
	o.key(name)
	o.buf = strconv.AppendInt(o.buf, n, 10)
}

// texts writes a member that is a list of texts, or null.
func (o *output) texts(name string, list []string) {
	o.key(name)
	if list == nil {
		o.raw("null")
		return
	}
	o.open('[')
	for _, s := range list {
		o.next()
		o.string(s)
	}
	o.shut(']')
}

func (o *output) flush() {
	if o.err == nil {
		var n int
		n, o.err = o.w.Write(o.buf)
		o.count += int64(n)
	}
	o.buf = o.buf[:0]
}

// close writes what is left and returns what io.WriterTo does.
func (o *output) close() (int64, error) {
	o.flush()
	return o.count, o.err
}

// indenter writes JSON that has no blanks between its tokens with line breaks, four blanks a level, as Jaeger's
// prettyPrint.
type indenter struct {
	w     io.Writer
	buf   []byte
	depth int
	// count is how many bytes are written.
	count int64
	// inText and escaped tell where in a string it is; opened that a brace was just opened.
	inText, escaped, opened bool
}

func (p *indenter) Write(b []byte) (int, error) {
	p.buf = p.buf[:0]
	for _, c := range b {
		p.char(c)
	}
	n, err := p.w.Write(p.buf)
	p.count += int64(n)
	if err != nil {
		return 0, err //nolint:wrapcheck // as io.Writer
	}
	return len(b), nil
}

func (p *indenter) char(c byte) {
	if p.inText {
		p.inText = p.escaped || c != '"'
		p.escaped = !p.escaped && c == '\\'
		p.buf = append(p.buf, c)
		return
	}
	closes := c == '}' || c == ']'
	if closes {
		p.depth--
	}
	if p.opened != closes && (p.opened || closes) {
		p.line()
	}
	p.opened = c == '{' || c == '['
	p.inText = c == '"'
	p.buf = append(p.buf, c)
	switch {
	case p.opened:
		p.depth++
	case c == ',':
		p.line()
	case c == ':':
		p.buf = append(p.buf, ' ')
	}
}

func (p *indenter) line() {
	p.buf = append(p.buf, '\n')
	for range p.depth {
		p.buf = append(p.buf, "    "...)
	}
}
