package payload

import (
	"slices"
	"strings"

	"edgescope/internal/tree"
	"edgescope/scenarios/value"
)

// options are the keys of csv-parse 4, and what its version 5 calls some of them.
func (r *Reader) options(d *dialect) map[string]func(*tree.Node) {
	flag := func(to *bool, name string) func(*tree.Node) {
		return func(v *tree.Node) { *to = r.Settings.Bool(v, name) }
	}
	number := func(to *int, name string) func(*tree.Node) {
		return func(v *tree.Node) {
			if *to = r.Settings.Whole(v, name); *to < 1 {
				r.Settings.Fault(v.Pos, "%s counts from 1", name)
			}
		}
	}
	known := map[string]func(*tree.Node){
		"bom":                          func(v *tree.Node) { r.Settings.Bool(v, "bom") }, // a mark is always taken off
		"cast":                         flag(&d.cast, "cast"),
		"columns":                      func(v *tree.Node) { r.columns(d, v) },
		"columns_duplicates_to_array":  flag(&d.lists, "columns_duplicates_to_array"),
		"comment":                      func(v *tree.Node) { d.comment = r.mark(v, "comment", "#") },
		"delimiter":                    func(v *tree.Node) { d.delimiters = r.marks(v, "delimiter") },
		"encoding":                     func(v *tree.Node) { r.Settings.Choice(v, "encoding", "utf8", "utf-8") },
		"escape":                       func(v *tree.Node) { d.escape = r.mark(v, "escape", `"`) },
		"from":                         number(&d.from, "from"),
		"from_line":                    number(&d.fromLine, "from_line"),
		"ignore_last_delimiters":       func(v *tree.Node) { r.keepLast(d, v) },
		"ltrim":                        flag(&d.trimLeft, "ltrim"),
		"max_record_size":              number(&d.maxRecord, "max_record_size"),
		"quote":                        func(v *tree.Node) { d.quote = r.mark(v, "quote", `"`) },
		"record_delimiter":             func(v *tree.Node) { d.ends = r.marks(v, "record_delimiter") },
		"relax":                        flag(&d.relaxQuotes, "relax"),
		"relax_column_count":           flag(&d.anyCount, "relax_column_count"),
		"relax_column_count_less":      flag(&d.fewerColumns, "relax_column_count_less"),
		"relax_column_count_more":      flag(&d.moreColumns, "relax_column_count_more"),
		"rtrim":                        flag(&d.trimRight, "rtrim"),
		"skip_empty_lines":             flag(&d.skipEmpty, "skip_empty_lines"),
		"skip_lines_with_empty_values": flag(&d.skipBlank, "skip_lines_with_empty_values"),
		"skip_lines_with_error":        flag(&d.skipBroken, "skip_lines_with_error"),
		"to":                           number(&d.to, "to"),
		"to_line":                      number(&d.toLine, "to_line"),
		"trim": func(v *tree.Node) {
			if r.Settings.Bool(v, "trim") {
				d.trimLeft, d.trimRight = true, true
			}
		},
	}
	for _, name := range []string{"cast_date", "info", "objname", "on_record", "raw"} {
		known[name] = func(v *tree.Node) {
			if v.Scalar != false {
				r.Settings.Fault(v.Pos, "option %s of csv-parse is not available", name)
			}
		}
	}
	for later, name := range map[string]string{
		"relax_quotes": "relax", "skip_records_with_empty_values": "skip_lines_with_empty_values",
		"skip_records_with_error": "skip_lines_with_error", "group_columns_by_name": "columns_duplicates_to_array",
	} {
		known[later] = known[name]
	}
	return known
}

// readOptions reads `options`. Their names may be in camel case, as csv-parse takes them. Objects of settings leave null
// out, which here means that there is no quote, escape or comment.
func (r *Reader) readOptions(d *dialect, n *tree.Node) {
	if n.Kind != tree.Object {
		r.Settings.Fault(n.Pos, "options must be an object, not %s", n.What())
		return
	}
	written := &tree.Node{Kind: tree.Object, Pos: n.Pos}
	for _, f := range n.Fields {
		f.Key = snake(f.Key)
		if f.Value.IsNull() && slices.Contains([]string{"quote", "escape", "comment"}, f.Key) {
			f.Value = &tree.Node{Pos: f.Value.Pos, Scalar: false}
		}
		written.Fields = append(written.Fields, f)
	}
	r.Settings.Object(written, "options", r.options(d))
	if d.keepLast < 0 && d.columns == nil && !d.header {
		r.Settings.Fault(n.Pos, "ignore_last_delimiters: true needs columns with names")
	}
}

// snake writes skipEmptyLines as skip_empty_lines.
func snake(name string) string {
	var out strings.Builder
	for _, c := range name {
		if c >= 'A' && c <= 'Z' {
			out.WriteByte('_')
			c += 'a' - 'A'
		}
		out.WriteRune(c)
	}
	return out.String()
}

// mark reads a text such as a quote. True is the usual one, false none.
func (r *Reader) mark(n *tree.Node, what, usual string) string {
	switch n.Scalar {
	case true:
		return usual
	case false:
		return ""
	}
	s, _ := r.Settings.Text(n, what)
	return s
}

// marks reads one text or a list of them, none of them empty.
func (r *Reader) marks(n *tree.Node, what string) []string {
	items := []*tree.Node{n}
	if n.Kind == tree.List {
		items = n.Items
	}
	var marks []string
	for _, item := range items {
		s, ok := r.Settings.Text(item, what)
		if ok && s == "" {
			r.Settings.Fault(item.Pos, "%s must not be empty", what)
		}
		if s != "" {
			marks = append(marks, s)
		}
	}
	if len(marks) == 0 {
		return []string{","}
	}
	return marks
}

// columns reads true, or a list of names; null and false in it leave a column out.
func (r *Reader) columns(d *dialect, n *tree.Node) {
	if n.Kind != tree.List {
		d.header = r.Settings.Bool(n, "columns")
		return
	}
	d.columns = []column{}
	for _, item := range n.Items {
		c := column{out: item.IsNull() || item.Scalar == false}
		if name := item.Get("name"); name != nil {
			item = name
		}
		if !c.out {
			c.name, _ = r.Settings.Text(item, "the name of a column")
		}
		d.columns = append(d.columns, c)
	}
}

// keepLast reads ignore_last_delimiters: true is the last column, a number that one.
func (r *Reader) keepLast(d *dialect, n *tree.Node) {
	switch n.Scalar {
	case false:
		return
	case true:
		d.keepLast = -1
		return
	}
	d.keepLast = r.Settings.Whole(n, "ignore_last_delimiters")
}

// castNumber makes a number of a text that is a decimal number: "007" is 7. Digits that JSON writes alike are kept,
// however many they are.
func castNumber(text string) any {
	if v, ok := value.Decimal(text); ok {
		return v
	}
	return text
}
