package processor

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/grafana/sobek"
	"github.com/grafana/sobek/parser"
)

// loadLimit is how long a program may take to be evaluated.
const loadLimit = 5 * time.Second

// maxStack bounds recursion, which would otherwise end only when memory does.
const maxStack = 4_000

// realm is one JavaScript runtime with the program evaluated in it. It belongs to one goroutine.
type realm struct {
	rt               *sobek.Runtime
	program          *Program
	loop             *loop // timers and the call that runs
	values           map[string]sobek.Value
	records          map[string]sobek.ModuleRecord
	exports          *sobek.Object
	parse, stringify sobek.Callable
}

// newRealm makes a runtime and evaluates the program in it.
func newRealm(p *Program, l *loop) (*realm, error) {
	r := &realm{
		rt: sobek.New(), program: p, loop: l,
		values: map[string]sobek.Value{}, records: map[string]sobek.ModuleRecord{},
	}
	l.rt = r.rt
	r.rt.SetParserOptions(parser.WithDisableSourceMaps)
	r.rt.SetMaxCallStackSize(maxStack)
	r.rt.SetRandSource(l.random)
	json := r.rt.GlobalObject().Get("JSON").ToObject(r.rt)
	r.parse, _ = sobek.AssertFunction(json.Get("parse"))
	r.stringify, _ = sobek.AssertFunction(json.Get("stringify"))
	if err := r.globals(); err != nil {
		return nil, err
	}
	exports, err := r.main()
	if err != nil {
		return nil, err
	}
	if r.exports, _ = exports.(*sobek.Object); r.exports == nil {
		return nil, errors.New("module.exports is no object")
	}
	return r, nil
}

// main evaluates the entry.
func (r *realm) main() (sobek.Value, error) {
	m := r.program.modules[r.program.entry]
	if !m.isESM {
		return r.require(r.program.entry)
	}
	record, err := r.resolve(nil, r.program.entry)
	if err != nil {
		return nil, err
	}
	source, ok := record.(*sobek.SourceTextModuleRecord)
	if !ok {
		return nil, fmt.Errorf("%s is no ES module", r.program.entry)
	}
	if err := source.Link(); err != nil {
		return nil, err
	}
	promise := r.rt.CyclicModuleRecordEvaluate(source, r.resolve)
	switch promise.State() {
	case sobek.PromiseStateRejected:
		if err, ok := promise.Result().Export().(error); ok {
			return nil, err
		}
		return nil, Error(messageOf(promise.Result()))
	case sobek.PromiseStatePending:
		return nil, errors.New("await at the top of a processor is not supported")
	}
	return r.rt.NamespaceObjectFor(source), nil
}

// require returns the exports of a CommonJS, JSON or built-in module, which it evaluates at most once.
func (r *realm) require(path string) (sobek.Value, error) {
	if v, ok := r.values[path]; ok {
		return v, nil
	}
	m := r.program.modules[path]
	if m.isJSON {
		v, err := r.fromJSON([]byte(m.source))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		r.values[path] = v
		return v, nil
	}
	wrapped, err := r.rt.RunProgram(m.script)
	if err != nil {
		return nil, err
	}
	f, _ := sobek.AssertFunction(wrapped)
	object, exports := r.rt.NewObject(), r.rt.NewObject()
	_ = object.Set("exports", exports)
	r.values[path] = exports // what a circle of modules sees
	require, dir := r.rt.ToValue(r.requireFrom(m)), r.rt.ToValue(filepath.Dir(path))
	if _, err := f(exports, exports, require, object, r.rt.ToValue(path), dir); err != nil {
		delete(r.values, path)
		return nil, err
	}
	r.values[path] = object.Get("exports")
	return r.values[path], nil
}

// requireFrom is the require of one module.
func (r *realm) requireFrom(m *module) func(name string) (sobek.Value, error) {
	return func(name string) (sobek.Value, error) {
		path, ok := m.imports[name]
		if !ok {
			return nil, fmt.Errorf("module %s is not available", name)
		}
		return r.require(path)
	}
}

// resolve finds the module record behind an import.
func (r *realm) resolve(from any, name string) (sobek.ModuleRecord, error) {
	path := name
	if source, ok := from.(sobek.ModuleRecord); ok {
		for p, record := range r.records {
			if record == source {
				path = r.program.modules[p].imports[name]
			}
		}
	}
	if record, ok := r.records[path]; ok {
		return record, nil
	}
	m := r.program.modules[path]
	if m == nil || !m.isESM {
		r.records[path] = &facade{realm: r, path: path}
		return r.records[path], nil
	}
	record, err := sobek.ParseModule(path, m.source, r.resolve, parser.WithDisableSourceMaps)
	if err != nil {
		return nil, err
	}
	r.records[path] = record
	return record, nil
}

// facade shows a module that is no ES module to those that import it: default is all of its exports, and every name is
// the member of that name.
type facade struct {
	realm *realm
	path  string
}

