package judgement

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"edgescope/chart"
	"edgescope/query"
	"edgescope/web/part"
)

// SLO is the model of the page about promises.
type SLO struct {
	Page *part.Page
	// State is the strip: the worst promise in a sentence; its Class is bad, warn, ok or quiet.
	State part.State
	Text  string
	Tiles []part.Tile
	// Budgets are the courses of budgets, a chart for each length of period.
	Budgets  []part.Figure
	Promises part.Table
	Burns    part.Table
	// Example is the text of a policy, shown where nothing is promised.
	Example string
}

// promise is a promise with its objective.
type promise struct {
	o *query.Objective
	*query.Promise
}

// NewSLO makes the model of an answer.
func NewSLO(p *part.Page, a *query.SLO) part.Content {
	m := &SLO{Page: p}
	switch {
	case len(a.Objectives) == 0 && a.Promised > 0:
		return part.Content{Body: nothingChosen(a.Promised)}
	case len(a.Objectives) == 0:
		m.Example = example(p)
		return part.Content{Body: m.none()}
	}
	var all []promise
	more := 0
	for i := range a.Objectives {
		o := &a.Objectives[i]
		more += o.More
		for j := range o.Promises {
			all = append(all, promise{o, &o.Promises[j]})
		}
	}
	slices.SortStableFunc(all, func(a, b promise) int { return urgency(b.State) - urgency(a.State) })
	m.State, m.Text = verdict(all, len(a.Objectives), a.JudgedTo)
	m.Tiles = SLOTiles(p, a)
	m.Budgets = budgets(a.Objectives)
	m.Promises = promiseTable(p, all)
	if more > 0 {
		m.Promises.Note = fmt.Sprintf("%d more that are no worse are left out: filter by service, route or region.", more)
	}
	m.Burns = burnTable(p, all)
	tables := []part.Table{m.Promises, m.Burns}
	for i := range m.Budgets {
		tables = append(tables, m.Budgets[i].Numbers)
	}
	return part.Content{Body: m.body(), Tables: tables}
}

// urgencies are the states of promises, the least urgent first.
var urgencies = []string{
	query.PromiseOK, query.PromiseNoData, query.PromiseFew, query.PromiseOverspent, query.PromiseTicket, query.PromisePage,
}

func urgency(state string) int { return slices.Index(urgencies, state) }

// verdict says in a sentence how promises stand, the worst first.
func verdict(all []promise, objectives int, judgedTo time.Time) (part.State, string) {
	until := "judged up to " + part.Clock(judgedTo) + " UTC"
	if len(all) == 0 {
		return part.State{Class: "quiet", Text: "No data"}, "none of what is promised has been asked for; " + until
	}
	count := map[string]int{}
	for i := range all {
		count[all[i].State]++
	}
	var parts []string
	for _, state := range slices.Backward(urgencies) {
		if n := count[state]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, wordOf(state)))
		}
	}
	text := fmt.Sprintf("%s of %s; %s", strings.Join(parts, ", "), plural(objectives, "objective"), until)
	worst := &all[0]
	switch worst.State {
	case query.PromisePage, query.PromiseTicket:
		return part.State{Class: classOf(worst.State), Text: worst.name() + " burns its budget " + burnText(told(worst.Promise)) +
			" as fast as promised"}, text
	case query.PromiseOverspent:
		return part.State{Class: "warn", Text: worst.name() + " has spent its budget"}, text
	case query.PromiseOK:
		return part.State{Class: "ok", Text: "✓ All promises hold"}, text
	default:
		return part.State{Class: "quiet", Text: "No burn that anybody is told of"}, text
	}
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return strconv.Itoa(n) + " " + what + "s"
}

// told is the burn of which somebody is told, absent without one.
func told(p *query.Promise) query.Num {
	for i := range p.Burns {
		if p.Burns[i].Tells && p.Burns[i].Severity == p.State {
			return p.Burns[i].InLong
		}
	}
	return query.None()
}

