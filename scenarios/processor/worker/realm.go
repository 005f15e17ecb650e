package worker

import (
	_ "embed"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/grafana/sobek"
	"github.com/grafana/sobek/file"
	"github.com/grafana/sobek/parser"

	"edgescope/scenarios/processor"
	"edgescope/scenarios/processor/node"
)

//go:embed helper.js
var helperSource string

var helperScript = sobek.MustCompile("helper.js", helperSource, true)

// maxStack bounds recursion of JavaScript functions; Node's default allows some eleven thousand small ones.
const maxStack = 10_000

// noText is the name of what was thrown and has no text.
const noText = "a value without a text was thrown"

// realm is the JavaScript runtime with the source evaluated in it. It belongs to one goroutine.
type realm struct {
	rt     *sobek.Runtime
	source *processor.Source
	env    *node.Env
	loop   *loop
	watch  *watch

	require sobek.Value
	exports *sobek.Object
	shift   int               // columns before the source on its first line
	shared  map[string]*entry // variables of all users
	names   []string          // of shared, in order
	funcs   *sobek.Object     // context.funcs

	parse, stringify, isBinary, bytes, json, message, then, members, find sobek.Callable
	found                                                                 map[string]*function
	buffer                                                                sobek.Callable // Buffer.from

	finished   []*job            // whose outcome is to be told
	stray      processor.Outcome // of no call
	strayBytes int
	exitCode   int64           // 1 + global.artillery.suggestedExitCode; 0: not set
	metrics    map[string]bool // names so far
	unhandled  []*sobek.Promise
}

// newRealm makes a realm, which [realm.load] fills.
func newRealm(hello *processor.Hello, w *watch) *realm {
	r := &realm{
		rt: sobek.New(), source: &hello.Source, watch: w, loop: &loop{limit: hello.Options.Limit},
		env: &node.Env{
			Path: hello.Source.Path, Vars: hello.Options.Env, Folders: hello.Options.Folders,
		},
		shared: map[string]*entry{}, metrics: map[string]bool{}, found: map[string]*function{},
	}
	w.interrupt = func(why any) { r.rt.Interrupt(why) }
	r.rt.SetMaxCallStackSize(maxStack)
	r.rt.SetRandSource(r.loop.random)
	r.rt.SetPromiseRejectionTracker(r.track)
	for _, v := range hello.Shared {
		r.shared[v.Name] = &entry{known: v.Value, lazy: true}
		r.names = append(r.names, v.Name)
	}
	return r
}

// globalsLimit is how long what is ours may take to load, on a machine that has other work.
const globalsLimit = 30 * time.Second

// load makes the globals, evaluates the source and says what it exports, or what is wrong with it.
func (r *realm) load() (names []string, problem *processor.Problem) {
	if err := r.guard(globalsLimit, "the worker's own JavaScript is too slow", r.globals); err != nil {
		return nil, r.problem(err)
	}
	slow := fmt.Sprintf("the processor does not finish loading within %v", processor.LoadLimit)
	err := r.guard(processor.LoadLimit, slow, func() (err error) {
		defer func() { // the parser and the compiler may panic
			if p := recover(); p != nil {
				err = errors.New("the JavaScript engine cannot read it: " + fmt.Sprint(p))
			}
		}()
		names, err = r.evaluate()
		if err != nil {
			problem = r.problem(err)
		}
		return err
	})
	if err != nil && problem == nil {
		problem = r.problem(err)
	}
	return names, problem
}

// globals makes what a source finds beside the language.
func (r *realm) globals() error {
	helper, err := r.rt.RunProgram(helperScript)
	if err != nil {
		return err
	}
	get := func(from *sobek.Object, name string) sobek.Callable {
		f, _ := sobek.AssertFunction(from.Get(name))
		return f
	}
	o := helper.ToObject(r.rt)
	r.parse, r.stringify = get(o, "parse"), get(o, "stringify")
	r.json, r.message = get(o, "json"), get(o, "message")
	r.isBinary, r.bytes = get(o, "isBinary"), get(o, "bytes")
	r.then, r.members, r.find = get(o, "then"), get(o, "members"), get(o, "find")
	if err := r.machine(); err != nil { // before Node's modules, some of which hand timers on
		return err
	}
	require, err := node.Install(r.rt, r.env)
	if err != nil {
		return err
	}
	if buffer, ok := r.rt.Get("Buffer").(*sobek.Object); ok {
		r.buffer = get(buffer, "from")
	}
	r.require = r.rt.ToValue(require)
	r.funcs = o.Get("funcs").ToObject(r.rt)
	r.environment()
	return r.console(o, require)
}

