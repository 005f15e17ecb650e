package policy

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"edgescope/internal/near"
	"edgescope/internal/tree"
)

// reader reads the nodes of a file and keeps all that is wrong with them.
type reader struct {
	problems tree.Problems
	tenants  []named
}

// take reads one value.
type take func(*tree.Node)

func (r *reader) fault(at tree.Position, format string, args ...any) {
	r.problems = append(r.problems, tree.Problem{Pos: at, Msg: fmt.Sprintf(format, args...)})
}

// object reads the keys of an object. Keys that nobody knows, and those that must be there and are not, are faults. of
// is what the object is, with its article.
func (r *reader) object(n *tree.Node, of string, keys map[string]take, must ...string) {
	if n.Kind != tree.Object {
		r.fault(n.Pos, "want %s as an object of %s, not %s", of, listed(keys), n.What())
		return
	}
	for _, f := range n.Fields {
		read, known := keys[f.Key]
		switch {
		case !known:
			hint := near.Hint(f.Key, slices.Sorted(maps.Keys(keys))...)
			r.fault(f.Pos, "unknown key %q of %s%s: want %s", f.Key, of, hint, listed(keys))
		case f.Value.IsNull():
			r.fault(f.Pos, "%s has no value: write one, or leave the key out", f.Key)
		default:
			read(f.Value)
		}
	}
	for _, key := range must {
		if n.Get(key) == nil {
			r.fault(n.Pos, "%s needs %s", of, key)
		}
	}
}

func listed(keys map[string]take) string {
	return strings.Join(slices.Sorted(maps.Keys(keys)), ", ")
}

// list reads the items of a list one by one.
func (r *reader) list(of string, item take) take {
	return func(n *tree.Node) {
		if n.Kind != tree.List {
			r.fault(n.Pos, "want a list of %s, not %s", of, n.What())
			return
		}
		for _, i := range n.Items {
			if i.IsNull() {
				r.fault(i.Pos, "an item without a value: want one of %s", of)
				continue
			}
			item(i)
		}
	}
}

// text reads a text that is not empty.
func (r *reader) text(into *string) take {
	return func(n *tree.Node) {
		if s, ok := scalar(n); ok && s != "" {
			*into = s
			return
		}
		r.fault(n.Pos, "want a text, not %s", n.What())
	}
}

// tenant reads the name of the tenant that an item holds for.
func (r *reader) tenant(into *string) take {
	return func(n *tree.Node) {
		if r.text(into)(n); *into != "" {
			r.tenants = append(r.tenants, named{*into, n.Pos})
		}
	}
}

// scalar is a text, or a number as it is written: a version, a year.
func scalar(n *tree.Node) (string, bool) {
	if n.Kind != tree.Scalar {
		return "", false
	}
	switch v := n.Scalar.(type) {
	case string:
		return v, true
	case json.Number:
		return v.String(), true
	}
	return "", false
}

// oneOf reads one of some words.
func (r *reader) oneOf(into *string, words ...string) take {
	return func(n *tree.Node) {
		s, _ := scalar(n)
		if !slices.Contains(words, s) {
			r.fault(n.Pos, "unknown value %s%s: want one of %s", n.What(), near.Hint(s, words...), strings.Join(words, ", "))
			return
		}
		*into = s
	}
}

// texts reads a list of texts, of which none may be there twice.
func (r *reader) texts(into *[]string) take {
	return r.list("texts", func(n *tree.Node) {
		var s string
		if r.text(&s)(n); s == "" {
			return
		}
		if slices.Contains(*into, s) {
			r.fault(n.Pos, "%q is there twice", s)
			return
		}
		*into = append(*into, s)
	})
}

// numberOf is a number, however it is written.
func numberOf(n *tree.Node) (float64, bool) {
	switch v := n.Scalar.(type) {
	case json.Number:
		f, err := strconv.ParseFloat(v.String(), 64)
		return f, err == nil
	case float64:
		return v, !math.IsNaN(v) && !math.IsInf(v, 0)
	case string:
		f, err := strconv.ParseFloat(v, 64) // 10e6 is a text to a reader of YAML 1.1
		return f, err == nil && !math.IsNaN(f) && !math.IsInf(f, 0)
	}
	return 0, false
}

