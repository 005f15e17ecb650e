// Package porting is the page of what WebAssembly would save.
package porting

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"edgescope/chart"
	"edgescope/query"
	"edgescope/web/part"
)

// Porting is the model of the page that says what moving work to WebAssembly would save.
type Porting struct {
	Page    *part.Page
	Movable string
	// Keys are those of the page's address that its form sends on.
	Keys []keyValue
	// Bench says which comparison the ratios come from, empty without any; Control is whether it can be trusted.
	Bench, BenchHref string
	Control          part.State
	Services, Ports  part.Table
}

// keyValue is a key of an address.
type keyValue struct{ Key, Value string }

// portOf is what an engine would save a service.
type portOf struct {
	*query.WASMPort

	service *query.WASMService
	ratio   query.Figure
}

// New makes the model of an answer.
func New(p *part.Page, a *query.WASMAdvice) part.Content {
	m := &Porting{
		Page: p, Movable: strconv.FormatFloat(float64(a.Movable), 'g', 4, 64), Services: portedServices(a), Ports: portTable(a),
	}
	for key, values := range query.Canonical(p.URL.Query()) {
		for _, v := range values {
			if key != query.KeyMovable {
				m.Keys = append(m.Keys, keyValue{key, v})
			}
		}
	}
	slices.SortFunc(m.Keys, func(x, y keyValue) int {
		return cmp.Or(strings.Compare(x.Key, y.Key), strings.Compare(x.Value, y.Value))
	})
	if b := a.Bench; b != nil {
		m.Bench = strings.TrimSpace(b.Name + " of " + part.Stamp(b.Started) + " UTC, " + benchMeasures[b.By])
		if b.ID != "" {
			m.BenchHref = "/traces/" + b.ID
		}
		m.Control = part.State{Class: "ok", Text: "✓ A/A holds"}
		if !b.Valid {
			m.Control = part.State{
				Class: "bad", Text: "✕ A/A not valid: JavaScript differs from itself, so the ratios say less than their intervals claim",
			}
		}
	}
	return part.Content{Body: m.body(), Tables: []part.Table{m.Ports, m.Services}}
}

// benchMeasures say what ratios compare.
var benchMeasures = map[string]string{
	"cpu": "by CPU time", "wall": "by wall time, since CPU time could not be measured",
}

func portedServices(a *query.WASMAdvice) part.Table {
	columns := []part.ColumnOf[query.WASMService]{
		part.TextColumn("service", "service", true, func(s *query.WASMService) (text, sub string) {
			return cmp.Or(s.Service, query.Unknown), s.Platform
		}),
		part.NumberColumn("requests", "requests", chart.Number, func(s *query.WASMService) query.Num { return s.Requests }),
		part.NumberColumn("per_month", "in 30 days", chart.Number, func(s *query.WASMService) query.Num { return s.PerMonth }),
		{
			Column: part.Column{Key: "cpu_ms", Title: "mean CPU", Numeric: true},
			Cell: func(s *query.WASMService) part.Cell {
				c := part.Number(chart.Milliseconds, s.CPU.Value)
				if s.CPU.Value.OK() {
					c.Sub = "n=" + part.Count(s.CPU.N)
				}
				return c
			},
		},
		part.TextColumn("plan", "plan", false, func(s *query.WASMService) (text, sub string) {
			if s.Plan == "" {
				return "", ""
			}
			sub = "list of " + s.AsOf
			if s.Old {
				sub += ", old"
			}
			if s.Assumed {
				sub += ", assumed"
			}
			return s.Plan, sub
		}),
		part.TextColumn("missing", "what is missing", false, func(s *query.WASMService) (text, sub string) {
			return strings.Join(s.Missing, "; "), ""
		}),
	}
	t := part.Build("services", "What was measured", columns, a.Services)
	t.Empty = "No invocation in this range."
	t.Note = "Measured: requests and CPU time, n of those that say it. In 30 days: at the rate of this range."
	if a.Left > 0 {
		t.Note += " " + part.Integer(int64(a.Left)) + " more services compute less."
	}
	return t
}

func portTable(a *query.WASMAdvice) part.Table {
	var rows []portOf
	for i := range a.Services {
		s := &a.Services[i]
		for j := range s.Ports {
			rows = append(rows, portOf{&s.Ports[j], s, ratioOf(a.Bench, &s.Ports[j])})
		}
	}
	milliseconds := func(v query.Num) string { return chart.Milliseconds.Text(float64(v)) }
	times := func(v query.Num) string { return strconv.FormatFloat(float64(v), 'f', 2, 64) }
	columns := []part.ColumnOf[portOf]{
		part.TextColumn("service", "service", true, func(r *portOf) (text, sub string) {
			return cmp.Or(r.service.Service, query.Unknown), r.service.Platform
		}),
		part.TextColumn("engine", "engine", false, func(r *portOf) (text, sub string) { return r.Engine, r.Size }),
	}
	for _, c := range []struct {
		key, title string
		write      func(query.Num) string
		of         func(*portOf) query.Figure
	}{
		{"ratio", "times as fast", times, func(r *portOf) query.Figure { return r.ratio }},
		{"cpu_ms", "CPU then", milliseconds, func(r *portOf) query.Figure { return r.CPU }},
		{"saved_ms", "saved per call", milliseconds, func(r *portOf) query.Figure { return r.Saved }},
		{"per_million", "saved per million, USD", part.Dollars, func(r *portOf) query.Figure { return r.PerMillion }},
		{"month", "saved in 30 days, USD", part.Dollars, func(r *portOf) query.Figure { return r.Month }},
	} {
		columns = append(columns, part.FigureColumns(c.key, c.title, c.write, c.of)...)
	}
	columns = append(columns, part.ColumnOf[portOf]{
		Column: part.Column{Key: "size", Exported: true}, Cell: func(r *portOf) part.Cell { return part.Cell{Raw: r.Size} },
	})
	t := part.Build("", "What it would save", columns, rows)
	t.Shown = 60
	t.Empty = "Nothing to say: it takes the CPU time of 30 invocations, and a comparison of engines."
	t.Note = "Times as fast is measured. The others are a model of it; their intervals are those of the ratio."
	return t
}

// ratioOf is the ratio that a port comes from.
func ratioOf(b *query.WASMBench, p *query.WASMPort) query.Figure {
	for i := range b.Ratios {
		if r := &b.Ratios[i]; r.Size == p.Size && r.Engine == p.Engine {
			return r.Ratio
		}
	}
	return query.Figure{Value: query.None(), Low: query.None(), High: query.None()}
}
