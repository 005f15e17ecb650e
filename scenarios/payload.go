package scenarios

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"path/filepath"
	"strings"
	"unicode/utf8"
)

// payload is a CSV file whose rows users take.
type payload struct {
	path     string
	fields   []string
	sequence bool
	loadAll  bool
	name     string
	rows     [][]any

	skipHeader bool
	skipEmpty  bool
	cast       bool
	delimiter  rune
}

// assign gives a user its row. The row of a sequence follows from the user's
// index, so that it does not matter in which order users start.
func (p *payload) assign(s *Scope, user int) {
	if p.loadAll || len(p.rows) == 0 {
		return
	}
	row := p.rows[0]
	switch {
	case !p.sequence:
		row = p.rows[s.rand.IntN(len(p.rows))]
	case user > 0:
		row = p.rows[user%len(p.rows)]
	}
	for i, f := range p.fields {
		if _, isVariable := s.base[f]; i < len(row) && !isVariable {
			s.vars[f] = row[i]
		}
	}
}

// all is the whole file as a list of objects.
func (p *payload) all() []any {
	list := make([]any, len(p.rows))
	for i, row := range p.rows {
		o := &Object{}
		for j, f := range p.fields {
			if j < len(row) {
				o.put(f, row[j])
			}
		}
		list[i] = o
	}
	return list
}

func (c *compiler) payloads(n *node) {
	if n.isNull() {
		return
	}
	items := []*node{n}
	if n.kind == listNode {
		items = n.items
	}
	for _, item := range items {
		p := c.payload(item)
		if p == nil {
			continue
		}
		c.plan.payloads = append(c.plan.payloads, p)
		if _, isVariable := c.plan.base[p.name]; p.loadAll && !isVariable {
			c.plan.base[p.name] = p.all()
		}
	}
}

func (c *compiler) payload(n *node) *payload {
	p := &payload{skipEmpty: true, cast: true, delimiter: ','}
	var path, fields *node
	c.object(n, "payload", map[string]func(*node){
		"path":           func(v *node) { path = v; p.path, _ = c.text(v, "path") },
		"fields":         func(v *node) { fields = v },
		"order":          func(v *node) { p.sequence = c.choice(v, "order", "random", "sequence") == "sequence" },
		"skipHeader":     func(v *node) { p.skipHeader = c.boolean(v, "skipHeader") },
		"skipEmptyLines": func(v *node) { p.skipEmpty = c.boolean(v, "skipEmptyLines") },
		"cast":           func(v *node) { p.cast = c.boolean(v, "cast") },
		"delimiter":      func(v *node) { p.delimiter = c.delimiter(v) },
		"loadAll":        func(v *node) { p.loadAll = c.boolean(v, "loadAll") },
		"name":           func(v *node) { p.name, _ = c.text(v, "name") },
	})
	if n.kind != objectNode {
		return nil
	}
	if p.path == "" {
		c.fault(n.pos, "a payload needs the path of a CSV file")
		return nil
	}
	if p.loadAll && p.name == "" {
		c.fault(n.pos, "a payload with loadAll needs a name, the variable that holds its rows")
		return nil
	}
	for _, f := range c.list(fields, "fields") {
		if name, ok := c.text(f, "a field"); ok {
			p.fields = append(p.fields, name)
		}
	}
	if len(p.fields) == 0 {
		c.fault(n.pos, "a payload needs fields, the variable names of its columns")
		return nil
	}
	c.readPayload(p, path.pos)
	return p
}

func (c *compiler) delimiter(v *node) rune {
	s, _ := c.text(v, "delimiter")
	r, size := utf8.DecodeRuneInString(s)
	if size == 0 || size != len(s) || r == '"' || r == '\n' || r == '\r' || r == utf8.RuneError {
		c.fault(v.pos, "delimiter must be one character, other than quotes and line ends")
		return ','
	}
	return r
}

func (c *compiler) readPayload(p *payload, pos Position) {
	if rows, ok := c.opts.Tables[p.path]; ok {
		p.rows = rows
		c.files.Write(fmt.Appendf(nil, "%q", rows))
		return
	}
	path := c.path(p.path)
	src, err := c.opts.ReadFile(path)
	if err != nil {
		c.fault(pos, "payload %s cannot be read: %s", p.path, cause(err))
		return
	}
	c.files.Write(src)
	if !c.parseCSV(p, path, bytes.TrimPrefix(src, []byte("\ufeff"))) {
		return
	}
	if len(p.rows) == 0 && !p.loadAll {
		c.fault(pos, "payload %s has no rows", p.path)
	}
}

// parseCSV reads the rows; it is false if the file is no CSV. The standard
// reader always drops empty lines, so they are counted by line number where the
// script wants them.
func (c *compiler) parseCSV(p *payload, file string, src []byte) bool {
	r := csv.NewReader(bytes.NewReader(src))
	r.Comma, r.FieldsPerRecord = p.delimiter, -1
	next := 1
	for first := true; ; first = false {
		record, err := r.Read()
		if errors.Is(err, io.EOF) {
			return true
		}
		if err != nil {
			c.csvFault(file, err)
			return false
		}
		line, _ := r.FieldPos(0)
		for ; next < line && !p.skipEmpty; next++ {
			p.rows = append(p.rows, []any{""})
		}
		next = line + 1 + strings.Count(strings.Join(record, ""), "\n")
		if first && p.skipHeader || p.skipEmpty && blank(record) {
			continue
		}
		p.rows = append(p.rows, p.row(record))
	}
}

func blank(record []string) bool {
	return strings.TrimSpace(strings.Join(record, "")) == "" && len(record) == 1
}

func (p *payload) row(record []string) []any {
	row := make([]any, len(record))
	for i, text := range record {
		row[i] = text
		if p.cast {
			row[i] = castNumber(text)
		}
	}
	return row
}

// castNumber makes a number of a text that is a decimal number: "007" is 7.
// Digits that JSON writes alike are kept, however many they are.
func castNumber(text string) any {
	if text != "" && numberLength(text) == len(text) && !strings.ContainsAny(text, "eE") {
		return json.Number(text)
	}
	f := textNumber(text)
	if strings.TrimSpace(text) == "" || math.IsNaN(f) {
		return text
	}
	return formatNumber(f)
}

func (c *compiler) csvFault(file string, err error) {
	var bad *csv.ParseError
	if errors.As(err, &bad) {
		c.fault(Position{file, bad.Line, max(bad.Column, 1)}, "not valid CSV: %s", bad.Err)
		return
	}
	c.fault(Position{File: file}, "not valid CSV: %s", err)
}

// path is a file named in the script, which is relative to the script.
func (c *compiler) path(name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(c.dir, name)
}
