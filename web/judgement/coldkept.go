package judgement

import (
	"fmt"
	"strconv"

	"edgescope/chart"
	"edgescope/query"
	"edgescope/web/part"
)

// whatIfTable has what other loads would change, and a ping that keeps instances warm.
func whatIfTable(of *query.ColdModel) part.Table {
	rows := append([]query.ColdIf{{Faster: 1, Idle: of.Causes.Idle}}, of.WhatIf...)
	if len(of.WhatIf) == 0 {
		rows = nil
	}
	now := of.Causes.Idle.Value
	t := part.Build("what-if", "What if", []part.ColumnOf[query.ColdIf]{
		part.TextColumn("if", "if", true, func(r *query.ColdIf) (text, sub string) { return ifText(r), "" }),
		{Column: part.Column{Key: "idle", Title: "cold after idleness", Numeric: true}, Cell: func(r *query.ColdIf) part.Cell {
			c := sureCell(r.Idle, percent)
			if r.Beyond {
				c.Text = "≥\u00a0" + c.Text
			}
			return c
		}},
		{Column: part.Column{Key: "change", Title: "change", Numeric: true}, Cell: func(r *query.ColdIf) part.Cell {
			return part.Change(chart.Ratio, r.Idle.Value-now)
		}},
		part.NumberColumn("n", "n", chart.Number, func(r *query.ColdIf) query.Num { return r.Idle.N }),
	}, rows)
	t.Empty = "Nothing can be replayed: " + of.Reason + "."
	switch {
	case of.KeepWarm != nil:
		t.Note = pingText(of.KeepWarm)
	case len(rows) > 0:
		t.Note = "A request to keep instances warm has no use: not a tenth of them was gone after the longest gap."
	}
	return t
}

func ifText(r *query.ColdIf) string {
	switch {
	case r.Places == 1:
		return "all points of presence were one"
	case r.Faster == 1:
		return "as it is"
	case r.Faster == .5:
		return "half as many requests came"
	default:
		return strconv.FormatFloat(r.Faster, 'g', 3, 64) + " times as many requests came"
	}
}

// pingText says what a ping would change and cost.
func pingText(k *query.KeepWarm) string {
	where := "the point of presence"
	if k.Places > 1 {
		where = fmt.Sprintf("each of %s points of presence", part.Integer(int64(k.Places)))
	}
	text := fmt.Sprintf("A request to %s every %s (model, 30\u00a0d): %s cold starts less, %s less waiting, %s requests more",
		where, secondsText(k.Every), part.Count(k.Avoided.Value), chart.Milliseconds.Text(float64(k.Saved.Value)), part.Count(k.Extra))
	switch {
	case k.Cost.Value.OK():
		text += ", " + part.Dollars(k.Cost.Value) + " US dollars by the price list"
	case k.Reason != "":
		text += "; no cost: " + k.Reason
	}
	return text + ". It does nothing about bursts and new versions."
}

// keptTable has what instances that are kept warm would change.
func keptTable(of *query.ColdModel) (t part.Table, sub, note string) {
	r := of.Reserved
	var options []query.Reserve
	if r != nil {
		options = r.Options
	}
	t = part.Build("kept", "Instances that are kept warm", []part.ColumnOf[query.Reserve]{
		part.TextColumn("goal", "goal", true, func(o *query.Reserve) (text, sub string) {
			if !o.Residual.OK() {
				return "least cost", ""
			}
			return "at most " + percent(o.Residual) + " cold", ""
		}),
		{Column: part.Column{Key: "instances", Title: "instances", Numeric: true}, Cell: func(o *query.Reserve) part.Cell {
			return part.Cell{Text: part.Integer(int64(o.Instances)), Raw: strconv.Itoa(o.Instances)}
		}},
		{Column: part.Column{Key: "cold", Title: "cold, at least", Numeric: true}, Cell: func(o *query.Reserve) part.Cell {
			return part.Cell{Text: percent(o.Cold.Value), Raw: part.Raw(o.Cold.Value)}
		}},
		part.NumberColumn("avoided", "cold starts less", chart.Number, func(o *query.Reserve) query.Num { return o.Avoided }),
		dollarColumn("cost", "cost", func(o *query.Reserve) query.Num { return o.Cost.Value }),
		dollarColumn("change", "change", func(o *query.Reserve) query.Num { return o.Change }),
		dollarColumn("each", "each avoided", func(o *query.Reserve) query.Num { return o.Each }),
		part.NumberColumn("n", "n", chart.Number, func(o *query.Reserve) query.Num { return o.Cold.N }),
	}, options)
	if r == nil {
		t.Empty = "There are no prices of instances that are kept warm on this platform."
		return t, "", ""
	}
	t.Empty = "Nothing is looked up: " + r.Reason + "."
	sub = fmt.Sprintf("price list of %s, as of %s; US dollars in 30\u00a0d for memory and time", r.Plan, r.AsOf)
	if r.Old {
		sub += "; the list is older than a year"
	}
	if len(options) == 0 {
		return t, sub, ""
	}
	note = fmt.Sprintf("On average %s instances work at a time, in the busiest hour %s. Bursts find more of them busy: the share "+
		"that stays cold is a lower bound.", part.Count(r.Load), part.Count(r.Peak))
	if r.Reason != "" {
		note += " There are no costs: " + r.Reason + "."
	} else {
		note += fmt.Sprintf(" It costs %s now; an instance pays for itself when it works %s of the time.", part.Dollars(r.Now.Value),
			percent(r.Pays))
	}
	if r.Worth > 0 {
		note += fmt.Sprintf(" Each cold start that is left is counted with %s, as the policy says.", part.Dollars(r.Worth))
	}
	return t, sub, note
}

func dollarColumn[T any](key, title string, of func(*T) query.Num) part.ColumnOf[T] {
	return part.ColumnOf[T]{
		Column: part.Column{Key: key + "_usd", Title: title, Numeric: true},
		Cell:   func(v *T) part.Cell { return part.Cell{Text: part.Dollars(of(v)), Raw: part.Raw(of(v))} },
	}
}

func coldRegions(p *part.Page, regions []query.ColdRegion) part.Table {
	t := part.Build("regions", "Regions with lifetimes of their own", []part.ColumnOf[query.ColdRegion]{
		{Column: part.Column{Key: "region", Title: "region"}, Cell: func(r *query.ColdRegion) part.Cell {
			return part.Cell{
				Text: part.OrAbsent(r.Region), Raw: r.Region, Head: true, Class: "code", Href: part.RegionLink(p.URL, r.Region),
			}
		}},
		sureColumn("cold_ratio", "cold", percent, func(r *query.ColdRegion) query.Figure { return r.Share }),
		sureColumn("idle", "idle", percent, func(r *query.ColdRegion) query.Figure { return r.Idle }),
		sureColumn("tau10_seconds", "a tenth gone after", secondsText, func(r *query.ColdRegion) query.Figure { return r.Tau10 }),
		sureColumn("tau50_seconds", "half", secondsText, func(r *query.ColdRegion) query.Figure { return r.Tau50 }),
		sureColumn("tau90_seconds", "nine tenths", secondsText, func(r *query.ColdRegion) query.Figure { return r.Tau90 }),
		part.NumberColumn("gaps", "gaps", chart.Number, func(r *query.ColdRegion) query.Num { return query.Num(r.Certain) }),
		part.NumberColumn("n", "n", chart.Number, func(r *query.ColdRegion) query.Num { return r.Share.N }),
	}, regions)
	t.Empty = "No region has enough gaps for itself."
	return t
}
