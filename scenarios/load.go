package scenarios

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Options say what to load and how; only Files is needed.
type Options struct {
	Files        []string // scripts (.yml, .yaml, .json), merged left to right, lists by index
	ConfigFile   string   // -c: merged after Files; payload and processor paths then count from it
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

	// Dotenv holds the variables of a --dotenv file (see [ParseDotenv]). Env
	// wins over it; nil is an empty environment.
	Dotenv map[string]string
	Env    func(string) (string, bool)

	// Tables are payloads that are read from here and not from a file: the rows
	// of a path, taken as they are. Nothing is written to them.
	Tables map[string][][]any

	// ReadFile reads scripts and what they name; nil is os.ReadFile.
	ReadFile func(string) ([]byte, error)
}

// Load reads, checks and compiles a script. If anything is wrong with it, the
// error is a [Problems] that lists all of it; nothing is sent before a script
// has loaded. Load does not keep Options.
func Load(o Options) (*Plan, error) {
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
	if len(c.problems) == 0 {
		root = c.combine(root)
	}
	if len(c.problems) == 0 {
		c.compile(root)
	}
	if len(c.problems) > 0 {
		c.problems.sort()
		return nil, slices.CompactFunc(c.problems, func(a, b Problem) bool { return a == b })
	}
	c.plan.Warnings.sort()
	return c.plan, nil
}

// read parses and merges the files.
func (c *compiler) read() *node {
	var root *node
	files := c.opts.Files
	if c.opts.ConfigFile != "" {
		files = append(slices.Clip(files), c.opts.ConfigFile)
	}
	for _, file := range files {
		n := c.readScript(file)
		if n != nil && n.kind != objectNode {
			c.fault(n.pos, "a script is an object with config and scenarios, not %s", n.what())
			continue
		}
		root = merge(root, n, byIndex)
	}
	return root
}

func (c *compiler) readScript(file string) *node {
	switch ext := strings.ToLower(filepath.Ext(file)); ext {
	case ".yml", ".yaml", ".json":
	case ".js", ".ts", ".mjs", ".cjs":
		c.fault(Position{File: file}, "scripts written in %s are not supported, write YAML or JSON", strings.TrimPrefix(ext, "."))
		return nil
	default:
		c.fault(Position{File: file}, "a script ends in .yml, .yaml or .json")
		return nil
	}
	src, err := c.opts.ReadFile(file)
	if err != nil {
		c.fault(Position{File: file}, "the script cannot be read: %s", cause(err))
		return nil
	}
	n, problems := parse(file, src)
	c.problems = append(c.problems, problems...)
	return n
}

// cause is the reason of a file error without the path that the message has
// already.
func cause(err error) error {
	var pathError *fs.PathError
	if errors.As(err, &pathError) {
		return pathError.Err
	}
	return err
}

// combine lays environment, target, variables and overrides over the script.
func (c *compiler) combine(root *node) *node {
	root = c.withEnvironment(root)
	config := root.get("config")
	if c.opts.Target != "" {
		config = config.with("target", &node{pos: Position{File: "--target"}, scalar: c.opts.Target})
	}
	if v := c.argument("--variables", c.opts.Variables); v != nil {
		vars := config.get("variables")
		for _, f := range v.fields {
			vars = vars.with(f.key, f.value)
		}
		if vars != nil {
			config = config.with("variables", vars)
		}
		c.cliVariables = v
	}
	if config != nil {
		root = root.with("config", config)
	}
	if o := c.argument("--overrides", c.opts.Overrides); o != nil {
		root = merge(root, o, replaced)
	}
	return c.withPayloadPath(root)
}

// argument parses a flag that holds a JSON object.
func (c *compiler) argument(flag, text string) *node {
	if text == "" {
		return nil
	}
	n, problems := parse(flag, []byte(text))
	c.problems = append(c.problems, problems...)
	if n != nil && n.kind != objectNode {
		c.fault(n.pos, "%s takes a JSON object, not %s", flag, n.what())
		return nil
	}
	return n
}

func (c *compiler) withEnvironment(root *node) *node {
	name := c.opts.Environment
	if name == "" {
		return root
	}
	config := root.get("config")
	all := config.get("environments")
	e := all.get(name)
	if e == nil {
		c.fault(Position{File: c.opts.Files[0]}, "there is no environment %q%s", name, c.known(name, fieldNames(all)))
		return root
	}
	if base, own := config.get("phases"), e.get("phases"); base != nil && own != nil && len(own.items) < len(base.items) {
		c.warn(own.pos, "environment %s has %d phases, the script %d: the last %d of the script stay (lists merge by index)",
			name, len(own.items), len(base.items), len(base.items)-len(own.items))
	}
	return root.with("config", merge(config, e, byIndex))
}

// known lists the legal names, behind a suggestion if one is near.
func (c *compiler) known(name string, legal []string) string {
	if s := suggest(name, legal); s != "" {
		return s
	}
	if len(legal) == 0 {
		return ": none are defined"
	}
	return fmt.Sprintf(" (known: %s)", strings.Join(legal, ", "))
}

func fieldNames(n *node) []string {
	if n == nil {
		return nil
	}
	names := make([]string, len(n.fields))
	for i, f := range n.fields {
		names[i] = f.key
	}
	return names
}

func (c *compiler) withPayloadPath(root *node) *node {
	if c.opts.PayloadPath == "" {
		return root
	}
	config := root.get("config")
	p := config.get("payload")
	if p != nil && p.kind == listNode && len(p.items) == 1 {
		p = p.items[0]
	}
	if p == nil || p.kind != objectNode {
		c.fault(Position{File: "--payload"}, "--payload needs exactly one payload object in the script's config")
		return root
	}
	path, err := filepath.Abs(c.opts.PayloadPath)
	if err != nil {
		c.fault(Position{File: "--payload"}, "%s: %s", c.opts.PayloadPath, err)
		return root
	}
	p = p.with("path", &node{pos: Position{File: "--payload"}, scalar: path})
	return root.with("config", config.with("payload", p))
}

// ParseDotenv reads the lines of a .env file: NAME=value, with optional
// "export", quotes and # comments. The error names the line.
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