// environment makes process.env a variable of all users, by the names that Artillery gives it. They are not listed: who
// prints all variables prints no secrets.
func (r *realm) environment() {
	process, ok := r.rt.Get("process").(*sobek.Object)
	if !ok {
		return
	}
	for _, name := range []string{"$env", "$processEnvironment"} {
		r.shared[name] = &entry{value: process.Get("env"), local: true}
	}
}

// wrapper makes the source the body of a function, as Node does, on its first line, so that lines keep their numbers.
const (
	wrapper    = "(function (exports, require, module, __filename, __dirname) {"
	wrapperEnd = "\n})"
)

// compile compiles the source. Without the wrapper what is not closed is told at the end of the file, and not behind it.
func (r *realm) compile() (*sobek.Program, error) {
	sourceMap := parser.WithSourceMapLoader(func(string) ([]byte, error) { return r.source.Map, nil })
	tree, err := parser.ParseFile(nil, r.source.Path, wrapper+r.source.Script+wrapperEnd, 0, sourceMap)
	if err != nil {
		if _, plain := parser.ParseFile(nil, r.source.Path, r.source.Script, 0, sourceMap); plain != nil {
			r.shift = 0
			return nil, plain
		}
		return nil, err
	}
	return sobek.CompileAST(tree, false)
}

// evaluate runs the source and lists the functions that it exports, sorted.
func (r *realm) evaluate() ([]string, error) {
	r.shift = len(wrapper)
	program, err := r.compile()
	if err != nil {
		return nil, err
	}
	wrapped, err := r.rt.RunProgram(program)
	if err != nil {
		return nil, err
	}
	f, _ := sobek.AssertFunction(wrapped)
	module, exports := r.rt.NewObject(), r.rt.NewObject()
	_ = module.Set("exports", exports)
	path, dir := r.rt.ToValue(r.source.Path), r.rt.ToValue(filepath.Dir(r.source.Path))
	if _, err := f(exports, exports, r.require, module, path, dir); err != nil {
		return nil, err
	}
	r.exports, _ = module.Get("exports").(*sobek.Object)
	if r.exports == nil {
		return nil, errors.New("module.exports is no object")
	}
	names := r.functionsOf(r.exports)
	if o, ok := r.exports.Get("default").(*sobek.Object); ok { // export default {...}
		names = append(names, r.functionsOf(o)...)
	}
	slices.Sort(names)
	return slices.Compact(names), nil
}

// functionsOf are the functions that an object has: its own, and those of its class if it has one.
func (r *realm) functionsOf(o *sobek.Object) []string {
	var names []string
	for p := o; p != nil; p = p.Prototype() {
		if p != o && (p.Prototype() == nil || o.ClassName() != "Object") { // what every object or function has
			break
		}
		for _, name := range p.GetOwnPropertyNames() {
			if _, ok := sobek.AssertFunction(o.Get(name)); ok && name != "constructor" {
				names = append(names, name)
			}
		}
	}
	return names
}

// function is an exported function.
type function struct {
	call  sobek.Callable
	arity int
}

// function finds an exported function, as it was when it was first called; nil if there is none.
func (r *realm) function(name string) (*function, error) {
	if f := r.found[name]; f != nil {
		return f, nil
	}
	pair, err := r.find(sobek.Undefined(), r.exports, r.rt.ToValue(name))
	if err != nil || sobek.IsUndefined(pair) {
		return nil, err
	}
	o := pair.ToObject(r.rt)
	call, _ := sobek.AssertFunction(o.Get("0"))
	f := &function{call, int(o.Get("1").ToInteger())}
	r.found[name] = f
	return f, nil
}

