package main

import (
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"edgescope/edge"
	"edgescope/internal/run/runtest"
	"edgescope/query"
)

// answers are those of edgescope's own API over the range of the test.
type answers struct {
	overview query.Overview
	regions  query.Regions
	cold     query.ColdStarts
	cache    query.CacheAnswer
	routes   query.Routes
	// earlier and earlierRegions are of the range before.
	earlier        query.Overview
	earlierRegions query.Regions
	rangeSecs      query.Num
}

func ownAnswers(t *testing.T, w *world) *answers {
	t.Helper()
	earlier := *w
	earlier.from, earlier.to = w.from.Add(w.from.Sub(w.to)), w.from
	return &answers{
		earlier: api[query.Overview](t, &earlier, "overview"), earlierRegions: api[query.Regions](t, &earlier, "regions"),
		overview: api[query.Overview](t, w, "overview"), regions: api[query.Regions](t, w, "regions"),
		cold: api[query.ColdStarts](t, w, "cold-starts"), cache: api[query.CacheAnswer](t, w, "cache"),
		routes:    api[query.Routes](t, w, "routes"),
		rangeSecs: query.Num(w.to.Sub(w.from).Seconds()),
	}
}

const perMilli = 0.001

func change(now, before query.Num) query.Num { return now/before - 1 }

// figures are what each panel of one number must show, by dashboard and title.
var figures = map[string]func(*answers) query.Num{
	"edgescope-overview/Invocations": func(a *answers) query.Num { return a.overview.Total.Rate },
	"edgescope-overview/Errors":      func(a *answers) query.Num { return a.overview.Total.ErrorRatio },
	"edgescope-overview/Latency p95": func(a *answers) query.Num { return a.overview.Total.P95 * perMilli },
	"edgescope-overview/Change of p95": func(a *answers) query.Num {
		return change(a.overview.Total.P95, a.earlier.Total.P95)
	},
	"edgescope-overview/Cold starts": func(a *answers) query.Num { return a.overview.Total.ColdRatio },
	"edgescope-overview/Cache hits":  func(a *answers) query.Num { return a.overview.Total.Cache.HitRatio },

	"edgescope-cold-starts/Cold starts":     func(a *answers) query.Num { return a.cold.Total.ColdRatio },
	"edgescope-cold-starts/Cold p95":        func(a *answers) query.Num { return a.cold.Total.ColdP95 * perMilli },
	"edgescope-cold-starts/Warm p95":        func(a *answers) query.Num { return a.cold.Total.WarmP95 * perMilli },
	"edgescope-cold-starts/Cold starts add": func(a *answers) query.Num { return a.cold.Total.ColdAdds * perMilli },
	"edgescope-cold-starts/Init p95":        func(a *answers) query.Num { return a.cold.Total.InitP95 * perMilli },
	"edgescope-cold-starts/Init in total":   func(a *answers) query.Num { return a.cold.Total.InitTotal * perMilli },

	"edgescope-cache/Cache hits": func(a *answers) query.Num { return a.cache.Total.Cache.HitRatio },
	"edgescope-cache/Asked in vain": func(a *answers) query.Num {
		return (a.cache.Total.Cache.Miss + a.cache.Total.Cache.Expired) / a.rangeSecs
	},
	"edgescope-cache/Hit p95":  func(a *answers) query.Num { return a.cache.HitP95 * perMilli },
	"edgescope-cache/Miss p95": func(a *answers) query.Num { return a.cache.MissP95 * perMilli },
}

