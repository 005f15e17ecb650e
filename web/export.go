package web

import (
	"bytes"
	"cmp"
	"encoding/csv"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"

	"edgescope/internal/sheet"
	"edgescope/web/part"
)

// export writes one of a page's tables: the first, or the one that ?table= names.
func (s *Site) export(w http.ResponseWriter, r *http.Request, p *part.Page, tables []part.Table, format string) {
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Vary", "Accept-Encoding")
	if p.Problem != nil {
		exportError(w, r, p.Problem.Status, p.Problem.Title+": "+p.Problem.Text)
		return
	}
	t, ok := chooseTable(tables, r.URL.Query().Get(part.KeyTable))
	if !ok {
		exportError(w, r, http.StatusNotFound,
			"there is no such table; there are: "+strings.Join(tableNames(tables), ", "))
		return
	}
	if format == "json" {
		body, err := json.MarshalIndent(objects(t), "", "  ")
		if err != nil {
			exportError(w, r, http.StatusInternalServerError, "internal error")
			return
		}
		send(w, r, "application/json", http.StatusOK, append(body, '\n'))
		return
	}
	name := cmp.Or(strings.Trim(strings.ReplaceAll(p.URL.Path, "/", "-"), "-"), "overview")
	if t.Name != "" {
		name += "-" + t.Name
	}
	w.Header().Set("Content-Disposition", `attachment; filename="edgescope-`+fileName(name)+`.csv"`)
	send(w, r, "text/csv; charset=utf-8", http.StatusOK, commaSeparated(t))
}

func exportError(w http.ResponseWriter, r *http.Request, status int, message string) {
	body, err := json.Marshal(map[string]string{"error": message})
	if err != nil {
		body = []byte(`{"error":"internal error"}`)
	}
	send(w, r, "application/json", status, append(body, '\n'))
}

func chooseTable(tables []part.Table, name string) (*part.Table, bool) {
	for i := range tables {
		if tables[i].Name == name || name == "" {
			return &tables[i], true
		}
	}
	// A store that has received nothing has no tables, and an empty one to give.
	return &part.Table{}, len(tables) == 0
}

func tableNames(tables []part.Table) []string {
	var out []string
	for i := range tables {
		if tables[i].Name != "" {
			out = append(out, tables[i].Name)
		}
	}
	return out
}

// commaSeparated is the table as RFC 4180. Texts, those of the header included, are no formulas.
func commaSeparated(t *part.Table) []byte {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	record := func(of func(i int) string) {
		var fields []string
		for i, c := range t.Columns {
			if !c.Drawing {
				fields = append(fields, of(i))
			}
		}
		_ = w.Write(fields) // a bytes.Buffer takes everything; Flush below
	}
	record(func(i int) string { return sheet.Cell(t.Columns[i].Key) })
	for _, row := range t.Rows {
		record(func(i int) string {
			if t.Columns[i].Numeric {
				return row.Cells[i].Raw
			}
			return sheet.Cell(row.Cells[i].Raw)
		})
	}
	w.Flush()
	return b.Bytes()
}

// objects is the table as JSON: an object per row, numbers as numbers, null for what is absent.
func objects(t *part.Table) []map[string]any {
	out := make([]map[string]any, 0, len(t.Rows))
	for _, row := range t.Rows {
		o := make(map[string]any, len(t.Columns))
		for i, c := range t.Columns {
			if c.Drawing {
				continue
			}
			o[c.Key] = jsonValue(row.Cells[i].Raw, c.Numeric)
		}
		out = append(out, o)
	}
	return out
}

func jsonValue(text string, numeric bool) any {
	if !numeric {
		return text
	}
	v, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return nil
	}
	return v
}

// fileName keeps letters, digits, dots and dashes.
func fileName(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '-', r == '.', r == '_':
			return r
		default:
			return '_'
		}
	}, s)
}
