package processor

import (
	"reflect"
	"strconv"

	"github.com/grafana/sobek/ast"
	"github.com/grafana/sobek/file"
)

// checker looks through the syntax tree of a module for what it requires and for what is not there, so that a run does
// not meet it half-way.
type checker struct {
	loader *loader
	module *module
	file   *file.File
	shift  int
	seen   map[uintptr]bool
}

func (c *checker) check(tree *ast.Program) {
	c.seen = map[uintptr]bool{}
	for _, i := range tree.ImportEntries {
		name := i.ModuleSpecifier.String()
		if i.FromClause != nil {
			name = i.FromClause.ModuleSpecifier.String()
		}
		c.requires(i.Idx0(), name)
	}
	for _, e := range tree.ExportEntries {
		if e.FromClause != nil {
			c.requires(e.Idx0(), e.FromClause.ModuleSpecifier.String())
		}
	}
	c.walk(reflect.ValueOf(tree.Body))
}

func (c *checker) fault(at file.Idx, msg string) {
	c.loader.fault(problemAt(c.module, c.file.Position(int(at)-c.file.Base()), c.shift, msg))
}

func (c *checker) requires(at file.Idx, name string) {
	if msg := c.loader.resolve(c.module, name); msg != "" {
		c.fault(at, msg)
	}
}

// walk visits every node below v. The tree has some seventy kinds of nodes and no visitor of its own; fields that are
// not exported hold none.
func (c *checker) walk(v reflect.Value) {
	switch v.Kind() {
	case reflect.Interface:
		c.walk(v.Elem())
	case reflect.Pointer:
		if v.IsNil() || c.seen[v.Pointer()] || v.Type() == reflect.TypeFor[*file.File]() {
			return
		}
		c.seen[v.Pointer()] = true
		if node, ok := v.Interface().(ast.Node); ok {
			c.node(node)
		}
		c.walk(v.Elem())
	case reflect.Slice:
		for i := range v.Len() {
			c.walk(v.Index(i))
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				c.walk(v.Field(i))
			}
		}
	}
}

func (c *checker) node(n ast.Node) {
	switch n := n.(type) {
	case *ast.CallExpression:
		c.call(n)
	case *ast.NewExpression:
		c.network(n.Callee)
	case *ast.DynamicImportExpression:
		c.fault(n.Idx0(), "import() is not supported: use require or an import at the top of the file")
	case *ast.DotExpression:
		if nameOf(n.Left) == "process" && n.Identifier.Name != "env" {
			c.fault(n.Idx0(), "process."+n.Identifier.Name.String()+" is not available, only process.env is")
		}
	}
}

func (c *checker) call(n *ast.CallExpression) {
	c.network(n.Callee)
	if nameOf(n.Callee) != "require" {
		return
	}
	if len(n.ArgumentList) == 1 {
		if text, ok := n.ArgumentList[0].(*ast.StringLiteral); ok {
			c.requires(n.Idx0(), text.Value.String())
			return
		}
	}
	c.fault(n.Idx0(), "require takes one text, so that what is required is known before the run")
}

// network refuses what would send requests that no report contains.
func (c *checker) network(callee ast.Expression) {
	switch name := nameOf(callee); name {
	case "fetch", "XMLHttpRequest", "WebSocket", "EventSource":
		c.fault(callee.Idx0(), "a processor has no network access ("+strconv.Quote(name)+"): requests belong into the flow")
	}
}

func nameOf(e ast.Expression) string {
	if id, ok := e.(*ast.Identifier); ok {
		return id.Name.String()
	}
	return ""
}
