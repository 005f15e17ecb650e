package payload

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"edgescope/scenarios/value"
)

// dialect is how a CSV file is read: the options of csv-parse 4, the version that Artillery uses.
type dialect struct {
	delimiters, ends []string // ends of records; none: the first that is found
	quote, escape    string   // "": none
	comment          string   // "": none

	from, to         int // records, from 1; to is -1 without an end
	fromLine, toLine int // lines, the same

	skipEmpty, skipBlank, skipBroken    bool // lines without a character, with nothing but blanks, that are no CSV
	relaxQuotes                         bool
	anyCount, fewerColumns, moreColumns bool // of columns
	trimLeft, trimRight                 bool
	cast                                bool

	header    bool     // the first record names the columns
	columns   []column // nil: they have no names
	lists     bool     // columns of the same name become a list
	keepLast  int      // from this column on, counted from 1, delimiters are text; -1: the last one; 0: nowhere
	maxRecord int      // bytes; 0: no limit
}

// column is a column with a name, or one that is left out.
type column struct {
	name string
	out  bool
}

func standard() dialect {
	return dialect{
		delimiters: []string{","}, quote: `"`, escape: `"`, from: 1, to: -1, fromLine: 1, toLine: -1, skipEmpty: true, cast: true,
	}
}

// parser reads records. It goes through the file once, byte by byte, in the states of csv-parse.
type parser struct {
	dialect

	src  []byte
	pos  int
	line int
	add  func(record []any) error

	field  []byte
	record []any
	size   int // of the record so far, in bytes
	count  int // records
	width  int // columns that records have; -1: not known yet

	enabled, stopped, newline             bool
	quoting, quoted, escaping, commenting bool
	broken                                bool // the record is left out
}

// records calls add for each record, the columns of which are named by columns afterwards.
func records(src []byte, d dialect, add func(record []any) error) (columns []column, err error) {
	p := &parser{dialect: d, src: src, line: 1, add: add, enabled: d.fromLine == 1, width: -1}
	if d.columns != nil {
		p.width = len(d.columns)
	}
	for p.pos < len(src) && !p.stopped {
		if p.newline {
			p.line++
			p.newline = false
		}
		if p.toLine > 0 && p.line > p.toLine {
			return p.columns, nil
		}
		if err := p.step(); err != nil {
			return nil, err
		}
	}
	if p.stopped {
		return p.columns, nil
	}
	return p.columns, p.finish()
}

// wrong is what is wrong on a line; nil if such a record is to be left out.
func (p *parser) wrong(format string, args ...any) error {
	if p.skipBroken {
		p.broken = true
		return nil
	}
	return &Error{p.line, "not valid CSV: " + fmt.Sprintf(format, args...)}
}

// at tells whether a text stands at a place.
func (p *parser) at(pos int, text string) bool {
	return text != "" && len(p.src)-pos >= len(text) && string(p.src[pos:pos+len(text)]) == text
}

// step takes one byte, quote, delimiter or end of a line.
func (p *parser) step() error {
	c := p.src[p.pos]
	p.discover(p.pos)
	if c == '\r' || c == '\n' {
		p.newline = true
	}
	if p.escaping {
		p.escaping = false
		return p.character(c)
	}
	if p.escapes() {
		p.escaping = true
		p.pos += len(p.escape)
		return nil
	}
	if !p.commenting && p.at(p.pos, p.quote) {
		if taken, err := p.quotation(); taken || err != nil {
			return err
		}
	}
	if !p.quoting {
		if taken, err := p.outside(); taken || err != nil {
			return err
		}
	}
	return p.character(c)
}

// discover takes the first end of a line outside of quotes as that of all records.
func (p *parser) discover(pos int) {
	if p.quoting || len(p.ends) > 0 {
		return
	}
	for _, end := range []string{"\r\n", "\r", "\n"} {
		if p.at(pos, end) {
			p.ends = []string{end}
			return
		}
	}
}

// escapes tells whether an escape stands here, with something behind it: a quote, where both are the same.
func (p *parser) escapes() bool {
	after := p.pos + len(p.escape)
	if !p.quoting || !p.at(p.pos, p.escape) || after >= len(p.src) {
		return false
	}
	return p.escape != p.quote || p.at(after, p.quote)
}

// quotation opens or closes quotes.
func (p *parser) quotation() (taken bool, err error) {
	if !p.quoting {
		if len(p.field) == 0 {
			p.quoting = true
			p.pos += len(p.quote)
			return true, nil
		}
		if p.relaxQuotes {
			return false, nil
		}
		return false, p.wrong("a quote stands inside of a field that does not begin with one")
	}
	after := p.pos + len(p.quote)
	if p.closes(after) {
		p.quoting, p.quoted = false, true
		p.pos = after
		return true, nil
	}
	if !p.relaxQuotes {
		return false, p.wrong("%q follows a closing quote, where a delimiter or the end of the line should", p.src[after])
	}
	p.quoting, p.quoted = false, true
	p.field = append([]byte(p.quote), p.field...)
	return false, nil
}

