// Package engine knows which of Artillery's engines there are, and tells what belongs to another one.
package engine

import (
	"slices"
	"strings"

	"edgescope/internal/tree"
	"edgescope/scenarios/settings"
)

// The engines that there are. HTTP is the default.
const (
	HTTP = "http"
	WS   = "ws"
)

// others are Artillery's and those that its users install, which are refused by name.
var others = []string{
	"socketio", "socketio-v3", "playwright", "grpc", "kafka", "kinesis", "lambda", "sqs", "mqtt", "tcp", "sse",
}

// Name reads the name of an engine: HTTP or WS.
func Name(r *settings.Reader, n *tree.Node) string {
	name, ok := r.Text(n, "engine")
	if ok && name != HTTP && name != WS {
		refuse(r, n.Pos, name)
	}
	if name == WS {
		return WS
	}
	return HTTP
}

// refuse says which engines there are.
func refuse(r *settings.Reader, pos tree.Position, name string) {
	what := "is unknown"
	if slices.Contains(others, name) {
		what = "is not supported"
	}
	r.Fault(pos, "engine %q %s: there are http, which is the default, and ws%s", name, what,
		settings.Suggest(name, []string{HTTP, WS}))
}

// All reads config.engines. The settings of an engine stand elsewhere: config.http, config.ws.
func All(r *settings.Reader, n *tree.Node) {
	for _, f := range n.Fields {
		switch {
		case f.Key != HTTP && f.Key != WS:
			refuse(r, f.Pos, f.Key)
		case len(f.Value.Fields) > 0:
			r.Warn(f.Pos, "what stands under engines.%s is ignored: settings belong under config.%[1]s", f.Key)
		}
	}
}

// UnknownStep refuses a step that a scenario of an engine cannot have. own are those that it can, foreign those of the
// other engine.
func UnknownStep(r *settings.Reader, f tree.Field, name string, own, foreign []string) {
	switch isForeign := slices.Contains(foreign, f.Key); {
	case isForeign && name == WS:
		r.Fault(f.Pos, "%s is no step of a scenario with engine: ws, which has %s: requests need a scenario without it",
			f.Key, strings.Join(own, ", "))
	case isForeign:
		hint := ""
		if f.Key == "wait" {
			hint = settings.Suggest(f.Key, own)
		}
		r.Fault(f.Pos, "%s is a step of scenarios with engine: ws, which this one has not%s", f.Key, hint)
	default:
		r.Fault(f.Pos, "unknown step %q%s", f.Key, settings.Known(f.Key, own))
	}
}
