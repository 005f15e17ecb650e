package scenarios

import (
	"crypto/sha256"
	"hash"
	"strings"
	"time"

	"edgescope/scenarios/answer"
	"edgescope/scenarios/engine"
	"edgescope/scenarios/files"
	"edgescope/scenarios/plan"
	"edgescope/scenarios/request"
	"edgescope/scenarios/settings"
	"edgescope/scenarios/templates"
	"edgescope/scenarios/tree"
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
	scope        *value.Scope    // of the templates in config
	requests     []*plan.Request // all of the plan's
	engine       string          // of scenarios that name none
	flowEngine   string          // of the scenario that is being read
	files        hash.Hash       // contents of the files that the script names
	named        *files.Named
	allowed      *files.Allowed               // what opts.ReadFile may read
	readAny      func(string) ([]byte, error) // what the user names
	timeout      time.Duration                // of requests that have none of their own
	jitter       jitter                       // of steps that have none of their own
	poisson      bool                         // config.mode
	gap          time.Duration                // half of the shortest gap of a phase of visits

	brokenProcessor bool // its problems are told: its functions are not asked for
}

func newCompiler(o Options) *compiler {
	c := &compiler{
		Reader: &settings.Reader{}, opts: o, files: sha256.New(), timeout: 10 * time.Second, engine: engine.HTTP,
		plan: &plan.Plan{Script: o.Files[0], Environment: o.Environment, Shared: map[string]any{}},
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

// constant is the [templates.Constants] of a script: $env.X and $processEnvironment.X.
func (o *Options) constant(name string) (v any, defined, known bool) {
	key, ok := strings.CutPrefix(name, "$env.")
	if !ok {
		if key, ok = strings.CutPrefix(name, "$processEnvironment."); !ok {
			return nil, false, false
		}
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