// number reads a number from least to most.
func (r *reader) number(into *float64, least, most float64) take {
	return func(n *tree.Node) {
		f, ok := numberOf(n)
		if n.Kind != tree.Scalar || !ok || f < least || f > most {
			r.fault(n.Pos, "want a number %s, not %s", between(least, most), n.What())
			return
		}
		*into = f
	}
}

func between(least, most float64) string {
	switch {
	case math.IsInf(most, 1):
		return fmt.Sprintf("from %v on", least)
	default:
		return fmt.Sprintf("from %v to %v", least, most)
	}
}

// above reads a number above 0.
func (r *reader) above(into *float64) take {
	return func(n *tree.Node) {
		f, ok := numberOf(n)
		if n.Kind != tree.Scalar || !ok || f <= 0 {
			r.fault(n.Pos, "want a number above 0, not %s", n.What())
			return
		}
		*into = f
	}
}

// money reads an amount of US dollars: 45.40, "45.40 USD" or "$45.40". Another currency is refused, because the lists
// that come with the program are in US dollars, and sums of two currencies mean nothing.
func (r *reader) money(into *float64) take {
	return func(n *tree.Node) {
		f, ok := numberOf(n)
		if s, isText := n.Text(); isText && !ok {
			amount := strings.TrimSpace(strings.TrimSuffix(strings.TrimPrefix(s, "$"), "USD"))
			f, ok = numberOf(&tree.Node{Scalar: amount})
		}
		if n.Kind != tree.Scalar || !ok || f < 0 {
			r.fault(n.Pos, "want an amount in US dollars from 0 on, such as 0.30 or \"0.30 USD\" (all prices are in one currency, "+
				"that of the lists), not %s", n.What())
			return
		}
		*into = f
	}
}

// length reads a length of time above 0: 200ms, 4h, 30d.
func (r *reader) length(into *time.Duration) take {
	return func(n *tree.Node) {
		s, _ := scalar(n)
		d, ok := parseLength(s)
		if !ok || d <= 0 {
			r.fault(n.Pos, "want a length of time above 0 with a unit, such as 200ms, 90s, 5m, 4h, 30d or 2w, not %s", n.What())
			return
		}
		*into = d
	}
}

const day = 24 * time.Hour

// parseLength reads what Go does, and days and weeks.
func parseLength(s string) (time.Duration, bool) {
	for unit, length := range map[string]time.Duration{"d": day, "w": 7 * day} {
		if number, ok := strings.CutSuffix(s, unit); ok {
			f, err := strconv.ParseFloat(number, 64)
			return time.Duration(f * float64(length)), err == nil && f < 36_500
		}
	}
	d, err := time.ParseDuration(s)
	return d, err == nil
}

// size reads an amount of memory as GB: 512MB, 1GB, or a number of GB. A GB has 1,024 MB, as platforms bill it.
func (r *reader) size(into *float64) take {
	return func(n *tree.Node) {
		s, _ := scalar(n)
		amount, per := s, 1.0
		for unit, of := range map[string]float64{"MB": 1024, "MiB": 1024, "GB": 1, "GiB": 1} {
			if number, ok := strings.CutSuffix(s, unit); ok {
				amount, per = strings.TrimSpace(number), of
			}
		}
		f, ok := numberOf(&tree.Node{Scalar: amount})
		if !ok || f <= 0 || f/per > 1024 {
			r.fault(n.Pos, "want an amount of memory above 0, up to 1024GB, such as 128MB, 1.5GB or a number of GB, not %s", n.What())
			return
		}
		*into = f / per
	}
}

// address reads an http or https URL.
func (r *reader) address(into *string) take {
	return func(n *tree.Node) {
		s, _ := n.Text()
		u, err := url.Parse(s)
		if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
			r.fault(n.Pos, "want a URL such as https://alerts.example.com:9093, not %s", n.What())
			return
		}
		*into = s
	}
}

// unique keeps track of what may be there once.
type unique map[string]tree.Position

// once is a fault when key was there before. n is what gives what its name; without it nothing is told, as that it is
// missing was.
func (r *reader) once(seen unique, n *tree.Node, what, key string) {
	if n.IsNull() {
		return
	}
	if first, ok := seen[key]; ok {
		r.fault(n.Pos, "%s is there twice: first at %s", what, first)
		return
	}
	seen[key] = n.Pos
}
