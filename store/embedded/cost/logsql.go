package cost

import (
	"fmt"
	"reflect"
	"strings"

	"github.com/VictoriaMetrics/VictoriaLogs/lib/logstorage"
	"github.com/VictoriaMetrics/VictoriaMetrics/lib/cgroup"
	"github.com/VictoriaMetrics/VictoriaMetrics/lib/memory"

	"edgescope/store"
)

// Bounds of a LogsQL text.
const (
	// maxPipes bounds the pipes and maxQueries the subqueries, all together: each has goroutines and memory.
	maxPipes   = 200
	maxQueries = 50
	// maxReaders bounds options(parallel_readers=N) and options(concurrency=N).
	maxReaders = 8
	// readers is how many there are without options (embedded.Store, DefaultParallelReaders).
	readers = 2
)

// states are the shares of memory.Allowed that the engine lets a pipe keep (its maxStateSize).
var states = map[string]float64{
	"pipeStats": 0.4, "pipeRunningStats": 0.4, "pipeUniq": 0.4, "pipeTop": 0.4, "pipeFieldValues": 0.4,
	"pipeSort": 0.2, "pipeFacets": 0.2, "pipeStreamContext": 0.2, "pipeJoin": 0.2,
}

// LogsQL is what is known of the cost of a parsed text.
type LogsQL struct {
	// Text is the size of the texts that it makes of one block of rows, in bytes: it can't be stopped before they are
	// made.
	Text int64
	// State is what its pipes keep at most, in bytes. The engine bounds it, and can be stopped meanwhile.
	State int64
	// Subqueries is how many it has, StreamContext whether it asks for rows around rows.
	Subqueries    int
	StreamContext bool
	// Whole tells that its pipes, if any, choose and order rows, and change none.
	Whole bool
}

// choosing are the pipes that let whole rows through.
var choosing = map[string]bool{
	"pipeSort": true, "pipeFirst": true, "pipeLast": true, "pipeLimit": true, "pipeOffset": true, "pipeFilter": true,
	"pipeSample": true, "pipeStreamContext": true,
}

// OfLogsQL returns the cost of a text. It fails with store.ErrTooMuch and store.ErrBadQuery.
func OfLogsQL(q *logstorage.Query) (LogsQL, error) {
	w := &walk{}
	w.visit(reflect.ValueOf(q))
	w.whole = true
	for _, name := range pipeNames(q) {
		w.whole = w.whole && choosing[name]
	}
	return w.result()
}

// HasSubquery tells whether a filter asks a question of its own.
func HasSubquery(f *logstorage.Filter) bool {
	w := &walk{}
	w.visit(reflect.ValueOf(f))
	return w.queries > 0
}

// walk goes through a parsed text. The engine's types are its own, so that it is reflect that reads them, by the names
// of types and fields: TestTypesOfTheEngine tells when they change.
type walk struct {
	queries, pipes, readers int
	state, text             float64
	streamContext           bool
	whole                   bool // of the outermost query
	// compared tells that there are filters that the engine panics in when their field is a time, compareTime that the
	// field of one may be _time, moveTime that _time gets another name.
	compared, compareTime, moveTime bool
	err                             error
}

var enginePath = reflect.TypeFor[logstorage.Query]().PkgPath()

func (w *walk) visit(v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if !v.IsNil() {
			w.visit(v.Elem())
		}
	case reflect.Slice, reflect.Array:
		switch v.Type().Elem().Kind() {
		case reflect.Pointer, reflect.Interface, reflect.Slice, reflect.Struct:
			for i := range v.Len() {
				w.visit(v.Index(i))
			}
		}
	case reflect.Struct:
		if v.Type().PkgPath() != enginePath {
			return
		}
		w.note(v)
		for _, field := range v.Fields() {
			w.visit(field)
		}
	}
}

// note takes note of one struct of the engine.
func (w *walk) note(v reflect.Value) {
	switch name := v.Type().Name(); name {
	case "Query":
		w.query(v)
	case "inValues", "filterStreamID":
		w.values(v)
	case "filterEqField", "filterLeField":
		w.compares(v.FieldByName("fieldName").String(), v.FieldByName("otherFieldName").String())
	case "filterGeneric":
		if v.FieldByName("f").Elem().Elem().Type().Name() == "filterLenRange" {
			w.compares(v.FieldByName("fieldName").String())
		}
	case "pipeCopy", "pipeRename":
		w.moves(v.FieldByName("srcFieldFilters"))
	case "pipeStreamContext":
		w.streamContext = true
	}
}