// Link implements sobek.ModuleRecord.
func (*facade) Link() error { return nil }

// ResolveExport implements sobek.ModuleRecord: which names there are is known only when the module has run.
func (f *facade) ResolveExport(name string, _ ...sobek.ResolveSetElement) (*sobek.ResolvedBinding, bool) {
	return &sobek.ResolvedBinding{Module: f, BindingName: name}, false
}

// GetExportedNames implements sobek.ModuleRecord.
func (*facade) GetExportedNames(callback func([]string), _ ...sobek.ModuleRecord) bool {
	callback([]string{"default"})
	return true
}

// Evaluate implements sobek.ModuleRecord.
func (f *facade) Evaluate(rt *sobek.Runtime) *sobek.Promise {
	promise, resolve, reject := rt.NewPromise()
	v, err := f.realm.require(f.path)
	if err != nil {
		_ = reject(err)
	} else {
		_ = resolve(&facadeInstance{v, rt})
	}
	return promise
}

type facadeInstance struct {
	exports sobek.Value
	rt      *sobek.Runtime
}

// GetBindingValue implements sobek.ModuleInstance.
func (f *facadeInstance) GetBindingValue(name string) sobek.Value {
	if name == "default" {
		return f.exports
	}
	return f.exports.ToObject(f.rt).Get(name)
}

// fromJSON makes a JavaScript value of JSON text.
func (r *realm) fromJSON(text []byte) (sobek.Value, error) {
	return r.parse(sobek.Undefined(), r.rt.ToValue(string(text)))
}

// toJSON is the JSON text of a value; false for what JSON has no text for: undefined, functions, symbols.
func (r *realm) toJSON(v sobek.Value) ([]byte, bool, error) {
	text, err := r.stringify(sobek.Undefined(), v)
	if err != nil || sobek.IsUndefined(text) {
		return nil, false, err
	}
	return []byte(text.String()), true, nil
}

// messageOf is the text of what was thrown: an error's code or message, or the value as text.
func messageOf(v sobek.Value) string {
	o, ok := v.(*sobek.Object)
	if !ok {
		return v.String()
	}
	for _, key := range []string{"code", "message"} {
		if text := o.Get(key); text != nil && !sobek.IsUndefined(text) && text.String() != "" {
			return text.String()
		}
	}
	return o.String()
}

// exportedNames runs a program once.
func exportedNames(p *Program) ([]string, *Problem) {
	l := newLoop(context.Background())
	var r *realm
	err := l.guard(loadLimit, func() (err error) {
		r, err = newRealm(p, l)
		return err
	})
	if err != nil {
		problem := thrownAt(p, err)
		return nil, &problem
	}
	var names []string
	for _, name := range r.exports.Keys() {
		if _, ok := sobek.AssertFunction(r.exports.Get(name)); ok {
			names = append(names, name)
		}
	}
	if r.program.modules[p.entry].isESM {
		names = append(names, defaultNames(r)...)
	}
	slices.Sort(names)
	return slices.Compact(names), nil
}

// defaultNames are the functions of `export default {...}`, which count as exports when the module exports nothing else
// of that name.
func defaultNames(r *realm) []string {
	o, ok := r.exports.Get("default").(*sobek.Object)
	if !ok {
		return nil
	}
	var names []string
	for _, name := range o.Keys() {
		if _, ok := sobek.AssertFunction(o.Get(name)); ok {
			names = append(names, name)
		}
	}
	return names
}

// function finds an exported function.
func (r *realm) function(name string) (sobek.Callable, int, error) {
	v := r.exports.Get(name)
	if v == nil || sobek.IsUndefined(v) {
		if o, ok := r.exports.Get("default").(*sobek.Object); ok {
			v = o.Get(name)
		}
	}
	f, ok := sobek.AssertFunction(v)
	if !ok {
		return nil, 0, Error(fmt.Sprintf("Undefined function %q", name))
	}
	return f, int(v.ToObject(r.rt).Get("length").ToInteger()), nil
}

// thrownAt says what ended the evaluation of a program, and where.
func thrownAt(p *Program, err error) Problem {
	problem := Problem{File: p.entry, Msg: "the processor cannot be loaded: " + err.Error()}
	if errors.Is(err, errTooLong) {
		problem.Msg = fmt.Sprintf("the processor does not finish loading within %v", loadLimit)
		return problem
	}
	var thrown *sobek.Exception
	if !errors.As(err, &thrown) {
		return problem
	}
	problem.Msg = "the processor cannot be loaded: " + strings.TrimPrefix(thrown.Value().String(), "Error: ")
	for _, frame := range thrown.Stack() {
		m := p.modules[frame.SrcName()]
		if m == nil {
			continue
		}
		shift := len(wrapper)
		if m.isESM {
			shift = 0
		}
		at := problemAt(m, frame.Position(), shift, problem.Msg)
		return at
	}
	return problem
}
