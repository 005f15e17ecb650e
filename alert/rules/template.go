package rules

import (
	"errors"
	"fmt"
	"strings"
	"text/template"
	"text/template/parse"
)

// maxExpanded bounds what a template gives, in bytes.
const maxExpanded = 16 << 10

// begin makes the variables of Prometheus.
const begin = `{{$labels := .Labels}}{{$externalLabels := .ExternalLabels}}{{$externalURL := .ExternalURL}}{{$value := .Value}}`

// Values are what templates speak of.
type Values struct {
	Labels map[string]string
	Value  float64
	// ExternalURL is the dashboard's address.
	ExternalURL string
	// ExternalLabels are there for rules that were written for Prometheus; a collector has none.
	ExternalLabels map[string]string
}

// CheckTemplate tells what is wrong with a template before there is anything to fill in.
func CheckTemplate(text string) error {
	_, err := parsed(text)
	return err
}

// Expand fills in a template: Go's text/template with the variables $labels, $value and $externalURL, and the functions
// of Prometheus that ask nothing. A label that is not there is empty.
func Expand(text string, v Values) (string, error) {
	if !strings.Contains(text, "{{") {
		return text, nil
	}
	t, err := parsed(text)
	if err != nil {
		return "", err
	}
	out := &bounded{}
	if err := t.Execute(out, v); err != nil {
		return "", errors.New(plain(err))
	}
	return out.String(), nil
}

func parsed(text string) (*template.Template, error) {
	t, err := template.New("").Option("missingkey=zero").Funcs(functions).Parse(begin + text)
	if err != nil {
		return nil, errors.New(plain(err))
	}
	if len(t.Templates()) > 1 {
		return nil, errors.New("a template can't define others: write the text where it is needed")
	}
	return t, refused(t.Root, false)
}

// asking are functions of Prometheus that ask, or take what was asked, as text/template quotes them.
var asking = map[string]bool{
	`"query"`: true, `"first"`: true, `"value"`: true, `"label"`: true, `"strvalue"`: true, `"sortByLabel"`: true,
}

// plain takes off an error what text/template says before it.
func plain(err error) string {
	text := strings.TrimPrefix(err.Error(), "template: ")
	if at, reason, ok := strings.Cut(text, ": "); ok && strings.HasPrefix(at, ":") {
		text = reason
	}
	if name, ok := strings.CutSuffix(text, " not defined"); ok && asking[strings.TrimPrefix(name, "function ")] {
		text = strings.Trim(strings.TrimPrefix(name, "function "), `"`) +
			" asks, which templates can't here: write what is to be known into expr"
	}
	return "template: " + text
}

// refused finds what could go on for ever: loops over anything but labels, loops in loops, and calls of templates.
func refused(n parse.Node, inLoop bool) error {
	var inside []parse.Node
	switch n := n.(type) {
	case *parse.ListNode:
		if n != nil {
			inside = n.Nodes
		}
	case *parse.IfNode:
		inside = []parse.Node{n.List, n.ElseList}
	case *parse.WithNode:
		inside = []parse.Node{n.List, n.ElseList}
	case *parse.TemplateNode:
		return fmt.Errorf("template: %s: a template can't call others", n)
	case *parse.RangeNode:
		if over := n.Pipe.Cmds[0].String(); inLoop || over != "$labels" && over != ".Labels" || len(n.Pipe.Cmds) != 1 {
			return fmt.Errorf("template: range over %s: a loop can go over $labels alone, once", over)
		}
		inLoop, inside = true, []parse.Node{n.List, n.ElseList}
	}
	for _, n := range inside {
		if err := refused(n, inLoop); err != nil {
			return err
		}
	}
	return nil
}

// bounded takes at most maxExpanded bytes.
type bounded struct{ strings.Builder }

var errLong = fmt.Errorf("template: gives more than %d bytes", maxExpanded)

// Write fails when there would be too much.
func (b *bounded) Write(p []byte) (int, error) {
	if b.Len()+len(p) > maxExpanded {
		return 0, errLong
	}
	return b.Builder.Write(p)
}
