// Package series turns the data points of OTLP metrics into samples of series: it names them, labels them with what
// their resource and scope say, adds up deltas, and bounds how many series a tenant has.
package series

import (
	"cmp"
	"context"
	"log/slog"
	"math"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/VictoriaMetrics/metrics"

	"edgescope/edge"
)

const (
	defaultMaxSeries = 50_000
	// usualSeries is the size of the text of a series in bytes, up to which it counts as one.
	usualSeries = 512
	// maxPointSeries bounds the series of one histogram or summary.
	maxPointSeries = 1000
	// maxAddend bounds what is added to a total: four billion such points still make a finite one.
	maxAddend = math.MaxFloat64 / (1 << 32)
)

// Reasons of warnings, as edge.Batch counts them.
const (
	warnTemporality = "temporality unspecified: taken as cumulative"
	warnBuckets     = "buckets of a histogram"
	warnLongInfo    = "attributes of a resource or scope beyond 64 or 16 KiB"
	warnNoInfo      = "attributes of a scope: too many series"
)

// Reasons of rejected data points.
const (
	reasonNoName   = "metric without a name"
	reasonReserved = "metric name is reserved: edge_service_, edge_colo_, edge_route_, edge_country_ and " +
		"edge_deploy are totals of the collector itself"
	reasonNoData     = "metric without data"
	reasonNoNumber   = "no value that is a number"
	reasonManySeries = "point needs more than 1000 series"
	reasonManyLabels = "more than 64 attributes"
	reasonOverflow   = "too many series: the limit per tenant is reached"
	reasonTooOld     = "older than the retention of samples"
	reasonNegative   = "delta of a monotonic sum is below 0"
	reasonInfinite   = "delta is infinite, or too large to be added up"
)

// Options say which series data points become.
type Options struct {
	// Samples takes the numbers that metrics become, b.Samples. On return of nil they are kept, and writing the same
	// again is harmless; they belong to the receiver again. It returns true when the samples of that body were kept
	// before, perhaps by an earlier process: deltas among them must then not be counted again. It fails as Sink does.
	// nil: data points are rejected.
	Samples func(ctx context.Context, b *edge.Batch) (repeated bool, err error)
	// MaxSeries bounds the series of metrics that are remembered for each tenant, where one with more than 512 bytes of
	// labels counts as several; data points that would need more are rejected and counted in the series
	// otel_metric_overflow_points_total. 0 means 50,000, about 60 MB.
	MaxSeries int
	// Resource returns what a resource says of a service and of where it runs: the facts that are labels of all its
	// series. Their texts point into the attributes. nil takes the attributes that have the canonical keys.
	Resource func(attrs []edge.Attr) edge.Facts
	// ResourceLabels are the resource attributes that are labels of the series beside those, by their keys or by the
	// beginning of their keys with * at the end.
	ResourceLabels []string
	// MaxAge is how old a data point may be, the retention of samples; 0 means any age.
	MaxAge time.Duration
}

// Streams turn data points into samples. Cumulative points and gauges pass as they are; of gauges at one time the last
// one wins. Deltas are added up, those of one time and those that come late as well: a body that is sent again is known
// by its hash. The totals live in memory. A new process, or a stream that was forgotten, starts at zero, and says so
// with a sample of 0 at the start of the first point: questions by increase and rate, which take a falling counter for
// one that started again, lose nothing and double nothing. The same sample marks a cumulative counter that its sender
// started again.
type Streams struct {
	o       Options
	log     *slog.Logger
	mu      sync.Mutex
	tenants map[edge.Tenant]*tenantStreams

	repeated, overflow *metrics.Counter
}

// New remembers nothing yet.
func New(o Options, set *metrics.Set, log *slog.Logger) *Streams {
	o.MaxSeries = cmp.Or(o.MaxSeries, defaultMaxSeries)
	if o.Resource == nil {
		o.Resource = canonicalFacts
	}
	s := &Streams{
		o: o, log: log, tenants: make(map[edge.Tenant]*tenantStreams),
		repeated: set.GetOrCreateCounter("edgescope_otlp_repeated_data_points_total"),
		overflow: set.GetOrCreateCounter("edgescope_otlp_overflow_data_points_total"),
	}
	set.GetOrCreateGauge("edgescope_otlp_series", func() float64 { return float64(s.series()) })
	return s
}

// series counts what is remembered.
func (s *Streams) series() (n int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, t := range s.tenants {
		n += t.count.Load()
	}
	return n
}

