package otlp

import (
	"slices"
	"strings"

	"edgescope/edge"
)

const (
	labelJob          = "job"
	labelInstance     = "instance"
	labelScope        = "otel_scope_name"
	labelScopeVersion = "otel_scope_version"
)

// targetKeys are the resource attributes that every series of a resource carries as labels, so that a question by service,
// region or platform needs no join with target_info (which is not written).
var targetKeys = [...]string{
	edge.KeyServiceName, edge.KeyServiceNamespace, edge.KeyServiceVersion, keyInstanceID, edge.KeyEnvironment,
	edge.KeyCloudProvider, edge.KeyCloudPlatform, edge.KeyRegion, edge.KeyColo, edge.KeyFaasName, edge.KeyFaasVersion,
}

const keyInstanceID = "service.instance.id"

// maxLabels bounds the labels of a series that come from attributes of its point.
const maxLabels = 64

// labels is a list of labels, sorted by name, in memory of one request.
type labels struct {
	namer
	target []edge.Attr // of the metric's resource and scope
	list   []edge.Attr
}

// startMetric finds the labels that all points of a metric share. job is namespace/name of the service and instance its
// instance id, as the compatibility rules say.
func (l *labels) startMetric(m *metric) {
	l.target = l.target[:0]
	for _, key := range targetKeys {
		if v := attr(m.resource, key); v != "" {
			l.target = append(l.target, edge.Attr{Key: l.label(key), Value: v})
		}
	}
	job := attr(m.resource, edge.KeyServiceName)
	if namespace := attr(m.resource, edge.KeyServiceNamespace); namespace != "" && job != "" {
		from := len(l.arena.buf)
		l.arena.buf = append(append(append(l.arena.buf, namespace...), '/'), job...)
		job = l.arena.since(from)
	}
	for _, at := range [...]edge.Attr{
		{Key: labelJob, Value: job},
		{Key: labelInstance, Value: attr(m.resource, keyInstanceID)},
		{Key: labelScope, Value: m.scope},
		{Key: labelScopeVersion, Value: m.scopeVersion},
	} {
		if at.Value != "" {
			l.target = append(l.target, at)
		}
	}
}

// ofPoint fills list with the labels of a point. Its own attributes win over those of the target; two attributes whose names
// became the same are joined by a semicolon in the order of their names as sent.
func (l *labels) ofPoint(attrs []edge.Attr) {
	l.list = l.list[:0]
	slices.SortFunc(attrs, byKey)
	for i := range attrs {
		if attrs[i].Value != "" {
			l.insert(edge.Attr{Key: l.label(attrs[i].Key), Value: attrs[i].Value}, true)
		}
	}
	for _, at := range l.target {
		l.insert(at, false)
	}
}

// insert puts a label in its place.
func (l *labels) insert(at edge.Attr, join bool) {
	at.Value = shorten(at.Value, maxLabelValue)
	i := len(l.list)
	for i > 0 && l.list[i-1].Key > at.Key {
		i--
	}
	if i > 0 && l.list[i-1].Key == at.Key {
		if join {
			l.list[i-1].Value = l.prefixed(l.list[i-1].Value+";", at.Value)
		}
		return
	}
	l.list = append(l.list, edge.Attr{})
	copy(l.list[i+1:], l.list[i:])
	l.list[i] = at
}

func attr(attrs []edge.Attr, key string) string {
	for i := range attrs {
		if attrs[i].Key == key {
			return attrs[i].Value
		}
	}
	return ""
}

// cloneLabels copies labels with all text, in one piece of memory.
func cloneLabels(list []edge.Attr) []edge.Attr {
	size := 0
	for _, at := range list {
		size += len(at.Key) + len(at.Value)
	}
	var b strings.Builder
	b.Grow(size)
	for _, at := range list {
		b.WriteString(at.Key)
		b.WriteString(at.Value)
	}
	text := b.String()
	clone := make([]edge.Attr, len(list))
	for i, at := range list {
		clone[i].Key, text = text[:len(at.Key)], text[len(at.Key):]
		clone[i].Value, text = text[:len(at.Value)], text[len(at.Value):]
	}
	return clone
}
