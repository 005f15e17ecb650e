package main

import (
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

var legendLabel = regexp.MustCompile(`\{\{\s*(.+?)\s*\}\}`)

// everyPanelIsAnswered asks everything that the dashboards ask, as Grafana does, of all and of one service.
func everyPanelIsAnswered(t *testing.T, w *world) {
	t.Helper()
	for _, d := range dashboards() {
		t.Run(d.UID, func(t *testing.T) {
			r := look(t, w, d)
			r.panels(d)
			r.annotations(d)
			for name, some := range map[string][]string{ // what is chosen narrows, and does not empty
				"service": {shop, "edgescope-loadgen"}, "region": {"GRU", "FRA"}, "name": {runName}, "run": {runID},
			} {
				if _, there := r.chosen[name]; there {
					r.chosen[name] = choiceOf{values: some}
				}
			}
			r.panels(d)
		})
	}
}

// noRangeIsAnError asks over ranges that hold little or nothing, or much: a panel may be empty, and is no error.
func noRangeIsAnError(t *testing.T, w *world) {
	t.Helper()
	const day = 24 * time.Hour
	for _, d := range dashboards() {
		r := look(t, w, d)
		for _, test := range []struct {
			ends   time.Time
			length time.Duration
			width  string
		}{
			{w.to, time.Minute, "|"},
			{w.to.Add(-10 * day), 6 * time.Hour, "|"},
			{w.to.Add(time.Hour), 30 * time.Minute, "|"},
			{w.to.Add(7*time.Minute + 13*time.Second), 7 * day, ":5m"},
			{w.to.Add(day), 90 * day, ":1h"},
		} {
			r.from, r.to, r.chosen["width"] = test.ends.Add(-test.length), test.ends, choiceOf{values: []string{test.width}}
			for _, p := range d.Panels {
				if p.Datasource.Type == logsType {
					r.askLogs(p.Title, p.Targets[0].Expr)
					continue
				}
				for i := range p.Targets {
					for _, s := range r.askMetrics(p, &p.Targets[i], r.interval(p)) {
						for at, v := range s.points(t) {
							if math.IsNaN(v) || math.IsInf(v, 0) {
								t.Errorf("%s %s over %v at %v: %v", p.Title, p.Targets[i].RefID, test.length, at, v)
							}
						}
					}
				}
			}
		}
	}
}

func (r *reader) panels(d *dashboard) {
	for _, p := range d.Panels {
		if p.Targets[0].Datasource.Type == logsType {
			r.checkEvents(p)
			continue
		}
		for i := range p.Targets {
			r.checkMetrics(p, &p.Targets[i])
		}
	}
}

func (r *reader) checkMetrics(p *panel, target *target) {
	step := r.interval(p)
	series := r.askMetrics(p, target, step)
	if len(series) == 0 {
		r.t.Errorf("%s %s: %s finds nothing", p.Title, target.RefID, r.put(target.Expr, r.builtin(step), prometheusRegex))
	}
	if p.Type == "table" && !slices.ContainsFunc(series, func(s promSeries) bool { return s.Metric[keyOf(p)] != "" }) {
		r.t.Errorf("%s %s: no row has the label %s", p.Title, target.RefID, keyOf(p))
	}
	for _, s := range series {
		for _, m := range legendLabel.FindAllStringSubmatch(target.LegendFormat, -1) {
			if s.Metric[m[1]] == "" {
				r.t.Errorf("%s: a series has no %s for its legend: %v", p.Title, m[1], s.Metric)
			}
		}
		if p.Type == "stat" && len(s.Metric) > 0 || p.Type == "table" && len(s.Metric) > 1 {
			r.t.Errorf("%s %s: labels are %v", p.Title, target.RefID, s.Metric)
		}
		for at, v := range s.points(r.t) {
			if math.IsInf(v, 0) || math.IsNaN(v) || v < 0 && !strings.Contains(p.Title+target.Expr, "- 1") {
				r.t.Errorf("%s %s at %v: %v", p.Title, target.RefID, at, v)
			}
		}
	}
	if unit := unitOf(p, target.RefID); unit == "percentunit" || strings.HasPrefix(unit, "percent") {
		r.isRatio(p, series)
	}
	if p.Type == "heatmap" && len(series) < 3 {
		r.t.Errorf("%s: %d buckets", p.Title, len(series))
	}
}

// isRatio holds that a figure in percentunit is a part of one, as percentunit means.
func (r *reader) isRatio(p *panel, series []promSeries) {
	for _, s := range series {
		for _, v := range s.points(r.t) {
			if v > 1.5 {
				r.t.Errorf("%s: %v is no part of 1", p.Title, v)
			}
		}
	}
}

// keyOf is the label that the rows of a table are of.
func keyOf(p *panel) string {
	for field, i := range p.Transformations[len(p.Transformations)-1].Options.(organize).IndexByName {
		if i == 0 {
			return field
		}
	}
	return ""
}

// columnOf is the name of a column of a table by its question.
func columnOf(p *panel, refID string) string {
	return p.Transformations[len(p.Transformations)-1].Options.(organize).RenameByName["Value #"+refID]
}

// unitOf is the unit of what a question of a panel answers.
func unitOf(p *panel, refID string) string {
	if p.Type != "table" {
		return p.FieldConfig.Defaults.Unit
	}
	for _, o := range p.FieldConfig.Overrides {
		for _, property := range o.Properties {
			if o.Matcher.Options == columnOf(p, refID) && property.ID == "unit" {
				return property.Value.(string)
			}
		}
	}
	return ""
}

// checkEvents asks for rows, and holds that each column is a field of some of them, and numbers where it has a unit.
func (r *reader) checkEvents(p *panel) {
	rows := r.askLogs(p.Title, p.Targets[0].Expr)
	if len(rows) == 0 {
		r.t.Errorf("%s: %s finds nothing", p.Title, p.Targets[0].Expr)
	}
	var numbers []string
	for _, c := range p.Transformations[1].Options.(conversions).Conversions {
		numbers = append(numbers, c.TargetField)
	}
	for field := range p.Transformations[2].Options.(organize).RenameByName {
		if field == "Time" {
			continue
		}
		if !slices.ContainsFunc(rows, func(row map[string]string) bool { return row[field] != "" }) {
			r.t.Errorf("%s: no row has the field %s: %v", p.Title, field, rows)
		}
		for _, row := range rows {
			if _, err := strconv.ParseFloat(row[field], 64); slices.Contains(numbers, field) && row[field] != "" && err != nil {
				r.t.Errorf("%s: %s is %q, no number", p.Title, field, row[field])
			}
		}
	}
	byTime := func(a, b map[string]string) int { return strings.Compare(a["_time"], b["_time"]) }
	if p.Type == "timeseries" && !slices.IsSortedFunc(rows, byTime) {
		r.t.Errorf("%s: points are not in the order of time", p.Title)
	}
}

// annotations holds that versions are marked where the API says that they were first seen.
func (r *reader) annotations(d *dashboard) {
	a := d.Annotations.List[0]
	series := r.askMetrics(&panel{Title: a.Name}, &target{Expr: a.Target.Expr}, 60e9)
	if len(series) == 0 {
		r.t.Errorf("%s: no version is marked", d.UID)
	}
	for _, s := range series {
		for _, m := range legendLabel.FindAllStringSubmatch(a.TitleFormat, -1) {
			if s.Metric[m[1]] == "" {
				r.t.Errorf("%s: %v has no %s", a.Name, s.Metric, m[1])
			}
		}
		for at, v := range s.points(r.t) {
			if v < (at-400)*1000 || v > (at+60)*1000 {
				r.t.Errorf("%s: %v at %v is no time in milliseconds near it", a.Name, v, at)
			}
		}
	}
}
