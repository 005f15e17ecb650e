package worker

import (
	"fmt"
	"slices"

	"github.com/grafana/sobek"

	"edgescope/scenarios/processor"
)

// invoke calls the function of a job that is next, and arranges that its end settles the job.
func (r *realm) invoke(j *job) error {
	f, err := r.function(j.function())
	if f == nil {
		j.settle(fmt.Sprintf("Undefined function %q", j.function()))
		return err
	}
	if j.args == nil {
		j.user.take(j.order.Vars)
		if err := r.arguments(j); err != nil {
			return err
		}
	}
	at := j.at
	args := slices.Concat(j.args, []sobek.Value{r.rt.ToValue(func(call sobek.FunctionCall) sobek.Value {
		if j.at == at {
			r.done(j, call.Argument(0))
		}
		return sobek.Undefined()
	})})
	answer, err := f.call(sobek.Undefined(), args...)
	if err != nil || j.settled {
		return err
	}
	if o, ok := answer.(*sobek.Object); ok {
		v, err := r.then(sobek.Undefined(), o)
		if err != nil {
			return err
		}
		if then, ok := sobek.AssertFunction(v); ok {
			return r.follow(j, o, then)
		}
	}
	if f.arity < len(args) { // it does not take done, so it is done
		r.fulfilled(j, answer)
	}
	return nil
}

// follow waits for a promise.
func (r *realm) follow(j *job, promise sobek.Value, then sobek.Callable) error {
	at := j.at
	_, err := then(promise,
		r.rt.ToValue(func(call sobek.FunctionCall) sobek.Value {
			if j.at == at {
				r.fulfilled(j, call.Argument(0))
			}
			return sobek.Undefined()
		}),
		r.rt.ToValue(func(call sobek.FunctionCall) sobek.Value {
			if j.at == at && !j.settled {
				j.settle(cut(r.text(call.Argument(0))))
			}
			return sobek.Undefined()
		}))
	return err
}

// fulfilled ends a function that returned.
func (r *realm) fulfilled(j *job, v sobek.Value) {
	if j.settled {
		return
	}
	j.outcome.True = j.order.Signature == processor.Condition && v.ToBoolean()
	j.settle("")
}

// done ends a function that calls back: a condition with its value, any other with an error or nothing.
func (r *realm) done(j *job, v sobek.Value) {
	switch {
	case j.settled:
	case j.order.Signature == processor.Condition:
		r.fulfilled(j, v)
	case !v.ToBoolean():
		j.settle("")
	default:
		j.settle(cut(r.text(v)))
	}
}

// arguments makes those of the signature, without done. They are the same for all functions of a job.
func (r *realm) arguments(j *job) error {
	o := j.order
	if o.Signature == processor.Condition {
		j.args = []sobek.Value{j.user.context}
		return nil
	}
	tail := []sobek.Value{j.user.context, r.events(j)}
	if o.Signature == processor.Step {
		j.args = tail
		return nil
	}
	request, err := r.fromJSON(o.Request)
	if err != nil {
		return fmt.Errorf("read the request: %w", err)
	}
	switch o.Signature {
	case processor.OnError:
		failure, err := r.rt.New(r.rt.Get("Error"), r.rt.ToValue(o.Error))
		if err != nil {
			return err
		}
		_ = failure.Set("code", o.Error)
		j.args = append([]sobek.Value{failure, request}, tail...)
	case processor.AfterResponse:
		response, err := r.fromJSON(o.Response)
		if err != nil {
			return fmt.Errorf("read the response: %w", err)
		}
		_ = response.ToObject(r.rt).Set("body", string(o.Body))
		j.args = append([]sobek.Value{request, response}, tail...)
	default: // what may change it
		if o.Signature == processor.Connect {
			tail = tail[:1]
		}
		text, err := r.json(sobek.Undefined(), request)
		if err != nil {
			return err
		}
		j.request = text.String()
		j.args = append([]sobek.Value{request}, tail...)
	}
	return nil
}

// changed is the request after functions have had it, member by member; nil if it is as it was.
func (r *realm) changed(j *job) ([]processor.Variable, error) {
	text, err := r.json(sobek.Undefined(), j.args[0])
	if err != nil || text.String() == j.request {
		return nil, err
	}
	list, err := r.members(sobek.Undefined(), j.args[0])
	if err != nil {
		return nil, err
	}
	members := []processor.Variable{}
	var failed error
	r.rt.ForOf(list, func(pair sobek.Value) bool {
		o := pair.ToObject(r.rt)
		name := o.Get("0").String()
		value, err := r.toValue(o.Get("1"))
		switch failed = err; {
		case value.Kind != processor.Undefined:
			members = append(members, processor.Variable{Name: name, Value: value})
		case failed == nil && name == "json": // a circle, a BigInt, what throws: no request without its body
			if _, err := r.stringify(sobek.Undefined(), o.Get("1")); err != nil {
				j.failure = r.explain(j, err)
			}
		}
		return failed == nil
	})
	return members, failed
}

// maxMetricNames is how many different metrics the functions of a worker may emit.
const maxMetricNames = 1_000

// events is the object whose emit makes metrics.
func (r *realm) events(j *job) *sobek.Object {
	events := r.rt.NewObject()
	emit := func(call sobek.FunctionCall) sobek.Value {
		m := processor.Metric{
			Kind: processor.MetricKind(call.Argument(0).String()), Name: cut(call.Argument(1).String()), Value: 1,
		}
		switch m.Kind {
		case processor.Counter, processor.Histogram:
			if v := call.Argument(2); !sobek.IsUndefined(v) {
				m.Value = v.ToFloat()
			}
		case processor.Rate:
		default:
			panic(r.rt.NewTypeError("events.emit(kind, name, value): kind is counter, histogram or rate, not " +
				string(m.Kind)))
		}
		r.emit(j, m)
		return sobek.Undefined()
	}
	_ = events.Set("emit", emit)
	return events
}

func (r *realm) emit(j *job, m processor.Metric) {
	to := &j.outcome
	if j.over {
		to = &r.stray
	}
	if len(to.Metrics) >= processor.MaxMetrics {
		panic(r.rt.NewTypeError(fmt.Sprintf("events.emit: more than %d metrics of one call", processor.MaxMetrics)))
	}
	if !r.metrics[m.Name] {
		if len(r.metrics) >= maxMetricNames {
			panic(r.rt.NewTypeError(fmt.Sprintf("events.emit: more than %d different metrics", maxMetricNames)))
		}
		r.metrics[m.Name] = true
	}
	to.Metrics = append(to.Metrics, m)
}
