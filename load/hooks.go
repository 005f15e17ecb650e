package load

import (
	"context"
	"errors"
	"runtime"
	"time"

	"edgescope/scenarios/plan"
	"edgescope/scenarios/processor"
	"edgescope/scenarios/value"
)

// startProcessor starts the workers that run the script's functions, one for each processor of the machine: users wait
// for them, arrivals do not.
func (n *run) startProcessor(ctx context.Context) {
	if p := n.plan.Processor; p != nil {
		n.code = p.Start(ctx, runtime.GOMAXPROCS(0))
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
	c.Scenario, c.Vars, c.Random = u.flow, u.scope.Vars(), u.scope.Rand().Float64
	began := time.Now()
	err := u.code.Do(c)
	ended := time.Now()
	if !u.intended.IsZero() {
		u.intended = u.intended.Add(ended.Sub(began))
	}
	for _, line := range c.Lines {
		u.events.put(&Line{Text: line})
	}
	if !u.silent {
		for _, m := range c.Metrics {
			u.events.put(&Metric{At: ended, Metric: m})
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
	c := &processor.Call{Function: name, Signature: processor.Condition}
	err := u.call(c)
	return c.True, err
}

// functions calls the functions of a hook without a request, one after another.
func (u *user) functions(names []string) error {
	for _, name := range names {
		if err := u.call(&processor.Call{Function: name}); err != nil {
			return err
		}
	}
	return nil
}

// live walks a flow with the hooks around it.
func (u *user) live(ctx context.Context, flow *plan.Flow) error {
	u.onError = flow.OnError
	if err := u.functions(flow.BeforeScenario); err != nil {
		return err
	}
	if err := u.walk(ctx, flow.Steps); err != nil {
		return err
	}
	return u.functions(flow.AfterScenario)
}

// wanted tells whether the user sends a request.
func (u *user) wanted(req *plan.Request) (bool, error) {
	if req.IfFunction != "" {
		if yes, err := u.ask(req.IfFunction); !yes || err != nil {
			return false, err
		}
	}
	return req.Send(u.scope), nil
}

// beforeRequest calls the functions that may change the request, which sees the changes of the one before it.
func (u *user) beforeRequest(req *plan.Request) (*plan.Request, error) {
	if len(req.BeforeRequest) == 0 {
		return req, nil
	}
	original := req.Script(u.target)
	c := &processor.Call{Signature: processor.BeforeRequest, Request: original}
	for _, name := range req.BeforeRequest {
		c.Function, c.Metrics, c.Lines = name, nil, nil
		if err := u.call(c); err != nil {
			return nil, err
		}
	}
	return req.Changed(original, c.Request)
}

// afterResponse calls the functions that look at an answer.
func (u *user) afterResponse(req *plan.Request, sent []byte, response *plan.Response) error {
	if len(req.AfterResponse) == 0 {
		return nil
	}
	answer := response.Script()
	for _, name := range req.AfterResponse {
		c := &processor.Call{Function: name, Signature: processor.AfterResponse, Request: sent, Response: answer}
		if err := u.call(c); err != nil {
			return err
		}
	}
	return nil
}

// failed tells the scenario's onError functions of a request that ends the user. The user ends with the error of the
// request, whatever they do.
func (u *user) failed(ctx context.Context, req *plan.Request, err error) error {
	if err == nil || ctx.Err() != nil {
		return err
	}
	for _, name := range u.onError {
		c := &processor.Call{Function: name, Signature: processor.OnError, Error: err.Error()}
		c.Request = req.Script(u.target)
		if u.call(c) != nil {
			break
		}
	}
	return err
}
