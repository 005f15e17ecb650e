package scenarios

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"
	"unicode/utf8"

	"edgescope/scenarios/plan"
	"edgescope/scenarios/tree"
	"edgescope/scenarios/value"
)

// payload is how a CSV file is read.
type payload struct {
	plan.Payload

	path string
	name string // the variable that holds all rows

	skipHeader bool
	skipEmpty  bool
	cast       bool
	delimiter  rune
}

// all is the whole file as a list of objects.
func (p *payload) all() []any {
	list := make([]any, len(p.Rows))
	for i, row := range p.Rows {
		o := &value.Object{}
		for j, f := range p.Columns {
			if j < len(row) {
				o.Put(f, row[j])
			}
		}
		list[i] = o
	}
	return list
}

func (c *compiler) payloads(n *tree.Node) {
	if n.IsNull() {
		return
	}
	items := []*tree.Node{n}
	if n.Kind == tree.List {
		items = n.Items
	}
	for _, item := range items {
		p := c.payload(item)
		if p == nil {
			continue
		}
		c.plan.Payloads = append(c.plan.Payloads, &p.Payload)
		if _, isVariable := c.plan.Shared[p.name]; p.Whole && !isVariable {
			c.plan.Shared[p.name] = p.all()
		}
	}
}

func (c *compiler) payload(n *tree.Node) *payload {
	p := &payload{skipEmpty: true, cast: true, delimiter: ','}
	var path, fields *tree.Node
	c.Object(n, "payload", map[string]func(*tree.Node){
		"path":           func(v *tree.Node) { path = v; p.path, _ = c.Text(v, "path") },
		"fields":         func(v *tree.Node) { fields = v },
		"order":          func(v *tree.Node) { p.Sequence = c.Choice(v, "order", "random", "sequence") == "sequence" },
		"skipHeader":     func(v *tree.Node) { p.skipHeader = c.Bool(v, "skipHeader") },
		"skipEmptyLines": func(v *tree.Node) { p.skipEmpty = c.Bool(v, "skipEmptyLines") },
		"cast":           func(v *tree.Node) { p.cast = c.Bool(v, "cast") },
		"delimiter":      func(v *tree.Node) { p.delimiter = c.delimiter(v) },
		"loadAll":        func(v *tree.Node) { p.Whole = c.Bool(v, "loadAll") },
		"name":           func(v *tree.Node) { p.name, _ = c.Text(v, "name") },
	})
	if n.Kind != tree.Object {
		return nil
	}
	if p.path == "" {
		c.Fault(n.Pos, "a payload needs the path of a CSV file")
		return nil
	}
	if p.Whole && p.name == "" {
		c.Fault(n.Pos, "a payload with loadAll needs a name, the variable that holds its rows")
		return nil
	}
	for _, f := range c.List(fields, "fields") {
		if name, ok := c.Text(f, "a field"); ok {
			p.Columns = append(p.Columns, name)
		}
	}
	if len(p.Columns) == 0 {
		c.Fault(n.Pos, "a payload needs fields, the variable names of its columns")
		return nil
	}
	c.readPayload(p, path.Pos)
	return p
}

func (c *compiler) delimiter(v *tree.Node) rune {
	s, _ := c.Text(v, "delimiter")
	r, size := utf8.DecodeRuneInString(s)
	if size == 0 || size != len(s) || r == '"' || r == '\n' || r == '\r' || r == utf8.RuneError {
		c.Fault(v.Pos, "delimiter must be one character, other than quotes and line ends")
		return ','
	}
	return r
}

func (c *compiler) readPayload(p *payload, pos tree.Position) {
	if rows, ok := c.opts.Tables[p.path]; ok {
		p.Rows = rows
		c.files.Write(fmt.Appendf(nil, "%q", rows))
		return
	}
	path, src, err := c.readBeside(p.path, c.opts.Files[0], c.opts.ConfigFile)
	if err != nil {
		c.Fault(pos, "payload %s cannot be read: %s", p.path, cause(err))
		return
	}
	c.files.Write(src)
	if !c.parseCSV(p, path, bytes.TrimPrefix(src, []byte("\ufeff"))) {
		return
	}
	if len(p.Rows) == 0 && !p.Whole {
		c.Fault(pos, "payload %s has no rows", p.path)
	}
}

// parseCSV reads the rows; it is false if the file is no CSV. The standard reader always drops empty lines, so they are
// counted by line number where the script wants them.
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
			p.Rows = append(p.Rows, []any{""})
		}
		next = line + 1 + strings.Count(strings.Join(record, ""), "\n")
		if first && p.skipHeader || p.skipEmpty && blank(record) {
			continue
		}
		p.Rows = append(p.Rows, p.row(record))
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

// castNumber makes a number of a text that is a decimal number: "007" is 7. Digits that JSON writes alike are kept,
// however many they are.
func castNumber(text string) any {
	if text != "" && value.NumberLength(text) == len(text) && !strings.ContainsAny(text, "eE") {
		return json.Number(text)
	}
	f := value.TextNumber(text)
	if strings.TrimSpace(text) == "" || math.IsNaN(f) {
		return text
	}
	return value.FormatNumber(f)
}

func (c *compiler) csvFault(file string, err error) {
	var bad *csv.ParseError
	if errors.As(err, &bad) {
		c.Fault(tree.Position{File: file, Line: bad.Line, Col: max(bad.Column, 1)}, "not valid CSV: %s", bad.Err)
		return
	}
	c.Fault(tree.Position{File: file}, "not valid CSV: %s", err)
}
