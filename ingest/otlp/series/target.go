package series

import (
	"crypto/sha1"
	"encoding/binary"
	"encoding/hex"
	"slices"
	"strings"
	"time"

	"edgescope/edge"
)

// A series is identified by everything that its resource and its scope say (OpenTelemetry metrics data model,
// "Single-Writer"). Few of these attributes are labels of the series; the others are behind an id, which stands in
// service_instance_id, or in otel_resource_id beside an id that the sender gave, and can be asked of the series
// target_info and otel_scope_info, to be joined on job and instance (OpenTelemetry specification, "Prometheus and
// OpenMetrics Compatibility").
const (
	keyInstanceID   = "service.instance.id"
	labelInstanceID = "service_instance_id"
	// labelResource tells apart the resources that share an instance id, labelScopeID the scopes that share name and
	// version.
	labelResource = "otel_resource_id"
	labelScopeID  = "otel_scope_id"

	targetInfo = "target_info"
	scopeInfo  = "otel_scope_info"
	// infoEvery is how often they are written: a question at one moment looks back five minutes.
	infoEvery = time.Minute
	// maxInfoText bounds the labels of one in bytes: the engine's index takes no series above 64 KiB.
	maxInfoText = 16 << 10
)

// identity is the hash of a list of attributes, whatever their order.
type identity [sha1.Size]byte

// target is one resource: what all its series have in common.
type target struct {
	labels []edge.Attr // sorted by name
	info   *info       // nil when the labels tell all of the resource
	scopes map[identity]*info
	used   int64 // arrival of the last point, Unix nanoseconds
	cost   int64 // in series of usual size
	// kept is false where there is no room to remember it.
	kept bool
}

// canonicalFacts takes the attributes that have the canonical keys.
func canonicalFacts(attrs []edge.Attr) edge.Facts {
	return edge.Facts{
		Service: attr(attrs, edge.KeyServiceName), Namespace: attr(attrs, edge.KeyServiceNamespace),
		Version: attr(attrs, edge.KeyServiceVersion), Environment: attr(attrs, edge.KeyEnvironment),
		Provider: attr(attrs, edge.KeyCloudProvider), Platform: attr(attrs, edge.KeyCloudPlatform),
		Region: attr(attrs, edge.KeyRegion), Colo: attr(attrs, edge.KeyColo),
		FaasName: attr(attrs, edge.KeyFaasName), FaasVersion: attr(attrs, edge.KeyFaasVersion),
	}
}

// info is a series of the value 1 whose labels describe a target or a scope. Times are Unix milliseconds.
type info struct {
	series *edge.Series
	// told is the time of the newest sample, before is what it was before this request.
	told, before int64
	// first and last bound the points of this request; seen tells whether there are any.
	first, last int64
	seen        bool
}

// startMetric finds the labels that all points of a metric share, and the series that describe them.
func (t *tenantStreams) startMetric(q *Request, m *Metric) {
	if t.of == nil || !sameList(t.resource, m.Resource) {
		t.resource, t.of = m.Resource, t.target(q, m.Resource)
	}
	t.shared = append(t.shared[:0], t.of.labels...)
	t.scope = nil
	if m.Scope != "" {
		t.shared = append(t.shared, edge.Attr{Key: labelScope, Value: t.cut(m.Scope)})
	}
	if m.ScopeVersion != "" {
		t.shared = append(t.shared, edge.Attr{Key: labelScopeVersion, Value: t.cut(m.ScopeVersion)})
	}
	if len(m.ScopeAttrs) > 0 {
		t.startScope(q, m)
	}
}

