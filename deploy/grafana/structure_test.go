package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestFilesAreThose holds that the files are what this program writes, and that nothing else lies there.
func TestFilesAreThose(t *testing.T) {
	var names []string
	for _, d := range dashboards() {
		want, err := encode(d)
		if err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(filepath.Join("dashboards", d.file()))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s is stale: go run ./deploy/grafana", d.file())
		}
		names = append(names, d.file())
	}
	files, err := os.ReadDir("dashboards")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if !slices.Contains(names, f.Name()) {
			t.Errorf("dashboards/%s is none of ours", f.Name())
		}
	}
}

func TestWriteMakesTheFiles(t *testing.T) {
	dir := t.TempDir()
	if err := write(dir); err != nil {
		t.Fatal(err)
	}
	files, err := os.ReadDir(dir)
	if err != nil || len(files) != len(dashboards()) {
		t.Errorf("got %d files, %v", len(files), err)
	}
	if err := write(filepath.Join(dir, "nowhere")); err == nil {
		t.Error("a folder that is not there is no error")
	}
}

// unitNames are the units of Grafana that ours use.
var unitNames = []string{"s", "ms", "ns", "reqps", "percentunit", "short", "none", "string"}

// TestPanelsAreWhole holds what every panel must have, and that none lies on another.
func TestPanelsAreWhole(t *testing.T) {
	uids := map[string]bool{}
	for _, d := range dashboards() {
		if uids[d.UID] || len(d.UID) > 40 || d.Title == "" || d.Description == "" || d.SchemaVersion < 39 {
			t.Errorf("%s: uid, title, description or schema version: %+v", d.UID, d.Title)
		}
		uids[d.UID] = true
		if len(d.Panels) > 12 {
			t.Errorf("%s has %d panels", d.UID, len(d.Panels))
		}
		ids, titles := map[int]bool{}, map[string]bool{}
		for i, p := range d.Panels {
			if ids[p.ID] || p.ID < 1 || titles[p.Title] || p.Title == "" {
				t.Errorf("%s: panel %d %q is there twice or has no name", d.UID, p.ID, p.Title)
			}
			ids[p.ID], titles[p.Title] = true, true
			if len(p.Description) < 20 || !strings.HasSuffix(p.Description, ".") ||
				!slices.Contains(unitNames, p.FieldConfig.Defaults.Unit) {
				t.Errorf("%s: %s: description %q, unit %q", d.UID, p.Title, p.Description, p.FieldConfig.Defaults.Unit)
			}
			if len(p.Targets) == 0 || p.GridPos.W < 1 || p.GridPos.H < 3 || p.GridPos.X+p.GridPos.W > gridWidth {
				t.Errorf("%s: %s: %d questions at %+v", d.UID, p.Title, len(p.Targets), p.GridPos)
			}
			for _, other := range d.Panels[:i] {
				if overlap(p.GridPos, other.GridPos) {
					t.Errorf("%s: %s lies on %s", d.UID, p.Title, other.Title)
				}
			}
			wholeTargets(t, p)
		}
	}
}

// TestStepsHoldWholeWindows holds that a step is a multiple of the windows that the variable width is to be used with,
// for every range: a line is a saw otherwise.
func TestStepsHoldWholeWindows(t *testing.T) {
	const day = 24 * time.Hour
	r := &reader{t: t}
	for _, d := range dashboards() {
		for _, p := range d.Panels {
			if p.MaxDataPoints == 0 {
				continue
			}
			for length := time.Minute; length < 400*day; length += max(time.Minute, length/100).Round(time.Second) {
				r.to = r.from.Add(length)
				for window, from := range map[time.Duration]time.Duration{
					10 * time.Second: 0, 5 * time.Minute: day, time.Hour: 14 * day,
				} {
					if step := r.interval(p); length >= from && step%window != 0 {
						t.Errorf("%s over %v has steps of %v with windows of %v", p.Title, length, step, window)
					}
				}
			}
		}
	}
	if s := provision(t, sourcesFile, environment("http://c"))[metricsUID]; s.JSONData.TimeInterval != leastStep {
		t.Errorf("the data source has steps of %s, the panels of %s", s.JSONData.TimeInterval, leastStep)
	}
}

func overlap(a, b grid) bool {
	return a.X < b.X+b.W && b.X < a.X+a.W && a.Y < b.Y+b.H && b.Y < a.Y+a.H
}

func wholeTargets(t *testing.T, p *panel) {
	t.Helper()
	var refs []string
	for _, q := range p.Targets {
		if slices.Contains(refs, q.RefID) || q.RefID == "" || q.Expr == "" || q.Datasource != p.Datasource {
			t.Errorf("%s: question %+v", p.Title, q)
		}
		refs = append(refs, q.RefID)
	}
	if p.Type != "table" {
		return
	}
	columns := p.Transformations[len(p.Transformations)-1].Options.(organize).RenameByName
	for _, o := range p.FieldConfig.Overrides {
		found := false
		for _, name := range columns {
			found = found || name == o.Matcher.Options
		}
		if !found {
			t.Errorf("%s: an override is for %s, which is no column", p.Title, o.Matcher.Options)
		}
	}
	for _, s := range p.Options.(tableOptions).SortBy {
		if !slices.Contains(valuesOf(columns), s.DisplayName) {
			t.Errorf("%s is sorted by %s, which is no column", p.Title, s.DisplayName)
		}
	}
}

func valuesOf(m map[string]string) (list []string) {
	for _, v := range m {
		list = append(list, v)
	}
	return list
}

// TestDashboardsCanBeImported holds that a file has nothing that an export for others would have to be asked for: no
// inputs, no ids of one Grafana, and data sources only by variables that are there.
func TestDashboardsCanBeImported(t *testing.T) {
	used := regexp.MustCompile(`"uid": "([^"]*)"`)
	for _, d := range dashboards() {
		text, err := encode(d)
		if err != nil {
			t.Fatal(err)
		}
		var fields map[string]any
		if err := json.Unmarshal(text, &fields); err != nil {
			t.Fatal(err)
		}
		for _, banned := range []string{"__inputs", "__requires", "id", "version", "gnetId", "iteration"} {
			if _, there := fields[banned]; there {
				t.Errorf("%s has %s", d.UID, banned)
			}
		}
		for _, m := range used.FindAllStringSubmatch(string(text), -1) {
			name, isVariable := strings.CutPrefix(m[1], "${")
			i := slices.IndexFunc(d.Templating.List, func(v variable) bool {
				return v.Type == "datasource" && v.Name+"}" == name
			})
			if m[1] != d.UID && (!isVariable || i < 0) {
				t.Errorf("%s names the data source %s", d.UID, m[1])
			}
		}
	}
}
