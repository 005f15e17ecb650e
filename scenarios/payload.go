package scenarios

import (
	"fmt"
	"maps"
	"slices"

	"edgescope/internal/tree"
	"edgescope/scenarios/payload"
)

func (c *compiler) payloads(n *tree.Node) {
	if n.IsNull() {
		return
	}
	items := []*tree.Node{n}
	if n.Kind == tree.List {
		items = n.Items
	}
	r := payload.Reader{Settings: c.Reader, File: c.payloadFile, Rows: c.opts.Tables}
	for _, item := range items {
		p := r.Read(item)
		if p == nil {
			continue
		}
		c.plan.Payloads = append(c.plan.Payloads, &p.Payload)
		if _, isVariable := c.plan.Shared[p.Name]; p.Name != "" && !isVariable {
			c.plan.Shared[p.Name] = p.All
		}
	}
	for _, name := range slices.Sorted(maps.Keys(c.opts.Tables)) {
		c.files.Write(fmt.Appendf(nil, "%q", c.opts.Tables[name]))
	}
}

// payloadFile reads a payload, which counts into the hash of the plan.
func (c *compiler) payloadFile(n *tree.Node, name string) (path string, src []byte, ok bool) {
	path, src, err := c.named.Payload(name)
	if err != nil {
		c.Fault(n.Pos, "payload %s cannot be read: %s", name, cause(err))
		return path, nil, false
	}
	c.files.Write(src)
	return path, src, true
}