// cells are what the columns of tables must show of a row.
var cells = map[string]func(*answers, *query.Row) query.Num{
	"Invocations/s":      func(_ *answers, r *query.Row) query.Num { return r.Rate },
	"Errors":             func(_ *answers, r *query.Row) query.Num { return r.ErrorRatio },
	"p50":                func(_ *answers, r *query.Row) query.Num { return r.P50 * perMilli },
	"p95":                func(_ *answers, r *query.Row) query.Num { return r.P95 * perMilli },
	"p99":                func(_ *answers, r *query.Row) query.Num { return r.P99 * perMilli },
	"Change of p95":      func(a *answers, r *query.Row) query.Num { return a.change(r) },
	"Cold starts":        func(_ *answers, r *query.Row) query.Num { return r.ColdRatio },
	"Part":               func(_ *answers, r *query.Row) query.Num { return r.ColdRatio },
	"Cold starts/s":      func(a *answers, r *query.Row) query.Num { return positive(r.Cold / a.rangeSecs) },
	"Cold p95":           func(_ *answers, r *query.Row) query.Num { return r.ColdP95 * perMilli },
	"Warm p95":           func(_ *answers, r *query.Row) query.Num { return r.WarmP95 * perMilli },
	"Init p95":           func(_ *answers, r *query.Row) query.Num { return r.InitP95 * perMilli },
	"Cache hits":         func(_ *answers, r *query.Row) query.Num { return r.Cache.HitRatio },
	"Before":             func(_ *answers, r *query.Row) query.Num { return beforeHits(r) },
	"Lost to the origin": func(_ *answers, r *query.Row) query.Num { return r.OriginExtra },
}

// change is how much longer the p95 of a region is than in the range before.
func (a *answers) change(r *query.Row) query.Num {
	rows := a.earlierRegions.Regions
	i := slices.IndexFunc(rows, func(earlier query.Row) bool { return earlier.Name == r.Name })
	if i < 0 {
		return query.None()
	}
	return change(r.P95, rows[i].P95)
}

func beforeHits(r *query.Row) query.Num {
	if r.Before == nil {
		return query.None()
	}
	return r.Before.Cache.HitRatio
}

// positive is absent for 0: a series that counts nothing is not there.
func positive(n query.Num) query.Num {
	if n == 0 {
		return query.None()
	}
	return n
}

// overTimes are what lines must show at the end of each step, by dashboard, title and legend or label.
var overTimes = map[string]func(*answers, string) *query.Line{
	"edgescope-overview/Latency": func(a *answers, name string) *query.Line { return lineOf(a.overview.Lines, name) },
	"edgescope-overview/Latency p95 by region": func(a *answers, name string) *query.Line {
		return lineOf(a.overview.Latency, name)
	},
	"edgescope-cold-starts/Cold starts by region": func(a *answers, name string) *query.Line {
		return lineOf(a.cold.Rate, name)
	},
	"edgescope-runs/Edge: errors, cold starts, cache hits": func(a *answers, name string) *query.Line {
		return lineOf(a.overview.Lines, strings.Fields(name)[0])
	},
}

func lineOf(lines []query.Line, name string) *query.Line {
	if i := slices.IndexFunc(lines, func(l query.Line) bool { return l.Name == name }); i >= 0 {
		return &lines[i]
	}
	return nil
}

// rows are those of the API that a table has.
func (a *answers) rows(dashboard, by string) []query.Row {
	return map[string][]query.Row{
		"edgescope-overview/cloud_region": a.regions.Regions, "edgescope-regions/cloud_region": a.regions.Regions,
		"edgescope-cold-starts/service_version": a.cold.Versions, "edgescope-cold-starts/http_route": a.cold.Routes,
		"edgescope-cache/http_route": a.cacheRoutes(),
	}[dashboard+"/"+by]
}

// cacheRoutes are the rows of the page Cache, which have no percentiles, with those of the page's routes.
func (a *answers) cacheRoutes() []query.Row {
	rows := slices.Clone(a.cache.Routes)
	for i := range rows {
		for _, r := range a.routes.Routes {
			if r.Name == rows[i].Name {
				rows[i].P95 = r.P95
			}
		}
	}
	return rows
}

