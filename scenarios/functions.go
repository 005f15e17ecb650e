package scenarios

import (
	"context"
	"slices"

	"edgescope/internal/tree"
	"edgescope/scenarios/bundle"
	"edgescope/scenarios/plan"
	"edgescope/scenarios/processor"
	"edgescope/scenarios/processor/node"
	"edgescope/scenarios/settings"
	"edgescope/scenarios/usage"
)

// processor reads config.processor: the JavaScript whose functions the script names.
func (c *compiler) processor(n *tree.Node) {
	name, ok := c.Text(n, "processor")
	if !ok {
		return
	}
	c.brokenProcessor = true
	path := c.named.OfConfig(name)
	builtins := node.Builtins()
	b, problems := bundle.Build(path, bundle.Options{
		ReadFile: c.readModule(path), Has: func(name string) bool { return slices.Contains(builtins, name) },
	})
	for _, p := range problems {
		c.processorFault(n, p)
	}
	if b == nil {
		return
	}
	c.code = &usage.Code{}
	for _, source := range b.Sources {
		c.files.Write(source.Text)
		c.code.Add(source.File, string(source.Text))
	}
	program, problem := processor.Load(context.Background(), processor.Source{Path: path, Script: b.Code},
		processor.Options{
			Env: c.opts.environ(), Folders: slices.Concat(c.allowed.Folders(), b.Folders),
			Limit: c.opts.ProcessorLimit, Memory: c.opts.ProcessorMemory,
		})
	if problem != nil {
		spots := append([][2]int{{problem.Line, problem.Col}}, problem.Callers...)
		c.processorFault(n, b.Tell(problem.Msg, spots))
		return
	}
	for _, w := range b.Warnings() {
		c.Warn(tree.Position{File: w.File, Line: w.Line, Col: w.Col}, "%s", w.Msg)
	}
	c.plan.Processor, c.brokenProcessor = program, false
}

// processorFault tells of a problem in a file of the processor, which n names.
func (c *compiler) processorFault(n *tree.Node, p bundle.Problem) {
	pos := tree.Position{File: p.File, Line: p.Line, Col: p.Col}
	if p.Line == 0 {
		pos = n.Pos
		p.Msg = p.File + ": " + p.Msg
	}
	c.Fault(pos, "%s", p.Msg)
}

// function checks that the processor exports a function.
func (c *compiler) function(n *tree.Node, where string) string {
	name, ok := c.Text(n, where)
	switch {
	case !ok || c.brokenProcessor: // told already
	case c.plan.Processor == nil:
		c.Fault(n.Pos, "%s: function %q cannot be called: the script has no config.processor", where, name)
	case !c.plan.Processor.Has(name):
		c.Fault(n.Pos, "%s: the processor exports no function %q%s", where, name,
			settings.Known(name, c.plan.Processor.Names()))
	}
	return name
}

// functions are one name or a list of them.
func (c *compiler) functions(n *tree.Node, where string) []string {
	items := []*tree.Node{n}
	if n.Kind == tree.List {
		items = n.Items
	}
	names := make([]string, len(items))
	for i, item := range items {
		names[i] = c.function(item, where)
	}
	return names
}

// hookAll puts the scenario's own hooks before those of its requests, as Artillery does.
func (c *compiler) hookAll(requests []*plan.Request, before, after []string) {
	for _, r := range requests {
		r.BeforeRequest = slices.Concat(before, r.BeforeRequest)
		r.AfterResponse = slices.Concat(after, r.AfterResponse)
		r.NeedsBody = r.NeedsBody || len(r.AfterResponse) > 0
	}
}
