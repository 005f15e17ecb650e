package scenarios

import (
	"cmp"
	"net/url"
	"slices"
	"strings"
	"time"

	"edgescope/internal/tree"
	"edgescope/scenarios/plan"
	"edgescope/scenarios/settings"
)

// plugins reads options; expect and ensure work whether they are listed or not.
func (c *compiler) plugins(n *tree.Node) {
	if n.Kind != tree.Object {
		c.Fault(n.Pos, "plugins must be an object, not %s", n.What())
		return
	}
	known := []string{
		"expect", "ensure", "metrics-by-endpoint", "apdex", "publish-metrics", "fake-data", "slack", "memory-inspector",
		"http-file-uploads",
	}
	for _, f := range n.Fields {
		switch f.Key {
		case "expect":
			c.expectOptions(f.Value)
		case "ensure": // read when the flows are known
		case "http-file-uploads": // what it added is there without it
		case "metrics-by-endpoint":
			c.endpoints(f.Value)
		case "apdex":
			c.plan.Apdex = cmp.Or(c.plan.Apdex, 500*time.Millisecond)
			c.apdex(f.Value)
		case "publish-metrics":
			c.publish(f)
		case "fake-data", "slack", "memory-inspector":
			c.Warn(f.Pos, "plugin %s is ignored", f.Key)
		default:
			c.Fault(f.Pos, "plugin %s is not available%s", f.Key, settings.Suggest(f.Key, known))
		}
	}
}

func (c *compiler) expectOptions(n *tree.Node) {
	o := &c.plan.Expect
	format := func(v *tree.Node) {
		o.Format = c.Choice(v, "formatter", "pretty", "json", "prettyError", "silent")
	}
	c.Object(n, "the options of expect", map[string]func(*tree.Node){
		"formatter":              format,
		"outputFormat":           format,
		"reportFailuresAsErrors": func(v *tree.Node) { o.FailuresAsErrors = c.Bool(v, "reportFailuresAsErrors") },
		"useOnlyRequestNames":    func(v *tree.Node) { o.UseOnlyRequestNames = c.Bool(v, "useOnlyRequestNames") },
		"expectDefault200":       func(v *tree.Node) { c.wants.Expect200 = c.Bool(v, "expectDefault200") },
	})
}

func (c *compiler) apdex(n *tree.Node) {
	c.Object(n, "apdex", map[string]func(*tree.Node){
		"threshold": func(v *tree.Node) {
			ms := c.Amount(v, "threshold")
			c.plan.Apdex = time.Duration(ms * float64(time.Millisecond))
		},
	})
}

// endpoints reads the options of metrics-by-endpoint. The query is left out of the names unless the plugin is listed
// without stripQueryString, as Artillery has it.
func (c *compiler) endpoints(n *tree.Node) {
	o := &c.plan.Endpoints
	o.KeepQuery = true
	c.Object(n, "the options of metrics-by-endpoint", map[string]func(*tree.Node){
		"useOnlyRequestNames":   func(v *tree.Node) { o.UseOnlyRequestNames = c.Bool(v, "useOnlyRequestNames") },
		"ignoreUnnamedRequests": func(v *tree.Node) { o.IgnoreUnnamed = c.Bool(v, "ignoreUnnamedRequests") },
		"metricsNamespace":      func(v *tree.Node) { o.Namespace, _ = c.Text(v, "metricsNamespace") },
		"stripQueryString":      func(v *tree.Node) { o.KeepQuery = !c.Bool(v, "stripQueryString") },
		"groupDynamicURLs":      func(v *tree.Node) { o.Apart = !c.Bool(v, "groupDynamicURLs") },
		"suppressOutput":        func(v *tree.Node) { c.Bool(v, "suppressOutput") }, // the console never shows them
	})
}

// defaultTraces is the endpoint of OTLP exporters that are given none (OpenTelemetry's protocol/exporter.md).
const defaultTraces = "http://localhost:4318/v1/traces"

