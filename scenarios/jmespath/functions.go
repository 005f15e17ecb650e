package jmespath

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/jmespath-community/go-jmespath/pkg/functions"
	"github.com/jmespath-community/go-jmespath/pkg/interpreter"
	"github.com/jmespath-community/go-jmespath/pkg/parsing"

	"edgescope/internal/near"
	"edgescope/scenarios/value"
)

// Functions that no expression can name: members stands for *, and gives the values of an object; elements stands in
// front of a slice, and gives a list. Both give null of anything else.
const (
	members  = " members"
	elements = " elements"
)

// table has the functions by name.
type table struct {
	entries map[string]functions.FunctionEntry
	caller  interpreter.FunctionCaller
}

var functionTable = newTable()

// newTable takes the library's functions, but for those that change their arguments, take members in no order, or can't
// compare what they are given; and it checks arguments itself, in words for authors of scripts.
func newTable() *table {
	t := &table{entries: map[string]functions.FunctionEntry{}}
	own := map[string]functions.JpFunction{
		"keys":      func(a []any) (any, error) { return keys(a[0]), nil },
		"values":    func(a []any) (any, error) { return values(a[0]), nil },
		"items":     func(a []any) (any, error) { return items(a[0]), nil },
		"contains":  func(a []any) (any, error) { return contains(a[0], a[1]), nil },
		"to_string": func(a []any) (any, error) { return value.Text(scripted(a[0])), nil },
	}
	all := []functions.FunctionEntry{
		{Name: members, Handler: func(a []any) (any, error) { return values(a[0]), nil }},
		{Name: elements, Handler: func(a []any) (any, error) { return onlyList(a[0]), nil }},
	}
	for _, f := range functions.GetDefaultFunctions() {
		t.entries[f.Name] = f
		handler := f.Handler
		if h := own[f.Name]; h != nil {
			handler = h
		}
		all = append(all, functions.FunctionEntry{Name: f.Name, Handler: checked(f, handler)})
	}
	t.caller = interpreter.NewFunctionCaller(all...)
	return t
}

// checked calls a function with arguments of the right kinds, which are its own.
func checked(f functions.FunctionEntry, call functions.JpFunction) functions.JpFunction {
	return func(args []any) (any, error) {
		for i, a := range args {
			kinds := f.Arguments[min(i, len(f.Arguments)-1)].Types
			if !slices.ContainsFunc(kinds, func(k functions.JpType) bool { return fits(a, k) }) {
				return nil, fmt.Errorf("%s: argument %d must be %s, not %s", f.Name, i+1, listed(kinds), kindOf(a))
			}
			if list, ok := a.([]any); ok {
				args[i] = slices.Clone(list) // sort_by sorts in place
			}
		}
		out, err := call(args)
		if err != nil && strings.HasSuffix(f.Name, "_by") && strings.Contains(err.Error(), "invalid type") {
			err = errors.New("the expression must give numbers only, or strings only")
		}
		return out, err
	}
}

func listed(kinds []functions.JpType) string {
	names := make([]string, len(kinds))
	for i, k := range kinds {
		names[i] = string(k)
	}
	return strings.Join(names, " or ")
}

// fits tells whether a value is of a kind.
func fits(v any, kind functions.JpType) bool {
	element, isList := strings.CutPrefix(string(kind), "array[")
	list, given := v.([]any)
	if isList && given {
		return !slices.ContainsFunc(list, func(e any) bool { return kindOf(e)+"]" != element })
	}
	return kind == functions.JpAny || kindOf(v) == string(kind)
}

// kindOf is the name of a value's type.
func kindOf(v any) string {
	switch v.(type) {
	case nil:
		return "null"
	case bool:
		return "boolean"
	case float64:
		return string(functions.JpNumber)
	case string:
		return string(functions.JpString)
	case []any:
		return string(functions.JpArray)
	case functions.ExpRef:
		return string(functions.JpExpref)
	}
	return string(functions.JpObject)
}

// check checks the name of a called function and its number of arguments.
func (t *table) check(n *parsing.ASTNode) error {
	name, _ := n.Value.(string)
	if name == members || name == elements {
		return nil
	}
	f, known := t.entries[name]
	if !known {
		return fmt.Errorf("there is no function %q%s", name, near.Hint(name, slices.Sorted(maps.Keys(t.entries))...))
	}
	if wanted, ok := fitting(f.Arguments, len(n.Children)); !ok {
		return fmt.Errorf("%s takes %s arguments, not %d", name, wanted, len(n.Children))
	}
	for i := range n.Children {
		wanted := slices.Contains(f.Arguments[min(i, len(f.Arguments)-1)].Types, functions.JpExpref)
		if wanted != (n.Children[i].NodeType == parsing.ASTExpRef) {
			return fmt.Errorf("argument %d of %s: an expression begins with &", i+1, name)
		}
	}
	return nil
}

// fitting tells whether a function can be called with so many arguments, and with how many it can.
func fitting(specs []functions.ArgSpec, n int) (wanted string, ok bool) {
	least, more := 0, false
	for _, a := range specs {
		if !a.Optional {
			least++
		}
		more = more || a.Variadic
	}
	switch {
	case more:
		return fmt.Sprintf("%d or more", least), n >= least
	case least < len(specs):
		return fmt.Sprintf("%d to %d", least, len(specs)), n >= least && n <= len(specs)
	}
	return strconv.Itoa(least), n == least
}

func keys(v any) []any {
	object, _ := v.(map[string]any)
	list := make([]any, 0, len(object))
	for _, key := range slices.Sorted(maps.Keys(object)) {
		list = append(list, key)
	}
	return list
}

func onlyList(v any) any {
	if _, ok := v.([]any); !ok {
		return nil
	}
	return v
}

// values is nil of what is no object.
func values(v any) any {
	object, ok := v.(map[string]any)
	if !ok {
		return nil
	}
	list := make([]any, 0, len(object))
	for _, key := range slices.Sorted(maps.Keys(object)) {
		list = append(list, object[key])
	}
	return list
}

func items(v any) []any {
	object, _ := v.(map[string]any)
	list := make([]any, 0, len(object))
	for _, key := range slices.Sorted(maps.Keys(object)) {
		list = append(list, []any{key, object[key]})
	}
	return list
}

// contains looks for a text in a text, or for an equal value in a list.
func contains(in, v any) bool {
	if text, ok := in.(string); ok {
		part, isText := v.(string)
		return isText && strings.Contains(text, part)
	}
	list, _ := in.([]any)
	return slices.ContainsFunc(list, func(e any) bool { return reflect.DeepEqual(e, v) })
}