// query takes note of a query and its pipes.
func (w *walk) query(v reflect.Value) {
	w.queries++
	t := newTexts(w.workers(v.FieldByName("opts")))
	pipes := v.FieldByName("pipes")
	var c cuts
	for i := range pipes.Len() {
		p := pipes.Index(i).Elem().Elem()
		name := p.Type().Name()
		if field := c.pipe(p); field != "" {
			w.err = fmt.Errorf("%w: %q is taken apart before and behind limit or offset: put limit and offset in front, "+
				"or that pipe", store.ErrBadQuery, field)
		}
		w.pipes++
		w.state += states[name]
		t.pipe(p)
		if i > 0 && name == "pipeBlockStats" { // of fields that a pipe has made, nothing is known
			w.err = fmt.Errorf("%w: block_stats must stand right behind the filter", store.ErrBadQuery)
		}
	}
	w.text += t.bytes()
}

// compares takes note of a filter that the engine panics in when one of these fields is a time.
func (w *walk) compares(fields ...string) {
	w.compared = true
	for _, field := range fields {
		w.compareTime = w.compareTime || matches(field, store.FieldTime)
	}
}

// moves looks for _time among the fields that get another name.
func (w *walk) moves(fields reflect.Value) {
	for i := range fields.Len() {
		w.moveTime = w.moveTime || matches(fields.Index(i).String(), store.FieldTime)
	}
}

// matches tells whether a name, or the beginning of names with * at its end, is that of a field.
func matches(filter, field string) bool {
	prefix, isPrefix := strings.CutSuffix(filter, "*")
	return filter == field || isPrefix && field[:min(len(prefix), len(field))] == prefix
}

// workers returns how many blocks a query works on at a time.
func (w *walk) workers(options reflect.Value) int {
	asked := max(options.FieldByName("concurrency").Uint(), options.FieldByName("parallelReaders").Uint())
	w.readers = max(w.readers, int(min(asked, 1<<20)))
	return max(int(min(asked, maxReaders)), readers, cgroup.AvailableCPUs())
}

// values looks at in(subquery) and its kin. The engine takes a subquery that ends in uniq for one that has one column,
// and panics at a second one.
func (w *walk) values(v reflect.Value) {
	q := v.FieldByName("q")
	if q.IsNil() {
		return
	}
	w.state += states["pipeUniq"] // of which it makes a list
	pipes := q.Elem().FieldByName("pipes")
	if pipes.Len() == 0 {
		return
	}
	last := pipes.Index(pipes.Len() - 1).Elem().Elem()
	if last.Type().Name() != "pipeUniq" {
		return
	}
	if last.FieldByName("byFields").Len() != 1 || last.FieldByName("hitsFieldName").Len() > 0 {
		w.err = fmt.Errorf("%w: the subquery of in(...) must end in a uniq pipe with one field and without hits",
			store.ErrBadQuery)
	}
}

func (w *walk) result() (LogsQL, error) {
	switch {
	case w.err != nil:
		return LogsQL{}, w.err
	case w.compareTime || w.compared && w.moveTime:
		return LogsQL{}, fmt.Errorf("%w: eq_field, le_field, lt_field and len_range can't be asked of %s",
			store.ErrBadQuery, store.FieldTime)
	case w.queries > maxQueries:
		return LogsQL{}, fmt.Errorf("%w: %d subqueries: at most %d are taken", store.ErrTooMuch, w.queries, maxQueries)
	case w.pipes > maxPipes:
		return LogsQL{}, fmt.Errorf("%w: %d pipes: at most %d are taken", store.ErrTooMuch, w.pipes, maxPipes)
	case w.readers > maxReaders:
		return LogsQL{}, fmt.Errorf("%w: options(...) asks for %d readers: at most %d are given", store.ErrTooMuch,
			w.readers, maxReaders)
	}
	return LogsQL{
		Text: int64(min(w.text, 1<<60)), State: int64(w.state * float64(memory.Allowed())),
		Subqueries: w.queries - 1, StreamContext: w.streamContext, Whole: w.whole,
	}, nil
}
