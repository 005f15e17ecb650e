package scenarios

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"edgescope/internal/tree"
	"edgescope/scenarios/plan"
	"edgescope/scenarios/settings"
)

// Options say what to load and how; only Files is needed.
type Options struct {
	Files        []string // scripts (.yml, .yaml, .json), merged left to right, lists by index
	ConfigFile   string   // -c: merged after Files; processor and tls files may lie beside it
	Target       string   // -t: replaces config.target
	Environment  string   // -e: name in config.environments
	Overrides    string   // --overrides: JSON, merged over everything; lists are replaced
	Variables    string   // -v: JSON object, over config.variables
	PayloadPath  string   // -p: replaces the path of the only payload
	ScenarioName string   // --scenario-name: exact name, else a regular expression
	Insecure     bool     // -k: do not verify certificates
	Solo         bool     // -s: one arrival instead of the phases
	TestID       string   // what {{ $testId }} stands for
	Seed         uint64   // of the functions in config, which run once; the seed of the run

	// Dotenv holds the variables of a --dotenv file (see [ParseDotenv]). Env wins over it; nil is an empty environment.
	Dotenv map[string]string
	Env    func(string) (string, bool)
	// EnvNames are the variables that process.env of the processor shows beside those of Dotenv.
	EnvNames []string

	// Tables are payloads that are read from here and not from a file: the rows of a path, taken as they are. Nothing is
	// written to them.
	Tables map[string][][]any

	// ReadFile reads scripts and what they name; nil is os.ReadFile.
	ReadFile func(string) ([]byte, error)
	// ProcessorLimit is how long a call of a function may take, ProcessorMemory what a worker may use, in bytes; 0 are the
	// defaults of package processor.
	ProcessorLimit  time.Duration
	ProcessorMemory int64
	// AllowFiles are folders beside those of Files and ConfigFile in which the files that a script names may lie.
	AllowFiles []string
}

// variable is a variable of the environment, or of the --dotenv file.
func (o *Options) variable(name string) (string, bool) {
	if v, ok := o.Env(name); ok {
		return v, true
	}
	v, ok := o.Dotenv[name]
	return v, ok
}

// environ is process.env of the processor.
func (o *Options) environ() map[string]string {
	all := maps.Clone(o.Dotenv)
	if all == nil {
		all = map[string]string{}
	}
	for _, name := range o.EnvNames {
		if v, ok := o.Env(name); ok {
			all[name] = v
		}
	}
	return all
}

// Load reads, checks and compiles a script. If anything is wrong with it, the error is a [tree.Problems] that lists all
// of it; nothing is sent before a script has loaded. Load does not keep Options.
func Load(o Options) (*plan.Plan, error) {
	if o.ReadFile == nil {
		o.ReadFile = os.ReadFile
	}
	if o.Env == nil {
		o.Env = func(string) (string, bool) { return "", false }
	}
	if len(o.Files) == 0 {
		return nil, errors.New("load script: no file is given")
	}
	c := newCompiler(o)
	root := c.read()
	if len(c.Problems) == 0 {
		root = c.combine(root)
	}
	if len(c.Problems) == 0 {
		c.compile(root)
	}
	if len(c.Problems) > 0 {
		for _, w := range c.Warnings { // which may say why
			w.Warning = true
			c.Problems = append(c.Problems, w)
		}
		c.Problems.Sort()
		return nil, slices.Compact(c.Problems)
	}
	c.Warnings.Sort()
	c.plan.Warnings = slices.Compact(c.Warnings)
	return c.plan, nil
}

// read parses and merges the files.
func (c *compiler) read() *tree.Node {
	var root *tree.Node
	files := c.opts.Files
	if c.opts.ConfigFile != "" {
		files = append(slices.Clip(files), c.opts.ConfigFile)
	}
	for _, file := range files {
		n := c.readScript(file)
		if n != nil && n.Kind != tree.Object {
			c.Fault(n.Pos, "a script is an object with config and scenarios, not %s", n.What())
			continue
		}
		root = tree.Merge(root, n, tree.ByIndex)
	}
	return root
}

func (c *compiler) readScript(file string) *tree.Node {
	switch ext := strings.ToLower(filepath.Ext(file)); ext {
	case ".yml", ".yaml", ".json", "": // none: the standard input, a pipe
	case ".js", ".ts", ".mjs", ".cjs":
		c.Fault(tree.Position{File: file}, "scripts written in %s are not supported, write YAML or JSON",
			strings.TrimPrefix(ext, "."))
		return nil
	default:
		c.Fault(tree.Position{File: file}, "a script ends in .yml, .yaml or .json")
		return nil
	}
	src, err := c.readAny(file)
	if err != nil {
		c.Fault(tree.Position{File: file}, "the script cannot be read: %s", cause(err))
		return nil
	}
	c.sources[file] = src
	n, problems := tree.Parse(file, src)
	c.Problems = append(c.Problems, problems...)
	return n
}

