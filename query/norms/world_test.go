package norms_test

import (
	"context"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"edgescope/edge"
	"edgescope/query/norms"
	"edgescope/query/querytest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m, goleak.IgnoreCurrent()) }

const tenant = querytest.Tenant

// Two ranges of durations: 95 of 100 invocations are in the first.
const (
	fast    = "2.154e-02...2.448e-02"
	slowest = "7.743e-02...8.799e-02"
)

// region is a place that sends: durations are log-normal, sigma .6; their median follows a daily cycle and noise that
// lasts (autoregressive). Requests come at a rate that follows the day too. It is the generator of judge's tests,
// written as rollups.
type region struct {
	*rand.Rand
	service, name string
	rate, noise   float64
	drift         float64
	weight        float64
	// shift multiplies durations, by how long before now; nil none. errors, cold and lost are parts of the requests.
	shift              func(ago time.Duration) float64
	errors, cold, lost func(ago time.Duration) float64
	// until is how long ago it stopped, from how long ago it began.
	until, from time.Duration
}

func newRegion(seed uint64, name string, rate float64) *region {
	return &region{
		Rand: rand.New(rand.NewPCG(seed, 14)), service: "shop", name: name, rate: rate, noise: .05, weight: 1,
		from: 400 * 24 * time.Hour,
	}
}

// counted is what a region did in a bucket.
type counted struct{ n, slow, errors, cold, lost float64 }

func (g *region) bucket(at, now time.Time) counted {
	const persistence, usual = 0.8, 1.6448536269514722
	g.drift = persistence*g.drift + g.noise*math.Sqrt(1-persistence*persistence)*g.NormFloat64()
	cycle := math.Sin(2 * math.Pi * float64(at.Unix()%86400) / 86400)
	median := 0.05*cycle + g.drift
	ago := now.Sub(at)
	if g.shift != nil {
		median += math.Log(g.shift(ago))
	}
	if ago <= g.until || ago > g.from {
		return counted{}
	}
	c := counted{n: math.Round(g.rate * 300 * (1 + 0.5*cycle))}
	c.slow = g.binomial(c.n, math.Erfc((usual-median/.6)/math.Sqrt2)/2)
	for of, to := range map[*func(time.Duration) float64]*float64{&g.errors: &c.errors, &g.cold: &c.cold, &g.lost: &c.lost} {
		if *of != nil {
			*to = g.binomial(c.n, (*of)(ago))
		}
	}
	return c
}

func (g *region) binomial(n, p float64) float64 {
	if n*p > 30 {
		return math.Round(min(n, max(0, n*p+math.Sqrt(n*p*(1-p))*g.NormFloat64())))
	}
	k := 0.0
	for range int(n) {
		if g.Float64() < p {
			k++
		}
	}
	return k
}

// world is a store with rollups of days of some regions, and a room that judges them.
type world struct {
	*querytest.World

	room *norms.Room
}

// newWorld writes so many days up to now, and what comes after in a further stretch.
func newWorld(t testing.TB, days int, after time.Duration, regions ...*region) *world {
	t.Helper()
	w := &world{World: querytest.New(t)}
	w.Now = w.Now.Truncate(5 * time.Minute).Add(2 * time.Minute)
	w.newRoom(norms.Options{})
	now := w.Now.Truncate(5 * time.Minute)
	b := builder{series: map[string]*edge.Series{}, totals: map[string]map[int64]float64{}}
	for _, g := range regions {
		from := now.Add(-time.Duration(days) * 24 * time.Hour).Truncate(time.Hour)
		for at := from; at.Before(now.Add(after)); at = at.Add(5 * time.Minute) {
			b.add(g, at, g.bucket(at, now))
		}
	}
	if err := w.Store.WriteSamples(context.Background(), tenant, b.samples()); err != nil {
		t.Fatal(err)
	}
	w.Store.Flush()
	return w
}

func (w *world) newRoom(o norms.Options) {
	w.room = norms.New(w.Read, o)
	w.T.Cleanup(func() {
		if err := w.room.Stop(context.Background()); err != nil {
			w.T.Error(err)
		}
	})
}

func (w *world) learn() {
	w.T.Helper()
	if err := w.room.Learn(w.T.Context(), tenant); err != nil {
		w.T.Fatal(err)
	}
}

// builder adds up samples.
type builder struct {
	series map[string]*edge.Series
	totals map[string]map[int64]float64
}

func (b *builder) add(g *region, at time.Time, c counted) {
	for _, family := range []string{edge.FamilyService, edge.FamilyColo} {
		for _, width := range edge.Widths[1:] {
			put := func(metric string, value float64, labels ...string) {
				if value == 0 {
					return
				}
				all := append([]string{
					edge.LabelName, edge.Metric(family, metric, width), edge.LabelSignal, edge.SignalSpan,
					edge.LabelService, g.service,
				}, labels...)
				if family == edge.FamilyColo {
					all = append(all, edge.LabelRegion, g.name, edge.LabelColo, g.name)
				}
				b.sum(at.Unix()/width.Seconds*width.Seconds, value, all)
			}
			w := g.weight
			put(edge.MetricEvents, c.n)
			put(edge.MetricRequests, w*(c.n-c.errors), edge.LabelOutcome, edge.OutcomeOK)
			put(edge.MetricRequests, w*c.errors, edge.LabelOutcome, edge.OutcomeError)
			put(edge.MetricDuration+"_sum", w*c.n*.03)
			put(edge.MetricDuration+"_bucket", w*(c.n-c.slow), edge.LabelVMRange, fast)
			put(edge.MetricDuration+"_bucket", w*c.slow, edge.LabelVMRange, slowest)
			if g.cold != nil {
				put(edge.MetricColdStarts, w*c.cold, edge.LabelColdStart, "true")
				put(edge.MetricColdStarts, w*(c.n-c.cold), edge.LabelColdStart, "false")
			}
			if g.lost != nil {
				put(edge.MetricCache, w*c.lost, edge.LabelCache, edge.CacheMiss)
				put(edge.MetricCache, w*(c.n-c.lost), edge.LabelCache, edge.CacheHit)
			}
		}
	}
}

func (b *builder) sum(at int64, value float64, labels []string) {
	key := strings.Join(labels, "\xff")
	if b.series[key] == nil {
		s := &edge.Series{}
		for i := 0; i < len(labels); i += 2 {
			s.Labels = append(s.Labels, edge.Attr{Key: labels[i], Value: labels[i+1]})
		}
		b.series[key], b.totals[key] = s, map[int64]float64{}
	}
	b.totals[key][at] += value
}

func (b *builder) samples() []edge.Sample {
	var out []edge.Sample
	for key, totals := range b.totals {
		for at, value := range totals {
			out = append(out, edge.Sample{Series: b.series[key], Time: at * 1000, Value: value})
		}
	}
	return out
}

// deploy marks the first sight of a version.
func (w *world) deploy(version string, at time.Time) {
	w.T.Helper()
	s := &edge.Series{Labels: []edge.Attr{
		{Key: edge.LabelName, Value: edge.MetricDeploy},
		{Key: edge.LabelService, Value: "shop"},
		{Key: edge.LabelVersion, Value: version},
	}}
	sample := edge.Sample{Series: s, Time: at.UnixMilli(), Value: float64(at.Unix())}
	if err := w.Store.WriteSamples(context.Background(), tenant, []edge.Sample{sample}); err != nil {
		w.T.Fatal(err)
	}
	w.Store.Flush()
}
