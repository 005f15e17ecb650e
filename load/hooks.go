package load

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"runtime"
	"slices"
	"time"

	"edgescope/scenarios/plan"
	"edgescope/scenarios/processor"
	"edgescope/scenarios/value"
)

// startProcessor makes the pool of workers that run the script's functions, at most one for each processor of the
// machine: users wait for them, arrivals do not. giveUp ends the run.
func (n *run) startProcessor(ctx context.Context, giveUp func(error)) {
	p := n.plan.Processor
	if p == nil {
		return
	}
	var shared []processor.Variable
	for _, name := range slices.Sorted(maps.Keys(n.plan.Shared)) {
		shared = append(shared, processor.Variable{Name: name, Value: toWorker(n.plan.Shared[name])})
	}
	n.code = p.Start(ctx, runtime.GOMAXPROCS(0), shared, processor.Hosts{Fail: giveUp, Stray: n.stray})
}

// stray puts what functions print and emit while no call runs among the events.
func (n *run) stray(lines []string, metrics []processor.Metric) {
	for _, line := range lines {
		n.events.Put(&Line{Text: line})
	}
	for _, m := range metrics {
		n.events.Put(&Metric{At: time.Now(), Metric: m})
	}
}

// stopProcessor ends the workers and keeps the exit code that a function has asked for.
func (n *run) stopProcessor() {
	if n.code == nil {
		return
	}
	n.code.Close()
	n.suggestedExit, n.hasSuggestedExit = n.code.ExitCode()
}

// SuggestedExitCode is what a function of the script has set global.artillery.suggestedExitCode to in the last run, if
// any did.
func (r *Runner) SuggestedExitCode() (code int, ok bool) {
	return r.suggestedExit, r.hasSuggestedExit
}

// call runs a function of the script, and puts the metrics that it emitted and the lines that it printed among the
// events. Its time is in no latency: if the user's next request has an intended start, that moves by as much. While a
// function of one parallel step runs, the user's other steps wait, since all share its variables.
func (u *user) call(c *processor.Call) error {
	if len(c.Functions) == 0 {
		return nil
	}
	c.Scenario, c.Vars, c.Seed = u.flow, &userVars{u.vars, u.scope}, u.scope.Rand().Uint64()
	began := time.Now()
	err := u.calls.Do(c)
	ended := time.Now()
	if !u.intended.IsZero() {
		u.intended = u.intended.Add(ended.Sub(began))
	}
	for _, line := range c.Lines {
		u.events.Put(&Line{Text: line})
	}
	if !u.silent {
		for _, m := range c.Metrics {
			u.events.Put(&Metric{At: ended, Metric: m})
		}
	}
	var thrown processor.Error
	if errors.As(err, &thrown) {
		return value.UserError(thrown)
	}
	return err
}

// ask calls a function that decides.
func (u *user) ask(name string) (bool, error) {
	c := &processor.Call{Functions: []string{name}, Signature: processor.Condition}
	err := u.call(c)
	return c.True, err
}

// live walks a flow with the hooks around it.
func (u *user) live(ctx context.Context, flow *plan.Flow) error {
	u.onError = flow.OnError
	if flow.Start != nil {
		flow.Start(u.scope)
	}
	if err := u.callAll(flow.BeforeScenario); err != nil {
		return err
	}
	if err := u.walk(ctx, flow.Steps); err != nil {
		return err
	}
	return u.callAll(flow.AfterScenario)
}

// callAll calls functions of a scenario or a step. What a call takes must not lie on the stack of a user that waits.
//
//go:noinline
func (u *user) callAll(functions []string) error {
	return u.call(&processor.Call{Functions: functions})
}

// wanted tells whether the user sends a request.
func (u *user) wanted(req *plan.Request) (bool, error) {
	if req.IfFunction != "" {
		if yes, err := u.ask(req.IfFunction); !yes || err != nil {
			return false, err
		}
	}
	return req.Send(u.scope)
}