func (s *Streams) tenant(id edge.Tenant) *tenantStreams {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.tenants[id]
	if t == nil {
		t = &tenantStreams{
			owner: s, turn: make(chan struct{}, 1), byKey: make(map[string]*stream),
			targets: make(map[identity]*target),
			over:    make(map[string]*part),
		}
		s.tenants[id] = t
	}
	return t
}

// Request is what a request brings.
type Request struct {
	// Batch gets what is rejected and warned of; its tenant and body are those of the request.
	Batch *edge.Batch
	// Now is the arrival in Unix nanoseconds.
	Now     int64
	Metrics []Metric
	Points  []Point
	// Note counts a change of the record of that index, by a reason, and has the answer describe it.
	Note func(index int, reason, text string)
}

// Write turns the points of a request into samples and hands them on. When that fails the streams are as before, so
// that the client may send the same again. One request of a tenant is worked on at a time: a total must not be seen by
// another one before it is known that it stays.
func (s *Streams) Write(ctx context.Context, q *Request) error {
	if s.o.Samples == nil {
		for i := range q.Points {
			q.Batch.Reject(q.Points[i].Index, "metrics are not accepted here")
		}
		return nil
	}
	t := s.tenant(q.Batch.Tenant)
	select {
	case t.turn <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-t.turn }()
	t.begin(q.Now)
	for i := range q.Metrics {
		t.metric(q, &q.Metrics[i])
	}
	t.tellInfos()
	t.tellOverflow(q.Batch.Tenant)
	if len(t.samples) > 0 {
		repeated, err := s.o.Samples(ctx, &edge.Batch{Tenant: q.Batch.Tenant, Body: q.Batch.Body, Samples: t.samples})
		if repeated || err != nil {
			t.undo()
		}
		if err != nil {
			return err
		}
		if repeated {
			s.repeated.Add(len(t.saved))
		}
	}
	s.overflow.Add(t.overs)
	return nil
}

// tell warns once for each tenant.
func (s *Streams) tell(id edge.Tenant) {
	s.log.Warn("too many series of metrics: further data points are rejected",
		slog.Int("tenant", int(id)), slog.Int("max_series", s.o.MaxSeries))
}

// tenantStreams are the streams of one tenant. turn is held by who works on them.
type tenantStreams struct {
	owner *Streams
	turn  chan struct{}
	byKey map[string]*stream
	// targets are the resources that they belong to.
	targets map[identity]*target
	count   atomic.Int64 // series of all of them, by their cost
	sweep   int64
	// over counts the points over the limit, by service.
	over   map[string]*part
	warned bool
	said   descriptions

	// What follows is of the request in work.
	labels
	now int64
	// resource and scope are those of the metric at hand, and of is what is known of the resource.
	resource []edge.Attr
	of       *target
	scope    *info
	// sorted, rest and shadow are lists of attributes while a target is made.
	sorted, rest, shadow []edge.Attr
	// seen are the info series of all points.
	seen    []*info
	name    string
	key     []byte
	samples []edge.Sample
	saved   []saved
	parts   []partState
	ranges  []bucket
	overs   int
}

// maxKeptSamples bounds the samples whose memory a tenant keeps for the next request.
const maxKeptSamples = 1 << 16

func (t *tenantStreams) begin(now int64) {
	t.now = now
	t.reset()
	clear(t.samples)
	if cap(t.samples) > maxKeptSamples {
		t.samples = nil
	}
	t.samples, t.saved, t.parts, t.seen = t.samples[:0], t.saved[:0], t.parts[:0], t.seen[:0]
	t.resource, t.of, t.scope = nil, nil, nil
	t.overs = 0
}

// metric adds the points of one metric.
func (t *tenantStreams) metric(q *Request, m *Metric) {
	t.startMetric(q, m)
	t.name = t.namer.metric(m)
	if m.Temporality == Unspecified && (m.Kind == Sum || m.Kind == Histogram || m.Kind == ExponentialHistogram) {
		q.Batch.Warn(warnTemporality) // what Prometheus tools take it for
		m.Temporality = Cumulative
	}
	taken := false
	for i := m.From; i < m.To; i++ {
		p := &q.Points[i]
		if p.Flags&flagNoValue != 0 {
			continue // a point that says that there is nothing to say
		}
		reason := t.check(q, m, p)
		if reason == "" {
			reason = t.point(m, p)
		}
		if taken = taken || reason == ""; reason != "" {
			q.Batch.Reject(p.Index, reason)
		}
	}
	if taken {
		t.keepSaid(m)
	}
}

