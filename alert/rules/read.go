package rules

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"edgescope/internal/near"
	"edgescope/internal/tree"
)

// Check tells what is wrong with an expression; nil when nothing is.
type Check func(expr string) error

// Limits of one file, far above what people write by hand.
const (
	maxRules = 10_000
	maxText  = 64 << 10 // of an expression or a template, in bytes
)

// Read reads the groups of one file. With a problem that is no warning the file is refused: the groups are then those
// that could be read. A nil check takes every expression.
func Read(file string, src []byte, check Check) ([]Group, tree.Problems) {
	root, problems := tree.Parse(file, src)
	r := &reader{problems: problems, check: check, groups: map[string]tree.Position{}}
	if root == nil {
		return nil, r.problems
	}
	var groups []Group
	var refused map[string]string
	if root.Get("spec").Get("groups") != nil {
		refused = ofKubernetes
	}
	r.object(root, "a file of rules", keys{"groups": func(n *tree.Node) {
		for _, item := range r.list(n, "groups") {
			groups = append(groups, r.group(item))
		}
	}}, refused)
	r.problems.Sort()
	return groups, r.problems
}

// ofKubernetes are the keys of a PrometheusRule or a VMRule, which has the file inside.
var ofKubernetes = map[string]string{
	"spec":       "an object of Kubernetes holds the rules: make a file of what is under spec",
	"apiVersion": "leave it out", "kind": "leave it out", "metadata": "leave it out", "status": "leave it out",
}

// reader keeps what is wrong with the nodes that it reads.
type reader struct {
	problems tree.Problems
	check    Check
	groups   map[string]tree.Position
	rules    int
	// where names the group that is being read.
	where string
}

// keys are what an object may have, with what reads each.
type keys map[string]func(*tree.Node)

func (r *reader) fault(at tree.Position, format string, args ...any) {
	r.problems = append(r.problems, tree.Problem{Pos: at, Msg: r.where + fmt.Sprintf(format, args...)})
}

func (r *reader) warn(at tree.Position, format string, args ...any) {
	r.problems = append(r.problems, tree.Problem{Pos: at, Msg: r.where + fmt.Sprintf(format, args...), Warning: true})
}

// object reads the keys of an object. Those that are no keys of ours are refused, with the reason that refused has.
func (r *reader) object(n *tree.Node, what string, known keys, refused map[string]string) {
	if n.Kind != tree.Object {
		r.fault(n.Pos, "want %s, not %s", what, n.What())
		return
	}
	for _, f := range n.Fields {
		read, ok := known[f.Key]
		switch reason := refused[f.Key]; {
		case reason != "":
			r.fault(f.Pos, "%s: %s", f.Key, reason)
		case !ok:
			names := slices.Sorted(maps.Keys(known))
			r.fault(f.Pos, "unknown key %q of %s%s: want %s", f.Key, what, near.Hint(f.Key, names...), strings.Join(names, ", "))
		case !f.Value.IsNull():
			read(f.Value)
		}
	}
}

func (r *reader) list(n *tree.Node, what string) []*tree.Node {
	if n.Kind != tree.List {
		r.fault(n.Pos, "want a list of %s, not %s", what, n.What())
		return nil
	}
	return n.Items
}

// otherGroups are keys that vmalert has, and what to do instead.
var otherGroups = map[string]string{
	"concurrency":     "rules of a group are evaluated one after the other: leave it out",
	"eval_offset":     "groups are evaluated at multiples of their interval: leave it out",
	"eval_alignment":  "groups are evaluated at multiples of their interval: leave it out",
	"params":          "rules ask the collector itself, without parameters: leave it out",
	"headers":         "rules ask the collector itself: name the tenant with the key tenant",
	"notifier_header": "headers are those of a receiver, in section notify of the policy file",
}

const noRecord = "recording rules are not evaluated: write what it keeps into the exprs that use it, or keep the rule in " +
	"a file that --rules does not name, and run vmalert for that"

func (r *reader) group(n *tree.Node) Group {
	g := Group{Pos: n.Pos, Interval: DefaultInterval, EvalDelay: LeastDelay}
	if name := n.Get("name"); name != nil {
		r.where = fmt.Sprintf("group %s: ", name.What())
	}
	defer func() { r.where = "" }()
	r.object(n, "a group", keys{
		"name":         r.text(&g.Name),
		"interval":     r.length(&g.Interval),
		"eval_delay":   r.length(&g.EvalDelay),
		"query_offset": r.length(&g.EvalDelay),
		"limit":        r.whole(&g.Limit),
		"labels":       r.labels(&g.Labels),
		"tenant":       r.text(&g.Tenant),
		"type": func(n *tree.Node) {
			if kind, _ := n.Text(); kind != "prometheus" {
				r.fault(n.Pos, "type %s: rules are MetricsQL here (type prometheus); run vmalert for others", n.What())
			}
		},
		"rules": func(n *tree.Node) {
			for _, item := range r.list(n, "rules") {
				g.Rules = append(g.Rules, r.rule(item))
			}
		},
	}, otherGroups)
	r.together(n, &g)
	return g
}