// beforeRequest calls the functions that may change the request, each of which sees the changes of the one before it.
func (u *user) beforeRequest(req *plan.Request) (*plan.Request, error) {
	if len(req.BeforeRequest) == 0 {
		return req, nil
	}
	c := &processor.Call{
		Functions: req.BeforeRequest, Signature: processor.BeforeRequest, Request: req.Script(u.target),
	}
	if err := u.call(c); err != nil || c.Changed == nil {
		return req, err
	}
	return req.Changed(membersOf(c.Changed))
}

// membersOf are the members of an object that a function has changed.
func membersOf(changed []processor.Variable) []value.Member {
	members := make([]value.Member, len(changed))
	for i, m := range changed {
		members[i] = value.Member{Key: m.Name, Value: fromWorker(m.Value)}
	}
	return members
}

// afterResponse calls the functions that look at an answer.
func (u *user) afterResponse(req *plan.Request, sent []byte, response *plan.Response) error {
	if len(req.AfterResponse) == 0 {
		return nil
	}
	return u.call(&processor.Call{
		Functions: req.AfterResponse, Signature: processor.AfterResponse, Request: sent,
		Response: response.Script(), Body: response.Body,
	})
}

// noRequest is what an onError function sees of a WebSocket, which has no requests.
func noRequest(string) []byte { return []byte("{}") }

// failed tells the scenario's onError functions of a request that ends the user. The user ends with the error of the
// request, whatever they do.
func (u *user) failed(ctx context.Context, script func(base string) []byte, err error) error {
	if err == nil || ctx.Err() != nil || len(u.onError) == 0 {
		return err
	}
	_ = u.call(&processor.Call{
		Functions: u.onError, Signature: processor.OnError, Error: err.Error(), Request: script(u.target),
	})
	return err
}

// goesOn counts the error of a request after which the user goes on, and returns any other. What the request captures is
// undefined, unless it was captured before the error.
func (u *user) goesOn(ctx context.Context, req *plan.Request, err error) error {
	var named value.UserError
	if !req.ContinueOnError || ctx.Err() != nil || !errors.As(err, &named) {
		return err
	}
	if !u.captured {
		req.Forget(u.scope)
	}
	if !u.silent {
		u.events.Put(&Mishap{At: time.Now(), Err: named.Error()})
	}
	return nil
}

// userVars are a user's variables on their way to its functions.
type userVars struct {
	vars  *value.Vars
	scope *value.Scope
}

// Changes implements processor.Vars.
func (v *userVars) Changes(yield func(string, processor.Value)) {
	v.vars.Changes(v.scope, func(name string, x any) { yield(name, toWorker(x)) })
}

// Set implements processor.Vars.
func (v *userVars) Set(name string, x processor.Value) { v.vars.Set(v.scope, name, fromWorker(x)) }

// toWorker is a script value as it goes to a worker.
func toWorker(v any) processor.Value {
	switch v := v.(type) {
	case nil:
		return processor.Value{Kind: processor.Null}
	case bool:
		if v {
			return processor.Value{Kind: processor.True}
		}
		return processor.Value{Kind: processor.False}
	case json.Number:
		return processor.Value{Kind: processor.Number, Text: string(v)}
	case string:
		return processor.Value{Kind: processor.Text, Text: v}
	case value.Bytes:
		return processor.Value{Kind: processor.Bytes, Text: string(v)}
	case value.Undefined:
		return processor.Value{}
	default:
		return processor.Value{Kind: processor.JSON, Text: string(value.AppendJSON(nil, v))}
	}
}

// fromWorker is the script value that a worker has sent.
func fromWorker(v processor.Value) any {
	switch v.Kind {
	case processor.Null:
		return nil
	case processor.False, processor.True:
		return v.Kind == processor.True
	case processor.Number:
		return json.Number(v.Text)
	case processor.Text:
		return v.Text
	case processor.Bytes:
		return value.Bytes(v.Text)
	case processor.JSON:
		if x, err := value.Parse([]byte(v.Text)); err == nil {
			return x
		}
	}
	return value.Undefined{}
}
