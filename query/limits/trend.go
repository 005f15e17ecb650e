package limits

import (
	"context"
	"fmt"
	"hash/fnv"
	"math"
	"time"

	"edgescope/edge"
	"edgescope/judge"
	"edgescope/query"
	"edgescope/query/money"
	"edgescope/query/tables"
	"edgescope/query/tally"
)

// daily is what a day of a service was like, in milliseconds; NaN where too few events tell.
type daily struct {
	wall, cpu, cpuMean, init float64
}

const (
	// trendDays are the days, in UTC and over, that a trend is made of.
	trendDays = 28
	// horizon is how far ahead a trend is believed.
	horizon = 365 * 24 * time.Hour
	// dailyLife is how long the days that are over are remembered: late events still add to the last one.
	dailyLife = 30 * time.Minute
)

func dailyCPU(d *daily) float64     { return d.cpu }
func dailyCPUMean(d *daily) float64 { return d.cpuMean }
func dailyWall(d *daily) float64    { return d.wall }
func dailyInit(d *daily) float64    { return d.init }

// daily asks what the last days of each service were like. Filters that no rollups have leave no days: events are not
// kept long enough.
func (x *Room) daily(ctx context.Context, a *tables.Asking) (map[string][]daily, error) {
	to := tally.Floor(a.Now, query.Day)
	c := a.Cut(parts, edge.KeyServiceName)
	c.Window = tally.Window{From: to.Add(-trendDays * query.Day), To: to, Step: query.Day}
	if !c.InRollups() {
		return nil, nil
	}
	return x.trends.Get(fmt.Sprintf("%#v", c), a.Now, dailyLife, func() (map[string][]daily, error) {
		t, err := x.o.Read.Table(ctx, c)
		if err != nil {
			return nil, fmt.Errorf("ask the last %d days: %w", trendDays, err)
		}
		days := make(map[string][]daily, len(t.Groups))
		for service, row := range t.Groups {
			for i := range row {
				days[service] = append(days[service], dayOf(&use{Tally: &row[i]}))
			}
		}
		return days, nil
	})
}

func dayOf(u *use) daily {
	p99 := func(d *tally.Distribution) float64 {
		if u.raw(d.Total()) < few {
			return math.NaN()
		}
		return float64(d.Quantile(percentile))
	}
	d := daily{wall: p99(u.All()), cpu: p99(&u.CPU), cpuMean: math.NaN(), init: p99(&u.Init)}
	if !math.IsNaN(d.cpu) {
		d.cpuMean = 1000 * u.CPUSum / u.CPU.Total()
	}
	return d
}

// trend returns how a budget's figure of days grows, nil when too few days are known.
func (b *budgets) trend(of *money.Budget, figure func(*daily) float64) *money.BudgetTrend {
	key := of.Name + of.Measure
	line, known := b.lines[key]
	if !known {
		line = b.line(key, figure)
		b.lines[key] = line
	}
	if line == nil {
		return nil
	}
	t := &money.BudgetTrend{PerDay: query.Figure{
		Value: query.Num(line.Slope.Value), Low: query.Num(line.Slope.Low), High: query.Num(line.Slope.High),
		N: query.Num(line.days), Origin: query.OriginModel,
	}}
	if line.Slope.Low > 0 {
		line.reach(t, float64(of.Limit), tally.Floor(b.asking.Now, query.Day))
	}
	return t
}

// line is a trend of so many days; it is at its level at the last midnight.
type line struct {
	judge.Trend

	days int
}

func (b *budgets) line(key string, figure func(*daily) float64) *line {
	var xs, ys []float64
	for i := range b.days {
		if v := figure(&b.days[i]); !math.IsNaN(v) {
			xs, ys = append(xs, float64(i-len(b.days))+.5), append(ys, v) // the middle of a day
		}
	}
	trend, ok := judge.TrendOf(xs, ys, b.seed(key))
	if !ok {
		return nil
	}
	return &line{trend, len(xs)}
}

// reach says when a growing figure reaches its limit, unless it has, or that is too far ahead.
func (l *line) reach(t *money.BudgetTrend, limit float64, midnight time.Time) {
	at := func(perDay float64) time.Time {
		ahead := (limit - l.Level) / perDay * float64(query.Day)
		if ahead < 0 || ahead > float64(horizon) {
			return time.Time{}
		}
		return midnight.Add(time.Duration(ahead)).Truncate(time.Second)
	}
	if t.Reaches = at(l.Slope.Value); !t.Reaches.IsZero() {
		t.Earliest, t.Latest = at(l.Slope.High), at(l.Slope.Low)
	}
}

// seed makes random draws those of the question: the same for the same service and budget on the same day.
func (b *budgets) seed(key string) uint64 {
	h := fnv.New64a()
	day := tally.Floor(b.asking.Now, query.Day).Unix()
	_, _ = fmt.Fprint(h, b.asking.Tenant, "\xff", b.use.service, "\xff", key, "\xff", day) // a hash takes all
	return h.Sum64()
}
