package scenarios

import (
	"net/url"
	"slices"
	"strings"
)

// Telemetry is where a script wants its spans: the open-telemetry reporter of
// the plugin publish-metrics. loadgen sends there what --otlp would.
type Telemetry struct {
	// URL takes OTLP/HTTP traces: the reporter's endpoint as it is written,
	// "http://127.0.0.1:4318/v1/traces".
	URL     string
	Headers []Field
}

// defaultTraces is the endpoint of OTLP exporters that are given none
// (OpenTelemetry's protocol/exporter.md).
const defaultTraces = "http://localhost:4318/v1/traces"

// publish reads the reporters of publish-metrics: the first of type
// open-telemetry with traces is where spans go; of all others it warns.
func (c *compiler) publish(plugin field) {
	reporters := c.list(plugin.value, "publish-metrics")
	for _, n := range reporters {
		kind := ""
		if v := n.get("type"); v != nil {
			kind, _ = v.text()
		}
		switch {
		case n.kind != objectNode:
			c.fault(n.pos, "a reporter of publish-metrics must be an object, not %s", n.what())
		case kind == "":
			c.fault(n.pos, "a reporter of publish-metrics needs a type, such as open-telemetry")
		case kind != "open-telemetry":
			c.warn(n.get("type").pos, "publish-metrics of type %s sends nothing here: use type open-telemetry, or --otlp", kind)
		default:
			c.openTelemetry(n)
		}
	}
	if len(reporters) == 0 {
		c.warn(plugin.pos, "publish-metrics has no reporter and sends nothing: use type open-telemetry, or --otlp")
	}
}

// openTelemetry reads one reporter. What else than the place of its traces and
// the headers it may hold is Artillery's own business.
func (c *compiler) openTelemetry(n *node) {
	ignored := c.ignoring("publish-metrics")
	c.object(n, "a reporter of publish-metrics", map[string]func(*node){
		"type": ignoredKey, "traces": c.traces,
		"metrics": func(v *node) {
			c.warn(v.pos, "publish-metrics sends no metrics here: a run's figures go with its traces, as one span")
		},
		"serviceName": ignored("serviceName"), "resourceAttributes": ignored("resourceAttributes"),
	})
	if n.get("traces").isNull() && n.get("metrics").isNull() {
		c.warn(n.pos, "the reporter has no traces and sends nothing: add traces: {endpoint: URL}, or use --otlp")
	}
}

// ignoring makes readers of keys that have no effect here, and say so.
func (c *compiler) ignoring(what string) func(key string) func(*node) {
	return func(key string) func(*node) {
		return func(v *node) { c.warn(v.pos, "%s of %s is ignored", key, what) }
	}
}

func (c *compiler) traces(n *node) {
	t := &Telemetry{URL: defaultTraces}
	exporter := "otlp-http"
	ignored := c.ignoring("publish-metrics")
	c.object(n, "traces", map[string]func(*node){
		"exporter": func(v *node) {
			exporter = c.choice(v, "exporter", "otlp-http", "otlp-proto", "otlp-grpc", "zipkin")
		},
		"endpoint":    func(v *node) { t.URL = c.tracesURL(v) },
		"headers":     func(v *node) { t.Headers = c.plainFields(v) },
		"serviceName": ignored("serviceName"), "resourceAttributes": ignored("resourceAttributes"),
		"attributes": ignored("attributes"), "sampleRate": ignored("sampleRate"), "useRequestNames": ignored("useRequestNames"),
		"replaceSpanNameRegex": ignored("replaceSpanNameRegex"), "smartSampling": ignored("smartSampling"), "debug": ignored("debug"),
	})
	switch {
	case exporter == "otlp-grpc" || exporter == "zipkin":
		c.warn(n.pos, "publish-metrics cannot send by %s and sends nothing: use the exporter otlp-http, or --otlp", exporter)
	case c.plan.Telemetry != nil:
		c.warn(n.pos, "publish-metrics sends traces to its first reporter only")
	default:
		c.plan.Telemetry = t
	}
}

func (c *compiler) tracesURL(n *node) string {
	s, ok := c.text(n, "endpoint")
	u, err := url.Parse(s)
	if ok && (err != nil || u.Host == "" || !slices.Contains([]string{"http", "https"}, u.Scheme)) {
		c.fault(n.pos, "endpoint must be an http:// or https:// URL such as %s, not %q", defaultTraces, s)
	}
	return s
}

// plainFields reads headers of config, in which templates have been rendered.
func (c *compiler) plainFields(n *node) []Field {
	if n.kind != objectNode {
		c.fault(n.pos, "headers must be an object, not %s", n.what())
		return nil
	}
	var fields []Field
	for _, f := range n.fields {
		value, _ := c.text(f.value, "header "+f.key)
		if strings.ContainsAny(f.key+value, "\r\n") {
			c.fault(f.value.pos, "header %s must be one line", f.key)
		}
		fields = append(fields, Field{f.key, value})
	}
	return fields
}
