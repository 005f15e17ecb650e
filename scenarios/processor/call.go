package processor

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/grafana/sobek"
)

// invoke calls the function of a job and arranges that its end finishes the job.
func (r *realm) invoke(j *job) error {
	f, arity, err := r.function(j.call.Function)
	if err != nil {
		return err
	}
	args, err := r.arguments(j)
	if err != nil {
		return err
	}
	args = append(args, r.rt.ToValue(func(call sobek.FunctionCall) sobek.Value {
		r.done(j, call.Argument(0))
		return sobek.Undefined()
	}))
	answer, err := f(sobek.Undefined(), args...)
	if err != nil {
		return err
	}
	if j.finished {
		return nil
	}
	if o, ok := answer.(*sobek.Object); ok {
		if then, ok := sobek.AssertFunction(o.Get("then")); ok {
			return r.follow(j, o, then)
		}
	}
	if arity < len(args) { // it does not take done, so it is done
		r.fulfilled(j, answer)
	}
	return nil
}

// follow waits for a promise.
func (r *realm) follow(j *job, promise sobek.Value, then sobek.Callable) error {
	_, err := then(promise,
		r.rt.ToValue(func(call sobek.FunctionCall) sobek.Value {
			r.fulfilled(j, call.Argument(0))
			return sobek.Undefined()
		}),
		r.rt.ToValue(func(call sobek.FunctionCall) sobek.Value {
			j.finish(Error(messageOf(call.Argument(0))))
			return sobek.Undefined()
		}))
	return err
}

// fulfilled ends a function that returned.
func (r *realm) fulfilled(j *job, v sobek.Value) {
	if j.finished {
		return
	}
	j.call.True = j.call.Signature == Condition && v.ToBoolean()
	j.finish(nil)
}

// done ends a function that calls back: a condition with its value, any other with an error or nothing.
func (r *realm) done(j *job, v sobek.Value) {
	switch {
	case j.finished:
	case j.call.Signature == Condition:
		r.fulfilled(j, v)
	case sobek.IsUndefined(v) || sobek.IsNull(v) || !v.ToBoolean():
		j.finish(nil)
	default:
		j.finish(Error(messageOf(v)))
	}
}

// arguments are those of the signature, without done.
func (r *realm) arguments(j *job) ([]sobek.Value, error) {
	c := j.call
	j.vars = &variables{realm: r, job: j, cached: map[string]*cachedVar{}}
	context := r.rt.NewObject()
	scenario := r.rt.NewObject()
	err := errors.Join(
		scenario.Set("name", c.Scenario),
		context.Set("vars", r.rt.NewDynamicObject(j.vars)),
		context.Set("scenario", scenario),
		context.Set("funcs", r.rt.NewObject()))
	if err != nil {
		return nil, err
	}
	if c.Signature == Condition {
		return []sobek.Value{context}, nil
	}
	tail := []sobek.Value{context, r.events(j)}
	if c.Signature == Step {
		return tail, nil
	}
	if j.request, err = r.fromJSON(c.Request); err != nil {
		return nil, fmt.Errorf("read the request: %w", err)
	}
	switch c.Signature {
	case OnError:
		failure, err := r.rt.New(r.rt.Get("Error"), r.rt.ToValue(c.Error))
		if err != nil {
			return nil, err
		}
		_ = failure.Set("code", c.Error)
		return append([]sobek.Value{failure, j.request}, tail...), nil
	case AfterResponse:
		response, err := r.fromJSON(c.Response)
		if err != nil {
			return nil, fmt.Errorf("read the response: %w", err)
		}
		return append([]sobek.Value{j.request, response}, tail...), nil
	default:
		return append([]sobek.Value{j.request}, tail...), nil
	}
}

// events is the object whose emit makes metrics.
func (r *realm) events(j *job) *sobek.Object {
	events := r.rt.NewObject()
	emit := func(call sobek.FunctionCall) sobek.Value {
		m := Metric{Kind: MetricKind(call.Argument(0).String()), Name: call.Argument(1).String(), Value: 1}
		switch m.Kind {
		case Counter, Histogram:
			if v := call.Argument(2); !sobek.IsUndefined(v) {
				m.Value = v.ToFloat()
			}
		case Rate:
		default:
			panic(r.rt.NewTypeError("events.emit(kind, name, value): kind is counter, histogram or rate, not " + string(m.Kind)))
		}
		if len(j.call.Metrics) >= maxMetrics {
			panic(r.rt.NewTypeError(fmt.Sprintf("events.emit: more than %d metrics of one call", maxMetrics)))
		}
		if !j.finished {
			j.call.Metrics = append(j.call.Metrics, m)
		}
		return sobek.Undefined()
	}
	_ = events.Set("emit", emit)
	return events
}

// variables are context.vars: they are read when a function asks for them, and written back when it has ended.
type variables struct {
	realm  *realm
	job    *job
	cached map[string]*cachedVar
}

type cachedVar struct {
	value   sobek.Value // nil: deleted
	before  []byte      // JSON of an object or list as it was read, which may be changed in place
	written bool
}

// Get implements sobek.DynamicObject.
func (v *variables) Get(name string) sobek.Value {
	if c, ok := v.cached[name]; ok {
		return c.value
	}
	if v.job.finished {
		return nil
	}
	text, ok := v.job.call.Vars.Get(name)
	if !ok {
		return nil
	}
	value, err := v.realm.fromJSON(text)
	if err != nil {
		panic(v.realm.rt.NewGoError(fmt.Errorf("read context.vars.%s: %w", name, err)))
	}
	c := &cachedVar{value: value}
	if _, compound := value.(*sobek.Object); compound {
		if c.before, _, err = v.realm.toJSON(value); err != nil {
			panic(v.realm.rt.NewGoError(err))
		}
	}
	v.cached[name] = c
	return value
}

// Set implements sobek.DynamicObject.
func (v *variables) Set(name string, value sobek.Value) bool {
	v.cached[name] = &cachedVar{value: value, written: true}
	return true
}

// Has implements sobek.DynamicObject.
func (v *variables) Has(name string) bool { return v.Get(name) != nil }

// Delete implements sobek.DynamicObject.
func (v *variables) Delete(name string) bool {
	v.cached[name] = &cachedVar{written: true}
	return true
}

// Keys implements sobek.DynamicObject.
func (v *variables) Keys() []string {
	var names []string
	if !v.job.finished {
		for _, name := range v.job.call.Vars.Names() {
			if _, ok := v.cached[name]; !ok {
				names = append(names, name)
			}
		}
	}
	for name, c := range v.cached {
		if c.value != nil {
			names = append(names, name)
		}
	}
	return names
}

// writeBack stores what was set and what was changed in place. A value without JSON text (undefined, a function)
// deletes.
func (v *variables) writeBack() error {
	for name, c := range v.cached {
		if !c.written && c.before == nil {
			continue
		}
		if c.value == nil {
			v.job.call.Vars.Delete(name)
			continue
		}
		text, ok, err := v.realm.toJSON(c.value)
		switch {
		case err != nil:
			return fmt.Errorf("context.vars.%s cannot be kept: %w", name, err)
		case !ok:
			v.job.call.Vars.Delete(name)
		case c.written || !bytes.Equal(text, c.before):
			v.job.call.Vars.Set(name, text)
		}
	}
	return nil
}
