// Package settings reads the settings of a script from its tree: each of its type, with what is wrong told by place and
// name.
package settings

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"edgescope/internal/tree"
	"edgescope/scenarios/value"
)

// Reader reads settings and collects what is wrong with them. After a fault it returns a value that can be gone on
// with.
type Reader struct {
	Problems tree.Problems // why the script is refused
	Warnings tree.Problems // what is accepted, but means something else than its author may think
}

// Fault refuses the script for what stands at a place.
func (r *Reader) Fault(pos tree.Position, format string, args ...any) {
	r.Problems = append(r.Problems, tree.Problem{Pos: pos, Msg: fmt.Sprintf(format, args...)})
}

// Warn tells of what stands at a place.
func (r *Reader) Warn(pos tree.Position, format string, args ...any) {
	r.Warnings = append(r.Warnings, tree.Problem{Pos: pos, Msg: fmt.Sprintf(format, args...)})
}

// Ignored reads nothing: the key is legal and has no effect here.
func Ignored(*tree.Node) {}

// Object calls a function for each field of n and refuses unknown keys. what names n in messages. A value of null is as
// if the key were absent.
func (r *Reader) Object(n *tree.Node, what string, known map[string]func(*tree.Node)) {
	if n.IsNull() {
		return
	}
	if n.Kind != tree.Object {
		r.Fault(n.Pos, "%s must be an object, not %s", what, n.What())
		return
	}
	for _, f := range n.Fields {
		read, ok := known[f.Key]
		if !ok {
			r.Unknown(f, what, slices.Sorted(maps.Keys(known)))
			continue
		}
		if !f.Value.IsNull() {
			read(f.Value)
		}
	}
}

// Unknown refuses a key.
func (r *Reader) Unknown(f tree.Field, what string, legal []string) {
	r.Fault(f.Pos, "unknown key %q in %s%s", f.Key, what, Suggest(f.Key, legal))
}

// List returns the items of a list; one value that is no list counts as one.
func (r *Reader) List(n *tree.Node, what string) []*tree.Node {
	switch {
	case n.IsNull():
		return nil
	case n.Kind == tree.List:
		return n.Items
	case n.Kind == tree.Object && what != "fields":
		return []*tree.Node{n}
	}
	r.Fault(n.Pos, "%s must be a list, not %s", what, n.What())
	return nil
}

// Text accepts a text, and a number or bool as its text.
func (r *Reader) Text(n *tree.Node, what string) (string, bool) {
	if n.Kind != tree.Scalar || n.Scalar == nil {
		r.Fault(n.Pos, "%s must be text, not %s", what, n.What())
		return "", false
	}
	return value.Text(n.Scalar), true
}

// Bool accepts true and false, and their texts.
func (r *Reader) Bool(n *tree.Node, what string) bool {
	switch n.Scalar {
	case true, "true":
		return true
	case false, "false":
		return false
	}
	r.Fault(n.Pos, "%s must be true or false, not %s", what, n.What())
	return false
}

// Number accepts a number and a numeric text.
func (r *Reader) Number(n *tree.Node, what string) (float64, bool) {
	f := math.NaN()
	if _, isBool := n.Scalar.(bool); n.Kind == tree.Scalar && n.Scalar != nil && !isBool && n.Scalar != "" {
		f = value.Number(n.Scalar)
	}
	if math.IsNaN(f) || math.IsInf(f, 0) {
		r.Fault(n.Pos, "%s must be a number, not %s", what, n.What())
		return 0, false
	}
	return f, true
}

// Amount accepts a number of 0 or more.
func (r *Reader) Amount(n *tree.Node, what string) float64 {
	f, ok := r.Number(n, what)
	if ok && f < 0 {
		r.Fault(n.Pos, "%s must be 0 or more, not %s", what, n.What())
	}
	return max(f, 0)
}

// Whole accepts a whole number of 0 or more.
func (r *Reader) Whole(n *tree.Node, what string) int {
	f, ok := r.Number(n, what)
	if ok && (f < 0 || f != math.Floor(f) || f > math.MaxInt32) {
		r.Fault(n.Pos, "%s must be a whole number of 0 or more, not %s", what, n.What())
		return 0
	}
	return int(f)
}

// Duration accepts a length of time, a bare number being seconds.
func (r *Reader) Duration(n *tree.Node, what string) time.Duration {
	if n.Kind != tree.Scalar || n.Scalar == nil {
		r.Fault(n.Pos, "%s must be a duration, not %s", what, n.What())
		return 0
	}
	d, err := ParseDuration(value.Text(n.Scalar))
	if err != nil {
		r.Fault(n.Pos, "%s: %s%s", what, err, n.Origin())
	}
	return d
}

// Choice accepts one of a few words.
func (r *Reader) Choice(n *tree.Node, what string, words ...string) string {
	s, ok := n.Text()
	if !ok || !slices.Contains(words, s) {
		r.Fault(n.Pos, "%s must be %s, not %s%s", what, strings.Join(words, " or "), n.What(), Suggest(s, words))
	}
	return s
}
