// Package payload reads the files of which users take rows: CSV as csv-parse reads it, JSON, and NDJSON.
package payload

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"edgescope/internal/near"
	"edgescope/internal/tree"
	"edgescope/scenarios/plan"
	"edgescope/scenarios/settings"
	"edgescope/scenarios/value"
)

const (
	maxRows    = 10_000_000
	maxColumns = 1000
	// MaxBytes is how large a file may be.
	MaxBytes = 1 << 30
)

// Error is what is wrong in a file, and on which line, from 1.
type Error struct {
	Line int
	Msg  string
}

// Error implements error.
func (e *Error) Error() string { return fmt.Sprintf("%s, on line %d", e.Msg, e.Line) }

// Payload is a file of a script with what users take of it.
type Payload struct {
	plan.Payload

	Name string // the variable that holds all of the file; "" if users take rows
	All  any    // its value
}

// Reader reads `config.payload`.
type Reader struct {
	Settings *settings.Reader
	// File returns the content of a file and the path under which faults in it are told. What is wrong with the file has
	// been told when ok is false.
	File func(n *tree.Node, name string) (path string, src []byte, ok bool)
	// Rows are files whose rows are known already, by name.
	Rows map[string][][]any
}

// source is a payload while it is read.
type source struct {
	Payload

	file, format string
	dialect      dialect
	pos          tree.Position // of the path
}

// Read reads one payload. What is wrong has been told when it is nil.
func (r *Reader) Read(n *tree.Node) *Payload {
	s := &source{dialect: standard()}
	d := &s.dialect
	var path, fields, options *tree.Node
	r.Settings.Object(n, "payload", map[string]func(*tree.Node){
		"path":   func(v *tree.Node) { path = v; s.file, _ = r.Settings.Text(v, "path") },
		"fields": func(v *tree.Node) { fields = v },
		"order":  func(v *tree.Node) { s.Sequence = r.Settings.Choice(v, "order", "random", "sequence") == "sequence" },
		"skipHeader": func(v *tree.Node) {
			if d.fromLine = 1; r.Settings.Bool(v, "skipHeader") {
				d.fromLine = 2
			}
		},
		"skipEmptyLines": func(v *tree.Node) { d.skipEmpty = r.Settings.Bool(v, "skipEmptyLines") },
		"cast":           func(v *tree.Node) { d.cast = r.Settings.Bool(v, "cast") },
		"delimiter":      func(v *tree.Node) { d.delimiters = r.marks(v, "delimiter") },
		"options":        func(v *tree.Node) { options = v },
		"format":         func(v *tree.Node) { s.format = r.Settings.Choice(v, "format", "csv", "json", "ndjson") },
		"loadAll":        func(v *tree.Node) { s.Whole = r.Settings.Bool(v, "loadAll") },
		"name":           func(v *tree.Node) { s.Name, _ = r.Settings.Text(v, "name") },
	})
	if n.Kind != tree.Object {
		return nil
	}
	if options != nil {
		r.readOptions(d, options)
	}
	for _, f := range r.Settings.List(fields, "fields") {
		if name, ok := r.Settings.Text(f, "a field"); ok {
			s.Columns = append(s.Columns, name)
		}
	}
	if !r.complete(n, s, options) {
		return nil
	}
	s.pos = path.Pos
	if !r.load(path, s) {
		return nil
	}
	return &s.Payload
}

// complete tells whether all is there that the payload needs.
func (r *Reader) complete(n *tree.Node, s *source, options *tree.Node) bool {
	if s.format == "" {
		s.format = formatOf(s.file)
	}
	csv := s.format == "csv"
	named := s.dialect.header || s.dialect.columns != nil
	switch {
	case s.file == "":
		r.Settings.Fault(n.Pos, "a payload needs the path of a CSV, JSON or NDJSON file")
	case s.Whole && s.Name == "":
		r.Settings.Fault(n.Pos, "a payload with loadAll needs a name, the variable that holds its rows")
	case csv && len(s.Columns) == 0 && !s.Whole && !named:
		r.Settings.Fault(n.Pos, "a payload needs fields, the variable names of its columns")
	case !csv && options != nil:
		r.Settings.Fault(options.Pos, "options are for CSV, this payload is %s", strings.ToUpper(s.format))
	default:
		if !s.Whole {
			s.Name = ""
		}
		return true
	}
	return false
}

// formatOf is the format that the ending of a file's name says.
func formatOf(file string) string {
	switch strings.ToLower(filepath.Ext(file)) {
	case ".json":
		return "json"
	case ".ndjson", ".jsonl":
		return "ndjson"
	}
	return "csv"
}

// load reads the file.
func (r *Reader) load(n *tree.Node, s *source) bool {
	if rows, ok := r.Rows[s.file]; ok {
		s.Rows = rows
		s.All = s.objects()
		return true
	}
	path, src, ok := r.File(n, s.file)
	if !ok {
		return false
	}
	if len(src) > MaxBytes {
		r.Settings.Fault(n.Pos, "payload %s is larger than 1 GB", s.file)
		return false
	}
	err := s.parse(withoutMark(src))
	var wrong *Error
	switch {
	case errors.As(err, &wrong):
		r.Settings.Fault(tree.Position{File: path, Line: wrong.Line, Col: 1}, "%s", wrong.Msg)
		return false
	case err != nil:
		r.Settings.Fault(n.Pos, "payload %s: %s", s.file, err)
		return false
	case len(s.Rows) == 0 && !s.Whole:
		r.Settings.Fault(n.Pos, "payload %s has no rows", s.file)
		return false
	}
	return true
}

func (s *source) parse(src []byte) error {
	switch s.format {
	case "json":
		return s.parseJSON(src)
	case "ndjson":
		return s.parseLines(src)
	}
	return s.parseCSV(src)
}

// parseCSV reads rows. Fields name the columns by place, or choose among columns that have names.
func (s *source) parseCSV(src []byte) error {
	var rows [][]any
	columns, err := records(src, s.dialect, func(record []any) error {
		if len(rows) == maxRows {
			return errTooMany
		}
		rows = append(rows, record)
		return nil
	})
	if err != nil {
		return err
	}
	if columns == nil {
		s.Rows = rows
		s.All = s.objects()
		return nil
	}
	objects := make([]any, len(rows))
	for i, row := range rows {
		objects[i] = named(columns, row, s.dialect.lists)
	}
	return s.take(objects)
}

// named is a record by the names of its columns.
func named(columns []column, row []any, lists bool) *value.Object {
	o := &value.Object{}
	for i, v := range row {
		if i >= len(columns) || columns[i].out {
			continue
		}
		name := columns[i].name
		if old, twice := o.Get(name); twice && lists {
			list, isList := old.([]any)
			if !isList {
				list = []any{old}
			}
			v = append(slices.Clip(list), v)
		}
		o.Put(name, v)
	}
	return o
}

// objects is the whole file by its fields; without fields, its rows as lists.
func (s *source) objects() []any {
	list := make([]any, len(s.Rows))
	var columns []column
	for _, name := range s.Columns {
		columns = append(columns, column{name: name})
	}
	for i, row := range s.Rows {
		if list[i] = row; columns != nil {
			list[i] = named(columns, row, false)
		}
	}
	return list
}

// nearest is a hint at a name that is meant.
func nearest(name string, names []string) string { return near.Hint(name, names...) }
