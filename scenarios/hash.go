package scenarios

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strconv"
	"strings"

	"edgescope/internal/tree"
	"edgescope/scenarios/templates"
	"edgescope/scenarios/value"
)

// hashOf covers what a baseline must have in common with a run: the merged script as it was written and the rows of its
// payloads, in any order of keys and however it is formatted.
func (c *compiler) hashOf(root *tree.Node) string {
	var parts []string
	for _, key := range []string{"before", "scenarios", "after"} {
		parts = append(parts, key, canonical(root.Get(key), nil))
	}
	skip := []string{"target", "regions", "environments", "ensure", "plugins", "processor", "statsInterval"}
	parts = append(parts, "config", canonical(root.Get("config"), skip),
		"solo", strconv.FormatBool(c.opts.Solo), "only", c.opts.ScenarioName, "files", string(c.files.Sum(nil)))
	sum := sha256.Sum256([]byte(strings.Join(parts, "\n")))
	return hex.EncodeToString(sum[:16])
}

// canonical writes a node with sorted keys, leaving out some of the first level.
func canonical(n *tree.Node, skip []string) string {
	if n == nil {
		return ""
	}
	switch n.Kind {
	case tree.Object:
		var parts []string
		for _, f := range n.Fields {
			if !slices.Contains(skip, f.Key) {
				parts = append(parts, string(value.AppendQuoted(nil, f.Key))+":"+canonical(f.Value, nil))
			}
		}
		slices.Sort(parts)
		return "{" + strings.Join(parts, ",") + "}"
	case tree.List:
		parts := make([]string, len(n.Items))
		for i, item := range n.Items {
			parts[i] = canonical(item, nil)
		}
		return "[" + strings.Join(parts, ",") + "]"
	}
	return string(value.AppendJSON(nil, templates.Of(n)))
}