// startScope gives the series of a scope with attributes their id.
func (t *tenantStreams) startScope(q *Request, m *Metric) {
	id := t.identify(append(append(t.sorted[:0], m.ScopeAttrs...), edge.Attr{Value: m.Scope + "\x00" + m.ScopeVersion}))
	t.shared = append(t.shared, edge.Attr{Key: labelScopeID, Value: t.uuid(id)})
	if t.scope = t.of.scopes[id]; t.scope != nil {
		return
	}
	t.list = t.list[:0]
	for _, at := range t.shared {
		t.giveWay(at)
	}
	slices.SortFunc(m.ScopeAttrs, byKey)
	t.describe(q, m.ScopeAttrs, func(key string) string { return t.prefixed(prefixScope, t.clean(key)) })
	cost := seriesCost(textOf(t.list))
	if !t.of.kept || !t.takeRoom(int(cost)) {
		q.Batch.Warn(warnNoInfo)
		return
	}
	t.scope = newInfo(scopeInfo, t.list, t.of.labels)
	if t.of.scopes == nil {
		t.of.scopes = make(map[identity]*info)
	}
	t.of.scopes[id] = t.scope
	t.of.cost += cost
}

// target returns the target of a resource, remembered if there is room for it. Without room its new series have none
// either.
func (t *tenantStreams) target(q *Request, resource []edge.Attr) *target {
	id := t.identify(append(t.sorted[:0], resource...))
	if of := t.targets[id]; of != nil {
		return of
	}
	of := t.newTarget(q, t.sorted)
	if of.kept = t.takeRoom(int(of.cost)); of.kept {
		t.targets[id] = of
	}
	return of
}

// newTarget makes the labels of a resource, whose attributes are sorted.
func (t *tenantStreams) newTarget(q *Request, attrs []edge.Attr) *target {
	given := attr(attrs, keyInstanceID)
	t.nameTarget(attrs, given)
	t.rest = t.rest[:0]
	for _, at := range attrs {
		if at.Value != "" && !t.says(at) {
			t.rest = append(t.rest, at)
		}
	}
	instance := given
	if len(t.rest) > 0 {
		id := t.uuid(t.identify(append(t.sorted[:0], t.rest...)))
		if given == "" {
			instance = id
			t.join(labelInstanceID, id)
		} else {
			t.join(labelResource, id)
		}
	}
	if instance != "" {
		t.join(labelInstance, instance)
	}
	of := &target{labels: cloneLabels(t.list, nil), used: t.now}
	of.cost = seriesCost(textOf(of.labels))
	if len(t.rest) > 0 {
		t.describe(q, t.rest, t.label)
		of.info = newInfo(targetInfo, t.list, of.labels)
		of.cost += seriesCost(textOf(t.list))
	}
	return of
}

// nameTarget fills list with the labels that series of a resource have by default, and those that the options add. job
// is namespace/name of the service, as the compatibility rules say.
func (t *tenantStreams) nameTarget(attrs []edge.Attr, given string) {
	t.list = t.list[:0]
	f := t.owner.o.Resource(attrs)
	if f.Service == "" {
		f.Service = attr(attrs, edge.KeyServiceName) // a name that says nothing is better than none
	}
	for _, at := range [...][2]string{
		{edge.KeyServiceName, f.Service},
		{edge.KeyServiceNamespace, f.Namespace},
		{edge.KeyServiceVersion, f.Version},
		{keyInstanceID, given},
		{edge.KeyEnvironment, f.Environment},
		{edge.KeyCloudProvider, f.Provider},
		{edge.KeyCloudPlatform, f.Platform},
		{edge.KeyRegion, f.Region},
		{edge.KeyColo, f.Colo},
		{edge.KeyFaasName, f.FaasName},
		{edge.KeyFaasVersion, f.FaasVersion},
	} {
		if at[1] != "" {
			t.join(t.label(at[0]), at[1])
		}
	}
	for _, at := range attrs {
		if name := t.label(at.Key); at.Value != "" && t.owner.promotes(at.Key) && len(t.list) < maxLabels {
			if _, taken := t.place(name); !taken {
				t.join(name, at.Value)
			}
		}
	}
	if f.Service == "" {
		return
	}
	job := f.Service
	if f.Namespace != "" {
		job = t.prefixed(f.Namespace+"/", job)
	}
	t.join(labelJob, job)
}

// says tells whether a label of the list has all that an attribute says.
func (t *tenantStreams) says(at edge.Attr) bool {
	i, found := t.place(t.label(at.Key))
	return found && t.list[i].Value == at.Value
}