// together checks a group as a whole.
func (r *reader) together(n *tree.Node, g *Group) {
	if n.Kind != tree.Object {
		return
	}
	if n.Get("eval_delay") != nil && n.Get("query_offset") != nil {
		r.fault(n.Get("query_offset").Pos, "eval_delay and query_offset are the same: give one")
	}
	if g.Name == "" {
		r.fault(n.Pos, "a group needs a name")
	} else if first, ok := r.groups[g.Name]; ok {
		r.fault(n.Pos, "there is a group of this name at %s", first)
	}
	r.groups[g.Name] = n.Pos
	if g.Interval < time.Second {
		r.fault(n.Pos, "interval %s: want 1s or more", g.Interval)
	}
	if g.EvalDelay < LeastDelay {
		r.warn(n.Pos, "eval_delay %s: totals of the last minute still grow, so %s is taken", g.EvalDelay, LeastDelay)
	}
	seen := map[string]tree.Position{}
	for i := range g.Rules {
		rule := &g.Rules[i]
		id := fmt.Sprintf("%q %q %q", rule.Alert, rule.Expr, g.LabelsOf(rule)) // maps are written in order
		if first, ok := seen[id]; ok {
			r.fault(rule.Pos, "rule %s is the one at %s once more: same alert, expr and labels", rule.Alert, first)
			continue
		}
		seen[id] = rule.Pos
	}
}

func (r *reader) rule(n *tree.Node) Rule {
	rule := Rule{Pos: n.Pos}
	if r.rules++; r.rules == maxRules {
		r.fault(n.Pos, "want fewer than %d rules in a file", maxRules)
	}
	if r.rules >= maxRules {
		return rule
	}
	r.object(n, "a rule", keys{
		"alert": r.text(&rule.Alert),
		"expr": func(n *tree.Node) {
			if r.text(&rule.Expr)(n); rule.Expr == "" || r.check == nil {
				return
			}
			if err := r.check(rule.Expr); err != nil {
				r.fault(n.Pos, "expr of %s: %s", rule.Alert, err)
			}
		},
		"for":             r.length(&rule.For),
		"keep_firing_for": r.length(&rule.KeepFiringFor),
		"labels":          r.labels(&rule.Labels),
		"annotations":     r.annotations(&rule.Annotations),
	}, map[string]string{
		"record": noRecord, "debug": "leave it out", "update_entries_limit": "the history on /alerts has a bound of its own",
	})
	if n.Kind == tree.Object && n.Get("record") == nil {
		for _, key := range []string{"alert", "expr"} {
			if n.Get(key).IsNull() {
				r.fault(n.Pos, "a rule needs %s", key)
			}
		}
	}
	return rule
}

func (r *reader) text(into *string) func(*tree.Node) {
	return func(n *tree.Node) {
		s, ok := n.Text()
		if number, isNumber := n.Scalar.(json.Number); isNumber && n.Kind == tree.Scalar {
			s, ok = number.String(), true
		}
		switch {
		case !ok || strings.TrimSpace(s) == "":
			r.fault(n.Pos, "want a text, not %s", n.What())
		case len(s) > maxText:
			r.fault(n.Pos, "want a text of at most %d bytes, not %d", maxText, len(s))
		default:
			*into = s
		}
	}
}

func (r *reader) length(into *time.Duration) func(*tree.Node) {
	return func(n *tree.Node) {
		var s string
		if r.text(&s)(n); s == "" {
			return
		}
		d, err := ParseDuration(s)
		if err != nil {
			r.fault(n.Pos, "%s", err)
			return
		}
		*into = d
	}
}

func (r *reader) whole(into *int) func(*tree.Node) {
	return func(n *tree.Node) {
		number, _ := n.Scalar.(json.Number)
		v, err := strconv.Atoi(number.String())
		if err != nil || v < 0 {
			r.fault(n.Pos, "want a whole number of 0 or more, not %s", n.What())
			return
		}
		*into = v
	}
}

var labelName = regexp.MustCompile(`^[a-zA-Z_][a-zA-Z0-9_]*$`)

// reserved are labels that the collector sets.
var reserved = map[string]string{
	"alertname":   "it is the name of the rule",
	"__name__":    "an alert is called by its rule",
	"edge_tenant": "it is the tenant's name; give the group a tenant",
	"edge_test":   "it marks alerts of a test",
}

// labels reads names with templates.
func (r *reader) labels(into *map[string]string) func(*tree.Node) {
	return func(n *tree.Node) {
		*into = r.templates(n, "labels", func(f *tree.Field) {
			if reason, ok := reserved[f.Key]; ok {
				r.fault(f.Pos, "label %s is not yours to set: %s", f.Key, reason)
			}
		})
	}
}

func (r *reader) annotations(into *map[string]string) func(*tree.Node) {
	return func(n *tree.Node) { *into = r.templates(n, "annotations", func(*tree.Field) {}) }
}

func (r *reader) templates(n *tree.Node, what string, more func(*tree.Field)) map[string]string {
	if n.Kind != tree.Object {
		r.fault(n.Pos, "want %s as name: text, not %s", what, n.What())
		return nil
	}
	texts := make(map[string]string, len(n.Fields))
	for i := range n.Fields {
		f := &n.Fields[i]
		if !labelName.MatchString(f.Key) {
			r.fault(f.Pos, "%q of %s: a name has letters, digits and _, and begins with no digit", f.Key, what)
		}
		more(f)
		if f.Value.IsNull() || f.Value.Scalar == "" {
			continue // as if it were not there
		}
		s := ""
		if b, ok := f.Value.Scalar.(bool); ok && f.Value.Kind == tree.Scalar {
			s = strconv.FormatBool(b)
		} else if r.text(&s)(f.Value); s == "" {
			continue
		}
		if err := CheckTemplate(s); err != nil {
			r.fault(f.Value.Pos, "%s of %s: %s", f.Key, what, err)
			continue
		}
		texts[f.Key] = s
	}
	return texts
}