// cause is the reason of a file error without the path that the message has already.
func cause(err error) error {
	var pathError *fs.PathError
	if errors.As(err, &pathError) {
		return pathError.Err
	}
	return err
}

// combine lays environment, target, variables and overrides over the script.
func (c *compiler) combine(root *tree.Node) *tree.Node {
	root = c.withEnvironment(root)
	config := root.Get("config")
	if c.opts.Target != "" {
		config = config.With("target", &tree.Node{Pos: tree.Position{File: "--target"}, Scalar: c.opts.Target})
	}
	if v := c.argument("--variables", c.opts.Variables); v != nil {
		vars := config.Get("variables")
		for _, f := range v.Fields {
			vars = vars.With(f.Key, f.Value)
		}
		if vars != nil {
			config = config.With("variables", vars)
		}
		c.cliVariables = v
	}
	if config != nil {
		root = root.With("config", config)
	}
	if o := c.argument("--overrides", c.opts.Overrides); o != nil {
		root = tree.Merge(root, o, tree.Replaced)
	}
	return c.withPayloadPath(root)
}

// argument parses a flag that holds a JSON object.
func (c *compiler) argument(flag, text string) *tree.Node {
	if text == "" {
		return nil
	}
	n, problems := tree.Parse(flag, []byte(text))
	c.Problems = append(c.Problems, problems...)
	if n != nil && n.Kind != tree.Object {
		c.Fault(n.Pos, "%s takes a JSON object, not %s", flag, n.What())
		return nil
	}
	return n
}

func (c *compiler) withEnvironment(root *tree.Node) *tree.Node {
	name := c.opts.Environment
	if name == "" {
		return root
	}
	config := root.Get("config")
	all := config.Get("environments")
	e := all.Get(name)
	if e == nil {
		c.Fault(tree.Position{File: c.opts.Files[0]}, "there is no environment %q%s", name,
			settings.Known(name, fieldNames(all)))
		return root
	}
	if base, own := config.Get("phases"), e.Get("phases"); base != nil && own != nil && len(own.Items) < len(base.Items) {
		c.Warn(own.Pos, "environment %s has %d phases, the script %d: the last %d of the script stay (lists merge by index)",
			name, len(own.Items), len(base.Items), len(base.Items)-len(own.Items))
	}
	return root.With("config", tree.Merge(config, e, tree.ByIndex))
}

func fieldNames(n *tree.Node) []string {
	if n == nil {
		return nil
	}
	names := make([]string, len(n.Fields))
	for i, f := range n.Fields {
		names[i] = f.Key
	}
	return names
}

func (c *compiler) withPayloadPath(root *tree.Node) *tree.Node {
	if c.opts.PayloadPath == "" {
		return root
	}
	config := root.Get("config")
	p := config.Get("payload")
	if p != nil && p.Kind == tree.List && len(p.Items) == 1 {
		p = p.Items[0]
	}
	if p == nil || p.Kind != tree.Object {
		c.Fault(tree.Position{File: "--payload"}, "--payload needs exactly one payload object in the script's config")
		return root
	}
	path, err := filepath.Abs(c.opts.PayloadPath)
	if err != nil {
		c.Fault(tree.Position{File: "--payload"}, "%s: %s", c.opts.PayloadPath, err)
		return root
	}
	p = p.With("path", &tree.Node{Pos: tree.Position{File: "--payload"}, Scalar: path})
	return root.With("config", config.With("payload", p))
}

// ParseDotenv reads the lines of a .env file: NAME=value, with optional "export", quotes and # comments. The error
// names the line.
func ParseDotenv(src []byte) (map[string]string, error) {
	vars := map[string]string{}
	for i, line := range strings.Split(string(src), "\n") {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		name, value, ok := strings.Cut(strings.TrimPrefix(line, "export "), "=")
		name = strings.TrimSpace(name)
		if !ok || name == "" || strings.ContainsAny(name, " \t") {
			return nil, fmt.Errorf("line %d: expected NAME=value", i+1)
		}
		vars[name] = dotenvValue(strings.TrimSpace(value))
	}
	return vars, nil
}

func dotenvValue(v string) string {
	if v == "" {
		return ""
	}
	if q := v[0]; q == '"' || q == '\'' || q == '`' {
		if end := strings.IndexByte(v[1:], q); end >= 0 {
			inner := v[1 : 1+end]
			if q == '"' {
				inner = strings.ReplaceAll(inner, `\n`, "\n")
			}
			return inner
		}
	}
	if i := strings.Index(v, "#"); i >= 0 {
		v = strings.TrimSpace(v[:i])
	}
	return v
}
