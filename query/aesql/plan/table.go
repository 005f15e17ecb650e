package plan

import (
	"slices"
	"strings"

	"edgescope/internal/near"
	"edgescope/query/aesql/grammar"
)

// table makes the columns of a table known.
func (s *selection) table(from *grammar.Source) error {
	if v, ok := s.o.Virtual[strings.ToLower(from.Table)]; ok && !s.o.Strict {
		s.q.Source.Rows = v.Rows
		s.scope = newScope(v.Columns, &s.q.Source, from.Alias, from.Table)
		return nil
	}
	name, err := s.dataset(from)
	if err != nil {
		return err
	}
	scan := &Scan{Dataset: name, From: 0, To: end}
	s.q.Source.Scan = scan
	s.scope = scanScope(scan, from.Alias, from.Table, name)
	return nil
}

// databases are what may stand before the name of a table, as in default.my_dataset. There is one.
var databases = []string{"", "default."}

// dataset returns the name of a table as it is stored. The case of what is written does not matter, unless it tells two
// tables apart.
func (s *selection) dataset(from *grammar.Source) (string, error) {
	if s.tables == nil {
		var err error
		if s.tables, err = s.o.Tables(); err != nil {
			return "", err
		}
	}
	for _, same := range []func(a, b string) bool{func(a, b string) bool { return a == b }, strings.EqualFold} {
		for _, database := range databases {
			i := slices.IndexFunc(s.tables, func(name string) bool { return same(database+name, from.Table) })
			if i >= 0 {
				return s.tables[i], nil
			}
		}
	}
	hint := near.Hint(from.Table, s.tables...)
	if hint == "" {
		hint = ": SHOW TABLES lists those that are there"
	}
	return "", s.s.Errorf(from.At, "unknown table: %s%s", from.Table, hint)
}
