package cost

import (
	"reflect"
	"slices"

	"github.com/VictoriaMetrics/VictoriaLogs/lib/logstorage"
)

// RowByRow tells whether the answers of a text to several storages, one behind the other, are its answer to all rows:
// pipes work on single rows, and there are no subqueries. A join of rows in the text is none: it runs once, since it
// changes those rows.
func RowByRow(q *logstorage.Query) bool {
	if !q.CanLiveTail() || slices.Contains(pipeNames(q), "pipeJoin") {
		return false
	}
	w := &walk{}
	w.visit(reflect.ValueOf(q))
	return w.queries == 1
}

// EndsInStats tells whether the last pipe of a text is stats.
func EndsInStats(q *logstorage.Query) bool {
	names := pipeNames(q)
	return len(names) > 0 && names[len(names)-1] == "pipeStats"
}

// MustNotSplit tells that the pipes of a text must all run behind the storages: the engine panics when it puts the
// states of the stats function uniq_values together, one of which is of no value, and it can't read states of which two
// have one name.
func MustNotSplit(q *logstorage.Query) bool {
	names := pipeNames(q)
	if len(names) == 0 || names[0] == "pipeStreamContext" { // which runs behind the storages, and those behind it
		return false
	}
	pipes := reflect.ValueOf(q).Elem().FieldByName("pipes")
	for i, name := range names {
		p := pipes.Index(i)
		if name == "pipeStats" && (holds(p, "statsUniqValues") || oneNameTwice(p.Elem().Elem())) {
			return true
		}
	}
	return false
}

// oneNameTwice tells whether two fields of the rows that a stats pipe makes have one name.
func oneNameTwice(stats reflect.Value) bool {
	seen := map[string]bool{}
	for _, part := range []struct{ fields, name string }{{"byFields", "name"}, {"funcs", "resultName"}} {
		fields := stats.FieldByName(part.fields)
		for i := range fields.Len() {
			name := reflect.Indirect(fields.Index(i)).FieldByName(part.name).String()
			if seen[name] {
				return true
			}
			seen[name] = true
		}
	}
	return false
}

// pipeNames returns the types of the pipes of a text, without those of its subqueries.
func pipeNames(q *logstorage.Query) []string {
	pipes := reflect.ValueOf(q).Elem().FieldByName("pipes")
	names := make([]string, pipes.Len())
	for i := range names {
		names[i] = pipes.Index(i).Elem().Elem().Type().Name()
	}
	return names
}

// holds tells whether there is a struct of that type of the engine in a value.
func holds(v reflect.Value, name string) bool {
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		return !v.IsNil() && holds(v.Elem(), name)
	case reflect.Slice:
		for i := range v.Len() {
			if holds(v.Index(i), name) {
				return true
			}
		}
	case reflect.Struct:
		if v.Type().PkgPath() != enginePath {
			return false
		}
		if v.Type().Name() == name {
			return true
		}
		for _, field := range v.Fields() {
			if holds(field, name) {
				return true
			}
		}
	}
	return false
}
