package aesql

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"edgescope/edge"
	"edgescope/query/aesql/grammar"
	"edgescope/query/aesql/plan"
	"edgescope/query/aesql/value"
	"edgescope/query/gate"
	"edgescope/store"
)

const (
	// tablesLife is how long the names of tables are remembered. A name that is not among them is looked for anew.
	tablesLife = time.Minute
	// maxTables bounds the names of tables; a name has 64 bytes at most. What the engine takes to find them is
	// tablesMemory.
	maxTables    = 10_000
	tablesMemory = 2 << 20
	// future is how far ahead of the clock tables are looked for: data points may be a day ahead.
	future = 48 * time.Hour
	// defaultDatabase is the name of the only database, as in ClickHouse.
	defaultDatabase = "default"
)

// tableNames returns the names of a tenant's tables, sorted.
func (h *handler) tableNames(ctx context.Context, q *question) ([]string, error) {
	return h.tables.Get(strconv.FormatUint(uint64(q.tenant), 10), q.now, tablesLife, func() ([]string, error) {
		if err := gate.Need(ctx, tablesMemory, tablesMemory); err != nil {
			return nil, err
		}
		names := []string{}
		err := h.reader.Rows(ctx, store.RowsQuestion{
			Tenant: q.tenant, Kind: edge.KindDataPoint, From: time.Unix(0, 0), To: q.now.Add(future), At: q.now,
			LogsQL: fmt.Sprintf("* | uniq by (%s) limit %d", store.FieldDataset, maxTables),
		}, func(r store.Row) error {
			if name := r.Get(store.FieldDataset); name != "" {
				names = append(names, strings.Clone(name))
			}
			return nil
		})
		slices.Sort(names)
		return names, err
	})
}

// forgetTables has the names of a tenant's tables looked for anew.
func (h *handler) forgetTables(q *question) {
	h.tables.Forget(strconv.FormatUint(uint64(q.tenant), 10))
}

// show writes the answer to a SHOW statement.
func (h *handler) show(ctx context.Context, q *question) (*table, error) {
	switch q.Show {
	case grammar.ShowTables:
		h.forgetTables(q)
		names, err := h.tableNames(ctx, q)
		return list("dataset", names...), err
	case grammar.ShowTimezones:
		return list("timezone", value.Zones()...), nil
	default:
		return list("timezone", "Etc/UTC"), nil
	}
}

// system returns ClickHouse's tables about tables, for its clients: system.databases, system.tables and system.columns
// with the columns that Grafana's Altinity plugin and the like ask for. They are made for a statement that asks one, and
// are not Cloudflare's.
func (h *handler) system(ctx context.Context, q *question) (map[string]plan.Virtual, error) {
	if h.opts.Strict || !asksSystem(q.Select) {
		return nil, nil
	}
	names, err := h.tableNames(ctx, q)
	if err != nil {
		return nil, err
	}
	databases := tableOf("name", "engine", "comment").add(defaultDatabase, "Atomic", "")
	tables := tableOf("database", "name", "engine", "comment")
	columns := tableOf("database", "table", "name", "type", "default_kind", "default_expression", "comment")
	columns.Columns = append(columns.Columns, plan.Column{Name: "position", Type: value.Of(value.UInt64)})
	for _, name := range names {
		tables.add(defaultDatabase, name, "MergeTree", "")
		for i, c := range plan.TableColumns() {
			columns.add(defaultDatabase, name, c.Name, c.Type.String(), "", "", "")
			last := &columns.Rows[len(columns.Rows)-1]
			*last = append(*last, value.Uint(uint64(i+1)))
		}
	}
	return map[string]plan.Virtual{
		"system.databases": databases.Virtual, "system.tables": tables.Virtual, "system.columns": columns.Virtual,
	}, nil
}

// asksSystem tells whether a SELECT or one of its subqueries asks a table about tables.
func asksSystem(s *grammar.Select) bool {
	for s != nil && s.From != nil {
		if strings.HasPrefix(strings.ToLower(s.From.Table), "system.") {
			return true
		}
		s = s.From.Select
	}
	return false
}

// table is a table that is made here.
type table struct{ plan.Virtual }

// tableOf makes a table of columns of texts.
func tableOf(columns ...string) *table {
	t := new(table)
	for _, name := range columns {
		t.Columns = append(t.Columns, plan.Column{Name: name, Type: value.Of(value.String)})
	}
	return t
}

// add adds a row of texts.
func (t *table) add(texts ...string) *table {
	row := make([]value.Value, len(texts))
	for i, text := range texts {
		row[i] = value.Text(text)
	}
	t.Rows = append(t.Rows, row)
	return t
}

// list is a table of one column.
func list(column string, texts ...string) *table {
	t := tableOf(column)
	for _, text := range texts {
		t.add(text)
	}
	return t
}

// each gives the rows.
func (t *table) each(emit func([]value.Value) error) error {
	for _, row := range t.Rows {
		if err := emit(row); err != nil {
			return err
		}
	}
	return nil
}