// figuresAreThoseOfTheAPI holds that panels show what edgescope's own API answers for the same range, in the unit
// that they state, for windows of all lengths.
func figuresAreThoseOfTheAPI(t *testing.T, w *world) {
	t.Helper()
	own := ownAnswers(t, w)
	compared := map[string]bool{}
	for _, d := range dashboards() {
		r := look(t, w, d)
		for _, width := range []string{"|", ":5m", ":1h"} {
			r.chosen["width"] = choiceOf{values: []string{width}}
			for _, p := range d.Panels {
				name := d.UID + "/" + p.Title
				switch {
				case p.Datasource.Type == logsType:
				case p.Type == "stat":
					r.sameFigure(p, own, name)
					compared[name] = true
				case p.Type == "table":
					r.sameRows(d, p, own)
				case overTimes[name] != nil && width != ":1h":
					r.sameLines(p, own, name)
					compared[name] = true
				}
			}
		}
	}
	for _, name := range slices.Concat(slices.Collect(maps.Keys(figures)), slices.Collect(maps.Keys(overTimes))) {
		if !compared[name] {
			t.Errorf("there is no panel %s", name)
		}
	}
}

func (r *reader) sameFigure(p *panel, own *answers, name string) {
	r.t.Helper()
	want := figures[name]
	if want == nil {
		r.t.Errorf("%s: no figure of the API is named", name)
		return
	}
	got := r.askMetrics(p, &p.Targets[0], 0)
	if len(got) != 1 {
		r.t.Fatalf("%s: got %d figures", name, len(got))
	}
	for _, v := range got[0].points(r.t) {
		r.same(name, v, want(own))
	}
}

// same compares a figure of a panel with one of the API. Both interpolate in the same buckets, whose ends a label has
// with four digits: a change of percentiles is exact to about a thousandth.
func (r *reader) same(what string, got float64, want query.Num) {
	r.t.Helper()
	exact := 1e-3 * math.Abs(float64(want))
	if strings.Contains(what, "Change of") {
		exact = 1e-3
	}
	if math.Abs(got-float64(want)) > exact+1e-9 || !want.OK() {
		r.t.Errorf("%s: got %v, the API says %v", what, got, want)
	}
}

func (r *reader) sameRows(d *dashboard, p *panel, own *answers) {
	r.t.Helper()
	by := keyOf(p)
	for i := range p.Targets {
		column := columnOf(p, p.Targets[i].RefID)
		want := cells[column]
		if want == nil {
			if column != "Last heard" {
				r.t.Errorf("%s: no figure of the API is named for %s", p.Title, column)
			}
			continue
		}
		found := map[string]float64{}
		for _, s := range r.askMetrics(p, &p.Targets[i], 0) {
			for _, v := range s.points(r.t) {
				found[s.Metric[by]] = v
			}
		}
		for _, row := range own.rows(d.UID, by) {
			n, there := found[row.Name]
			delete(found, row.Name)
			if expected := want(own, &row); there || expected.OK() {
				r.same(p.Title+" "+row.Name+" "+column, n, expected)
			}
		}
		for name, v := range found {
			r.t.Errorf("%s: %s of %q is %v, the API has no such row", p.Title, column, name, v)
		}
	}
}

// sameLines asks in the steps of the API, whose value of a step stands at its start: a panel has it at the end.
func (r *reader) sameLines(p *panel, own *answers, name string) {
	r.t.Helper()
	about := own.overview.About
	if r.chosen["width"].values[0] != "|" {
		return // steps of the API are shorter than these windows
	}
	for i := range p.Targets {
		for _, s := range r.askMetrics(p, &p.Targets[i], 1e9*30) {
			label := p.Targets[i].LegendFormat
			if m := legendLabel.FindStringSubmatch(label); m != nil {
				label = s.Metric[m[1]]
			}
			want := overTimes[name](own, label)
			if want == nil {
				r.t.Errorf("%s: the API has no line %q", name, label)
				continue
			}
			points := s.points(r.t)
			for i, v := range want.Values {
				at := float64(about.From.Unix() + int64(i+1)*about.Step)
				got, there := points[at]
				if there != v.OK() || there && math.Abs(got-float64(v)*scaleOf(p)) > 1e-3*math.Abs(got)+1e-9 {
					r.t.Errorf("%s: %s at %v: got %v %v, the API says %v", name, label, at, got, there, v)
				}
			}
		}
	}
}

// scaleOf is what the API's figures, which are milliseconds, are in the unit of the panel.
func scaleOf(p *panel) float64 {
	if p.FieldConfig.Defaults.Unit == "s" {
		return perMilli
	}
	return 1
}