// describe adds attributes to the list, up to its bounds, behind resource_ where a label of a series has their name.
func (t *tenantStreams) describe(q *Request, attrs []edge.Attr, name func(key string) string) {
	t.shadow = append(t.shadow[:0], t.list...)
	text := textOf(t.list)
	for i, at := range attrs {
		key := name(at.Key)
		if slices.ContainsFunc(t.shadow, func(l edge.Attr) bool { return l.Key == key }) {
			key = t.prefixed(prefixResource, key)
		}
		text += len(key) + min(len(at.Value), maxLabelValue)
		if i >= maxLabels || text > maxInfoText {
			q.Batch.Warn(warnLongInfo)
			return
		}
		if at.Value != "" {
			t.join(key, at.Value)
		}
	}
}

// identify hashes attributes in the order of their keys: each with its length, so that no two lists are alike. It
// leaves them, sorted, in t.sorted.
func (t *tenantStreams) identify(attrs []edge.Attr) identity {
	slices.SortFunc(attrs, byKey)
	t.sorted = attrs
	t.key = append(t.key[:0], uuidNamespace...)
	for i := range attrs {
		for _, text := range [...]string{attrs[i].Key, attrs[i].Value} {
			t.key = append(binary.AppendUvarint(t.key, uint64(len(text))), text...)
		}
	}
	return sha1.Sum(t.key) // what a UUID of version 5 is made with
}

// uuidNamespace is the name space in which instance ids are derived (semantic conventions, service.instance.id):
// 4d63009a-8d0f-11ee-aad7-4c796ed8e320.
const uuidNamespace = "\x4d\x63\x00\x9a\x8d\x0f\x11\xee\xaa\xd7\x4c\x79\x6e\xd8\xe3\x20"

// uuid spells an identity as a UUID of version 5 (RFC 9562, section 5.5).
func (t *tenantStreams) uuid(id identity) string {
	id[6], id[8] = id[6]&0x0f|0x50, id[8]&0x3f|0x80
	from := len(t.arena.Buf)
	for i, part := range [...][]byte{id[:4], id[4:6], id[6:8], id[8:10], id[10:16]} {
		if i > 0 {
			t.arena.Buf = append(t.arena.Buf, '-')
		}
		t.arena.Buf = hex.AppendEncode(t.arena.Buf, part)
	}
	return t.arena.Since(from)
}

// promotes tells whether a resource attribute is a label of the series by choice.
func (s *Streams) promotes(key string) bool {
	return slices.ContainsFunc(s.o.ResourceLabels, func(pattern string) bool {
		beginning, cut := strings.CutSuffix(pattern, "*")
		return pattern == key || cut && strings.HasPrefix(key, beginning)
	})
}

func newInfo(name string, list, known []edge.Attr) *info {
	s := stream{name: name, labels: cloneLabels(list, known)}
	return &info{series: s.newSeries("", edge.Attr{})}
}

// see notes that there is a point at that time.
func (t *tenantStreams) see(i *info, at int64) {
	switch {
	case i == nil:
		return
	case !i.seen:
		i.seen, i.first, i.last = true, at, at
		t.seen = append(t.seen, i)
	default:
		i.first, i.last = min(i.first, at), max(i.last, at)
	}
}

// tellInfos writes the series that describe targets and scopes where those of the request's points need one.
func (t *tenantStreams) tellInfos() {
	const every = int64(infoEvery / time.Millisecond)
	for _, i := range t.seen {
		i.seen, i.before = false, i.told
		if far := i.last - i.told; far < every && far > -every {
			continue
		}
		if i.last-i.first >= every {
			t.samples = append(t.samples, edge.Sample{Series: i.series, Time: i.first, Value: 1})
		}
		t.samples = append(t.samples, edge.Sample{Series: i.series, Time: i.last, Value: 1})
		i.told = i.last
	}
}

// sameList tells whether two lists are one.
func sameList(a, b []edge.Attr) bool {
	return len(a) == len(b) && (len(a) == 0 || &a[0] == &b[0])
}