func burnText(v query.Num) string { return chart.Times.Text(float64(v)) }

// wordOf is how a state is called on the page.
func wordOf(state string) string {
	switch state {
	case query.PromiseFew:
		return "too few"
	case query.PromisePage:
		return "paging"
	case query.PromiseTicket:
		return "for a ticket"
	default:
		return state
	}
}

func classOf(state string) string {
	switch state {
	case query.PromisePage:
		return "bad"
	case query.PromiseTicket, query.PromiseOverspent:
		return "warn"
	case query.PromiseOK:
		return "ok"
	default:
		return "quiet"
	}
}

// name is what a promise is called: its objective, and what it is of beyond the objective's own service.
func (p *promise) name() string {
	names := []string{p.o.Name}
	if p.o.Service == "" {
		names = append(names, p.Service)
	}
	return strings.Join(append(names, p.of()...), " ")
}

// of are the route, region and version that a promise is of.
func (p *promise) of() []string {
	return slices.DeleteFunc([]string{p.Route, p.Region, p.Version}, func(s string) bool { return s == "" })
}

// promised says in short what an objective promises.
func promised(o *query.Objective) string {
	target := strconv.FormatFloat(100*float64(o.Target), 'g', 6, 64) + "\u00a0%"
	what := map[string]string{
		"availability": "do not fail", "warm": "start warm", "hit": "from the cache",
		"latency": "≤\u00a0" + chart.Milliseconds.Text(float64(o.Threshold)) + ", judged at " +
			chart.Milliseconds.Text(float64(o.JudgedAt)),
	}[o.SLI]
	return target + " " + what + ", " + lengthText(o.Period)
}

// lengthText writes seconds as they are spoken of: 5 min, 6 h, 30 d.
func lengthText(seconds int64) string {
	switch d := time.Duration(seconds) * time.Second; {
	case d%(24*time.Hour) == 0:
		return strconv.FormatInt(int64(d/(24*time.Hour)), 10) + "\u00a0d"
	case d%time.Hour == 0:
		return strconv.FormatInt(int64(d/time.Hour), 10) + "\u00a0h"
	default:
		return strconv.FormatInt(int64(d/time.Minute), 10) + "\u00a0min"
	}
}

// mostGlanced is how many promises the overview shows.
const mostGlanced = 3

// promisesAtAGlance are the tiles of the objectives whose promises stand worst, for the overview; none where nothing is
// promised or known of it.
func promisesAtAGlance(p *part.Page, a *query.SLO) []part.Tile {
	if a == nil {
		return nil
	}
	worst := &query.SLO{Objectives: slices.Clone(a.Objectives)}
	slices.SortStableFunc(worst.Objectives, func(a, b query.Objective) int { return urgencyOf(&b) - urgencyOf(&a) })
	worst.Objectives = worst.Objectives[:min(len(worst.Objectives), mostGlanced)]
	return SLOTiles(p, worst)
}

// urgencyOf is that of the worst promise of an objective.
func urgencyOf(o *query.Objective) int {
	if len(o.Promises) == 0 {
		return urgency(query.PromiseNoData)
	}
	return urgency(o.Promises[0].State)
}

// SLOTiles are a tile for each objective: what is left of the budget of its worst promise.
func SLOTiles(p *part.Page, a *query.SLO) []part.Tile {
	var out []part.Tile
	for i := range a.Objectives {
		o := &a.Objectives[i]
		t := part.Tile{ID: "slo-" + strconv.Itoa(i), Title: o.Name, Href: p.To("/slo"), Note: "no data: nothing in 6\u00a0h"}
		t.Number = chart.Absent
		if len(o.Promises) > 0 {
			tileOf(&t, &promise{o, &o.Promises[0]})
		}
		out = append(out, t)
	}
	return out
}

