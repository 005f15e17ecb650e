package worker

import (
	"errors"
	"time"

	"github.com/grafana/sobek"

	"edgescope/scenarios/processor"
	"edgescope/scenarios/processor/node"
)

// machine gives the runtime console, timers and global.artillery.
func (r *realm) machine() error {
	return errors.Join(
		r.rt.Set("setTimeout", r.timer(false)),
		r.rt.Set("setInterval", r.timer(true)),
		r.rt.Set("setImmediate", r.immediate),
		r.rt.Set("clearTimeout", r.clear),
		r.rt.Set("clearInterval", r.clear),
		r.rt.Set("clearImmediate", r.clear),
		r.artillery(),
	)
}

// artillery is global.artillery, whose suggestedExitCode is told to the other side.
func (r *realm) artillery() error {
	artillery := r.rt.NewObject()
	last := sobek.Undefined()
	get := r.rt.ToValue(func(sobek.FunctionCall) sobek.Value { return last })
	set := r.rt.ToValue(func(call sobek.FunctionCall) sobek.Value {
		last = call.Argument(0)
		r.exitCode = 1 + last.ToInteger()&0xff
		return sobek.Undefined()
	})
	return errors.Join(
		artillery.DefineAccessorProperty("suggestedExitCode", get, set, sobek.FLAG_FALSE, sobek.FLAG_TRUE),
		r.rt.Set("artillery", artillery))
}

// console makes the console of Node's formats.
func (r *realm) console(helper *sobek.Object, require node.Require) error {
	util, err := require("util")
	if err != nil {
		return err
	}
	build, _ := sobek.AssertFunction(helper.Get("console"))
	print := func(call sobek.FunctionCall) sobek.Value {
		if !r.print(call.Argument(0).String()) {
			panic(r.rt.NewTypeError("console: more than 1,000 lines or 1 MiB of one call"))
		}
		return sobek.Undefined()
	}
	began := time.Now()
	now := func() float64 { return float64(time.Since(began)) / float64(time.Millisecond) }
	of := util.ToObject(r.rt)
	made, err := build(sobek.Undefined(), r.rt.ToValue(print), of.Get("format"), of.Get("inspect"), r.rt.ToValue(now))
	if err != nil {
		return err
	}
	return r.rt.Set("console", made)
}

// print adds a line to those of the call that runs, or to the stray ones. It is false when there are too many.
func (r *realm) print(line string) bool {
	lines, size := &r.stray.Lines, &r.strayBytes
	if j := r.loop.running; j != nil && !j.over {
		lines, size = &j.outcome.Lines, &j.lineBytes
	}
	if len(*lines) >= processor.MaxLines || *size+len(line) > processor.MaxLineBytes {
		return false
	}
	*lines = append(*lines, line)
	*size += len(line)
	return true
}

func (r *realm) timer(repeat bool) func(sobek.FunctionCall) sobek.Value {
	return func(call sobek.FunctionCall) sobek.Value {
		delay := time.Duration(max(call.Argument(1).ToFloat(), 1) * float64(time.Millisecond)) // node's shortest is 1 ms
		if sobek.IsUndefined(call.Argument(1)) || delay < time.Millisecond || delay > 24*time.Hour {
			delay = time.Millisecond
		}
		every := time.Duration(0)
		if repeat {
			every = delay
		}
		return r.startTimer(call, 2, delay, every)
	}
}

func (r *realm) immediate(call sobek.FunctionCall) sobek.Value { return r.startTimer(call, 1, 0, 0) }

func (r *realm) startTimer(call sobek.FunctionCall, used int, delay, every time.Duration) sobek.Value {
	f, ok := sobek.AssertFunction(call.Argument(0))
	if !ok {
		panic(r.rt.NewTypeError("a timer needs a function"))
	}
	args := call.Arguments[min(used, len(call.Arguments)):]
	id, err := r.loop.after(delay, every, func() error {
		_, err := f(sobek.Undefined(), args...)
		return err
	})
	if err != nil {
		panic(r.rt.NewGoError(err))
	}
	return r.rt.ToValue(id)
}

func (r *realm) clear(call sobek.FunctionCall) sobek.Value {
	r.loop.clear(call.Argument(0).ToInteger())
	return sobek.Undefined()
}
