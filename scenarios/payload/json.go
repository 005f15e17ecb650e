package payload

import (
	"bytes"
	"errors"
	"fmt"
	"slices"

	"edgescope/scenarios/value"
)

// parseJSON reads a file that is one value: a list of rows, or with loadAll anything.
func (s *source) parseJSON(src []byte) error {
	v, end, err := value.ParseAt(src, 0)
	if err == nil && len(bytes.TrimSpace(src[end:])) > 0 {
		err = errors.New("more follows the end of the value")
	}
	if err != nil {
		return &Error{lineOf(src, end), "not valid JSON"}
	}
	list, isList := v.([]any)
	switch {
	case isList:
		return s.take(list)
	case s.Whole:
		s.All = v
		return nil
	}
	return &Error{1, "a JSON payload is a list of rows, unless loadAll takes all of it"}
}

func lineOf(src []byte, at int) int { return 1 + bytes.Count(src[:min(at, len(src))], []byte("\n")) }

// parseLines reads a file that has a value on each line.
func (s *source) parseLines(src []byte) error {
	var list []any
	line := 0
	for text := range bytes.Lines(src) {
		line++
		if len(bytes.TrimSpace(text)) == 0 {
			continue
		}
		v, err := value.Parse(text)
		if err != nil {
			return &Error{line, "not valid JSON"}
		}
		if len(list) == maxRows {
			return errTooMany
		}
		list = append(list, v)
	}
	return s.take(list)
}

// take makes rows of values. Of objects, fields are members, and all of them where there are no fields; of lists they
// are elements; any other value is the one field.
func (s *source) take(list []any) error {
	if s.All = list; s.Whole {
		return s.project(list)
	}
	if len(list) > maxRows {
		return errTooMany
	}
	if len(s.Columns) == 0 {
		if err := s.allMembers(list); err != nil {
			return err
		}
	}
	s.Rows = make([][]any, len(list))
	seen := make([]bool, len(s.Columns))
	for i, v := range list {
		row, err := s.row(v, seen)
		if err != nil {
			return fmt.Errorf("row %d %w", i+1, err)
		}
		s.Rows[i] = row
	}
	if missing := slices.Index(seen, false); missing >= 0 && len(list) > 0 {
		return fmt.Errorf("no row has a field %q%s", s.Columns[missing], nearest(s.Columns[missing], s.known(list[0])))
	}
	return nil
}

// project leaves of each object of the whole file what fields name.
func (s *source) project(list []any) error {
	if len(s.Columns) == 0 {
		return nil
	}
	out := make([]any, len(list))
	seen := make([]bool, len(s.Columns))
	for i, v := range list {
		row, err := s.row(v, seen)
		if err != nil {
			return fmt.Errorf("row %d %w", i+1, err)
		}
		o := &value.Object{}
		for j, v := range row {
			if _, none := v.(value.Undefined); !none {
				o.Put(s.Columns[j], v)
			}
		}
		out[i] = o
	}
	s.All = out
	return nil
}

// allMembers makes a column of each member that a row has.
func (s *source) allMembers(list []any) error {
	have := map[string]bool{}
	for i, v := range list {
		o, ok := v.(*value.Object)
		if !ok {
			return fmt.Errorf("row %d is no object, so the payload needs fields, the variable names", i+1)
		}
		for _, m := range o.Members() {
			if have[m.Key] {
				continue
			}
			if have[m.Key] = true; len(have) > maxColumns {
				return fmt.Errorf("the rows have more than %d different members: name those to take in fields", maxColumns)
			}
			s.Columns = append(s.Columns, m.Key)
		}
	}
	return nil
}

// row is one value by the columns. It notes which columns it has.
func (s *source) row(v any, seen []bool) ([]any, error) {
	row := make([]any, len(s.Columns))
	switch v := v.(type) {
	case *value.Object:
		for i, name := range s.Columns {
			p := value.PathTo(name)
			inner, ok := p.In(v)
			if row[i] = inner; !ok {
				row[i] = value.Undefined{}
			}
			seen[i] = seen[i] || ok
		}
		return row, nil
	case []any:
		for i := range row {
			row[i] = any(value.Undefined{})
			if i < len(v) {
				row[i], seen[i] = v[i], true
			}
		}
		return row, nil
	}
	if len(s.Columns) != 1 {
		return nil, errors.New("is neither an object nor a list, so the payload needs one field")
	}
	row[0], seen[0] = v, true
	return row, nil
}

// known are the names that a row has.
func (s *source) known(v any) []string {
	o, _ := v.(*value.Object)
	if o == nil {
		return nil
	}
	var names []string
	for _, m := range o.Members() {
		names = append(names, m.Key)
	}
	return names
}