// closes tells whether what stands at a place may follow a closing quote.
func (p *parser) closes(at int) bool {
	if at >= len(p.src) {
		return true
	}
	if len(p.ends) == 0 && (p.src[at] == '\r' || p.src[at] == '\n') {
		return true
	}
	return p.delimiter(at) > 0 || p.end(at) > 0 || p.at(at, p.comment) || p.trimRight && blank(p.src[at])
}

// delimiter is the length of the one that stands at a place, 0 for none.
func (p *parser) delimiter(at int) int {
	last := p.keepLast
	if last < 0 {
		last = len(p.columns)
	}
	if last > 0 && len(p.record) == last-1 {
		return 0
	}
	return p.first(at, p.delimiters)
}

func (p *parser) end(at int) int { return p.first(at, p.ends) }

func (p *parser) first(at int, texts []string) int {
	for _, t := range texts {
		if p.at(at, t) {
			return len(t)
		}
	}
	return 0
}

// outside takes an end of a record, a comment or a delimiter outside of quotes.
func (p *parser) outside() (taken bool, err error) {
	if n := p.end(p.pos); n > 0 {
		err := p.recordEnd()
		p.pos += n
		return true, err
	}
	if p.commenting || p.at(p.pos, p.comment) {
		p.commenting = true
		p.pos++
		return true, nil
	}
	if n := p.delimiter(p.pos); n > 0 {
		p.fieldEnd()
		p.pos += n
		return true, nil
	}
	return false, nil
}

func blank(c byte) bool { return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\f' }

// character adds a byte to the field.
func (p *parser) character(c byte) error {
	p.pos++
	if p.maxRecord > 0 && p.size+len(p.field) > p.maxRecord {
		return p.wrong("a record has more than %d bytes", p.maxRecord)
	}
	if p.trimLeft && !p.quoting && len(p.field) == 0 && blank(c) {
		return nil
	}
	if p.trimRight && p.quoted {
		if blank(c) {
			return nil
		}
		return p.wrong("%q follows a closing quote", c)
	}
	p.field = append(p.field, c)
	return nil
}

// fresh tells whether nothing of a record was read yet.
func (p *parser) fresh() bool { return !p.quoted && len(p.record) == 0 && len(p.field) == 0 }

func (p *parser) recordEnd() error {
	if p.commenting && p.fresh() {
		p.commenting = false
		return nil
	}
	line := p.line
	if p.newline {
		line++
	}
	if !p.enabled && line >= p.fromLine {
		p.enabled = true
		p.field, p.quoted, p.record, p.size = p.field[:0], false, nil, 0
		return nil
	}
	if p.skipEmpty && p.fresh() {
		return nil
	}
	p.commenting = false
	p.fieldEnd()
	err := p.recordDone()
	p.stopped = p.to > 0 && p.count >= p.to
	return err
}

func (p *parser) fieldEnd() {
	text := string(p.field)
	if p.trimRight && !p.quoted {
		text = strings.TrimRight(text, " \t\r\n\f\v\u00a0\ufeff")
	}
	p.field, p.quoted = p.field[:0], false
	if !p.enabled {
		return
	}
	p.size += utf8.RuneCountInString(text)
	var v any = text
	if p.cast && !p.header {
		v = castNumber(text)
	}
	p.record = append(p.record, v)
}

// recordDone hands a record over, unless it is one that is left out.
func (p *parser) recordDone() error {
	record, broken := p.record, p.broken
	p.record, p.size, p.broken = nil, 0, false
	blank := p.skipBlank && isBlank(record)
	switch {
	case !p.enabled, p.header && blank:
		return nil
	case p.header:
		return p.named(record)
	}
	if p.width < 0 || p.columns == nil && p.count == 0 {
		p.width = len(record)
	}
	if !p.fits(len(record)) {
		if err := p.wrong("the record has %d fields, not %d", len(record), p.width); err != nil {
			return err
		}
		p.broken, broken = false, true
	}
	if broken || blank {
		return nil
	}
	if p.count++; p.count < p.from {
		return nil
	}
	return p.add(record)
}

// fits tells whether a record may have so many fields.
func (p *parser) fits(n int) bool {
	return n == p.width || p.anyCount || p.fewerColumns && n < p.width || p.moreColumns && n > p.width
}

func isBlank(record []any) bool {
	return !slices.ContainsFunc(record, func(v any) bool { return strings.TrimSpace(value.Text(v)) != "" })
}

// named takes the names of the columns from the first record.
func (p *parser) named(record []any) error {
	p.header, p.columns = false, []column{}
	for _, v := range record {
		p.columns = append(p.columns, column{name: value.Text(v)})
	}
	p.width = len(p.columns)
	return nil
}

// finish ends the last record, which needs no end of a line.
func (p *parser) finish() error {
	if p.quoting {
		return p.wrong("a quote is not closed")
	}
	if p.fresh() {
		return nil
	}
	p.fieldEnd()
	return p.recordDone()
}

var errTooMany = errors.New("a payload has at most 10000000 rows")

// withoutMark takes off a byte order mark.
func withoutMark(src []byte) []byte { return bytes.TrimPrefix(src, []byte("\ufeff")) }
