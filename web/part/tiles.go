package part

import (
	"math"

	"edgescope/chart"
	"edgescope/query"
)

// Tile is one figure with its change, what it is held against, and its course.
type Tile struct {
	ID, Title    string
	Number, Unit string
	// Change is text with a glyph; ChangeClass is good, worse or flat.
	Change, ChangeClass string
	Note                string
	Href                string
	Spark               string
	// State is empty, warn or bad; few is set where too few events are behind the figure.
	State string
	Few   string
}

// unitText is the unit behind a no-break space.
func (t *Tile) unitText() string {
	if t.Unit == "" {
		return ""
	}
	return "\u00a0" + t.Unit
}

// better tells in which direction a figure gets better.
type better int8

const (
	neither better = iota
	lower
	higher
)

// TileSpec is a tile before the numbers.
type TileSpec struct {
	id, title, path string
	unit            chart.Unit
	better          better
	of              func(*query.Stats) query.Num
	// line is the name of its course.
	line string
	// percentile tells that the figure needs enough samples.
	percentile bool
	// relative shows the change in percent instead of the unit.
	relative bool
	note     func(p *Page, now *query.Stats) (note, state string)
}

var noNote = func(*Page, *query.Stats) (note, state string) { return "", "" }

// Tile fills a spec with an answer's numbers.
func (s *TileSpec) Tile(p *Page, now, before *query.Stats, lines, beforeLines []query.Line) Tile {
	v := s.of(now)
	t := Tile{ID: s.id, Title: s.title, Href: p.To(s.path)}
	t.Number, t.Unit = s.unit.Split(float64(v))
	if s.id == "requests" && p.About.Partial != "" && v.OK() {
		t.Number = "≥\u00a0" + t.Number
	}
	spark := chart.Spark{Now: line(lines, s.line), Before: line(beforeLines, s.line), Width: 160, Height: 32}
	t.Spark = spark.SVG()
	if before != nil {
		s.change(&t, float64(v), float64(s.of(before)))
	}
	note := s.note
	if note == nil {
		note = noNote
	}
	own, state := note(p, now)
	t.State = state
	if own != "" {
		t.Note = own
	}
	if s.percentile && now.Samples.OK() && now.Samples < FewSamples && v.OK() {
		t.Few = "n=" + Integer(int64(now.Samples))
	}
	return t
}

// Bare is the figure alone: no link, no course and no note but what it was before.
func (s *TileSpec) Bare(p *Page, now, before *query.Stats) Tile {
	bare := *s
	bare.note = nil
	t := bare.Tile(p, now, before, nil, nil)
	t.Href = ""
	return t
}

// Value is the figure of other numbers, as text.
func (s *TileSpec) Value(of *query.Stats) string { return s.unit.Text(float64(s.of(of))) }

func (s *TileSpec) change(t *Tile, now, before float64) {
	if math.IsNaN(now) || math.IsNaN(before) {
		return
	}
	diff := now - before
	t.Note = "was " + s.unit.Text(before)
	if s.relative && before == 0 {
		return
	}
	t.Change = s.unit.Change(diff)
	if s.relative {
		t.Change = chart.Relative(now / before)
	}
	t.ChangeClass = "flat"
	rising := diff > 0
	if t.Change == "±0" || t.Change == "±0\u00a0%" || t.Change == chart.Absent {
		return
	}
	r := []rune(t.Change)
	t.Change = "▼\u00a0" + string(r[1:])
	if rising {
		t.Change = "▲\u00a0" + string(r[1:])
	}
	switch {
	case s.better == neither:
	case rising == (s.better == higher):
		t.ChangeClass = "good"
	default:
		t.ChangeClass = "worse"
	}
}

// OverviewTiles are the eight figures of the overview.
var OverviewTiles = []TileSpec{
	{
		id: "requests", title: "Requests", path: "/regions", unit: chart.PerSecond, relative: true, line: "rate",
		of: func(s *query.Stats) query.Num { return s.Rate },
	},
	{
		id: "p50", title: "Latency p50", path: "/regions", unit: chart.Milliseconds, better: lower, line: "p50",
		percentile: true,
		of:         func(s *query.Stats) query.Num { return s.P50 },
	},
	{
		id: "p95", title: "Latency p95", path: "/regions", unit: chart.Milliseconds, better: lower, line: "p95",
		percentile: true,
		of:         func(s *query.Stats) query.Num { return s.P95 }, note: p95Note,
	},
	{
		id: "p99", title: "Latency p99", path: "/regions", unit: chart.Milliseconds, better: lower, line: "p99",
		percentile: true,
		of:         func(s *query.Stats) query.Num { return s.P99 },
	},
	{
		id: "errors", title: "Errors", path: "/traces", unit: chart.Ratio, better: lower, line: "errors",
		of: func(s *query.Stats) query.Num { return s.ErrorRatio }, note: errorNote,
	},
	{
		id: "cold", title: "Cold starts", path: "/cold-starts", unit: chart.Ratio, better: lower, line: "cold",
		of: func(s *query.Stats) query.Num { return s.ColdRatio }, note: coldNote,
	},
	{
		id: "cache", title: "Cache hit ratio", path: "/cache", unit: chart.Ratio, better: higher, line: "cache",
		of: func(s *query.Stats) query.Num { return s.Cache.HitRatio }, note: cacheNote,
	},
	{
		id: "cpu", title: "CPU time p99", path: "/regions", unit: chart.Milliseconds, better: lower, line: "cpu",
		percentile: true,
		of:         func(s *query.Stats) query.Num { return s.CPUP99 },
	},
}

var (
	// ColdTile is that of cold starts.
	ColdTile = &OverviewTiles[5]
	// CacheTile is that of the cache hit ratio.
	CacheTile = &OverviewTiles[6]
)

func p95Note(p *Page, now *query.Stats) (note, state string) {
	if p.Targets.P95 <= 0 {
		return "", ""
	}
	if float64(now.P95) > p.Targets.P95 {
		state = "bad"
	}
	return "target " + chart.Milliseconds.Text(p.Targets.P95), state
}

func errorNote(p *Page, now *query.Stats) (note, state string) {
	if !now.Errors.OK() {
		return "", ""
	}
	note = chart.Number.Text(float64(now.Errors)) + " of " + chart.Number.Text(float64(now.Requests))
	if p.Targets.ErrorRatio > 0 && float64(now.ErrorRatio) > p.Targets.ErrorRatio {
		return note + ", target " + chart.Ratio.Text(p.Targets.ErrorRatio), "bad"
	}
	return note, ""
}

func coldNote(_ *Page, now *query.Stats) (note, state string) {
	if !now.ColdAdds.OK() {
		return "", ""
	}
	return "p95 " + chart.Milliseconds.Change(float64(now.ColdAdds)), ""
}

func cacheNote(_ *Page, now *query.Stats) (note, state string) {
	c := now.Cache
	if origin := Add(c.Miss, c.Expired); origin.OK() {
		return chart.Number.Text(float64(origin)) + " to origin", ""
	}
	return "", ""
}

// PlainTile is a tile with a value and a note only.
func PlainTile(id, title string, u chart.Unit, v query.Num, note string) Tile {
	t := Tile{ID: id, Title: title, Note: note}
	t.Number, t.Unit = u.Split(float64(v))
	return t
}