// aRunIsAsTheAPIHasIt holds that the dashboard of load tests shows the run of the API: its newest summary, each of
// its points at its time, and its parts.
func aRunIsAsTheAPIHasIt(t *testing.T, w *world) {
	t.Helper()
	run := api[query.RunDetail](t, w, "runs/"+runID).Run
	d := loadRuns()
	r := look(t, w, d)
	rows := map[string][]map[string]string{}
	for _, p := range d.Panels {
		if p.Datasource.Type == logsType {
			rows[p.Title] = r.askLogs(p.Title, p.Targets[0].Expr)
		}
	}
	number := func(row map[string]string, field string, want float64) {
		t.Helper()
		if got, err := strconv.ParseFloat(row[field], 64); err != nil || math.Abs(got-want) > 1e-9 {
			t.Errorf("%s is %q, the API says %v", field, row[field], want)
		}
	}
	list := rows["Load tests, newest first"]
	if len(list) != 1 || list[0]["edge.run.verdict"] != run.Verdict || list[0]["reason"] != run.Reason ||
		list[0]["edge.run.name"] != run.Name {
		t.Fatalf("the run is told as %v, the API says %+v", list, run)
	}
	number(list[0], "requests", float64(run.Requests))
	number(list[0], "failed", float64(run.Failed))
	number(list[0], "rate", run.Rate)
	number(list[0], "response.p95", run.Response.P95)
	number(list[0], "from", float64(run.Started.Add(-time.Minute).UnixMilli()))
	number(list[0], "to", float64(run.Ended.Add(time.Minute).UnixMilli()))

	latency, requests := rows["Client: latency"], rows["Client: requests"]
	if len(latency) != len(run.Points) || len(requests) != len(run.Points) {
		t.Fatalf("%d and %d points, the run has %d", len(latency), len(requests), len(run.Points))
	}
	for i, p := range run.Points {
		at, err := time.Parse(time.RFC3339Nano, latency[i]["_time"])
		want := run.Started.Add(time.Duration(p.At * float64(time.Second)))
		if err != nil || at.Sub(want).Abs() > time.Millisecond {
			t.Errorf("point %d is at %v, want %v", i, at, want)
		}
		number(latency[i], "p50", p.P50)
		number(latency[i], "p95", p.P95)
		number(latency[i], "p99", p.P99)
		number(latency[i], "service_p95", p.ServiceP95)
		number(requests[i], "requests_s", float64(p.Requests)/p.Width)
		number(requests[i], "errors_s", float64(p.Errors)/p.Width)
	}
	for i, part := range run.Regions {
		row := rows["Client: regions"][i]
		if row["name"] != part.Name {
			t.Errorf("region %d is %v, want %s", i, row, part.Name)
		}
		number(row, "requests", float64(part.Requests))
		number(row, "failed", float64(part.Failed))
		number(row, "response.p95", part.Response.P95)
	}
	number(rows["Client: steps"][0], "requests", float64(run.Steps[0].Requests))
	threshold := rows["Thresholds"][0]
	if threshold["expression"] != run.Thresholds[0].Expression || threshold["ok"] != "false" {
		t.Errorf("the threshold is %v", threshold)
	}
	number(threshold, "actual", run.Thresholds[0].Actual)

	// A run that has just begun has no points and no parts yet: rows without a time would be errors.
	young := edge.Run{
		ID: strings.Repeat("7", 32), Name: runName, Started: w.to.Add(-5 * time.Second), Verdict: edge.VerdictRunning,
	}
	w.tell(t, young, young.Started)
	r.chosen["run"] = choiceOf{values: []string{young.ID}}
	runtest.Eventually(t, func() string { return "the run that has just begun is not told of" }, func() bool {
		return len(r.askLogs("list", d.Panels[0].Targets[0].Expr)) == 2
	})
	for _, p := range d.Panels[1:] {
		if p.Datasource.Type == logsType && len(r.askLogs(p.Title, p.Targets[0].Expr)) > 0 {
			t.Errorf("%s shows a run that has just begun", p.Title)
		}
	}
}