// check returns why a point can't be taken. What can't be used of a point that can is taken out of it.
func (t *tenantStreams) check(q *Request, m *Metric, p *Point) string {
	switch {
	case t.name == "":
		return reasonNoName
	case reserved(t.name):
		return reasonReserved
	case m.Kind == None:
		return reasonNoData
	case len(p.Attrs) > maxLabels:
		return reasonManyLabels
	case t.owner.o.MaxAge > 0 && nanos(p.Time) < t.now-int64(t.owner.o.MaxAge):
		return reasonTooOld
	}
	// A sum that is no number, as of values that are none, is left out; a summary always has one.
	p.HasSum = (p.HasSum || m.Kind == Summary) && math.Abs(p.Sum) <= maxAddend
	if m.Kind == Gauge || m.Kind == Sum {
		return p.checkNumber(m)
	}
	lost, reason := p.mend(m.Kind)
	if reason == "" && lost != "" {
		q.Note(p.Index, warnBuckets, lost)
	}
	return reason
}

// checkNumber returns why the point of a gauge or sum can't be taken. A delta that makes a total infinite would make it
// useless for good, and one below 0 would look as if the counter had started again.
func (p *Point) checkNumber(m *Metric) string {
	delta := m.Kind == Sum && m.Temporality == Delta
	switch {
	case !p.HasValue:
		return reasonNoNumber
	case delta && math.Abs(p.Value) > maxAddend:
		return reasonInfinite
	case delta && m.Monotonic && p.Value < 0:
		return reasonNegative
	}
	return ""
}

// reserved tells whether a name belongs to the collector's own totals (edge.Metric) or to its series of overflow.
func reserved(name string) bool {
	for _, prefix := range [...]string{
		edge.FamilyService, edge.FamilyColo, edge.FamilyRoute, edge.FamilyCountry,
		edge.MetricDeploy,
	} {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return name == overflowMetric
}

// point adds one point and returns why it was not taken.
func (t *tenantStreams) point(m *Metric, p *Point) string {
	t.ofPoint(p.Attrs)
	need, layout := t.layout(m, p)
	if need > maxPointSeries {
		return reasonManySeries
	}
	s, reason := t.stream(m, layout, need)
	if s == nil {
		return reason
	}
	t.save(s)
	w := writer{
		t: t, s: s, at: millis(p.Time), newest: nanos(p.Time) >= s.last,
		delta: m.Temporality == Delta && m.Kind != Gauge,
		grows: m.Kind != Gauge && (m.Kind != Sum || m.Monotonic),
	}
	if w.delta {
		// the total holds from the newest point on, also with one that is late
		w.at, w.newest = max(w.at, s.last/int64(time.Millisecond)), true
	}
	w.setZero(p)
	w.point(m.Kind, p)
	s.last = max(s.last, nanos(p.Time))
	s.used, t.of.used = t.now, t.now
	t.see(t.of.info, w.at)
	t.see(t.scope, w.at)
	return ""
}

// stream returns the stream of the labels at hand, made if it is new. It returns nil and why when there is no room.
func (t *tenantStreams) stream(m *Metric, layout uint64, need int) (*stream, string) {
	t.key = append(t.key[:0], byte(m.Kind), m.Temporality)
	t.key = append(append(t.key, t.name...), 0)
	for _, at := range t.list {
		t.key = append(append(t.key, at.Key...), 0)
		t.key = append(append(t.key, at.Value...), 0)
	}
	s := t.byKey[string(t.key)]
	if s != nil && s.layout != layout {
		t.count.Add(-s.size())
		s.parts, s.index, s.layout, s.relaid = nil, nil, layout, true
	}
	have := 0
	if s != nil {
		have, s.used = len(s.parts), t.now
	}
	cost := int(seriesCost(len(t.key)))
	if more := (need - have) * cost; more > 0 && !t.hasRoom(more) && !t.makeRoom(more) {
		t.overs++
		t.countOver()
		return nil, reasonOverflow
	}
	if s == nil {
		s = &stream{name: strings.Clone(t.name), labels: cloneLabels(t.list, t.of.labels), layout: layout, cost: cost}
		t.byKey[string(t.key)] = s
	}
	return s, ""
}

func nanos(t uint64) int64 { return int64(min(t, math.MaxInt64)) } // bounded

func millis(t uint64) int64 { return nanos(t) / int64(time.Millisecond) }
