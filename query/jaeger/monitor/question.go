package monitor

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"time"

	"edgescope/edge"
	"edgescope/query/jaeger/param"
	"edgescope/query/tally"
)

// noService is what Jaeger calls spans without a service.
const noService = "missing-service-name"

const (
	// What Jaeger takes for parameters that are not given.
	defaultLookback = time.Hour
	defaultStep     = 5 * time.Second
	defaultRatePer  = 10 * time.Minute
	// maxPoints bounds the points of a series, as Prometheus does.
	maxPoints = 11_000
	// maxWidth is the widest of edge.Widths.
	maxWidth = time.Hour
	// maxRatePer bounds what one point stands for.
	maxRatePer = 366 * 24 * time.Hour
)

// spanKinds are those that Jaeger knows. Invocations are server spans.
var spanKinds = []string{"unspecified", "internal", "server", "client", "producer", "consumer"}

// question is a request as understood.
type question struct {
	figure   figure
	quantile float64
	// services are by their own names: "" is that of spans without one.
	services    []string
	byOperation bool
	// served tells whether invocations are asked for: rollups have no other spans.
	served bool
	grid   grid
}

func (q *question) read(form url.Values, now time.Time) error {
	q.services = slices.DeleteFunc(slices.Clone(form["service"]), func(s string) bool { return s == "" })
	if len(q.services) == 0 {
		return param.Bad("service", errors.New("please provide at least one service name"))
	}
	for i, s := range q.services {
		if s == noService {
			q.services[i] = ""
		}
	}
	var err error
	if q.byOperation, err = param.Bool(form, "groupByOperation"); err != nil {
		return err
	}
	kinds, given := form["spanKind"]
	for _, kind := range kinds {
		if !slices.Contains(spanKinds, kind) {
			return param.Bad("spanKind", fmt.Errorf("unsupported span kind: '%s'", kind))
		}
	}
	q.served = !given || slices.Contains(kinds, "server")
	q.grid, err = readGrid(form, now)
	return err
}

// grid is the points of an answer and the buckets that each is added up of.
type grid struct {
	start  time.Time // of the first point
	step   time.Duration
	points int
	// width is the length of the rollups that are asked, and bucket that of what they are added up to; ratePer is whole
	// buckets, and no bucket begins within a width.
	width, bucket, ratePer time.Duration
	// atOnce is how many points are made at a time.
	atOnce int
}

func readGrid(form url.Values, now time.Time) (g grid, err error) {
	end, err := param.Time(form, "endTs", time.Millisecond, now)
	if err != nil {
		return g, err
	}
	lookback, err := param.Length(form, "lookback", time.Millisecond, defaultLookback)
	if err != nil {
		return g, err
	}
	if g.step, err = param.Length(form, "step", time.Millisecond, defaultStep); err != nil {
		return g, err
	}
	if g.ratePer, err = param.Length(form, "ratePer", time.Millisecond, defaultRatePer); err != nil {
		return g, err
	}
	switch {
	case g.step == 0:
		return g, param.Bad("step", errors.New("want a number of milliseconds above 0"))
	case g.ratePer == 0 || g.ratePer > maxRatePer:
		return g, param.Bad("ratePer", errors.New("want a number of milliseconds above 0, and at most 366 days"))
	case lookback/g.step >= maxPoints:
		return g, param.Wrong("a series has at most %d points, and lookback is %d times step: ask for a longer step",
			maxPoints, lookback/g.step)
	}
	g.start = later(end.Add(-lookback), time.Unix(0, 0).Add(g.ratePer+maxWidth))
	if !g.start.After(end) {
		g.points = int(end.Sub(g.start)/g.step) + 1
	}
	return g, g.divide()
}

const (
	// bucketsAtOnce is how many buckets are added up at a time, or as many as ratePer has, if these are more: each time
	// those of ratePer before the first point are read again.
	bucketsAtOnce = 256
	// maxBuckets bounds those of ratePer.
	maxBuckets = 10_000
)

// divide chooses the rollups and the buckets.
func (g *grid) divide() error {
	g.width = seconds(edge.Widths[0])
	for _, w := range edge.Widths[1:] {
		if w := seconds(w); min(g.step, g.ratePer) >= 10*w && g.step%w == 0 && g.ratePer%w == 0 {
			g.width = w
		}
	}
	g.ratePer = (g.ratePer + g.width - 1).Truncate(g.width)
	g.bucket = g.width
	if g.step%g.width == 0 {
		g.bucket = divisor(g.step, g.ratePer)
	}
	if seconds(tally.WidthOf(g.bucket)) > g.width {
		g.bucket = 6 * g.width // the next width is a multiple of it, and so is what it divides
	}
	n := int(g.ratePer / g.bucket)
	if n > maxBuckets {
		return param.Wrong("ratePer is %d times %s: ask for a longer step, in multiples of a minute", n, g.bucket)
	}
	g.atOnce = min(g.points, max(1, max(bucketsAtOnce, n)*int(g.bucket)/int(g.step)))
	return nil
}

func seconds(w edge.Width) time.Duration { return time.Duration(w.Seconds) * time.Second }

// divisor returns the greatest common divisor.
func divisor(a, b time.Duration) time.Duration {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

func later(a, b time.Time) time.Time {
	if a.Before(b) {
		return b
	}
	return a
}

// at returns the time of a point.
func (g *grid) at(point int) time.Time { return g.start.Add(time.Duration(point) * g.step) }

// end returns where the buckets of a point end.
func (g *grid) end(point int) time.Time { return tally.Floor(g.at(point), g.width) }

// window returns the buckets of points, from the first until before the last.
func (g *grid) window(first, last int) tally.Window {
	return tally.Window{From: g.end(first).Add(-g.ratePer), To: g.end(last - 1), Step: g.bucket}
}
