package jaeger

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"edgescope/edge"
	"edgescope/internal/jsonwire"
	"edgescope/query/filter"
	"edgescope/query/jaeger/spans"
	"edgescope/store"
)

// conditions are what one span must meet, all of them.
type conditions struct {
	service, operation string
	// routed tells that the operation is the route of an invocation, as the tab Monitor names them.
	routed bool
	tags   map[string]string
	// least and most bound the duration; 0 is no bound.
	least, most time.Duration
}

// filter writes the conditions in LogsQL.
func (c *conditions) filter() string {
	all := []string{"*"}
	if c.service != "" {
		all[0] = ofService(c.service)
	}
	switch {
	case c.operation == "":
	case c.routed:
		all = append(all, filter.Exactly(edge.KeyInvocation, "true"), filter.Exactly(edge.KeyRoute, c.route()))
	default:
		all = append(all, filter.Exactly(store.FieldName, c.operation))
	}
	for _, key := range slices.Sorted(maps.Keys(c.tags)) {
		all = append(all, ofTag(key, c.tags[key]))
	}
	if c.least > 0 {
		all = append(all, fmt.Sprintf("%s:>=%d", edge.KeyDuration, c.least))
	}
	if c.most > 0 {
		all = append(all, fmt.Sprintf("(%s:<=%d or %s)", edge.KeyDuration, c.most, filter.Exactly(edge.KeyDuration, "")))
	}
	return strings.Join(all, " ")
}

// route is the route that the operation names: none where the tab Monitor says unknown.
func (c *conditions) route() string {
	if c.operation == "unknown" {
		return ""
	}
	return c.operation
}

// byRoute is filter for the operation as a route, "" without an operation.
func (c *conditions) byRoute() string {
	if c.operation == "" {
		return ""
	}
	routed := *c
	routed.routed = true
	return routed.filter()
}

// ofService selects the spans of a service by their streams.
func ofService(name string) string {
	if name == noService {
		return "{" + filter.Quote(edge.KeyServiceName) + " in (" + filter.Quote(name) + `,"")}`
	}
	return "{" + filter.Quote(edge.KeyServiceName) + "=" + filter.Quote(name) + "}"
}

// canonical are the fields that keep what Jaeger's users know by an older name: a row does not repeat it (ADR 14).
var canonical = map[string]string{
	"http.status_code":       edge.KeyStatus,
	"http.method":            edge.KeyMethod,
	"http.url":               "url.full",
	"deployment.environment": edge.KeyEnvironment,
	"faas.execution":         edge.KeyInvocationID,
	"otel.library.name":      store.FieldScopeName,
	"otel.library.version":   store.FieldScopeVersion,
	"w3c.tracestate":         store.FieldTraceState,
	"span.kind":              store.FieldKind,
}

// ofTag selects the spans that have a tag: as an attribute of their own, of their resource, or of one of their events,
// as Jaeger does. An empty value is that of spans without the tag, since no row keeps one.
func ofTag(key, value string) string {
	if key == "error" {
		failed := filter.Exactly(store.FieldStatusCode, "ERROR")
		switch value {
		case "true":
			return "(" + failed + " or " + filter.Exactly(key, value) + ")"
		case "false":
			return "!" + failed
		}
	}
	fields := []string{store.ResourcePrefix + key}
	if store.Reserved(key) {
		fields = append(fields, store.AttrPrefix+key)
	}
	if !store.Reserved(key) || strings.HasPrefix(key, "otel.") { // which the API shows as tags
		fields = append(fields, key)
	}
	if to, ok := canonical[key]; ok {
		fields = append(fields, to)
	}
	some := make([]string, 0, len(fields)+1)
	for _, field := range fields {
		if !strings.HasSuffix(field, "*") { // which is the beginning of names to LogsQL, quoted or not
			some = append(some, filter.Exactly(field, value))
		}
	}
	if value == "" {
		return "(" + strings.Join(append(some, "*"), " ") + ")"
	}
	return "(" + strings.Join(append(some, ofEvent(key, value)), " or ") + ")"
}

// ofEvent selects the spans with an event that has an attribute, in the JSON of the row: after the brace that opens the
// attributes, or after a comma, and before what ends a value. Lists and maps are asked for by their JSON.
func ofEvent(key, value string) string {
	text := func(s string) string { return regexp.QuoteMeta(string(jsonwire.AppendString(nil, s))) }
	values := text(value)
	composed := strings.ContainsRune("[{", rune(value[0])) && json.Valid([]byte(value))
	if composed || spans.TypeOf("", value) != spans.Text {
		values = "(" + values + "|" + regexp.QuoteMeta(value) + ")"
	}
	has := `(:\{|,)` + text(key) + ":" + values + `[,}]`
	if key == "event" { // as Jaeger calls the name of an event
		has = `\{"name":` + values + ",|" + has
	}
	return filter.Quote(store.FieldEvents) + ":~" + filter.Quote(has)
}
