package worker

import (
	"slices"

	"github.com/grafana/sobek"

	"edgescope/scenarios/processor"
)

// largeJSON is from how many bytes on a variable that all users share is not compared when a function has read it: it
// would cost more than the function.
const largeJSON = 32 << 10

// user is what the worker knows of a user: its context, which is the same object in all of its calls, and its
// variables, which stay what they are in JavaScript until they are changed outside.
type user struct {
	realm   *realm
	context *sobek.Object
	object  *sobek.Object // context.vars
	vars    map[string]*entry
	names   []string // of vars, in the order in which they came
	touched []string // what functions have read or written in this call
}

// entry is a variable.
type entry struct {
	value   sobek.Value
	known   processor.Value // as the other side has it
	lazy    bool            // value is yet to be made of known
	shared  bool            // the value is that of all users
	gone    bool            // there is none, though users share one of this name
	touched bool
	length  int64 // of a large shared list
	local   bool  // not told to the other side
}

// newUser makes the context of a user, as Artillery does.
func (r *realm) newUser(o *processor.Order) *user {
	u := &user{realm: r, vars: map[string]*entry{}, context: r.rt.NewObject()}
	scenario := r.rt.NewObject()
	_ = scenario.Set("name", o.Scenario)
	u.object = r.rt.NewDynamicObject(u)
	_ = u.context.Set("vars", u.object)
	_ = u.context.Set("scenario", scenario)
	_ = u.context.Set("funcs", r.funcs)
	return u
}

// take applies what has changed outside.
func (u *user) take(vars []processor.Variable) {
	for _, v := range vars {
		if v.Name == uuid {
			_ = u.context.Set("_uid", v.Value.Text)
		}
		if v.Value.Kind == processor.Undefined {
			u.forget(v.Name)
			continue
		}
		u.put(v.Name, &entry{known: v.Value, lazy: true})
	}
}

// uuid is the variable that is context._uid too.
const uuid = "$uuid"

func (u *user) put(name string, e *entry) {
	if u.vars[name] == nil {
		u.names = append(u.names, name)
	}
	u.vars[name] = e
}

// forget takes a variable away; what all users share under the name is not seen any more either.
func (u *user) forget(name string) {
	if u.realm.shared[name] != nil {
		u.put(name, &entry{gone: true})
		return
	}
	if u.vars[name] != nil {
		delete(u.vars, name)
		u.names = slices.DeleteFunc(u.names, func(one string) bool { return one == name })
	}
}

// entry finds a variable; nil if there is none.
func (u *user) entry(name string) *entry {
	e := u.vars[name]
	if e == nil {
		shared := u.realm.shared[name]
		if shared == nil {
			return nil
		}
		u.realm.ensure(shared)
		e = &entry{value: shared.value, known: shared.known, shared: true, length: shared.length, local: shared.local}
		u.put(name, e)
	}
	if e.gone {
		return nil
	}
	u.realm.ensure(e)
	return e
}

// ensure makes the value of an entry when it is asked for first.
func (r *realm) ensure(e *entry) {
	if !e.lazy {
		return
	}
	v, err := r.fromValue(e.known)
	if err != nil {
		panic(r.rt.NewGoError(err))
	}
	e.value, e.lazy = v, false
	if e.known.Kind == processor.JSON && len(e.known.Text) <= largeJSON {
		if same, err := r.toValue(v); err == nil { // as JavaScript spells it, to compare with
			e.known = same
		}
	}
	e.length = r.lengthOf(v)
}

func (r *realm) lengthOf(v sobek.Value) int64 {
	if o, ok := v.(*sobek.Object); ok {
		if n := o.Get("length"); n != nil {
			return n.ToInteger()
		}
	}
	return 0
}

func (u *user) touch(name string, e *entry) {
	if !e.touched {
		e.touched = true
		u.touched = append(u.touched, name)
	}
}

// Get implements sobek.DynamicObject.
func (u *user) Get(name string) sobek.Value {
	e := u.entry(name)
	if e == nil {
		return nil
	}
	if _, compound := e.value.(*sobek.Object); compound {
		u.touch(name, e) // it may be changed in place
	}
	return e.value
}

// Set implements sobek.DynamicObject.
func (u *user) Set(name string, value sobek.Value) bool {
	e := u.vars[name]
	if e == nil {
		e = &entry{}
		if shared := u.realm.shared[name]; shared != nil {
			e.known = shared.known
		}
		u.put(name, e)
	}
	e.value, e.lazy, e.shared, e.gone, e.local = value, false, false, false, false
	u.touch(name, e)
	return true
}

// Has implements sobek.DynamicObject.
func (u *user) Has(name string) bool { return u.entry(name) != nil }

// Delete implements sobek.DynamicObject.
func (u *user) Delete(name string) bool {
	e := u.entry(name)
	if e != nil {
		e.value, e.gone, e.shared = nil, true, false
		u.touch(name, e)
	}
	return true
}

// Keys implements sobek.DynamicObject.
func (u *user) Keys() []string {
	keys := make([]string, 0, len(u.realm.names)+len(u.names))
	for _, name := range u.realm.names {
		if u.vars[name] == nil {
			keys = append(keys, name)
		}
	}
	for _, name := range u.names {
		if !u.vars[name].gone {
			keys = append(keys, name)
		}
	}
	return keys
}

// adopt makes an object that a function has put in the place of context.vars the user's variables.
func (u *user) adopt() {
	other, ok := u.context.Get("vars").(*sobek.Object)
	if !ok || other == u.object {
		return
	}
	for _, name := range u.Keys() {
		u.Delete(name)
	}
	for _, name := range other.Keys() {
		u.Set(name, other.Get(name))
	}
	_ = u.context.Set("vars", u.object)
}

// changes appends the variables that are others than the other side knows. The error is an interruption.
func (u *user) changes(to []processor.Variable) ([]processor.Variable, error) {
	var failed error
	for i := 0; i < len(u.touched); i++ { // a toJSON may touch more
		name := u.touched[i]
		e := u.vars[name]
		if e == nil || !e.touched {
			continue
		}
		e.touched = false
		if failed != nil || e.local || e.shared && len(e.known.Text) > largeJSON && u.realm.lengthOf(e.value) == e.length {
			continue
		}
		value, err := u.realm.toValue(e.value)
		if failed = err; err == nil && value != e.known {
			e.known, e.shared = value, false
			to = append(to, processor.Variable{Name: name, Value: value})
		}
	}
	u.touched = u.touched[:0]
	return to, failed
}