// publish reads the reporters of publish-metrics: the first of type open-telemetry with traces is where spans go; of
// all others it warns.
func (c *compiler) publish(plugin tree.Field) {
	reporters := c.List(plugin.Value, "publish-metrics")
	for _, n := range reporters {
		kind := ""
		if v := n.Get("type"); v != nil {
			kind, _ = v.Text()
		}
		switch {
		case n.Kind != tree.Object:
			c.Fault(n.Pos, "a reporter of publish-metrics must be an object, not %s", n.What())
		case kind == "":
			c.Fault(n.Pos, "a reporter of publish-metrics needs a type, such as open-telemetry")
		case kind != "open-telemetry":
			c.Warn(n.Get("type").Pos, "publish-metrics of type %s sends nothing here: use type open-telemetry, or --otlp", kind)
		default:
			c.openTelemetry(n)
		}
	}
	if len(reporters) == 0 {
		c.Warn(plugin.Pos, "publish-metrics has no reporter and sends nothing: use type open-telemetry, or --otlp")
	}
}

// openTelemetry reads one reporter. What else than the place of its traces and the headers it may hold is Artillery's
// own business.
func (c *compiler) openTelemetry(n *tree.Node) {
	ignored := c.ignoring("publish-metrics")
	c.Object(n, "a reporter of publish-metrics", map[string]func(*tree.Node){
		"type": settings.Ignored, "traces": c.traces,
		"metrics": func(v *tree.Node) {
			c.Warn(v.Pos, "publish-metrics sends no metrics here: a run's figures go with its traces, as one span")
		},
		"serviceName": ignored("serviceName"), "resourceAttributes": ignored("resourceAttributes"),
	})
	if n.Get("traces").IsNull() && n.Get("metrics").IsNull() {
		c.Warn(n.Pos, "the reporter has no traces and sends nothing: add traces: {endpoint: URL}, or use --otlp")
	}
}

// ignoring makes readers of keys that have no effect here, and say so.
func (c *compiler) ignoring(what string) func(key string) func(*tree.Node) {
	return func(key string) func(*tree.Node) {
		return func(v *tree.Node) { c.Warn(v.Pos, "%s of %s is ignored", key, what) }
	}
}

func (c *compiler) traces(n *tree.Node) {
	t := &plan.Telemetry{URL: defaultTraces}
	exporter := "otlp-http"
	ignored := c.ignoring("publish-metrics")
	c.Object(n, "traces", map[string]func(*tree.Node){
		"exporter": func(v *tree.Node) {
			exporter = c.Choice(v, "exporter", "otlp-http", "otlp-proto", "otlp-grpc", "zipkin")
		},
		"endpoint":    func(v *tree.Node) { t.URL = c.tracesURL(v) },
		"headers":     func(v *tree.Node) { t.Headers = c.plainFields(v) },
		"serviceName": ignored("serviceName"), "resourceAttributes": ignored("resourceAttributes"),
		"attributes": ignored("attributes"), "sampleRate": ignored("sampleRate"),
		"useRequestNames":      ignored("useRequestNames"),
		"replaceSpanNameRegex": ignored("replaceSpanNameRegex"),
		"smartSampling":        ignored("smartSampling"), "debug": ignored("debug"),
	})
	switch {
	case exporter == "otlp-grpc" || exporter == "zipkin":
		c.Warn(n.Pos, "publish-metrics cannot send by %s and sends nothing: use the exporter otlp-http, or --otlp", exporter)
	case c.plan.Telemetry != nil:
		c.Warn(n.Pos, "publish-metrics sends traces to its first reporter only")
	default:
		c.plan.Telemetry = t
	}
}

func (c *compiler) tracesURL(n *tree.Node) string {
	s, ok := c.Text(n, "endpoint")
	u, err := url.Parse(s)
	if ok && (err != nil || u.Host == "" || !slices.Contains([]string{"http", "https"}, u.Scheme)) {
		c.Fault(n.Pos, "endpoint must be an http:// or https:// URL such as %s, not %q", defaultTraces, s)
	}
	return s
}

// plainFields reads headers of config, in which templates have been rendered.
func (c *compiler) plainFields(n *tree.Node) []plan.Field {
	if n.Kind != tree.Object {
		c.Fault(n.Pos, "headers must be an object, not %s", n.What())
		return nil
	}
	var fields []plan.Field
	for _, f := range n.Fields {
		text, _ := c.Text(f.Value, "header "+f.Key)
		if strings.ContainsAny(f.Key+text, "\r\n") {
			c.Fault(f.Value.Pos, "header %s must be one line", f.Key)
		}
		fields = append(fields, plan.Field{Name: f.Key, Value: text})
	}
	return fields
}