// problem says what ended the evaluation, and where.
func (r *realm) problem(err error) *processor.Problem {
	at := &processor.Problem{File: r.source.Path, Msg: "the processor cannot be loaded: " + err.Error()}
	place := func(p file.Position, msg string) *processor.Problem {
		at.Line, at.Col, at.Msg = p.Line, p.Column, msg
		if p.Line == 1 {
			at.Col = max(p.Column-r.shift, 1)
		}
		if p.Filename != "" {
			at.File = p.Filename
		}
		return at
	}
	var list parser.ErrorList
	var compiled *sobek.CompilerSyntaxError
	var thrown *sobek.Exception
	var interrupted *sobek.InterruptedError
	switch {
	case errors.As(err, &list) && len(list) > 0:
		return place(list[0].Position, "not valid JavaScript: "+list[0].Message)
	case errors.As(err, &compiled) && compiled.File != nil:
		return place(compiled.File.Position(compiled.Offset), "not valid JavaScript: "+compiled.Message)
	case errors.As(err, &interrupted):
		at.Msg = "the processor does not finish loading within " + processor.LoadLimit.String()
		r.locate(at, interrupted.Stack(), place)
	case errors.As(err, &thrown):
		at.Msg = "the processor cannot be loaded: " + r.told(thrown.Value())
		r.locate(at, thrown.Stack(), place)
	}
	return at
}

// locate finds the place of a problem in a stack, and those of the calls that led there.
func (r *realm) locate(
	at *processor.Problem, stack []sobek.StackFrame, place func(file.Position, string) *processor.Problem,
) {
	for _, frame := range stack {
		p := frame.Position()
		switch {
		case p.Line <= 0 || internal(frame.SrcName()):
		case at.Line == 0:
			place(p, at.Msg)
		case len(at.Callers) < maxCallers:
			at.Callers = append(at.Callers, [2]int{p.Line, p.Column})
		}
	}
}

// maxCallers is how many calls are told that led to a problem.
const maxCallers = 100

// told is what was thrown for people: a message says more than a code.
func (r *realm) told(v sobek.Value) string {
	if o, ok := v.(*sobek.Object); ok {
		if message, ok := o.Get("message").(sobek.String); ok && message.Length() > 0 {
			return message.String()
		}
	}
	return cut(r.text(v))
}

// internal tells whether a file of a stack is ours.
func internal(name string) bool {
	return name == "helper.js" || strings.HasPrefix(name, "node:") || name == "<native>"
}

// explain makes the name under which a failure is counted.
func (r *realm) explain(j *job, err error) string {
	var thrown *sobek.Exception
	switch {
	case errors.As(err, new(*sobek.InterruptedError)):
		return r.loop.limits(j)
	case errors.As(err, new(*sobek.StackOverflowError)):
		return "Maximum call stack size exceeded"
	case errors.As(err, &thrown):
		return cut(r.text(thrown.Value()))
	default:
		return cut(err.Error())
	}
}

// text is the name of what was thrown.
func (r *realm) text(v sobek.Value) string {
	if v == nil {
		v = sobek.Undefined()
	}
	text, err := r.message(sobek.Undefined(), v)
	switch {
	case errors.As(err, new(*sobek.InterruptedError)):
		return r.loop.limits(r.loop.running)
	case err != nil || text.String() == "":
		return noText
	}
	return text.String()
}

// cut bounds a name of a report.
func cut(name string) string {
	n := 0
	for i := range name {
		if n++; n > processor.MaxName {
			return name[:i] + "..."
		}
	}
	return name
}

// whose is the end of a message about what a reason of the watch was given for.
func whose(why string) string {
	if name, ok := strings.CutPrefix(why, "function "); ok {
		name, _, _ = strings.Cut(name, " ")
		return " in function " + name
	}
	return ""
}

// track notes promises that are rejected and not handled.
func (r *realm) track(p *sobek.Promise, operation sobek.PromiseRejectionOperation) {
	if operation == sobek.PromiseRejectionReject {
		if len(r.unhandled) < maxUnhandled {
			r.unhandled = append(r.unhandled, p)
		}
		return
	}
	r.unhandled = slices.DeleteFunc(r.unhandled, func(one *sobek.Promise) bool { return one == p })
}

// maxUnhandled is how many rejected promises of a turn are told.
const maxUnhandled = 10

// rejected prints what promises were rejected with that nobody has handled at the end of a turn. Node would end the
// process.
func (r *realm) rejected() {
	for _, p := range r.unhandled {
		message := noText
		_ = r.guard(processor.Grace, "a rejected promise took too long", func() error {
			message = r.text(p.Result())
			return nil
		})
		r.print("Uncaught (in promise) " + cut(message))
	}
	r.unhandled = r.unhandled[:0]
}