func tileOf(t *part.Tile, p *promise) {
	where := strings.Join(p.of(), " ")
	if len(p.o.Promises) == 1 && p.o.More == 0 {
		where = ""
	} else if where == "" {
		where = p.Service
	}
	var note []string
	switch p.State {
	case query.PromiseNoData:
		note = append(note, "no data: nothing in 6\u00a0h")
	case query.PromiseFew:
		t.Few = "too few (n=" + part.Integer(int64(p.Good.N)) + ")"
	default:
		t.Number, t.Unit = chart.Ratio.Split(float64(p.Remaining.Value))
		t.Unit += " left"
		if p.Remaining.Value < 0 {
			t.Number, t.Unit = burnText(1-p.Remaining.Value), "spent"
		}
		if burn := told(p.Promise); burn.OK() {
			t.State = "bad"
			note = append(note, p.State+": burns "+burnText(burn))
		} else if p.Burn.OK() {
			note = append(note, "burns "+burnText(p.Burn))
		}
		if p.State == query.PromiseOverspent {
			t.State = "bad"
			note = append([]string{"of its budget"}, note...)
		}
	}
	if where != "" {
		note = append(note, where)
	}
	t.Note = strings.Join(note, ", ")
	spark := chart.Spark{Now: floats(p.Course), Width: 160, Height: 32}
	t.Spark = spark.SVG()
}

func floats(values []query.Num) []float64 {
	out := make([]float64, len(values))
	for i, v := range values {
		out[i] = float64(v)
	}
	return out
}

// leastDrawn is how far down a line is drawn: there twice the budget is spent, and what is below would flatten the
// others.
const leastDrawn = -1

// mostLines is how many budgets a chart shows: as many as there are colours.
const mostLines = 6

// budgets are the charts of what was left of the budgets over time, of the worst promise of each objective; one for
// each length of period.
func budgets(objectives []query.Objective) []part.Figure {
	byPeriod := map[int64][]*query.Objective{}
	for i := range objectives {
		o := &objectives[i]
		if len(o.Promises) > 0 && len(o.Promises[0].Course) > 0 {
			byPeriod[o.Period] = append(byPeriod[o.Period], o)
		}
	}
	var out []part.Figure
	periods := make([]int64, 0, len(byPeriod))
	for period := range byPeriod {
		periods = append(periods, period)
	}
	slices.Sort(periods)
	for _, period := range slices.Backward(periods) {
		out = append(out, budgetFigure(byPeriod[period]))
	}
	return out
}

func budgetFigure(of []*query.Objective) part.Figure {
	slices.SortStableFunc(of, func(a, b *query.Objective) int { return urgencyOf(b) - urgencyOf(a) })
	of = of[:min(len(of), mostLines)]
	first := of[0]
	step := time.Duration(first.Step) * time.Second
	l := &chart.Lines{
		Title: "Budget left over " + lengthText(first.Period), Unit: chart.Ratio, Height: 230, Zero: true,
		Frame:  chart.Frame{From: first.From, Step: step, Buckets: len(first.Promises[0].Course)},
		Limits: []chart.Limit{{Value: 0, Text: "spent"}},
	}
	for i, o := range of {
		w := promise{o, &o.Promises[0]}
		values := floats(w.Course)
		for j, v := range values {
			values[j] = max(v, leastDrawn)
		}
		l.Series = append(l.Series, chart.Series{Name: w.name(), Class: part.SeriesClass(i, w.name()), Values: values})
	}
	return part.TimeFigure("budget-"+strconv.FormatInt(first.Period/86400, 10), l)
}

// example is the text of a policy with a first promise, of a service that the reader has.
func example(p *part.Page) string {
	service := "my-service"
	if len(p.Choices.Services) > 0 {
		service = p.Choices.Services[0]
	}
	return fmt.Sprintf(`slos:
  - name: works
    service: %q
    sli: availability   # or latency, warm, hit
    target: 99.9        # percent of requests that do not fail
    period: 30d
  - name: fast
    service: %q
    sli: latency
    threshold: 200ms
    target: 95
    by: [region]        # each region has a budget of its own
`, service, service)
}
