package scenarios

import (
	"crypto/sha256"
	"hash"
	"maps"
	"slices"
	"strings"
	"time"

	"edgescope/internal/tree"
	"edgescope/scenarios/answer"
	"edgescope/scenarios/condition"
	"edgescope/scenarios/engine"
	"edgescope/scenarios/ensure"
	"edgescope/scenarios/files"
	"edgescope/scenarios/plan"
	"edgescope/scenarios/request"
	"edgescope/scenarios/settings"
	"edgescope/scenarios/templates"
	"edgescope/scenarios/usage"
	"edgescope/scenarios/value"
	"edgescope/scenarios/websocket"
)

// compiler turns the merged script into a Plan and collects what is wrong.
type compiler struct {
	*settings.Reader

	templates templates.Compiler
	sends     request.Reader // what requests send
	wants     answer.Reader  // what they want of their answers
	sockets   websocket.Reader

	opts Options
	plan *plan.Plan

	cliVariables *tree.Node
	scope        *value.Scope           // of the templates in config
	requests     []*plan.Request        // all of the plan's
	decided      map[*plan.Request]bool // those that say themselves whether the user goes on after an error
	engine       string                 // of scenarios that name none
	flowEngine   string                 // of the scenario that is being read
	files        hash.Hash              // contents of the files that the script names
	named        *files.Named
	allowed      *files.Allowed               // what opts.ReadFile may read
	readAny      func(string) ([]byte, error) // what the user names
	timeout      time.Duration                // of requests that have none of their own
	jitter       jitter                       // of steps that have none of their own
	poisson      bool                         // config.mode
	gap          time.Duration                // half of the shortest gap of a phase of visits

	sources map[string][]byte // the files of the script
	code    *usage.Code       // of the processor; nil without one

	brokenProcessor bool // its problems are told: its functions are not asked for
}

func newCompiler(o Options) *compiler {
	c := &compiler{
		Reader: &settings.Reader{}, opts: o, files: sha256.New(), timeout: 10 * time.Second, engine: engine.HTTP,
		plan:    &plan.Plan{Script: o.Files[0], Environment: o.Environment, Shared: map[string]any{}},
		sources: map[string][]byte{},
		decided: map[*plan.Request]bool{},
	}
	c.allowed, c.readAny = o.allowed(), o.ReadFile
	c.opts.ReadFile = c.readAllowed
	c.named = files.NewNamed(c.readAllowed, o.Files[0], o.ConfigFile)
	c.templates = templates.Compiler{Reader: c.Reader, Constants: c.opts.constant}
	c.sends = request.Reader{Settings: c.Reader, Templates: &c.templates, File: c.file, Open: c.named.Open}
	c.wants = answer.Reader{Settings: c.Reader, Templates: &c.templates}
	c.sockets = websocket.Reader{
		Settings: c.Reader, Templates: &c.templates, Wants: c.messageKeys, Function: c.function,
	}
	return c
}

// ensure reads the checks, unless the environment turns them off.
func (c *compiler) ensure(config *tree.Node) {
	r := ensure.Reader{Reader: c.Reader, Plan: c.plan, Requests: c.requests, Compile: condition.Check}
	if c.code != nil {
		r.Emits = c.code.Mentions
	}
	if v, set := c.opts.Env("ARTILLERY_DISABLE_ENSURE"); set && v != "" {
		r.Disabled(config)
	} else {
		r.Read(config)
	}
}

// usage warns of variables that nobody sets.
func (c *compiler) usage(root *tree.Node) {
	globals := []string{"$testId"} // a run has it
	globals = slices.AppendSeq(globals, maps.Keys(c.plan.Shared))
	for i := range c.plan.Lists {
		globals = append(globals, c.plan.Lists[i].Name)
	}
	for _, p := range c.plan.Payloads {
		globals = append(globals, p.Columns...)
	}
	found := usage.Check(usage.Script{
		Root: root, Globals: globals, Code: c.code, Reads: reads,
		Env: func(name string) bool { _, set := c.opts.variable(name); return set },
		Function: func(name string) bool {
			return c.plan.Processor != nil && c.plan.Processor.Has(name)
		},
		Source: func(file string) []byte { return c.sources[file] },
	})
	c.Warnings = append(c.Warnings, found...)
}

// reads are the variables that a condition reads.
func reads(text string) []string {
	_, names, err := condition.Read(text)
	if err != nil {
		return nil
	}
	return names
}

// envName is the X of $env.X and $processEnvironment.X.
func envName(name string) (key string, ok bool) {
	if key, ok = strings.CutPrefix(name, "$env."); ok {
		return key, true
	}
	return strings.CutPrefix(name, "$processEnvironment.")
}

// constant is the [templates.Constants] of a script: $env.X and $processEnvironment.X.
func (o *Options) constant(name string) (v any, defined, known bool) {
	key, ok := envName(name)
	if !ok {
		return nil, false, false
	}
	text, set := o.variable(key)
	if !set {
		return nil, false, true
	}
	return text, true, true
}

// file reads a file named in the script, which what names in messages. It counts into the hash of the plan.
func (c *compiler) file(n *tree.Node, what string) {
	name, ok := c.Text(n, what)
	if !ok {
		return
	}
	f, err := c.named.Part(name)
	if err != nil {
		c.Fault(n.Pos, "%s %s cannot be read: %s", what, name, cause(err))
		return
	}
	c.files.Write(f.Content)
}
